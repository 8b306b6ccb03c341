"""The serving stacks: the config's server in each cluster."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from platform_config.stack_graph import FLEET_STACK, serving_stack
from tests.configs import changed, config
from tests.synthesized import Block, Synthesized


def alone(folder: Path, key: str = "us", **changes: Any) -> Synthesized:
    """Synthesize the stack of one region by itself, of the example with keys changed."""
    from cdktf import App

    from stacks.workload_serving import WorkloadServingStack

    app = App(outdir=str(folder))
    WorkloadServingStack(app, serving_stack(key), config=config(**changes), key=key)
    app.synth()
    return Synthesized(folder)


def server(app: Synthesized) -> Block:
    """Return the server's container."""
    [container] = app.object("Deployment")["spec"]["template"]["spec"]["containers"]
    found: Block = container
    return found


def test_both_clusters_serve_the_same(platform: Synthesized) -> None:
    """Two like regions differ in the cluster they reach and in the region that their answers tell, in nothing else."""
    us, eu = (platform.stacks[serving_stack(key)]["resource"] for key in ("us", "eu"))

    assert json.dumps(bare(eu)).replace("europe-west4", "us-east5") == json.dumps(bare(us))
    assert json.dumps(bare(eu)).count("europe-west4") == 1


def bare(resources: Block) -> list[Block]:
    """Read every block, without the note of its place in the code."""
    return [without_paths(block) for block in flat(resources)]


def flat(resources: Block) -> list[Block]:
    """Read every block, in the order of the file."""
    return [block for named in resources.values() for block in named.values()]


def without_paths(block: Block) -> Block:
    """Remove from a block the note of its place in the code."""
    return {key: value for key, value in block.items() if key != "//"}


def test_the_server_is_the_config_s(tmp_path: Path) -> None:
    """Image, port, model, replicas."""
    app = alone(
        tmp_path,
        models__gemma__server={"image": "docker.io/vllm/vllm-tpu:v0.28.0", "port": 9000},
        models__gemma__replicas=3,
        models__gemma__served_name="chat",
    )

    assert server(app)["image"] == "docker.io/vllm/vllm-tpu:v0.28.0"
    assert app.object("Deployment")["spec"]["replicas"] == 3
    assert "--served-model-name=chat" in server(app)["args"]
    assert app.object("Service")["spec"]["ports"][0]["port"] == 9000


def test_the_kubelet_asks_as_the_gateway_does(tmp_path: Path) -> None:
    """One setting: the endpoint picker never loses a server that the load balancer still waits for."""
    check = {"interval_sec": 30, "timeout_sec": 20, "unhealthy_threshold": 4}
    probe = server(alone(tmp_path, gateway__health_check=check))["readinessProbe"]

    assert (probe["periodSeconds"], probe["timeoutSeconds"], probe["failureThreshold"]) == (30, 20, 4)


def test_what_a_server_asks_for_can_be_set(tmp_path: Path) -> None:
    """In place of its share of the node."""
    asked = server(alone(tmp_path, models__gemma__server__cpus=16, models__gemma__server__memory_gib=128))["resources"][
        "requests"
    ]

    assert (asked["cpu"], asked["memory"]) == ("16", "128Gi")


GPUS = {"tpu": {"machine_type": "g2-standard-48"}}
OWN_DRIVER = {"tpu": {"machine_type": "g2-standard-48", "gpu_driver_version": "INSTALLATION_DISABLED"}}


@pytest.mark.parametrize(
    ("changes", "read_only"),
    [
        ({}, True),
        ({"models__gemma__server__image": "mirror.example/hub/vllm/vllm-tpu@sha256:" + "a" * 64}, True),
        ({"models__gemma__server__image": "docker.io/vllm/vllm-openai:v0.27.1", "node_pools": GPUS}, True),
        ({"models__gemma__server__image": "docker.io/vllm/vllm-openai:v0.27.1", "node_pools": OWN_DRIVER}, False),
        ({"models__gemma__server__image": "docker.io/me/vllm:v0.27.1"}, False),
        (
            {
                "models__gemma__server__image": "docker.io/me/vllm:v0.27.1",
                "models__gemma__server__read_only_root_filesystem": True,
            },
            True,
        ),
        ({"models__gemma__server__read_only_root_filesystem": False}, False),
    ],
)
def test_files_of_known_images_cannot_be_changed(changes: dict[str, Any], read_only: bool, tmp_path: Path) -> None:
    """Those of vLLM and their copies, where GKE installs the driver; the setting decides for all others."""
    context = server(alone(tmp_path, models__gemma__server__version="0.27.1", **changes))["securityContext"]

    assert context.get("readOnlyRootFilesystem", False) is read_only


