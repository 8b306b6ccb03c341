"""A stand-in for the Hugging Face hub and its CDN: two servers on the loopback interface that fail on demand."""

import hashlib
import json
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlsplit

TOKEN = "hf_secret-token"


@dataclass
class StandInHub:
    """
    One revision of one model, and what goes wrong.

    Attributes:
        files: Content by path; those in `large` are sent by the CDN and have a SHA-256.
        open: Whether the hub answers anybody, with and without a token.
        refuse: (status, message) with which the hub answers everything.
        list_status: Statuses of the first answers to the list, one each.
        break_after: Bytes after which the connection to the CDN ends, for its first answers, one each.
        expired: How many of the CDN's first answers are its 403.
        ranges: Whether the CDN knows ranges.
        damaged: Path of a file whose content is not what its checksum says.
        requests: Every request as (server, path, headers).
    """

    files: dict[str, bytes]
    large: frozenset[str] = frozenset()
    open: bool = False
    refuse: tuple[int, str] | None = None
    list_status: list[int] = field(default_factory=list)
    break_after: list[int] = field(default_factory=list)
    expired: int = 0
    ranges: bool = True
    damaged: str | None = None
    listed: Any = None
    requests: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.lock = threading.Lock()
        self.servers = [_serve(self, self.hub_answer), _serve(self, self.cdn_answer)]
        self.url, self.cdn_url = (f"http://127.0.0.1:{server.server_port}" for server in self.servers)

    def close(self) -> None:
        """Stop both servers."""
        for server in self.servers:
            server.shutdown()
            server.server_close()

    def asked(self) -> Counter[str]:
        """Count how often each file was asked for, at the hub."""
        return Counter(
            unquote(path.split("/resolve/")[1].split("/", 1)[1]) for _, path, _ in self.requests if "/resolve/" in path
        )

    def hub_answer(self, request: BaseHTTPRequestHandler) -> None:
        """Answer as the hub: ask for the token, list, send small files, redirect for large ones."""
        self._note("hub", request)
        path = urlsplit(request.path).path
        if not self.open and request.headers.get("Authorization") != f"Bearer {TOKEN}":
            _send(request, 401, b"", {"X-Error-Message": "Invalid credentials in Authorization header"})
        elif self.refuse:
            _send(request, self.refuse[0], b"", {"X-Error-Message": self.refuse[1]})
        elif path.startswith("/api/models/"):
            status = self._next(self.list_status)
            _send(request, status or 200, b"busy" if status else json.dumps(self._list()).encode())
        else:
            name = unquote(path.split("/resolve/")[1].split("/", 1)[1])
            if name in self.large:
                _send(request, 302, b"", {"Location": f"{self.cdn_url}/{name}?signature=x"})
            else:
                _send(request, 200, self._content(name))

    def cdn_answer(self, request: BaseHTTPRequestHandler) -> None:
        """Answer as the CDN: send ranges or ignore them, break connections, let links expire."""
        self._note("cdn", request)
        with self.lock:
            self.expired, expired = max(0, self.expired - 1), self.expired > 0
        if expired:
            _send(request, 403, b"expired")
            return
        content = self._content(unquote(urlsplit(request.path).path)[1:])
        asked = request.headers.get("Range")
        start = int(asked.removeprefix("bytes=").removesuffix("-")) if asked and self.ranges else 0
        part, stop = content[start:], self._next(self.break_after)
        _send(request, 206 if start else 200, part, stop=stop)

    def _list(self) -> Any:
        if self.listed is not None:
            return self.listed
        entries = []
        for name, content in self.files.items():
            entry: dict[str, Any] = {"rfilename": name, "size": len(content)}
            entry["blobId"] = hashlib.sha1(f"blob {len(content)}\0".encode() + content).hexdigest()
            if name in self.large:
                entry["lfs"] = {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content), "pointerSize": 134}
            entries.append(entry)
        return {"siblings": entries}

    def _content(self, name: str) -> bytes:
        content = self.files[name]
        return content[:-1] + b"?" if name == self.damaged else content

    def _next(self, first: list[int]) -> int | None:
        with self.lock:
            return first.pop(0) if first else None

    def _note(self, server: str, request: BaseHTTPRequestHandler) -> None:
        with self.lock:
            self.requests.append((server, request.path, dict(request.headers)))


def _send(
    request: BaseHTTPRequestHandler,
    status: int,
    body: bytes,
    headers: dict[str, str] | None = None,
    stop: int | None = None,
) -> None:
    request.send_response(status)
    for key, value in {"Content-Length": str(len(body)), **(headers or {})}.items():
        request.send_header(key, value)
    request.end_headers()
    request.wfile.write(body if stop is None else body[:stop])
    request.close_connection = True


def _serve(hub: StandInHub, answer: Callable[[BaseHTTPRequestHandler], None]) -> ThreadingHTTPServer:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answer(self)

        def log_message(self, format: str, *args: Any) -> None:
            """Print nothing: the tests read the requests."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    return server
