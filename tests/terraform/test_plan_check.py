"""`gke-inference plan-check` on plans of the real Terraform: dangerous edits are refused, documented steps pass."""

from __future__ import annotations

import json
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from gke_inference.cli import cli
from platform_config.load import load
from platform_config.stack_graph import (
    FLEET_STACK,
    GATEWAY_STACK,
    NETWORK_STACK,
    OBSERVABILITY_STACK,
    WEIGHTS_STACK,
    access_stack,
    base_stack,
    cluster_stack,
    gateway_stack,
    serving_stack,
)
from tests.configs import ALONE, CONFIG_CLUSTER, EXAMPLE, EXISTING, TWO_LLMS, config
from tests.gke_inference import documented
from tests.terraform.configs import Worlds, freed
from tests.terraform.world import World

EU = tuple(stack("eu") for stack in (cluster_stack, base_stack, serving_stack))
ASIA = {"number": 3, "region": "asia-northeast1", "zones": ["asia-northeast1-b"]}
TPU = {"machine_type": "ct6e-standard-4t", "topology": "2x2"}
Found = dict[str, set[str]]
"""By rule, the stacks that it refuses."""


class Pipeline:
    """
    Plans a platform's stacks, and checks the plans, as a pipeline does.

    Args:
        world: The platform.
        folder: Where the plans are written.

    Attributes:
        plans: The folder of the last ones.
    """

    def __init__(self, world: World, folder: Path) -> None:
        self._world = world
        self._folder = folder
        self._runs = 0
        self.plans = folder

    def check(
        self,
        stacks: Iterable[str] | None = None,
        *options: str,
        destroyed: Iterable[str] = (),
        states: Iterable[str] = (),
    ) -> Found:
        """
        Plan *stacks*, or all of the last synth, and return what is refused.

        Args:
            stacks: What is planned. Default: all stacks of the last synth.
            options: Of the command.
            destroyed: What is planned with `-destroy`.
            states: What is not planned, and shown by its state.
        """
        self._runs += 1
        self.plans = plans = self._folder / f"plans-{self._runs}"
        plans.mkdir()
        gone = tuple(destroyed)

        def write(stack: str) -> None:
            folder = self._world.folder(stack)
            # One that ends with an error is saved too.
            folder.run("plan", "-input=false", "-out=plan", *(["-destroy"] if stack in gone else []))
            (plans / f"{stack}.json").write_text(folder.must("show", "-json", "plan").text)

        for stack in states:
            (plans / f"{stack}.state.json").write_text(self._world.folder(stack).must("show", "-json").text)
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(write, {*(self._world.app.stacks if stacks is None else stacks), *gone}))
        done = CliRunner().invoke(cli, ["plan-check", str(plans), "--output", "json", *options], standalone_mode=False)
        assert done.exception is None, done.exception
        found: Found = {}
        for one in json.loads(done.output)["findings"]:
            if one["status"] != "skipped":
                found.setdefault(one["id"], set()).add(one["stack"])
        assert done.return_value == (1 if found else 0)
        return found


@pytest.fixture
def pipeline(world: World, tmp_path_factory: pytest.TempPathFactory) -> Pipeline:
    """Plan the deployed platform of config/example.yaml."""
    return Pipeline(world, tmp_path_factory.mktemp("plans"))


def test_a_platform_that_does_not_change_passes(pipeline: Pipeline) -> None:
    """Nothing is found in empty plans."""
    assert pipeline.check() == {}


ALLOWED: dict[str, dict[str, Any]] = {
    "another region": {"regions__asia": ASIA},
    "more nodes and servers": {"node_pools__tpu": TPU | {"nodes_per_zone": 2}},
    "a chart": {"inference_pool__chart_version": "v1.4.0"},
    "another revision": {"models__gemma__weights__revision": "a" * 40},
    "a drained region": {"regions__us__capacity_percent": 0},
    "a GKE version": {"cluster__gke_version": "1.35"},
    "no protection": {"cluster__deletion_protection": False},
}


