"""One request: what is sent, what is measured, and each way to fail."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import anyio
import httpx
import pytest

from gke_inference.openai import Endpoint, Result
from gke_inference.openai_client import make_prompt, send
from tests.gke_inference.stand_in_server import MODEL, Failure, StandInServer

TOKEN = "secret-token-1234"


def ask(
    server: StandInServer,
    *,
    stream: bool = True,
    api: Literal["chat", "completions"] = "chat",
    model: str = MODEL,
    timeout_sec: float = 5,
    token: str = "",
    objective: str = "",
    headers: Mapping[str, str] | None = None,
) -> Result:
    """Send one request to the stand-in."""

    async def run(url: str) -> Result:
        endpoint = Endpoint(
            url=url,
            headers=headers or {},
            model=model,
            api=api,
            stream=stream,
            timeout_sec=timeout_sec,
            token=token,
            objective=objective,
        )
        async with httpx.AsyncClient(timeout=None, trust_env=False) as client:
            return await send(client, endpoint, "Hello")

    with server.serving() as url:
        return anyio.run(run, url)


@pytest.mark.parametrize("api", ["chat", "completions"])
def test_a_stream_is_measured_from_first_token_to_done(api: Literal["chat", "completions"]) -> None:
    """The first text counts, not the chunk that only names the role; tokens are the server's own count."""
    result = ask(StandInServer(token_sec=0.02), api=api)

    assert (result.error, result.status, result.region) == ("", 200, "us")
    assert (result.output_tokens, result.counted_by) == (4, "usage")
    assert result.first_token_sec is not None
    assert result.began_sec + 0.02 <= result.first_token_sec < result.ended_sec
    assert result.began_sec + 4 * 0.02 <= result.ended_sec


@pytest.mark.parametrize("api", ["chat", "completions"])
def test_a_whole_answer_has_no_first_token(api: Literal["chat", "completions"]) -> None:
    """Without a stream only the whole answer can be timed."""
    result = ask(StandInServer(), stream=False, api=api)

    assert (result.error, result.first_token_sec) == ("", None)
    assert (result.output_tokens, result.counted_by) == (4, "usage")


def test_without_usage_chunks_are_counted() -> None:
    """The report says so: a chunk may hold several tokens. A whole answer cannot be counted at all."""
    streamed, whole = ask(StandInServer(usage=False)), ask(StandInServer(usage=False), stream=False)

    assert (streamed.output_tokens, streamed.counted_by) == (4, "chunks")
    assert (whole.output_tokens, whole.counted_by) == (None, None)


def test_a_line_separator_in_the_text_breaks_nothing() -> None:
    """U+2028 and U+0085 end no line of a stream: models write them."""
    assert ask(StandInServer(text="\u2028\u0085\u000b")).error == ""


@pytest.mark.parametrize(
    ("failure", "stream", "error", "status", "detail"),
    [
        ("503", True, "http_503", 503, "overloaded"),
        ("503", False, "http_503", 503, "overloaded"),
        ("hang", True, "timeout", None, "0.3 s"),
        ("hang in stream", True, "timeout", 200, "0.3 s"),
        ("break", True, "broken_stream", 200, "RemoteProtocolError"),
        ("no done", True, "broken_stream", 200, "[DONE]"),
        ("error event", True, "given_up", 200, "engine died"),
        ("abort", True, "given_up", 200, "abort"),
        ("garbage", True, "bad_answer", 200, "format"),
        ("empty", False, "bad_answer", 200, "no choices"),
        ("no answer", True, "connection", None, "RemoteProtocolError"),
    ],
)
def test_every_way_to_fail_has_a_kind(
    failure: Failure, stream: bool, error: str, status: int | None, detail: str
) -> None:
    """A stream that breaks in the middle or ends without [DONE] is an error, whatever the HTTP status was."""
    # Only what hangs is cut short: a busy machine must not turn the others into timeouts.
    timeout_sec = 0.3 if failure.startswith("hang") else 30
    result = ask(StandInServer(failure=failure), stream=stream, timeout_sec=timeout_sec)

    assert (result.error, result.status) == (error, status)
    assert detail in result.detail
    assert result.region == ("unknown" if status is None else "us")


def test_an_unknown_model_is_reported_as_the_server_says_it() -> None:
    """The most common mistake is understood from the report alone."""
    result = ask(StandInServer(), model="gemma-9")

    assert result.error == "http_404"
    assert "The model `gemma-9` does not exist." in result.detail


def test_a_host_that_cannot_be_one_is_a_connection_error() -> None:
    """Names that no resolver takes are refused by Python itself, with another exception."""

    async def run() -> Result:
        async with httpx.AsyncClient() as client:
            return await send(client, Endpoint(url=f"http://{'a' * 70}.invalid", model=MODEL), "Hello")

    assert anyio.run(run).error == "connection"


def test_the_request_asks_for_what_was_planned() -> None:
    """Model, length, stream with usage, and the token in the one header it belongs to."""
    server = StandInServer()
    ask(server, token=TOKEN)
    ask(server, stream=False, api="completions")
    (chat_path, chat, chat_headers), (path, plain, headers) = server.requests

    assert (chat_path, path) == ("/v1/chat/completions", "/v1/completions")
    assert chat == {
        "model": MODEL,
        "max_tokens": 128,
        "stream": True,
        "stream_options": {"include_usage": True},
        "messages": [{"role": "user", "content": "Hello"}],
    }
    assert plain == {"model": MODEL, "max_tokens": 128, "stream": False, "prompt": "Hello"}
    assert (chat_headers["authorization"], headers.get("authorization")) == (f"Bearer {TOKEN}", None)


def test_a_token_that_the_server_repeats_is_not_kept() -> None:
    """What an error says is printed; the token must not be in it."""
    result = ask(StandInServer(failure="503"), token=TOKEN)

    assert "overloaded, Bearer ..." in result.detail
    assert TOKEN not in repr(result)
    assert TOKEN not in repr(Endpoint(url="http://x", model=MODEL, token=TOKEN))


def test_a_region_is_only_what_can_be_printed() -> None:
    """The header comes from outside and goes to terminals and pictures."""
    assert ask(StandInServer(regions=("us\u00a0\u0085east5 ", "eu"))).region == "useast5"
    assert ask(StandInServer(region_header="")).region == "unknown"


@pytest.mark.parametrize("tokens", [20, 128, 1024])
def test_prompts_have_about_the_length_asked_and_begin_differently(tokens: int) -> None:
    """A prefix cache works on the first tokens: those are never the same."""
    prompts = [make_prompt(tokens) for _ in range(20)]

    assert {len(text.split()) - 1 for text in prompts} == {tokens - 2}
    assert len({tuple(text.split()[:12]) for text in prompts}) == 20


@pytest.mark.parametrize("objective", ["", "food-review"])
def test_requests_ask_for_the_priority_of_their_objective(objective: str) -> None:
    """By the header that the endpoint picker reads; without one there is no header."""
    server = StandInServer()
    ask(server, objective=objective)
    [(_, _, headers)] = server.requests

    assert headers.get("x-gateway-inference-objective", "") == objective


def test_requests_have_the_headers_of_their_route() -> None:
    """A host name, which replaces that of the address, and exact values, beside the client's own."""
    server = StandInServer()
    ask(server, token=TOKEN, headers={"Host": "gemma.example.com", "x-model": "gemma"})
    [(_, _, headers)] = server.requests

    assert (headers["host"], headers["x-model"]) == ("gemma.example.com", "gemma")
    assert headers["authorization"] == f"Bearer {TOKEN}"
