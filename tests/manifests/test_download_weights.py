"""The download program, run against a stand-in for the hub."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from constructs_lib.data import download_weights
from constructs_lib.manifests.weights import FINAL_EXIT_CODE, download_script
from tests.manifests.stand_in_hub import TOKEN, StandInHub

REPOSITORY = "google/gemma-3-27b-it"
REVISION = "0" * 40
IDENTITY = {"repository": REPOSITORY, "revision": REVISION}
FILES = {
    "config.json": b'{"a": 1}',
    "empty.txt": b"",
    "model-00001-of-00002.safetensors": bytes(range(256)) * 400,
    "model-00002-of-00002.safetensors": b"\x01\x02" * 5000,
    "sub dir/a#b.json": b"[]",
}
LARGE = frozenset(name for name in FILES if name.endswith(".safetensors"))
FIRST = "model-00001-of-00002.safetensors"


@dataclass
class Run:
    """The program with its environment: a hub, a directory, a token file."""

    hub: StandInHub
    directory: Path
    env: dict[str, str]
    capsys: pytest.CaptureFixture[str]

    def __call__(self) -> tuple[int, str]:
        """Exit code, and everything it printed."""
        code = download_weights.main()
        printed = self.capsys.readouterr()
        assert TOKEN not in printed.out + printed.err
        return code, printed.out + printed.err

    def held(self) -> dict[str, bytes]:
        """Read the files of the directory, without the marker."""
        found = (path for path in self.directory.rglob("*") if path.is_file() and path.name != ".complete")
        return {str(path.relative_to(self.directory)): path.read_bytes() for path in found}

    def marker(self) -> Any:
        """Read the marker; None without one."""
        path = self.directory / ".complete"
        return json.loads(path.read_text()) if path.exists() else None


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Run]:
    """Serve a hub where all is well, with nothing downloaded yet."""
    hub = StandInHub(files=dict(FILES), large=LARGE)
    token_file = tmp_path / "token"
    token_file.write_text(TOKEN + "\n")
    directory = tmp_path / "bucket" / REPOSITORY / REVISION
    env = {
        "MODEL_REPOSITORY": REPOSITORY,
        "MODEL_REVISION": REVISION,
        "TARGET_DIRECTORY": str(directory),
        "HF_TOKEN_FILE": str(token_file),
        "HF_ENDPOINT": hub.url,
        "RETRY_PAUSE_SEC": "0.001",
        "NO_PROXY": "127.0.0.1",
    }
    for key, value in env.items():
        monkeypatch.setenv(key, value)
    monkeypatch.setattr(download_weights, "BLOCK", 4096)
    yield Run(hub, directory, env, capsys)
    hub.close()


def test_every_file_arrives_and_the_marker_says_of_what(run: Run) -> None:
    """Files in folders, empty ones and those with strange names too."""
    code, printed = run()

    assert (code, run.held(), run.marker()) == (0, FILES, IDENTITY)
    assert "5 of 5 files to download" in printed


def test_a_second_run_asks_nobody(run: Run) -> None:
    """The marker is enough: a Job that runs again costs nothing."""
    run()
    run.hub.requests.clear()
    code, printed = run()

    assert (code, run.hub.requests) == (0, [])
    assert "nothing to do" in printed


def test_a_run_that_was_stopped_goes_on_with_what_is_missing(run: Run) -> None:
    """Whole files are kept, a half one is downloaded again."""
    run()
    (run.directory / ".complete").unlink()
    (run.directory / FIRST).write_bytes(FILES[FIRST][:5000])
    run.hub.requests.clear()

    assert run()[0] == 0
    assert run.held() == FILES
    assert run.hub.asked() == {FIRST: 1}


@pytest.mark.parametrize("marker", ['{"repository": "google/gemma-3-27b-it", "revision": "another"}', "not JSON", "[]"])
def test_a_marker_of_something_else_is_not_believed(run: Run, marker: str) -> None:
    """Nor are the files beside it, even those of the right size."""
    run()
    (run.directory / ".complete").write_text(marker)
    (run.directory / "config.json").write_bytes(b"x" * len(FILES["config.json"]))
    code, printed = run()

    assert (code, run.held(), run.marker()) == (0, FILES, IDENTITY)
    assert "is of something else" in printed


def test_a_broken_connection_goes_on_where_it_broke(run: Run) -> None:
    """The next request asks for the rest only."""
    run.hub.files = {FIRST: FILES[FIRST]}
    run.hub.break_after = [50_000, 10_000, 0]

    assert run()[0] == 0
    assert run.held() == run.hub.files
    ranges = [headers.get("Range") for server, _, headers in run.hub.requests if server == "cdn"]
    assert ranges == [None, "bytes=50000-", "bytes=60000-", "bytes=60000-"]


def test_a_server_without_ranges_is_read_again(run: Run) -> None:
    """What came before is skipped, not written twice."""
    run.hub.break_after = [50_000]
    run.hub.ranges = False

    assert run()[0] == 0
    assert run.held() == FILES


def test_tries_are_bounded(run: Run) -> None:
    """After eight tries without a new byte it gives up, and the Job may try later."""
    run.hub.files = {FIRST: FILES[FIRST]}
    run.hub.break_after = [0] * 100
    code, printed = run()

    assert (code, run.marker()) == (1, None)
    assert "gave up after 8 tries without a new byte" in printed
    assert run.hub.asked() == {FIRST: 8}


def test_a_bad_line_is_no_reason_to_give_up(run: Run) -> None:
    """Only tries that bring nothing count: a long download may break often."""
    run.hub.files = {FIRST: FILES[FIRST]}
    run.hub.break_after = [5000] * 20

    assert run()[0] == 0
    assert run.held() == run.hub.files


def test_a_busy_hub_is_asked_again(run: Run) -> None:
    """Too many requests and errors of the server pass."""
    run.hub.list_status = [429, 500, 503]

    assert run()[0] == 0
    assert run.held() == FILES


def test_an_expired_link_is_asked_for_again(run: Run) -> None:
    """A CDN's 403 is not the hub's: the licence has nothing to do with it."""
    run.hub.expired = 3

    assert run()[0] == 0
    assert run.held() == FILES


@pytest.mark.parametrize(
    ("status", "message", "told"),
    [
        (401, "Invalid credentials in Authorization header", "the token is not valid, or it may not see the model"),
        (403, "Access to model google/gemma-3-27b-it is restricted", "has not accepted the model's licence: do so at"),
        (404, "Invalid rev id", f"no revision {REVISION} at"),
        (410, "Gone", "the hub refuses the request"),
    ],
)
def test_a_refusal_is_final_and_says_what_to_do(run: Run, status: int, message: str, told: str) -> None:
    """One request, its own exit code, the hub's words and ours."""
    run.hub.refuse = (status, message)
    code, printed = run()

    assert (code, len(run.hub.requests), run.marker()) == (FINAL_EXIT_CODE, 1, None)
    assert f"error: HTTP {status}: " in printed
    assert told in printed
    assert f"the hub says: {message}" in printed


