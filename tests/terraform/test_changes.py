"""What a change of the config does to a platform that runs: just this, to just these."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from platform_config.plan_refusals import BUCKET
from platform_config.stack_graph import (
    FLEET_STACK,
    GATEWAY_STACK,
    NETWORK_STACK,
    OBSERVABILITY_STACK,
    WEIGHTS_STACK,
    base_stack,
    cluster_stack,
    serving_stack,
)
from tests.configs import config
from tests.terraform.configs import freed
from tests.terraform.runs import Changes, unhashed
from tests.terraform.world import World

UPDATE, REPLACE, DELETE = ("update",), ("delete", "create"), ("delete",)
LOG_METRICS = tuple(f"google_logging_metric.logs_gemma-{name}" for name in ("mount-errors", "proxy-errors"))
DASHBOARD = {"google_monitoring_dashboard.dashboard": UPDATE}
POOL, SERVER, CHART = (
    "google_container_node_pool.cluster_pool-tpu",
    "kubernetes_manifest.model-gemma_server",
    "helm_release.model-gemma_pool",
)
KEPT = ("google_container_cluster", "google_storage_bucket", "google_compute_address", "google_compute_network")
"""What loses its data, its name, or its callers when it is replaced."""

OF_A_REGION = ("infra-cluster", "workload-base", "workload-serving")
ASIA = {"number": 3, "region": "asia-northeast1", "zones": ["asia-northeast1-b"]}
TPU = {"machine_type": "ct6e-standard-4t", "topology": "2x2"}
OF_TWO_REGIONS = tuple(f"gemma-{name}" for name in ("import-lacks-cluster", "no-spill-room", "region-without-traffic"))
"""Alerts that a model has where two regions serve it."""


def both(stack: str, *addresses: str) -> dict[str, Changes]:
    """Expect an update of *addresses* in the stack of each region."""
    return {f"{stack}-{key}": dict.fromkeys(addresses, UPDATE) for key in ("us", "eu")}


def alerts(*names: str, actions: tuple[str, ...] = UPDATE) -> Changes:
    """Expect *actions* on the policies of the alerts *names*."""
    return {f"google_monitoring_alert_policy.alert_{name}": actions for name in names}


CHANGES: dict[str, tuple[dict[str, Any], dict[str, Changes]]] = {
    "chart version": ({"inference_pool__chart_version": "v1.4.0"}, both("workload-serving", CHART)),
    "model": (
        {"models__gemma__weights__repository": "google/gemma-3-12b-it", "models__gemma__weights__revision": "a" * 40},
        {WEIGHTS_STACK: {"kubernetes_job_v1.download-gemma_job": REPLACE}, **both("workload-serving", SERVER)},
    ),
    "node count": (
        {"node_pools__tpu": TPU | {"nodes_per_zone": 2}},
        {
            **both("infra-cluster", POOL),
            **both("workload-serving", SERVER),
            OBSERVABILITY_STACK: alerts("gemma-pool-below-size"),
        },
    ),
    "server image": (
        {"models__gemma__server__image": "docker.io/vllm/vllm-tpu:v0.27.1"},
        both("workload-serving", SERVER),
    ),
    "spill-over": (
        {"gateway__max_utilization_percent": 70},
        {
            GATEWAY_STACK: {"kubernetes_manifest.gateway_gemma-backend": UPDATE},
            OBSERVABILITY_STACK: {**alerts("gemma-import-lacks-cluster", "gemma-no-spill-room"), **DASHBOARD},
        },
    ),
    "drain": (
        {"regions__us__capacity_percent": 0},
        {
            GATEWAY_STACK: {"kubernetes_manifest.gateway_gemma-backend": UPDATE},
            OBSERVABILITY_STACK: {**alerts("cross-region-share"), **alerts(*OF_TWO_REGIONS, actions=DELETE)},
        },
    ),
    "share of logged requests": (
        {"gateway__log_sample_percent": 100},
        {
            GATEWAY_STACK: {"kubernetes_manifest.gateway_gemma-backend": UPDATE},
            OBSERVABILITY_STACK: alerts("proxy-errors"),
        },
    ),
    "no metrics of logs": (
        {"observability__log_metrics": False},
        {
            OBSERVABILITY_STACK: {
                **dict.fromkeys(LOG_METRICS, DELETE),
                **alerts("mount-errors", "proxy-errors", actions=DELETE),
                **DASHBOARD,
            }
        },
    ),
    "GKE version": ({"cluster__gke_version": "1.35"}, both("infra-cluster", "google_container_cluster.cluster")),
    "soft delete": ({"bucket__soft_delete_days": 14}, {NETWORK_STACK: {f"google_storage_bucket.{BUCKET}": UPDATE}}),
    "public nodes": (
        # And no NAT is taken away before: infra-network does not change.
        {"cluster__private_nodes": False},
        both(
            "infra-cluster", "google_container_cluster.cluster", POOL, "google_container_node_pool.cluster_pool-system"
        ),
    ),
    "capacity": (
        {"node_pools__tpu": TPU | {"capacity": {"spot": True}}},
        {cluster_stack(key): {POOL: REPLACE} for key in ("us", "eu")},
    ),
}


def planned(world: World) -> dict[str, Changes]:
    """Return what the last deploy of each stack changed, where it changed anything."""
    return {stack: unhashed(changes) for stack, changes in world.changes.items() if changes}


@pytest.mark.parametrize(("settings", "expected"), CHANGES.values(), ids=CHANGES)
def test_a_change_touches_just_what_it_should(
    world: World, settings: dict[str, Any], expected: dict[str, Changes]
) -> None:
    """These addresses and no others, and no cluster, bucket, address or network is replaced."""
    changed = world.use(config(**settings))

    world.deploy(changed)

    assert planned(world) == expected
    replaced = [address for changes in expected.values() for address in changes if changes[address] == REPLACE]
    assert not [address for address in replaced if address.startswith(KEPT)]
    assert world.unsettled(changed) == []


def test_a_region_comes_and_goes_without_touching_the_others(world: World) -> None:
    """
    Added, the Gateway gets an address, each cluster a policy, each query the name of the cluster.

    Removed in the order of docs/day-2.md, all is as before.
    """
    world.deploy(world.use(freed(config())))
    before, world.changes = copy.deepcopy(world.rig.cloud.objects), {}

    world.deploy(world.use(freed(config(regions__asia=ASIA))))

    assert world.changes.pop(GATEWAY_STACK) == {"kubernetes_manifest.gateway": UPDATE}
    assert set(world.changes.pop(OBSERVABILITY_STACK).values()) == {UPDATE}
    added, world.changes = planned(world), {}
    others = [base_stack(key) for key in ("eu", "us")]
    assert set(added) == {NETWORK_STACK, FLEET_STACK, *others, *(f"{part}-asia" for part in OF_A_REGION)}
    assert {actions for changes in added.values() for actions in changes.values()} == {("create",)}
    shared = (FLEET_STACK, NETWORK_STACK, *others)
    assert all("asia" in address for stack in shared for address in added[stack])

    world.destroy([serving_stack("asia"), base_stack("asia")])
    world.use(freed(config()))
    world.deploy([GATEWAY_STACK])
    world.deploy(others)
    world.deploy([OBSERVABILITY_STACK, FLEET_STACK])
    world.destroy([cluster_stack("asia")])
    world.deploy([NETWORK_STACK])

    assert set(world.changes.pop(OBSERVABILITY_STACK).values()) == {UPDATE}
    assert planned(world) == {
        GATEWAY_STACK: {"kubernetes_manifest.gateway": UPDATE},
        **{stack: dict.fromkeys(added[stack], ("delete",)) for stack in shared},
    }
    assert world.rig.cloud.objects == before


def test_a_network_does_not_go_from_under_a_cluster(world: World) -> None:
    """Taken away in the order in which stacks are deployed, a region is refused where its cluster still is, whole."""
    # Google would refuse the address too, while the gateway has it; here nothing may depend on that.
    addressless = {"gateway__addresses": "ephemeral"}
    world.deploy(world.use(config(**addressless)) - {NETWORK_STACK})
    world.deploy([NETWORK_STACK])
    before = copy.deepcopy(world.rig.cloud.objects)
    world.use(config(regions__eu=None, **addressless))

    refused = world.folder(NETWORK_STACK).run("apply", "-auto-approve")

    assert refused.code == 1
    assert "is already being used by google_container_cluster" in refused.text
    assert world.rig.cloud.objects == before
