"""HAMi in one cluster: parts of GPUs for pods."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cdktf import Fn, ITerraformDependable
from cdktf_cdktf_provider_helm.provider import HelmProvider
from cdktf_cdktf_provider_helm.release import Release
from cdktf_cdktf_provider_kubernetes.provider import KubernetesProvider
from constructs import Construct

from constructs_lib.gpu_operator import NAMESPACE, add_namespace
from constructs_lib.outside_presets import (
    HAMI_CORES,
    HAMI_GPU,
    HAMI_LABEL,
    HAMI_MEMORY,
    HAMI_SCHEDULER,
    NVIDIA_RUNTIME,
)
from constructs_lib.specs import HamiSpec

REPOSITORY, CHART, NAME = "https://project-hami.github.io/HAMi/", "hami", "hami"
TIMEOUT_SEC = 600


def hami_values(spec: HamiSpec) -> dict[str, Any]:
    """
    Return the values of the chart hami.

    All names of NVIDIA's resources change together, so that no other device plugin fights for them. Its Services stay
    inside the cluster: by the chart's own default they open ports of the nodes. Its scheduler is Kubernetes' own image.
    """
    return {
        "resourceName": HAMI_GPU,
        "resourceMem": HAMI_MEMORY,
        "resourceMemPercentage": f"{HAMI_MEMORY}-percentage",
        "resourceCores": HAMI_CORES,
        "resourcePriority": f"{HAMI_GPU.partition('/')[0]}/priority",
        "schedulerName": HAMI_SCHEDULER,
        "scheduler": {
            "kubeScheduler": {
                "image": {
                    "registry": "registry.k8s.io",
                    "repository": "kube-scheduler",
                    "tag": spec.kubernetes_version,
                }
            },
            "service": {"type": "ClusterIP"},
        },
        "devicePlugin": {
            "runtimeClassName": NVIDIA_RUNTIME,
            "nvidianodeSelector": dict(HAMI_LABEL),
            "migStrategy": "none",
            "service": {"type": "ClusterIP"},
        },
    }


class Hami(Construct):
    """
    HAMi beside NVIDIA's GPU Operator, in its namespace. Nodes that it serves carry the label `gpu=on`.

    Args:
        kubernetes: Provider of the cluster.
        helm: Provider of the same cluster.
        spec: Versions.
        after: The operator, which makes the namespace. Default: none, so that the namespace is made here.

    Attributes:
        ready: What needs parts of GPUs waits for these (known at synth).
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        kubernetes: KubernetesProvider,
        helm: HelmProvider,
        spec: HamiSpec,
        after: Sequence[ITerraformDependable] = (),
    ) -> None:
        super().__init__(scope, id_)
        first = list(after) or [add_namespace(self, kubernetes)]
        release = Release(
            self,
            "Default",
            provider=helm,
            name=NAME,
            namespace=NAMESPACE,
            repository=REPOSITORY,
            chart=CHART,
            version=spec.chart_version,
            values=[Fn.yamlencode(hami_values(spec))],
            wait=True,
            timeout=TIMEOUT_SEC,
            atomic=False,
            upgrade_install=True,
            max_history=5,
            depends_on=first,
        )
        self.ready: list[ITerraformDependable] = [release]