def test_the_token_is_shown_to_the_hub_only(run: Run) -> None:
    """Large files come from another host."""
    run()

    assert {"Authorization" in headers for server, _, headers in run.hub.requests if server == "cdn"} == {False}
    assert {headers["Authorization"] for server, _, headers in run.hub.requests if server == "hub"} == {
        f"Bearer {TOKEN}"
    }


@pytest.mark.parametrize("name", ["config.json", FIRST])
def test_a_damaged_file_never_has_its_full_size(run: Run, name: str) -> None:
    """Its last block is held back, so a later run sees that it is not whole."""
    run.hub.damaged = name
    code, printed = run()

    assert (code, run.marker()) == (1, None)
    assert f"{name}: the checksum is wrong" in printed
    assert len(run.held()[name]) < len(FILES[name])

    run.hub.damaged = None
    assert run()[0] == 0
    assert run.held() == FILES


SHARDS = ("model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors")
TRANSFORMERS = ("config.json", "model.safetensors.index.json", *SHARDS, "tokenizer.json")
MISTRAL = ("consolidated.safetensors", "params.json", "tekken.json")
OTHER_FORMATS = (
    *("consolidated.00.pth", "flax_model.msgpack", "gguf/model.gguf", "metal/model.bin", "model.gguf", "model.onnx"),
    *("onnx/model.onnx", "optimizer.pt", "original/consolidated.00.pth", "original/model.safetensors"),
    *(
        "pytorch_model.bin",
        "pytorch_model.bin.index.json",
        "rust_model.ot",
        "tf_model.h5",
        "checkpoint-9/a.safetensors",
    ),
)


def repository(*names: str, index: Sequence[str] = SHARDS) -> dict[str, bytes]:
    """Make files with these names; the indexes list *index*."""
    content = json.dumps({"weight_map": {f"layer.{number}": name for number, name in enumerate(index)}}).encode()
    return {name: content if name.endswith(".index.json") else name.encode() for name in names}


