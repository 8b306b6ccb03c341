"""What Autopilot's admission writes into workloads, which Terraform leaves alone: it would change it back for ever."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

# A cluster without nodes makes the first one when a pod asks for it.
NODE_START_SEC = 300


def changed_fields(workload: Mapping[str, Any]) -> tuple[str, ...]:
    """
    Return the fields of *workload*, a Deployment, that admission may write over, as `kubernetes_manifest` names them.

    It raises and rounds what containers ask for and adds limits and tolerations, in the Deployment itself; an apply
    ends with "Provider produced inconsistent result" for each that it does not expect
    (hashicorp/terraform-provider-kubernetes#1466). Source: Google, "Resource requests in Autopilot".
    """
    pod = "spec.template.spec"
    containers = _containers(workload["spec"]["template"]["spec"], "containers", "initContainers")
    return (f"{pod}.tolerations", *(f"{pod}.{container}.resources" for container in containers))


def changed_arguments(pod: Mapping[str, Any]) -> list[str]:
    """
    Return the arguments of `kubernetes_job_v1` that admission may write over in the Job of *pod*, a typed pod spec.

    Each of them would replace the Job, and download again; the annotations say what was changed.
    """
    containers = _containers(pod, "container", "init_container")
    spec = "spec[0].template[0].spec[0]"
    return ["metadata[0].annotations", f"{spec}.toleration", *(f"{spec}.{one}.resources" for one in containers)]


def _containers(pod: Mapping[str, Any], *kinds: str) -> list[str]:
    return [f"{kind}[{number}]" for kind in kinds for number, _ in enumerate(pod.get(kind, ()))]
