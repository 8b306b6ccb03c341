"""A model server in a cluster outside Google Cloud."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, get_args

import pytest
from cdktf_cdktf_provider_kubernetes.provider import KubernetesProvider

from constructs_lib.outside_plan import OutsidePlan
from constructs_lib.outside_presets import PRESETS
from constructs_lib.outside_serving import OutsideServing
from constructs_lib.specs import (
    HamiSpec,
    HealthCheckSpec,
    KubernetesSecretSpec,
    OutsideAutoscalingSpec,
    OutsideModelSpec,
    OutsideSpec,
    ServerSpec,
    WeightsSpec,
)
from constructs_lib.specs.outside import Preset
from tests.checks.kubernetes_objects import stack_problems
from tests.conftest import Synth
from tests.synthesized import Block, Synthesized

VLLM = ServerSpec(image="docker.io/vllm/vllm-openai:v0.27.1", max_model_len=8192)
SPEECH = ServerSpec(kind="custom", image="example.com/speech:1.0", port=8880, health_path="/health")
WEIGHTS = WeightsSpec(repository="Qwen/Qwen3-8B", revision="a" * 40, size_gib=16)
GOOGLES = ("google", "gke", "gcsfuse", "fleet", "inference.networking", "inference_pool")
"""What is in the kinds, labels, classes and drivers that GKE alone has."""
COMMON = {"ServiceAccount", "ConfigMap", "Deployment", "Service", "PodDisruptionBudget"}
each_preset = pytest.mark.parametrize("preset", get_args(Preset))


def build(
    preset: Preset = "plain", pods: OutsideModelSpec | None = None, server: ServerSpec = VLLM, **cluster: Any
) -> Callable[[Any], OutsideServing]:
    """Build the servers of a model for one kind of cluster in a bare stack."""
    entry = {} if "gateway" in cluster or PRESETS[preset].ingress_class else {"ingress_class": "own"}
    plan = OutsidePlan(
        name="qwen-server",
        model="qwen",
        namespace="inference",
        place="farm",
        server=server,
        weights=WEIGHTS if server is VLLM else None,
        disk_gib=20,
        cluster=OutsideSpec(preset=preset, kubeconfig="~/.kube/farm", context="farm", **(entry | cluster)),
        pods=pods or OutsideModelSpec(),
        hosts=("qwen.ai.example.com",),
        health_check=HealthCheckSpec(interval_sec=7, timeout_sec=3, unhealthy_threshold=4),
    )
    return lambda stack: OutsideServing(stack, "qwen", kubernetes=KubernetesProvider(stack, "kubernetes"), plan=plan)


def kinds(app: Synthesized) -> set[str]:
    """Return the kinds of all objects."""
    return {block["manifest"]["kind"] for block in app.all("kubernetes_manifest")}


def template(app: Synthesized) -> Block:
    """Return the pods of the servers, with labels and annotations."""
    found: Block = app.object("Deployment")["spec"]["template"]
    return found


def container(app: Synthesized) -> Block:
    """Return the container of a server."""
    [found] = template(app)["spec"]["containers"]
    return dict(found)


@each_preset
def test_kubernetes_takes_every_object(synth: Synth, preset: Preset) -> None:
    """As the API server keeps it, so that no plan shows a change."""
    app = synth(build(preset, OutsideModelSpec(autoscaling=OutsideAutoscalingSpec(max_replicas=3))))

    assert stack_problems(app.stacks["test"]) == []


@each_preset
def test_nothing_of_gke_is_in_another_cluster(synth: Synth, preset: Preset) -> None:
    """The workload alone: kinds that each cluster has, and no name, label or driver of Google's."""
    app = synth(build(preset))
    manifests = json.dumps([block["manifest"] for block in app.all("kubernetes_manifest")]).lower()

    assert kinds(app) == COMMON | {"Ingress"}
    assert [name for name in GOOGLES if name in manifests] == []


@pytest.mark.parametrize(
    ("preset", "expected"),
    [("ack", "alb"), ("vks", "nginx"), ("rke2", "own"), ("k3s", "traefik"), ("plain", "own")],
)
def test_requests_come_by_the_ingress_class_of_the_preset(synth: Synth, preset: Preset, expected: str) -> None:
    """Or by the one that is given, where each cluster has another; with the hosts by which clients ask."""
    entry = synth(build(preset)).object("Ingress")["spec"]

    assert entry["ingressClassName"] == expected
    assert [rule["host"] for rule in entry["rules"]] == ["qwen.ai.example.com"]


