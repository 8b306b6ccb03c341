"""What is asked of an OpenAI-compatible server, and what becomes of each request."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from gke_inference.openai_wire import GIVEN_UP, Answer
from platform_config.errors import shown

UNKNOWN_REGION = "unknown"

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


@dataclass(kw_only=True)
class Reading:
    """
    What has been seen of one answer so far, by whoever receives it: kept when it breaks.

    Attributes:
        endpoint: What was asked, and where.
        began_sec: When it was sent, on any clock that the other times are of too.
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

    def head(self, status: int, region: str) -> None:
        """Status and region header of the answer have come."""
        self.status = status
        self.region = "".join(filter(str.isprintable, region)).strip() or UNKNOWN_REGION

    def refused(self, body: str) -> None:
        """The status was none of success; *body* says why."""
        self.fail(f"http_{self.status}", body)

    def event(self, data: bytes, at_sec: float) -> None:
        """
        One event of a stream has come at *at_sec*.

        Raises:
            ValueError: It is not in OpenAI's format.
        """
        if data == b"[DONE]":
            self.done = True
        else:
            self._note(Answer.model_validate_json(data), at_sec)

    def whole(self, data: bytes) -> None:
        """
        An answer that is no stream has come.

        Raises:
            ValueError: It is not in OpenAI's format.
        """
        answer = Answer.model_validate_json(data)
        self._note(answer, None)
        if not answer.choices:
            self.fail("bad_answer", "no choices in the answer")

    def ended(self) -> None:
        """The stream is over."""
        if not self.done:
            self.fail("broken_stream", "ended without [DONE]")

    def timed_out(self) -> None:
        """It took too long."""
        self.fail("timeout", f"not finished after {self.endpoint.timeout_sec:g} s")

    def broken(self, detail: str) -> None:
        """The network let it down."""
        self.fail("broken_stream" if self.status and self.endpoint.stream else "connection", detail)

    def unreadable(self, detail: str) -> None:
        """An answer that is none of OpenAI's, or a host name that cannot be one."""
        known = self.status is not None
        self.fail(*("bad_answer", "not in OpenAI's format") if known else ("connection", detail))

    def fail(self, error: str, detail: str) -> None:
        """Keep the first error: the next ones follow from it."""
        if not self.error:
            self.error, self.detail = error, detail

    def result(self, ended_sec: float) -> Result:
        """What became of it; the token, which a server may repeat, is taken out."""
        streamed, detail = self.endpoint.stream, self.detail
        counted_by: CountedBy | None = "usage" if self.tokens is not None else "chunks" if streamed else None
        if self.endpoint.token:
            detail = detail.replace(self.endpoint.token, "...")
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

    def _note(self, answer: Answer, at_sec: float | None) -> None:
        if answer.error:
            self.fail("given_up", str(answer.error))
        for choice in answer.choices:
            if choice.finish_reason in GIVEN_UP:
                self.fail("given_up", f"finish_reason {choice.finish_reason}")
            if choice.has_text():
                self.first_token_sec = self.first_token_sec or at_sec
                self.chunks += 1
        if answer.usage:
            self.tokens = answer.usage.completion_tokens
