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
    "/workloadIdentityPools/my-project-id.svc.id.goog/subject/ns/inference/sa/gemma-download"
)
COMMIT = "005ad3404e59d6023443cb575daa05336842228a"
OPEN = {"repository": "google/gemma-3-4b-it", "revision": "1" * 40}
OWN = {"bucket_path": "gs://my-models/v3"}
SERVER = {"image": "docker.io/vllm/vllm-tpu:v0.27.0"}
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

    assert account["metadata"] == {"name": "gemma-download", "namespace": "inference"}
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


def second(weights: dict[str, Any], **settings: Any) -> dict[str, Any]:
    """Return changes of the example that add a model with these weights."""
    return {
        "models__small": {"weights": weights, "server": SERVER, "address": {"path": "/small"}, **settings},
        "models__gemma__address": {"path": "/gemma"},
    }


def jobs(app: Synthesized) -> dict[str, Any]:
    """Return the download Jobs by name."""
    return {job["metadata"]["name"]: job for job in app.all("kubernetes_job_v1")}


def test_each_model_has_a_job_and_an_account_of_its_own(tmp_path: Path) -> None:
    """Only the one with a token may read a secret, and mounts one."""
    app = alone(tmp_path, **second(OPEN))
    accounts = {account["metadata"]["name"] for account in app.all("kubernetes_service_account_v1")}
    [secret] = app.all("google_secret_manager_secret_iam_member")

    assert set(jobs(app)) == accounts == {"gemma-download", "small-download"}
    assert secret["member"] == WRITER
    for name, job in jobs(app).items():
        spec = job["spec"]["template"]["spec"]
        assert spec["service_account_name"] == name
        assert ("token" in {volume["name"] for volume in spec["volume"]}) == (name == "gemma-download")


def test_another_model_s_weights_leave_a_job_as_it_is(tmp_path: Path) -> None:
    """Added, at another revision, or gone: nothing of the first model's download changes."""
    alone_, two, other = (
        alone(tmp_path / str(number), **changes)
        for number, changes in enumerate(({}, second(OPEN), second({**OPEN, "revision": "2" * 40})))
    )

    assert jobs(alone_)["gemma-download"] == jobs(two)["gemma-download"] == jobs(other)["gemma-download"]
    assert jobs(two)["small-download"] != jobs(other)["small-download"]


@pytest.mark.parametrize(
    "weights", [OWN, {"image_path": "/opt/gemma"}, {**OPEN, "source": "hugging_face"}, None], ids=str
)
def test_what_is_not_downloaded_into_the_bucket_has_no_job(tmp_path: Path, weights: dict[str, Any] | None) -> None:
    """Own weights, weights of the image, of servers that download, and none: no account, no grant, no Job."""
    app = alone(tmp_path, **second(weights) if weights else {"models__gemma__weights": None})

    assert set(jobs(app)) == ({"gemma-download"} if weights else set())
    assert len(app.all("google_storage_bucket_iam_member")) == len(jobs(app))
    assert len(app.all("kubernetes_service_account_v1")) == len(jobs(app))
    # By it Terraform deletes the Job of a model that has changed its source.
    assert "kubernetes" in app.stacks[STACK]["provider"]


def test_what_own_weights_need_beside_them_is_downloaded(tmp_path: Path) -> None:
    """A draft model, into the platform's bucket; the own one is neither read nor written here."""
    app = alone(tmp_path, **second({**OWN, "other_repositories": {"draft": OPEN}}))
    [container] = jobs(app)["small-download"]["spec"]["template"]["spec"]["container"]
    env = {entry["name"]: entry["value"] for entry in container["env"]}

    assert env["TARGET_DIRECTORY"] == f"/models/{OPEN['repository']}/{OPEN['revision']}"
    assert "my-models" not in str(app.stacks[STACK])


def test_two_jobs_never_write_one_folder_at_once(tmp_path: Path) -> None:
    """The model that is first in the file downloads a repository that two have; the other finds it complete."""
    app = alone(
        tmp_path,
        **second(
            {**OPEN, "other_repositories": {"draft": {"repository": "google/gemma-3-27b-it", "revision": COMMIT}}}
        ),
    )
    [first] = [
        key for key, job in app.named("kubernetes_job_v1").items() if job["metadata"]["name"] == "gemma-download"
    ]

    assert f"kubernetes_job_v1.{first.removeprefix(f'{STACK}/')}" in jobs(app)["small-download"]["depends_on"]
    assert not any(need.startswith("kubernetes_job_v1") for need in jobs(app)["gemma-download"]["depends_on"])
