"""The example platform's specs, as the manifest functions take them."""

from dataclasses import replace
from typing import Any

from constructs_lib.manifests.accelerator import Accelerator
from constructs_lib.manifests.model_server import deployment
from constructs_lib.manifests.served_weights import from_bucket
from constructs_lib.specs import HealthCheckSpec, HuggingFaceTokenSpec, ModelServerSpec, ModelSpec

NAMESPACE = "inference"
LABELS = {"app": "gemma"}
MODEL = ModelSpec(
    repository="google/gemma-3-27b-it",
    revision="005ad3404e59d6023443cb575daa05336842228a",
    hugging_face_token=HuggingFaceTokenSpec(secret_manager="hugging-face-token"),
)
SERVER = ModelServerSpec(image="docker.io/vllm/vllm-tpu:v0.27.0", max_model_len=32768)
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
OWN = ("replicas", "accelerator", "claim_template", "model", "weights", "health_check", "read_only")
"""Arguments of the function itself."""


def server(**changes: Any) -> dict[str, Any]:
    """Make the example's Deployment; *changes* to ModelServerSpec fields or to the function's own arguments."""
    own = {key: changes.pop(key) for key in list(changes) if key in OWN}
    given: dict[str, Any] = {
        "replicas": 1,
        "accelerator": TPU,
        "claim_template": "interfaces-1",
        "model": MODEL,
        "health_check": HealthCheckSpec(),
        "read_only": True,
        "weights": from_bucket(bucket="my-project-id-gemma-weights", disk_gib=62),
        **own,
    }
    return deployment(
        name="gemma-server",
        namespace=NAMESPACE,
        labels=LABELS,
        service_account="gemma-reader",
        spec=replace(SERVER, **changes),
        region="us-east5",
        region_header_config="region-1",
        tensor_parallel_size=4,
        **given,
    )
