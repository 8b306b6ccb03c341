"""What serves in one cluster: server, metrics, pool and export."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cdktf_cdktf_provider_helm.provider import HelmProvider
from cdktf_cdktf_provider_kubernetes.provider import KubernetesProvider

from constructs_lib import inferencepool_chart, vllm
from constructs_lib.accelerators import PoolPlan
from constructs_lib.inference_service import InferenceService
from constructs_lib.serving_nodes import ServingNodes
from constructs_lib.serving_plan import ServingPlan
from constructs_lib.specs import (
    AutoscalingSpec,
    GpuSharingSpec,
    HuggingFaceTokenSpec,
    InferencePoolSpec,
    NodePoolSpec,
    ServerSpec,
    WeightsSpec,
)
from tests.conftest import Synth
from tests.synthesized import Block, Synthesized

PLAN = ServingPlan(
    name="gemma-server",
    model="gemma-3-27b-it",
    pool_name="gemma-pool",
    namespace="inference",
    project="my-project",
    region="us-east5",
    cluster="gemma-us",
    location="us-east5",
    service_account="model-server",
    bucket="my-weights",
    nodes=ServingNodes(pools={"tpu": PoolPlan(spec=NodePoolSpec(machine_type="ct6e-standard-4t"), zones=1)}),
    disk_gib=62,
    weights=WeightsSpec(
        repository="google/gemma-3-27b-it",
        revision="005ad3404e59d6023443cb575daa05336842228a",
        hugging_face_token=HuggingFaceTokenSpec(secret_manager="hugging-face-token"),
    ),
    server=ServerSpec(image="vllm/vllm-tpu:v0.27.0"),
    pool=InferencePoolSpec(),
)
OLD_IMAGE = "vllm/vllm-openai:v0.8.5"
SPEECH = ServerSpec(
    kind="custom",
    image="ghcr.io/remsky/kokoro-fastapi-gpu:v0.2.4",
    port=8880,
    health_path="/health",
    env={"DOWNLOAD_MODEL": "false"},
    gpu_memory_gib=1,
)


def build(plan: ServingPlan = PLAN) -> Callable[[Any], InferenceService]:
    """Build a service in a bare stack."""

    def made(stack: Any) -> InferenceService:
        return InferenceService(
            stack, "inference", kubernetes=KubernetesProvider(stack, "kubernetes"), helm=HelmProvider(stack, "helm"),
            plan=plan,
        )  # fmt: skip

    return made


def on(machine_type: str, zones: int = 1, **settings: Any) -> ServingPlan:
    """Plan the service on other nodes."""
    pool = PoolPlan(spec=NodePoolSpec(machine_type=machine_type, **settings), zones=zones)
    return replace(PLAN, nodes=ServingNodes(pools={"pool": pool}))


def pod(app: Synthesized) -> Block:
    """Return the server's pod spec."""
    spec: Block = app.object("Deployment")["spec"]["template"]["spec"]
    return spec


def test_these_objects_serve_a_model(synth: Synth) -> None:
    """All in the plan's namespace; one upstream chart, and one annotation beside it."""
    app = synth(build())

    assert sorted(block["manifest"]["kind"] for block in app.all("kubernetes_manifest")) == [
        "AutoscalingMetric", "ConfigMap", "Deployment", "InferenceObjective", "PodDisruptionBudget", "PodMonitoring",
        "ResourceClaimTemplate", "Service",
    ]  # fmt: skip
    assert {block["manifest"]["metadata"]["namespace"] for block in app.all("kubernetes_manifest")} == {"inference"}
    assert len(app.all("helm_release")) == len(app.all("kubernetes_annotations")) == 1


