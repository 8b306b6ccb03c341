"""`gke-inference plan-check` on plans written by hand: what each rule refuses, and what it lets pass."""

from __future__ import annotations

import contextlib
import copy
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from gke_inference.cli import cli
from gke_inference.findings import Status
from gke_inference.plan_check.rules import RULES
from platform_config.errors import ConfigError
from tests.configs import EXAMPLE
from tests.gke_inference.plan_cases import (
    ADDRESS,
    CASES,
    CLUSTER,
    CRD,
    FEATURE,
    MEMBER,
    OTHER_FORMAT,
    POOL,
    SUBNET,
    Stacks,
    member_of,
)
from tests.gke_inference.plan_documents import (
    CHANGED,
    GONE,
    change,
    destroyed,
    document,
    gateway,
    kubernetes,
    server,
    write_plans,
)


@dataclass(frozen=True)
class Checked:
    """How the command ended, and what it printed."""

    code: int
    text: str

    @property
    def findings(self) -> set[tuple[str, str, str]]:
        """Rule, status and place of each finding of a JSON report."""
        found = json.loads(self.text)["findings"]
        return {(one["id"], one["status"], "/".join(filter(None, (one["stack"], one["address"])))) for one in found}


def run(place: Path, *options: str) -> Checked:
    """Run the command on the plans in *place*."""
    done = CliRunner().invoke(cli, ["plan-check", str(place), *options], standalone_mode=False)
    if done.exception:
        raise done.exception
    return Checked(int(done.return_value), done.output)


def check(folder: Path, plans: Stacks, *options: str) -> Checked:
    """Write *plans* and check them; the report is JSON."""
    return run(write_plans(folder, plans), "--output", "json", *options)


def test_every_rule_has_a_case() -> None:
    """What each refuses, and what it lets pass, is tried."""
    ids = [rule.id for rule in RULES]

    assert ids == list(CASES)
    assert len(set(ids)) == len(ids)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_rule_refuses_what_it_should(rule: Any, tmp_path: Path) -> None:
    """At the place that the report names, with the exit code of its status."""
    case = CASES[rule.id]

    checked = check(tmp_path, case.bad, *case.options)

    assert (rule.id, rule.status.value, case.place) in checked.findings
    assert checked.code == (3 if rule.status is Status.UNKNOWN else 1)


@pytest.mark.parametrize("rule", [rule.id for rule in RULES])
def test_a_rule_lets_the_rest_pass(rule: str, tmp_path: Path) -> None:
    """The like plans that take nothing away end with 0, and no other rule has anything against them."""
    case = CASES[rule]

    checked = check(tmp_path, case.good, *case.options, *case.good_options)

    assert (checked.code, checked.findings) == (0, set())


@pytest.mark.parametrize("rule", [rule for rule in RULES if rule.exceptions], ids=lambda rule: rule.id)
def test_an_exception_lets_one_place_pass(rule: Any, tmp_path: Path) -> None:
    """The finding is reported as skipped, and what else is wrong stays wrong."""
    case = CASES[rule.id]

    checked = check(tmp_path, case.bad, *case.options, "--allow", f"{rule.id}={case.place}")

    assert (rule.id, "skipped", case.place) in checked.findings
    others = {status for id_, status, place in checked.findings if (id_, place) != (rule.id, case.place)}
    assert checked.code == (1 if "wrong" in others else 0)


@pytest.mark.parametrize(
    ("allowed", "message"),
    [
        ("KEEP-POOL=infra-cluster-eu/google_container_node_pool.other", "which no plan here needs"),
        ("KEEP-NOTHING=infra-network", "must begin with one of PLAN-INCOMPLETE, "),
        ("PLAN-ERRORED=infra-network", "must begin with one of PLAN-INCOMPLETE, "),
        ("KEEP-POOL", "must be KEEP-POOL=STACK/ADDRESS"),
    ],
)
def test_an_exception_that_lets_nothing_pass_is_an_error(allowed: str, message: str, tmp_path: Path) -> None:
    """One that is mistyped, or whose reason is over, would let a later plan pass that nobody has looked at."""
    with pytest.raises(click.UsageError) as error:
        check(tmp_path, CASES["KEEP-POOL"].bad, "--allow", allowed)

    assert message in error.value.format_message()


