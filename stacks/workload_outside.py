"""The objects of one cluster that is not on Google Cloud, reached as its owner reaches it."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from cdktf import ITerraformDependable
from cdktf_cdktf_provider_helm.provider import HelmProvider
from cdktf_cdktf_provider_kubernetes.namespace_v1 import NamespaceV1
from cdktf_cdktf_provider_kubernetes.provider import KubernetesProvider, KubernetesProviderExec
from constructs import Construct

from constructs_lib.external_dns import ExternalDns, outside_values
from constructs_lib.gpu_operator import GpuOperator
from constructs_lib.hami import Hami
from constructs_lib.kubernetes_metadata import metadata_of
from constructs_lib.kubernetes_object import KubernetesObject
from constructs_lib.manifests.outside import fixed_endpoints, tunnel
from constructs_lib.manifests.services import pod_disruption_budget
from constructs_lib.outside_serving import OutsideServing
from constructs_lib.specs import LoadBalancerControllerSpec, OutsideSpec, TunnelSpec
from constructs_lib.vng_load_balancer import VngLoadBalancerController
from platform_config.config import Config
from platform_config.outside_plan import outside_models, outside_plan

from .base import WRITE_ONLY_TERRAFORM_VERSION, BaseStack

TUNNEL = "tunnel"
RANCHER = ("rke2", "k3s")


class WorkloadOutsideStack(BaseStack):
    """
    For each model that runs there: servers, Service and the way in; beside them what gives out GPUs, and a tunnel.

    It needs nothing of Google Cloud, and no other stack needs it. Of a kubeconfig file the path alone is known here.

    Args:
        key: Key of the cluster.
    """

    def __init__(self, scope: Construct, id_: str, *, config: Config, key: str) -> None:
        super().__init__(scope, id_, config=config)
        self.key = key
        cluster = self._cluster
        # Also for a cluster that no chart is left in: without its providers Terraform deletes nothing of the state.
        _ = self.kubernetes, self.helm
        namespace = self._add_namespace()
        gpus = self._add_gpu_stack(cluster)
        if cluster.load_balancer_controller is not None:
            gpus += self._add_load_balancers(cluster.load_balancer_controller)
        for model, pods in outside_models(config, key).items():
            OutsideServing(
                self,
                f"model-{model}",
                kubernetes=self.kubernetes,
                plan=outside_plan(config, key, model, pods),
                after=[namespace, *gpus],
            )
        for name, spec in cluster.endpoints.items():
            for made in fixed_endpoints(name=name, namespace=config.namespace, spec=spec):
                self._add(f"endpoints-{name}-{made['kind'].lower()}", made, [namespace])
        if cluster.tunnel is not None:
            self._add_tunnel(cluster.tunnel, namespace)
        if cluster.external_dns is not None:
            ExternalDns(
                self,
                "external-dns",
                helm=self.helm,
                namespace=config.namespace,
                chart_version=cluster.external_dns.chart_version,
                values=outside_values(cluster.external_dns, owner=f"{config.name}-{key}"),
                after=[namespace],
            )

    @property
    def _cluster(self) -> OutsideSpec:
        return self.config.outside[self.key]

    @cached_property
    def kubernetes(self) -> KubernetesProvider:
        """The provider of the cluster's objects."""
        self.pin("kubernetes")
        sign_in = [KubernetesProviderExec(**self._sign_in)] if self._sign_in else None
        return KubernetesProvider(self, "kubernetes", **self._access, exec=sign_in)

    @cached_property
    def helm(self) -> HelmProvider:
        """The provider of charts in it."""
        self.pin("helm")
        sign_in = self._sign_in
        return HelmProvider(self, "helm", kubernetes={**self._access, **({"exec": sign_in} if sign_in else {})})

    @property
    def _access(self) -> dict[str, Any]:
        """How the cluster is reached: by the path of a file, which is read when Terraform runs, or by its address."""
        cluster = self._cluster
        if cluster.kubeconfig is not None:
            return {"config_path": cluster.kubeconfig, "config_context": cluster.context}
        return {"host": cluster.host, **({"cluster_ca_certificate": cluster.ca} if cluster.ca else {})}

    @property
    def _sign_in(self) -> dict[str, Any]:
        given = self._cluster.exec
        if given is None:
            return {}
        return {
            "api_version": given.api_version,
            "command": given.command,
            "args": list(given.args),
            "env": dict(given.env),
        }

    def _add_namespace(self) -> ITerraformDependable:
        labels = {"pod-security.kubernetes.io/enforce": "baseline"}
        return NamespaceV1(
            self,
            "namespace",
            provider=self.kubernetes,
            metadata=metadata_of(NamespaceV1, {"name": self.config.namespace, "labels": labels}),
            timeouts={"delete": "15m"},
        )

    def _add_gpu_stack(self, cluster: OutsideSpec) -> list[ITerraformDependable]:
        """Add what gives out GPUs; return what servers wait for."""
        ready: list[ITerraformDependable] = []
        if cluster.gpu_operator is not None:
            ready = GpuOperator(
                self,
                "gpu-operator",
                kubernetes=self.kubernetes,
                helm=self.helm,
                spec=cluster.gpu_operator,
                kind="rancher" if cluster.preset in RANCHER else "plain",
                shared_by_hami=cluster.hami is not None,
            ).ready
        if cluster.hami is not None:
            ready = [
                *ready,
                *Hami(self, "hami", kubernetes=self.kubernetes, helm=self.helm, spec=cluster.hami, after=ready).ready,
            ]
        return ready

    def _add_load_balancers(self, spec: LoadBalancerControllerSpec) -> list[ITerraformDependable]:
        """Add VNG Cloud's controller; Terraform reads its credentials from Secret Manager while it applies."""
        self.need_terraform(WRITE_ONLY_TERRAFORM_VERSION)
        return VngLoadBalancerController(
            self, "load-balancers", helm=self.helm, google=self.google, project=self.config.project, spec=spec
        ).ready

    def _add_tunnel(self, spec: TunnelSpec, namespace: ITerraformDependable) -> None:
        name = self.config.namespace
        self._add(TUNNEL, tunnel(name=TUNNEL, namespace=name, spec=spec), [namespace])
        budget = pod_disruption_budget(name=TUNNEL, namespace=name, labels={"app": TUNNEL})
        self._add(f"{TUNNEL}-disruption-budget", budget, [namespace])

    def _add(self, id_: str, made: dict[str, Any], after: list[ITerraformDependable]) -> None:
        KubernetesObject(self, id_, kubernetes=self.kubernetes, manifest=made, after=after)
