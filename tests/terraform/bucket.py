"""A stand-in for Cloud Storage: the few calls that Terraform's backend `gcs` makes."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit

END = b"\r\n\r\n"
"""Of the headers of a part."""
OBJECT = re.compile(r"/storage/v1/b/[^/]+/o/(.+)")


class Bucket:
    """
    Objects of any bucket, by `bucket/name`.

    Attributes:
        objects: Each object's bytes and generation.
        locked: Names of the states that were locked, in order.
    """

    def __init__(self) -> None:
        self.objects: dict[str, tuple[bytes, int]] = {}
        self.locked: list[str] = []
        self.generation = 0
        self.lock = threading.Lock()

    @contextmanager
    def serving(self) -> Iterator[dict[str, str]]:
        """Run the server, and give the environment with which Terraform finds it."""
        server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}/storage/v1/"
        try:
            yield {"GOOGLE_BACKEND_STORAGE_CUSTOM_ENDPOINT": address, "GOOGLE_OAUTH_ACCESS_TOKEN": "token"}
        finally:
            server.shutdown()
            server.server_close()

    def filled(self) -> set[str]:
        """Return the states that hold a resource, as `bucket/prefix`."""
        states = {name: text for name, (text, _) in self.objects.items() if name.endswith("/default.tfstate")}
        return {name.rpartition("/")[0] for name, text in states.items() if json.loads(text)["resources"]}

    def written(self) -> list[str]:
        """Return the states as `bucket/prefix`, the one that was written last at the end."""
        states = {name: generation for name, (_, generation) in self.objects.items() if name.endswith(".tfstate")}
        return [name.rpartition("/")[0] for name in sorted(states, key=states.__getitem__)]


def _handler(bucket: Bucket) -> type[BaseHTTPRequestHandler]:  # noqa: C901
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _answer(self, code: int, body: bytes = b"", **headers: str) -> None:
            self.send_response(code)
            for name, value in headers.items():
                self.send_header(name.replace("_", "-"), value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def _query(self, name: str) -> str:
            return parse_qs(urlsplit(self.path).query).get(name, [""])[0]

        def _described(self, name: str) -> bytes:
            of, _, inner = name.partition("/")
            text, generation = bucket.objects[name]
            shown = {"bucket": of, "name": inner, "generation": str(generation), "size": str(len(text))}
            return json.dumps(shown).encode()

        @property
        def _name(self) -> str:
            """`bucket/name` of the object that is asked for."""
            path = urlsplit(self.path).path
            if found := re.fullmatch(r"/storage/v1/b/([^/]+)/o/(.+)", path):
                return unquote(f"{found[1]}/{found[2]}")
            return unquote(path.lstrip("/"))

        def do_GET(self) -> None:
            path = urlsplit(self.path).path
            if re.fullmatch(r"/storage/v1/b/[^/]+/o", path):
                of, prefix = path.split("/")[4], self._query("prefix")
                items = [
                    json.loads(self._described(name)) for name in sorted(bucket.objects)
                    if name.startswith(f"{of}/{prefix}")
                ]  # fmt: skip
                self._answer(200, json.dumps({"items": items}).encode(), Content_Type="application/json")
            elif self._name not in bucket.objects:
                self._answer(404, b"{}")
            elif OBJECT.fullmatch(path) and self._query("alt") != "media":
                self._answer(200, self._described(self._name), Content_Type="application/json")
            else:
                text, generation = bucket.objects[self._name]
                self._answer(200, text, X_Goog_Generation=str(generation), X_Goog_Metageneration="1")

        def do_POST(self) -> None:
            of = urlsplit(self.path).path.split("/")[5]
            body = self._body()
            boundary = re.search(r'boundary="?([^";]+)', self.headers["Content-Type"])
            assert boundary, self.path
            _, described, content, _ = body.split(f"--{boundary[1]}".encode())
            name = f"{of}/{json.loads(described.partition(END)[2])['name']}"
            with bucket.lock:
                if self._query("ifGenerationMatch") == "0" and name in bucket.objects:
                    self._answer(412, b"{}")
                    return
                bucket.generation += 1
                bucket.objects[name] = (content.partition(END)[2].removesuffix(b"\r\n"), bucket.generation)
                if name.endswith(".tflock"):
                    bucket.locked.append(name.rpartition("/")[0])
            self._answer(200, self._described(name), Content_Type="application/json")

        def do_DELETE(self) -> None:
            wanted = self._query("ifGenerationMatch")
            with bucket.lock:
                _, generation = bucket.objects.get(self._name, (b"", 0))
                if wanted not in ("", str(generation)):
                    self._answer(412, b"{}")
                    return
                bucket.objects.pop(self._name, None)
            self._answer(204)

        def _body(self) -> bytes:
            if self.headers.get("Transfer-Encoding") != "chunked":
                return self.rfile.read(int(self.headers.get("Content-Length", 0)))
            parts = []
            while size := int(self.rfile.readline().strip() or b"0", 16):
                parts.append(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
            return b"".join(parts)

        def log_message(self, *_: object) -> None:
            """Print nothing."""

    return Handler