def test_the_server_runs_on_the_pool_that_is_named(tmp_path: Path) -> None:
    """Or on the only one."""
    pools = {"tpu": {"machine_type": "ct6e-standard-4t"}, "gpu": {"machine_type": "a3-ultragpu-8g"}}
    app = alone(tmp_path, node_pools=pools, models__gemma__node_pools=["gpu"])

    assert server(app)["resources"]["limits"] == {"nvidia.com/gpu": "8"}


def test_a_region_may_serve_on_machines_of_its_own(tmp_path: Path) -> None:
    """Its pool replaces the one of the same key, and the server follows."""
    app = alone(tmp_path, "eu", regions__eu__node_pools={"tpu": {"machine_type": "ct6e-standard-8t"}})

    assert server(app)["resources"]["limits"] == {"google.com/tpu": "8"}
    assert "--tensor-parallel-size=8" in server(app)["args"]


def test_the_pool_and_its_chart_are_the_config_s(tmp_path: Path) -> None:
    """Version, and the name that the gateway routes to."""
    release = alone(tmp_path, inference_pool__chart_version="v1.2.1").one("helm_release")

    assert (release["name"], release["version"], release["namespace"]) == ("gemma-pool", "v1.2.1", "inference")


def test_the_cache_holds_the_weights_and_a_tenth(platform: Synthesized) -> None:
    """56 GiB of weights in 62 GiB of cache."""
    for deployment in platform.objects("Deployment"):
        [volume] = [
            volume for volume in deployment["spec"]["template"]["spec"]["volumes"]
            if "fileCacheCapacity" in volume.get("csi", {}).get("volumeAttributes", {})
        ]  # fmt: skip
        assert volume["csi"]["volumeAttributes"]["fileCacheCapacity"] == "62Gi"
        assert volume["csi"]["volumeAttributes"]["bucketName"] == "my-project-id-gemma-weights"


def test_the_account_is_the_one_that_fleet_grants(platform: Synthesized) -> None:
    """One name in two stacks, in the servers' namespace; it mounts no token."""
    granted = platform.one("google_storage_bucket_iam_member", FLEET_STACK)["member"].split("/")[-1]

    for key in ("us", "eu"):
        account = platform.one("kubernetes_service_account_v1", serving_stack(key))
        [deployment] = platform.objects("Deployment", serving_stack(key))
        assert account["metadata"] == {"name": granted, "namespace": deployment["metadata"]["namespace"]}
        assert account["automount_service_account_token"] is False
        assert deployment["spec"]["template"]["spec"]["serviceAccountName"] == granted


def test_what_servers_need_is_there_before_them_and_goes_after_them(platform: Synthesized) -> None:
    """Account and network policies wait for nothing, servers for them, and the pool that sends requests for servers."""
    stack = serving_stack("us")
    manifests = platform.named("kubernetes_manifest", stack)
    [server] = [key for key, block in manifests.items() if block["manifest"]["kind"] == "Deployment"]
    policies = {key for key, block in manifests.items() if block["manifest"]["kind"] == "NetworkPolicy"}

    needed = {f"kubernetes_manifest.{key.split('/')[1]}" for key in policies}
    assert len(policies) == 2
    assert needed | {"kubernetes_service_account_v1.account-gemma"} <= set(manifests[server]["depends_on"])
    assert platform.one("helm_release", stack)["depends_on"] == [f"kubernetes_manifest.{server.split('/')[1]}"]


ADAPTER = {"metric_source": "pods", "max_replicas": 2}


def test_an_adapter_is_in_the_regions_of_the_models_that_need_it(tmp_path: Path) -> None:
    """Others may have KEDA, and are not refused for a model that they do not serve."""
    second = {**changed()["models"]["gemma"], "regions": ["eu"], "autoscaling": ADAPTER, "address": {"path": "/b"}}

    apis = {key: alone(tmp_path / key, key, models__b=second).objects("APIService") for key in ("us", "eu")}

    assert apis["us"] == []
    assert {api["spec"]["group"] for api in apis["eu"]} == {"custom.metrics.k8s.io"}


