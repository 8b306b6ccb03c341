"""Every rule: a config that it accepts, near its limit, and one that it refuses, with the exact message."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from constructs_lib.accelerators import machines
from constructs_lib.specs import CapacitySpec, NodePoolSpec
from platform_config.errors import Problem
from platform_config.rules import RULES, Rule, check
from tests.configs import ELASTIC, config
from tests.platform_config.rules import (
    cases_apigee,
    cases_autopilot,
    cases_autoscaling,
    cases_body_routing,
    cases_clusters,
    cases_dashboard,
    cases_dns,
    cases_existing,
    cases_gateway,
    cases_gpu_sharing,
    cases_guard_rails,
    cases_loader,
    cases_model_armor,
    cases_models,
    cases_names,
    cases_objectives,
    cases_observability,
    cases_outside,
    cases_pools,
    cases_regional,
    cases_regions,
    cases_server,
    cases_serving,
    cases_shared_pools,
    cases_tls,
    cases_universe,
    cases_weights,
)
from tests.platform_config.rules.case import Case, Changes, More, beside, choices, growing, pool, reported

TOPICS = (
    cases_names,
    cases_regions,
    cases_existing,
    cases_regional,
    cases_tls,
    cases_clusters,
    cases_autopilot,
    cases_pools,
    cases_server,
    cases_gpu_sharing,
    cases_serving,
    cases_shared_pools,
    cases_autoscaling,
    cases_weights,
    cases_gateway,
    cases_model_armor,
    cases_guard_rails,
    cases_loader,
    cases_apigee,
    cases_models,
    cases_body_routing,
    cases_observability,
    cases_dashboard,
    cases_dns,
    cases_outside,
    cases_objectives,
    cases_universe,
)
CASES: dict[str, Case] = {rule: case for topic in TOPICS for rule, case in topic.CASES.items()}
MORE: dict[str, More] = {name: more for topic in TOPICS for name, more in topic.MORE.items()}


def test_every_rule_has_a_passing_and_a_failing_case() -> None:
    """A rule without both cases cannot be added; ids are unique, and no case hides another of the same name."""
    assert sorted(rule.id for rule in RULES) == sorted(rule for topic in TOPICS for rule in topic.CASES)
    assert len(MORE) == sum(len(topic.MORE) for topic in TOPICS)


@pytest.mark.parametrize("rule", CASES)
def test_a_rule_lets_pass_what_is_within_its_limit(rule: str) -> None:
    """Near the limit nothing is reported."""
    assert reported(rule, CASES[rule].passing) == []


@pytest.mark.parametrize("rule", CASES)
def test_a_rule_stops_what_is_beyond_its_limit(rule: str) -> None:
    """Path, what is required, what was given, and the fix: exactly this message."""
    expected = CASES[rule].expected

    assert reported(rule, CASES[rule].failing) == ([expected] if isinstance(expected, str) else expected)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_messages_tell_what_must_hold_and_what_was_given(rule: Rule) -> None:
    """Errors say must, warnings say should; each names path, given value and fix, and ends without a period."""
    errors, warnings = check(config(**CASES[rule.id].failing))
    found = [problem for problem in (errors if rule.severity == "error" else warnings) if problem.rule == rule.id]

    assert found
    for problem in found:
        assert all((problem.path, problem.fix))
        assert re.search(rf"\b{'must' if rule.severity == 'error' else 'should'} .*, got ", problem.message)
        assert not f"{problem.message}\n{problem.fix}".endswith((".", ".\n"))


def test_rules_explain_themselves() -> None:
    """Each rule has an id in capitals, a title without a period, a reason that is a sentence, and a source."""
    for rule in RULES:
        assert re.fullmatch(r"[A-Z]+(-[A-Z0-9]+)+", rule.id)
        assert re.fullmatch(r".*[^.]", rule.title)
        assert rule.reason.endswith(".")
        assert rule.source


def test_the_example_is_beyond_doubt() -> None:
    """config/example.yaml has no problem, and no warning once its project is somebody's own."""
    assert [problem.rule for problem in check(config())[1]] == ["NAME-PLACEHOLDER"]
    assert check(config(project="somebody-s-own")) == ([], [])


