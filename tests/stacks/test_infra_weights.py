"""The stack of Cloud Run: an account and its grants, a job that runs when it is made, and the mark that proves it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from constructs_lib.weights_load import RUN_TOKEN_PROVIDER
from platform_config.stack_graph import (
    LOAD_STACK,
    NETWORK_STACK,
    SERVING_STACKS,
    WEIGHTS_STACK,
    base_stack,
    needed_stacks,
)
from tests.configs import CLOUD_RUN, config
from tests.synthesized import Synthesized, synthesize

LOADER = "models__gemma__weights__loader"
JOB, MARK = "google_cloud_run_v2_job", "data.google_storage_bucket_objects"
FOLDER = "google/gemma-3-27b-it/005ad3404e59d6023443cb575daa05336842228a"


def alone(folder: Path, base: Path | None = None, /, **changes: Any) -> Synthesized:
    """Synthesize this stack by itself, of the example with Cloud Run as its loader and keys changed."""
    from cdktf import App

    from stacks.infra_weights import InfraWeightsStack

    app = App(outdir=str(folder))
    made = config(base, **changes) if base else config(**{LOADER: "cloud_run"}, **changes)
    InfraWeightsStack(app, LOAD_STACK, config=made)
    app.synth()
    return Synthesized(folder)


def task(job: dict[str, Any]) -> dict[str, Any]:
    """Return what a job runs."""
    found: dict[str, Any] = job["template"]["template"]
    return found


def env(job: dict[str, Any]) -> dict[str, str]:
    """Return the environment of its container."""
    [container] = task(job)["containers"]
    return {entry["name"]: entry["value"] for entry in container["env"]}


def test_the_account_may_write_one_bucket_and_read_one_secret(tmp_path: Path) -> None:
    """Nothing on the project, no key, and nobody may act as it by a grant of ours."""
    app = alone(tmp_path)
    account = app.one("google_service_account")
    write = app.one("google_storage_bucket_iam_member")
    read = app.one("google_secret_manager_secret_iam_member")

    assert account["account_id"] == "gemma-load-gemma"
    assert (write["bucket"], write["role"]) == ("my-project-id-gemma-weights", "roles/storage.objectUser")
    assert (read["secret_id"], read["role"]) == ("hugging-face-token", "roles/secretmanager.secretAccessor")
    assert write["member"] == read["member"]
    assert set(app.stacks[LOAD_STACK]["resource"]) == {
        *("google_service_account", "google_storage_bucket_iam_member", "google_secret_manager_secret_iam_member"),
        *("time_sleep", JOB),
    }


def test_the_job_runs_when_it_is_made_and_is_never_changed(tmp_path: Path) -> None:
    """The apply waits a minute longer than one try may take; a destroy is not refused."""
    job = alone(tmp_path).one(JOB)

    assert job["run_execution_token"] == "run"
    assert len(job["name"]) + len(job["run_execution_token"]) < 63
    assert job["lifecycle"]["ignore_changes"] == ["run_execution_token"]
    assert (job["timeouts"]["create"], task(job)["timeout"]) == ("61m", "3600s")
    assert job["deletion_protection"] is False


def test_it_comes_after_its_grants_and_what_they_take(tmp_path: Path) -> None:
    """A job is refused whose account cannot read the secret yet."""
    app = alone(tmp_path)
    [wait] = app.one(JOB)["depends_on"]
    sleep = app.one("time_sleep")

    assert wait.startswith("time_sleep.")
    assert {need.split(".")[0] for need in sleep["depends_on"]} == {
        "google_storage_bucket_iam_member",
        "google_secret_manager_secret_iam_member",
    }
    assert sleep["triggers"] == {"bucket": "my-project-id-gemma-weights", "secret": "hugging-face-token"}


def test_the_token_is_a_file_of_secret_manager_and_no_value(tmp_path: Path) -> None:
    """Its name is all that the stack holds."""
    job = alone(tmp_path).one(JOB)
    [volume] = task(job)["volumes"]
    [container] = task(job)["containers"]

    assert volume["secret"] == {"items": [{"path": "token", "version": "latest"}], "secret": "hugging-face-token"}
    assert container["volume_mounts"] == [{"mount_path": "/secrets/hugging-face", "name": "token"}]
    assert env(job)["HF_TOKEN_FILE"] == "/secrets/hugging-face/token"


def test_the_mark_is_asked_for_after_the_job(tmp_path: Path) -> None:
    """What needs the weights stops without it, and is told how to run the job again."""
    app = alone(tmp_path)
    [mark] = app.stacks[LOAD_STACK]["data"]["google_storage_bucket_objects"].values()
    [check] = mark["lifecycle"]["postcondition"]

    assert (mark["bucket"], mark["prefix"]) == ("my-project-id-gemma-weights", f"{FOLDER}/.complete")
    assert all(need.startswith(f"{JOB}.") for need in mark["depends_on"])
    assert check["condition"] == f'${{contains(self.bucket_objects[*].name, "{FOLDER}/.complete")}}'
    assert f"terraform apply -replace={mark['depends_on'][0]}" in check["error_message"]


@pytest.mark.parametrize(
    "changes",
    [
        {"models__gemma__weights__revision": "1" * 40},
        {"models__gemma__weights__hugging_face_token": {"secret_manager": "other"}},
        {"models__gemma__weights__files": ["*.json", "*.safetensors"]},
        {"models__gemma__server__extra_args": ["--load_format", "mistral"]},
        {"models__gemma__weights__download_timeout_minutes": 90},
        {"labels": {"team": "inference"}},
    ],
    ids=str,
)
def test_another_content_is_another_job(tmp_path: Path, changes: dict[str, Any]) -> None:
    """Also other labels: nothing of a job is changed in place, which would send its token again."""
    names = {alone(tmp_path / str(number), **each).one(JOB)["name"] for number, each in enumerate(({}, changes))}

    assert len(names) == 2


def test_what_does_not_concern_the_download_leaves_the_job(tmp_path: Path) -> None:
    """Another server image, another model."""
    changes: dict[str, Any] = {
        "models__gemma__server__image": "docker.io/vllm/vllm-tpu:v0.27.1",
        "models__gemma__replicas": 1,
    }
    names = {alone(tmp_path / str(number), **each).one(JOB)["name"] for number, each in enumerate(({}, changes))}

    assert len(names) == 1


def test_each_model_has_an_account_and_each_repository_a_job(tmp_path: Path) -> None:
    """In the region of the download; only the gated one may read a secret. A third model is a cluster's."""
    app = alone(tmp_path, CLOUD_RUN)
    jobs = app.all(JOB)

    assert {one["account_id"] for one in app.all("google_service_account")} == {"gemma-load-gemma", "gemma-load-qwen"}
    assert {env(job)["MODEL_REPOSITORY"] for job in jobs} == {
        *("google/gemma-3-27b-it", "Qwen/Qwen3-8B", "Qwen/Qwen3-0.6B"),
    }
    assert {job["location"] for job in jobs} == {"europe-west4"}
    assert [bool(task(job).get("volumes")) for job in jobs].count(True) == 1
    assert len(app.all("google_secret_manager_secret_iam_member")) == 1


