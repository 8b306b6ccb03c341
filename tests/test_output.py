"""What is synthesized fits the providers' own schemas, refers to what exists, and is the same everywhere."""

from __future__ import annotations

import ast
import re
import socket
from pathlib import Path
from typing import Any

import pytest

from platform_config.stack_graph import NETWORK_STACK
from tests.certificates import OWN
from tests.checks import kubernetes_objects, pods, references, terraform_schema
from tests.checks.terraform_schema import BUILT_IN
from tests.configs import EXAMPLE, MORE, REGIONAL, REGIONAL_PUBLIC, config
from tests.conftest import Platforms
from tests.synthesized import Synthesized, synthesize

VARIANTS: dict[str, dict[str, Any]] = {
    "zonal, ephemeral, exec, no DRANET, a state bucket, labels, service discovery": {
        "cluster__control_plane": "zonal",
        "gateway__addresses": "ephemeral",
        "kubernetes_auth": "exec",
        "node_pools__tpu__dranet": False,
        "state_bucket": "my-terraform-state",
        "labels": {"team": "inference"},
        "service_discovery": True,
        "regions__us__zones": ["us-east5-a", "us-east5-b"],
        "regions__us__capacity_percent": 0,
    },
    "GPUs on spot, the oldest chart, a Kubernetes secret, public nodes, a token that is read": {
        "node_pools__tpu": {"machine_type": "a3-ultragpu-8g", "capacity": {"spot": True}},
        "inference_pool__chart_version": "v1.0.1",
        "models__gemma__weights__hugging_face_token": {"kubernetes_secret": {"name": "hf", "key": "token"}},
        "cluster__private_nodes": False,
        "kubernetes_auth": "token",
        "models__gemma__server__image": "docker.io/vllm/vllm-openai:v0.8.5",
    },
    "a reservation, a standby picker, explicit ranges, channels of every kind, links to runbooks": {
        "observability": {
            "channels": {
                "oncall": {"kind": "pagerduty", "secret": "pagerduty-key"},
                "mail": {"kind": "email", "address": "oncall@example.com"},
                "chat": {"kind": "slack", "channel": "#inference", "secret": "slack-token"},
                "hook": {"kind": "webhook", "url": "https://hooks.example.com/a", "username": "u", "secret": "hook"},
                "open": {"kind": "webhook", "url": "https://hooks.example.com/b"},
                "theirs": {"kind": "existing", "id": "projects/my-project-id/notificationChannels/123"},
            },
            "alerts": {"request-latency": {"threshold": 5, "window_sec": 600, "channels": ["chat"]}},
            "runbook_url": "https://runbooks.example.com/inference",
        },
        "node_pools__tpu__capacity": {"reservation": "tpu-block"},
        "inference_pool__endpoint_picker_replicas": 2,
        "regions__eu__cidrs": {
            "nodes": "172.16.0.0/22", "pods": "172.20.0.0/16", "services": "172.16.16.0/20", "proxy": "172.16.8.0/23",
        },
    },
    "flexible start, and a queued multi-host pool beside it": {
        "node_pools": {
            "tpu": {"machine_type": "ct6e-standard-8t", "capacity": {"flex_start": True}},
            "train": {"machine_type": "tpu7x-standard-4t", "topology": "2x2x2", "capacity": {"queued": True}},
        },
        "models__gemma__node_pools": ["tpu"],
    },
    "three choices of GPUs, the native metric, a preferred region, requests at once": {
        "node_pools": {
            "reserved": {"machine_type": "a3-highgpu-8g", "capacity": {"reservation": "h100"},
                         "autoscaling": {"max_nodes": 2}, "gpu_driver_version": "LATEST"},
            "spot": {"machine_type": "a3-highgpu-8g", "capacity": {"spot": True},
                     "autoscaling": {"max_nodes": 8, "location_policy": "BALANCED"}},
            "a100": {"machine_type": "a2-ultragpu-4g", "autoscaling": {"max_nodes": 8}},
        },
        "models__gemma__server": {"image": "docker.io/vllm/vllm-openai:v0.27.1", "tensor_parallel_size": 2},
        "models__gemma__node_pools": ["reserved", "spot", "a100"],
        "models__gemma__migrate_back": True,
        "models__gemma__weights__lora_adapters": {"tone": {"repository": "me/tone", "revision": "a" * 40}},
        "models__gemma__autoscaling": {"max_replicas": 12, "min_replicas": 2},
        "regions__eu__preferred": True,
        "gateway__max_in_flight_requests": 64,
    },
    "Ironwood behind the external metric, weights straight from Hugging Face with a Kubernetes secret": {
        "node_pools__tpu": {"machine_type": "tpu7x-standard-4t", "autoscaling": {"max_nodes": 3}},
        "bucket": None,
        "models__gemma__weights__source": "hugging_face",
        "models__gemma__weights__hugging_face_token": {"kubernetes_secret": {"name": "hf", "key": "token"}},
        "models__gemma__autoscaling": {"max_replicas": 3, "metric_source": "external"},
    },
    "time-sharing on L4s with local SSDs in one of two zones, MPS on parts of H100s, images streamed and preloaded": {
        "regions__us__zones": ["us-east5-a", "us-east5-b"],
        "regions__us__node_pools": {
            "tpu": {"machine_type": "g2-standard-48", "local_ssds": 4, "zones": ["us-east5-b"],
                    "gpu_sharing": {"strategy": "time_sharing", "max_clients": 2}},
        },
        "regions__eu__node_pools": {
            "tpu": {"machine_type": "a3-highgpu-8g", "gpu_partition": "3g.40gb", "image_streaming": True,
                    "gpu_sharing": {"strategy": "mps", "max_clients": 2}, "autoscaling": {"max_nodes": 2},
                    "preloaded_image_disk": "projects/my-project-id/global/images/vllm-1"},
        },
        "models__gemma__server__image": "docker.io/vllm/vllm-openai:v0.27.1",
        "models__gemma__weights__size_gib": 8,
    },
    "Apigee, with an organization that is made": {
        **REGIONAL,
        "gateway__regions": ["us"],
        "gateway__apigee": {"environment": "prod", "create": {"analytics_region": "us-east1"}},
    },
    "GB300 from a reservation, an adapter that is there": {
        "node_pools__tpu": {"machine_type": "a4x-maxgpu-4g-metal", "capacity": {"reservation": "gb300"},
                            "autoscaling": {"min_nodes": 1, "max_nodes": 4}},
        "models__gemma__server__image": "docker.io/vllm/vllm-openai:v0.27.1",
        "models__gemma__autoscaling": {"max_replicas": 4, "metric_source": "pods"},
        "cluster__metrics_adapter": False,
        "cluster__gke_version": "1.34.3-gke.1318000",
    },
    "internal gateways with a certificate of one's own, HTTP closed, limits in preview, Identity-Aware Proxy": {
        **REGIONAL,
        "gateway__tls": {"certificate_pem": OWN, "private_key_secret": "tls-key", "redirect": False, "port": 8443},
        "gateway__client_limits": {"allowed_ranges": [f"10.{number}.0.0/16" for number in range(11)], "preview": True},
        "gateway__iap": {"client_id": "1-a.apps.googleusercontent.com", "secret_name": "iap-client"},
    },
    "weights from Cloud Run alone": {
        "models__gemma__weights__loader": "cloud_run",
        "models__gemma__weights__files": ["*.json", "*.safetensors"],
    },
    "a certificate from a Secret across regions": {"gateway__tls": {"secret_name": "tls", "redirect": False}},
    "llm-d-router with a standby, for SGLang on L4s": {
        "inference_pool": {"chart": "llm-d-router", "chart_version": "v0.10.0", "endpoint_picker_replicas": 2},
        "node_pools__tpu": {"machine_type": "g2-standard-48"},
        "models__gemma__server": {"kind": "sglang", "image": "docker.io/lmsysorg/sglang:v0.5.6"},
        "models__gemma__weights__size_gib": 20,
    },
    "public gateways with certificates of Google's, and records to write by hand": {
        **REGIONAL_PUBLIC, "gateway__tls": {"hosts": ["llm.example.com", "*.example.com", "llm.example.org"]},
    },
}  # fmt: skip


