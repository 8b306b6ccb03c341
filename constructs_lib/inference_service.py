"""What serves a model in one cluster: the model server, the InferencePool before it, and its export to the fleet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from cdktf import Fn
from cdktf_cdktf_provider_helm.provider import HelmProvider
from cdktf_cdktf_provider_helm.release import Release
from cdktf_cdktf_provider_kubernetes.annotations import Annotations
from cdktf_cdktf_provider_kubernetes.provider import KubernetesProvider
from constructs import Construct

from constructs_lib import inferencepool_chart, vllm
from constructs_lib.accelerators import PoolPlan
from constructs_lib.kubernetes_object import KubernetesObject
from constructs_lib.manifests.accelerator import Accelerator
from constructs_lib.manifests.inference import inference_objective
from constructs_lib.manifests.model_server import deployment
from constructs_lib.manifests.monitoring import autoscaling_metric, pod_monitoring
from constructs_lib.manifests.resource_claims import resource_claim_template
from constructs_lib.manifests.services import pod_disruption_budget, service
from constructs_lib.specs import InferencePoolSpec, ModelServerSpec, ModelSpec

CHART_TIMEOUT_SEC = 900


@dataclass(frozen=True, kw_only=True)
class ServingPlan:
    """
    What one cluster serves, and on what. All known at synth.

    Attributes:
        name: Name of the model server; its pods carry it as label `app`.
        pool_name: Name of the InferencePool, the same in every cluster: the fleet joins pools by name and namespace.
        service_account: Kubernetes service account that may read the bucket.
        nodes: The accelerator pool that the pods select.
        file_cache_gib: GiB of the node's disk that hold the weights.
    """

    name: str
    pool_name: str
    namespace: str
    service_account: str
    bucket: str
    nodes: PoolPlan
    file_cache_gib: int
    model: ModelSpec
    server: ModelServerSpec
    pool: InferencePoolSpec

    @property
    def labels(self) -> dict[str, str]:
        """Labels by which everything finds the pods. No dots or slashes: AutoscalingMetric refuses them."""
        return {"app": self.name}

    @property
    def replicas(self) -> int:
        """Pods in this cluster: as many as given, or one per node."""
        return self.nodes.nodes if self.server.replicas is None else self.server.replicas

    @property
    def tensor_parallel_size(self) -> int:
        """Chips over which one pod spreads the model."""
        return self.server.tensor_parallel_size or self.nodes.machine.chips


class InferenceService(Construct):
    """
    vLLM behind an InferencePool with an endpoint picker, exported to the fleet.

    Needs in the cluster: the namespace, the service account, and the CRDs of GKE and of InferenceObjective.

    Args:
        kubernetes: Provider of the cluster.
        helm: Provider of the same cluster, for the upstream chart.
        plan: What is served.
    """

    def __init__(
        self, scope: Construct, id_: str, *, kubernetes: KubernetesProvider, helm: HelmProvider, plan: ServingPlan
    ) -> None:
        super().__init__(scope, id_)
        self._kubernetes = kubernetes
        self._plan = plan
        self._add_model_server()
        self._add_metrics()
        release = self._add_pool(helm)
        self._export(release)

    def _add_model_server(self) -> None:
        plan = self._plan
        claim: dict[str, Any] | None = None
        if plan.nodes.dranet and plan.nodes.machine.dra_device_class:
            claim = resource_claim_template(
                name=f"{plan.name}-interfaces",
                namespace=plan.namespace,
                device_class=plan.nodes.machine.dra_device_class,
            )
        after = [self._add("claim-template", claim)] if claim else []
        self._add(
            "server",
            deployment(
                name=plan.name,
                namespace=plan.namespace,
                labels=plan.labels,
                service_account=plan.service_account,
                spec=plan.server,
                model=plan.model,
                bucket=plan.bucket,
                replicas=plan.replicas,
                accelerator=Accelerator(
                    resource=plan.nodes.machine.resource,
                    count=plan.nodes.machine.chips,
                    node_selector=plan.nodes.node_selector,
                ),
                file_cache_gib=plan.file_cache_gib,
                tensor_parallel_size=plan.tensor_parallel_size,
                claim_template=claim["metadata"]["name"] if claim else None,
            ),
            after=after,
        )
        common: dict[str, Any] = {"name": plan.name, "namespace": plan.namespace, "labels": plan.labels}
        self._add("service", service(**common, port=plan.server.port))
        self._add("disruption-budget", pod_disruption_budget(**common))

    def _add_metrics(self) -> None:
        plan = self._plan
        common: dict[str, Any] = {"namespace": plan.namespace, "labels": plan.labels, "port": plan.server.port}
        self._add("monitoring", pod_monitoring(name=plan.name, **common))
        self._add(
            "metric",
            autoscaling_metric(
                name=plan.server.metric_export_name,
                metric=vllm.kv_cache_metric(plan.server.image),
                export_name=plan.server.metric_export_name,
                **common,
            ),
        )

    def _add_pool(self, helm: HelmProvider) -> Release:
        """The chart, waited for but never atomic: that would uninstall it, and the reason with it, on time-out."""
        plan = self._plan
        self._add(
            "objective",
            inference_objective(
                name=f"{plan.name}-objective",
                namespace=plan.namespace,
                pool=plan.pool_name,
                priority=plan.pool.objective_priority,
            ),
        )
        values = inferencepool_chart.values(
            plan.pool.chart_version,
            labels=plan.labels,
            port=plan.server.port,
            replicas=plan.pool.endpoint_picker_replicas,
            kv_metric=vllm.kv_cache_metric(plan.server.image),
        )
        return Release(
            self,
            "pool",
            provider=helm,
            name=plan.pool_name,
            namespace=plan.namespace,
            repository=inferencepool_chart.REPOSITORY,
            chart=inferencepool_chart.CHART,
            version=plan.pool.chart_version,
            values=[Fn.yamlencode(values)],
            wait=True,
            timeout=CHART_TIMEOUT_SEC,
            atomic=False,
            upgrade_install=True,
            max_history=5,
        )

    def _export(self, release: Release) -> None:
        """No chart version can set the annotation; named after the release, it is gone before the pool on destroy."""
        Annotations(
            self,
            "export",
            provider=self._kubernetes,
            api_version="inference.networking.k8s.io/v1",
            kind="InferencePool",
            metadata={"name": release.name, "namespace": self._plan.namespace},
            annotations={"networking.gke.io/export": "True"},
            field_manager="inference-platform-export",
            force=True,
        )

    def _add(self, id_: str, manifest: dict[str, Any], after: list[KubernetesObject] | None = None) -> KubernetesObject:
        return KubernetesObject(self, id_, kubernetes=self._kubernetes, manifest=manifest, after=after or [])
