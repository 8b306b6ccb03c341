"""NVIDIA's GPU Operator in one cluster."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from cdktf import Fn, ITerraformDependable
from cdktf_cdktf_provider_helm.provider import HelmProvider
from cdktf_cdktf_provider_helm.release import Release
from cdktf_cdktf_provider_kubernetes.namespace_v1 import NamespaceV1
from cdktf_cdktf_provider_kubernetes.provider import KubernetesProvider
from constructs import Construct

from constructs_lib.kubernetes_metadata import metadata_of
from constructs_lib.kubernetes_object import KubernetesObject
from constructs_lib.manifests._objects import Manifest, manifest
from constructs_lib.specs import GpuOperatorSpec

REPOSITORY, CHART = "https://helm.ngc.nvidia.com/nvidia", "gpu-operator"
NAME = NAMESPACE = "gpu-operator"
TIMEOUT_SEC = 1200
"""Drivers are built or loaded on each node."""
RANCHER_SOCKET = "/run/k3s/containerd/containerd.sock"
"""Of RKE2 and K3s. Source: rancher/rke2-docs, advanced, GPU operator."""
CRITICAL = ("system-node-critical", "system-cluster-critical")

ClusterKind = Literal["gke", "rancher", "plain"]


def operator_values(spec: GpuOperatorSpec, *, kind: ClusterKind, shared_by_hami: bool) -> dict[str, Any]:
    """
    Return the values of the chart gpu-operator.

    Where HAMi gives out GPUs, the operator's own device plugin is off: under two plugins one GPU would be given to two
    pods that know nothing of each other. HAMi 2.7 finds no devices by CDI (Project-HAMi/HAMi#1106).

    Args:
        spec: Version, driver, MIG.
        kind: `gke`; `rancher` for RKE2 and K3s, whose container runtime is elsewhere; `plain`.
        shared_by_hami: Whether HAMi gives out the GPUs.
    """
    env: dict[ClusterKind, list[dict[str, str]]] = {
        # From GKE 1.33 on. Source: NVIDIA/gpu-operator#1577, #1679.
        "gke": [{"name": "RUNTIME_CONFIG_SOURCE", "value": "file"}],
        "rancher": [{"name": "CONTAINERD_SOCKET", "value": RANCHER_SOCKET}],
        "plain": [],
    }
    return {
        "cdi": {"enabled": not shared_by_hami},
        "devicePlugin": {"enabled": not shared_by_hami},
        "driver": {"enabled": spec.driver},
        "mig": {"strategy": spec.mig},
        **({"toolkit": {"env": env[kind]}} if env[kind] else {}),
    }


def critical_quota() -> Manifest:
    """
    Return the quota without which GKE starts no pod of critical priority outside kube-system.

    Source: NVIDIA/cloud-native-docs, gpu-operator/google-gke.rst.
    """
    scope = {"scopeName": "PriorityClass", "operator": "In", "values": list(CRITICAL)}
    spec = {"hard": {"pods": "100"}, "scopeSelector": {"matchExpressions": [scope]}}
    return manifest("v1", "ResourceQuota", name="critical-pods", namespace=NAMESPACE, spec=spec)


def add_namespace(
    scope: Construct, kubernetes: KubernetesProvider, after: Sequence[ITerraformDependable] = ()
) -> NamespaceV1:
    """Add the namespace of what gives out GPUs: its pods reach the nodes' devices."""
    labels = {"pod-security.kubernetes.io/enforce": "privileged"}
    return NamespaceV1(
        scope,
        "namespace",
        provider=kubernetes,
        metadata=metadata_of(NamespaceV1, {"name": NAMESPACE, "labels": labels}),
        timeouts={"delete": "15m"},
        depends_on=list(after) or None,
    )


class GpuOperator(Construct):
    """
    The operator, in a namespace of its own that lets its pods reach the nodes' devices.

    Args:
        kubernetes: Provider of the cluster.
        helm: Provider of the same cluster.
        spec: Version, driver, MIG.
        kind: `gke`; `rancher` for RKE2 and K3s; `plain`.
        shared_by_hami: Whether HAMi gives out the GPUs. Default: no.
        after: What must exist first.

    Attributes:
        ready: What needs GPUs waits for these (known at synth).
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        kubernetes: KubernetesProvider,
        helm: HelmProvider,
        spec: GpuOperatorSpec,
        kind: ClusterKind,
        shared_by_hami: bool = False,
        after: Sequence[ITerraformDependable] = (),
    ) -> None:
        super().__init__(scope, id_)
        first: list[ITerraformDependable] = [add_namespace(self, kubernetes, after)]
        if kind == "gke":
            quota = critical_quota()
            first.append(KubernetesObject(self, "quota", kubernetes=kubernetes, manifest=quota, after=list(first)))
        values = operator_values(spec, kind=kind, shared_by_hami=shared_by_hami)
        # Waited for but never atomic: that would uninstall it, and the reason with it, on time-out.
        release = Release(
            self,
            "Default",
            provider=helm,
            name=NAME,
            namespace=NAMESPACE,
            repository=REPOSITORY,
            chart=CHART,
            version=spec.chart_version,
            values=[Fn.yamlencode(values)],
            wait=True,
            timeout=TIMEOUT_SEC,
            atomic=False,
            upgrade_install=True,
            max_history=5,
            depends_on=list(first),
        )
        self.ready: list[ITerraformDependable] = [release]