def test_plans_are_found_where_pipelines_put_them(tmp_path: Path) -> None:
    """As DIR/<stack>.json, in the stack's folder, in that of a synth, and one file alone."""
    one, two, three = (document(change(SUBNET, "create")) for _ in range(3))
    (tmp_path / "infra-cluster-us").mkdir()
    (tmp_path / "stacks" / "workload-gateway").mkdir(parents=True)
    write_plans(tmp_path, {"infra-network": one})
    (tmp_path / "infra-cluster-us" / "tfplan.json").write_text(json.dumps(two))
    (tmp_path / "stacks" / "workload-gateway" / "tfplan.json").write_text(json.dumps(three))

    for place, stacks in {
        tmp_path: ["infra-cluster-us", "infra-network", "workload-gateway"],
        tmp_path / "infra-network.json": ["infra-network"],
        tmp_path / "infra-cluster-us" / "tfplan.json": ["infra-cluster-us"],
    }.items():
        assert json.loads(run(place, "--output", "json").text)["plans"] == stacks


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({}, "must hold plans as DIR/<stack>.json"),
        (
            {"infra-network.json": "plan: yes"},
            "infra-network.json: must be the output of `terraform show -json PLANFILE`",
        ),
        ({"infra-network.json": "[]"}, "got other JSON"),
        ({"infra-network.json": '{"format_version": "1.0", "values": {}}'}, "must be a plan, got a state"),
        ({"infra-network.json": json.dumps(document(resource_changes=[{"address": "x"}]))}, "must be a whole plan"),
        ({"infra-network.json": json.dumps(document(resource_changes=""))}, "must be a whole plan"),
        ({"infra-network.json": json.dumps(document(change(SUBNET, "destroy")))}, "must be a whole plan"),
        ({"infra-network.json": json.dumps(document(timestamp="yesterday"))}, "must be a whole plan"),
        ({"infra-network.json": b"\xff"}, "must be UTF-8, got other bytes"),
        ({"infra-network.state.json": json.dumps(GONE)}, "must be a state, got a plan"),
        ({"infra-network.state.json": '{"format_version": "1.0"}'}, "got states alone"),
        (
            {"infra-network.state.json": '{"format_version": "1.0", "values": {"root_module": []}}'},
            "must be a whole state",
        ),
        ({"infra_network.json": json.dumps(GONE)}, "must be named after its stack, got 'infra_network'"),
        (
            {"infra-network.json": json.dumps(GONE), "infra-network/tfplan.json": json.dumps(GONE)},
            "must be the only file of infra-network",
        ),
    ],
)
def test_what_is_no_plan_is_wrong_input(files: dict[str, str | bytes], message: str, tmp_path: Path) -> None:
    """With the file, what must be there and what was given: a plan that is overlooked would count as good."""
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(text if isinstance(text, bytes) else text.encode())

    with pytest.raises(ConfigError) as error:
        run(tmp_path)

    assert message in str(error.value)


def test_no_sensitive_value_is_printed(tmp_path: Path) -> None:
    """Neither as text nor as JSON, where the name of a bucket itself is sensitive."""
    secret = "s3cr3t-value"
    bad = change(
        "google_storage_bucket.weights", "delete", before={"name": secret, "labels": {"a": secret}},
        before_sensitive={"name": True, "labels": True},
    )  # fmt: skip
    plans = write_plans(tmp_path, {"infra-network": document(bad)})

    checked = [run(plans), run(plans, "--output", "json")]

    assert {one.code for one in checked} == {1}
    assert all("google_storage_bucket.weights" in one.text and secret not in one.text for one in checked)


