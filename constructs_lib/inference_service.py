"""What serves a model in one cluster: the model server, the InferencePool before it, and its export to the fleet."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cdktf import Fn, ITerraformDependable
from cdktf_cdktf_provider_helm.provider import HelmProvider
from cdktf_cdktf_provider_helm.release import Release
from cdktf_cdktf_provider_kubernetes.annotations import Annotations
from cdktf_cdktf_provider_kubernetes.provider import KubernetesProvider
from constructs import Construct

from constructs_lib import inferencepool_chart
from constructs_lib.hugging_face_token import HuggingFaceToken
from constructs_lib.kubernetes_object import KubernetesObject
from constructs_lib.manifests import served_weights
from constructs_lib.manifests.autoscaler import horizontal_pod_autoscaler
from constructs_lib.manifests.compute_class import compute_class
from constructs_lib.manifests.inference import inference_objective
from constructs_lib.manifests.model_server import deployment
from constructs_lib.manifests.monitoring import autoscaling_metric, pod_monitoring
from constructs_lib.manifests.region_header import region_header_config
from constructs_lib.manifests.resource_claims import resource_claim_template
from constructs_lib.manifests.services import pod_disruption_budget, service
from constructs_lib.serving_plan import ServingPlan
from constructs_lib.specs import AutoscalingSpec
from constructs_lib.vllm_arguments import weights_format

CHART_TIMEOUT_SEC = 900
OPEN_TO_OTHERS = ("metadata.labels", "metadata.annotations", "spec.template.metadata.annotations")
"""`kubectl rollout restart` writes an annotation into the template; the first two are the provider's own default."""


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
        self._server = self._add_model_server()
        self._add_metrics()
        release = self._add_pool(helm)
        self._export(release)

    def add_autoscaler(self, spec: AutoscalingSpec, *, after: Sequence[ITerraformDependable] = ()) -> None:
        """Let the load decide how many pods there are; *after* is what its metric comes through."""
        manifest = horizontal_pod_autoscaler(
            name=self._plan.name,
            namespace=self._plan.namespace,
            deployment=self._plan.name,
            metric=self._plan.autoscaler_metric(spec.target_percent),
            spec=spec,
        )
        self._add("autoscaler", manifest, after=[self._server, *after])

    def _add_model_server(self) -> KubernetesObject:
        plan = self._plan
        weights, after = self._weights()
        claim = self._claim_template()
        header = region_header_config(name=plan.name, namespace=plan.namespace, labels=plan.labels)
        after += [self._add("claim-template", claim, replaced=True)] if claim else []
        after += [self._add("region-header", header, replaced=True), *self._add_compute_class()]
        server = deployment(
            name=plan.name,
            namespace=plan.namespace,
            labels=plan.labels,
            service_account=plan.service_account,
            spec=plan.server,
            model=plan.model,
            weights=weights,
            region=plan.region,
            region_header_config=header["metadata"]["name"],
            replicas=plan.replicas,
            accelerator=plan.nodes.accelerator,
            tensor_parallel_size=plan.nodes.split,
            claim_template=claim["metadata"]["name"] if claim else None,
            health_check=plan.health_check,
            read_only=plan.read_only,
        )
        common: dict[str, Any] = {"name": plan.name, "namespace": plan.namespace, "labels": plan.labels}
        self._add("service", service(**common, port=plan.server.port))
        self._add("disruption-budget", pod_disruption_budget(**common))
        return self._add("server", server, after=after, others=OPEN_TO_OTHERS)

    def _weights(self) -> tuple[served_weights.ServedWeights, list[KubernetesObject]]:
        """How the servers get their weights, and what must be there for it."""
        plan = self._plan
        if plan.bucket is not None:
            return served_weights.from_bucket(bucket=plan.bucket, disk_gib=plan.disk_gib), []
        token = HuggingFaceToken(
            self,
            "token",
            kubernetes=self._kubernetes,
            project=plan.project,
            namespace=plan.namespace,
            service_account=plan.service_account,
            spec=plan.model.hugging_face_token,
        )
        weights = served_weights.from_hugging_face(
            model=plan.model,
            token=token.source,
            disk_gib=plan.disk_gib,
            weights=weights_format(plan.server.extra_args),
        )
        return weights, list(token.ready)

    def _claim_template(self) -> dict[str, Any] | None:
        plan, pool = self._plan, self._plan.nodes.first
        if not pool.dranet or pool.machine.dra_device_class is None:
            return None
        name = f"{plan.name}-interfaces"
        return resource_claim_template(name=name, namespace=plan.namespace, device_class=pool.machine.dra_device_class)

    def _add_compute_class(self) -> list[KubernetesObject]:
        nodes = self._plan.nodes
        if nodes.compute_class is None:
            return []
        manifest = compute_class(
            name=nodes.compute_class, node_pools=list(nodes.pools), migrate_back=self._plan.server.migrate_back
        )
        return [self._add("compute-class", manifest)]

    def _add_metrics(self) -> None:
        plan = self._plan
        common: dict[str, Any] = {"namespace": plan.namespace, "labels": plan.labels, "port": plan.server.port}
        self._add("monitoring", pod_monitoring(name=plan.name, interval_sec=plan.scrape_interval_sec, **common))
        self._add(
            "metric",
            autoscaling_metric(
                name=plan.server.metric_export_name,
                metric=plan.metric,
                export_name=plan.server.metric_export_name,
                autoscaler=plan.autoscaling is not None and plan.metric_source == "native",
                **common,
            ),
        )

    def _add_pool(self, helm: HelmProvider) -> Release:
        """The chart, waited for but never atomic: that would uninstall it, and the reason with it, on time-out."""
        plan = self._plan
        self._add(
            "objective",
            inference_objective(
                name=plan.objective,
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
            kv_metric=plan.metric,
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

    def _add(
        self,
        id_: str,
        manifest: dict[str, Any],
        *,
        after: Sequence[ITerraformDependable] = (),
        replaced: bool = False,
        others: Sequence[str] = (),
    ) -> KubernetesObject:
        return KubernetesObject(
            self, id_, kubernetes=self._kubernetes, manifest=manifest, after=after, replaced=replaced, others=others
        )
