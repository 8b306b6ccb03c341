"""The download: when it runs, under which account, where its token is."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from cdktf_cdktf_provider_kubernetes.provider import KubernetesProvider
from cdktf_cdktf_provider_kubernetes.service_account_v1 import ServiceAccountV1

from constructs_lib.specs import HuggingFaceTokenSpec, KubernetesSecretSpec, RepositorySpec, WeightsSpec
from constructs_lib.weights_download import WeightsDownload
from tests.conftest import Synth
from tests.synthesized import Block, Synthesized

GATED = WeightsSpec(
    repository="google/gemma-3-27b-it",
    revision="005ad3404e59d6023443cb575daa05336842228a",
    hugging_face_token=HuggingFaceTokenSpec(secret_manager="hugging-face-token"),
)
IN_KUBERNETES = replace(
    GATED, hugging_face_token=HuggingFaceTokenSpec(kubernetes_secret=KubernetesSecretSpec(name="hf", key="my-token"))
)


def build(weights: WeightsSpec = GATED, bucket: str = "my-weights") -> Callable[[Any], None]:
    """Build a download in a bare stack, after its account."""

    def made(stack: Any) -> None:
        kubernetes = KubernetesProvider(stack, "kubernetes")
        account = ServiceAccountV1(stack, "account", provider=kubernetes, metadata={"name": "downloader"})
        WeightsDownload(
            stack, "download", kubernetes=kubernetes, name="gemma-download", project="my-project",
            namespace="inference", service_account="downloader", bucket=bucket, weights=weights, after=[account],
        )  # fmt: skip

    return made


def pod(app: Synthesized) -> Block:
    """Return the pod spec of the Job."""
    spec: Block = app.one("kubernetes_job_v1")["spec"]["template"]["spec"]
    return spec


def test_the_token_is_mounted_from_secret_manager(synth: Synth) -> None:
    """By name, in the project, as a file that only this pod has; nothing is copied into the cluster."""
    app = synth(build())
    provider_class = app.object("SecretProviderClass")
    [volume] = [volume for volume in pod(app)["volume"] if volume["name"] == "token"]

    assert provider_class["metadata"] == {"name": "downloader-token", "namespace": "inference"}
    assert "projects/my-project/secrets/hugging-face-token/versions/latest" in json.dumps(provider_class["spec"])
    assert volume["csi"]["volume_attributes"] == {"secretProviderClass": "downloader-token"}
    assert volume["csi"]["read_only"] is True


def test_the_token_may_be_in_a_secret_of_somebody_else(synth: Synth) -> None:
    """Then no object is made for it."""
    app = synth(build(IN_KUBERNETES))
    [volume] = [volume for volume in pod(app)["volume"] if volume["name"] == "token"]

    assert app.all("kubernetes_manifest") == []
    assert volume["secret"]["secret_name"] == "hf"
    assert volume["secret"]["items"] == [{"key": "my-token", "path": "token"}]


@pytest.mark.parametrize("weights", [GATED, IN_KUBERNETES])
def test_the_token_is_read_from_a_file_and_is_in_no_environment(synth: Synth, weights: WeightsSpec) -> None:
    """The environment names the file in the mounted volume; no Secret is made."""
    app = synth(build(weights))
    [container] = pod(app)["container"]
    env = {entry["name"]: entry["value"] for entry in container["env"]}
    [mount] = [mount for mount in container["volume_mount"] if mount["name"] == "token"]

    assert env["HF_TOKEN_FILE"] == f"{mount['mount_path']}/token"
    assert mount["read_only"] is True
    assert all(set(entry) == {"name", "value"} for entry in container["env"])
    assert not {"kubernetes_secret_v1", "kubernetes_secret"} & set(app.stacks["test"]["resource"])


def test_weights_that_are_open_to_everybody_need_no_token(synth: Synth) -> None:
    """No class, no volume and no variable for one."""
    app = synth(build(replace(GATED, hugging_face_token=None)))
    [container] = pod(app)["container"]

    assert app.all("kubernetes_manifest") == []
    assert [volume["name"] for volume in pod(app)["volume"]] == ["models"]
    assert "HF_TOKEN_FILE" not in {entry["name"] for entry in container["env"]}


def test_it_downloads_one_revision_into_a_folder_of_its_own(synth: Synth) -> None:
    """Through Cloud Storage FUSE, under the account that may write the bucket, whose token it does not mount."""
    made = pod(synth(build()))
    env = {entry["name"]: entry["value"] for entry in made["container"][0]["env"]}
    [volume] = [volume for volume in made["volume"] if volume["name"] == "models"]

    assert (env["MODEL_REPOSITORY"], env["MODEL_REVISION"]) == (GATED.repository, GATED.revision)
    assert env["TARGET_DIRECTORY"] == f"/models/{GATED.repository}/{GATED.revision}"
    assert volume["csi"]["driver"] == "gcsfuse.csi.storage.gke.io"
    assert volume["csi"]["volume_attributes"]["bucketName"] == "my-weights"
    assert (made["service_account_name"], made["automount_service_account_token"]) == ("downloader", False)


def test_it_starts_after_its_account_its_grants_and_the_class_of_its_token(synth: Synth) -> None:
    """Without a wait: the kubelet tries to mount until the grants are in force."""
    app = synth(build())
    [token_key] = app.named("kubernetes_manifest")

    assert set(app.one("kubernetes_job_v1")["depends_on"]) == {
        "kubernetes_service_account_v1.account",
        f"kubernetes_manifest.{token_key.removeprefix('test/')}",
    }


@pytest.mark.parametrize(("minutes", "bound"), [(60, "61m"), (5, "6m"), (360, "361m")])
def test_it_is_bounded_as_the_model_says(synth: Synth, minutes: int, bound: str) -> None:
    """In the Job in seconds, in Terraform a minute more."""
    job = synth(build(replace(GATED, download_timeout_minutes=minutes))).one("kubernetes_job_v1")

    assert job["spec"]["active_deadline_seconds"] == minutes * 60
    assert job["timeouts"]["create"] == bound


def test_it_gives_up_at_once_where_no_retry_can_help(synth: Synth) -> None:
    """A licence that is not accepted stays so: exit code 3 of the download itself, or of what is downloaded with it."""
    [rule] = synth(build()).one("kubernetes_job_v1")["spec"]["pod_failure_policy"]["rule"]

    assert rule["action"] == "FailJob"
    assert rule["on_exit_codes"] == {"container_name": "download", "operator": "In", "values": [3]}

    draft = RepositorySpec(repository="me/draft", revision="c" * 40)
    job = synth(build(replace(GATED, other_repositories={"draft": draft}))).one("kubernetes_job_v1")
    rules = job["spec"]["pod_failure_policy"]["rule"]
    assert [rule["on_exit_codes"]["container_name"] for rule in rules] == ["download", "download-draft"]


def test_it_runs_again_only_for_another_model_or_revision(synth: Synth) -> None:
    """The pod, whose change makes a new Job, holds them, and nothing that only says how the model is served."""
    before = pod(synth(build()))

    assert pod(synth(build(replace(GATED, size_gib=99)))) == before
    assert pod(synth(build(replace(GATED, revision="0" * 40)))) != before
    assert pod(synth(build(replace(GATED, repository="google/gemma-3-4b-it")))) != before
