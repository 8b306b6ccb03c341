"""A stand-in for Google's REST APIs on loopback, as strict as their discovery documents."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Literal
from urllib.parse import parse_qs, unquote, urlsplit

from google.oauth2.credentials import Credentials

from gke_inference.google_api import ENDPOINT_VARIABLE, GoogleApi
from tests.gke_inference.google_discovery import Method, methods, problems

TOKEN = "stand-in-token"
APIS = (
    "certificatemanager.v1", "cloudbilling.v1", "cloudresourcemanager.v1", "cloudresourcemanager.v3", "compute.v1",
    "container.v1", "dns.v1", "gkehub.v1", "iam.v1", "iam.v2", "logging.v2", "modelarmor.v1", "monitoring.v1",
    "monitoring.v3", "secretmanager.v1", "serviceusage.v1", "serviceusage.v1beta1", "storage.v1",
)  # fmt: skip
WORDS = {
    400: "INVALID_ARGUMENT", 401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED", 404: "NOT_FOUND", 409: "ALREADY_EXISTS",
    429: "RESOURCE_EXHAUSTED", 500: "INTERNAL", 503: "UNAVAILABLE",
}  # fmt: skip


@dataclass(eq=False)
class Fault(Exception):  # noqa: N818
    """What goes wrong: an HTTP status in Google's form, or a connection that hangs or breaks in the middle."""

    kind: int | Literal["hang", "half"]
    message: str = "the stand-in says no"


Answer = dict[str, Any] | Callable[[dict[str, Any], Any], dict[str, Any]]


@dataclass(frozen=True)
class Request:
    """A call that was understood: its method id, such as `container.projects.locations.clusters.get`."""

    method: str
    http_method: str
    params: dict[str, Any]
    body: Any


@dataclass
class GoogleStandIn:
    """
    Answers calls by the id of their method; the path of a call begins with the API's name, as `GoogleApi` sends it.

    Attributes:
        answers: A document, or a function of the parameters and the body that gives one or raises a `Fault`.
        faults: By method id: one that stays, or a list of which each call uses up one.
        requests: What was asked, in order.
        problems: Mistakes of the test itself, such as an answer with a field that Google's does not have; `serving`
            raises them at its end.
        address: Where it listens.
    """

    answers: dict[str, Answer] = field(default_factory=dict)
    faults: dict[str, Fault | list[Fault]] = field(default_factory=dict)
    requests: list[Request] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    address: str = ""
    stopped: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)

    @contextmanager
    def serving(self) -> Iterator[GoogleStandIn]:
        """Listen, and yield itself meanwhile."""
        server = _Server(("127.0.0.1", 0), _handler(self))
        self.address = f"http://127.0.0.1:{server.server_port}"
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        try:
            yield self
        finally:
            self.stopped.set()
            server.shutdown()
            server.server_close()
        assert not self.problems, self.problems

    def api(self, project: str = "my-project-id", *, token: str = TOKEN) -> GoogleApi:
        """Return a client of it."""
        return GoogleApi(project=project, credentials=Credentials(token=token), endpoint=self.address)  # type: ignore[no-untyped-call]

    def environment(self, folder: Path) -> dict[str, str]:
        """
        Return variables for another process: credentials in *folder* that get their token here, and this address.

        google-auth sends refresh tokens of the kind `authorized_user` to Google alone, whatever its file says; this
        kind is as much a user, and goes where its file says.
        """
        path = folder / "adc.json"
        adc = {
            "type": "external_account_authorized_user", "client_id": "id", "client_secret": "secret",
            "refresh_token": "refresh", "token_url": f"{self.address}/token",
            "audience": "//iam.googleapis.com/locations/global/workforcePools/pool/providers/provider",
        }  # fmt: skip
        path.write_text(json.dumps(adc))
        return {"GOOGLE_APPLICATION_CREDENTIALS": str(path), ENDPOINT_VARIABLE: self.address}

    def asked(self, method: str) -> list[Request]:
        """Return the calls of one method."""
        return [request for request in self.requests if request.method == method]

    def answer(self, http_method: str, url: str, token: str, data: bytes) -> dict[str, Any]:
        """Return the answer to one call, checked on both sides."""
        parts = urlsplit(url)
        if parts.path == "/token":
            return {"access_token": TOKEN, "expires_in": 3600, "token_type": "Bearer"}
        if token != f"Bearer {TOKEN}":
            raise Fault(401, "Request had invalid authentication credentials.")
        method, params = _find(http_method, parts.path)
        params |= method.checked_query(parse_qs(parts.query, keep_blank_values=True), _refuse)
        body = json.loads(data) if data else None
        if body is not None and not method.request:
            _refuse(f"{method.id} takes no body")
        if method.request:
            _refuse_any(problems(method.schemas, method.request, body or {}, "body"))
        with self.lock:
            self.requests.append(Request(method.id, http_method, params, body))
            fault = self.faults.get(method.id)
            if isinstance(fault, list):
                fault = fault.pop(0) if fault else None
        if fault:
            raise fault
        return self._configured(method, params, body)

    def _configured(self, method: Method, params: dict[str, Any], body: Any) -> dict[str, Any]:
        found = self.answers.get(method.id)
        if found is None:
            return self._mistake(f"{method.id}: no answer was configured")
        document = found(params, body) if callable(found) else found
        if wrong := list(problems(method.schemas, method.response, document, method.id)):
            return self._mistake(*wrong)
        return document

    def _mistake(self, *wrong: str) -> dict[str, Any]:
        self.problems += wrong
        raise Fault(400, f"mistake of the test: {wrong[0]}")


def _find(http_method: str, path: str) -> tuple[Method, dict[str, Any]]:
    """Return the method that *path* is of: the one with the most fixed letters, so that `x:cancel` is no name."""
    api, _, rest = path.lstrip("/").partition("/")
    for method in methods(tuple(name for name in APIS if name.split(".")[0] == api)):
        if method.http_method == http_method and method.flat.fullmatch(rest):
            match = method.path.fullmatch(rest)
            if match:
                names = method.path_names
                return method, dict(zip(names, map(unquote, match.groups()), strict=True))
    raise Fault(404, f"{http_method} {re.sub('[?].*', '', path)} is no method of {api}")


def _refuse(message: str) -> None:
    raise Fault(400, message)


def _refuse_any(found: Iterator[str]) -> None:
    for message in found:
        _refuse(message)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Print nothing: a client that goes away is no news."""


def _error(fault: Fault) -> bytes:
    code = int(fault.kind)
    word = WORDS[code]
    details = [{"message": fault.message, "domain": "global", "reason": word.lower()}]
    return json.dumps({"error": {"code": code, "message": fault.message, "status": word, "errors": details}}).encode()


def _handler(stand_in: GoogleStandIn) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def _do(self) -> None:
            data = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            status, length = 200, None
            try:
                answer = stand_in.answer(self.command, self.path, self.headers.get("Authorization", ""), data)
                content = json.dumps(answer).encode()
            except Fault as fault:
                if fault.kind == "hang":
                    stand_in.stopped.wait()
                if isinstance(fault.kind, str):
                    content, length, self.close_connection = b'{"half":', 100, True
                else:
                    status, content = fault.kind, _error(fault)
            self.send_response(status)
            self.send_header("Content-Type", "application/json; charset=UTF-8")
            self.send_header("Content-Length", str(length or len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = _do  # noqa: N815

        def log_message(self, *args: Any) -> None:
            pass

    return Handler
