"""What an OpenAI-compatible server sends: answers, and streams of their chunks."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
from pydantic import BaseModel

# How vLLM ends an answer that it gave up, such as when its pod is stopped; the HTTP status is 200 all the same.
GIVEN_UP = ("abort", "error")


class Delta(BaseModel):
    """What a chunk of a chat adds; servers differ in where the thoughts of a reasoning model are."""

    content: str | None = None
    reasoning: str | None = None
    reasoning_content: str | None = None


class Choice(BaseModel):
    """One answer: its text is in `delta` for a chat, in `text` for a completion."""

    delta: Delta = Delta()
    text: str | None = None
    finish_reason: str | None = None

    def has_text(self) -> bool:
        """Whether there is anything to read in it."""
        return bool(self.text or self.delta.content or self.delta.reasoning or self.delta.reasoning_content)


class Usage(BaseModel):
    """What the server counted."""

    completion_tokens: int


class Answer(BaseModel):
    """A whole answer, or one chunk of a stream."""

    choices: list[Choice] = []
    usage: Usage | None = None
    error: Any = None


async def events(response: httpx.Response) -> AsyncIterator[bytes]:
    """Data of each server-sent event. Not `aiter_lines`, for which a line ends at U+2028 too: models write that."""
    rest = b""
    async for part in response.aiter_bytes():
        *lines, rest = (rest + part).split(b"\n")
        for line in lines:
            if line.startswith(b"data:"):
                yield line.removeprefix(b"data:").strip()
    # The last line may end with the stream.
    if rest.startswith(b"data:"):
        yield rest.removeprefix(b"data:").strip()
