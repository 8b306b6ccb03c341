"""A stack whose objects are in one cluster, reached by its DNS endpoint."""

from functools import cached_property
from typing import Any

from cdktf_cdktf_provider_google.data_google_client_config import DataGoogleClientConfig
from cdktf_cdktf_provider_google.data_google_container_cluster import DataGoogleContainerCluster
from cdktf_cdktf_provider_helm.provider import HelmProvider
from cdktf_cdktf_provider_kubernetes.provider import KubernetesProvider, KubernetesProviderExec
from constructs import Construct

from constructs_lib.cluster_version import reaches_floor
from constructs_lib.fixed_value import FixedValue
from platform_config.config import Config
from platform_config.stack_graph import cluster_stack

from .base import BaseStack

EXEC_API_VERSION = "client.authentication.k8s.io/v1beta1"
EXEC_COMMAND = "gke-gcloud-auth-plugin"
EPHEMERAL_TERRAFORM_VERSION = ">= 1.10.0"
"""The first Terraform with `ephemeral` blocks. OpenTofu has them from 1.11 on."""


class ClusterStack(BaseStack):
    """
    A stack with providers of one cluster, which it looks up by name: it needs no other stack's state.

    Args:
        key: Key of the region whose cluster it is.
        floor: Lowest GKE version that has what this stack's objects need; None where they need none.
        moved: Where a setting chooses the cluster: what is said when it chooses another than the one that this stack's
            objects are in, `{was}`. The plan is refused, and a destroy goes to where they are.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        config: Config,
        key: str,
        floor: str | None,
        moved: str | None = None,
    ) -> None:
        super().__init__(scope, id_, config=config)
        self.key = key
        self._floor = floor
        self._moved = moved
        if config.kubernetes_auth == "ephemeral":
            self.need_terraform(EPHEMERAL_TERRAFORM_VERSION)

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
            lifecycle=self._version_check(),
        )
        endpoint = cluster.control_plane_endpoints_config.get(0).dns_endpoint_config.get(0).endpoint
        if self._moved is not None:
            endpoint = self._home(endpoint, self._moved)
        access = {"host": f"https://{endpoint}"}
        if self.config.kubernetes_auth == "token":
            access["token"] = DataGoogleClientConfig(self, "caller", provider=self.google).access_token
        if self.config.kubernetes_auth == "ephemeral":
            # The bindings have no class for it: cdktf 0.21 is older than such blocks.
            self.add_override("ephemeral.google_client_config.caller", {"provider": self.google.fqn})
            access["token"] = "${ephemeral.google_client_config.caller.access_token}"
        return access

    def _version_check(self) -> dict[str, Any] | None:
        if self._floor is None:
            return None
        fix = f"apply {cluster_stack(self.key)} before this stack: it upgrades the cluster, or says how to"
        return reaches_floor(self.names.cluster(self.key), self._floor, fix=fix)

    def _home(self, endpoint: str, moved: str) -> str:
        """Return the endpoint of the cluster that holds this stack's objects: *endpoint* until the config moves."""
        home = FixedValue(
            self, "home", value=self.names.cluster(self.key), refusal=moved, remember={"endpoint": endpoint}
        )
        return home.remembered("endpoint", now=endpoint)

    @property
    def _exec(self) -> dict[str, Any]:
        if self.config.kubernetes_auth != "exec":
            return {}
        return {"api_version": EXEC_API_VERSION, "command": EXEC_COMMAND}