def test_what_is_there_is_also_read_from_the_state(tmp_path: Path) -> None:
    """A plan with -target or -refresh-only lists no more than what it changes."""
    held = {"address": CLUSTER, "mode": "managed", "type": CLUSTER.partition(".")[0], "values": {"name": "gemma-eu"}}
    refreshed = document(prior_state={"values": {"root_module": {"resources": [held]}}})

    checked = check(tmp_path, {**CASES["NET-REGION"].bad, "infra-cluster-eu": refreshed})

    assert {id_ for id_, _, _ in checked.findings} == {"NET-REGION"}


def test_another_object_of_a_replacement_is_not_a_loss(tmp_path: Path) -> None:
    """A deposed object, left by an apply that failed half-way, may be deleted."""
    deposed = change(CLUSTER, "delete", action_reason=CHANGED) | {"deposed": "0a1b2c3d"}

    checked = check(tmp_path, {"infra-cluster-eu": document(deposed, change(CLUSTER))})

    assert (checked.code, checked.findings) == (0, set())


def test_the_report_says_what_to_do(tmp_path: Path) -> None:
    """Rule, places, what happens, the fix and the verdict; stacks of the config without a plan are listed."""
    plans = write_plans(tmp_path, CASES["KEEP-POOL"].bad)

    text = run(plans, "--config", str(EXAMPLE)).text

    assert "refused  KEEP-POOL: No node pool that servers run on is deleted or replaced" in text
    assert f"infra-cluster-eu/{POOL}\n" in text
    assert "tpu would be deleted; gemma-server of workload-serving-eu may run on it" in text
    assert "fix: add a pool with another key" in text
    assert "No plan of infra-network, infra-cluster-us, infra-fleet" in text
    assert "Refused:" in text
    assert "1 refused, 0 unknown, 0 allowed" in text


def test_clusters_in_one_region_keep_what_they_share(tmp_path: Path) -> None:
    """The proxy-only subnet stays while another cluster is in the region; the nodes' subnet is of one alone."""
    proxy = "google_compute_subnetwork.network_region-eu_proxy_54B922AA"
    removed = [change(one, "delete", before={"name": "x", "region": "europe-west4"}) for one in (SUBNET, proxy)]
    beside = change(CLUSTER, before={"name": "gemma-eu-b", "location": "europe-west4-b"})

    checked = check(
        tmp_path,
        {"infra-network": document(*removed), "infra-cluster-eu": GONE, "infra-cluster-eu-b": document(beside)},
    )

    assert checked.findings == {("NET-REGION", "wrong", f"infra-network/{proxy}")}


def test_what_all_regions_need_stays_while_there_is_a_cluster(tmp_path: Path) -> None:
    """Such as the rule that lets health checks in; without the plan of any cluster nothing shows that it may go."""
    rule = "google_compute_firewall.network_health-checks_33B70603"
    network = document(change(rule, "delete", "create"))
    place = ("NET-REGION", "wrong", f"infra-network/{rule}")
    for name, clusters, expected in (
        ("there", {"infra-cluster-eu": GONE, "infra-cluster-us": document(change(CLUSTER))}, {place}),
        ("gone", {"infra-cluster-eu": GONE}, set()),
        ("unknown", {}, {place}),
    ):
        (tmp_path / name).mkdir()

        assert check(tmp_path / name, {"infra-network": network, **clusters}).findings == expected, name


def test_a_pool_of_a_compute_class_is_in_use(tmp_path: Path) -> None:
    """Pods name the class, and the class names the pool."""
    given = {"kind": "ComputeClass", "metadata": {"name": "gpus"}, "spec": {"priorities": [{"nodepools": ["h100"]}]}}
    plans = {
        "infra-cluster-eu": document(change(POOL, "delete", "create", before={"name": "h100"})),
        "workload-serving-eu": document(kubernetes("class", manifest=given), server(pool="another")),
    }

    assert check(tmp_path, plans).findings == {("KEEP-POOL", "wrong", f"infra-cluster-eu/{POOL}")}


