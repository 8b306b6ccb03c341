"""One request to an OpenAI-compatible server, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from time import perf_counter
from typing import Any, Literal

import anyio
import httpx

from operations.openai_wire import GIVEN_UP, Answer, events
from stacks.errors import shown

UNKNOWN_REGION = "unknown"
OBJECTIVE_HEADER = "x-gateway-inference-objective"

CountedBy = Literal["usage", "chunks"]


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """
    Where requests go and what they ask.

    Attributes:
        url: Base address, without `/v1`.
        model: What is sent as `model`.
        api: Chat completions, or plain completions.
        stream: Ask for tokens as they come.
        max_tokens: Longest answer, in tokens.
        timeout_sec: How long one request may take, from connecting to the last byte.
        region_header: Response header that names the region which served.
        objective: InferenceObjective whose priority the requests have; empty for none.
        token: Bearer token; empty for none.
    """

    url: str
    model: str
    api: Literal["chat", "completions"] = "chat"
    stream: bool = True
    max_tokens: int = 128
    timeout_sec: float = 300
    region_header: str = "x-inference-region"
    objective: str = ""
    token: str = field(default="", repr=False)


@dataclass(frozen=True, kw_only=True)
class Result:
    """
    One measured request. Times are readings of `time.perf_counter`.

    Attributes:
        began_sec: When it was sent.
        ended_sec: When the last byte came, or the error.
        first_token_sec: When the first text came; None without a stream, without text, or before an error.
        region: Who served, as the server says.
        status: HTTP status; None where there was no answer at all.
        output_tokens: Length of the answer; None where nobody counted.
        counted_by: The server's `usage`, or our count of the chunks that held text.
        error: `http_<status>`, `timeout`, `connection`, `broken_stream`, `given_up`, `bad_answer`; empty when good.
        detail: What was said about the error, for people.
    """

    began_sec: float
    ended_sec: float
    first_token_sec: float | None = None
    region: str = UNKNOWN_REGION
    status: int | None = None
    output_tokens: int | None = None
    counted_by: CountedBy | None = None
    error: str = ""
    detail: str = ""


@dataclass
class _Seen:
    """What has been seen of an answer so far: kept when it breaks."""

    region: str = UNKNOWN_REGION
    status: int | None = None
    first_token_sec: float | None = None
    chunks: int = 0
    tokens: int | None = None
    error: str = ""
    detail: str = ""

    def fail(self, error: str, detail: str) -> None:
        """Keep the first error: the next ones follow from it."""
        if not self.error:
            self.error, self.detail = error, detail


async def send(client: httpx.AsyncClient, endpoint: Endpoint, prompt: str) -> Result:
    """Send one request and measure it. Never raises for what a server or network does: that is in the result."""
    seen, began_sec = _Seen(), perf_counter()
    try:
        with anyio.fail_after(endpoint.timeout_sec):
            await _receive(client, endpoint, prompt, seen)
    except TimeoutError:
        seen.fail("timeout", f"not finished after {endpoint.timeout_sec:g} s")
    except httpx.HTTPError as error:
        kind = "broken_stream" if seen.status and endpoint.stream else "connection"
        seen.fail(kind, f"{type(error).__name__}: {error}")
    except ValueError as error:
        # pydantic's, or of a host name that cannot be one.
        known = seen.status is not None
        seen.fail(*("bad_answer", "not in OpenAI's format") if known else ("connection", str(error)))
    ended_sec = perf_counter()
    if endpoint.token:
        seen.detail = seen.detail.replace(endpoint.token, "...")
    counted_by: CountedBy | None = "usage" if seen.tokens is not None else "chunks" if endpoint.stream else None
    return Result(
        began_sec=began_sec,
        ended_sec=ended_sec,
        first_token_sec=seen.first_token_sec,
        region=seen.region,
        status=seen.status,
        output_tokens=seen.chunks if counted_by == "chunks" else seen.tokens,
        counted_by=counted_by,
        error=seen.error,
        detail=shown(seen.detail)[1:-1] if seen.detail else "",
    )


async def _receive(client: httpx.AsyncClient, endpoint: Endpoint, prompt: str, seen: _Seen) -> None:
    body: dict[str, Any] = {"model": endpoint.model, "max_tokens": endpoint.max_tokens, "stream": endpoint.stream}
    if endpoint.api == "chat":
        path, body["messages"] = "chat/completions", [{"role": "user", "content": prompt}]
    else:
        path, body["prompt"] = "completions", prompt
    if endpoint.stream:
        body["stream_options"] = {"include_usage": True}
    headers = {"Authorization": f"Bearer {endpoint.token}"} if endpoint.token else {}
    headers |= {OBJECTIVE_HEADER: endpoint.objective} if endpoint.objective else {}
    async with client.stream("POST", f"{endpoint.url}/v1/{path}", json=body, headers=headers) as response:
        seen.status = response.status_code
        name = response.headers.get(endpoint.region_header, "")
        seen.region = "".join(filter(str.isprintable, name)).strip() or UNKNOWN_REGION
        if not response.is_success:
            seen.error = f"http_{response.status_code}"
            seen.detail = (await response.aread()).decode(errors="replace")
        elif endpoint.stream:
            await _read_stream(response, seen)
        else:
            _note(Answer.model_validate_json(await response.aread()), seen, whole=True)


async def _read_stream(response: httpx.Response, seen: _Seen) -> None:
    done = False
    async for data in events(response):
        if data == b"[DONE]":
            done = True
        else:
            _note(Answer.model_validate_json(data), seen, whole=False)
    if not done:
        seen.fail("broken_stream", "ended without [DONE]")


def _note(answer: Answer, seen: _Seen, *, whole: bool) -> None:
    """Take over what *answer* adds to what was seen."""
    if answer.error:
        seen.fail("given_up", str(answer.error))
    elif whole and not answer.choices:
        seen.fail("bad_answer", "no choices in the answer")
    for choice in answer.choices:
        if choice.finish_reason in GIVEN_UP:
            seen.fail("given_up", f"finish_reason {choice.finish_reason}")
        if choice.has_text():
            seen.first_token_sec = seen.first_token_sec or (None if whole else perf_counter())
            seen.chunks += 1
    if answer.usage:
        seen.tokens = answer.usage.completion_tokens
