"""What goes or changes behind Terraform's back is seen, and put back, and nothing else is touched."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from platform_config.plan_refusals import BUCKET
from platform_config.stack_graph import (
    FLEET_STACK,
    GATEWAY_STACK,
    NETWORK_STACK,
    WEIGHTS_STACK,
    cluster_stack,
    serving_stack,
)
from tests.rig.cloud import Key
from tests.terraform.runs import unhashed
from tests.terraform.world import World

US, EU, GOOGLE = "us-east5", "europe-west4", ""
"""Where an object is: in the cluster of a region, or in Google Cloud itself."""

REMOVED = [
    (NETWORK_STACK, "google_compute_firewall.network_allow-us_nodes", GOOGLE, "allow-nodes-us"),
    (NETWORK_STACK, "google_compute_address.network_region-eu_gateway", GOOGLE, "gemma-gateway-eu"),
    (NETWORK_STACK, "google_project_iam_member.nodes_images", GOOGLE, "roles/artifactregistry.reader"),
    (cluster_stack("us"), "google_container_node_pool.cluster_pool-tpu", GOOGLE, "gemma-us/nodePools/tpu"),
    (FLEET_STACK, "google_gke_hub_feature.fleet_multiclusteringress", GOOGLE, "multiclusteringress"),
    (FLEET_STACK, "google_storage_bucket_iam_member.gemma-server_read", GOOGLE, "roles/storage.objectViewer"),
    (serving_stack("eu"), "kubernetes_service_account_v1.account-gemma", EU, "gemma-server"),
    (WEIGHTS_STACK, "kubernetes_job_v1.download-gemma_job", US, "gemma-download"),
    (serving_stack("us"), "helm_release.model-gemma_pool", US, "gemma-pool"),
    (serving_stack("eu"), "kubernetes_annotations.model-gemma_export", EU, "gemma-pool"),
    (serving_stack("eu"), "kubernetes_manifest.model-gemma_server", EU, "kind=Deployment"),
    (GATEWAY_STACK, "kubernetes_manifest.gateway_gemma-backend", US, "kind=GCPBackendPolicy"),
    (GATEWAY_STACK, "kubernetes_manifest.gateway", US, "kind=Gateway,"),
]
CHANGED = [
    (NETWORK_STACK, f"google_storage_bucket.{BUCKET}", GOOGLE, "weights", "public_access_prevention", "inherited"),
    (
        NETWORK_STACK,
        "google_compute_firewall.network_health-checks",
        GOOGLE,
        "health",
        "source_ranges",
        ["0.0.0.0/0"],
    ),
    (cluster_stack("us"), "google_container_cluster.cluster", GOOGLE, "gemma-us", "deletion_protection", False),
    (cluster_stack("us"), "google_container_cluster.cluster", GOOGLE, "gemma-us", "enable_legacy_abac", True),
    (
        cluster_stack("eu"),
        "google_container_node_pool.cluster_pool-tpu",
        GOOGLE,
        "gemma-eu/nodePools/tpu",
        "node_count",
        0,
    ),
    (serving_stack("us"), "kubernetes_annotations.model-gemma_export", US, "gemma-pool", "annotations", {}),
    (serving_stack("us"), "kubernetes_manifest.model-gemma_server", US, "kind=Deployment", "object.spec.replicas", 0),
    (GATEWAY_STACK, "kubernetes_manifest.gateway", US, "kind=Gateway,", "object.spec.gatewayClassName", "gke-l7"),
]


def ident(row: tuple[Any, ...]) -> str:
    """Name a row of the tables."""
    return " ".join(str(part) for part in (row[1], *row[4:]))


def key_of(world: World, address: str, place: str, part: str) -> Key:
    """Find the one object of the address's type that is in *place* and has *part* in its identity."""
    kind = address.split(".")[0]
    [key] = [key for key in world.rig.cloud.objects if key[0] == kind and place in key[1] and part in key[2]]
    return key


def repair(world: World, stack: str) -> dict[str, tuple[str, ...]]:
    """Apply, and return what it changes; the plan after it is empty."""
    changes, _ = world.folder(stack).deploy()
    assert world.folder(stack).settled()
    return unhashed(changes)


@pytest.mark.parametrize("row", REMOVED, ids=ident)
def test_what_was_removed_comes_back(world: World, row: tuple[str, str, str, str]) -> None:
    """It alone is created again, just as it was."""
    stack, address, place, part = row
    before = copy.deepcopy(world.rig.cloud.objects)
    del world.rig.cloud.objects[key_of(world, address, place, part)]

    assert repair(world, stack) == {address: ("create",)}
    assert world.rig.cloud.objects == before


@pytest.mark.parametrize("row", CHANGED, ids=ident)
def test_what_was_changed_is_set_back(world: World, row: tuple[str, str, str, str, str, Any]) -> None:
    """It alone is updated, in place."""
    stack, address, place, part, path, value = row
    before = copy.deepcopy(world.rig.cloud.objects)
    held = world.rig.cloud.objects[key_of(world, address, place, part)]
    name, *inner = path.split(".")
    target = held[name][1] if inner else held
    for step in inner[:-1]:
        target = target[step]
    target[inner[-1] if inner else name] = value

    assert repair(world, stack) == {address: ("update",)}
    assert world.rig.cloud.objects == before


def test_a_component_that_a_cluster_lacks_is_told_with_the_command(world: World) -> None:
    """An older cluster, or one that somebody changed: a warning in each plan, which changes nothing."""
    key = key_of(world, "google_container_cluster.cluster", GOOGLE, "gemma-us")
    world.rig.cloud.objects[key]["monitoring_config"][0]["enable_components"] = ["SYSTEM_COMPONENTS", "STORAGE"]

    planned = world.folder(cluster_stack("us")).run("plan", "-input=false", "-detailed-exitcode")

    assert planned.code == 0
    told = " ".join(planned.text.replace("│", " ").split())
    assert "Warning: Check block assertion failed" in told
    assert "gemma-us lacks a monitoring component, which Terraform leaves alone" in told
    assert "--location=us-east5 --monitoring=DCGM,HPA,POD,SYSTEM" in told
