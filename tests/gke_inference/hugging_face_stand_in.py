"""Hugging Face on loopback, with one model, beside a registry that has everything."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from tests.gke_inference.registry_stand_in import RegistryStandIn

INDEX = "model.safetensors.index.json"
GEMMA = "/api/models/google/gemma-3-27b-it/revision/005ad3404e59d6023443"


class HuggingFace(BaseHTTPRequestHandler):
    """
    Answers for the example's model by its path; `failures`, `gated`, `accepted`, `files` and `index` are set by tests.

    So are `others`: what is different of other repositories, by `owner/name/revision/commit`.
    """

    failures: list[int] = []  # noqa: RUF012
    gated: Any = False
    accepted: set[str] = set()  # noqa: RUF012
    files: dict[str, int] = {"config.json": 1000, "model.safetensors": 55 * 2**30}  # noqa: RUF012
    index: list[str] = []  # noqa: RUF012
    others: dict[str, dict[str, Any]] = {}  # noqa: RUF012

    def do_GET(self) -> None:
        """Answer with the model's facts, whether the token's account may have it, or its index."""
        token = self.headers.get("Authorization", "").removeprefix("Bearer ")
        status = 200
        if self.path.endswith("/auth-check"):
            status = 200 if token in self.accepted else 403
        elif self.path == "/google/gemma-3-27b-it/resolve/005ad3404e59d6023443cb575daa05336842228a/" + INDEX:
            status = 200 if not self.gated or token in self.accepted else 401
        elif not self._other and not self.path.startswith(GEMMA):
            status = 404
        if self.failures:
            status = self.failures.pop(0)
        files = self._other.get("files", self.files)
        entries = [{"rfilename": name, "size": size, "blobId": "0" * 40} for name, size in files.items()]
        facts = {
            "gated": self._other.get("gated", self.gated),
            "siblings": entries,
            "weight_map": dict(enumerate(self.index)),
        }
        content = json.dumps(facts).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    @property
    def _other(self) -> dict[str, Any]:
        """The repository that is asked for, where it is not the example's."""
        return self.others.get(self.path.removeprefix("/api/models/").partition("?")[0], {})

    def log_message(self, *args: Any) -> None:
        """Print nothing."""


@pytest.fixture
def hugging_face(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[HuggingFace]]:
    """Serve Hugging Face, where the example's model is for everybody."""
    handler = type("Handler", (HuggingFace,), {"failures": [], "gated": False, "accepted": set(), "others": {}})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{server.server_port}")
    with RegistryStandIn().serving() as registry:
        monkeypatch.setenv("GKE_INFERENCE_REGISTRY_ENDPOINT", registry)
        yield handler
    server.shutdown()
    server.server_close()