@pytest.mark.parametrize("actions", [("delete", "create"), ("forget",)])
def test_a_gateway_is_not_forgotten(actions: tuple[str, ...], tmp_path: Path) -> None:
    """Neither the object itself nor the feature that controls it."""
    plans = {
        "workload-gateway": document(gateway(*actions)),
        "infra-fleet": document(change(FEATURE, *actions, before=member_of("us"))),
    }

    assert {id_ for id_, _, _ in check(tmp_path, plans).findings} == {"GATE-OBJECT", "GATE-FEATURE"}


@pytest.mark.parametrize(
    ("stack", "address", "rule"),
    [("infra-cluster-eu", CLUSTER, "KEEP-CLUSTER"), ("infra-network", "google_storage_bucket.weights", "KEEP-BUCKET")],
)
def test_what_must_stay_is_not_forgotten(stack: str, address: str, rule: str, tmp_path: Path) -> None:
    """It would stay in the cloud, and a later apply could not make it again."""
    plans = {stack: document(change(address, "forget"))}

    assert (rule, "wrong", f"{stack}/{address}") in check(tmp_path, plans).findings


@pytest.mark.parametrize("address", ["google_service_account.nodes", "google_project_iam_member.nodes_node_B4B749F5"])
def test_nodes_keep_their_account_while_a_cluster_is_there(address: str, tmp_path: Path) -> None:
    """Of any region."""
    plans = {"infra-network": document(change(address, "delete")), "infra-cluster-eu": document(change(CLUSTER))}
    assert ("ACCESS-NODES", "wrong", f"infra-network/{address}") in check(tmp_path, plans).findings


def test_an_address_without_values_is_unknown(tmp_path: Path) -> None:
    """No rule can say who uses it."""
    gone = change("google_compute_address.a", "delete")
    gone["change"]["before"] = None
    found = check(tmp_path, {"infra-network": document(gone)}).findings

    assert ("PLAN-HIDDEN", "unknown", "infra-network/google_compute_address.a") in found


