"""The weights, downloaded once, by one cluster, while the fleet is still forming."""

from cdktf import ITerraformDependable
from cdktf_cdktf_provider_google.data_google_project import DataGoogleProject
from cdktf_cdktf_provider_kubernetes.service_account_v1 import ServiceAccountV1
from constructs import Construct

from constructs_lib.vllm_arguments import weights_format
from constructs_lib.weights_download import WeightsDownload
from constructs_lib.workload_identity import WorkloadIdentity
from platform_config.config import Config
from platform_config.names import DOWNLOADER_ACCOUNT
from platform_config.plan_refusals import explain_moved_download
from stacks.cluster_access import ClusterStack


class WorkloadWeightsStack(ClusterStack):
    """
    The writer's account, its grants on the bucket and on the token's secret, and the download Job.

    It needs its own cluster only. The Job runs again when model, revision or script change, and not otherwise.
    """

    def __init__(self, scope: Construct, id_: str, *, config: Config) -> None:
        super().__init__(
            scope, id_, config=config, key=config.download_region, floor=None, moved=explain_moved_download(config)
        )
        account = ServiceAccountV1(
            self,
            "account",
            provider=self.kubernetes,
            metadata={"name": DOWNLOADER_ACCOUNT, "namespace": config.namespace},
            automount_service_account_token=False,
        )
        project = DataGoogleProject(self, "project", provider=self.google, project_id=config.project)
        writer = WorkloadIdentity(
            self,
            "writer",
            google=self.google,
            project=config.project,
            project_number=project.number,
            namespace=config.namespace,
            service_account=DOWNLOADER_ACCOUNT,
        )
        grants: list[ITerraformDependable] = [writer.grant_write(self.names.bucket)]
        token = config.model.hugging_face_token
        if token.secret_manager:
            grants.append(writer.grant_secret(token.secret_manager))
        WeightsDownload(
            self,
            "download",
            kubernetes=self.kubernetes,
            project=config.project,
            namespace=config.namespace,
            service_account=DOWNLOADER_ACCOUNT,
            bucket=self.names.bucket,
            model=config.model,
            weights=weights_format(config.model_server.extra_args),
            after=[account, *grants],
        )
