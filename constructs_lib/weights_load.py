"""The Cloud Run jobs that download a model's weights into the bucket, once, without a cluster."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import resources
from typing import Any

from cdktf import ITerraformDependable, TerraformResourceLifecycle
from cdktf_cdktf_provider_google.cloud_run_v2_job import (
    CloudRunV2Job,
    CloudRunV2JobTemplateTemplateContainers,
    CloudRunV2JobTemplateTemplateContainersVolumeMounts,
)
from cdktf_cdktf_provider_google.data_google_storage_bucket_objects import DataGoogleStorageBucketObjects
from cdktf_cdktf_provider_google.provider import GoogleProvider
from cdktf_cdktf_provider_google.secret_manager_secret_iam_member import SecretManagerSecretIamMember
from cdktf_cdktf_provider_google.service_account import ServiceAccount
from cdktf_cdktf_provider_google.storage_bucket_iam_member import StorageBucketIamMember
from cdktf_cdktf_provider_time.provider import TimeProvider
from cdktf_cdktf_provider_time.sleep import Sleep
from constructs import Construct

from constructs_lib.data.download_weights import MARKER
from constructs_lib.google_names import report_wrong, wrong_account
from constructs_lib.kubernetes_object import escape_templates
from constructs_lib.manifests._objects import named_by_content
from constructs_lib.manifests.weights import IMAGE, TOKEN_FILE
from constructs_lib.postconditions import refuse_unless
from constructs_lib.specs import Snapshot, UniverseSpec, WeightsSpec
from constructs_lib.specs.limits import refuse
from constructs_lib.specs.mounts import MODELS
from constructs_lib.universe import PUBLIC
from constructs_lib.vllm_arguments import WeightsFormat

RUN_TOKEN_PROVIDER = ">= 7.42.0, < 8.0.0"
"""The google providers that run a job when it is made and wait for its end. Source:
hashicorp/terraform-provider-google, CHANGELOG, 7.42.0."""
RUN_TOKEN = "run"
"""What the execution's name ends with. It never changes: another content is another job."""
GRANT_SEC = 120
"""A grant takes two minutes, seldom seven and more. Source: Google, "Access change propagation"."""
SECRETS = "/secrets/hugging-face"
LIMITS = {"cpu": "4", "memory": "2Gi"}
"""One core for each of the four files that are read, checked and written at once, and the least memory that four take.
Source: Google, "Configure CPU limits for jobs"."""
RETRIES = 3


def program(name: str) -> str:
    """Read the program *name* of `constructs_lib.data`; each fits an environment variable, of 32 KiB at most."""
    return resources.files("constructs_lib").joinpath(f"data/{name}.py").read_text(encoding="utf-8")


