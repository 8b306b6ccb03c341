"""`load` with a config of several models, and with servers whose API is not OpenAI's."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.gke_inference.conftest import InferenceOps, Ran
from tests.gke_inference.model_configs import several_models, write_config
from tests.gke_inference.stand_in_server import StandInServer

SPEECH = ("--path", "/v1/audio/speech", "--body", '{"input": "Hello", "voice": "af_bella"}')


@dataclass
class Loaded:
    """A gateway, and the command that measures a model behind it."""

    inference_ops: InferenceOps
    config: Path
    server: StandInServer
    url: str

    def run(self, *more: str, url: str = "", output: str = "json") -> Ran:
        """Run a short load."""
        return self.inference_ops(
            "--config", str(self.config), "--output", output, "load", "--url", url or self.url,
            "--concurrency", "2", "--step-sec", "0.1", *more,
        )  # fmt: skip

    def sent(self) -> tuple[str, str, dict[str, str]]:
        """Return path, model and headers of the last request."""
        path, body, headers = self.server.requests[-1]
        return path, body.get("model", ""), headers


@pytest.fixture
def loaded(inference_ops: InferenceOps, tmp_path: Path) -> Iterator[Loaded]:
    """Serve three models."""
    server = StandInServer(models=("gemma-3-27b-it", "gemma-3-4b-it", "reviews"))
    with server.serving() as url:
        yield Loaded(inference_ops, write_config(tmp_path / "several.yaml", several_models()), server, url)


@pytest.mark.parametrize(("given", "name"), [("small", "gemma-3-4b-it"), ("gemma-3-4b-it",) * 2, ("reviews",) * 2])
def test_a_model_is_reached_at_its_address(loaded: Loaded, given: str, name: str) -> None:
    """By its key, its served name or an adapter of it: each request has its path, host and headers."""
    ran = loaded.run("--model", given)
    path, model, headers = loaded.sent()

    assert (ran.code, path, model) == (0, "/small/v1/chat/completions", name)
    assert (headers["host"], headers["x-tier"]) == ("small.example.com", "free")
    plan = ran.document["plan"]
    assert (plan["url"], plan["model"]) == (f"{loaded.url}/small", name)
    assert plan["headers"] == {"Host": "small.example.com", "x-tier": "free"}


def test_a_path_that_the_url_has_already_is_not_added(loaded: Loaded) -> None:
    """As it is printed by `verify`."""
    assert loaded.run("--model", "small", url=f"{loaded.url}/small/v1").code == 0
    assert loaded.sent()[0] == "/small/v1/chat/completions"


def test_a_server_is_asked_directly(loaded: Loaded) -> None:
    """With --direct, as through a port that is forwarded: the model's name, and nothing of its address."""
    assert loaded.run("--model", "small", "--direct").code == 0
    path, model, headers = loaded.sent()

    assert (path, model, "x-tier" in headers) == ("/v1/chat/completions", "gemma-3-4b-it", False)


def test_of_several_models_one_must_be_chosen(loaded: Loaded) -> None:
    """The keys are listed, and so is what clients send."""
    none, unknown = loaded.run(), loaded.run("--model", "gema")

    assert (none.code, unknown.code, loaded.server.requests) == (2, 2, [])
    assert "--model: must be given, the config has several: gemma, small, speech" in none.err
    assert "small (gemma-3-4b-it, reviews), speech (speech); got 'gema'" in unknown.err


def test_a_model_without_requests_is_refused(loaded: Loaded, tmp_path: Path) -> None:
    """One that is being removed has no route; its servers can be asked directly."""
    settings = several_models()
    settings["models"]["small"]["drain"] = True
    loaded.config = write_config(tmp_path / "drained.yaml", settings)
    ran = loaded.run("--model", "small")

    assert (ran.code, loaded.server.requests) == (2, [])
    assert "small has none: models.small.drain is on; with --direct, --url is that of a server" in ran.err
    assert loaded.run("--model", "small", "--direct").code == 0


def test_a_custom_server_is_asked_what_is_given(loaded: Loaded, tmp_path: Path) -> None:
    """Its path and body, at the model's address; times are those to the first byte and to the end."""
    picture = tmp_path / "speech.svg"
    loaded.server.region_header = ""
    ran = loaded.run("--model", "speech", *SPEECH, "--picture", str(picture))
    path, body, _ = loaded.server.requests[-1]
    total = ran.document["total"]

    assert (ran.code, path) == (0, "/speech/v1/audio/speech")
    assert body == {"input": "Hello", "voice": "af_bella"}
    assert 0 < total["ttft_p50_sec"] < total["latency_p50_sec"]
    assert (total["output_tokens"], total["output_tokens_counted_by"]) == (0, None)
    assert list(ran.document["regions"]) == ["unknown"]
    ElementTree.fromstring(picture.read_text())
    assert "Time to first byte" in picture.read_text()


def test_the_tables_of_a_custom_server_say_what_is_measured(loaded: Loaded, tmp_path: Path) -> None:
    """First byte in place of first token; and that no answer names a region."""
    body = tmp_path / "request.json"
    body.write_text(json.dumps({"input": "Hello"}))
    loaded.server.region_header = ""
    ran = loaded.run("--model", "speech", "--path", "/v1/audio/speech", "--body", f"@{body}", output="text")

    assert ran.code == 0
    for part in ("POST /v1/audio/speech", "first byte", "so regions are not known"):
        assert part in ran.out
    assert "TTFT" not in ran.out


def test_an_answer_that_breaks_off_is_an_error(loaded: Loaded) -> None:
    """Whatever its format is."""
    loaded.server.failure = "break"
    ran = loaded.run("--model", "speech", *SPEECH)

    assert (ran.code, set(ran.document["total"]["errors_by_kind"])) == (1, {"broken_stream"})


def test_what_a_custom_server_is_asked_must_be_given(loaded: Loaded) -> None:
    """Its API is not known: path and body together, and JSON that can be read."""
    for more, words in (
        ((), "--path: must be given with --body, speech is a custom server, whose API is not known"),
        (SPEECH[:2], "--body: must be given with --path"),
        (SPEECH[2:], "--path: must be given with --body"),
        (("--path", "speech", "--body", "{"), "--path': must start with '/'"),
        (("--path", "/speech", "--body", "{"), "--body': must be JSON, or @FILE that holds it, got '{'"),
        (("--path", "/speech", "--body", "@nowhere.json"), "--body': must be JSON, or @FILE that can be read"),
    ):
        ran = loaded.run("--model", "speech", *more)
        assert (ran.code, words in ran.err) == (2, True), ran.err
    assert loaded.server.requests == []