def test_the_elastic_example_has_three_doubts() -> None:
    """It runs on spot machines only, one server of a region carries the other, its adapter is whatever `main` is."""
    errors, warnings = check(config(ELASTIC, project="somebody-s-own"))

    assert errors == []
    assert [problem.rule for problem in warnings] == ["CAP-TRANSIENT", "HPA-ALONE", "MODEL-PINNED"]


@pytest.mark.parametrize("name", MORE)
def test_other_messages(name: str) -> None:
    """What rules with several sides say about the other ones."""
    rule, changes, expected = MORE[name]

    assert reported(rule, changes) == expected


AUTOSCALING = {"models__gemma__autoscaling": {"max_replicas": 1}}
GPU = growing("a3-highgpu-8g")
GPU_IMAGE = "docker.io/vllm/vllm-openai:v0.27.1"
ONE_CAUSE: dict[str, tuple[Changes, list[str]]] = {
    "an unknown machine": (
        {**pool("h100", dranet=True, compact_placement=True, disk_gib=10), "cluster__gke_version": "1.35"},
        ["POOL-MACHINE"],
    ),
    "a split that no node has": (
        {**pool("g2-standard-96"), **AUTOSCALING, "models__gemma__server__tensor_parallel_size": 3},
        ["SRV-PARALLEL"],
    ),
    "a split below one": (
        {**pool("a4-highgpu-8g"), **AUTOSCALING, "models__gemma__server__tensor_parallel_size": -1},
        ["SRV-PARALLEL"],
    ),
    "a split that no node has, of one of two models": (
        {
            **pool("a3-highgpu-8g"),
            "models__gemma__replicas": 1,
            **beside(server={"image": GPU_IMAGE, "tensor_parallel_size": 3}, replicas=1),
        },
        ["SRV-PARALLEL"],
    ),
    "a fixed number under autoscaling": ({**AUTOSCALING, "models__gemma__replicas": 99}, ["HPA-REPLICAS"]),
    "no pods under autoscaling": ({**AUTOSCALING, "models__gemma__replicas": 0}, ["HPA-REPLICAS"]),
    "no pool of several": (
        {**choices(a=GPU, b=GPU), "models__gemma__node_pools": None},
        ["SRV-POOL"],
    ),
    "a region without pools": (
        {**choices(a=GPU, b=GPU), "node_pools": {}, "regions__us__node_pools": {"a": GPU, "b": GPU}},
        ["POOL-NONE"],
    ),
    "a choice that spans nodes": (
        choices(tpu=growing(), big={"machine_type": "ct6e-standard-4t", "topology": "4x4"}),
        ["SRV-MULTI-HOST"],
    ),
    "a choice of fixed size": (
        {**choices(a={"machine_type": "a3-highgpu-8g"}, b=GPU), "models__gemma__autoscaling": {"max_replicas": 2}},
        ["CHOICE-GROWS"],
    ),
    "choices of two kinds": (choices(gpu=GPU, tpu=growing()), ["CHOICE-POD"]),
    "a4x without a way to get it": (pool("a4x-highgpu-4g", capacity={}), ["CAP-ONE"]),
    "a small a3 without a way to get it": (pool("a3-highgpu-4g", capacity={}), ["CAP-ONE"]),
    "a download region where nothing is downloaded": (
        {"bucket__download_region": "us", "models__gemma__weights": {"bucket_path": "gs://mine/gemma"}},
        ["MODEL-SOURCE"],
    ),
    "a secret itself in place of its name": (
        {"observability": {"channels": {"oncall": {"kind": "slack", "channel": "#a", "secret": "xoxb-1/2"}}}},
        ["CHANNEL-HIDDEN"],
    ),
    "a webhook with a token in a plain URL": (
        {"observability": {"channels": {"oncall": {"kind": "webhook", "url": "http://h.example/?token=1"}}}},
        ["CHANNEL-HIDDEN"],
    ),
    "a share where percent is meant": (
        {"observability": {"alerts": {"kv-cache": {"threshold": 0.9}}}},
        ["ALERT-THRESHOLD"],
    ),
    "a window that is too long, held for long": (
        {"observability": {"alerts": {"request-errors": {"window_sec": 90_000, "for_sec": 80_000}}}},
        ["ALERT-WINDOW"],
    ),
    "own weights in the bucket of the state": (
        {"bucket": None, "state_bucket": "my-state", "models__gemma__weights": {"bucket_path": "gs://my-state/v3"}},
        ["MODEL-BUCKET"],
    ),
}


