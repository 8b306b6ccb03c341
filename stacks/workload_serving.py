"""What serves the model in one cluster: one provider, one cluster, so that a dead one blocks no other's plan."""

from constructs import Construct

from constructs_lib.inference_service import InferenceService, ServingPlan
from stacks.cluster_access import ClusterStack
from stacks.config import Config
from stacks.names import SERVER_ACCOUNT
from stacks.sizing import file_cache_gib


class WorkloadServingStack(ClusterStack):
    """Model server, metrics, InferencePool and its export in the cluster of one region."""

    def __init__(self, scope: Construct, id_: str, *, config: Config, key: str) -> None:
        super().__init__(scope, id_, config=config, key=key)
        plan = ServingPlan(
            name=self.names.model_server,
            pool_name=self.names.inference_pool,
            namespace=config.namespace,
            service_account=SERVER_ACCOUNT,
            bucket=self.names.bucket,
            nodes=config.serving_pool(key),
            file_cache_gib=file_cache_gib(config),
            model=config.model,
            server=config.model_server,
            pool=config.inference_pool,
        )
        InferenceService(self, "inference", kubernetes=self.kubernetes, helm=self.helm, plan=plan)