@pytest.mark.parametrize(
    ("machine_type", "device_class"),
    [("ct6e-standard-4t", "netdev.google.com"), ("a3-ultragpu-8g", "mrdma.google.com")],
)
def test_the_pod_claims_the_interfaces_of_its_node(synth: Synth, machine_type: str, device_class: str) -> None:
    """By a template of the machine's device class, which is there before the server."""
    app = synth(build(on(machine_type)))
    template = app.object("ResourceClaimTemplate")
    [key] = [key for key, block in app.named("kubernetes_manifest").items() if block["manifest"] == template]
    [server] = [block for block in app.all("kubernetes_manifest") if block["manifest"]["kind"] == "Deployment"]
    [claim] = pod(app)["resourceClaims"]

    assert template["spec"]["spec"]["devices"]["requests"][0]["exactly"]["deviceClassName"] == device_class
    assert claim["resourceClaimTemplateName"] == template["metadata"]["name"]
    assert f"kubernetes_manifest.{key.removeprefix('test/')}" in server["depends_on"]


@pytest.mark.parametrize(
    "plan",
    [
        on("ct6e-standard-4t", dranet=False),
        on("ct5lp-hightpu-4t"),
        on("g2-standard-48"),
        on("g2-standard-48", dranet=True),
    ],
)
def test_without_dranet_nothing_is_claimed(synth: Synth, plan: ServingPlan) -> None:
    """Turned off, or not there: a claim would leave the pod pending for ever."""
    app = synth(build(plan))

    assert app.objects("ResourceClaimTemplate") == []
    assert "resourceClaims" not in pod(app)


def test_a_claim_template_is_named_by_its_content(synth: Synth) -> None:
    """It cannot be changed, so another content is another object; the same content keeps its name."""
    names = [
        synth(build(plan)).object("ResourceClaimTemplate")["metadata"]["name"]
        for plan in (PLAN, on("ct6e-standard-8t"), on("a4-highgpu-8g"))
    ]

    assert all(re.fullmatch(r"gemma-server-interfaces-[0-9a-f]{8}", name) for name in names)
    assert names[0] == names[1] != names[2]


@pytest.mark.parametrize(
    ("plan", "replicas"),
    [
        (PLAN, 1),
        (on("ct6e-standard-4t", zones=2, nodes_per_zone=3), 6),
        (replace(PLAN, replicas=5), 5),
        (replace(PLAN, replicas=0), 0),
    ],
)
def test_there_is_a_pod_for_each_node_unless_told(synth: Synth, plan: ServingPlan, replicas: int) -> None:
    """None is a number too."""
    assert synth(build(plan)).object("Deployment")["spec"]["replicas"] == replicas


@pytest.mark.parametrize(
    ("plan", "resource", "chips", "parallel"),
    [
        (PLAN, "google.com/tpu", "4", 4),
        (on("a3-ultragpu-8g"), "nvidia.com/gpu", "8", 8),
        (replace(PLAN, nodes=replace(PLAN.nodes, tensor_parallel_size=2)), "google.com/tpu", "4", 2),
    ],
)
def test_a_pod_takes_all_chips_of_its_node(
    synth: Synth, plan: ServingPlan, resource: str, chips: str, parallel: int
) -> None:
    """And spreads the model over them unless told otherwise; it finds the node by the pool's labels."""
    made = pod(synth(build(plan)))
    [server] = made["containers"]

    assert server["resources"]["limits"] == {resource: chips}
    assert f"--tensor-parallel-size={parallel}" in server["args"]
    assert made["nodeSelector"] == plan.nodes.accelerator.node_selector


def test_everything_finds_the_pods_by_one_label(synth: Synth) -> None:
    """Server, Service, budget, monitoring and metric select `app`, which has no dot or slash."""
    app = synth(build())
    labels = {"app": "gemma-server"}

    assert app.object("Deployment")["spec"]["template"]["metadata"]["labels"] == labels
    assert app.object("Service")["spec"]["selector"] == labels
    for kind in ("Deployment", "PodDisruptionBudget", "PodMonitoring", "AutoscalingMetric"):
        assert app.object(kind)["spec"]["selector"]["matchLabels"] == labels


