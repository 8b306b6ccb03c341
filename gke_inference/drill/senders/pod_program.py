"""
Sends requests at a steady rate, and serves what came back over HTTP.

This is the program of a drill's pod, given to Python as text: it imports the standard library only. It only records
what came and when, by its own clock; `pod_sender` reads what that means. Paths begin with the key of the environment
variable KEY, but for `/`, which answers the readiness probe:

    POST /KEY/start             begins to send, once; the body holds the fields of `SendPlan`
    GET  /KEY/results?after=N   its clock, how many requests run, and the results above number N; others are deleted
    POST /KEY/stop              no more requests

It ends when nobody has asked for IDLE_SEC seconds: a drill that was killed leaves no requests behind.
"""

from __future__ import annotations

import json
import os
import random
import signal
import socket
import ssl
import sys
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection, IncompleteRead
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from typing import Any
from urllib.parse import parse_qs, urlsplit

LONGEST_BYTES = 1 << 16
"""Limit of an answer; short ones are asked for."""
STACK_BYTES = 1 << 18
"""Stack of the thread of a request: there may be a thousand at once."""
CUT_EVERY_SEC = 0.05


@dataclass(frozen=True)
class SendPlan:
    """
    What is sent, where to and how often, which header of each answer is kept, and whether answers are events.

    `server_name` is the host name that the server's certificate is for, where the URL has an address in its place.
    """

    url: str
    headers: dict[str, str] = field(repr=False)
    bodies: list[str]
    rate_per_sec: float
    timeout_sec: float
    region_header: str
    events: bool
    server_name: str = ""


class OpenLoop:
    """Sends a request on every tick, whether or not the last one has ended, and keeps the results."""

    def __init__(self) -> None:
        self.asked_sec = time.monotonic()
        self._lock, self._stopped, self._numbers = threading.Lock(), threading.Event(), count(1)
        self._results: list[dict[str, Any]] = []
        self._running, self._began = 0, False
        self._sockets: dict[socket.socket, float] = {}
        self._tls = ssl.create_default_context()

    def start(self, plan: SendPlan) -> bool:
        """Begin to send; return False where it has begun already."""
        with self._lock:
            first, self._began = not self._began, True
        if first:
            threading.Thread(target=self._send, args=(plan,), daemon=True).start()
            threading.Thread(target=self._cut, daemon=True).start()
        return first

    def stop(self) -> None:
        """Send no more; requests that run go on."""
        self._stopped.set()

    def results_after(self, after: int) -> dict[str, Any]:
        """Return the results above number *after*, and delete the others: whoever asks has them."""
        with self._lock:
            self._results = [result for result in self._results if result["number"] > after]
            return {"now_sec": time.monotonic(), "running": self._running, "results": list(self._results)}

    def _send(self, plan: SendPlan) -> None:
        began_sec = time.monotonic()
        for number in count(1):
            with self._lock:
                self._running += 1
            try:
                threading.Thread(target=self._send_one, args=(plan,), daemon=True).start()
            except RuntimeError as error:
                now_sec = time.monotonic()
                self._keep({**empty(now_sec), "ended_sec": now_sec, "error": "sender", "detail": str(error)})
            if self._stopped.wait(max(0.0, began_sec + number / plan.rate_per_sec - time.monotonic())):
                return

    def _send_one(self, plan: SendPlan) -> None:
        result = empty(time.monotonic())
        try:
            self._receive(plan, result)
        except (OSError, HTTPException, ValueError) as error:
            result |= {"error": "broken", "detail": f"{type(error).__name__}: {error}"}
        result["ended_sec"] = time.monotonic()
        if result["ended_sec"] >= result["began_sec"] + plan.timeout_sec:
            result["error"] = "timeout"
        self._keep(result)

    def _keep(self, result: dict[str, Any]) -> None:
        with self._lock:
            self._running -= 1
            self._results.append({"number": next(self._numbers), **result})

    def _cut(self) -> None:
        """End requests that take longer than their time; the timeout of a socket is that of each read."""
        while True:
            time.sleep(CUT_EVERY_SEC)
            now_sec = time.monotonic()
            with self._lock:
                late = [one for one, until_sec in self._sockets.items() if now_sec >= until_sec]
            for one in late:
                with suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)

    def _receive(self, plan: SendPlan, result: dict[str, Any]) -> None:
        """Send one request, and record in *result* what comes back, as it comes."""
        connection = self._connection(plan)
        connection.connect()
        opened = connection.sock
        with self._lock:
            self._sockets[opened] = result["began_sec"] + plan.timeout_sec
        try:
            path = urlsplit(plan.url).path
            connection.request("POST", path, body=random.choice(plan.bodies).encode(), headers=plan.headers)
            response = connection.getresponse()
            result |= {"status": response.status, "region": response.getheader(plan.region_header, "")}
            if not 200 <= response.status < 300:
                result["body"] = response.read(LONGEST_BYTES).decode(errors="replace")
                return
            (read_events if plan.events else read_bytes)(response, result["events"])
        finally:
            with self._lock:
                del self._sockets[opened]
            connection.close()

    def _connection(self, plan: SendPlan) -> HTTPConnection:
        """Return a new connection: one that is kept would hide what happens to new clients."""
        url = urlsplit(plan.url)
        host, timeout_sec = url.hostname or "", plan.timeout_sec
        if url.scheme == "https":
            return NamedConnection(plan.server_name or host, host, url.port, timeout_sec, self._tls)
        return HTTPConnection(host, url.port, timeout=timeout_sec)


