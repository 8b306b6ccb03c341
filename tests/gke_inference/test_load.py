"""`gke-inference load` from end to end: report, picture, exit codes, signals."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.configs import EXAMPLE
from tests.gke_inference.conftest import InferenceOps
from tests.gke_inference.stand_in_server import MODEL, StandInServer

ROOT = Path(__file__).parent.parent.parent
TOKEN = "secret-token-1234"

FIGURES = {
    "requests", "share", "errors", "error_rate", "errors_by_kind", "output_tokens", "output_tokens_per_sec",
    "output_tokens_counted_by", "ttft_p50_sec", "ttft_p95_sec", "ttft_p99_sec", "latency_p50_sec", "latency_p95_sec",
    "latency_p99_sec",
}  # fmt: skip


def arguments(url: str, *more: str, concurrency: str = "2", step_sec: str = "0.3") -> tuple[str, ...]:
    """Return the arguments of a short load run."""
    return ("load", "--url", url, "--model", MODEL, "--concurrency", concurrency, "--step-sec", step_sec, *more)


def test_a_full_region_is_seen_to_spill_over(inference_ops: InferenceOps) -> None:
    """Up to its slots the first region serves alone; beyond, the second takes what is too much."""
    server = StandInServer(home_slots=3, token_sec=0.03)
    with server.serving() as url:
        ran = inference_ops("--output", "json", *arguments(url, concurrency="1,3,6", step_sec="0.3"))
    shares = [{name: region["share"] for name, region in step["regions"].items()} for step in ran.document["steps"]]

    assert (ran.code, ran.document["outcome"], server.most_at_once) == (0, "good", 6)
    assert shares[:2] == [{"us": 1.0}, {"us": 1.0}]
    assert set(shares[2]) == {"us", "eu"}
    assert 0.2 < shares[2]["eu"] < 0.8
    assert [step["concurrency"] for step in ran.document["steps"]] == [1, 3, 6]
    assert len(server.requests) == ran.document["total"]["requests"]


def test_the_tables_show_the_same_figures(inference_ops: InferenceOps) -> None:
    """Steps, regions, who counted, where it spilled over, and the outcome, on a page of 80 columns."""
    with StandInServer(home_slots=1, token_sec=0.02).serving() as url:
        ran = inference_ops(*arguments(url, concurrency="1,4"))

    assert ran.code == 0
    for part in ("Steps", "TTFT", "p95", "Regions", "us", "eu", "counted by the server", "Good: 0 of"):
        assert part in ran.out
    assert "Spill-over: eu served" in ran.out
    assert ran.err.splitlines()[0].startswith("step 1 of 2, 1 at once: ")
    tables = ran.out.split("TTFT: time")[0]
    assert max(len(line.rstrip()) for line in tables.splitlines()) <= 80


def test_the_document_has_stable_keys(inference_ops: InferenceOps) -> None:
    """Programs read it: a key that goes is a change to announce."""
    with StandInServer().serving() as url:
        document = inference_ops("--output", "json", *arguments(url)).document
    [step] = document["steps"]

    assert set(document) == {
        "plan", "outcome", "ended_by", "unfinished_requests", "answered_requests", "error_examples", "total",
        "regions", "steps", "gauges",
    }  # fmt: skip
    assert set(document["plan"]) == {
        "url", "model", "api", "path", "headers", "secret_headers", "stream", "concurrency", "step_sec",
        "prompt_tokens", "max_tokens", "timeout_sec", "region_header", "objective", "max_error_rate",
    }  # fmt: skip
    assert set(step) == {"concurrency", "duration_sec", "total", "regions"}
    assert set(document["total"]) == set(step["total"]) == set(step["regions"]["us"]) == FIGURES


def test_without_a_stream_the_whole_answer_is_timed(inference_ops: InferenceOps, tmp_path: Path) -> None:
    """There is no first token: its times are null, and the picture is labelled as what it shows."""
    svg = tmp_path / "load.svg"
    with StandInServer().serving() as url:
        ran = inference_ops("--output", "json", *arguments(url, "--no-stream", "--picture", str(svg)))
        text = inference_ops(*arguments(url, "--no-stream"))

    assert ran.document["total"]["ttft_p50_sec"] is None
    assert ran.document["total"]["latency_p50_sec"] > 0
    assert "Time to the whole answer (not streamed)" in svg.read_text()
    assert "TTFT" not in text.out
    assert "answer: time to the whole answer" in text.out


def test_chunks_are_named_where_they_are_what_was_counted(inference_ops: InferenceOps) -> None:
    """A server without `usage` gives a lower bound, and the report says so."""
    with StandInServer(usage=False, region_header="").serving() as url:
        ran = inference_ops(*arguments(url))

    assert "counted by chunks of the stream" in ran.out
    assert "No answer has the header x-inference-region" in ran.out
    assert "unknown" in ran.out


def test_another_header_can_name_the_region(inference_ops: InferenceOps) -> None:
    """Servers that are not ours may name it otherwise."""
    with StandInServer(region_header="x-served-by").serving() as url:
        ran = inference_ops("--output", "json", *arguments(url, "--region-header", "X-Served-By"))

    assert list(ran.document["regions"]) == ["us"]


def test_the_picture_can_be_read_by_itself(inference_ops: InferenceOps, tmp_path: Path) -> None:
    """Well-formed SVG with title, axes, steps and every region by name, that loads and runs nothing."""
    svg = tmp_path / "load.svg"
    with StandInServer(home_slots=1, token_sec=0.02).serving() as url:
        inference_ops(*arguments(f"{url}/a&b/v1", "--picture", str(svg), concurrency="1,4"))
    text = svg.read_text()
    words = {element.text for element in ElementTree.fromstring(text).iter() if element.text}

    for word in (
        f"Load on {MODEL}",
        "Requests by the region that answered",
        "requests",
        "requests at once",
        "seconds",
        "us",
        "eu",
        "p50",
    ):
        assert word in words
    assert any(word.startswith("Time to first token") for word in words)
    assert "<script" not in text
    assert "href" not in text


def test_too_many_errors_are_found_wrong(inference_ops: InferenceOps) -> None:
    """Exit code 1 above the rate that is allowed, 0 at or below it."""
    with StandInServer(failure="503", fail_every=2).serving() as url:
        wrong = inference_ops(*arguments(url))
        allowed = inference_ops(*arguments(url, "--max-error-rate", "0.9"))

    assert (wrong.code, allowed.code) == (1, 0)
    assert "Wrong: " in wrong.out
    assert "http_503" in wrong.out
    assert "overloaded" in wrong.out


def test_nobody_there_is_no_verdict(inference_ops: InferenceOps) -> None:
    """Exit code 3: a platform that was not reached was not found wrong."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}"
        # The run ends by itself after some failed connections, long before the step does.
        ran = inference_ops(*arguments(url, concurrency="1,2", step_sec="20"))

    assert ran.code == 3
    assert "Spill-over" not in ran.out
    assert "Unknown: no request was answered." in ran.out
    assert "connection" in ran.out
    assert "step 2" not in ran.err