def test_the_pod_reads_the_bucket_as_its_own_account(synth: Synth) -> None:
    """With the cache that is given, read only."""
    made = pod(synth(build()))
    [volume] = [volume for volume in made["volumes"] if volume.get("csi", {}).get("driver", "").startswith("gcsfuse")]

    assert made["serviceAccountName"] == "model-server"
    assert volume["csi"]["readOnly"] is True
    assert volume["csi"]["volumeAttributes"]["bucketName"] == "my-weights"
    assert volume["csi"]["volumeAttributes"]["fileCacheCapacity"] == "62Gi"


@pytest.mark.parametrize(
    ("image", "gauge"),
    [("vllm/vllm-tpu:v0.27.0", "vllm:kv_cache_usage_perc"), (OLD_IMAGE, "vllm:gpu_cache_usage_perc")],
)
def test_the_metric_is_the_one_of_the_image(synth: Synth, image: str, gauge: str) -> None:
    """Exported under the name that the load balancer asks for, from the server's port."""
    server = replace(PLAN.server, image=image, port=9000, metric_export_name="fill")
    metric = synth(build(replace(PLAN, server=server))).object("AutoscalingMetric")
    [endpoint] = metric["spec"]["endpoints"]

    assert endpoint["port"] == 9000
    assert endpoint["metrics"] == [{"name": gauge, "exportName": "fill"}]
    assert metric["metadata"]["name"] == "gemma-server"


def on_gpus(server: ServerSpec, **changes: Any) -> ServingPlan:
    """Plan *server* on an L4."""
    return replace(on("g2-standard-4"), server=server, **changes)


@pytest.mark.parametrize(
    ("strategy", "server", "flag", "host_ipc"),
    [
        ("mps", ServerSpec(image="vllm/vllm-openai:v0.27.0"), "--gpu-memory-utilization=0.45", True),
        ("time_sharing", ServerSpec(image="vllm/vllm-openai:v0.27.0"), "--gpu-memory-utilization=0.45", None),
        ("mps", ServerSpec(kind="sglang", image="lmsysorg/sglang:v0.5.6"), "--mem-fraction-static=0.45", True),
    ],
)
def test_a_server_on_a_shared_gpu_plans_for_its_part(
    synth: Synth, strategy: Any, server: ServerSpec, flag: str, host_ipc: bool | None
) -> None:
    """And reaches the daemon of MPS, where that shares the GPU."""
    shared = on("g2-standard-12", gpu_sharing=GpuSharingSpec(strategy=strategy, max_clients=2))
    made = pod(synth(build(replace(shared, server=server))))

    assert flag in made["containers"][0]["args"]
    assert made.get("hostIPC") is host_ipc


def test_sglang_s_gauge_is_read_by_everybody(synth: Synth) -> None:
    """Load balancer, picker and autoscaler; managed Prometheus scrapes the same port."""
    server = ServerSpec(kind="sglang", image="lmsysorg/sglang:v0.5.6")
    plan = on_gpus(server, autoscaling=AutoscalingSpec(max_replicas=2), metric_source="pods")
    app = synth(build(plan))
    [endpoint] = app.object("AutoscalingMetric")["spec"]["endpoints"]
    [metric] = app.object("HorizontalPodAutoscaler")["spec"]["metrics"]
    [values] = app.one("helm_release")["values"]

    assert (endpoint["port"], endpoint["metrics"][0]["name"]) == (30000, "sglang:token_usage")
    assert app.object("PodMonitoring")["spec"]["endpoints"][0]["port"] == 30000
    assert "sglang:token_usage" in json.dumps(metric).replace("|", ":")
    assert "sglang" in values


def test_a_custom_server_without_a_metric_is_not_scraped() -> None:
    """It serves no /metrics; without a metric nothing can choose or scale by it."""
    assert on_gpus(SPEECH, weights=None).metrics is None


def test_a_custom_server_s_gauge_is_read_as_an_llm_s(synth: Synth) -> None:
    """Under its own name, by load balancer, managed Prometheus and picker."""
    app = synth(build(on_gpus(replace(SPEECH, metric="fill_ratio"), weights=None)))
    [endpoint] = app.object("AutoscalingMetric")["spec"]["endpoints"]

    assert endpoint["metrics"] == [{"name": "fill_ratio", "exportName": "kv-cache"}]
    assert app.object("PodMonitoring")["spec"]["endpoints"][0]["port"] == 8880
    assert "fill_ratio" in app.one("helm_release")["values"][0]


