"""A stack whose objects are in one cluster, reached by its DNS endpoint."""

from functools import cached_property
from typing import Any

from cdktf_cdktf_provider_google.data_google_client_config import DataGoogleClientConfig
from cdktf_cdktf_provider_google.data_google_container_cluster import DataGoogleContainerCluster
from cdktf_cdktf_provider_helm.provider import HelmProvider
from cdktf_cdktf_provider_kubernetes.provider import KubernetesProvider, KubernetesProviderExec
from constructs import Construct

from constructs_lib.fixed_value import FixedValue
from stacks.base import BaseStack
from stacks.config import Config

EXEC_API_VERSION = "client.authentication.k8s.io/v1beta1"
EXEC_COMMAND = "gke-gcloud-auth-plugin"


class ClusterStack(BaseStack):
    """
    The cluster is looked up by name, so that this stack needs no other stack's state.

    Args:
        key: Key of the region whose cluster it is.
        moved: Where a setting chooses the cluster: what is said when it chooses another than the one that this stack's
            objects are in, `{was}`. The plan is refused, and a destroy goes to where they are.
    """

    def __init__(self, scope: Construct, id_: str, *, config: Config, key: str, moved: str | None = None) -> None:
        super().__init__(scope, id_, config=config)
        self.key = key
        self._moved = moved

    @cached_property
    def kubernetes(self) -> KubernetesProvider:
        """The provider of the cluster's objects."""
        self.pin("kubernetes")
        access = self._access | ({"exec": [KubernetesProviderExec(**self._exec)]} if self._exec else {})
        return KubernetesProvider(self, "kubernetes", **access)

    @cached_property
    def helm(self) -> HelmProvider:
        """The provider of the one upstream chart."""
        self.pin("helm")
        access = self._access | ({"exec": self._exec} if self._exec else {})
        return HelmProvider(self, "helm", kubernetes=access)

    @cached_property
    def _access(self) -> dict[str, Any]:
        """The DNS endpoint has a public certificate: a cluster CA beside it would be refused."""
        cluster = DataGoogleContainerCluster(
            self,
            "cluster",
            provider=self.google,
            project=self.config.project,
            name=self.names.cluster(self.key),
            location=self.names.cluster_location(self.key),
        )
        endpoint = cluster.control_plane_endpoints_config.get(0).dns_endpoint_config.get(0).endpoint
        if self._moved is not None:
            endpoint = self._home(endpoint, self._moved)
        access = {"host": f"https://{endpoint}"}
        if self.config.kubernetes_auth == "token":
            access["token"] = DataGoogleClientConfig(self, "caller", provider=self.google).access_token
        return access

    def _home(self, endpoint: str, moved: str) -> str:
        """The endpoint of the cluster that this stack's objects are in, which is *endpoint* until the config moves."""
        home = FixedValue(
            self, "home", value=self.names.cluster(self.key), refusal=moved, remember={"endpoint": endpoint}
        )
        return home.remembered("endpoint", now=endpoint)

    @property
    def _exec(self) -> dict[str, Any]:
        if self.config.kubernetes_auth == "token":
            return {}
        return {"api_version": EXEC_API_VERSION, "command": EXEC_COMMAND}