class NamedConnection(HTTPSConnection):
    """A connection to an address, whose certificate is checked for a host name."""

    def __init__(self, name: str, host: str, port: int | None, timeout_sec: float, tls: ssl.SSLContext) -> None:
        super().__init__(host, port, timeout=timeout_sec)
        self._name, self._tls = name, tls

    def connect(self) -> None:
        """Open the connection, and check the certificate."""
        HTTPConnection.connect(self)
        self.sock = self._tls.wrap_socket(self.sock, server_hostname=self._name)


def read_events(response: HTTPResponse, events: list[Any]) -> None:
    """Record the server-sent events of *response*, each when it comes."""
    left_bytes = LONGEST_BYTES
    while left_bytes > 0 and (line := response.readline(LONGEST_BYTES)):
        left_bytes -= len(line)
        if line.startswith(b"data:"):
            events.append([time.monotonic(), line[5:].strip().decode(errors="replace")])


def read_bytes(response: HTTPResponse, events: list[Any]) -> None:
    """Record when the first byte of *response* comes; an answer that breaks off within the limit is an error."""
    if response.read(1):
        events.append([time.monotonic(), ""])
    more = response.read(LONGEST_BYTES)
    if len(more) < LONGEST_BYTES and response.length:
        raise IncompleteRead(more, response.length)


def empty(began_sec: float) -> dict[str, Any]:
    """Return the record of a request of which nothing has come back."""
    return {
        "began_sec": began_sec, "status": None, "region": "", "events": [], "body": "", "error": "", "detail": "",
    }  # fmt: skip


class Handler(BaseHTTPRequestHandler):
    """Answers requests whose path begins with the key."""

    loop: OpenLoop
    key: str
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Answer the readiness probe, or return results."""
        url = urlsplit(self.path)
        if url.path == "/":
            self._answer(200, {})
        elif url.path == f"/{self.key}/results":
            self.loop.asked_sec = time.monotonic()
            self._answer(200, self.loop.results_after(int(parse_qs(url.query)["after"][0])))
        else:
            self._answer(404, {})

    def do_POST(self) -> None:
        """Begin to send, or stop."""
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        path = urlsplit(self.path).path
        if path == f"/{self.key}/start":
            self._answer(200 if self.loop.start(SendPlan(**json.loads(body))) else 409, {})
        elif path == f"/{self.key}/stop":
            self.loop.stop()
            self._answer(200, {})
        else:
            self._answer(404, {})

    def _answer(self, status: int, document: dict[str, Any]) -> None:
        text = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *args: Any) -> None:
        """Log nothing: paths hold the key."""


def main() -> None:
    """Serve until nobody has asked for IDLE_SEC seconds."""
    # The first process of a container does not end at a signal that it does not handle.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    threading.stack_size(STACK_BYTES)
    loop = OpenLoop()
    handler = type("LoopHandler", (Handler,), {"loop": loop, "key": os.environ["KEY"]})
    server = ThreadingHTTPServer(("", int(os.environ["PORT"])), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    while time.monotonic() - loop.asked_sec < float(os.environ["IDLE_SEC"]):
        time.sleep(0.5)


if __name__ == "__main__":
    main()