@pytest.mark.parametrize("settings", ALLOWED.values(), ids=ALLOWED)
def test_what_takes_nothing_away_passes(world: World, pipeline: Pipeline, settings: dict[str, Any]) -> None:
    """All stacks that can be planned before the first apply."""
    world.use(config(**settings))
    planned = [
        stack for stack in world.app.stacks if not (stack.startswith("workload-") and stack.endswith(("-asia", "way")))
    ]

    assert pipeline.check(planned) == {}


@pytest.mark.parametrize("canary", [{"model": "gemma-next", "percent": 50}, {"model": "qwen", "percent": 10}, None])
def test_a_canary_passes(deployed_of: Worlds, tmp_path: Path, canary: dict[str, Any] | None) -> None:
    """Another share or model, or the end of it, changes a route in place."""
    world = deployed_of(TWO_LLMS).copy(tmp_path / "world")
    world.use(config(TWO_LLMS, models__gemma__canary=canary))

    assert Pipeline(world, tmp_path).check([GATEWAY_STACK, serving_stack("us")]) == {}
    world.stop()


def test_the_lines_of_a_region_cannot_just_go(world: World, pipeline: Pipeline) -> None:
    """The network would go before its cluster, and fleet and Gateway would lose a region that serves."""
    world.use(config(regions__eu=None))

    assert pipeline.check() == {
        "KEEP-ADDRESS": {NETWORK_STACK},
        "NET-REGION": {NETWORK_STACK},
        "KEEP-MEMBERSHIP": {FLEET_STACK},
        "DRAIN-REGION": {GATEWAY_STACK},
    }
    printed = CliRunner().invoke(cli, ["plan-check", str(pipeline.plans)], standalone_mode=False).output
    documented.check("plan-check", printed.replace(str(pipeline.plans), "plans"))


def test_a_region_is_removed_in_the_order_of_the_docs(world: World, pipeline: Pipeline) -> None:
    """Each step of docs/day-2.md, Remove a region, passes; the network still may not go before the cluster."""
    allow = "--allow-destroy"
    cluster, base, serving = EU
    changed_stacks = world.use(freed(config()))
    assert pipeline.check(changed_stacks) == {}
    world.deploy(changed_stacks)

    assert pipeline.check((), allow, destroyed=[serving, base]) == {}
    assert pipeline.check((), destroyed=[serving, base]) == {"PLAN-DESTROY": {serving, base}}
    assert pipeline.check([serving], allow, destroyed=[base]) == {"ORDER-USERS": {base}}
    world.destroy([serving, base])

    world.use(freed(config(regions__eu=None)))
    assert pipeline.check([FLEET_STACK], states=[serving, base]) == {}
    shared = [GATEWAY_STACK, base_stack("us"), OBSERVABILITY_STACK, FLEET_STACK]
    assert pipeline.check(shared, destroyed=[serving, base]) == {}
    early = {"NET-REGION": {NETWORK_STACK}, "KEEP-ADDRESS": {NETWORK_STACK}}
    assert pipeline.check([*shared, NETWORK_STACK], destroyed=[serving, base]) == early
    member = {"ORDER-FLEET": {cluster}}
    assert pipeline.check([FLEET_STACK], allow, destroyed=[cluster, serving, base]) == member
    for stack in shared:
        world.deploy([stack])

    assert pipeline.check([FLEET_STACK], allow, destroyed=[cluster, serving, base]) == {}
    assert pipeline.check([NETWORK_STACK, GATEWAY_STACK], allow, destroyed=[cluster, serving, base]) == {
        "NET-REGION": {NETWORK_STACK}
    }
    world.destroy([cluster])
    assert pipeline.check([NETWORK_STACK, GATEWAY_STACK], destroyed=[cluster]) == {}
    assert pipeline.check([NETWORK_STACK], states=[GATEWAY_STACK, cluster]) == {}
    assert pipeline.check([NETWORK_STACK], states=[GATEWAY_STACK]) == {"NET-REGION": {NETWORK_STACK}}
    world.deploy([NETWORK_STACK])
    assert pipeline.check() == {}


