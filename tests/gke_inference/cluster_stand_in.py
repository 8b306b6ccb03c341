"""A stand-in for the Kubernetes API of one cluster: its objects are held against the real schemas, and it can fail."""

from __future__ import annotations

import copy
import json
import re
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal
from urllib.parse import parse_qsl, urlsplit

import trustme

from tests.checks.kubernetes_objects import problems

Manifest = dict[str, Any]
TOKEN = "stand-in-token"
BY_THE_SERVER = ("uid", "resourceVersion", "generation", "creationTimestamp", "deletionTimestamp", "managedFields")
PATH = re.compile(
    r"(?P<collection>/(?:api/|apis/(?=(?P<group>[^/]+)))(?P<version>v1|[^/]+/[^/]+)(?:/namespaces/(?P<namespace>[^/]+))?/(?P<plural>[a-z]+))"
    r"(?:/(?P<name>[^/]+))?(?:/(?P<sub>scale))?"
)
PROXY = re.compile(r"(?P<pod>/api/v1/namespaces/[^/]+/pods/[^/:]+):\d+/proxy(?P<rest>/.*)")
VERSION = "v1.35.2-gke.1842000"
REVIEWS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
REASONS = {
    400: "BadRequest", 401: "Unauthorized", 403: "Forbidden", 404: "NotFound", 405: "MethodNotAllowed", 409: "Conflict",
    415: "UnsupportedMediaType", 422: "Invalid", 429: "TooManyRequests", 500: "InternalError",
    503: "ServiceUnavailable",
}  # fmt: skip
KINDS = {
    "configmaps": "ConfigMap", "customresourcedefinitions": "CustomResourceDefinition", "deployments": "Deployment",
    "endpointslices": "EndpointSlice", "events": "Event", "horizontalpodautoscalers": "HorizontalPodAutoscaler",
    "jobs": "Job", "namespaces": "Namespace", "nodes": "Node", "pods": "Pod", "replicasets": "ReplicaSet",
    "secrets": "Secret", "serviceaccounts": "ServiceAccount", "services": "Service",
}  # fmt: skip
"""Built-in kinds by resource; a custom one is known where there is an object of it."""


@dataclass
class Fault:
    """What goes wrong with *times* requests (None: all) of *method* whose path holds *path*; the first *after* pass."""

    kind: int | Literal["hang", "half"]
    times: int | None = None
    after: int = 0
    method: str = ""
    path: str = ""


class RefusedError(Exception):
    """What the API server says no with."""

    def __init__(self, status: int, message: str, reason: str = "") -> None:
        self.status, self.message, self.reason = status, message, reason or REASONS[status]


class Objects(dict[str, Manifest]):
    """Objects by their API path; each is checked, and gets a new resourceVersion, when it is put in."""

    version = 1000

    def __setitem__(self, path: str, manifest: Manifest) -> None:
        made = copy.deepcopy(manifest)
        made["metadata"] = {k: v for k, v in made.get("metadata", {}).items() if k not in BY_THE_SERVER}
        if wrong := problems(made):
            raise RefusedError(422, "; ".join(wrong))
        Objects.version += 1
        server = {k: v for k, v in manifest["metadata"].items() if k in BY_THE_SERVER}
        made["metadata"] |= {"uid": f"uid-{Objects.version}", **server, "resourceVersion": str(Objects.version)}
        super().__setitem__(path, made)