@pytest.mark.parametrize("name", ONE_CAUSE)
def test_one_cause_is_reported_by_one_rule(name: str) -> None:
    """Rules that need what another refuses are silent."""
    changes, rules = ONE_CAUSE[name]
    own = {"models__gemma__server__image": "docker.io/example/vllm:v0.27.0", "models__gemma__server__version": "0.27.0"}
    errors, warnings = check(config(**{**own, "project": "somebody-s-own", **changes}))

    assert [problem.rule for problem in errors] == rules
    beside = ("SRV-ARM", "HPA-ALONE", "HPA-NONE", "PLACE-MACHINE", "MODEL-UNREAD")
    assert [problem.rule for problem in warnings if problem.rule not in beside] == []


def test_problems_read_well() -> None:
    """Path, message, rule in brackets, fix on a line of its own."""
    problem = Problem("network.mtu", "must be 1, got 2", "write 1", "NET-X")

    assert str(problem) == "network.mtu: must be 1, got 2 [NET-X]\n    fix: write 1"
    assert str(Problem("", "must exist, got nothing")) == "must exist, got nothing"


def test_every_machine_and_slice_is_accepted_or_refused_for_a_reason() -> None:
    """Single-host slices and GPUs serve a small model; a larger slice is refused only because no server can span it."""
    example = config(models__gemma__weights__size_gib=1)
    for machine in machines().values():
        for topology in machine.topologies or (None,):
            spec = NodePoolSpec(
                machine_type=machine.machine_type, topology=topology, capacity=CapacitySpec(reservation="mine")
            )
            refused = {problem.rule for problem in check(example.model_copy(update={"node_pools": {"tpu": spec}}))[0]}
            expected = {"SRV-MULTI-HOST"} if machine.topologies.get(topology or "", 1) > 1 else set()
            expected |= (
                {"CAP-A3-SMALL"} if machine.machine_type.startswith("a3-highgpu-") and machine.chips < 8 else set()
            )

            assert refused - {"NET-NODES-29", "NET-PODS-24"} == expected, (machine.machine_type, topology)


def test_a_model_is_refused_on_every_machine_that_cannot_hold_it() -> None:
    """A byte more than nine tenths of the memory of a node, and the node is too small; what fits is not refused."""
    example = config()
    for machine in machines().values():
        spec = NodePoolSpec(
            machine_type=machine.machine_type, disk_gib=65536, capacity=CapacitySpec(reservation="mine")
        )
        most = machine.chips * machine.memory_gb * 9 // 10
        for weights, refused in ((most, False), (most + 1, True)):
            model = example.models["gemma"]
            assert model.weights
            heavy = replace(model, weights=replace(model.weights, size_gib=weights))
            made = example.model_copy(update={"node_pools": {"tpu": spec}, "models": {"gemma": heavy}})

            assert ("SRV-MEMORY" in {problem.rule for problem in check(made)[0]}) == refused, machine.machine_type