def parts(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the path to each part of *value*."""
    if path:
        yield path
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in inner:
        yield from parts(part, (*path, key))


@pytest.mark.parametrize("other", [None, "", 0, True, [], {}, [[]], {"": ""}], ids=repr)
@pytest.mark.parametrize(
    "rule",
    ["KEEP-POOL", "KEEP-ADDRESS", "GATE-FEATURE", "GATE-CRD", "GATE-API", "DRAIN-MODEL", "ORDER-HOME", "ACCESS-PICKER"],
)
def test_no_part_of_a_plan_breaks_the_command(rule: str, other: Any, tmp_path: Path) -> None:
    """Whatever stands where something else should be: there is a report, or wrong input, and no traceback."""
    case = CASES[rule]
    for stack, plan in case.bad.items():
        for path in parts(plan):
            broken = copy.deepcopy(plan)
            *above, last = path
            target: Any = broken
            for key in above:
                target = target[key]
            target[last] = other
            with contextlib.suppress(ConfigError):
                assert check(tmp_path, {**case.bad, stack: broken}, *case.options).code in (0, 1, 3)


@pytest.mark.parametrize(
    ("rule", "stacks"),
    [
        ("KEEP-POOL", {"infra-cluster-eu": document(change(POOL, "delete"))}),
        ("KEEP-BUCKET", {"infra-network": document(change("google_storage_bucket.weights", "delete"))}),
        ("KEEP-ADDRESS", {"infra-network": document(change(ADDRESS, "delete"))}),
        ("KEEP-MEMBERSHIP", {"infra-fleet": document(change(MEMBER, "delete"))}),
        ("NET-REGION", {"infra-network": document(change(SUBNET, "delete"))}),
        ("GATE-FEATURE", {"infra-fleet": document(change(FEATURE, "delete", before=member_of("us")))}),
        ("GATE-CRD", {"workload-base-eu": document(kubernetes("crd", "delete", manifest=CRD))}),
    ],
)
@pytest.mark.parametrize("options", [(), ("--config", str(EXAMPLE))], ids=["alone", "with its config"])
def test_what_no_plan_shows_does_not_count_as_gone(
    rule: str, stacks: Stacks, options: tuple[str, ...], tmp_path: Path
) -> None:
    """One plan alone cannot prove that nobody needs what it deletes."""
    [(stack, plan)] = stacks.items()
    place = f"{stack}/{plan['resource_changes'][0]['address']}"

    assert (rule, "wrong", place) in check(tmp_path, stacks, *options).findings


def test_the_config_cluster_stays_in_the_fleet_with_its_feature(tmp_path: Path) -> None:
    """Its membership may go with the feature alone, and not before it."""
    member = "google_gke_hub_membership.fleet_member-us_7339A143"
    gone = dict.fromkeys(("workload-base-us", "workload-serving-us", "workload-gateway"), GONE)
    leaves = change(member, "delete", before={"membership_id": "us"})
    for name, feature, expected in (
        ("stays", change(FEATURE, before=member_of("us")), {("KEEP-MEMBERSHIP", "wrong", f"infra-fleet/{member}")}),
        ("moves too", change(FEATURE, "delete", before=member_of("us")), set()),
    ):
        (tmp_path / name).mkdir()

        assert check(tmp_path / name, {"infra-fleet": document(leaves, feature), **gone}).findings == expected, name


def test_protection_keeps_a_cluster_from_a_destroy(tmp_path: Path) -> None:
    """The provider would refuse the cluster after everything that depends on it is gone."""
    guarded = destroyed(CLUSTER, **{CLUSTER: {"name": "gemma-eu", "deletion_protection": True}})
    plans = {"infra-cluster-eu": document(*guarded), "workload-base-eu": GONE, "workload-serving-eu": GONE}

    checked = check(tmp_path, plans, "--allow-destroy")

    assert checked.findings == {("KEEP-PROTECTED", "wrong", f"infra-cluster-eu/{CLUSTER}")}


def test_a_state_shows_what_is_there_and_what_is_gone(tmp_path: Path) -> None:
    """After an apply or a destroy, when the plan that was made before it is out of date."""
    held = {"address": CLUSTER, "mode": "managed", "type": CLUSTER.partition(".")[0], "values": {"name": "gemma-eu"}}
    there = {"format_version": "1.0", "values": {"root_module": {"resources": [held]}}}
    write_plans(tmp_path, {"infra-network": document(change(SUBNET, "delete"))})
    for state, code in ((there, 1), ({"format_version": "1.0"}, 0), (OTHER_FORMAT, 1)):
        (tmp_path / "infra-cluster-eu.state.json").write_text(json.dumps(state))

        checked = run(tmp_path, "--output", "json", "--max-age-min", "9999")

        assert checked.code == code
        assert json.loads(checked.text)["plans"] == ["infra-network"]
        assert json.loads(checked.text)["states"] == ["infra-cluster-eu"]


def test_a_config_knows_of_the_fleet(tmp_path: Path) -> None:
    """With it, a cluster is not destroyed while nothing shows that it has left; the state of the fleet does."""
    gone = {"workload-base-eu": GONE, "workload-serving-eu": GONE}
    plans = write_plans(tmp_path, {"infra-cluster-eu": document(*destroyed(CLUSTER)), **gone})
    options = ("--allow-destroy", "--config", str(EXAMPLE), "--output", "json")

    assert {id_ for id_, _, _ in run(plans, *options).findings} == {"ORDER-FLEET"}
    (tmp_path / "infra-fleet.state.json").write_text('{"format_version": "1.0"}')
    assert run(plans, *options).code == 0
