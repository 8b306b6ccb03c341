"""The clusters of the platform in Argo CD."""

from __future__ import annotations

from cdktf_cdktf_provider_google.data_google_container_cluster import DataGoogleContainerCluster
from constructs import Construct

from constructs_lib.argo_cd_cluster import ArgoCdCluster
from constructs_lib.specs import ArgoCdSpec
from constructs_lib.specs.gitops import CLUSTER_LABEL, PLATFORM_LABEL
from platform_config.config import Config

from .cluster_access import ClusterStack


class WorkloadGitOpsStack(ClusterStack):
    """
    A Secret for each cluster of the platform, in the cluster that Argo CD runs in.

    Clusters outside Google Cloud are registered by their owners: what signs in there is a secret of theirs.
    """

    def __init__(self, scope: Construct, id_: str, *, config: Config, argo_cd: ArgoCdSpec) -> None:
        super().__init__(scope, id_, config=config, key=argo_cd.cluster, floor=None)
        for key in config.regions:
            cluster = DataGoogleContainerCluster(
                self,
                f"found-{key}",
                provider=self.google,
                project=config.project,
                name=self.names.cluster(key),
                location=self.names.cluster_location(key),
            )
            ArgoCdCluster(
                self,
                f"cluster-{key}",
                kubernetes=self.kubernetes,
                namespace=argo_cd.namespace,
                name=self.names.cluster(key),
                endpoint=cluster.control_plane_endpoints_config.get(0).dns_endpoint_config.get(0).endpoint,
                labels={PLATFORM_LABEL: config.name, CLUSTER_LABEL: self.names.cluster(key)},
            )