def check(app: Synthesized) -> list[str]:
    """Check every stack, and return every problem."""
    found = []
    for stack, document in app.stacks.items():
        problems = terraform_schema.problems(document) + references.problems(document)
        problems += kubernetes_objects.stack_problems(document) + pods.problems(document)
        found += [f"{stack}: {problem}" for problem in problems]
    return found


def test_every_block_and_object_of_the_example_fits_its_schema(platform: Synthesized) -> None:
    """Providers 7.45, 2.38, 3.1.1 and 0.13.1 know every argument; every reference resolves; every object is valid."""
    assert check(platform) == []


@pytest.mark.parametrize("name", [*VARIANTS, *(path.stem for path in MORE)])
def test_every_block_and_object_of_a_variant_fits_its_schema(name: str, every_platform: Platforms) -> None:
    """The same holds for what the settings turn on."""
    assert check(every_platform[name][1]) == []


def test_every_google_and_kubernetes_block_names_its_provider(platform: Synthesized) -> None:
    """A block without a provider would silently use an unconfigured one."""
    for document in platform.stacks.values():
        for section in ("resource", "data", "ephemeral"):
            for kind, blocks in document.get(section, {}).items():
                for key, block in blocks.items() if kind not in BUILT_IN else ():
                    assert block.get("provider"), f"{kind}.{key}"


