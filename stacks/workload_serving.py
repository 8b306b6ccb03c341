"""What serves the model in one cluster: one provider, one cluster, so that one that is lost blocks no other's plan."""

from constructs import Construct

from constructs_lib.inference_service import InferenceService
from constructs_lib.metrics_adapter import MetricsAdapter
from constructs_lib.serving_plan import ServingPlan
from platform_config.config import Config
from platform_config.names import SERVER_ACCOUNT
from platform_config.requirements import file_cache_gib, metric_source, needs_adapter, version_floor
from stacks.cluster_access import ClusterStack


class WorkloadServingStack(ClusterStack):
    """The model server, metrics, autoscaling, InferencePool and its export in the cluster of one region."""

    def __init__(self, scope: Construct, id_: str, *, config: Config, key: str) -> None:
        super().__init__(scope, id_, config=config, key=key, floor=version_floor(config, key))
        plan = ServingPlan(
            name=self.names.model_server,
            pool_name=self.names.inference_pool,
            namespace=config.namespace,
            project=config.project,
            region=config.regions[key].region,
            cluster=self.names.cluster(key),
            location=self.names.cluster_location(key),
            service_account=SERVER_ACCOUNT,
            bucket=self.names.bucket if config.reads_bucket else None,
            nodes=config.serving_nodes(key),
            disk_gib=file_cache_gib(config),
            model=config.model,
            server=config.model_server,
            pool=config.inference_pool,
            health_check=config.gateway.health_check,
            autoscaling=config.autoscaling,
            metric_source=metric_source(config),
        )
        InferenceService(
            self,
            "inference",
            kubernetes=self.kubernetes,
            helm=self.helm,
            plan=plan,
            adapter=self._adapter() if config.autoscaling else None,
        )

    def _adapter(self) -> MetricsAdapter | None:
        """Add the custom metrics adapter where the autoscaler needs one that is not there already."""
        source = metric_source(self.config)
        if source == "native" or not needs_adapter(self.config):
            return None
        return MetricsAdapter(
            self,
            "metrics-adapter",
            kubernetes=self.kubernetes,
            cluster=self.names.cluster(self.key),
            serves=source,
            network_policy=self.config.cluster.network_policies,
        )