@pytest.mark.parametrize("key", ["google", "kubernetes", "helm", "cluster", "metrics-adapter", "serving-tpu", "models"])
def test_any_word_may_be_the_key_of_a_model(key: str, tmp_path: Path) -> None:
    """No other id of the stack is in its way."""
    second: dict[str, Any] = {f"models__{key}": {**changed()["models"]["gemma"], "address": {"path": "/b"}}}

    app = alone(tmp_path, **second)

    assert {server["metadata"]["name"] for server in app.objects("Deployment")} == {"gemma-server", f"{key}-server"}


ELASTIC: dict[str, Any] = {
    "node_pools__tpu__autoscaling": {"max_nodes": 8},
    "models__gemma__autoscaling": {"max_replicas": 8, "target_percent": 50},
}


def test_an_autoscaler_decides_on_the_replicas(tmp_path: Path) -> None:
    """The Deployment has no count that an apply would set back; the autoscaler names the Deployment."""
    app = alone(tmp_path, **ELASTIC)
    autoscaler = app.object("HorizontalPodAutoscaler")["spec"]

    assert "replicas" not in app.object("Deployment")["spec"]
    assert autoscaler["scaleTargetRef"]["name"] == app.object("Deployment")["metadata"]["name"]
    assert (autoscaler["minReplicas"], autoscaler["maxReplicas"]) == (1, 8)


@pytest.mark.parametrize(
    ("image", "gauge"),
    [
        ("docker.io/vllm/vllm-tpu:v0.10.1", "vllm:gpu_cache_usage_perc"),
        ("docker.io/vllm/vllm-tpu:v0.10.2", "vllm:kv_cache_usage_perc"),
    ],
)
def test_one_version_decides_on_every_name_of_the_metric(tmp_path: Path, image: str, gauge: str) -> None:
    """Autoscaler, load balancer's export and endpoint picker name the same gauge; both charts' flags follow."""
    pods = alone(
        tmp_path / "pods",
        models__gemma__server__image=image,
        **ELASTIC,
        models__gemma__autoscaling__metric_source="pods",
    )
    native = alone(tmp_path / "native", models__gemma__server__image=image, **ELASTIC)
    [metric] = pods.object("HorizontalPodAutoscaler")["spec"]["metrics"]
    [exported] = pods.object("AutoscalingMetric")["spec"]["endpoints"][0]["metrics"]
    [[values]] = [release["values"] for release in pods.all("helm_release")]
    [scraped] = native.object("AutoscalingMetric")["spec"]["metrics"][0]["pod"]["containers"]

    assert metric["pods"]["metric"]["name"] == f"prometheus.googleapis.com|{gauge}|gauge"
    assert exported["name"] == gauge
    assert scraped["metrics"][0]["gauge"]["prometheusMetricName"] == gauge
    assert (gauge in values) == (gauge == "vllm:gpu_cache_usage_perc")


def test_the_native_metric_is_the_exported_one_and_needs_no_adapter(tmp_path: Path) -> None:
    """The autoscaler names the AutoscalingMetric and its export; the load balancer reads the same export."""
    app = alone(tmp_path, **ELASTIC, models__gemma__server__metric_export_name="fill")
    [metric] = app.object("HorizontalPodAutoscaler")["spec"]["metrics"]
    exported = app.object("AutoscalingMetric")
    [gauge] = [found["gauge"] for found in exported["spec"]["metrics"][0]["pod"]["containers"][0]["metrics"]]

    assert metric["pods"]["metric"]["name"] == f"autoscaling.gke.io|{exported['metadata']['name']}|{gauge['name']}"
    assert (gauge["name"], gauge["loadBalancing"]) == ("fill", {"enabled": True})
    assert app.objects("APIService") == []


@pytest.mark.parametrize(
    ("source", "groups"), [("pods", {"custom.metrics.k8s.io"}), ("external", {"external.metrics.k8s.io"})]
)
def test_an_adapter_comes_with_the_metrics_that_need_one(tmp_path: Path, source: str, groups: set[str]) -> None:
    """It serves no API that nobody asked for: KEDA may have the other one."""
    app = alone(tmp_path, **ELASTIC, models__gemma__autoscaling__metric_source=source)

    assert {service["spec"]["group"] for service in app.objects("APIService")} == groups


