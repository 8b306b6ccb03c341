"""Answers of a model server: the format of OpenAI's, and a reader that keeps what came before an error."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx
from pydantic import BaseModel

from gke_inference.openai import UNKNOWN_REGION, CountedBy, Endpoint, Result
from platform_config.errors import shown

# How vLLM ends an answer that it gave up, such as when its pod is stopped; the HTTP status is 200 all the same.
GIVEN_UP = ("abort", "error")


class Delta(BaseModel):
    """What a chunk of a chat adds; servers differ in where they put the reasoning of a model."""

    content: str | None = None
    reasoning: str | None = None
    reasoning_content: str | None = None


class Choice(BaseModel):
    """One answer: its text is in `delta` for a chat, in `text` for a completion."""

    delta: Delta = Delta()
    text: str | None = None
    finish_reason: str | None = None

    def has_text(self) -> bool:
        """Return whether it holds any text."""
        return bool(self.text or self.delta.content or self.delta.reasoning or self.delta.reasoning_content)


class Usage(BaseModel):
    """What the server counted."""

    completion_tokens: int


class Answer(BaseModel):
    """A whole answer, or one chunk of a stream."""

    choices: list[Choice] = []
    usage: Usage | None = None
    error: Any = None


async def stream_events(response: httpx.Response) -> AsyncIterator[bytes]:
    """Yield the data of each server-sent event; `aiter_lines` would also split at U+2028, which models write."""
    rest = b""
    async for part in response.aiter_bytes():
        *lines, rest = (rest + part).split(b"\n")
        for line in lines:
            if line.startswith(b"data:"):
                yield line.removeprefix(b"data:").strip()
    # The last line may end with the stream.
    if rest.startswith(b"data:"):
        yield rest.removeprefix(b"data:").strip()


@dataclass(kw_only=True)
class AnswerReader:
    """
    Reads one answer as it comes; an error leaves what came before it.

    Attributes:
        endpoint: What was asked, and where.
        began_sec: When the request was sent, on the clock that the other times are read from.
    """

    endpoint: Endpoint
    began_sec: float
    region: str = UNKNOWN_REGION
    status: int | None = None
    first_token_sec: float | None = None
    chunks: int = 0
    tokens: int | None = None
    error: str = ""
    detail: str = ""
    done: bool = False

    def read_head(self, status: int, region: str) -> None:
        """Keep the status and the region header of the answer."""
        self.status = status
        self.region = "".join(filter(str.isprintable, region)).strip() or UNKNOWN_REGION

    def read_refusal(self, body: str) -> None:
        """Keep *body* as the reason of a status that is not a success."""
        self._fail(f"http_{self.status}", body)

    def read_event(self, data: bytes, at_sec: float) -> None:
        """
        Read one event of a stream, or a part of an answer that is not OpenAI's, which came at *at_sec*.

        Raises:
            ValueError: It is not in OpenAI's format.
        """
        if not self.endpoint.is_openai:
            self.first_token_sec = self.first_token_sec or at_sec
        elif data == b"[DONE]":
            self.done = True
        else:
            self._read(Answer.model_validate_json(data), at_sec)

    def read_whole(self, data: bytes) -> None:
        """
        Read an answer that is no stream.

        Raises:
            ValueError: It is not in OpenAI's format.
        """
        answer = Answer.model_validate_json(data)
        self._read(answer, None)
        if not answer.choices:
            self._fail("bad_answer", "no choices in the answer")

    def end_stream(self) -> None:
        """Note that the stream is over; one of OpenAI's without [DONE] is broken."""
        if self.endpoint.is_openai and not self.done:
            self._fail("broken_stream", "ended without [DONE]")

    def fail_by_timeout(self) -> None:
        """Note that the request took too long."""
        self._fail("timeout", f"not finished after {self.endpoint.timeout_sec:g} s")

    def fail_by_network(self, detail: str) -> None:
        """Note that the connection failed."""
        self._fail("broken_stream" if self.status and self.endpoint.stream else "connection", detail)

    def fail_by_format(self, detail: str) -> None:
        """Note an answer that is not in OpenAI's format, or a host name that cannot be one."""
        answered = self.status is not None
        self._fail(*("bad_answer", "not in OpenAI's format") if answered else ("connection", detail))

    def result(self, ended_sec: float) -> Result:
        """Return the measured request; secrets, which a server may repeat, are taken out of its message."""
        streamed, detail = self.endpoint.stream and self.endpoint.is_openai, self.endpoint.hide_secrets(self.detail)
        counted_by: CountedBy | None = "usage" if self.tokens is not None else "chunks" if streamed else None
        return Result(
            began_sec=self.began_sec,
            ended_sec=ended_sec,
            first_token_sec=self.first_token_sec,
            region=self.region,
            status=self.status,
            output_tokens=self.chunks if counted_by == "chunks" else self.tokens,
            counted_by=counted_by,
            error=self.error,
            detail=shown(detail)[1:-1] if detail else "",
        )

    def _fail(self, error: str, detail: str) -> None:
        """Keep the first error: the next ones follow from it."""
        if not self.error:
            self.error, self.detail = error, detail

    def _read(self, answer: Answer, at_sec: float | None) -> None:
        if answer.error:
            self._fail("given_up", str(answer.error))
        for choice in answer.choices:
            if choice.finish_reason in GIVEN_UP:
                self._fail("given_up", f"finish_reason {choice.finish_reason}")
            if choice.has_text():
                self.first_token_sec = self.first_token_sec or at_sec
                self.chunks += 1
        if answer.usage:
            self.tokens = answer.usage.completion_tokens
