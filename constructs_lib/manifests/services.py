"""The model server's Service, its export to the fleet, and the budget that keeps it from being drained all at once."""

from __future__ import annotations

from collections.abc import Mapping

from constructs_lib.manifests._objects import Manifest, manifest


def service(*, name: str, namespace: str, labels: Mapping[str, str], port: int) -> Manifest:
    """
    Return a ClusterIP Service for the pods with *labels*.

    The gateway needs it where it is exported; an InferencePool finds the pods itself, and then it is for checks from
    inside the cluster.

    Raises:
        ValueError: The name is `vllm`: pods with service links would get VLLM_PORT, which vLLM reads as its own.
    """
    if name == "vllm":
        raise ValueError("a Service may not be called 'vllm': it sets VLLM_PORT in other pods; add a part to its name")
    spec = {
        "type": "ClusterIP",
        "selector": dict(labels),
        "ports": [{"name": "http", "port": port, "targetPort": port, "protocol": "TCP"}],
    }
    return manifest("v1", "Service", name=name, namespace=namespace, labels=labels, spec=spec)


def service_export(*, name: str, namespace: str) -> Manifest:
    """
    Return what joins the Service *name* of this cluster with those of the same name and namespace in the fleet.

    GKE's controller makes the ServiceImport, and a network endpoint group in each zone. Source: Google, "Configuring
    multi-cluster Services".
    """
    return manifest("net.gke.io/v1", "ServiceExport", name=name, namespace=namespace)


def pod_disruption_budget(*, name: str, namespace: str, labels: Mapping[str, str]) -> Manifest:
    """
    Let node upgrades take one pod with *labels* at a time.

    A pod that is not healthy may always go: a server that never starts must not block an upgrade.
    """
    spec = {
        "selector": {"matchLabels": dict(labels)},
        "maxUnavailable": 1,
        "unhealthyPodEvictionPolicy": "AlwaysAllow",
    }
    return manifest("policy/v1", "PodDisruptionBudget", name=name, namespace=namespace, labels=labels, spec=spec)
