"""The fleet of all clusters, its features, and what the workloads of all clusters may read."""

from cdktf import TerraformOutput
from cdktf_cdktf_provider_google.data_google_project import DataGoogleProject
from cdktf_cdktf_provider_google_beta.provider import GoogleBetaProvider
from constructs import Construct

from constructs_lib.fixed_value import FixedValue
from constructs_lib.fleet import Fleet, FleetMember
from constructs_lib.manifests.metrics_adapter import ACCOUNT as ADAPTER_ACCOUNT
from constructs_lib.manifests.metrics_adapter import NAMESPACE as ADAPTER_NAMESPACE
from constructs_lib.workload_identity import WorkloadIdentity
from platform_config.config import Config
from platform_config.model import Model, models_of
from platform_config.plan_refusals import CONFIG_CLUSTER, explain_moved_config_cluster
from platform_config.requirements import needs_adapter
from stacks.base import BaseStack


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


class InfraFleetStack(BaseStack):
    """
    The fleet with all clusters, and the roles of their workloads; on destroy the features go before the clusters.

    Outputs: the membership that is the config cluster.
    """

    def __init__(self, scope: Construct, id_: str, *, config: Config) -> None:
        super().__init__(scope, id_, config=config)
        self.pin("google-beta")
        Fleet(
            self,
            "fleet",
            google=self.google,
            # The service agent's identity is the one resource here that google itself does not have.
            google_beta=GoogleBetaProvider(
                self, "google-beta", project=config.project, universe_domain=self.universe_domain
            ),
            time=self.time,
            project=config.project,
            members={
                key: FleetMember(cluster=self.names.cluster(key), location=self.names.cluster_location(key))
                for key in config.regions
            },
            config_member=config.config_region,
            service_discovery=config.service_discovery,
        )
        FixedValue(
            self,
            CONFIG_CLUSTER,
            value=self.names.cluster(config.config_region),
            refusal=explain_moved_config_cluster(config),
        )

        project = DataGoogleProject(self, "project", provider=self.google, project_id=config.project)
        readers = bucket_readers(config)
        for model in models_of(config):
            self._add_server_identity(model, project, reads_bucket=model.key in readers)
        if needs_adapter(config):
            adapter = self._identity("metrics-adapter", project, ADAPTER_NAMESPACE, ADAPTER_ACCOUNT)
            adapter.grant_monitoring()
        TerraformOutput(
            self,
            "config_membership",
            value=self.names.membership(config.config_region),
            description="Membership of the cluster that holds the gateway's objects.",
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
