"""A stand-in for a place of states: keeps and locks them as Terraform's backend `http` asks."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class States:
    """
    The states, by the last part of their address.

    Attributes:
        texts: Each state.
        locks: Who holds a state now.
        locked: Names of the states that were locked, in order.
    """

    def __init__(self) -> None:
        self.texts: dict[str, bytes] = {}
        self.locks: dict[str, bytes] = {}
        self.locked: list[str] = []

    @contextmanager
    def serving(self) -> Iterator[str]:
        """Run the server, and give its address."""
        server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            server.server_close()

    def filled(self) -> set[str]:
        """Return the names of the states that hold a resource."""
        return {name for name, text in self.texts.items() if json.loads(text)["resources"]}


def _handler(states: States) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def _answer(self, code: int, body: bytes = b"") -> None:
            self.send_response(code)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        @property
        def _name(self) -> str:
            return self.path.partition("?")[0].rpartition("/")[2]

        def _body(self) -> bytes:
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))

        def do_GET(self) -> None:
            text = states.texts.get(self._name)
            self._answer(404 if text is None else 200, text or b"")

        def do_POST(self) -> None:
            states.texts[self._name] = self._body()
            self._answer(200)

        def do_LOCK(self) -> None:
            body = self._body()
            holder = states.locks.setdefault(self._name, body)
            if holder == body:
                states.locked.append(self._name)
            self._answer(200 if holder == body else 423, holder)

        def do_UNLOCK(self) -> None:
            self._body()
            states.locks.pop(self._name, None)
            self._answer(200)

        def log_message(self, *_: object) -> None:
            """Print nothing."""

    return Handler