def test_the_weights_that_the_index_lists_are_taken_once(run: Run) -> None:
    """Neither the same ones in one file, nor in formats that vLLM does not read."""
    run.hub.files = repository(*TRANSFORMERS, *MISTRAL, *OTHER_FORMATS)

    assert run()[0] == 0
    # `params.json` would have vLLM look for the weights that are left out.
    assert run.held() == repository(*TRANSFORMERS, "tekken.json")


def test_an_index_may_list_folders(run: Run) -> None:
    """Its paths are those of the repository."""
    index = ("shards/a.safetensors", "shards/b.safetensors")
    kept = ("config.json", "model.safetensors.index.json", "tokenizer.json", *index)
    run.hub.files = repository(*kept, "shards/c.safetensors", "consolidated.safetensors", index=index)

    assert run()[0] == 0
    assert set(run.held()) == set(kept)


def test_one_file_that_holds_everything_needs_no_index(run: Run) -> None:
    """What lies beside it is a copy in another precision or format. Code and templates are kept."""
    kept = ("config.json", "model.safetensors", "modeling_x.py", "chat_template.jinja", "tokenizer.model")
    run.hub.files = repository(*kept, "model.fp16.safetensors", "pytorch_model.bin", "consolidated.safetensors")

    assert run()[0] == 0
    assert set(run.held()) == set(kept)


@pytest.mark.parametrize(
    ("kind", "files", "kept"),
    [
        ("mistral", (*TRANSFORMERS, *MISTRAL), ("config.json", "tokenizer.json", *MISTRAL)),
        ("auto", MISTRAL, MISTRAL),
        # vLLM reads tekken.json in Mistral's format only.
        ("auto", (*TRANSFORMERS[:-1], *MISTRAL), ("config.json", *MISTRAL)),
        ("hf", (*TRANSFORMERS[:-1], *MISTRAL), (*TRANSFORMERS[:-1], "tekken.json")),
    ],
)
def test_the_other_format_where_it_is_asked_for_or_alone_complete(
    run: Run, monkeypatch: pytest.MonkeyPatch, kind: str, files: tuple[str, ...], kept: tuple[str, ...]
) -> None:
    """Mistral's own, for `--load-format=mistral` and for repositories without a tokenizer for transformers."""
    monkeypatch.setenv("WEIGHTS", kind)
    run.hub.files = repository(*files)

    assert run()[0] == 0
    assert set(run.held()) == set(kept)


def test_consolidated_shards_have_their_own_index(run: Run) -> None:
    """Large models of Mistral."""
    shards = ("consolidated-00001-of-00002.safetensors", "consolidated-00002-of-00002.safetensors")
    kept = (*shards, "consolidated.safetensors.index.json", "params.json", "tekken.json")
    run.hub.files = repository(*kept, "consolidated-old.safetensors", index=shards)

    assert run()[0] == 0
    assert set(run.held()) == set(kept)


