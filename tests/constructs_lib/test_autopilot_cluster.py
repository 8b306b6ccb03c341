"""The Autopilot cluster: what a Standard cluster says too, whose nodes Google makes, and what is not said."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from cdktf_cdktf_provider_google.provider import GoogleProvider

from constructs_lib.autopilot_cluster import AutopilotCluster
from constructs_lib.specs import ClusterSpec
from tests.conftest import Synth
from tests.constructs_lib.test_gke_cluster import PLAN
from tests.constructs_lib.test_gke_cluster import cluster as standard_cluster
from tests.synthesized import Block

CONFLICTS = (
    *("default_max_pods_per_node", "enable_intranode_visibility", "enable_shielded_nodes", "network_policy"),
    *("node_pool", "remove_default_node_pool"),
)
"""Source: provider google 7.45.0, resource_container_cluster.go, ConflictsWith enable_autopilot."""
STANDARD_ONLY = {
    *("datapath_provider", "enable_shielded_nodes", "initial_node_count", "node_config", "remove_default_node_pool"),
    "workload_identity_config",
}


def build(spec: ClusterSpec, **plan: Any) -> Callable[[Any], AutopilotCluster]:
    """Build a cluster in a bare stack."""

    def made(stack: Any) -> AutopilotCluster:
        google = GoogleProvider(stack, "google", project="my-project")
        return AutopilotCluster(stack, "cluster", google=google, plan=replace(PLAN, **plan), spec=spec)

    return made


def cluster(synth: Synth, **settings: Any) -> Block:
    """Synthesize a cluster and return its block."""
    return synth(build(ClusterSpec(mode="autopilot", **settings))).one("google_container_cluster")


def test_it_says_what_a_standard_cluster_says_but_of_nodes(synth: Synth) -> None:
    """Network, access, add-ons, monitoring, window, channel and protection are those of a Standard cluster."""
    given: dict[str, Any] = {"private_nodes": False, "release_channel": "RAPID", "gke_version": "1.35"}
    standard = standard_cluster(synth, ClusterSpec(**given))
    made = cluster(synth, **given)

    assert set(standard) - set(made) == STANDARD_ONLY
    assert set(made) - set(standard) == {"enable_autopilot", "cluster_autoscaling"}
    shared = set(made) & set(standard) - {"lifecycle"}
    assert {key: made[key] for key in shared} == {key: standard[key] for key in shared}


def test_its_nodes_run_as_the_platform_s_account(synth: Synth) -> None:
    """Without it they would be the default account's, which may edit everything."""
    made = cluster(synth)

    assert made["enable_autopilot"] is True
    assert made["cluster_autoscaling"] == {
        "auto_provisioning_defaults": {
            "service_account": PLAN.node_service_account,
            "oauth_scopes": ["https://www.googleapis.com/auth/cloud-platform"],
        }
    }


def test_it_says_nothing_that_the_provider_refuses_beside_autopilot(synth: Synth) -> None:
    """A plan would fail."""
    made = cluster(synth)

    assert [name for name in CONFLICTS if name in made] == []
    assert set(made["cluster_autoscaling"]) == {"auto_provisioning_defaults"}
    assert set(made["addons_config"]) == {"gcs_fuse_csi_driver_config"}


def test_what_google_moves_on_is_left_alone(synth: Synth) -> None:
    """Version and components; there is no default pool."""
    assert cluster(synth)["lifecycle"]["ignore_changes"] == [
        "min_master_version",
        "logging_config[0].enable_components",
        "monitoring_config[0].enable_components",
    ]


def test_its_version_is_checked(synth: Synth) -> None:
    """What comes after it stops while the version is below the floor."""
    app = synth(build(ClusterSpec(mode="autopilot")))
    [found] = app.stacks["test"]["data"]["google_container_cluster"].values()

    assert found["depends_on"] == ["google_container_cluster.cluster"]
    assert found["lifecycle"]["postcondition"]


def test_a_zone_and_an_old_version_are_refused_together(synth: Synth) -> None:
    """GKE makes no zonal Autopilot cluster."""
    with pytest.raises(ValueError, match="location must be") as refused:
        synth(build(ClusterSpec(mode="autopilot", gke_version="1.33"), location="us-east5-a"))

    assert str(refused.value).splitlines() == [
        "location must be us-east5, got 'us-east5-a'",
        "gke_version must reach 1.34.1-gke.1829001, the floor of the features in use, got 1.33",
    ]
