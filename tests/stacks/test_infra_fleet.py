"""The fleet stack: members, features, and the readers' grant."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from platform_config.stack_graph import FLEET_STACK, cluster_stack
from tests.configs import config
from tests.synthesized import Synthesized

STACK = FLEET_STACK


def alone(folder: Path, **changes: Any) -> Synthesized:
    """Synthesize this stack by itself, of the example with keys changed."""
    from cdktf import App

    from stacks.infra_fleet import InfraFleetStack

    app = App(outdir=str(folder))
    InfraFleetStack(app, STACK, config=config(**changes))
    app.synth()
    return Synthesized(folder)


@pytest.mark.parametrize(
    ("control_plane", "places"),
    [("regional", {"us-east5", "europe-west4"}), ("zonal", {"us-east5-b", "europe-west4-a"})],
)
def test_every_cluster_is_a_member(tmp_path: Path, control_plane: str, places: set[str]) -> None:
    """Under its name, where it is."""
    app = alone(tmp_path, cluster__control_plane=control_plane)
    links = [
        block["endpoint"]["gke_cluster"]["resource_link"].split("/") for block in app.all("google_gke_hub_membership")
    ]

    assert {link[-1] for link in links} == {"gemma-us", "gemma-eu"}
    assert {link[link.index("locations") + 1] for link in links} == places


def test_the_config_cluster_is_the_config_s(tmp_path: Path) -> None:
    """The feature refers to its membership, and the output names it in full."""
    app = alone(tmp_path, regions__us__config_cluster=False, regions__eu__config_cluster=True)
    [eu] = [
        key.split("/")[1]
        for key, block in app.named("google_gke_hub_membership").items()
        if block["membership_id"] == "gemma-eu"
    ]

    assert app.one("google_gke_hub_feature")["spec"]["multiclusteringress"]["config_membership"] == (
        f"${{google_gke_hub_membership.{eu}.id}}"
    )
    assert app.stacks[STACK]["output"]["config_membership"]["value"] == (
        "projects/my-project-id/locations/global/memberships/gemma-eu"
    )


def test_service_discovery_is_a_setting(platform: Synthesized, tmp_path: Path) -> None:
    """Off in the example."""
    assert len(platform.all("google_gke_hub_feature")) == 1
    assert len(alone(tmp_path, service_discovery=True).all("google_gke_hub_feature")) == 2


def test_the_server_s_account_may_read_the_bucket_and_nothing_else(platform: Synthesized) -> None:
    """As a principal, after the clusters whose identity pool it is in; the project number is looked up."""
    grant = platform.one("google_storage_bucket_iam_member", STACK)
    bucket = platform.one("google_storage_bucket")

    assert (grant["bucket"], grant["role"]) == (bucket["name"], "roles/storage.objectViewer")
    assert grant["member"] == (
        "principal://iam.googleapis.com/projects/${data.google_project.project.number}/locations/global"
        "/workloadIdentityPools/my-project-id.svc.id.goog/subject/ns/inference/sa/gemma-server"
    )
    assert platform.dependencies(STACK) == {cluster_stack("us"), cluster_stack("eu")}


def test_another_namespace_is_another_principal(tmp_path: Path) -> None:
    """The grant follows the config."""
    grant = alone(tmp_path, namespace="models").one("google_storage_bucket_iam_member")

    assert grant["member"].endswith("/subject/ns/models/sa/gemma-server")
