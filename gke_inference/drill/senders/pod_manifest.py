"""The pod of a drill that sends requests from inside the VPC: as small and with as few rights as can be."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import resources
from typing import Any

from constructs_lib.manifests.network_policies import SENDER_LABELS, SENDER_PORT
from constructs_lib.manifests.weights import CONTAINER_SECURITY, IMAGE, POD_SECURITY
from platform_config.config import Config

IDLE_SEC = 60
"""After which the program ends when nobody asks it any more."""


def sender_prefix(config: Config) -> str:
    """Return what the names of a drill's pods begin with."""
    return f"{config.name}-drill"


def sender_pod(*, name: str, namespace: str, key: str, deadline_sec: int, idle_sec: float = IDLE_SEC) -> dict[str, Any]:
    """
    Return the manifest of the pod that runs `pod_program`.

    It has no token of Kubernetes, no rights and no secret: what to send is posted to it when it runs.

    Args:
        name: Its name; it is none of the model server's pods, so its labels are others.
        namespace: Where it is.
        key: What its paths begin with, so that nobody else in the network can have it send requests.
        deadline_sec: After which Kubernetes ends it, whatever happens.
        idle_sec: After which it ends when nobody asks.
    """
    environment = {"KEY": key, "PORT": str(SENDER_PORT), "IDLE_SEC": f"{idle_sec:g}"}
    container: dict[str, Any] = {
        "name": "sender",
        "image": IMAGE,
        "command": ["python3", "-c", program()],
        "env": [{"name": variable, "value": value} for variable, value in environment.items()],
        "ports": [{"containerPort": SENDER_PORT}],
        "readinessProbe": {"httpGet": {"path": "/", "port": SENDER_PORT}, "periodSeconds": 1},
        "resources": {
            "requests": {"cpu": "100m", "memory": "128Mi", "ephemeral-storage": "64Mi"},
            "limits": {"memory": "512Mi"},
        },
        "securityContext": dict(CONTAINER_SECURITY),
    }
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": namespace, "labels": dict(SENDER_LABELS)},
        "spec": {
            "containers": [container],
            "restartPolicy": "Never",
            "automountServiceAccountToken": False,
            "enableServiceLinks": False,
            "activeDeadlineSeconds": deadline_sec,
            "terminationGracePeriodSeconds": 5,
            "securityContext": dict(POD_SECURITY),
        },
    }


def program() -> str:
    """Return the program that the pod runs; it holds no `$(`, which Kubernetes would replace in a command (tested)."""
    return resources.files(__package__).joinpath("pod_program.py").read_text(encoding="utf-8")


def has_ended(pod: Mapping[str, Any]) -> bool:
    """Return whether *pod* can never be ready any more: it is not started again."""
    return pod.get("status", {}).get("phase") in ("Failed", "Succeeded")


def why_not_ready(pod: Mapping[str, Any]) -> str:
    """Return what keeps *pod* from being ready, as Kubernetes says it; empty where it is ready."""
    status = pod.get("status", {})
    container: dict[str, Any] = next(iter(status.get("containerStatuses", [])), {})
    if container.get("ready"):
        return ""
    state = container.get("state", {})
    reason = state.get("waiting") or state.get("terminated") or {}
    unscheduled = [one for one in status.get("conditions", []) if one.get("reason") == "Unschedulable"]
    parts = (reason.get("reason"), reason.get("message"), *(one.get("message") for one in unscheduled))
    return ": ".join(filter(None, (status.get("phase", "Pending"), *parts)))
