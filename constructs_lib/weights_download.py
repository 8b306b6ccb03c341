"""The Job that downloads a model's weights into the bucket, once."""

from __future__ import annotations

from collections.abc import Sequence

from cdktf import ITerraformDependable
from cdktf_cdktf_provider_kubernetes.provider import KubernetesProvider
from constructs import Construct

from constructs_lib.bounded_job import BoundedJob
from constructs_lib.hugging_face_token import HuggingFaceToken
from constructs_lib.manifests.weights import FINAL_EXIT_CODE, download_pod
from constructs_lib.specs import WeightsSpec
from constructs_lib.vllm_arguments import WeightsFormat


class WeightsDownload(Construct):
    """
    A Job that downloads a model's repositories through Cloud Storage FUSE.

    It runs again when one of them, the place of its token or its program changes.

    The token, if there is one, is a file in the pod, from Secret Manager or from a Secret of the namespace. It is in no
    plan or state.
    Grants that are not in force yet need no wait here: the kubelet mounts bucket and token again until it may.

    Args:
        kubernetes: Provider of the cluster.
        name: Name of the Job.
        project: Project that has the token's secret.
        namespace: Namespace of the Job.
        service_account: Kubernetes service account that may write the bucket.
        bucket: Bucket name.
        weights: What to download.
        form: Which files of the weights are taken. Default: the one set of weights that vLLM and SGLang read.
        autopilot: Whether the cluster is an Autopilot one, whose admission changes what pods ask for.
        after: What must exist first: the account and its grants.

    Attributes:
        name: Name of the Job (known at synth).
        namespace: Namespace of the Job (known at synth).
        done: The Job, for what comes after it (known at synth).
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        kubernetes: KubernetesProvider,
        name: str,
        project: str,
        namespace: str,
        service_account: str,
        bucket: str,
        weights: WeightsSpec,
        form: WeightsFormat = "auto",
        autopilot: bool = False,
        after: Sequence[ITerraformDependable] = (),
    ) -> None:
        super().__init__(scope, id_)
        token = (
            HuggingFaceToken(
                self,
                "token",
                kubernetes=kubernetes,
                project=project,
                namespace=namespace,
                service_account=service_account,
                spec=weights.hugging_face_token,
            )
            if weights.hugging_face_token
            else None
        )
        pod = download_pod(
            weights=weights,
            bucket=bucket,
            service_account=service_account,
            token=token.source if token else None,
            form=form,
        )
        job = BoundedJob(
            self,
            "job",
            kubernetes=kubernetes,
            name=name,
            namespace=namespace,
            template=pod,
            deadline_sec=weights.download_timeout_minutes * 60,
            final_exit_code=FINAL_EXIT_CODE,
            autopilot=autopilot,
            after=[*after, *(token.ready if token else ())],
        )
        self.name = job.name
        self.namespace = namespace
        self.done: ITerraformDependable = job.job
