"""A stand-in for two regions of model servers behind one gateway: answers as vLLM does, and fails on demand."""

from __future__ import annotations

import json
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal

import trustme

MODEL = "gemma-3-27b-it"

Failure = Literal[
    "", "503", "hang", "hang in stream", "break", "no done", "no answer", "error event", "abort", "garbage", "empty"
]


@dataclass
class StandInServer:
    """
    The gateway and what is behind it.

    Attributes:
        home_slots: Requests that the first region answers at once; the rest goes to the second.
        tokens: Length of each answer.
        token_sec: Time that a token takes.
        usage: Whether the server counts tokens.
        regions: Names of the two regions.
        region_header: Header that names the region; empty for none.
        text: What each chunk holds.
        failure: What goes wrong.
        fail_every: Only each such request fails.
        models: Names of its models, as it lists them.
        health_path: What else it answers a GET of.
        api_key: What each request must have as x-api-key, or Apigee's fault is the answer; empty for none.
        requests: Path, body and headers of each POST.
        probes: Path and headers of each GET.
        most_at_once: Requests that ran at the same time, at most.
    """

    home_slots: int = 1000
    tokens: int = 4
    token_sec: float = 0.005
    usage: bool = True
    regions: tuple[str, str] = ("us", "eu")
    region_header: str = "x-inference-region"
    text: str = " word"
    failure: Failure = ""
    fail_every: int = 1
    models: tuple[str, ...] = (MODEL,)
    health_path: str = "/health"
    api_key: str = ""
    requests: list[tuple[str, dict[str, Any], dict[str, str]]] = field(default_factory=list)
    probes: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    most_at_once: int = 0

    def __post_init__(self) -> None:
        self.lock = threading.Lock()
        self.stopped = threading.Event()
        self.running = dict.fromkeys(self.regions, 0)

    @contextmanager
    def serving(self, authority: trustme.CA | None = None, host: str = "localhost") -> Iterator[str]:
        """Run the server, and give its address: https with a certificate of *authority* for *host*, else http."""
        server = _Server(("127.0.0.1", 0), _handler(self))
        if authority:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            authority.issue_cert(host).configure_cert(context)
            server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        try:
            yield f"{'https' if authority else 'http'}://127.0.0.1:{server.server_port}"
        finally:
            self.stopped.set()
            server.shutdown()
            server.server_close()

    def answer(self, http: BaseHTTPRequestHandler) -> None:
        """Choose a region and answer one request from there."""
        body = json.loads(http.rfile.read(int(http.headers["Content-Length"])))
        with self.lock:
            self.requests.append((http.path, body, {name.lower(): value for name, value in http.headers.items()}))
            home, other = self.regions
            region = home if self.running[home] < self.home_slots else other
            self.running[region] += 1
            self.most_at_once = max(self.most_at_once, sum(self.running.values()))
            failure: Failure = self.failure if len(self.requests) % self.fail_every == 0 else ""
        with ExitStack() as slot:
            slot.callback(self._leave, region)
            _Answer(self, http, body, region, failure, slot).send()

    def refusal(self, http: BaseHTTPRequestHandler) -> dict[str, Any]:
        """Return the fault that Apigee answers where the key is missing or wrong, which it repeats; empty for none."""
        if http.headers.get("x-api-key", "") == self.api_key or not self.api_key:
            return {}
        why = f"Failed to resolve API Key {http.headers.get('x-api-key', 'variable request.header.x-api-key')}"
        return {"fault": {"faultstring": why, "detail": {"errorcode": "steps.oauth.v2.FailedToResolveAPIKey"}}}

    def _leave(self, region: str) -> None:
        with self.lock:
            self.running[region] -= 1


