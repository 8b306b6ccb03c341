"""The program of Cloud Run, run as there against stand-ins for the hub and the bucket."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from constructs_lib.weights_load import program
from tests.manifests.stand_in_bucket import ACCESS_TOKEN, StandInBucket
from tests.manifests.stand_in_hub import TOKEN, StandInHub

FOLDER = f"google/gemma-3-27b-it/{'0' * 40}"
MARK = f"{FOLDER}/.complete"
FIRST = "model-00001-of-00002.safetensors"
FILES = {
    "config.json": b'{"a": 1}',
    "empty.txt": b"",
    FIRST: bytes(range(256)) * 4096 * 20,
    "model-00002-of-00002.safetensors": b"\x01\x02" * 5000,
    "sub dir/a#b.json": b"[]",
}
LARGE = frozenset(name for name in FILES if name.endswith(".safetensors"))
IDENTITY = {"repository": "google/gemma-3-27b-it", "revision": "0" * 40}


@dataclass
class Run:
    """The program with its environment: a hub, a bucket, a token file."""

    hub: StandInHub
    bucket: StandInBucket
    env: dict[str, str]

    def __call__(self) -> tuple[int, str]:
        """Exit code, and everything it printed."""
        command = [sys.executable, "-I", "-c", program("run_programs")]
        ended = subprocess.run(command, env=self.env, capture_output=True, text=True, timeout=60, check=False)
        printed = ended.stdout + ended.stderr
        assert TOKEN not in printed
        assert ACCESS_TOKEN not in printed
        return ended.returncode, printed

    def held(self) -> dict[str, bytes]:
        """Read the files of the folder, without the mark."""
        objects = self.bucket.objects.items()
        return {name.removeprefix(f"{FOLDER}/"): content for name, content in objects if name != MARK}


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    """Serve a hub and a bucket where all is well, with nothing downloaded yet."""
    hub, bucket = StandInHub(files=dict(FILES), large=LARGE), StandInBucket()
    (token_file := tmp_path / "token").write_text(TOKEN + "\n")
    env = {
        "MODEL_REPOSITORY": "google/gemma-3-27b-it",
        "MODEL_REVISION": "0" * 40,
        "TARGET_DIRECTORY": FOLDER,
        "BUCKET": "my-weights",
        "STORAGE_ENDPOINT": bucket.url,
        "METADATA_ENDPOINT": bucket.url,
        "HF_TOKEN_FILE": str(token_file),
        "HF_ENDPOINT": hub.url,
        "RETRY_PAUSE_SEC": "0.001",
        "NO_PROXY": "127.0.0.1",
        "PATH": os.environ["PATH"],
        "DOWNLOAD_WEIGHTS": program("download_weights"),
        "UPLOAD_WEIGHTS": program("upload_weights"),
    }
    yield Run(hub, bucket, env)
    hub.close()
    bucket.close()


def test_every_file_arrives_in_parts_and_the_mark_says_of_what(run: Run) -> None:
    """Whole, under its own name, an empty one too; a large one takes several parts."""
    code, printed = run()

    assert (code, run.held()) == (0, FILES), printed
    assert json.loads(run.bucket.objects[MARK]) == IDENTITY
    assert len([size for name, size in run.bucket.parts if name.endswith(FIRST)]) == 3


def test_a_second_run_asks_no_hub(run: Run) -> None:
    """The mark is enough: a job that is made anew downloads nothing again."""
    run()
    run.hub.requests.clear()
    code, printed = run()

    assert (code, run.hub.requests) == (0, [])
    assert "nothing to do" in printed


def test_a_run_that_was_stopped_goes_on_with_what_is_missing(run: Run) -> None:
    """An object of the right size is a good one."""
    run.bucket.objects[f"{FOLDER}/{FIRST}"] = FILES[FIRST]
    code, _ = run()

    assert (code, run.held()) == (0, FILES)
    assert run.hub.asked()[FIRST] == 0


def test_a_lost_part_is_sent_from_where_it_broke(run: Run) -> None:
    """The bucket is asked how much has come in."""
    run.bucket.lose = 3
    code, printed = run()

    assert (code, run.held()) == (0, FILES), printed


def test_a_damaged_file_never_becomes_an_object(run: Run) -> None:
    """Its last part is not sent, and the mark is not written."""
    run.hub.damaged = FIRST
    code, printed = run()

    assert code == 1
    assert "checksum is wrong" in printed
    assert f"{FOLDER}/{FIRST}" not in run.bucket.objects
    assert MARK not in run.bucket.objects


def test_a_mark_of_something_else_is_not_believed(run: Run) -> None:
    """Nor any file beside it."""
    run.bucket.objects |= {MARK: b'{"repository": "else"}', f"{FOLDER}/{FIRST}": b"x" * len(FILES[FIRST])}
    code, _ = run()

    assert (code, run.held()) == (0, FILES)
    assert json.loads(run.bucket.objects[MARK]) == IDENTITY


def test_a_bucket_that_refuses_the_account_says_so(run: Run) -> None:
    """Another try may help: a grant takes some minutes."""
    run.bucket.refuse = 403
    code, printed = run()

    assert code == 1
    assert "the bucket refuses the account of this job: HTTP 403" in printed


def test_a_licence_that_nobody_accepted_is_final(run: Run) -> None:
    """As in a cluster."""
    run.hub.refuse = (403, "Access to model is restricted")
    code, printed = run()

    assert code == 3
    assert "has not accepted the model's licence" in printed


def test_each_program_fits_an_environment_variable() -> None:
    """Cloud Run takes 32 KiB; and Terraform reads no template in them."""
    for name in ("download_weights", "upload_weights", "run_programs"):
        assert len(program(name).encode()) < 32 * 1024
        assert not any(mark in program(name) for mark in ("${", "%{", "$("))