def test_two_jobs_never_write_one_folder_at_once(tmp_path: Path) -> None:
    """The second waits for the mark of the first, in whichever stack it is."""
    second: dict[str, Any] = {
        "models__next": {
            "weights": {"repository": "google/gemma-3-27b-it", "revision": FOLDER[-40:], "loader": "cloud_run"},
            "server": {"image": "docker.io/vllm/vllm-tpu:v0.27.0"},
            "address": {"path": "/next"},
        },
        "models__gemma__address": {"path": "/gemma"},
    }
    jobs = {job["name"].rpartition("-")[0]: job for job in alone(tmp_path, **second).all(JOB)}

    assert any(need.startswith(f"{MARK}.load-gemma") for need in jobs["gemma-load-next"]["depends_on"])
    assert set(needed_stacks(config(CLOUD_RUN))[WEIGHTS_STACK]) == {base_stack("eu"), LOAD_STACK}


def test_servers_wait_for_it_and_it_waits_for_no_cluster(tmp_path: Path) -> None:
    """Where Cloud Run loads everything no cluster downloads."""
    app = synthesize(config(**{LOADER: "cloud_run"}), tmp_path)

    assert app.dependencies(LOAD_STACK) == {NETWORK_STACK}
    assert WEIGHTS_STACK not in app.stacks
    for stack in app.stacks:
        assert (LOAD_STACK in app.dependencies(stack)) == stack.startswith(SERVING_STACKS)


def test_the_provider_knows_the_token_and_the_project_has_the_api(tmp_path: Path) -> None:
    """Which older ones refuse as unknown."""
    app = synthesize(config(**{LOADER: "cloud_run"}), tmp_path)
    services = {one["service"] for one in app.all("google_project_service")}

    assert app.stacks[LOAD_STACK]["terraform"]["required_providers"]["google"]["version"] == RUN_TOKEN_PROVIDER
    assert "run.googleapis.com" in services
