"""The example platform's specs, as the manifest functions take them."""

from dataclasses import replace
from typing import Any

from constructs_lib.manifests.accelerator import Accelerator
from constructs_lib.manifests.model_server import deployment
from constructs_lib.manifests.served_weights import served_weights
from constructs_lib.model_servers import process
from constructs_lib.server_process import Launch
from constructs_lib.specs import HealthCheckSpec, HuggingFaceTokenSpec, ServerSpec, WeightsSpec

NAMESPACE = "inference"
LABELS = {"app": "gemma"}
WEIGHTS = WeightsSpec(
    repository="google/gemma-3-27b-it",
    revision="005ad3404e59d6023443cb575daa05336842228a",
    hugging_face_token=HuggingFaceTokenSpec(secret_manager="hugging-face-token"),
)
SERVER = ServerSpec(image="docker.io/vllm/vllm-tpu:v0.27.0", max_model_len=32768)
TPU = Accelerator(
    resource="google.com/tpu",
    count=4,
    cpus=89,
    memory_gib=542,
    node_selector={
        "cloud.google.com/gke-tpu-accelerator": "tpu-v6e-slice",
        "cloud.google.com/gke-tpu-topology": "2x2",
    },
)
GPU = Accelerator(
    resource="nvidia.com/gpu",
    count=8,
    cpus=100,
    memory_gib=1024,
    node_selector={"cloud.google.com/gke-accelerator": "nvidia-h200-141gb"},
    tolerations=({"key": "team", "operator": "Equal", "value": "a", "effect": "NoSchedule"},),
)
FROM_BUCKET = served_weights(WEIGHTS, bucket="my-project-id-gemma-weights", disk_gib=62)
OWN = ("replicas", "accelerator", "claim_template", "weights", "mounted", "health_check", "read_only")
"""Arguments of the function itself."""


def server(**changes: Any) -> dict[str, Any]:
    """Make the example's Deployment; *changes* to ServerSpec fields or to the function's own arguments."""
    given: dict[str, Any] = {
        "replicas": 1,
        "accelerator": TPU,
        "claim_template": "interfaces-1",
        "weights": WEIGHTS,
        "mounted": FROM_BUCKET,
        "health_check": HealthCheckSpec(),
        "read_only": True,
        **{key: changes.pop(key) for key in list(changes) if key in OWN},
    }
    spec, accelerator = replace(SERVER, **changes), given["accelerator"]
    launch = Launch(
        served_name="gemma-3-27b-it",
        weights=given.pop("weights"),
        chips=4,
        on_tpu=accelerator.resource == "google.com/tpu",
        gpu_memory_share=accelerator.gpu_memory_share,
    )
    return deployment(
        name="gemma-server",
        namespace=NAMESPACE,
        labels=LABELS,
        service_account="gemma-reader",
        spec=spec,
        process=process(spec, launch),
        region="us-east5",
        region_header_config="region-1",
        **given,
    )
