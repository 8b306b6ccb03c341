"""A container registry on loopback: manifests by HEAD, after a token for everybody where it wants one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import parse_qs, urlsplit


@dataclass
class RegistryStandIn:
    """
    What is asked, and how it is answered.

    Attributes:
        absent: Repositories that it does not have.
        closed: Repositories that it shows to nobody.
        failures: Statuses of the first answers, one each.
        tokens: Whether a token is wanted first, as Docker Hub does.
        asked: Paths of the manifests that were asked for.
        accepted: Value of the Accept header of the last question.
    """

    absent: set[str] = field(default_factory=set)
    closed: set[str] = field(default_factory=set)
    failures: list[int] = field(default_factory=list)
    tokens: bool = False
    asked: list[str] = field(default_factory=list)
    accepted: str = ""

    @contextmanager
    def serving(self) -> Iterator[str]:
        """Serve, and give the address."""
        registry = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                scope = parse_qs(urlsplit(self.path).query).get("scope", [""])[0]
                self._answer(200, b'{"token": "for-%s"}' % scope.encode())

            def do_HEAD(self) -> None:
                repository = self.path.removeprefix("/v2/").rpartition("/manifests/")[0]
                scope = f"repository:{repository}:pull"
                registry.accepted = self.headers.get("Accept", "")
                if registry.tokens and self.headers.get("Authorization") != f"Bearer for-{scope}":
                    realm = f"http://{self.headers['Host']}/token"
                    self._answer(401, challenge=f'Bearer realm="{realm}",service="registry",scope="{scope}"')
                    return
                registry.asked.append(self.path)
                self._answer(404 if repository in registry.absent else 403 if repository in registry.closed else 200)

            def _answer(self, status: int, content: bytes = b"", challenge: str = "") -> None:
                self.send_response(registry.failures.pop(0) if registry.failures else status)
                if challenge:
                    self.send_header("WWW-Authenticate", challenge)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *args: object) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            server.server_close()