class WeightsLoad(Construct):
    """
    A Cloud Run job for each repository of a model: it runs as soon as it is made, and an apply waits for its end.

    Its name holds a hash of what it is, so another revision, token or program is another job, which runs; none is ever
    changed in place. A run that fails fails the apply, and the next apply makes the job anew: files that are there
    already stay. Independently of that, what comes after `done` is refused until the bucket holds the mark of each
    repository, which is written last.

    The token is a file in the container, from Secret Manager; it is in no plan, state or log. Needs a google provider
    of `RUN_TOKEN_PROVIDER`. Sources: Google, Cloud Run Admin API v2, Job.runExecutionToken; provider google 7.45.0,
    resource_cloud_run_v2_job.go.

    Args:
        google: Provider of the project.
        time: Provider of the wait for new grants.
        project: Project ID, of the job and of the token's secret.
        region: Region of the job.
        name: Account ID of its service account, and how the names of its jobs begin: 6 to 30 characters.
        bucket: Bucket that it writes.
        weights: What to download.
        form: Which files of the weights are taken. Default: the one set of weights that vLLM and SGLang read.
        labels: Labels of the jobs.
        universe: The universe of the project. Default: the public cloud.
        after: What must have ended first: jobs that write a folder of the weights too.

    Raises:
        ValueError: IAM takes no such account ID, or the token is no secret of Secret Manager.

    Attributes:
        email: E-mail address of the service account (known after apply).
        done: The mark of each repository, by its folder: for what needs all of it (known at synth).
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        google: GoogleProvider,
        time: TimeProvider,
        project: str,
        region: str,
        name: str,
        bucket: str,
        weights: WeightsSpec,
        form: WeightsFormat = "auto",
        labels: Mapping[str, str] | None = None,
        universe: UniverseSpec = PUBLIC,
        after: Sequence[ITerraformDependable] = (),
    ) -> None:
        token = weights.hugging_face_token
        must = "be in Secret Manager: Cloud Run sees no Secret of a cluster"
        wrong = must if token is not None and token.secret_manager is None else ""
        refuse(
            [*report_wrong("name", name, wrong_account(name)), *report_wrong("hugging_face_token", "a Secret", wrong)]
        )
        super().__init__(scope, id_)
        self._google, self._project, self._region, self._name = google, project, region, name
        self._bucket, self._labels, self._universe = bucket, dict(labels or {}), universe
        self._minutes = weights.download_timeout_minutes
        self._secret = token.secret_manager if token else None
        account = ServiceAccount(
            self,
            "account",
            provider=google,
            project=project,
            account_id=name,
            display_name="Downloads weights into their bucket",
        )
        self.email = account.email
        granted = self._grant(account.member, time)
        self.done: dict[str, ITerraformDependable] = {}
        for snapshot in weights.snapshots:
            # Two jobs that write one folder at once would write over each other.
            same = [self.done[snapshot.directory]] if snapshot.directory in self.done else []
            self.done[snapshot.directory] = self._add_job(snapshot, snapshot.kind or form, [granted, *after, *same])

    def _grant(self, member: str, time: TimeProvider) -> ITerraformDependable:
        """Let the account write the bucket and read the token; what follows comes when both are in force."""
        grants: list[ITerraformDependable] = [
            StorageBucketIamMember(
                self,
                "write",
                provider=self._google,
                bucket=self._bucket,
                role="roles/storage.objectUser",
                member=member,
            )
        ]
        if self._secret:
            grants.append(
                SecretManagerSecretIamMember(
                    self,
                    "secret",
                    provider=self._google,
                    project=self._project,
                    secret_id=self._secret,
                    role="roles/secretmanager.secretAccessor",
                    member=member,
                )
            )
        waited_for = {"bucket": self._bucket, **({"secret": self._secret} if self._secret else {})}
        return Sleep(
            self, "granted", provider=time, create_duration=f"{GRANT_SEC}s", triggers=waited_for, depends_on=grants
        )

    def _add_job(
        self, snapshot: Snapshot, kind: str, after: Sequence[ITerraformDependable]
    ) -> DataGoogleStorageBucketObjects:
        key = snapshot.name or "weights"
        task = escape_templates(self._task(snapshot, kind))
        name = named_by_content(self._name, [task, self._labels])
        bound = f"{self._minutes + 1}m"
        job = CloudRunV2Job(
            self,
            f"job-{key}",
            provider=self._google,
            project=self._project,
            location=self._region,
            name=name,
            # It holds nothing: what it has downloaded is in the bucket.
            deletion_protection=False,
            template={"task_count": 1, "parallelism": 1, "template": {**_typed(task), "service_account": self.email}},
            timeouts={"create": bound, "update": bound, "delete": "10m"},
            # Google forgets the token when somebody runs the job by hand (GoogleCloudPlatform/magic-modules#19060).
            lifecycle=TerraformResourceLifecycle(ignore_changes=["run_execution_token"]),
            depends_on=list(after),
        )
        # The bindings are of provider 6.50, which does not know it.
        job.add_override("run_execution_token", RUN_TOKEN)
        mark = f"{snapshot.directory}/{MARKER}"
        again = f"terraform apply -replace=google_cloud_run_v2_job.{job.friendly_unique_id}"
        whole = {
            f'contains(self.bucket_objects[*].name, "{mark}")': f"{snapshot.repository} is not complete: bucket "
            f"{self._bucket} has no {mark}. The log of the Cloud Run job {name} says why; to run it again: {again}"
        }
        return DataGoogleStorageBucketObjects(
            self,
            f"mark-{key}",
            provider=self._google,
            bucket=self._bucket,
            prefix=mark,
            depends_on=[job],
            lifecycle=refuse_unless(whole),
        )

    def _task(self, snapshot: Snapshot, kind: str) -> dict[str, Any]:
        """Return the task without its account, whose address is known after apply."""
        env = {
            "MODEL_REPOSITORY": snapshot.repository,
            "MODEL_REVISION": snapshot.revision,
            "TARGET_DIRECTORY": snapshot.path.removeprefix(f"{MODELS}/"),
            "BUCKET": self._bucket,
            "STORAGE_ENDPOINT": f"https://{self._universe.api_endpoint('storage')}",
            "WEIGHTS": kind,
            "PYTHONUNBUFFERED": "1",
            "DOWNLOAD_WEIGHTS": program("download_weights"),
            "UPLOAD_WEIGHTS": program("upload_weights"),
            **({"FILES": "\n".join(snapshot.files)} if snapshot.files else {}),
            **({"HF_TOKEN_FILE": f"{SECRETS}/{TOKEN_FILE}"} if self._secret else {}),
        }
        mounts = {"volume_mounts": [{"name": "token", "mount_path": SECRETS}]} if self._secret else {}
        token = {"secret": self._secret, "items": [{"path": TOKEN_FILE, "version": "latest"}]}
        return {
            "max_retries": RETRIES,
            "timeout": f"{self._minutes * 60}s",
            "execution_environment": "EXECUTION_ENVIRONMENT_GEN2",
            "containers": [
                {
                    "image": IMAGE,
                    "command": ["python3"],
                    "args": ["-c", program("run_programs")],
                    "env": [{"name": key, "value": value} for key, value in sorted(env.items())],
                    "resources": {"limits": LIMITS},
                    **mounts,
                }
            ],
            **({"volumes": [{"name": "token", "secret": token}]} if self._secret else {}),
        }


def _typed(task: dict[str, Any]) -> dict[str, Any]:
    """Return *task* for the binding: of a list of dicts cdktf 0.21 loses what has more than one word."""
    [container] = task["containers"]
    mounts = [
        CloudRunV2JobTemplateTemplateContainersVolumeMounts(**mount) for mount in container.get("volume_mounts", ())
    ]
    mounted = {**container, "volume_mounts": mounts} if mounts else container
    return {**task, "containers": [CloudRunV2JobTemplateTemplateContainers(**mounted)]}