@dataclass
class ClusterStandIn:
    """
    The API of one cluster, with a token; `stand_in.objects["/api/v1/nodes/n"] = manifest` is what is there.

    Attributes:
        changed: Is called after each change with method and path: what controllers would do then.
        proxy: Answers what goes through the API to a pod, by the pod's path, the method, the rest and the body.
        forbidden: What a SelfSubjectAccessReview is refused for, as its `resourceAttributes`.
        faults: Looked through in order; the first that fits is used.
        requests: Method, path with query, and body of each request.
    """

    objects: Objects = field(default_factory=Objects)
    changed: Callable[[str, str], None] = lambda method, path: None
    proxy: Callable[[str, str, str, Any], tuple[int, Manifest]] | None = None
    forbidden: list[Manifest] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    requests: list[tuple[str, str, Any]] = field(default_factory=list)
    token: str = TOKEN

    def __post_init__(self) -> None:
        self.lock, self.stopped = threading.RLock(), threading.Event()

    @contextmanager
    def serving(self, authority: trustme.CA | None = None) -> Iterator[str]:
        """Return the API's address: https with a certificate of *authority* (name it in SSL_CERT_FILE), else http."""
        server = _Server(("127.0.0.1", 0), type("Handler", (_Handler,), {"stand_in": self}))
        if authority:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            authority.issue_cert("127.0.0.1", "localhost").configure_cert(context)
            server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        try:
            yield f"{'https' if authority else 'http'}://127.0.0.1:{server.server_port}"
        finally:
            self.stopped.set()
            server.shutdown()
            server.server_close()

    def writes(self) -> list[tuple[str, str, Any]]:
        """Return the requests that change something: no dry runs, and nothing that goes to a pod."""
        return [
            request for request in self.requests
            if request[0] != "GET" and "dryRun" not in request[1] and not PROXY.match(request[1])
            and request[1] != REVIEWS
        ]  # fmt: skip

    def fault(self, method: str, path: str) -> Fault | None:
        """Return what goes wrong with this request."""
        for fault in self.faults:
            if fault.times != 0 and fault.method in ("", method) and fault.path in path:
                if fault.after:
                    fault.after -= 1
                    continue
                fault.times = None if fault.times is None else fault.times - 1
                return fault
        return None

    def answer(self, method: str, url: str, body: Any) -> tuple[int, Manifest]:
        """Answer one request with status and object, as the API server would."""
        parts = urlsplit(url)
        path, query = parts.path, dict(parse_qsl(parts.query))
        if method == "GET" and path == "/version":
            return 200, {"major": "1", "minor": "35", "gitVersion": VERSION}
        if method == "POST" and path == REVIEWS:
            return 201, {**body, "status": {"allowed": body["spec"]["resourceAttributes"] not in self.forbidden}}
        if self.proxy and (way := PROXY.fullmatch(url)):
            return self.proxy(way["pod"], method, way["rest"], body)
        found = PATH.fullmatch(path)
        known = found and (found["plural"] in KINDS or any(f"/{found['plural']}/" in key for key in self.objects))
        if not found or not known:
            raise RefusedError(404, "the server could not find the requested resource")
        if method == "GET" and not found["name"]:
            return 200, self._list(found, query)
        if method == "POST" and not found["name"]:
            path, before = f"{path}/{body['metadata']['name']}", None
            if path in self.objects:
                raise RefusedError(
                    409, f'{found["plural"]} "{body["metadata"]["name"]}" already exists', "AlreadyExists"
                )
        else:
            path = f"{found['collection']}/{found['name']}"
            before = self.objects.get(path)
            if before is None:
                kind = ".".join(filter(None, (found["plural"], found["group"])))
                raise RefusedError(404, f'{kind} "{found["name"]}" not found')
        return self._change(method, path, found["sub"] or "", before, body, keep="dryRun" not in query)

    def _change(
        self, method: str, path: str, sub: str, before: Manifest | None, body: Any, *, keep: bool
    ) -> tuple[int, Manifest]:
        if before is not None and method == "GET":
            return 200, _scale(before) if sub == "scale" else before
        if method == "DELETE":
            if keep:
                del self.objects[path]
                self.changed(method, path)
            return 200, {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success"}
        given = (body.get("metadata") or {}).get("resourceVersion")
        if before is not None and given not in (None, before["metadata"]["resourceVersion"]):
            raise RefusedError(409, "the object has been modified; please apply your changes to the latest version")
        made = body if before is None else merged(before, body)
        checked = Objects()
        checked[path] = made
        if keep:
            self.objects[path] = made
            self.changed(method, path)
            made = self.objects.get(path, made)
        return 201 if before is None else 200, _scale(made) if sub == "scale" else made

    def _list(self, asked: re.Match[str], query: dict[str, str]) -> Manifest:
        items = []
        for path, manifest in self.objects.items():
            here = PATH.fullmatch(path)
            assert here, f"{path} is no path of an object"
            same = (here["group"], here["plural"]) == (asked["group"], asked["plural"])
            if same and asked["namespace"] in (None, here["namespace"]) and selected(manifest, query):
                items.append(manifest)
        kind = items[0]["kind"] if items else KINDS.get(asked["plural"], "")
        return {
            "apiVersion": asked["version"], "kind": f"{kind}List", "metadata": {"resourceVersion": "1"}, "items": items,
        }  # fmt: skip


def merged(target: Any, patch: Any) -> Any:
    """Apply a JSON merge patch (RFC 7396) to *target*."""
    if not isinstance(patch, dict):
        return patch
    made = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            made.pop(key, None)
        else:
            made[key] = merged(made.get(key), value)
    return made


def selected(manifest: Manifest, query: dict[str, str]) -> bool:
    """Return whether labels and fields are as asked: `a=b` or, for labels, `a`, separated by commas."""
    labels = manifest["metadata"].get("labels", {})
    for term in filter(None, query.get("labelSelector", "").split(",")):
        key, sign, value = term.replace("==", "=").partition("=")
        if key not in labels or (sign and labels[key] != value):
            return False
    for term in filter(None, query.get("fieldSelector", "").split(",")):
        path, _, value = term.replace("==", "=").partition("=")
        at: Any = manifest
        for step in path.split("."):
            at = at.get(step, "")
        if at != value:
            return False
    return True


def _scale(manifest: Manifest) -> Manifest:
    """Return the scale subresource; a 0 is left out, as the API server does."""
    metadata = {k: manifest["metadata"][k] for k in ("name", "namespace", "resourceVersion", "uid")}
    selector = ",".join(f"{k}={v}" for k, v in manifest["spec"]["selector"]["matchLabels"].items())
    wanted, there = manifest["spec"].get("replicas", 1), manifest.get("status", {}).get("replicas", 0)
    spec = {"replicas": wanted} if wanted else {}
    return {
        "apiVersion": "autoscaling/v1", "kind": "Scale", "metadata": metadata, "spec": spec,
        "status": {"replicas": there, "selector": selector},
    }  # fmt: skip


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Print nothing: a client that goes away is no news."""


class _Handler(BaseHTTPRequestHandler):
    stand_in: ClusterStandIn
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        data = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        status, answer, half = self._answered(json.loads(data) if data else None)
        text = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        if status == 429:
            self.send_header("Retry-After", "1")
        self.end_headers()
        self.wfile.write(text[: len(text) // 2] if half else text)
        self.close_connection = self.close_connection or half

    def do_POST(self) -> None:
        self.do_GET()

    def do_PATCH(self) -> None:
        self.do_GET()

    def do_DELETE(self) -> None:
        self.do_GET()

    def _answered(self, body: Any) -> tuple[int, Manifest, bool]:
        stand_in = self.stand_in
        with stand_in.lock:
            # How long the server may take is no part of what is asked.
            url = re.sub(r"[?&]timeout=[\d.]+s$", "", self.path)
            stand_in.requests.append((self.command, url, body))
            fault = stand_in.fault(self.command, url)
        if fault and fault.kind == "hang":
            stand_in.stopped.wait()
        try:
            if self.headers["Authorization"] != f"Bearer {stand_in.token}":
                raise RefusedError(401, "Unauthorized")
            if fault and isinstance(fault.kind, int):
                raise RefusedError(fault.kind, f'User "drill@example.com" cannot {self.command.lower()} {self.path}')
            patch = "application/merge-patch+json"
            if self.command == "PATCH" and self.headers["Content-Type"] != patch:
                raise RefusedError(415, f"the body of the request must be {patch}")
            with stand_in.lock:
                status, answer = stand_in.answer(self.command, self.path, body)
                return status, copy.deepcopy(answer), bool(fault)
        except RefusedError as no:
            failure = {"status": "Failure", "message": no.message, "reason": no.reason, "code": no.status}
            return no.status, {"kind": "Status", "apiVersion": "v1", "metadata": {}, **failure}, False

    def log_message(self, *args: Any) -> None:
        pass
