"""The clusters of the platform in Argo CD, and Argo CD in the clusters."""

from __future__ import annotations

from cdktf_cdktf_provider_google.data_google_container_cluster import DataGoogleContainerCluster
from cdktf_cdktf_provider_kubernetes.cluster_role_binding_v1 import ClusterRoleBindingV1
from constructs import Construct

from constructs_lib.argo_cd_cluster import ArgoCdCluster
from constructs_lib.specs import ArgoCdSpec
from constructs_lib.specs.gitops import CLUSTER_LABEL, PLATFORM_LABEL
from platform_config.config import Config

from .cluster_access import ClusterStack

APPLIER_ROLE = "cluster-admin"
"""Argo CD watches all kinds, and makes roles of charts, which only somebody who has all of their rights may."""


def let_argo_cd_apply(stack: ClusterStack) -> None:
    """Let Argo CD write to the cluster of *stack*: in the project it may write to none."""
    ClusterRoleBindingV1(
        stack,
        "argo-cd",
        provider=stack.kubernetes,
        metadata={"name": stack.names.argo_cd_service_account},
        role_ref={"api_group": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": APPLIER_ROLE},
        subject=[
            {
                "api_group": "rbac.authorization.k8s.io",
                "kind": "User",
                "name": stack.names.argo_cd_service_account_email,
            }
        ],
    )


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
