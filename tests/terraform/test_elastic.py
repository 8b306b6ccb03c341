"""What a change of config/h100-elastic.yaml does to a platform that runs: just this, to just these."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from constructs_lib.monitoring.metrics import PICKER_FAMILIES
from platform_config.stack_graph import GATEWAY_STACK, OBSERVABILITY_STACK, cluster_stack, serving_stack
from tests.configs import ELASTIC, config
from tests.terraform.configs import Worlds
from tests.terraform.runs import Changes, unhashed
from tests.terraform.world import World

UPDATE, DELETE = ("update",), ("delete",)
ALERT = "google_monitoring_alert_policy.alert_llama"
BACKEND: dict[str, Changes] = {GATEWAY_STACK: {"kubernetes_manifest.gateway_llama-backend": UPDATE}}
POOL = "google_container_node_pool.cluster_pool-h100"
SERVER = "kubernetes_manifest.model-llama_server"
AUTOSCALER = "kubernetes_manifest.model-llama_autoscaler"
H100 = {"machine_type": "a3-highgpu-2g", "capacity": {"spot": True}, "gpu_driver_version": "LATEST"}


def both(stack: str, changes: Changes) -> dict[str, Changes]:
    """Expect the same *changes* in the stack of each region."""
    return {f"{stack}-{key}": changes for key in ("eu", "us")}


CHANGES: dict[str, tuple[dict[str, Any], dict[str, Changes]]] = {
    "drain of the preferred region": (
        {"regions__us__capacity_percent": 0},
        BACKEND
        | {
            OBSERVABILITY_STACK: {
                f"{ALERT}-import-lacks-cluster": DELETE,
                f"{ALERT}-no-spill-room": DELETE,
                f"{ALERT}-region-without-traffic": DELETE,
            }
        },
    ),
    "weight": (
        {"regions__eu__capacity_percent": 50},
        BACKEND
        | {
            OBSERVABILITY_STACK: {
                f"{ALERT}-import-lacks-cluster": UPDATE,
                f"{ALERT}-no-spill-room": UPDATE,
                "google_monitoring_dashboard.dashboard": UPDATE,
            }
        },
    ),
    "another preferred region": (
        {"regions__us__preferred": False, "regions__eu__preferred": True},
        BACKEND | {OBSERVABILITY_STACK: {f"{ALERT}-region-without-traffic": UPDATE}},
    ),
    "requests at once instead of the metric": (
        {"gateway__max_utilization_percent": None, "gateway__max_in_flight_requests": 100},
        BACKEND
        | {
            OBSERVABILITY_STACK: {
                f"{ALERT}-import-lacks-cluster": DELETE,
                f"{ALERT}-no-spill-room": DELETE,
                "google_monitoring_dashboard.dashboard": UPDATE,
            }
        },
    ),
    "target": ({"models__llama__autoscaling__target_percent": 60}, both("workload-serving", {AUTOSCALER: UPDATE})),
    "bounds of the pods": (
        {"models__llama__autoscaling__max_replicas": 8},
        both("workload-serving", {AUTOSCALER: UPDATE}),
    ),
    "bounds of the nodes": (
        {"node_pools__h100": H100 | {"autoscaling": {"min_nodes": 2, "max_nodes": 12}}},
        both("infra-cluster", {POOL: UPDATE}),
    ),
    "another adapter revision": (
        {"models__llama__weights__lora_adapters__food-review-1__revision": "b" * 40},
        both("workload-serving", {SERVER: UPDATE}),
    ),
}


@pytest.fixture
def elastic(deployed_of: Worlds, tmp_path: Path) -> Iterator[World]:
    """Copy the deployed platform of config/h100-elastic.yaml, to change it."""
    made = deployed_of(ELASTIC).copy(tmp_path)
    yield made
    made.stop()


def planned(world: World) -> dict[str, Changes]:
    """Return what the last deploy of each stack changed, where it changed anything."""
    return {stack: unhashed(changes) for stack, changes in world.changes.items() if changes}


@pytest.mark.parametrize(("settings", "expected"), CHANGES.values(), ids=CHANGES)
def test_a_change_touches_just_what_it_should(
    elastic: World, settings: dict[str, Any], expected: dict[str, Changes]
) -> None:
    """These addresses and no others; a drain is the backend policy alone."""
    changed = elastic.use(config(ELASTIC, **settings))

    elastic.deploy(changed)

    assert planned(elastic) == expected
    assert elastic.unsettled(changed) == []


def test_what_the_autoscalers_decided_is_left_alone(elastic: World) -> None:
    """Nine nodes where one was asked for at first: the next plan is empty. How many pods there are, no plan says."""
    for (kind, _, _), held in elastic.rig.cloud.objects.items():
        if kind == "google_container_node_pool":
            held["node_count"] = 9
    servers = [server for server in elastic.app.objects("Deployment") if server["metadata"]["name"] == "llama-server"]

    assert elastic.unsettled(both("infra-cluster", {})) == []
    assert [server["spec"].get("replicas") for server in servers] == [None, None]


def applied_autoscalers(world: World) -> dict[str, dict[str, Any]]:
    """Read the specs of the autoscalers that the clusters have, by region."""
    found = {}
    for (_, place, _), held in world.rig.cloud.objects.items():
        made = held.get("manifest", [None, {}])[1]
        if isinstance(made, dict) and made.get("kind") == "HorizontalPodAutoscaler":
            [region] = [region for region in ("europe-west3", "us-east4") if region in place]
            found[region] = made["spec"]
    return found


def test_the_pool_s_average_is_followed_as_a_value_between_0_and_1(elastic: World) -> None:
    """
    In both clusters, as the API has it after an apply: External, one Value, and a query that finds one series.

    An AverageValue would be divided by the pods again, and 50 would never be reached. The adapter reads the name of the
    metric with | in place of /, the labels of metric and resource, and the reducer.
    """
    external = config(ELASTIC, models__llama__autoscaling__metric_source="external")
    gauge = PICKER_FAMILIES[external.inference_pool.chart_version].kv_cache
    elastic.use(external)
    elastic.deploy()

    specs = applied_autoscalers(elastic)
    assert specs.keys() == {"europe-west3", "us-east4"}
    for region, spec in specs.items():
        [metric] = spec["metrics"]
        target = metric["external"]["target"]
        assert (metric["type"], target.keys(), target["type"]) == ("External", {"type", "value"}, "Value")
        assert 0 < int(target["value"].removesuffix("m")) / 1000 < 1
        assert metric["external"]["metric"] == {
            "name": f"prometheus.googleapis.com|{gauge}|gauge",
            "selector": {
                "matchLabels": {
                    "metric.labels.name": "llama-pool",
                    "resource.labels.cluster": "llama-us" if region == "us-east4" else "llama-eu",
                    "resource.labels.location": region,
                    "resource.labels.namespace": "inference",
                    "reducer": "REDUCE_MEAN",
                }
            },
        }
    assert elastic.unsettled() == []


def test_a_second_server_of_a_metrics_api_is_refused_by_name(elastic: World) -> None:
    """KEDA, or the adapter installed by hand, is neither replaced nor fought: the plan says what to set."""
    [key] = [
        key
        for key in elastic.rig.cloud.objects
        if "name=v1beta1.custom.metrics.k8s.io" in key[2] and "us-east4" in key[1]
    ]
    labels = elastic.rig.cloud.objects[key]["manifest"][1]["metadata"]["labels"]
    labels["app.kubernetes.io/managed-by"] = "Helm"

    refused = elastic.folder(serving_stack("us")).run("plan", "-input=false")

    assert refused.code == 1
    told = " ".join(refused.text.replace("│", " ").split())
    assert "llama-us has a server of v1beta1.custom.metrics.k8s.io already that is not ours" in told
    assert "set cluster.metrics_adapter to false; is it KEDA, prometheus-adapter or another" in told
    assert elastic.folder(serving_stack("eu")).settled()


def test_a_pool_that_was_there_does_not_join_a_compute_class(elastic: World) -> None:
    """Its labels stay as they were, so the class would never find it: the plan says to make another."""
    spot = {"node_pools__h100": H100 | {"autoscaling": {"max_nodes": 10}}}
    on_demand = {"machine_type": "a3-highgpu-8g", "autoscaling": {"max_nodes": 2}}
    choices = {"models__llama__node_pools": ["h100", "more"]}
    elastic.use(config(ELASTIC, **spot, **choices, node_pools__more=on_demand))

    refused = elastic.folder(cluster_stack("us")).run("plan", "-input=false")

    assert refused.code == 1
    assert "give it another key" in refused.text