@pytest.mark.parametrize(
    ("server", "read_only"),
    [
        (ServerSpec(image="vllm/vllm-openai:v0.27.0"), True),
        (ServerSpec(image="example.com/mine:1", version="0.27.0"), False),
        (ServerSpec(kind="sglang", image="lmsysorg/sglang:v0.5.6"), False),
        (SPEECH, False),
        (replace(SPEECH, read_only_root_filesystem=True), True),
    ],
)
def test_only_images_whose_folders_are_known_are_read_only_by_default(server: ServerSpec, read_only: bool) -> None:
    """Kokoro-FastAPI writes below /app, and an SGLang has compiled kernels in its home folder."""
    assert on_gpus(server).read_only == read_only


def test_requests_for_the_model_have_a_priority(synth: Synth) -> None:
    """In the pool of the release."""
    made = [
        {found["metadata"]["name"]: found["spec"]["priority"] for found in app.objects("InferenceObjective")}
        for app in (synth(build()), synth(build(replace(PLAN, objectives={"batch": -3, "chat": 5}))))
    ]

    assert made == [{"gemma-server-objective": 10}, {"batch": -3, "chat": 5}]
    assert synth(build()).object("InferenceObjective")["spec"]["poolRef"]["name"] == "gemma-pool"


def test_the_other_chart_comes_from_its_own_place_with_objectives_of_its_group(synth: Synth) -> None:
    """Objects beside the old ones: a picker reads those of one group alone."""
    router = InferencePoolSpec(chart="llm-d-router", chart_version="v0.10.0")
    old, new = synth(build()), synth(build(replace(PLAN, pool=router)))
    release, objective = new.one("helm_release"), new.object("InferenceObjective")
    addresses = [{key for key in app.named("kubernetes_manifest") if "objective" in key} for app in (old, new)]

    assert (release["name"], release["repository"]) == ("gemma-pool", "oci://ghcr.io/llm-d/charts")
    assert (release["chart"], release["version"]) == ("llm-d-router-gateway", "v0.10.0")
    assert objective["apiVersion"] == "llm-d.ai/v1alpha2"
    assert objective["spec"] == old.object("InferenceObjective")["spec"]
    assert addresses[0] & addresses[1] == set()


def test_the_pool_s_address_is_the_same_with_either_chart(synth: Synth) -> None:
    """The release is upgraded in place: the pool, its export and the gateway's routes stay."""
    router = InferencePoolSpec(chart="llm-d-router", chart_version="v0.10.0")
    kinds = ("helm_release", "kubernetes_annotations")
    found = [
        [*app.named(kinds[0]), *app.named(kinds[1])]
        for app in (synth(build()), synth(build(replace(PLAN, pool=router))))
    ]

    assert found[0] == found[1]


def test_the_picker_s_metrics_are_read_by_the_labels_of_its_chart(synth: Synth) -> None:
    """Where the platform reads them itself, for a gateway of the same cluster."""
    router = InferencePoolSpec(chart="llm-d-router", chart_version="v0.10.0")
    app = synth(build(replace(PLAN, pool=router, exported=False)))
    monitors = {found["metadata"]["name"]: found["spec"]["selector"] for found in app.objects("PodMonitoring")}

    assert monitors["gemma-pool"] == {"matchLabels": {"llm-d-router-gateway": "gemma-pool-epp"}}


def test_the_chart_is_pinned_waited_for_and_never_atomic(synth: Synth) -> None:
    """Atomic would uninstall it on a time-out, and the reason with it."""
    release = synth(build(replace(PLAN, pool=InferencePoolSpec(chart_version="v1.3.1")))).one("helm_release")

    assert (release["name"], release["namespace"]) == ("gemma-pool", "inference")
    assert release["repository"] == "oci://registry.k8s.io/gateway-api-inference-extension/charts"
    assert (release["chart"], release["version"]) == ("inferencepool", "v1.3.1")
    assert (release["wait"], release["timeout"], release["atomic"]) == (True, 900, False)
    assert release["upgrade_install"] is True


