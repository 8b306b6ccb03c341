"""What is asked of a server, what became of a request, and percentiles of what was measured."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

UNKNOWN_REGION = "unknown"

CountedBy = Literal["usage", "chunks"]


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """
    Where requests go and what they ask.

    Attributes:
        url: Base address, without `/v1`; with the path prefix of a model that has one.
        headers: Headers of every request beside the client's own, such as those that a route asks for.
        model: What is sent as `model`.
        api: Chat completions, or plain completions, of OpenAI's API.
        path: Where requests go in place of that API, such as `/v1/audio/speech`; empty for the API.
        body: JSON of such a request.
        stream: Ask for tokens as they come.
        max_tokens: Longest answer, in tokens.
        timeout_sec: How long one request may take, from connecting to the last byte.
        region_header: Response header that names the region which served.
        objective: InferenceObjective whose priority the requests have; empty for none.
        token: Bearer token; empty for none.
        secret_headers: Headers whose values nobody may see, such as the key that an API gateway asks for.
        server_name: Host name that the server's certificate is for, where the URL has an address in its place.
    """

    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    model: str
    api: Literal["chat", "completions"] = "chat"
    path: str = ""
    body: Any = None
    stream: bool = True
    max_tokens: int = 128
    timeout_sec: float = 300
    region_header: str = "x-inference-region"
    objective: str = ""
    token: str = field(default="", repr=False)
    secret_headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    server_name: str = ""

    @property
    def extensions(self) -> dict[str, Any]:
        """What httpx needs beside a request: the host name that it asks for, and checks, in the TLS handshake."""
        return {"sni_hostname": self.server_name} if self.server_name else {}

    @property
    def is_openai(self) -> bool:
        """Whether the answer is one of OpenAI's API; of any other, the first byte and the end are all that is read."""
        return not self.path

    @property
    def first_part(self) -> str:
        """What comes first of a streamed answer, as tables call the time until then."""
        return "TTFT" if self.is_openai else "first byte"

    def hide_secrets(self, text: str) -> str:
        """Return *text*, which a server may have made of a request, with `...` for the token and the secret values."""
        secrets = [self.token, *self.secret_headers.values()]
        # A server may repeat the credentials of `Authorization: Bearer ...` alone.
        secrets += [value.partition(" ")[2].strip() for value in self.secret_headers.values()]
        forms = {form for secret in secrets for form in (secret, json.dumps(secret)[1:-1])} - {""}
        for form in sorted(forms, key=len, reverse=True):
            text = text.replace(form, "...")
        return text


@dataclass(frozen=True, kw_only=True)
class Result:
    """
    One measured request. Times are readings of `time.perf_counter`.

    Attributes:
        began_sec: When it was sent.
        ended_sec: When the last byte came, or the error.
        first_token_sec: When the first text came, or the first byte of an answer that is not OpenAI's; None without a
            stream, without text, or before an error.
        region: Region that served, as the server names it.
        status: HTTP status; None where there was no answer at all.
        output_tokens: Length of the answer; None where nobody counted.
        counted_by: The server's `usage`, or the client's count of the chunks that held text.
        error: `http_<status>`, `timeout`, `connection`, `broken_stream`, `given_up`, `bad_answer`; empty when good.
        detail: Message of the error.
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


def percentile(values: Iterable[float], percent: int) -> float | None:
    """
    Return the nearest-rank percentile, a value that was measured; None where too few values lie beyond it.

    With fewer than 100 / (100 - percent) values, the percentile would be the largest of them under another name.
    """
    ordered = sorted(values)
    if len(ordered) * (100 - percent) < 100:
        return None
    return round(ordered[-(-len(ordered) * percent // 100) - 1], 4)
