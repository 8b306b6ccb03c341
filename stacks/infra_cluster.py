"""One GKE cluster and its node pools: an apply that fails, or finds no machines, affects no other cluster."""

from cdktf import ITerraformDependable, TerraformOutput
from constructs import Construct

from constructs_lib.autopilot_cluster import AutopilotCluster
from constructs_lib.cluster_plan import ClusterPlan
from constructs_lib.cluster_settings import WEEKDAYS
from constructs_lib.existing_cluster import find_cluster
from constructs_lib.fixed_value import FixedValue
from constructs_lib.gke_cluster import GkeCluster
from platform_config.config import Config
from platform_config.model import compute_classes, models_in
from platform_config.names import SYSTEM_POOL
from platform_config.plan_refusals import CLUSTER_PLACE, THERE_BEFORE, explain_moved_cluster
from platform_config.requirements import system_machine_type, version_floor

from .base import BaseStack


class InfraClusterStack(BaseStack):
    """
    The cluster of one region with its system pool and its accelerator pools; an Autopilot cluster has none of its own.

    Outputs: the cluster's name and location, and the command that signs kubectl in.

    Args:
        key: Key of the region.
    """

    def __init__(self, scope: Construct, id_: str, *, config: Config, key: str) -> None:
        super().__init__(scope, id_, config=config)
        plan = self._plan(key)
        kind = "Autopilot" if config.cluster.autopilot else self._dataplane
        cluster = self._autopilot(plan, key) if config.cluster.autopilot else self._standard(plan, key)
        FixedValue(
            self,
            CLUSTER_PLACE,
            value=f"location {plan.location} and {kind}{self._there_before(key)}",
            refusal=explain_moved_cluster(key),
            after=[cluster],
        )
        TerraformOutput(self, "cluster_name", value=plan.name, description="Name of the cluster.")
        TerraformOutput(self, "cluster_location", value=plan.location, description="Region or zone of the cluster.")
        TerraformOutput(
            self,
            "kubectl_command",
            value=f"gcloud container clusters get-credentials {plan.name} --location {plan.location} "
            f"--project {plan.project} --dns-endpoint",
            description="Signs kubectl in through the DNS endpoint.",
        )

    def _autopilot(self, plan: ClusterPlan, key: str) -> ITerraformDependable:
        if self.config.regions[key].existing.cluster:
            return find_cluster(
                self,
                "cluster",
                google=self.google,
                plan=plan,
                spec=self.config.cluster,
                membership=self._membership(key),
            )
        cluster = AutopilotCluster(self, "cluster", google=self.google, plan=plan, spec=self.config.cluster)
        return cluster.control_plane

    def _standard(self, plan: ClusterPlan, key: str) -> ITerraformDependable:
        config = self.config
        existing = config.regions[key].existing
        if existing.cluster:
            cluster = GkeCluster.from_existing(
                self,
                "cluster",
                google=self.google,
                plan=plan,
                spec=config.cluster,
                node_pools={name: config.pools(key)[pool] for pool, name in existing.node_pools.items()},
                membership=self._membership(key),
            )
        else:
            cluster = GkeCluster(self, "cluster", google=self.google, plan=plan, spec=config.cluster)
            cluster.add_system_pool(SYSTEM_POOL, machine_type=system_machine_type(config))
        classes = {
            pool: name for name, model in compute_classes(config, key) for pool in model.serving_nodes(key).pools
        }
        for pool_key, pool in config.pools(key).items():
            if pool_key not in existing.node_pools:
                cluster.add_accelerator_pool(pool_key, pool.spec, compute_class=classes.get(pool_key))
        return cluster.control_plane

    def _membership(self, key: str) -> str | None:
        """Return the one membership that the cluster of region *key* may have; None where no fleet is needed."""
        return None if self.config.is_regional else self.names.membership(key)

    def _there_before(self, key: str) -> str:
        """Return what a cluster that the platform does not manage is, and whose membership it has."""
        existing = self.config.regions[key].existing
        parts = [part for part in (existing.cluster, existing.membership) if part is not None]
        return f" as {' with '.join(parts)}{THERE_BEFORE}" if parts else ""

    @property
    def _dataplane(self) -> str:
        return "Dataplane V2" if self.config.cluster.dataplane_v2 else "the legacy dataplane"

    def _plan(self, key: str) -> ClusterPlan:
        config, names = self.config, self.names
        region = config.regions[key]
        return ClusterPlan(
            name=names.cluster(key),
            project=config.project,
            region=region.region,
            location=names.cluster_location(key),
            zones=region.zones,
            network=names.network,
            network_project=names.network_project,
            subnetwork=names.node_subnet(key),
            pods_range=region.existing.pods_range,
            services_range=region.existing.services_range,
            node_service_account=names.node_service_account_email,
            version_floor=version_floor(config, key),
            maintenance_day=WEEKDAYS[region.number % len(WEEKDAYS)],
            mounts_buckets=any(model.mounts_bucket for model in models_in(config, key)),
            secret_manager=config.mounts_token,
            universe=config.universe,
        )