@each_preset
def test_a_given_ingress_class_goes_before_the_preset_s(synth: Synth, preset: Preset) -> None:
    """Controllers are exchanged: ingress-nginx is retired, and RKE2 has moved to Traefik."""
    assert synth(build(preset, ingress_class="mine")).object("Ingress")["spec"]["ingressClassName"] == "mine"


@pytest.mark.parametrize("preset", ["rke2", "plain"])
def test_without_a_way_in_nothing_is_made(synth: Synth, preset: Preset) -> None:
    """The message names the setting."""
    with pytest.raises(ValueError, match=f"ingress_class must be given for a cluster of the kind {preset}"):
        synth(build(preset, ingress_class=""))


def test_alibaba_s_load_balancer_asks_servers_as_the_kubelet_does(synth: Synth) -> None:
    """By GET: it would ask by HEAD, which servers in Python answer with 405."""
    annotations = synth(build("ack")).object("Ingress")["metadata"]["annotations"]
    asked = {name.partition("/healthcheck-")[2]: value for name, value in annotations.items()}

    assert (asked["method"], asked["path"]) == ("GET", "/health")
    assert (asked["interval-seconds"], asked["timeout-seconds"], asked["unhealthy-threshold-count"]) == ("7", "3", "4")


@pytest.mark.parametrize("preset", [preset for preset in get_args(Preset) if preset != "ack"])
def test_other_ingresses_have_the_given_annotations_alone(synth: Synth, preset: Preset) -> None:
    """Those of one controller mean nothing to another."""
    metadata = synth(build(preset, ingress_annotations={"a.example.com/b": "c"})).object("Ingress")["metadata"]

    assert metadata["annotations"] == {"a.example.com/b": "c"}


def test_a_certificate_is_a_secret_that_is_there(synth: Synth) -> None:
    """The Ingress names it, and nothing makes it."""
    app = synth(build(tls_secret="qwen-tls"))

    assert app.object("Ingress")["spec"]["tls"] == [{"hosts": ["qwen.ai.example.com"], "secretName": "qwen-tls"}]
    assert app.objects("Secret") == []


def test_a_gateway_that_is_there_gets_a_route_in_place_of_an_ingress(synth: Synth) -> None:
    """To the Service of the servers, in its own port."""
    app = synth(build(gateway="infra/public"))
    route, service = app.object("HTTPRoute")["spec"], app.object("Service")

    assert "Ingress" not in kinds(app)
    assert route["parentRefs"] == [{"kind": "Gateway", "namespace": "infra", "name": "public"}]
    assert route["rules"][0]["backendRefs"] == [
        {"name": service["metadata"]["name"], "port": service["spec"]["ports"][0]["port"]}
    ]


@pytest.mark.parametrize(
    ("preset", "runtime"), [("ack", None), ("vks", None), ("rke2", None), ("k3s", "nvidia"), ("plain", None)]
)
def test_a_pod_gets_whole_gpus_of_the_cluster(synth: Synth, preset: Preset, runtime: str | None) -> None:
    """By NVIDIA's resource; K3s runs pods with GPUs in a RuntimeClass of their own."""
    app = synth(build(preset, OutsideModelSpec(gpus=2)))

    assert container(app)["resources"]["limits"] == {"nvidia.com/gpu": "2"}
    assert "--tensor-parallel-size=2" in container(app)["args"]
    assert template(app)["spec"].get("runtimeClassName") == runtime


def test_ack_gives_out_a_part_of_a_gpu(synth: Synth) -> None:
    """Memory in GiB and a share of the compute, on nodes with its label."""
    app = synth(build("ack", OutsideModelSpec(gpu_memory_gib=3, gpu_cores_percent=50), gpu_sharing="core_mem"))

    assert container(app)["resources"]["limits"] == {"aliyun.com/gpu-mem": "3", "aliyun.com/gpu-core.percentage": "50"}
    assert template(app)["spec"]["nodeSelector"] == {"ack.node.gpu.schedule": "core_mem"}


def test_hami_gives_out_a_part_of_a_gpu(synth: Synth) -> None:
    """By resources, a scheduler and a node label of its own; memory is in MiB."""
    pods = OutsideModelSpec(gpu_memory_gib=5, gpu_cores_percent=50)
    app = synth(build("rke2", pods, hami=HamiSpec(kubernetes_version="v1.34.1")))

    assert container(app)["resources"]["limits"] == {
        "hami.nvidia.com/gpu": "1",
        "hami.nvidia.com/gpumem": "5120",
        "hami.nvidia.com/gpucores": "50",
    }
    assert template(app)["spec"]["schedulerName"] == "hami-scheduler"
    assert template(app)["spec"]["nodeSelector"] == {"gpu": "on"}