def test_no_absolute_path_host_or_user_in_the_output(platform: Synthesized) -> None:
    """The JSON is portable: it can be committed, diffed and applied elsewhere."""
    for path in platform.outdir.rglob("*"):
        if path.is_file():
            text = path.read_text()
            assert str(Path.cwd()) not in text
            assert str(platform.outdir) not in text
            assert not re.search(rf"\b{re.escape(socket.gethostname())}\.", text)
            assert not re.search(r"[\" =:]/(home|Users|root|tmp|private)/", text)


def test_two_runs_write_the_same_bytes(platform: Synthesized, tmp_path: Path) -> None:
    """A second synth changes no file, so a diff of the output is a diff of the platform."""
    from platform_config.load import load

    again = synthesize(load(EXAMPLE), tmp_path)

    first = {path.relative_to(platform.outdir): path.read_bytes() for path in files(platform)}
    assert {path.relative_to(again.outdir): path.read_bytes() for path in files(again)} == first


def files(app: Synthesized) -> list[Path]:
    """Read every file that a synth wrote."""
    return sorted(path for path in app.outdir.rglob("*") if path.is_file())


def test_labels_are_on_everything_that_can_have_them(tmp_path: Path) -> None:
    """The provider adds them, so that no resource is forgotten."""
    app = synthesize(config(labels={"team": "inference"}), tmp_path)

    for document in app.stacks.values():
        if "google" in document["provider"]:
            [google] = document["provider"]["google"]
            assert google["default_labels"] == {"team": "inference"}


def test_checks_can_fail(platform: Synthesized) -> None:
    """A misspelt argument and a dangling reference in a copy of the output are found."""
    broken = Synthesized(platform.outdir)
    network = broken.stacks[NETWORK_STACK]["resource"]["google_compute_network"]["network"]
    network["mtuu"] = 1500
    network["description"] = "${google_compute_network.nowhere.id}"

    assert len(check(broken)) == 2


def test_python_version_floor() -> None:
    """The code parses with the oldest Python that is promised."""
    root = Path(__file__).parent.parent
    for path in [root / "main.py", *(root / "stacks").rglob("*.py"), *(root / "constructs_lib").rglob("*.py")]:
        ast.parse(path.read_text(), feature_version=(3, 10))
