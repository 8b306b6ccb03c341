"""What serves a model in one cluster: its server, an InferencePool where it has a metric, the export to the fleet."""

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
from constructs_lib.kubernetes_object import DEFAULT_OTHERS, KubernetesObject
from constructs_lib.manifests.autopilot import changed_fields
from constructs_lib.manifests.autoscaler import horizontal_pod_autoscaler
from constructs_lib.manifests.inference import GROUP, inference_objective
from constructs_lib.manifests.model_server import deployment
from constructs_lib.manifests.monitoring import autoscaling_metric, pod_monitoring
from constructs_lib.manifests.region_header import region_header_config
from constructs_lib.manifests.resource_claims import resource_claim_template
from constructs_lib.manifests.served_weights import ServedWeights, served_weights
from constructs_lib.manifests.services import pod_disruption_budget, service, service_export
from constructs_lib.manifests.weights import download_form
from constructs_lib.metrics_adapter import MetricsAdapter
from constructs_lib.picker_chart import picker_chart
from constructs_lib.serving_plan import ServingPlan
from constructs_lib.specs import AutoscalingSpec, HuggingFaceTokenSpec

CHART_TIMEOUT_SEC = 900
OPEN_TO_OTHERS = (*DEFAULT_OTHERS, "spec.template.metadata.annotations")
"""`kubectl rollout restart` writes an annotation into the template."""