def test_an_adapter_that_is_there_is_not_installed_again(tmp_path: Path) -> None:
    """The autoscaler asks it all the same."""
    app = alone(
        tmp_path,
        **ELASTIC,
        models__gemma__autoscaling__metric_source="pods",
        cluster__metrics_adapter=False,
    )

    assert app.objects("APIService") == app.all("kubernetes_namespace_v1") == []
    assert app.object("HorizontalPodAutoscaler")["spec"]["metrics"][0]["type"] == "Pods"


POOLS: dict[str, Any] = {
    "reserved": {"machine_type": "a3-highgpu-8g", "capacity": {"reservation": "h100"}, "autoscaling": {"max_nodes": 2}},
    "spot": {"machine_type": "a3-highgpu-8g", "capacity": {"spot": True}, "autoscaling": {"max_nodes": 4}},
    "a100": {"machine_type": "a2-ultragpu-4g", "autoscaling": {"max_nodes": 4}},
}


def test_several_pools_are_a_compute_class_that_the_server_selects(tmp_path: Path) -> None:
    """In the order of the config; the pod asks for what the smallest machine has."""
    app = alone(tmp_path, node_pools=POOLS, models__gemma__node_pools=["reserved", "spot", "a100"])
    compute_class = app.object("ComputeClass")
    pod = app.object("Deployment")["spec"]["template"]["spec"]

    assert [choice["nodepools"] for choice in compute_class["spec"]["priorities"]] == [["reserved"], ["spot"], ["a100"]]
    assert pod["nodeSelector"] == {"cloud.google.com/compute-class": compute_class["metadata"]["name"]}
    assert server(app)["resources"]["limits"] == {"nvidia.com/gpu": "4"}
    assert "--tensor-parallel-size=4" in server(app)["args"]


def test_a_region_uses_those_choices_that_it_has(tmp_path: Path) -> None:
    """A pool of one region alone is a choice there, and left out elsewhere; one choice needs no class."""
    pools = {"node_pools": {"spot": POOLS["spot"]}, "regions__us__node_pools": {"reserved": POOLS["reserved"]}}
    settings: dict[str, Any] = {**pools, "models__gemma__node_pools": ["reserved", "spot"]}

    us, eu = alone(tmp_path / "us", "us", **settings), alone(tmp_path / "eu", "eu", **settings)

    assert len(us.object("ComputeClass")["spec"]["priorities"]) == 2
    assert eu.objects("ComputeClass") == []
    assert eu.object("Deployment")["spec"]["template"]["spec"]["nodeSelector"] == {
        "cloud.google.com/gke-accelerator": "nvidia-h100-80gb",
        "cloud.google.com/gke-nodepool": "spot",
    }


def test_servers_may_fetch_the_weights_themselves(tmp_path: Path) -> None:
    """Then no bucket is mounted, and the token is mounted by the download alone."""
    app = alone(tmp_path, models__gemma__weights__source="hugging_face", bucket=None)
    pod = app.object("Deployment")["spec"]["template"]["spec"]
    provider_class = app.object("SecretProviderClass")["metadata"]["name"]

    assert [volume["name"] for volume in pod["volumes"] if "csi" in volume] == ["token"]
    assert [container["name"] for container in pod["initContainers"]] == ["download"]
    assert provider_class == "gemma-server-token"


def test_a_rollout_restart_breaks_no_later_apply(platform: Synthesized) -> None:
    """It adds an annotation to the pod template, which Terraform leaves alone."""
    for key in ("us", "eu"):
        blocks = platform.all("kubernetes_manifest", serving_stack(key))
        [made] = [block for block in blocks if block["manifest"]["kind"] == "Deployment"]

        assert "spec.template.metadata.annotations" in made["computed_fields"]


def test_a_region_without_a_model_keeps_the_providers_of_its_cluster(tmp_path: Path) -> None:
    """Without them Terraform could not delete the objects and the chart of the last model that left."""
    app = alone(tmp_path, models__gemma__regions=["eu"])

    assert app.objects("Deployment") == app.all("helm_release") == []
    assert {"kubernetes", "helm"} <= set(app.stacks[serving_stack("us")]["provider"])
