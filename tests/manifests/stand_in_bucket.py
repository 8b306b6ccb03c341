"""A stand-in for Cloud Storage's API and the metadata server, with one bucket in memory, that fails on demand."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, quote, unquote, urlsplit

ACCESS_TOKEN = "ya29.secret-token"
UNIT = 256 * 1024


@dataclass
class StandInBucket:
    """
    One bucket, and what goes wrong.

    Attributes:
        objects: Content by name; an object whose last part has not come in is not there.
        refuse: Status with which everything but the token is answered.
        lose: How many of the next parts are kept in half before the connection ends.
        parts: Size of every part that came in whole, by object.
    """

    objects: dict[str, bytes] = field(default_factory=dict)
    refuse: int = 0
    lose: int = 0
    parts: list[tuple[str, int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._sessions: dict[str, bytearray] = {}
        self.lock = threading.Lock()
        bucket = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                bucket.answer(self)

            def do_POST(self) -> None:
                bucket.answer(self)

            def do_PUT(self) -> None:
                bucket.answer(self)

            def do_DELETE(self) -> None:
                bucket.answer(self)

            def log_message(self, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def close(self) -> None:
        """Stop the server."""
        self._server.shutdown()
        self._server.server_close()

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        """Answer one request, by its path."""
        url, length = urlsplit(request.path), int(request.headers.get("Content-Length") or 0)
        content = request.rfile.read(length)
        with self.lock:
            if url.path.startswith("/computeMetadata/"):
                assert request.headers["Metadata-Flavor"] == "Google"
                return _send(request, 200, json.dumps({"access_token": ACCESS_TOKEN, "expires_in": 3599}).encode())
            assert request.headers["Authorization"] == f"Bearer {ACCESS_TOKEN}"
            if self.refuse:
                return _send(request, self.refuse)
            if request.command == "PUT":
                return self._part(request, unquote(url.query), content)
            if request.command == "POST":
                [name] = parse_qs(url.query)["name"]
                self._sessions[name] = bytearray()
                return _send(request, 200, headers={"Location": f"{self.url}/session?{quote(name)}"})
            name = unquote(url.path.rpartition("/o/")[2])
            held = self.objects.get(name)
            if held is None:
                return _send(request, 404)
            if request.command == "DELETE":
                del self.objects[name]
                return _send(request, 204)
            is_content = parse_qs(url.query).get("alt") == ["media"]
            return _send(request, 200, held if is_content else json.dumps({"size": str(len(held))}).encode())

    def _part(self, request: BaseHTTPRequestHandler, name: str, content: bytes) -> None:
        span, _, total = request.headers["Content-Range"].removeprefix("bytes ").partition("/")
        held = self._sessions[name]
        if content:
            assert int(span.partition("-")[0]) == len(held), "a part begins where the last one ended"
            assert len(held) + len(content) == int(total) or len(content) % UNIT == 0
            if self.lose:
                self.lose -= 1
                held += content[: len(content) // 2]
                request.close_connection = True
                return None
            held += content
            self.parts.append((name, len(content)))
        if len(held) == int(total):
            self.objects[name] = bytes(held)
            return _send(request, 200)
        return _send(request, 308, headers={"Range": f"bytes=0-{len(held) - 1}"} if held else {})


def _send(
    request: BaseHTTPRequestHandler, status: int, body: bytes = b"", headers: dict[str, str] | None = None
) -> None:
    request.send_response(status)
    for key, value in (headers or {}).items():
        request.send_header(key, value)
    request.send_header("Content-Length", str(len(body)))
    request.end_headers()
    request.wfile.write(body)
