"""What serves the models in one cluster: one provider, one cluster, so that one that is lost blocks no other's plan."""

from functools import cached_property

from cdktf import ITerraformDependable
from cdktf_cdktf_provider_kubernetes.service_account_v1 import ServiceAccountV1
from constructs import Construct

from constructs_lib.inference_service import InferenceService
from constructs_lib.kubernetes_object import KubernetesObject
from constructs_lib.manifests._objects import Manifest
from constructs_lib.manifests.compute_class import compute_class, machine_class
from constructs_lib.manifests.network_policies import NetworkPolicyPlan, model_policies
from constructs_lib.metrics_adapter import MetricsAdapter
from constructs_lib.remote_proxy import RemoteProxy
from constructs_lib.serving_plan import ServingPlan
from platform_config.config import Config
from platform_config.model import Model, compute_classes, models_in
from platform_config.network_plan import network_policy_plan
from platform_config.requirements import adapter_sources, version_floor
from platform_config.shutdown import served_gateway

from .cluster_access import ClusterStack


class WorkloadServingStack(ClusterStack):
    """
    For each model of one region: its servers, metrics and autoscaling, and its InferencePool or exported Service.

    A model's account and network policies are here too: they are made before its servers, and go after them.
    """

    def __init__(self, scope: Construct, id_: str, *, config: Config, key: str) -> None:
        super().__init__(scope, id_, config=config, key=key, floor=version_floor(config, key))
        # Also for a region that no model is left in: without its providers Terraform deletes nothing of the state.
        kubernetes, helm = self.kubernetes, self.helm
        classes = self._add_compute_classes()
        adapter = self._adapter()
        self._add_remotes()
        for model in models_in(config, key):
            plan = self._plan(model)
            InferenceService(
                self,
                # The prefix: any key may be a model's, and the other ids of this stack are taken.
                f"model-{model.key}",
                kubernetes=kubernetes,
                helm=helm,
                plan=plan,
                adapter=adapter if model.metric_source != "native" else None,
                after=[
                    self._add_account(model),
                    *self._add_network_policies(model),
                    *([classes[plan.nodes.compute_class]] if plan.nodes.compute_class else []),
                ],
            )

    def _add_remotes(self) -> None:
        """Add the proxies that lead to servers outside all clusters."""
        config = self.config
        for key, spec in config.remotes.items():
            RemoteProxy(
                self,
                f"remote-{key}",
                kubernetes=self.kubernetes,
                name=self.names.remote(key),
                namespace=config.namespace,
                spec=spec,
                timeout_sec=config.gateway.timeout_sec,
                health_check=config.gateway.health_check,
                draining_sec=served_gateway(config).draining_sec,
                exported=not config.is_regional,
                network_policy=config.cluster.network_policies,
            )

    def _plan(self, model: Model) -> ServingPlan:
        config, names, key = self.config, self.names, self.key
        return ServingPlan(
            name=names.model_server(model.key),
            model=model.name,
            pool_name=names.inference_pool(model.key),
            namespace=config.namespace,
            project=config.project,
            region=config.regions[key].region,
            cluster=names.cluster(key),
            location=names.cluster_location(key),
            service_account=names.model_server(model.key),
            bucket=self.names.bucket if model.weights and model.weights.reads_bucket else None,
            nodes=model.serving_nodes(key),
            disk_gib=model.file_cache_gib,
            server=model.server,
            weights=model.weights,
            pool=model.inference_pool,
            objectives=model.spec.priorities,
            replicas=model.spec.replicas,
            health_check=config.gateway.health_check,
            autoscaling=model.autoscaling,
            metric_source=model.metric_source,
            routed=not model.spec.drain,
            autopilot=config.cluster.autopilot,
            exported=not config.is_regional,
        )

    def _add_account(self, model: Model) -> ITerraformDependable:
        return ServiceAccountV1(
            self,
            f"account-{model.key}",
            provider=self.kubernetes,
            metadata={"name": self.names.model_server(model.key), "namespace": self.config.namespace},
            automount_service_account_token=False,
        )

    @cached_property
    def _policy_plan(self) -> NetworkPolicyPlan:
        """Who is who in this cluster: the same for each of its models."""
        return network_policy_plan(self.config, self.key)

    def _add_network_policies(self, model: Model) -> list[ITerraformDependable]:
        if not self.config.cluster.network_policies:
            return []
        policies = model_policies(self._policy_plan, model.key)
        return [
            KubernetesObject(self, f"network-policy-{key}", kubernetes=self.kubernetes, manifest=policy)
            for key, policy in policies.items()
        ]

    def _add_compute_classes(self) -> dict[str, ITerraformDependable]:
        return {
            name: KubernetesObject(self, name, kubernetes=self.kubernetes, manifest=self._compute_class(name, model))
            for name, model in compute_classes(self.config, self.key)
        }

    def _compute_class(self, name: str, model: Model) -> Manifest:
        """Return the order of a model's pools: node pools of their own, or machines that Autopilot makes nodes of."""
        pools, back = model.serving_nodes(self.key).pools, model.spec.migrate_back
        if self.config.cluster.autopilot:
            zones = self.config.regions[self.key].zones
            return machine_class(name=name, pools=list(pools.values()), zones=zones, migrate_back=back)
        return compute_class(name=name, node_pools=list(pools), migrate_back=back)

    def _adapter(self) -> MetricsAdapter | None:
        """Add the custom metrics adapter where an autoscaler of this region needs one that is not there already."""
        sources = adapter_sources(self.config, self.key)
        if not sources:
            return None
        return MetricsAdapter(
            self,
            "metrics-adapter",
            kubernetes=self.kubernetes,
            cluster=self.names.cluster(self.key),
            serves=sources,
            network_policy=self.config.cluster.network_policies,
            autopilot=self.config.cluster.autopilot,
        )