def test_a_region_with_its_own_gateway_is_removed_in_order(deployed_of: Worlds, tmp_path: Path) -> None:
    """Its gateway goes first; its network cannot go before its cluster, nor what it serves before its gateway."""
    world, allow = deployed_of(ALONE).copy(tmp_path / "world"), "--allow-destroy"
    pipeline, settings = Pipeline(world, tmp_path), freed(config(ALONE))
    key = next(one for one in settings.regions if one != settings.download_region)
    cluster, base, serving = (stack(key) for stack in (cluster_stack, base_stack, serving_stack))
    gateway = gateway_stack(settings, key)
    world.deploy(world.use(settings))

    assert pipeline.check([gateway], allow, destroyed=[serving, base]) == {"ORDER-USERS": {serving, base}}
    assert pipeline.check((), allow, destroyed=[gateway, serving, base]) == {}
    world.destroy([gateway, serving, base])

    world.use(freed(config(ALONE, **{f"regions__{key}": None})))
    gone = [gateway, serving, base]
    assert pipeline.check(destroyed=gone) == {"NET-REGION": {NETWORK_STACK}}
    assert pipeline.check([OBSERVABILITY_STACK, access_stack(settings)], destroyed=gone) == {}
    world.deploy([OBSERVABILITY_STACK, access_stack(settings)])
    assert pipeline.check((), allow, destroyed=[cluster, *gone]) == {}
    world.destroy([cluster])
    assert pipeline.check(destroyed=[cluster, *gone]) == {}
    world.stop()


def test_the_lines_of_a_model_cannot_just_go(deployed_of: Worlds, tmp_path: Path) -> None:
    """Its servers have requests; first drained, and then removed, it passes step by step."""
    world = deployed_of(TWO_LLMS).copy(tmp_path / "world")
    pipeline = Pipeline(world, tmp_path)

    world.use(config(TWO_LLMS, models__qwen=None))
    refused = pipeline.check()
    assert {stack for stack in world.app.stacks if stack.startswith("workload-serving-")} == refused["DRAIN-MODEL"]

    changed_stacks = world.use(config(TWO_LLMS, models__qwen__drain=True))
    assert pipeline.check() == {}
    world.deploy(changed_stacks)
    world.use(config(TWO_LLMS, models__qwen=None))
    assert pipeline.check() == {}
    world.stop()


REFUSED: dict[str, tuple[dict[str, Any], Found]] = {
    "place of a cluster": (
        {"regions__eu__region": "europe-west1", "regions__eu__zones": ["europe-west1-b"]},
        {
            "PLAN-ERRORED": {NETWORK_STACK, EU[0]},
            "KEEP-CLUSTER": {EU[0]},
            "KEEP-POOL": {EU[0]},
            "KEEP-PROTECTED": {EU[0]},
            "KEEP-ADDRESS": {NETWORK_STACK},
            "KEEP-MEMBERSHIP": {FLEET_STACK},
            "NET-REGION": {NETWORK_STACK},
            "DRAIN-REGION": {GATEWAY_STACK},
        },
    ),
    "name of the bucket": (
        {"bucket__name": "another-bucket"},
        {"PLAN-ERRORED": {NETWORK_STACK}, "KEEP-BUCKET": {NETWORK_STACK}, "ACCESS-WEIGHTS": {FLEET_STACK}},
    ),
    "capacity": (
        {"node_pools__tpu": TPU | {"capacity": {"spot": True}}},
        {"KEEP-POOL": {cluster_stack("us"), cluster_stack("eu")}},
    ),
    "addresses of the gateway": (
        {"gateway__addresses": "ephemeral"},
        {"KEEP-ADDRESS": {NETWORK_STACK}, "DRAIN-REGION": {GATEWAY_STACK}},
    ),
    "config cluster": (
        {"regions__us__config_cluster": False, "regions__eu__config_cluster": True},
        {"PLAN-ERRORED": {FLEET_STACK, GATEWAY_STACK, WEIGHTS_STACK}, "GATE-FEATURE": {FLEET_STACK}},
    ),
    "NAT": ({"network__nat": False, "cluster__private_nodes": False}, {"NET-REGION": {NETWORK_STACK}}),
}


