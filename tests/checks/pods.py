"""Every pod that a stack makes, held against what each pod of ours must have."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from tests.checks.kubernetes_objects import objects

Pod = dict[str, Any]

REQUESTS = ("cpu", "memory", "ephemeral-storage")
SIDECAR = "gke-gcsfuse"
UNITS = {"Mi": 1, "Gi": 1024, "Ti": 1024**2}


def templates(document: dict[str, Any]) -> Iterator[tuple[str, Pod]]:
    """(address, pod template in Kubernetes' words) of each Deployment and each Job of a stack."""
    for address, manifest in objects(document):
        if "template" in manifest.get("spec", {}):
            yield address, manifest["spec"]["template"]
    for name, body in document.get("resource", {}).get("kubernetes_job_v1", {}).items():
        yield f"kubernetes_job_v1.{name}", _untyped(body["spec"]["template"])


def problems(document: dict[str, Any]) -> list[str]:
    """What a pod of the stack lacks, each after its address."""
    found = [f"{address}: {problem}" for address, pod in templates(document) for problem in pod_problems(pod)]
    return found + [f"helm_release: {problem}" for problem in _release_problems(document)]


def pod_problems(template: Pod) -> Iterator[str]:
    """What one pod lacks: requests on each container, its sidecar among them, and room for what it caches."""
    spec, annotations = template["spec"], template.get("metadata", {}).get("annotations", {})
    for container in (*spec["containers"], *spec.get("initContainers", [])):
        asked = container.get("resources", {}).get("requests", {})
        yield from (f"{container['name']} asks for no {what}" for what in REQUESTS if what not in asked)
    for volume in spec.get("volumes", []):
        if "gcsfuse" not in volume.get("csi", {}).get("driver", ""):
            continue
        yield from (
            f"the sidecar asks for no {what}" for what in REQUESTS if f"{SIDECAR}/{what}-request" not in annotations
        )
        cache = volume["csi"]["volumeAttributes"].get("fileCacheCapacity", "0Mi")
        if mebibytes(annotations.get(f"{SIDECAR}/ephemeral-storage-request", "0Mi")) < mebibytes(cache):
            yield f"the sidecar asks for less disk than its cache of {cache}"


def mebibytes(quantity: str) -> int:
    """MiB of a binary quantity."""
    return int(quantity[:-2]) * UNITS[quantity[-2:]]


def _release_problems(document: dict[str, Any]) -> Iterator[str]:
    """The endpoint picker, where its chart has resources among its values."""
    for release in document.get("resource", {}).get("helm_release", {}).values():
        if release["version"] < "v1.4":
            continue
        for text in release["values"]:
            values = json.loads(text.removeprefix("${yamlencode(").removesuffix(")}").replace(" = ", ": "))
            asked = values["inferenceExtension"].get("resources", {}).get("requests", {})
            yield from (f"the endpoint picker asks for no {what}" for what in REQUESTS if what not in asked)


def _untyped(template: Pod) -> Pod:
    """The provider's words for a pod as Kubernetes' own, as far as this file looks."""
    spec = template["spec"]
    volumes = [
        {**volume, "csi": {**volume["csi"], "volumeAttributes": volume["csi"]["volume_attributes"]}}
        if "csi" in volume
        else volume
        for volume in spec.get("volume", [])
    ]
    made = {"containers": spec["container"], "initContainers": spec.get("init_container", []), "volumes": volumes}
    return {"metadata": template["metadata"], "spec": made}