@pytest.mark.parametrize("version", inferencepool_chart.VERSIONS)
def test_terraform_gives_the_chart_the_values_of_its_version(synth: Synth, tmp_path: Path, version: str) -> None:
    """A real Terraform turns the expression into the YAML of exactly those values."""
    server = replace(PLAN.server, image=OLD_IMAGE, port=9000)
    plan = replace(PLAN, server=server, pool=InferencePoolSpec(chart_version=version, endpoint_picker_replicas=2))
    [expression] = synth(build(plan)).one("helm_release")["values"]
    result = subprocess.run(
        ["terraform", "console"],
        input=f"jsonencode(yamldecode({expression.removeprefix('${').removesuffix('}')}))\n",
        cwd=tmp_path / "stacks",
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), "CHECKPOINT_DISABLE": "1"},
        capture_output=True,
        text=True,
        check=True,
    )

    assert json.loads(json.loads(result.stdout)) == inferencepool_chart.values(
        version,
        labels={"app": "gemma-server"},
        port=9000,
        replicas=2,
        metrics=vllm.metrics_with("vllm:gpu_cache_usage_perc"),
    )


@pytest.mark.parametrize("version", inferencepool_chart.VERSIONS)
def test_the_values_of_each_version_are_in_the_release(synth: Synth, version: str) -> None:
    """Flags as a list until v1.1.0, as a map after: the wrong form crashes the endpoint picker."""
    [text] = synth(build(replace(PLAN, pool=InferencePoolSpec(chart_version=version)))).one("helm_release")["values"]

    assert text.startswith("${yamlencode(")
    assert ('"flags" = [' in text) == (version in ("v1.0.1", "v1.1.0"))


def test_an_unknown_chart_version_is_refused(synth: Synth) -> None:
    """At synth, with the known ones."""
    with pytest.raises(ValueError, match=r"^chart_version must be one of v1.0.1, .* for inferencepool, got 'v9'$"):
        synth(build(replace(PLAN, pool=InferencePoolSpec(chart_version="v9"))))


def test_the_pool_is_exported_after_the_release_and_goes_before_it(synth: Synth) -> None:
    """The annotation takes its name from the release, and its fields back from others."""
    app = synth(build())
    [key] = app.named("helm_release")
    export = app.one("kubernetes_annotations")

    assert export["annotations"] == {"networking.gke.io/export": "True"}
    assert (export["api_version"], export["kind"]) == ("inference.networking.k8s.io/v1", "InferencePool")
    assert export["metadata"] == {
        "name": f"${{helm_release.{key.removeprefix('test/')}.name}}", "namespace": "inference",
    }  # fmt: skip
    assert (export["force"], export["field_manager"]) == (True, "inference-platform-export")


SPEECH_PLAN = replace(
    PLAN,
    name="kokoro-server",
    nodes=ServingNodes(pools={"l4": PoolPlan(spec=NodePoolSpec(machine_type="g2-standard-8"), zones=1)}),
    server=SPEECH,
    weights=None,
    bucket=None,
)


def test_a_server_without_a_metric_is_exported_as_a_service(synth: Synth) -> None:
    """With nothing of an InferencePool: no chart, no objective, no metric that anybody reads."""
    app = synth(build(SPEECH_PLAN))
    kinds = {block["manifest"]["kind"] for block in app.all("kubernetes_manifest")}
    service, export = app.object("Service"), app.object("ServiceExport")

    assert export["metadata"] == {"name": service["metadata"]["name"], "namespace": "inference"}
    assert kinds - {"ConfigMap"} == {"Deployment", "PodDisruptionBudget", "Service", "ServiceExport"}
    assert app.all("helm_release") == app.all("kubernetes_annotations") == []


