"""What models download, once, by one cluster, while the fleet is still forming."""

from cdktf import ITerraformDependable
from cdktf_cdktf_provider_google.data_google_project import DataGoogleProject
from cdktf_cdktf_provider_kubernetes.service_account_v1 import ServiceAccountV1
from constructs import Construct

from constructs_lib.manifests.weights import download_form
from constructs_lib.specs import WeightsSpec
from constructs_lib.weights_download import WeightsDownload
from constructs_lib.workload_identity import WorkloadIdentity
from platform_config.config import Config
from platform_config.model import Model, models_of
from platform_config.plan_refusals import explain_moved_download

from .cluster_access import ClusterStack


class WorkloadWeightsStack(ClusterStack):
    """
    For each model whose weights a cluster downloads into the bucket: the writer's account, its grants, and the Job.

    It needs its own cluster only. A Job runs again when what it downloads, the place of its token or its program
    changes, and not otherwise.
    """

    def __init__(self, scope: Construct, id_: str, *, config: Config) -> None:
        super().__init__(
            scope, id_, config=config, key=config.download_region, floor=None, moved=explain_moved_download(config)
        )
        project = DataGoogleProject(self, "project", provider=self.google, project_id=config.project)
        # Also where nothing is left to download: without its provider Terraform cannot delete what is in the state.
        self._cluster = self.kubernetes
        self._writers: dict[str, ITerraformDependable] = {}
        for model in models_of(config):
            if model.weights and model.weights.reads_bucket and not model.weights.in_cloud_run:
                self._add_download(model, model.weights, project)

    def _add_download(self, model: Model, weights: WeightsSpec, project: DataGoogleProject) -> None:
        config, account = self.config, self.names.downloader(model.key)
        made = ServiceAccountV1(
            self,
            f"account-{model.key}",
            provider=self._cluster,
            metadata={"name": account, "namespace": config.namespace},
            automount_service_account_token=False,
        )
        writer = WorkloadIdentity(
            self,
            f"writer-{model.key}",
            google=self.google,
            project=config.project,
            project_number=project.number,
            namespace=config.namespace,
            service_account=account,
            universe=config.universe,
        )
        grants: list[ITerraformDependable] = [writer.grant_write(self.names.bucket)]
        token = weights.hugging_face_token
        if token and token.secret_manager:
            grants.append(writer.grant_secret(token.secret_manager))
        download = WeightsDownload(
            self,
            f"download-{model.key}",
            kubernetes=self._cluster,
            name=account,
            project=config.project,
            namespace=config.namespace,
            service_account=account,
            bucket=self.names.bucket,
            weights=weights,
            form=download_form(model.server),
            autopilot=config.cluster.autopilot,
            after=[made, *grants, *self._others(weights)],
        )
        self._writers.update({snapshot.directory: download.done for snapshot in weights.snapshots})

    def _others(self, weights: WeightsSpec) -> list[ITerraformDependable]:
        """Return the Jobs that write a folder of *weights* too: two that run at once would write over each other."""
        folders = (snapshot.directory for snapshot in weights.snapshots)
        return list(dict.fromkeys(self._writers[folder] for folder in folders if folder in self._writers))