def test_a_fixed_number_of_servers_is_kept(synth: Synth) -> None:
    """Without an autoscaler; one server may be disturbed at a time."""
    app = synth(build(pods=OutsideModelSpec(replicas=2)))

    assert app.object("Deployment")["spec"]["replicas"] == 2
    assert app.objects("HorizontalPodAutoscaler") == []
    assert app.object("PodDisruptionBudget")["spec"]["maxUnavailable"] == 1


def test_servers_scale_by_a_metric_that_each_cluster_has(synth: Synth) -> None:
    """By the use of CPUs, between the given bounds; no apply sets the number back."""
    scaled = OutsideAutoscalingSpec(min_replicas=2, max_replicas=4, cpu_percent=60)
    app = synth(build(pods=OutsideModelSpec(autoscaling=scaled)))
    scaler = app.object("HorizontalPodAutoscaler")["spec"]
    target = {"type": "Utilization", "averageUtilization": 60}

    assert (scaler["minReplicas"], scaler["maxReplicas"]) == (2, 4)
    assert scaler["metrics"] == [{"type": "Resource", "resource": {"name": "cpu", "target": target}}]
    assert scaler["scaleTargetRef"]["name"] == app.object("Deployment")["metadata"]["name"]
    assert "replicas" not in app.object("Deployment")["spec"]


def test_a_service_monitor_finds_the_metrics_of_the_servers(synth: Synth) -> None:
    """By labels and a port that the Service has."""
    app = synth(build(monitoring="service_monitor"))
    monitor, service = app.object("ServiceMonitor")["spec"], app.object("Service")
    [endpoint] = monitor["endpoints"]

    assert monitor["selector"]["matchLabels"].items() <= service["metadata"]["labels"].items()
    assert endpoint["port"] in {port["name"] for port in service["spec"]["ports"]}
    assert not [name for name in template(app)["metadata"].get("annotations", {}) if name.startswith("prometheus.io")]


def test_annotations_find_the_metrics_of_the_servers(synth: Synth) -> None:
    """At the port at which the server listens, and without an object of the Prometheus Operator."""
    app = synth(build(monitoring="annotations"))
    [port] = container(app)["ports"]

    assert template(app)["metadata"]["annotations"] == {
        "prometheus.io/scrape": "true",
        "prometheus.io/port": str(port["containerPort"]),
        "prometheus.io/path": "/metrics",
    }
    assert "ServiceMonitor" not in kinds(app)


@pytest.mark.parametrize("monitoring", ["none", "service_monitor", "annotations"])
def test_a_server_without_metrics_is_read_by_nobody(synth: Synth, monitoring: str) -> None:
    """Whatever the cluster's setting: a scrape of it would fail for ever."""
    app = synth(build(server=SPEECH, monitoring=monitoring))

    assert "ServiceMonitor" not in kinds(app)
    assert "annotations" not in template(app)["metadata"]


def test_weights_come_by_a_token_that_is_there(synth: Synth) -> None:
    """A Secret of the cluster, which the download alone sees; no bucket of Google Cloud is reached from there."""
    app = synth(build(hugging_face_token=KubernetesSecretSpec(name="hugging-face", key="token")))
    volumes = [volume for volume in template(app)["spec"]["volumes"] if "secret" in volume]
    [download] = template(app)["spec"]["initContainers"]

    assert [volume["secret"]["secretName"] for volume in volumes] == ["hugging-face"]
    assert volumes[0]["name"] in {mount["name"] for mount in download["volumeMounts"]}
    assert volumes[0]["name"] not in {mount["name"] for mount in container(app)["volumeMounts"]}
    assert app.objects("Secret") == []


@each_preset
def test_servers_are_asked_for_their_health_as_the_platform_says(synth: Synth, preset: Preset) -> None:
    """The kubelet takes out what does not answer; it is the same in every cluster."""
    assert container(synth(build(preset)))["readinessProbe"] == {
        "httpGet": {"path": "/health", "port": "http"},
        "timeoutSeconds": 3,
        "periodSeconds": 7,
        "failureThreshold": 4,
    }