@dataclass
class _Answer:
    """One answer; *slot* is closed before its last byte, so that the next request never comes too early."""

    server: StandInServer
    http: BaseHTTPRequestHandler
    body: dict[str, Any]
    region: str
    failure: Failure
    slot: ExitStack

    def send(self) -> None:
        server = self.server
        if self.failure == "hang":
            server.stopped.wait()
        if self.failure == "no answer":
            self.http.close_connection = True
        elif refusal := server.refusal(self.http):
            self._whole(401, refusal)
        elif self.failure == "503":
            self._whole(503, {"error": {"message": f"overloaded, {self.http.headers['Authorization']}"}})
        elif "completions" not in self.http.path:
            self._bytes()
        elif self.body["model"] not in server.models:
            self._whole(404, {"error": {"message": f"The model `{self.body['model']}` does not exist."}})
        elif self.body["stream"]:
            self._stream()
        else:
            time.sleep(server.tokens * server.token_sec)
            choices = [] if self.failure == "empty" else [{"message": {"content": server.text * server.tokens}}]
            self._whole(200, {"choices": choices, **self._usage()})

    def _usage(self) -> dict[str, Any]:
        return {"usage": {"completion_tokens": self.server.tokens}} if self.server.usage else {}

    def _begin(self, status: int, headers: dict[str, str]) -> None:
        self.http.send_response(status)
        for name, value in headers.items():
            self.http.send_header(name, value)
        if self.server.region_header:
            self.http.send_header(self.server.region_header, self.region)
        self.http.end_headers()

    def _whole(self, status: int, document: dict[str, Any]) -> None:
        data = json.dumps(document).encode()
        self.slot.close()
        self._begin(status, {"Content-Type": "application/json", "Content-Length": str(len(data))})
        self.http.wfile.write(data)

    def _stream(self) -> None:
        server, chat = self.server, "messages" in self.body
        self._begin(200, {"Content-Type": "text/event-stream", "Transfer-Encoding": "chunked"})
        if chat:
            self._event({"choices": [{"delta": {"role": "assistant", "content": ""}}]})
        for number in range(server.tokens):
            time.sleep(server.token_sec)
            self._event({"choices": [{"delta": {"content": server.text}} if chat else {"text": server.text}]})
            if number == 1 and self.failure == "hang in stream":
                server.stopped.wait()
            if number == 1 and self.failure == "break":
                self.http.close_connection = True
                return
        if self.failure == "error event":
            self._event({"error": {"message": "engine died"}})
        if self.failure == "garbage":
            self._chunk(b"data: {not json\n\n")
        self._event({"choices": [{"delta": {}, "finish_reason": "abort" if self.failure == "abort" else "length"}]})
        if server.usage and self.body.get("stream_options") == {"include_usage": True}:
            self._event({"choices": [], **self._usage()})
        if self.failure != "no done":
            self._chunk(b"data: [DONE]\n\n")
        self.slot.close()
        self._chunk(b"")

    def _bytes(self) -> None:
        """Answer as a server does that is not OpenAI's: with parts of a file as they are made."""
        self._begin(200, {"Content-Type": "audio/mpeg", "Transfer-Encoding": "chunked"})
        for number in range(self.server.tokens):
            time.sleep(self.server.token_sec)
            self._chunk(b"part")
            if number == 1 and self.failure == "break":
                self.http.close_connection = True
                return
        self.slot.close()
        self._chunk(b"")

    def _event(self, document: dict[str, Any]) -> None:
        self._chunk(b"data: " + json.dumps(document, ensure_ascii=False).encode() + b"\n\n")

    def _chunk(self, data: bytes) -> None:
        self.http.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignore a client that goes away."""


def _handler(server: StandInServer) -> type[BaseHTTPRequestHandler]:
    models = [{"id": name, "object": "model"} for name in server.models]
    listed = json.dumps({"object": "list", "data": models}).encode()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            server.answer(self)

        def do_GET(self) -> None:
            server.probes.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
            known = self.path in ("/v1/models", server.health_path)
            status = 401 if server.refusal(self) else 200 if known else 404
            self.send_response(503 if server.failure == "503" else status)
            self.send_header("Content-Length", str(len(listed)))
            self.end_headers()
            self.wfile.write(listed)

        def log_message(self, *args: Any) -> None:
            pass

    return Handler
