"""Apigee in the stacks: what is in which, in which order, and only where it is asked for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from cdktf import App

from constructs_lib.gke_version import APIGEE
from platform_config.names import Names
from platform_config.requirements import feature_floors, project_services
from platform_config.rules import check
from platform_config.stack_graph import (
    ACCESS_STACK,
    APIGEE_STACK,
    NETWORK_STACK,
    base_stack,
    gateway_stack,
    needed_stacks,
    serving_stack,
)
from stacks.infra_apigee import InfraApigeeStack
from tests.configs import REGIONAL, config
from tests.synthesized import Synthesized, synthesize

APIGEE_IN_US: dict[str, Any] = {**REGIONAL, "gateway__regions": ["us"]}


def keyed(**apigee: Any) -> dict[str, Any]:
    """Return the changes that have the gateway of one region ask Apigee."""
    return {**APIGEE_IN_US, "gateway__apigee": {"environment": "prod", **apigee}}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Synthesized:
    """Synthesize a platform that makes its organization, and calls Model Armor besides."""
    changes = keyed(create={"analytics_region": "us-east1"})
    return synthesize(config(**changes, gateway__model_armor={}), tmp_path_factory.mktemp("apigee"))


def kinds(app: Synthesized, stack: str) -> list[str]:
    """List the kinds of the Kubernetes objects in *stack*."""
    blocks = app.stacks[stack]["resource"].get("kubernetes_manifest", {}).values()
    return sorted(block["manifest"]["kind"] for block in blocks)


def test_each_part_is_where_it_can_be_planned(made: Synthesized) -> None:
    """Organization, account, charts, connection: each in a stack after that which it needs."""
    resources = {stack: set(document["resource"]) for stack, document in made.stacks.items()}
    gateway = gateway_stack(config(**keyed()), "us")

    assert "google_apigee_organization" in resources[APIGEE_STACK]
    assert "google_service_account_iam_member" in resources[ACCESS_STACK]
    assert "helm_release" in resources[base_stack("us")]
    assert {"ApigeeBackendService", "GCPTrafficExtension"} < set(kinds(made, gateway))
    assert set(made.dependencies(gateway)) == {serving_stack("us"), APIGEE_STACK}
    assert ACCESS_STACK in made.dependencies(base_stack("us"))
    assert set(made.dependencies(APIGEE_STACK)) == {NETWORK_STACK}


def test_a_region_without_a_gateway_has_no_operator(made: Synthesized) -> None:
    """Nothing there would be connected."""
    assert "helm_release" not in made.stacks[base_stack("eu")]["resource"]


def test_the_charts_act_as_the_account_that_is_made(made: Synthesized) -> None:
    """Its address is known before it is there."""
    releases = made.stacks[base_stack("us")]["resource"]["helm_release"].values()
    [values] = [release["values"][0] for release in releases if "values" in release]
    [account] = [
        one for one in made.stacks[ACCESS_STACK]["resource"]["google_service_account"].values()
        if one["account_id"] == Names(config()).apigee_service_account
    ]  # fmt: skip

    assert f"{account['account_id']}@my-project-id.iam.gserviceaccount.com" in values
    assert '"apigeeOrg" = "my-project-id"' in values


def test_apigee_comes_before_model_armor(made: Synthesized) -> None:
    """In the one chain of the one extension object."""
    blocks = made.stacks[gateway_stack(config(**keyed()), "us")]["resource"]["kubernetes_manifest"].values()
    [extension] = [one["manifest"] for one in blocks if one["manifest"]["kind"] == "GCPTrafficExtension"]
    [chain] = extension["spec"]["extensionChains"]

    assert [one["name"] for one in chain["extensions"]] == ["apigee", "model-armor"]


def test_the_endpoint_is_in_the_subnet_of_the_nodes(made: Synthesized) -> None:
    """By its full name, in the region of the gateway."""
    blocks = made.stacks[gateway_stack(config(**keyed()), "us")]["resource"]["kubernetes_manifest"].values()
    [service] = [one["manifest"]["spec"] for one in blocks if one["manifest"]["kind"] == "ApigeeBackendService"]
    subnets = made.stacks[NETWORK_STACK]["resource"]["google_compute_subnetwork"].values()
    [place] = service["locations"]

    assert (service["apigeeEnv"], place["name"]) == ("prod", "us-east5")
    assert place["subnetwork"].rpartition("/")[2] in {one["name"] for one in subnets}


def test_turned_off_the_operator_stays(tmp_path: Path) -> None:
    """The gateway asks nobody; with the section goes all of it."""
    off = synthesize(config(**keyed(enabled=False)), tmp_path / "off")
    gone = synthesize(config(**APIGEE_IN_US), tmp_path / "gone")
    gateway = gateway_stack(config(**keyed()), "us")

    for app in (off, gone):
        assert not {"ApigeeBackendService", "GCPTrafficExtension"} & set(kinds(app, gateway))
    assert len(off.stacks[base_stack("us")]["resource"]["helm_release"]) == 2
    assert "helm_release" not in gone.stacks[base_stack("us")]["resource"]


def test_charts_can_be_removed(tmp_path: Path) -> None:
    """Terraform removes one only by the provider of its cluster, which is there without them too."""
    app = synthesize(config(**APIGEE_IN_US), tmp_path)

    assert "helm" in app.stacks[base_stack("us")]["provider"]


def test_an_organization_that_exists_has_no_stack(tmp_path: Path) -> None:
    """It is made only where that is asked for, and the stack cannot be made otherwise."""
    there = config(**keyed())

    assert APIGEE_STACK not in needed_stacks(there)
    with pytest.raises(ValueError, match=r"gateway\.apigee\.create must be given, got none"):
        InfraApigeeStack(App(outdir=str(tmp_path)), APIGEE_STACK, config=there)


def test_its_api_is_on_with_the_section_alone() -> None:
    """Also while it is turned off."""
    assert "apigee" in project_services(config(**keyed(enabled=False)))
    assert "apigee" not in project_services(config(**APIGEE_IN_US))


def test_clusters_are_new_enough_for_apigee() -> None:
    """In the region with the gateway; an older version is refused with what needs a newer one."""
    asked = config(**keyed())
    old = check(config(**keyed(), cluster__gke_version="1.33", node_pools__tpu__dranet=False))[0]

    assert feature_floors(asked, "us")[APIGEE.feature] == APIGEE.version
    assert APIGEE.feature not in feature_floors(asked, "eu")
    messages = [problem.message for problem in old if problem.path == "cluster.gke_version"]
    assert f"must reach {APIGEE.version} for {APIGEE.feature}, got '1.33'" in messages
