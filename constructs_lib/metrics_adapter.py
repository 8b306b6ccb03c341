"""The custom metrics adapter: Cloud Monitoring's metrics for the HorizontalPodAutoscalers of one cluster."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from cdktf import ITerraformDependable, Postcondition
from cdktf_cdktf_provider_kubernetes.data_kubernetes_resources import DataKubernetesResources
from cdktf_cdktf_provider_kubernetes.namespace_v1 import NamespaceV1
from cdktf_cdktf_provider_kubernetes.provider import KubernetesProvider
from constructs import Construct

from constructs_lib.kubernetes_metadata import metadata_of
from constructs_lib.kubernetes_object import DEFAULT_OTHERS, KubernetesObject
from constructs_lib.manifests.autopilot import changed_fields
from constructs_lib.manifests.metrics_adapter import (
    CUSTOM,
    EXTERNAL,
    MANAGED_BY,
    NAMESPACE,
    adapter_objects,
    api_services,
)

ROLLOUT_TIMEOUT = "20m"
"""It is started again and again until its role on the project has spread, which takes minutes."""
API_GROUPS = {"pods": CUSTOM, "external": EXTERNAL}


class MetricsAdapter(Construct):
    """
    Google's adapter in a namespace of its own, and the APIs that it serves.

    A cluster has one server of each metrics API. Where there is another (KEDA, prometheus-adapter, this one installed
    by hand), the plan is refused and says what to set. The APIs are registered once the adapter runs and go before it:
    while one has no server, nobody can list all APIs of the cluster, and no namespace can be removed.

    The adapter needs `roles/monitoring.viewer`: see `WorkloadIdentity.grant_monitoring`.

    Args:
        kubernetes: Provider of the cluster.
        cluster: Name of the cluster, for the refusal.
        serves: `pods` for metrics of pods, `external` for any others, or both; no more is registered than is used.
        network_policy: Lets the API server call it, and itself what it needs, and nothing else.
        autopilot: Whether the cluster is an Autopilot one, whose admission changes what pods ask for.

    Attributes:
        namespace: Its namespace (known at synth).
        ready: The APIs, for what reads them (known at synth).
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        kubernetes: KubernetesProvider,
        cluster: str,
        serves: Sequence[Literal["pods", "external"]],
        network_policy: bool = True,
        autopilot: bool = False,
    ) -> None:
        super().__init__(scope, id_)
        self.namespace = NAMESPACE
        groups = [API_GROUPS[source] for source in serves]
        for source, group in zip(serves, groups, strict=True):
            self._refuse_another(source, kubernetes, cluster, f"v1beta1.{group}")
        labels = {"pod-security.kubernetes.io/enforce": "baseline"}
        namespace = NamespaceV1(
            self,
            "namespace",
            provider=kubernetes,
            metadata=metadata_of(NamespaceV1, {"name": NAMESPACE, "labels": labels}),
            timeouts={"delete": "15m"},
        )
        before: list[ITerraformDependable] = [namespace]
        for key, manifest in adapter_objects(groups, network_policy=network_policy).items():
            wait = {"rollout": True} if manifest["kind"] == "Deployment" else None
            made = KubernetesObject(
                self,
                key,
                kubernetes=kubernetes,
                manifest=manifest,
                after=[namespace],
                others=[*DEFAULT_OTHERS, *changed_fields(manifest)] if wait and autopilot else (),
                wait=wait,
                timeouts={"create": ROLLOUT_TIMEOUT} if wait else None,
            )
            before.append(made)
        self.ready: list[ITerraformDependable] = [
            KubernetesObject(self, key, kubernetes=kubernetes, manifest=manifest, after=before)
            for key, manifest in api_services(groups).items()
        ]

    def _refuse_another(self, source: str, kubernetes: KubernetesProvider, cluster: str, api_service: str) -> None:
        [(label, value)] = MANAGED_BY.items()
        managed = f'[for found in self.objects : try(found.metadata.labels["{label}"], "") == "{value}"]'
        DataKubernetesResources(
            self,
            f"present-{source}",
            provider=kubernetes,
            api_version="apiregistration.k8s.io/v1",
            kind="APIService",
            field_selector=f"metadata.name={api_service}",
            lifecycle={
                "postcondition": [
                    Postcondition(
                        condition=f"${{alltrue({managed})}}",
                        error_message=f"{cluster} has a server of {api_service} already that is not ours, and a "
                        f"cluster has one APIService of a name. Is it Google's adapter, set "
                        f"cluster.metrics_adapter to false; is it KEDA, prometheus-adapter or another, set "
                        f"autoscaling.metric_source to native.",
                    )
                ]
            },
        )