@pytest.mark.parametrize(("settings", "expected"), REFUSED.values(), ids=REFUSED)
def test_what_takes_something_away_is_refused(
    world: World, pipeline: Pipeline, settings: dict[str, Any], expected: Found
) -> None:
    """By the rules for it, at the stacks that would do it; also where Terraform itself ends with an error."""
    world.use(config(**settings))

    assert pipeline.check([*filter(planned_alone, world.app.stacks)]) == expected


def planned_alone(stack: str) -> bool:
    """Return whether *stack* can be planned before a new place of its cluster is applied."""
    return not stack.startswith(("workload-base-eu", "workload-serving-eu"))


def test_a_whole_platform_is_destroyed_only_when_that_is_asked_for(world: World, pipeline: Pipeline) -> None:
    """With --allow-destroy, its protection taken off before, and every stack that needs another in the same plans."""
    every = [*world.app.stacks]

    protected = pipeline.check((), "--allow-destroy", destroyed=every)
    assert protected == {"KEEP-PROTECTED": {cluster_stack("us"), cluster_stack("eu")}}

    world.deploy(world.use(freed(config())))
    assert pipeline.check((), destroyed=every) == {"PLAN-DESTROY": set(every)}
    assert pipeline.check((), "--allow-destroy", "--config", str(EXAMPLE), destroyed=every) == {}
    fleet = pipeline.check([GATEWAY_STACK], "--allow-destroy", destroyed=[FLEET_STACK])
    assert {"ORDER-USERS", "GATE-FEATURE", "GATE-AGENT"} == set(fleet)


@pytest.mark.parametrize("path", [*EXISTING, CONFIG_CLUSTER], ids=lambda path: path.stem)
def test_platforms_among_what_exists_pass(deployed_of: Worlds, tmp_path: Path, path: Path) -> None:
    """What others own is in no plan: neither a platform that stays nor one that is destroyed waits for it."""
    world = deployed_of(path).copy(tmp_path / "world")
    pipeline = Pipeline(world, tmp_path)
    world.deploy(world.use(freed(load(path))))

    assert pipeline.check(None, "--config", str(path)) == {}
    assert pipeline.check((), "--allow-destroy", "--config", str(path), destroyed=[*world.app.stacks]) == {}
    world.stop()


def test_a_region_of_an_existing_network_cannot_just_go(deployed_of: Worlds, tmp_path: Path) -> None:
    """Its cluster is of the platform, and its servers have requests."""
    path = EXISTING[0]
    world = deployed_of(path).copy(tmp_path / "world")
    key = next(one for one, region in load(path).regions.items() if not region.config_cluster)
    world.use(config(path, **{f"regions__{key}": None}))

    refused = Pipeline(world, tmp_path).check()
    world.stop()

    assert refused["KEEP-MEMBERSHIP"] == {FLEET_STACK}
    assert refused["DRAIN-REGION"] == {GATEWAY_STACK}


def test_the_config_cluster_moves_in_the_order_of_the_docs(world: World, pipeline: Pipeline) -> None:
    """Once the gateway is destroyed the feature may get another config cluster."""
    world.use(config(regions__us__config_cluster=False, regions__eu__config_cluster=True))
    assert pipeline.check((), "--allow-destroy", destroyed=[GATEWAY_STACK, WEIGHTS_STACK]) == {}
    world.destroy([GATEWAY_STACK, WEIGHTS_STACK])
    world.folder(FLEET_STACK).must("state rm", "terraform_data.config-cluster")

    assert pipeline.check([FLEET_STACK]) == {"GATE-FEATURE": {FLEET_STACK}}
    assert pipeline.check([FLEET_STACK], destroyed=[GATEWAY_STACK]) == {}
