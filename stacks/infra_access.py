"""What the workloads of all clusters may do in Google Cloud."""

from cdktf_cdktf_provider_google.data_google_project import DataGoogleProject
from constructs import Construct

from constructs_lib.apigee_access import ApigeeAccess
from constructs_lib.argo_cd_access import ArgoCdAccess
from constructs_lib.external_dns import NAME as EXTERNAL_DNS_ACCOUNT
from constructs_lib.external_dns import NAMESPACE as EXTERNAL_DNS_NAMESPACE
from constructs_lib.fixed_value import FixedValue
from constructs_lib.manifests.metrics_adapter import ACCOUNT as ADAPTER_ACCOUNT
from constructs_lib.manifests.metrics_adapter import NAMESPACE as ADAPTER_NAMESPACE
from constructs_lib.model_armor import ServiceExtensionsAgent, agent_role_addresses
from constructs_lib.workload_identity import WorkloadIdentity
from platform_config.config import Config
from platform_config.model import Model, models_of
from platform_config.plan_refusals import SCREENING, explain_removed_screening
from platform_config.requirements import needs_adapter

from .base import BaseStack

EXTENSIONS_AGENT = "extensions-agent"
"""Construct id of the agent in whose name gateways call Model Armor."""


def server_identity(model: str) -> str:
    """Return the construct id of the identity that the servers of *model* have in Google Cloud."""
    return f"{model}-server"


def bucket_readers(config: Config) -> list[str]:
    """
    Return the models whose servers may read the platform's bucket, as long as there is one.

    Servers that change to another source read it until they have changed, so the source does not matter.
    """
    models = models_of(config) if config.bucket is not None else ()
    return [model.key for model in models if model.weights and (model.weights.snapshots or model.weights.bucket_path)]


class InfraAccessStack(BaseStack):
    """The roles of the workloads of all clusters. They come after the first cluster, which makes their identities."""

    def __init__(self, scope: Construct, id_: str, *, config: Config) -> None:
        super().__init__(scope, id_, config=config)
        project = DataGoogleProject(self, "project", provider=self.google, project_id=config.project)
        readers = bucket_readers(config)
        for model in models_of(config):
            self._add_server_identity(model, project, reads_bucket=model.key in readers)
        if needs_adapter(config):
            adapter = self._identity("metrics-adapter", project, ADAPTER_NAMESPACE, ADAPTER_ACCOUNT)
            adapter.grant_monitoring()
        if config.gitops is not None and config.gitops.argo_cd is not None:
            ArgoCdAccess(
                self,
                "argo-cd",
                google=self.google,
                project=config.project,
                account_id=self.names.argo_cd_service_account,
                workload_pool=self.names.workload_pool,
                namespace=config.gitops.argo_cd.namespace,
            )
        if config.external_dns is not None:
            names = self._identity("external-dns", project, EXTERNAL_DNS_NAMESPACE, EXTERNAL_DNS_ACCOUNT)
            names.grant_dns(self.names.external_dns_zone)
        if config.is_regional:
            self._add_screening(project)
        if config.gateway.apigee is not None:
            ApigeeAccess(
                self,
                "apigee",
                google=self.google,
                project=config.project,
                account_id=self.names.apigee_service_account,
                workload_pool=self.names.workload_pool,
            )

    def _add_screening(self, project: DataGoogleProject) -> None:
        """Let gateways call Model Armor. The roles are removed once no gateway did so at the apply before."""
        armor = self.config.gateway.model_armor
        # Of another universe, or of an old version, they could not delete what an earlier apply has made.
        _ = self.google_beta, self.time
        if armor is not None and armor.grant_roles:
            ServiceExtensionsAgent(
                self,
                EXTENSIONS_AGENT,
                google=self.google,
                google_beta=self.google_beta,
                time=self.time,
                project=self.config.project,
                project_number=project.number,
                universe=self.config.universe,
            )
        elif armor is not None:
            self.forget(agent_role_addresses(EXTENSIONS_AGENT))  # Others may use them.
        FixedValue(
            self,
            SCREENING,
            value="Model Armor" if armor is not None and armor.enabled else "",
            refusal=explain_removed_screening(self.config),
            fixed=armor is None,
        )

    def _add_server_identity(self, model: Model, project: DataGoogleProject, *, reads_bucket: bool) -> None:
        """
        Let the servers of *model* read the buckets with their weights, and the token where they download.

        Of a bucket that is somebody else's, the grant alone is in the state: a destroy takes nothing more.
        """
        account = self.names.model_server(model.key)
        server = self._identity(server_identity(model.key), project, self.config.namespace, account)
        weights = model.weights
        if reads_bucket:
            server.grant_read(self.names.bucket)
        for bucket in weights.own_buckets if weights else ():
            server.grant_read(bucket, id_=f"read-{bucket.replace('.', '-')}")
        token = weights.hugging_face_token if weights and weights.from_hugging_face else None
        if token and token.secret_manager:
            server.grant_secret(token.secret_manager)

    def _identity(self, id_: str, project: DataGoogleProject, namespace: str, account: str) -> WorkloadIdentity:
        return WorkloadIdentity(
            self,
            id_,
            google=self.google,
            project=self.config.project,
            project_number=project.number,
            namespace=namespace,
            service_account=account,
            universe=self.config.universe,
        )
