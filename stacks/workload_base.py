"""What one cluster needs before any object of the platform can be planned in it."""

from cdktf import ITerraformDependable
from cdktf_cdktf_provider_kubernetes.data_kubernetes_namespace_v1 import DataKubernetesNamespaceV1
from cdktf_cdktf_provider_kubernetes.data_kubernetes_resources import DataKubernetesResources
from cdktf_cdktf_provider_kubernetes.namespace_v1 import NamespaceV1
from constructs import Construct

from constructs_lib.apigee_operator import ApigeeOperator
from constructs_lib.external_dns import NAMESPACE as EXTERNAL_DNS
from constructs_lib.external_dns import ExternalDns, external_dns_values
from constructs_lib.gpu_operator import GpuOperator
from constructs_lib.inferencepool_chart import PICKER_LABEL, picker_name
from constructs_lib.kubernetes_metadata import metadata_of
from constructs_lib.kubernetes_object import KubernetesObject
from constructs_lib.manifests.compute_class import CRD_NAME as COMPUTE_CLASS_CRD
from constructs_lib.manifests.gates import crds_established
from constructs_lib.manifests.inference import GROUP, inference_objective_crd
from constructs_lib.manifests.network_policies import shared_policies
from constructs_lib.picker_chart import CHARTS
from constructs_lib.postconditions import refuse_unless
from constructs_lib.readiness_gate import ReadinessGate
from constructs_lib.removal_guard import RemovalGuard
from platform_config.config import Config
from platform_config.model import compute_classes, models_in
from platform_config.network_plan import network_policy_plan
from platform_config.plan_refusals import explain_other_picker, explain_removed_models
from platform_config.requirements import gateway_floor

from .cluster_access import ClusterStack

POLICY_CRDS = ("gcpbackendpolicies.networking.gke.io", "healthcheckpolicies.networking.gke.io")
"""The gateway's; the chart of a pool has them too, in each cluster."""
POOL_CRDS = (
    "autoscalingmetrics.autoscaling.gke.io",
    "inferencepools.inference.networking.k8s.io",
    "podmonitorings.monitoring.googleapis.com",
    *POLICY_CRDS,
)
SERVICE_CRDS = ("serviceexports.net.gke.io",)
GATEWAY_CRDS = ("gateways.gateway.networking.k8s.io", "httproutes.gateway.networking.k8s.io", *POLICY_CRDS)
REGIONAL_GATEWAY_CRDS = ("gcpgatewaypolicies.networking.gke.io",)
LATE_CRDS_TIMEOUT_SEC = 900
SECRET_CRD = "secretproviderclasses.secrets-store.csi.x-k8s.io"


def _pod_security(config: Config, key: str) -> dict[str, str]:
    """
    Return the namespace's labels of Pod Security: `baseline`, which refuses the IPC namespace that MPS needs.

    Where a model of region *key* needs it, the level is only warned of and audited: there is none in between.
    """
    label = "pod-security.kubernetes.io"
    if any(model.serving_nodes(key).host_ipc for model in models_in(config, key)):
        return {f"{label}/enforce": "privileged", f"{label}/warn": "baseline", f"{label}/audit": "baseline"}
    return {f"{label}/enforce": "baseline"}