def test_the_model_is_the_one_of_the_config(inference_ops: InferenceOps, monkeypatch: pytest.MonkeyPatch) -> None:
    """From --config or INFERENCE_CONFIG; a name that it does not know is refused, for a config that was named."""
    server = StandInServer()
    with server.serving() as url:
        short = ("load", "--url", url, "--concurrency", "1", "--step-sec", "0.05")
        codes = [inference_ops("--config", str(EXAMPLE), *short).code]
        monkeypatch.setenv("INFERENCE_CONFIG", str(EXAMPLE))
        codes.append(inference_ops(*short).code)
        codes.append(inference_ops(*short, "--model", "gemma").code)
        refused = inference_ops(*short, "--model", "other")
        monkeypatch.delenv("INFERENCE_CONFIG")
        codes.append(inference_ops(*short, "--model", "other").code)

    assert codes == [0, 0, 0, 1]
    assert {body["model"] for _, body, _ in server.requests} == {"gemma-3-27b-it", "other"}
    assert "must be a model of the config: gemma (gemma-3-27b-it); got 'other'" in refused.err


@pytest.fixture
def outside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work in a folder without a clone of the product around it."""
    monkeypatch.chdir(tmp_path)


@pytest.mark.usefixtures("outside")
def test_outside_of_a_clone_the_server_names_its_model(inference_ops: InferenceOps) -> None:
    """No config is needed; where the server has none or several, one must be chosen."""
    server, other = StandInServer(), StandInServer(models=("base", "adapter"))
    with server.serving() as url, other.serving() as several:
        ran = inference_ops("load", "--url", url, "--concurrency", "1", "--step-sec", "0.05")
        unclear = inference_ops("load", "--url", several)
        odd = inference_ops("load", "--url", f"{url}/elsewhere")

    assert ran.code == 0
    assert {body["model"] for _, body, _ in server.requests} == {MODEL}
    assert (unclear.code, odd.code, other.requests) == (2, 2, [])
    assert "--model: must be given: there is no config, and the server has 'base', 'adapter'" in unclear.err
    assert "/elsewhere/v1/models does not list it" in odd.err


@pytest.mark.usefixtures("outside")
def test_a_dead_port_is_reported_at_once(inference_ops: InferenceOps) -> None:
    """Long before the first step of a ramp of minutes is over: exit code 3, and what to look at."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}"
        asked = inference_ops("load", "--url", url)
        named = inference_ops(*arguments(url, concurrency="1,2", step_sec="3600"))

    assert asked.code == named.code == 3
    assert f"Nobody answers at {url}: " in asked.err
    assert f"Ended in the first step: nobody answered at {url}." in named.out
    for text in (asked.err, named.out):
        assert "is this machine in the VPC, in one of the gateway's regions?" in text