def test_another_format_later_downloads_what_is_missing(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """The marker says which weights are complete; the other files are still good."""
    run.hub.files = repository(*TRANSFORMERS, *MISTRAL)
    run()
    run.hub.requests.clear()
    monkeypatch.setenv("WEIGHTS", "mistral")
    code, printed = run()

    assert (code, run.marker()) == (0, {**IDENTITY, "weights": "mistral"})
    assert run.hub.asked() == {"consolidated.safetensors": 1, "params.json": 1}
    assert "is of other files: what is missing is downloaded" in printed


def test_an_index_that_names_a_missing_file_is_refused_before_anything_is_written(run: Run) -> None:
    """The server would find out after the download."""
    run.hub.files = repository("config.json", "model.safetensors.index.json", SHARDS[0])
    code, printed = run()

    assert (code, run.held(), run.marker()) == (FINAL_EXIT_CODE, {}, None)
    assert (
        "error: model.safetensors.index.json names 1 of 2 files that the repository does not have, such as "
        "model-00002-of-00002.safetensors: choose another revision\n"
    ) in printed


@pytest.mark.parametrize("content", [b"{}", b"[]", b"not JSON", b'{"weight_map": [1]}'])
def test_an_index_that_is_none_is_refused(run: Run, content: bytes) -> None:
    """It is not taken for an empty one."""
    run.hub.files = repository(*TRANSFORMERS) | {"model.safetensors.index.json": content}
    code, printed = run()

    assert (code, run.marker()) == (FINAL_EXIT_CODE, None)
    assert "model.safetensors.index.json is no index of weights" in printed


def test_a_model_without_safetensors_keeps_its_weights(run: Run) -> None:
    """Older models have nothing else: what their index lists, or all but what the training left."""
    run.hub.files = repository("pytorch_model.bin", "original/params.json", "training_args.bin", "optimizer.pt")
    assert run()[0] == 0
    assert set(run.held()) == {"pytorch_model.bin"}

    (run.directory / ".complete").unlink()
    listed = ("pytorch_model-1.bin", "pytorch_model.bin.index.json")
    run.hub.files = repository(*listed, "openvino_model.bin", index=listed[:1])
    assert run()[0] == 0
    assert set(run.held()) == {"pytorch_model.bin", *listed}


@pytest.mark.parametrize(
    ("kind", "files", "told"),
    [
        ("auto", ("model-Q4.gguf", "onnx/model.onnx"), "no weights that the server reads; it has .gguf, .onnx\n"),
        ("auto", ("README.md",), "no weights that the server reads; it has none at all\n"),
        ("adapter", ("config.json", "model.safetensors"), "no adapter that the server reads; it has .safetensors\n"),
        ("mistral", ("config.json", "model.safetensors"), "no consolidated weights that the server reads; it has ."),
    ],
)
def test_a_repository_without_weights_for_the_server_is_refused(
    run: Run, monkeypatch: pytest.MonkeyPatch, kind: str, files: tuple[str, ...], told: str
) -> None:
    """With what it has instead."""
    monkeypatch.setenv("WEIGHTS", kind)
    run.hub.files = repository(*files)
    code, printed = run()

    assert (code, run.marker()) == (FINAL_EXIT_CODE, None)
    assert f"error: the repository has {told}" in printed


@pytest.mark.parametrize("adapter", ["adapter_model.safetensors", "adapter_model.bin"])
def test_an_adapter_is_taken_without_its_training_and_the_merged_model(
    run: Run, monkeypatch: pytest.MonkeyPatch, adapter: str
) -> None:
    """And with its config and tokenizer."""
    monkeypatch.setenv("WEIGHTS", "adapter")
    kept = ("adapter_config.json", adapter, "tokenizer.json")
    left = ("model.safetensors", "checkpoint-10/adapter_model.safetensors", "training_args.bin", "optimizer.pt")
    run.hub.files = repository(*kept, *left)

    assert run()[0] == 0
    assert (set(run.held()), run.marker()) == (set(kept), IDENTITY)


@pytest.mark.parametrize("weights", [("model.safetensors",), ("model.safetensors.index.json", *SHARDS)])
def test_the_layers_behind_an_embedding_model_are_kept(run: Run, weights: tuple[str, ...]) -> None:
    """sentence-transformers has them in folders of their own, and in no index."""
    kept = ("2_Dense/config.json", "2_Dense/model.safetensors", "config.json", "modules.json", *weights)
    run.hub.files = repository(*kept, "onnx/model.onnx")

    assert run()[0] == 0
    assert set(run.held()) == set(kept)


ANY_FILES = ("README.md", "config.json", "model-Q4.gguf", "model.pt", "onnx/model.onnx", "voices/a.pt")


@pytest.mark.parametrize(
    ("files", "kept"),
    [
        (("tokenizer.json", "chat_template.jinja"), ("tokenizer.json", "chat_template.jinja")),
        ((*TRANSFORMERS, *MISTRAL, "model-Q4.gguf"), (*TRANSFORMERS, "tekken.json")),
        (ANY_FILES, ANY_FILES),
    ],
)
def test_of_any_kind_the_one_set_of_weights_is_taken_where_there_is_one(
    run: Run, monkeypatch: pytest.MonkeyPatch, files: tuple[str, ...], kept: tuple[str, ...]
) -> None:
    """And everything where there is none: a tokenizer, a template, or weights of a program that nobody knows."""
    monkeypatch.setenv("WEIGHTS", "any")
    run.hub.files = repository(*files)

    assert run()[0] == 0
    assert set(run.held()) == {*kept}
    assert run.marker() == {**IDENTITY, "weights": "any"}


def test_named_files_are_taken_and_no_others(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """By path or pattern, whatever the kind of weights; other files later download what is missing."""
    monkeypatch.setenv("FILES", "*Q4.gguf\ntokenizer*")
    run.hub.files = repository("a-Q4.gguf", "a-Q8.gguf", "b/tokenizer.json", "config.json", "tokenizer.json")

    assert run()[0] == 0
    assert set(run.held()) == {"a-Q4.gguf", "tokenizer.json"}
    assert run.marker() == {**IDENTITY, "files": "*Q4.gguf\ntokenizer*"}

    run.hub.requests.clear()
    monkeypatch.setenv("FILES", "*.gguf")
    assert run()[0] == 0
    assert run.hub.asked() == {"a-Q8.gguf": 1}


def test_a_pattern_that_fits_no_file_is_refused(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server would miss it when it starts."""
    monkeypatch.setenv("FILES", "*.json\n*.jinja\nmerges.txt")
    code, printed = run()

    assert (code, run.held(), run.marker()) == (FINAL_EXIT_CODE, {}, None)
    assert printed == "error: the repository has no file *.jinja, merges.txt: correct files\n"


def test_open_weights_are_downloaded_without_a_token(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the hub nor its CDN gets one."""
    monkeypatch.delenv("HF_TOKEN_FILE")
    run.hub.open = True

    assert (run()[0], run.held()) == (0, FILES)
    assert not any("Authorization" in headers for _, _, headers in run.hub.requests)


@pytest.mark.parametrize("status", [401, 403])
def test_what_is_missing_for_gated_weights_is_said(run: Run, monkeypatch: pytest.MonkeyPatch, status: int) -> None:
    """The setting of the token, and that the repository may be a wrong one: the hub says the same for both."""
    monkeypatch.delenv("HF_TOKEN_FILE")
    run.hub.open = True
    run.hub.refuse = (status, "Access to model google/gemma-3-27b-it is restricted")
    code, printed = run()

    assert (code, run.marker()) == (FINAL_EXIT_CODE, None)
    assert printed == (
        f"error: HTTP {status}: there is no token, and {run.hub.url}/{REPOSITORY} is not open to everybody, or not "
        "there: write weights.hugging_face_token, of an account that accepted the licence, or correct the repository; "
        "the hub says: Access to model google/gemma-3-27b-it is restricted\n"
    )


@pytest.mark.parametrize("content", ["", "  \n", "two words", "tok\x00en", "tökén"])
def test_a_file_without_a_token_is_refused_unread(run: Run, content: str) -> None:
    """Nothing of it is printed: it may be half a token."""
    Path(run.env["HF_TOKEN_FILE"]).write_text(content)
    code, printed = run()

    assert (code, run.hub.requests) == (FINAL_EXIT_CODE, [])
    assert printed == f"error: the token file {run.env['HF_TOKEN_FILE']} does not hold a token: one word is expected\n"


def test_a_missing_token_file_is_named(run: Run) -> None:
    """The Secret or its key is missing."""
    Path(run.env["HF_TOKEN_FILE"]).unlink()

    assert run() == (
        FINAL_EXIT_CODE,
        f"error: cannot read the token file {run.env['HF_TOKEN_FILE']}: FileNotFoundError\n",
    )


@pytest.mark.parametrize("listed", [{"error": "x"}, [], {"siblings": [{"rfilename": "a"}]}])
def test_an_endpoint_that_is_no_hub_is_refused(run: Run, listed: Any) -> None:
    """A mirror that lists no sizes cannot be checked against."""
    run.hub.listed = listed
    code, printed = run()

    assert code == FINAL_EXIT_CODE
    assert "is it a Hugging Face endpoint?" in printed


def test_a_bucket_that_cannot_be_written_fails_with_the_path(run: Run) -> None:
    """Not with a traceback."""
    run.directory.parent.mkdir(parents=True)
    run.directory.write_text("a file where the directory should be")
    code, printed = run()

    assert code == 1
    assert str(run.directory) in printed
    assert "Traceback" not in printed


def test_the_program_runs_as_the_pod_runs_it(run: Run) -> None:
    """As text, in its own process, with nothing but the standard library."""
    done = subprocess.run(
        [sys.executable, "-I", "-c", download_script()], env=run.env, capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert (run.held(), run.marker()) == (FILES, IDENTITY)


def test_a_stopped_pod_ends_at_once(run: Run) -> None:
    """Without waiting for its pauses."""
    run.hub.break_after = [0] * 100
    process = subprocess.Popen(
        [sys.executable, "-I", "-c", download_script()],
        env=run.env | {"RETRY_PAUSE_SEC": "60"},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    next(line for line in process.stdout if "trying again" in line)
    began = time.monotonic()
    os.kill(process.pid, signal.SIGTERM)
    process.communicate(timeout=10)

    assert process.returncode == 128 + signal.SIGTERM
    assert time.monotonic() - began < 5