class InferenceService(Construct):
    """
    A model server that a gateway finds, by the fleet or in its own cluster; with an autoscaler if the plan has one.

    A server with a metric is behind an InferencePool with an endpoint picker, any other behind a Service.

    Needs in the cluster: the namespace, the service account, the ComputeClass of several pools, and the CRDs of GKE and
    of InferenceObjective, in the group that the chart's picker reads; for a multi-cluster Service those of the fleet's
    service discovery.

    Args:
        kubernetes: Provider of the cluster.
        helm: Provider of the same cluster, for the upstream chart.
        plan: What is served.
        adapter: The metrics adapter that the autoscaler reads. Default: none, for GKE's own metric or an adapter that
            is there already.
        after: What must exist before the servers, such as a ComputeClass.

    Attributes:
        name: Name of the Deployment, its Service and its autoscaler (known at synth).
        namespace: Namespace of all objects (known at synth).
        pool_name: Name of the InferencePool (known at synth).
        server: The Deployment, for what comes after it (known at synth).
        pool: The Helm release with the InferencePool and its endpoint picker; None for a server behind a Service (known
            at synth).
        autoscaler: The HorizontalPodAutoscaler; None where the plan has no autoscaling (known at synth).
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        kubernetes: KubernetesProvider,
        helm: HelmProvider,
        plan: ServingPlan,
        adapter: MetricsAdapter | None = None,
        after: Sequence[ITerraformDependable] = (),
    ) -> None:
        super().__init__(scope, id_)
        self.name = plan.name
        self.namespace = plan.namespace
        self.pool_name = plan.pool_name
        self._kubernetes = kubernetes
        self._plan = plan
        self.server = self._add_model_server(after)
        self.pool: Release | None = None
        if plan.server.has_pool:
            self._add_metrics()
            self.pool = self._add_pool(helm)
            if plan.exported:
                self._export_pool(self.pool)
            else:
                self._add_picker_metrics()
        elif plan.exported:
            self._export_service()
        ready = adapter.ready if adapter else []
        self.autoscaler = self._add_autoscaler(plan.autoscaling, ready) if plan.autoscaling else None

    def _add_autoscaler(self, spec: AutoscalingSpec, metrics: Sequence[ITerraformDependable]) -> KubernetesObject:
        """Add the autoscaler, once its *metrics* can be read."""
        manifest = horizontal_pod_autoscaler(
            name=self._plan.name,
            namespace=self._plan.namespace,
            deployment=self._plan.name,
            metric=self._plan.autoscaler_metric(spec.target_percent),
            spec=spec,
        )
        return self._add("autoscaler", manifest, after=[self.server, *metrics])

    def _add_model_server(self, needed: Sequence[ITerraformDependable]) -> KubernetesObject:
        plan = self._plan
        mounted, ready = self._weights()
        after: list[ITerraformDependable] = [*ready, *needed]
        claim = self._claim_template()
        header = region_header_config(name=plan.name, namespace=plan.namespace, labels=plan.labels)
        after += [self._add("claim-template", claim, replaced=True)] if claim else []
        after += [self._add("region-header", header, replaced=True)]
        server = deployment(
            name=plan.name,
            namespace=plan.namespace,
            labels=plan.labels,
            service_account=plan.service_account,
            spec=plan.server,
            process=plan.process,
            mounted=mounted,
            region=plan.region,
            region_header_config=header["metadata"]["name"],
            replicas=plan.pods,
            accelerator=plan.nodes.accelerator,
            claim_template=claim["metadata"]["name"] if claim else None,
            health_check=plan.health_check,
            read_only=plan.read_only,
            routed=plan.routed,
        )
        common: dict[str, Any] = {"name": plan.name, "namespace": plan.namespace, "labels": plan.labels}
        self._add("service", service(**common, port=plan.server.http_port))
        self._add("disruption-budget", pod_disruption_budget(**common))
        others = (*OPEN_TO_OTHERS, *(changed_fields(server) if plan.autopilot else ()))
        return self._add("server", server, after=after, others=others)

    def _weights(self) -> tuple[ServedWeights, list[KubernetesObject]]:
        """Return how the servers get their weights, and what must be there for it."""
        plan, weights = self._plan, self._plan.weights
        spec = weights.hugging_face_token if weights and weights.from_hugging_face else None
        token = self._token(spec) if spec else None
        mounted = served_weights(
            weights,
            bucket=plan.bucket,
            token=token.source if token else None,
            disk_gib=plan.disk_gib,
            form=download_form(plan.server),
        )
        return mounted, list(token.ready) if token else []

    def _token(self, spec: HuggingFaceTokenSpec) -> HuggingFaceToken:
        plan = self._plan
        return HuggingFaceToken(
            self,
            "token",
            kubernetes=self._kubernetes,
            project=plan.project,
            namespace=plan.namespace,
            service_account=plan.service_account,
            spec=spec,
        )

    def _claim_template(self) -> dict[str, Any] | None:
        plan, pool = self._plan, self._plan.nodes.first
        if not pool.dranet or pool.machine.dra_device_class is None:
            return None
        name = f"{plan.name}-interfaces"
        return resource_claim_template(name=name, namespace=plan.namespace, device_class=pool.machine.dra_device_class)

    def _add_metrics(self) -> None:
        """Have the servers' metrics read, where they have any."""
        plan, metrics = self._plan, self._plan.metrics
        if metrics is None:
            return
        common: dict[str, Any] = {"namespace": plan.namespace, "labels": plan.labels, "port": plan.server.http_port}
        self._add("monitoring", pod_monitoring(name=plan.name, interval_sec=plan.scrape_interval_sec, **common))
        scales = plan.autoscaling is not None and plan.metric_source == "native"
        if plan.exported or scales:
            metric = autoscaling_metric(
                name=plan.name,
                metric=metrics.gauge,
                export_name=plan.server.metric_export_name,
                autoscaler=scales,
                **common,
            )
            self._add("metric", metric)

    def _add_picker_metrics(self) -> None:
        """Have the picker's metrics read; the chart does so only together with policies that would fight ours."""
        plan = self._plan
        monitoring = pod_monitoring(
            name=plan.pool_name,
            namespace=plan.namespace,
            labels=picker_chart(plan.pool).picker_labels(plan.pool_name),
            port=inferencepool_chart.METRICS_PORT,
            interval_sec=inferencepool_chart.METRICS_INTERVAL_SEC,
        )
        self._add("picker-monitoring", monitoring)

    def _add_pool(self, helm: HelmProvider) -> Release:
        """Add the chart, waited for but never atomic: that would uninstall it, and the reason with it, on time-out."""
        plan, metrics = self._plan, self._plan.metrics
        if metrics is None:
            raise ValueError(f"metric must be given for a server in an InferencePool, got none for {plan.name}")
        chart = picker_chart(plan.pool)
        self._add_objectives(chart.objective_group)
        values = chart.values(
            plan.pool.chart_version,
            labels=plan.labels,
            port=plan.server.http_port,
            replicas=plan.pool.endpoint_picker_replicas,
            metrics=metrics,
            autopilot=plan.autopilot,
            local=not plan.exported,
        )
        return Release(
            self,
            "pool",
            provider=helm,
            name=plan.pool_name,
            namespace=plan.namespace,
            repository=chart.repository,
            chart=chart.name,
            version=plan.pool.chart_version,
            values=[Fn.yamlencode(_quoted(values))],
            wait=True,
            timeout=CHART_TIMEOUT_SEC,
            atomic=False,
            upgrade_install=True,
            max_history=5,
            # Where the servers leave, requests go elsewhere first; and the picker has its network policy as they do.
            depends_on=[self.server],
        )

    def _add_objectives(self, group: str) -> None:
        """Add the priorities. Of another group they are other objects: made beside the old ones, not in their place."""
        plan, kind = self._plan, "objective" if group == GROUP else "router-objective"
        for name, priority in plan.priorities.items():
            objective = inference_objective(
                name=name, namespace=plan.namespace, pool=plan.pool_name, priority=priority, group=group
            )
            self._add(f"{kind}-{name}", objective)

    def _export_pool(self, release: Release) -> None:
        """
        Annotate the pool, which no chart can do.

        On destroy the export goes before the pool, whose release it names, and before the servers.
        """
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

    def _export_service(self) -> None:
        """Export the Service; on destroy the export goes before the servers."""
        self._add("export", service_export(name=self._plan.name, namespace=self._plan.namespace), after=[self.server])

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


def _quoted(values: Any) -> Any:
    """Return *values* with each text of several lines written as an expression of Terraform has it."""
    if isinstance(values, dict):
        return {key: _quoted(value) for key, value in values.items()}
    return Fn.raw_string(values) if isinstance(values, str) and "\n" in values else values
