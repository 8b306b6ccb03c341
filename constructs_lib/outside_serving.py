"""What serves one model in a cluster outside Google Cloud: servers, Service, the way in, scaling and metrics."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from cdktf import ITerraformDependable
from cdktf_cdktf_provider_kubernetes.provider import KubernetesProvider
from constructs import Construct

from constructs_lib import model_servers
from constructs_lib.inference_service import OPEN_TO_OTHERS
from constructs_lib.kubernetes_object import KubernetesObject
from constructs_lib.manifests._objects import Manifest, manifest
from constructs_lib.manifests.model_server import deployment
from constructs_lib.manifests.outside import (
    cpu_autoscaler,
    ingress,
    outside_route,
    scrape_annotations,
    service_monitor,
)
from constructs_lib.manifests.region_header import region_header_config
from constructs_lib.manifests.served_weights import ServedWeights, served_weights
from constructs_lib.manifests.services import pod_disruption_budget, service
from constructs_lib.manifests.weights import download_form
from constructs_lib.outside_plan import OutsidePlan
from constructs_lib.outside_presets import OutsidePods, ingress_annotations, ingress_class
from constructs_lib.server_process import Launch
from constructs_lib.serving_plan import server_labels
from constructs_lib.specs import WeightsSpec


class OutsideServing(Construct):
    """
    A model server in a cluster of others, with nothing that GKE alone has.

    Needs in the cluster: the namespace, the IngressClass or the Gateway, what gives out GPUs, the Secret of the token.

    Args:
        kubernetes: Provider of the cluster.
        plan: What is served.
        after: What must exist before the servers.

    Attributes:
        server: The Deployment, for what comes after it (known at synth).

    Raises:
        ValueError: The version of vLLM or SGLang is not known, or the cluster has no way in.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        kubernetes: KubernetesProvider,
        plan: OutsidePlan,
        after: Sequence[ITerraformDependable] = (),
    ) -> None:
        super().__init__(scope, id_)
        self._kubernetes, self._plan = kubernetes, plan
        labels = server_labels(plan.name)
        common: dict[str, Any] = {"name": plan.name, "namespace": plan.namespace, "labels": labels}
        header = region_header_config(**common)
        account = manifest("v1", "ServiceAccount", **common) | {"automountServiceAccountToken": False}
        needed = [
            self._add("account", account, after=after),
            self._add("region-header", header, after=after, replaced=True),
        ]
        self.server = self._add("server", self._deployment(labels, header), after=needed, others=OPEN_TO_OTHERS)
        self._add("service", service(**common, port=plan.server.http_port), after=after)
        self._add("disruption-budget", pod_disruption_budget(**common), after=after)
        self._add("entry", self._entry(), after=[self.server])
        if plan.pods.autoscaling:
            autoscaler = cpu_autoscaler(name=plan.name, namespace=plan.namespace, spec=plan.pods.autoscaling)
            self._add("autoscaler", autoscaler, after=[self.server])
        if plan.cluster.monitoring == "service_monitor" and model_servers.metrics(plan.server):
            self._add("monitor", service_monitor(**common), after=after)

    def _deployment(self, labels: Mapping[str, str], header: Manifest) -> Manifest:
        plan, weights = self._plan, self._plan.downloaded
        accelerator = OutsidePods(cluster=plan.cluster).accelerator(plan.pods)
        if plan.cluster.monitoring == "annotations" and model_servers.metrics(plan.server):
            accelerator = replace(accelerator, annotations=scrape_annotations(plan.server.http_port))
        launch = Launch(served_name=plan.model, weights=weights, chips=max(1, plan.pods.gpus))
        return deployment(
            name=plan.name,
            namespace=plan.namespace,
            labels=labels,
            service_account=plan.name,
            spec=plan.server,
            process=model_servers.process(plan.server, launch),
            mounted=self._mounted(weights),
            region=plan.place,
            region_header_config=header["metadata"]["name"],
            replicas=None if plan.pods.autoscaling else plan.pods.replicas,
            accelerator=accelerator,
            claim_template=None,
            health_check=plan.health_check,
            # Of the toolkit that gives out GPUs there nobody knows whether its hooks start such a container.
            read_only=plan.server.read_only_root_filesystem or False,
        )

    def _mounted(self, weights: WeightsSpec | None) -> ServedWeights:
        plan = self._plan
        return served_weights(
            weights,
            bucket=None,
            disk_gib=plan.disk_gib,
            token=plan.cluster.hugging_face_token,
            form=download_form(plan.server),
        )

    def _entry(self) -> Manifest:
        """Return what leads requests to the Service: a route of the Gateway that is there, or an Ingress."""
        plan, cluster = self._plan, self._plan.cluster
        common: dict[str, Any] = {
            "name": plan.name,
            "namespace": plan.namespace,
            "service": plan.name,
            "port": plan.server.http_port,
            "hosts": plan.hosts,
        }
        if cluster.gateway is not None:
            return outside_route(**common, gateway=cluster.gateway, address=plan.address)
        class_name = ingress_class(cluster)
        if class_name is None:
            raise ValueError(f"ingress_class must be given for a cluster of the kind {cluster.preset}, got none")
        annotations = ingress_annotations(cluster, path=plan.server.ready_path, health_check=plan.health_check)
        return ingress(**common, ingress_class=class_name, annotations=annotations, tls_secret=cluster.tls_secret)

    def _add(
        self,
        id_: str,
        manifest: Manifest,
        *,
        after: Sequence[ITerraformDependable] = (),
        replaced: bool = False,
        others: Sequence[str] = (),
    ) -> KubernetesObject:
        return KubernetesObject(
            self, id_, kubernetes=self._kubernetes, manifest=manifest, after=after, replaced=replaced, others=others
        )
