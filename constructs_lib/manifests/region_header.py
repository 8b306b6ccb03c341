"""The header with the region that gave an answer: for people, load tests and failover drills."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import resources
from typing import Any

from constructs_lib.manifests._objects import Manifest, named_by_content
from constructs_lib.specs.mounts import REGION_HEADER

HEADER = "x-inference-region"
VOLUME = "region-header"
FILE = "region_header.py"


def region_header_config(*, name: str, namespace: str, labels: Mapping[str, str]) -> Manifest:
    """Return the ConfigMap with the middleware; its name follows its content, so that servers get a changed one."""
    data = {FILE: resources.files("constructs_lib").joinpath(f"data/{FILE}").read_text(encoding="utf-8")}
    metadata = {"name": named_by_content(f"{name}-region", data), "namespace": namespace, "labels": dict(labels)}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}


def volume(config: str) -> dict[str, Any]:
    """Return the pod volume with the files of the ConfigMap *config*."""
    return {"name": VOLUME, "configMap": {"name": config}}


def mount() -> dict[str, Any]:
    """Mount them where the server finds them."""
    return {"name": VOLUME, "mountPath": REGION_HEADER, "readOnly": True}


def env(region: str) -> dict[str, str]:
    """Return the region, and where Python looks for the middleware. Neither vLLM image sets PYTHONPATH itself."""
    return {"INFERENCE_REGION": region, "PYTHONPATH": REGION_HEADER}
