"""Every pod that a stack makes, held against what each pod of ours must have."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from constructs_lib import inferencepool_chart, llm_d_router_chart
from tests.checks.kubernetes_objects import objects

Pod = dict[str, Any]

REQUESTS = ("cpu", "memory", "ephemeral-storage")
SIDECAR = "gke-gcsfuse"
SERVER, OTHER_SERVERS, WEIGHTS = "vllm", ("sglang", "server"), "models"
"""The container whose user is its image's, those whose image writes where it likes, and the volume of the weights."""
PRIVATE_FROM = 10000
"""Numbers up to here may be those of a user of the node (kube-score, container-security-context-user-group-id)."""
UNITS = {"Mi": 1, "Gi": 1024, "Ti": 1024**2}


def templates(document: dict[str, Any]) -> Iterator[tuple[str, Pod]]:
    """Yield (address, pod template with Kubernetes' names) of each Deployment and each Job of a stack."""
    for address, manifest in objects(document):
        if "template" in manifest.get("spec", {}):
            yield address, manifest["spec"]["template"]
    for name, body in document.get("resource", {}).get("kubernetes_job_v1", {}).items():
        yield f"kubernetes_job_v1.{name}", _untyped(body["spec"]["template"])


def problems(document: dict[str, Any]) -> list[str]:
    """List what the pods of the stack lack, each after its address."""
    found = [f"{address}: {problem}" for address, pod in templates(document) for problem in pod_problems(pod)]
    return found + [f"helm_release: {problem}" for problem in _release_problems(document)]


def pod_problems(template: Pod) -> Iterator[str]:
    """Find what one pod lacks: requests, files that cannot be changed, its own user, bounds on what it writes."""
    spec, annotations = template["spec"], template.get("metadata", {}).get("annotations", {})
    for container in (*spec["containers"], *spec.get("initContainers", [])):
        asked = container.get("resources", {}).get("requests", {})
        yield from (f"{container['name']} asks for no {what}" for what in REQUESTS if what not in asked)
        yield from _security_problems(container, spec.get("securityContext", {}))
    for volume in spec.get("volumes", []):
        if "emptyDir" in volume and volume["name"] != WEIGHTS and "sizeLimit" not in volume["emptyDir"]:
            yield f"{volume['name']} has no size limit"
        if "gcsfuse" in volume.get("csi", {}).get("driver", ""):
            yield from _sidecar_problems(volume["csi"]["volumeAttributes"], annotations, spec)


def _security_problems(container: Pod, pod_context: Pod) -> Iterator[str]:
    context = {**pod_context, **container.get("securityContext", {})}
    if container["name"] in OTHER_SERVERS:
        return
    if context.get("readOnlyRootFilesystem") is not True:
        yield f"{container['name']} can change its image's files"
    for number in ("runAsUser", "runAsGroup") if container["name"] != SERVER else ():
        if int(context.get(number, 0)) <= PRIVATE_FROM:
            yield f"{container['name']} has no {number} above {PRIVATE_FROM}"


def _sidecar_problems(attributes: dict[str, str], annotations: dict[str, str], spec: Pod) -> Iterator[str]:
    for what in REQUESTS:
        if f"{SIDECAR}/{what}-request" not in annotations:
            yield f"the sidecar asks for no {what}"
    cache = attributes.get("fileCacheCapacity", "0Mi")
    if mebibytes(annotations.get(f"{SIDECAR}/ephemeral-storage-request", "0Mi")) < mebibytes(cache):
        yield f"the sidecar asks for less disk than its cache of {cache}"
    user = str(spec.get("securityContext", {}).get("runAsUser", ""))
    options = dict(option.partition("=")[::2] for option in attributes["mountOptions"].split(","))
    if user and {options.get("uid"), options.get("gid")} != {user}:
        yield f"the bucket belongs to {options.get('uid')}, the pod is {user}"


def mebibytes(quantity: str) -> int:
    """Return the MiB of a binary quantity."""
    return int(quantity[:-2]) * UNITS[quantity[-2:]]


def _release_problems(document: dict[str, Any]) -> Iterator[str]:
    """Check the endpoint picker, where its chart has resources among its values."""
    for release in document.get("resource", {}).get("helm_release", {}).values():
        old = release["chart"] == inferencepool_chart.CHART and release["version"] >= "v1.4"
        if not old and release["chart"] != llm_d_router_chart.CHART:
            continue
        for text in release["values"]:
            values = json.loads(text.removeprefix("${yamlencode(").removesuffix(")}").replace(" = ", ": "))
            picker = values["inferenceExtension"] if old else values["router"]["epp"]
            asked = picker.get("resources", {}).get("requests", {})
            yield from (f"the endpoint picker asks for no {what}" for what in REQUESTS if what not in asked)


def _untyped(template: Pod) -> Pod:
    """Convert a typed pod template of the provider to Kubernetes' own names, for the fields that are checked here."""
    spec = template["spec"]
    made = {
        "containers": [_camel(container) for container in spec["container"]],
        "initContainers": [_camel(container) for container in spec.get("init_container", [])],
        "volumes": [_camel(volume) for volume in spec.get("volume", [])],
        "securityContext": _camel(spec.get("security_context", {})),
    }
    return {"metadata": template["metadata"], "spec": made}


def _camel(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    return {re.sub(r"_(\w)", lambda found: found[1].upper(), key): _camel(item) for key, item in value.items()}