class WorkloadBaseStack(ClusterStack):
    """
    Namespace, shared network policies, the CRDs that GKE lacks, and a gate for CRDs that come late.

    Terraform reads a CRD when it plans an object of it, so those objects are in later stacks. A model that may not
    leave yet is refused here, before anything that its servers in this cluster need has changed.
    """

    def __init__(self, scope: Construct, id_: str, *, config: Config, key: str) -> None:
        super().__init__(scope, id_, config=config, key=key, floor=gateway_floor(config).version)
        namespace = self._add_namespace()
        RemovalGuard(
            self,
            "removed-models",
            kubernetes=self.kubernetes,
            namespace=config.namespace,
            servers=[self.names.model_server(model) for model in config.models],
            refusal=explain_removed_models(config),
        )
        if config.cluster.network_policies:
            self._add_network_policies(namespace)
        self._refuse_other_pickers()
        for group in self._objective_groups():
            self._add_objective_crd(group)
        self._add_apigee()
        self._add_external_dns()
        self._add_gpu_operator()
        if crds := self._late_crds():
            ReadinessGate(
                self,
                "crds",
                kubernetes=self.kubernetes,
                name="wait-for-gke-crds",
                namespace=config.namespace,
                gate=crds_established(crds, timeout_sec=LATE_CRDS_TIMEOUT_SEC),
                autopilot=config.cluster.autopilot,
                after=[namespace],
            )

    def _refuse_other_pickers(self) -> None:
        """Refuse to give llm-d-router's labels to a Deployment of the other chart: it cannot change what it selects."""
        config = self.config
        for model in models_in(config, self.key):
            chart = CHARTS[model.inference_pool.chart]
            if not model.has_pool or chart.label == PICKER_LABEL:
                continue
            name = picker_name(self.names.inference_pool(model.key))
            selected = f'try(found.spec.selector.matchLabels["{chart.label}"], "")'
            refusal = explain_other_picker(config, cluster=self.names.cluster(self.key), picker=name)
            DataKubernetesResources(
                self,
                f"picker-{model.key}",
                provider=self.kubernetes,
                api_version="apps/v1",
                kind="Deployment",
                namespace=config.namespace,
                field_selector=f"metadata.name={name}",
                lifecycle=refuse_unless({f'alltrue([for found in self.objects : {selected} == "{name}"])': refusal}),
            )

    def _objective_groups(self) -> list[str]:
        """Return the groups of the objectives here; ours to remove is the older only with all objects of its kind."""
        pools = [model.inference_pool for model in models_in(self.config, self.key) if model.has_pool]
        used = {CHARTS[pool.chart].objective_group for pool in pools}
        stays = not used or not self.config.regions[self.key].existing.cluster
        return sorted(used | {GROUP} if stays else used, reverse=True)

    def _add_objective_crd(self, group: str) -> None:
        """Add the CRD that GKE lacks. In a cluster of others it is theirs: with it go all objects of its kind."""
        crd = inference_objective_crd(group)
        id_ = "inference-objective-crd" if group == GROUP else "router-objective-crd"
        if not self.config.regions[self.key].existing.cluster:
            established = {"condition": [{"type": "Established", "status": "True"}]}
            KubernetesObject(self, id_, kubernetes=self.kubernetes, manifest=crd, wait=established)
            return
        name = crd["metadata"]["name"]
        fits = {
            "length(self.objects) > 0": f"Cluster {self.names.cluster(self.key)} must have the CRD {name}, which its "
            "owner installs (docs/existing.md, Clusters)"
        }
        DataKubernetesResources(
            self,
            id_,
            provider=self.kubernetes,
            api_version=crd["apiVersion"],
            kind=crd["kind"],
            field_selector=f"metadata.name={name}",
            lifecycle=refuse_unless(fits),
        )

    def _add_namespace(self) -> ITerraformDependable:
        """Add the namespace, or find the one that is there: its labels are its owner's."""
        name = self.config.namespace
        if self.config.existing.namespace:
            fits = {
                "try(length(self.metadata[0].uid), 0) > 0": f"Cluster {self.names.cluster(self.key)} must have a "
                f"namespace {name}, as existing.namespace says: create it, or take that line away"
            }
            return DataKubernetesNamespaceV1(
                self,
                "namespace",
                provider=self.kubernetes,
                metadata=metadata_of(DataKubernetesNamespaceV1, {"name": name}),
                lifecycle=refuse_unless(fits),
            )
        return NamespaceV1(
            self,
            "namespace",
            provider=self.kubernetes,
            metadata=metadata_of(NamespaceV1, {"name": name, "labels": _pod_security(self.config, self.key)}),
            timeouts={"delete": "15m"},
        )

    def _add_apigee(self) -> None:
        """Add Apigee's operator, whose kinds must be there before the gateway's stack can be planned."""
        config, apigee = self.config, self.config.gateway.apigee
        if not config.is_regional or self.key not in config.gateway_regions:
            return
        # Also without a chart: one that was there can only be removed by the provider of this cluster.
        helm = self.helm
        if apigee is not None:
            ApigeeOperator(
                self,
                "apigee",
                kubernetes=self.kubernetes,
                helm=helm,
                project=config.project,
                organization=self.names.apigee_organization,
                account=self.names.apigee_service_account_email,
                version=apigee.operator_version,
                network_policy=config.cluster.network_policies,
            )

    def _add_external_dns(self) -> None:
        """Add ExternalDNS for the names of this cluster, which end with its key, the subdomain and the domain."""
        config, spec = self.config, self.config.external_dns
        if config.dns is not None:
            # Also without the chart: one that was there can only be removed by the provider of this cluster.
            _ = self.helm
        if config.dns is None or spec is None:
            return
        values = external_dns_values(
            spec,
            project=config.project,
            zone=self.names.external_dns_zone,
            visibility=config.dns.zone.visibility,
            domain=f"{self.key}.{spec.subdomain}.{config.dns.zone.domain}",
            owner=self.names.cluster(self.key),
        )
        labels = {"pod-security.kubernetes.io/enforce": "restricted"}
        namespace = NamespaceV1(
            self,
            "external-dns-namespace",
            provider=self.kubernetes,
            metadata=metadata_of(NamespaceV1, {"name": EXTERNAL_DNS, "labels": labels}),
            timeouts={"delete": "15m"},
        )
        ExternalDns(
            self,
            "external-dns",
            helm=self.helm,
            values=values,
            chart_version=spec.chart_version,
            after=[namespace],
        )

    def _add_gpu_operator(self) -> None:
        """Add NVIDIA's operator where a pool of this region leaves its GPUs to it."""
        pools = self.config.pools(self.key).values()
        if any(pool.machine.kind == "gpu" for pool in pools):
            _ = self.helm
        given = [pool.spec.gpu_operator for pool in pools if pool.spec.gpu_operator is not None]
        if given:
            GpuOperator(self, "gpu-operator", kubernetes=self.kubernetes, helm=self.helm, spec=given[0], kind="gke")

    def _add_network_policies(self, namespace: ITerraformDependable) -> None:
        for key, policy in shared_policies(network_policy_plan(self.config, self.key)).items():
            KubernetesObject(
                self, f"network-policy-{key}", kubernetes=self.kubernetes, manifest=policy, after=[namespace]
            )

    def _late_crds(self) -> list[str]:
        crds: set[str] = set()
        for model in models_in(self.config, self.key):
            crds |= {*(POOL_CRDS if model.has_pool else () if self.config.is_regional else SERVICE_CRDS)}
        if self.config.remotes and not self.config.is_regional:
            crds |= {*SERVICE_CRDS}
        if self.key in {self.config.gateway_home(key) for key in self.config.gateway_regions}:
            crds |= {*GATEWAY_CRDS}
            crds |= {*REGIONAL_GATEWAY_CRDS} if self.config.is_regional else set()
        if self.config.mounts_token:
            crds.add(SECRET_CRD)
        if any(compute_classes(self.config, self.key)):
            crds.add(COMPUTE_CLASS_CRD)
        return sorted(crds)
