"""What the platform of config/h100-elastic.yaml guarantees beyond the example's promises, one promise a test."""

from __future__ import annotations

from typing import Any

import pytest

from platform_config.load import load
from tests.checks import pods
from tests.configs import ELASTIC
from tests.synthesized import Synthesized, synthesize


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Synthesized:
    """Synthesize every stack of the config."""
    return synthesize(load(ELASTIC), tmp_path_factory.mktemp("elastic"))


def servers(platform: Synthesized) -> list[dict[str, Any]]:
    """List the Deployment of each region's model server."""
    return [found for found in platform.objects("Deployment") if found["metadata"]["name"] == "llama-server"]


def test_every_pod_asks_for_what_it_needs(platform: Synthesized) -> None:
    """Servers, the downloads before them, and the metrics adapter: none is BestEffort."""
    assert [problem for document in platform.stacks.values() for problem in pods.problems(document)] == []
    for server in servers(platform):
        assert server["spec"]["template"]["spec"]["containers"][0]["resources"]["requests"]["nvidia.com/gpu"] == "2"


def test_one_region_is_filled_first(platform: Synthesized) -> None:
    """Requests go to us-east4 from wherever they come, and spill over at 80 % of the KV cache."""
    policy = platform.object("GCPBackendPolicy")["spec"]["default"]

    assert policy["scopes"] == [{"selector": {"gke.io/region": "us-east4"}, "backendPreference": "PREFERRED"}]
    assert policy["customMetrics"][0]["maxUtilizationPercent"] == 80


def test_a_region_grows_before_it_spills_over(platform: Synthesized) -> None:
    """Pods are added at 50 % of the same gauge, up to as many as the nodes can hold."""
    for autoscaler in platform.objects("HorizontalPodAutoscaler"):
        [metric] = autoscaler["spec"]["metrics"]

        assert metric["pods"]["target"] == {"type": "AverageValue", "averageValue": "500m"}
        assert (autoscaler["spec"]["minReplicas"], autoscaler["spec"]["maxReplicas"]) == (1, 10)
    assert len(platform.objects("HorizontalPodAutoscaler")) == 2


def test_everything_goes_by_one_gauge(platform: Synthesized) -> None:
    """The one that this vLLM exports: autoscaler, load balancer and endpoint picker cannot drift apart."""
    gauge = "vllm:kv_cache_usage_perc"
    asked = [
        found["spec"]["metrics"][0]["pods"]["metric"]["name"] for found in platform.objects("HorizontalPodAutoscaler")
    ]
    exported = [found["spec"]["endpoints"][0]["metrics"][0] for found in platform.objects("AutoscalingMetric")]
    balanced = platform.object("GCPBackendPolicy")["spec"]["default"]["customMetrics"][0]["name"]

    assert set(asked) == {f"prometheus.googleapis.com|{gauge}|gauge"}
    assert {metric["name"] for metric in exported} == {gauge}
    assert {f"gke.named_metrics.{metric['exportName']}" for metric in exported} == {balanced}
    # The chart's endpoint picker reads this gauge unless it is told another.
    assert not any(
        "cache_usage_perc" in value for release in platform.all("helm_release") for value in release["values"]
    )


def test_no_apply_sets_back_what_the_load_decided(platform: Synthesized) -> None:
    """Neither the pods of a server nor the nodes of a pool are counted in the files."""
    assert [server["spec"].get("replicas") for server in servers(platform)] == [None, None]
    for pool in platform.all("google_container_node_pool"):
        assert "node_count" not in pool
        assert "initial_node_count" in pool["lifecycle"]["ignore_changes"]


def test_nodes_are_spot_h100s_and_come_with_the_pods(platform: Synthesized) -> None:
    """GPUs, driver and local SSDs follow from the machine; a pod takes both GPUs of its node."""
    pools = [pool for pool in platform.all("google_container_node_pool") if pool["name"] == "h100"]

    for pool in pools:
        assert pool["autoscaling"] == {"total_min_node_count": 1, "total_max_node_count": 10, "location_policy": "ANY"}
        node = pool["node_config"]
        assert (node["machine_type"], node["spot"]) == ("a3-highgpu-2g", True)
        assert [(gpu["type"], gpu["count"]) for gpu in node["guest_accelerator"]] == [("nvidia-h100-80gb", 2)]
        assert node["guest_accelerator"][0]["gpu_driver_installation_config"] == {"gpu_driver_version": "LATEST"}
        assert node["ephemeral_storage_local_ssd_config"] == {"local_ssd_count": 4}
    for server in servers(platform):
        [container] = server["spec"]["template"]["spec"]["containers"]
        assert container["resources"]["limits"] == {"nvidia.com/gpu": "2"}
        assert "--tensor-parallel-size=2" in container["args"]
    assert len(pools) == len(servers(platform)) == 2


def test_the_adapter_is_served_by_its_name(platform: Synthesized) -> None:
    """Beside the model; requests may ask for the priority of food-review."""
    for server in servers(platform):
        [container] = server["spec"]["template"]["spec"]["containers"]
        modules = container["args"][container["args"].index("--lora-modules") + 1]
        assert modules == "food-review-1=/models/Kawon/llama3.1-food-finetune_v14_r8/main"
    assert {found["metadata"]["name"] for found in platform.objects("InferenceObjective")} == {"food-review"}


def test_the_token_reaches_the_download_and_nothing_else(platform: Synthesized) -> None:
    """There is no bucket; the server's container has no token, and looks nothing up at Hugging Face."""
    assert platform.all("google_storage_bucket") == []
    for server in servers(platform):
        pod = server["spec"]["template"]["spec"]
        [container] = pod["containers"]
        mounts = {found["name"]: [mount["name"] for mount in found["volumeMounts"]] for found in pod["initContainers"]}
        assert mounts == {"download": ["models", "token"], "download-food-review-1": ["models", "token"]}
        assert "token" not in [mount["name"] for mount in container["volumeMounts"]]
        assert {"name": "HF_HUB_OFFLINE", "value": "1"} in container["env"]


def test_nobody_is_an_administrator_for_the_sake_of_a_metric(platform: Synthesized) -> None:
    """The adapter may read metrics, by its own principal; all of it is in a namespace, and takes one API alone."""
    roles = {binding["roleRef"]["name"] for binding in platform.objects("ClusterRoleBinding")}
    [grant] = [
        member for member in platform.all("google_project_iam_member") if member["role"] == "roles/monitoring.viewer"
    ]
    adapters = [found for found in platform.objects("Deployment") if found not in servers(platform)]

    assert "cluster-admin" not in roles
    assert grant["member"].endswith("/subject/ns/custom-metrics/sa/custom-metrics-stackdriver-adapter")
    assert {found["metadata"]["namespace"] for found in adapters} == {"custom-metrics"}
    assert {found["spec"]["group"] for found in platform.objects("APIService")} == {"custom.metrics.k8s.io"}


def test_addresses_are_google_s_as_in_the_tutorial(platform: Synthesized) -> None:
    """One in each region, with the Gateway; none is reserved."""
    addresses = platform.object("Gateway")["spec"]["addresses"]

    assert [address["value"] for address in addresses] == ["europe-west3", "us-east4"]
    assert platform.all("google_compute_address") == []
