"""The Job that downloads a model's weights into the bucket, once."""

from __future__ import annotations

from collections.abc import Sequence

from cdktf import ITerraformDependable
from cdktf_cdktf_provider_kubernetes.provider import KubernetesProvider
from constructs import Construct

from constructs_lib.bounded_job import BoundedJob
from constructs_lib.kubernetes_object import KubernetesObject
from constructs_lib.manifests.secrets import secret_provider_class
from constructs_lib.manifests.weights import FINAL_EXIT_CODE, TOKEN_FILE, download_pod
from constructs_lib.specs import KubernetesSecretSpec, ModelSpec


class WeightsDownload(Construct):
    """
    Downloads one revision through Cloud Storage FUSE. It runs again when model, revision or program change.

    The token is a file in the pod, from Secret Manager or from a Secret of the namespace. It is in no plan or state.
    Grants that are not in force yet need no wait here: the kubelet mounts bucket and token again until it may.

    Args:
        kubernetes: Provider of the cluster.
        project: Project that has the token's secret.
        namespace: Namespace of the Job.
        service_account: Kubernetes service account that may write the bucket.
        bucket: Bucket name.
        model: What to download.
        after: The account and its grants.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        kubernetes: KubernetesProvider,
        project: str,
        namespace: str,
        service_account: str,
        bucket: str,
        model: ModelSpec,
        after: Sequence[ITerraformDependable] = (),
    ) -> None:
        super().__init__(scope, id_)
        needed = list(after)
        token: KubernetesSecretSpec | str | None = model.hugging_face_token.kubernetes_secret
        if model.hugging_face_token.secret_manager:
            token = f"{service_account}-token"
            provider_class = secret_provider_class(
                name=token,
                namespace=namespace,
                project=project,
                secret=model.hugging_face_token.secret_manager,
                path=TOKEN_FILE,
            )
            needed.append(KubernetesObject(self, "token", kubernetes=kubernetes, manifest=provider_class))
        assert token is not None  # the spec holds exactly one of the two
        pod = download_pod(model=model, bucket=bucket, service_account=service_account, token=token)
        BoundedJob(
            self,
            "job",
            kubernetes=kubernetes,
            name="weights-download",
            namespace=namespace,
            template=pod.template(),
            deadline_sec=model.download_timeout_minutes * 60,
            final_exit_code=FINAL_EXIT_CODE,
            after=needed,
        )
