"""The fleet of all clusters, its features, and what the workloads of all clusters may read."""

from cdktf import TerraformOutput
from constructs import Construct

from constructs_lib.fixed_value import FixedValue
from constructs_lib.fleet import Fleet, FleetMember
from platform_config.config import Config
from platform_config.plan_refusals import CONFIG_CLUSTER, THERE_BEFORE, explain_moved_config_cluster

from .infra_access import InfraAccessStack


class InfraFleetStack(InfraAccessStack):
    """
    The fleet with all clusters, and the roles of their workloads; on destroy the features go before the clusters.

    Outputs: the membership that is the config cluster.
    """

    def __init__(self, scope: Construct, id_: str, *, config: Config) -> None:
        super().__init__(scope, id_, config=config)
        Fleet(
            self,
            "fleet",
            google=self.google,
            google_beta=self.google_beta,
            time=self.time,
            project=config.project,
            members={
                key: FleetMember(
                    cluster=self.names.cluster(key),
                    location=self.names.cluster_location(key),
                    membership=region.existing.membership,
                )
                for key, region in config.regions.items()
            },
            config_member=config.config_region,
            service_discovery=config.service_discovery,
            network_project=None if config.existing.shared_vpc_roles else self.names.network_project,
            features_exist=config.existing.fleet_features,
        )
        FixedValue(
            self,
            CONFIG_CLUSTER,
            value=f"{self.names.cluster(config.config_region)}{THERE_BEFORE if config.existing.fleet_features else ''}",
            refusal=explain_moved_config_cluster(config),
        )
        TerraformOutput(
            self,
            "config_membership",
            value=self.names.membership(config.config_region),
            description="Membership of the cluster that holds the gateway's objects.",
        )