def test_an_export_goes_before_its_servers(synth: Synth) -> None:
    """On destroy: requests go to other regions before the servers of this one end."""
    app = synth(build(SPEECH_PLAN))
    [server] = [
        key for key, block in app.named("kubernetes_manifest").items() if block["manifest"]["kind"] == "Deployment"
    ]
    [export] = [block for block in app.all("kubernetes_manifest") if block["manifest"]["kind"] == "ServiceExport"]
    pooled = synth(build())
    [release] = pooled.all("helm_release")

    assert export["depends_on"] == [f"kubernetes_manifest.{server.removeprefix('test/')}"]
    assert any("server" in address for address in release["depends_on"])


def test_a_service_called_vllm_is_refused(synth: Synth) -> None:
    """Its environment variables would be read by vLLM in other pods."""
    with pytest.raises(ValueError, match=r"may not be called 'vllm'"):
        synth(build(replace(PLAN, name="vllm")))


SMALL, LARGE = (
    PoolPlan(spec=NodePoolSpec(machine_type=machine), zones=1) for machine in ("a3-highgpu-4g", "a3-highgpu-8g")
)
TPU = PoolPlan(spec=NodePoolSpec(machine_type="ct6e-standard-4t"), zones=1)
SLICE = PoolPlan(spec=NodePoolSpec(machine_type="ct6e-standard-4t", topology="4x4"), zones=1)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"nodes": ServingNodes(pools={})}, "nodes must have at least one pool, got none"),
        (
            {"nodes": ServingNodes(pools={"small": SMALL, "large": LARGE})},
            "nodes must name a compute class for 2 pools, got none",
        ),
        ({"nodes": ServingNodes(pools={"slice": SLICE})}, "nodes must be slices of one node, got 4x4 in slice"),
        (
            {"nodes": ServingNodes(pools={"large": LARGE}, tensor_parallel_size=3)},
            "tensor_parallel_size must divide the 8 chips of a node of large, got 3",
        ),
        (
            {"nodes": ServingNodes(pools={"large": LARGE, "tpu": TPU}, compute_class="serving")},
            "nodes must run the same pod, got other accelerators in tpu than in the first pool",
        ),
        ({"pool": InferencePoolSpec(chart_version="v9")}, "chart_version must be one of v1.0.1"),
        (
            {"server": replace(PLAN.server, image="ghcr.io/me/vllm:mine")},
            "version must be given for an image whose tag does not name it",
        ),
        (
            {"replicas": 3, "autoscaling": AutoscalingSpec(max_replicas=4)},
            "replicas must not be given beside autoscaling, got 3",
        ),
        ({"weights": None}, "weights must be given for a server of kind vllm, got none"),
        (
            {"server": replace(SPEECH, port=None), "weights": None},
            "port and health_path must be given for a server of kind custom, got one or none",
        ),
        (
            {"autoscaling": AutoscalingSpec(max_replicas=4, min_replicas=0)},
            "min_replicas must be 1 or more, since nothing wakes a region without servers, got 0",
        ),
        (
            {"server": SPEECH, "weights": None, "autoscaling": AutoscalingSpec(max_replicas=4)},
            "autoscaling must be left out for a server without a metric, got one",
        ),
    ],
)
def test_a_plan_that_cannot_serve_is_refused_when_it_is_made(changes: dict[str, Any], message: str) -> None:
    """And not by GKE, or by a pod that waits for ever."""
    with pytest.raises(ValueError, match=f"(?m)^{re.escape(message)}"):
        replace(PLAN, **changes)


def test_the_plan_s_autoscaling_is_all_that_an_autoscaler_needs(synth: Synth) -> None:
    """With it there is one and no fixed number of pods, without it there is none."""
    fixed, grown = synth(build()), synth(build(replace(PLAN, autoscaling=AutoscalingSpec(max_replicas=4))))

    assert fixed.objects("HorizontalPodAutoscaler") == []
    assert grown.object("HorizontalPodAutoscaler")["spec"]["maxReplicas"] == 4
    assert "replicas" not in grown.object("Deployment")["spec"]
