"""What the admission of Autopilot clusters refuses in a pod."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

Pod = dict[str, Any]

HOST = ("hostIPC", "hostNetwork", "hostPID")
"""Source: GKE Warden's answer in CrowdStrike/falcon-helm#310."""
ACCELERATORS = ("nvidia.com/gpu", "google.com/tpu")
CLASS = "cloud.google.com/compute-class"
SELECTED = (
    *(CLASS, "cloud.google.com/gke-tpu-accelerator", "cloud.google.com/gke-tpu-topology"),
    *("kubernetes.io/arch", "topology.kubernetes.io/zone"),
)
"""
Labels of nodes that pods of the product may select.

Sources: GKE Warden's answer in GoogleCloudPlatform/ai-on-gke#983; Google, Deploy TPU workloads in GKE Autopilot.
"""


def refusals(template: Pod, classes: dict[str, Pod]) -> Iterator[str]:
    """
    Yield why admission would refuse the pod.

    Args:
        template: A pod template.
        classes: ComputeClasses of the cluster, by name.
    """
    spec = template["spec"]
    yield from (f"{name} is not allowed" for name in HOST if spec.get(name))
    yield from (f"volume {one['name']} is a path of the node" for one in spec.get("volumes", []) if "hostPath" in one)
    selector = spec.get("nodeSelector") or {}
    yield from (f"label {label} may not be selected" for label in selector if label not in SELECTED)
    asked = {name for one in spec["containers"] for name in one.get("resources", {}).get("limits", {})}
    if "nvidia.com/gpu" in asked and not any("gpu" in rule for rule in _rules(selector, classes)):
        yield "asks for a GPU without a class that has one"
    for toleration in spec.get("tolerations") or []:
        # Source: GoogleCloudPlatform/k8s-stackdriver#1081.
        if toleration.get("key") in ACCELERATORS and toleration["key"] not in asked:
            yield f"tolerates {toleration['key']}, which it does not ask for"
    for container in (*spec["containers"], *spec.get("initContainers", [])):
        yield from (f"{container['name']}: {problem}" for problem in _container_refusals(container))
    for container in spec.get("initContainers", []):
        # Source: ray-project/kuberay#1349.
        if set(ACCELERATORS) & {*container.get("resources", {}).get("limits", {})}:
            yield f"{container['name']}: an init container asks for an accelerator"


def _rules(selector: Pod, classes: dict[str, Pod]) -> list[Pod]:
    rules: list[Pod] = classes.get(selector.get(CLASS, ""), {}).get("spec", {}).get("priorities", [])
    return rules


def _container_refusals(container: Pod) -> Iterator[str]:
    context = container.get("securityContext", {})
    if context.get("privileged"):
        yield "is privileged"
    if context.get("capabilities", {}).get("add"):
        yield "adds capabilities"
    yield from ("has a port of the node" for port in container.get("ports", []) if "hostPort" in port)
