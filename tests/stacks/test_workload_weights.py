"""The weights stack: the writer, its grants, the download."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from platform_config.stack_graph import WEIGHTS_STACK
from tests.configs import config
from tests.synthesized import Synthesized

STACK = WEIGHTS_STACK
WRITER = (
    "principal://iam.googleapis.com/projects/${data.google_project.project.number}/locations/global"
    "/workloadIdentityPools/my-project-id.svc.id.goog/subject/ns/inference/sa/weights-downloader"
)
IN_KUBERNETES = {"kubernetes_secret": {"name": "hf", "key": "token"}}


def alone(folder: Path, **changes: Any) -> Synthesized:
    """Synthesize this stack by itself, of the example with keys changed."""
    from cdktf import App

    from stacks.workload_weights import WorkloadWeightsStack

    app = App(outdir=str(folder))
    WorkloadWeightsStack(app, STACK, config=config(**changes))
    app.synth()
    return Synthesized(folder)


def test_the_writer_may_write_the_bucket_and_read_the_token(platform: Synthesized) -> None:
    """Each where it is, and nothing on the project."""
    write = platform.one("google_storage_bucket_iam_member", STACK)
    read = platform.one("google_secret_manager_secret_iam_member", STACK)

    assert (write["bucket"], write["role"]) == ("my-project-id-gemma-weights", "roles/storage.objectUser")
    assert (read["secret_id"], read["role"]) == ("hugging-face-token", "roles/secretmanager.secretAccessor")
    assert write["member"] == read["member"] == WRITER
    assert platform.all("google_project_iam_member", STACK) == []


def test_with_a_kubernetes_secret_no_secret_of_google_is_granted(tmp_path: Path) -> None:
    """And none is mounted."""
    app = alone(tmp_path, models__gemma__weights__hugging_face_token=IN_KUBERNETES)

    assert app.all("google_secret_manager_secret_iam_member") == []
    assert app.all("kubernetes_manifest") == []


def test_the_download_comes_after_the_account_and_every_grant(platform: Synthesized) -> None:
    """Bucket and secret, before the Job that needs both."""
    needed = {need.split(".")[0] for need in platform.one("kubernetes_job_v1", STACK)["depends_on"]}

    assert needed == {
        "kubernetes_service_account_v1",
        "google_storage_bucket_iam_member",
        "google_secret_manager_secret_iam_member",
        "kubernetes_manifest",
    }


def test_it_runs_in_the_cluster_of_the_download_region(platform: Synthesized, tmp_path: Path) -> None:
    """By default the config cluster."""
    for app, name in ((platform, "gemma-us"), (alone(tmp_path, bucket__download_region="eu"), "gemma-eu")):
        [cluster] = app.stacks[STACK]["data"]["google_container_cluster"].values()
        assert cluster["name"] == name


def test_nothing_that_knows_the_token_is_in_another_stack(platform: Synthesized) -> None:
    """Its name is in this stack alone."""
    for path in platform.outdir.rglob("cdk.tf.json"):
        assert ("hugging-face-token" in path.read_text()) == (path.parent.name == STACK)


def test_the_writer_s_account_mounts_no_token_of_kubernetes(platform: Synthesized) -> None:
    """In the namespace of the config."""
    account = platform.one("kubernetes_service_account_v1", STACK)

    assert account["metadata"] == {"name": "weights-downloader", "namespace": "inference"}
    assert account["automount_service_account_token"] is False


def test_the_server_reads_where_the_download_writes(platform: Synthesized) -> None:
    """One bucket, one folder."""
    [container] = platform.one("kubernetes_job_v1", STACK)["spec"]["template"]["spec"]["container"]
    [target] = [entry["value"] for entry in container["env"] if entry["name"] == "TARGET_DIRECTORY"]
    folder = "google/gemma-3-27b-it/005ad3404e59d6023443cb575daa05336842228a"

    assert target.endswith(folder)
    for deployment in platform.objects("Deployment"):
        [server] = deployment["spec"]["template"]["spec"]["containers"]
        assert any(arg.endswith(folder) for arg in server["args"])


@pytest.mark.parametrize(("arguments", "kind"), [([], "auto"), (["--load_format", "mistral"], "mistral")])
def test_the_format_that_the_server_reads_is_downloaded(tmp_path: Path, arguments: list[str], kind: str) -> None:
    """Where a repository has two."""
    app = alone(tmp_path, models__gemma__server__extra_args=arguments)
    [container] = app.one("kubernetes_job_v1")["spec"]["template"]["spec"]["container"]

    assert {"name": "WEIGHTS", "value": kind} in container["env"]