def interrupted(server: StandInServer, name: signal.Signals, svg: Path, *, requests: int) -> tuple[int, str, str]:
    """Exit code, stdout and stderr of a run that gets a signal once the server has seen so many requests."""
    with server.serving() as url:
        command = ["--output", "json", *arguments(url, "--picture", str(svg), concurrency="2,3", step_sec="60")]
        program = subprocess.Popen(
            [sys.executable, "-m", "gke_inference", *command],
            cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        while len(server.requests) < requests and program.poll() is None:
            time.sleep(0.02)
        program.send_signal(name)
        out, err = program.communicate(timeout=30)
    return program.returncode, out, err


@pytest.mark.parametrize("name", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_run_and_what_was_measured_is_reported(name: signal.Signals, tmp_path: Path) -> None:
    """With the picture, the exit code of what was seen, and the word that it was cut short."""
    svg = tmp_path / "load.svg"
    code, out, err = interrupted(StandInServer(), name, svg, requests=10)
    document = json.loads(out)

    assert (code, document["ended_by"], len(document["steps"])) == (0, "signal", 1)
    assert document["total"]["requests"] + document["unfinished_requests"] >= 10
    assert "Traceback" not in err
    assert "interrupted" in svg.read_text()


def test_a_signal_before_the_first_answer_is_no_verdict(tmp_path: Path) -> None:
    """Exit code 3, with a report and a picture of nothing."""
    svg = tmp_path / "load.svg"
    code, out, err = interrupted(StandInServer(failure="hang"), signal.SIGINT, svg, requests=2)
    document = json.loads(out)

    assert (code, document["outcome"], document["unfinished_requests"]) == (3, "unknown", 2)
    assert (document["total"]["requests"], document["regions"]) == (0, {})
    assert "Traceback" not in err
    assert ElementTree.fromstring(svg.read_text()).tag.endswith("svg")


def test_the_token_is_sent_and_shown_nowhere(
    inference_ops: InferenceOps, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Not in tables, JSON, picture or progress, even where the server repeats it."""
    monkeypatch.setenv("GATEWAY_TOKEN", f"{TOKEN}\n")
    svg = tmp_path / "load.svg"
    server = StandInServer(failure="503", fail_every=2)
    with server.serving() as url:
        more = ("--token-env", "GATEWAY_TOKEN", "--picture", str(svg))
        shown = [inference_ops(*format, *arguments(url, *more)) for format in ((), ("--output", "json"))]

    assert {headers["authorization"] for _, _, headers in server.requests} == {f"Bearer {TOKEN}"}
    assert all("Bearer ..." in ran.out for ran in shown)
    assert not any(TOKEN in text for ran in shown for text in (ran.out, ran.err, svg.read_text()))
