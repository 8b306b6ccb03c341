"""
Downloads one revision of a Hugging Face model into a bucket, by the bucket's own API.

This is what a Cloud Run job runs: `download_weights`, with a bucket in place of the mounted directory. There a mounted
bucket may hold a whole file in memory while it is written, and a file of weights can be larger than the memory. It
needs the standard library only, and reads from the environment, beside what `download_weights` reads:

    TARGET_DIRECTORY    the folder of the bucket
    BUCKET              the bucket
    STORAGE_ENDPOINT    address of Cloud Storage
    METADATA_ENDPOINT   who hands out the account's tokens

An object is there when its last part has come in, and that is sent only when the checksum is right. Source: Google,
"Resumable uploads" and "Perform resumable uploads".
"""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Iterator
from http.client import HTTPException
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import quote
from urllib.request import Request, urlopen

from constructs_lib.data import download_weights
from constructs_lib.data.download_weights import MARKER, TIMEOUT_SEC, TRIES, FailedError, Progress, RemoteFile, say

# A multiple of 256 KiB, as Cloud Storage wants each part but the last to be.
PART = 8 * 1024 * 1024
FRESH_SEC = 300
RESUME = 308
TOKEN = "/computeMetadata/v1/instance/service-accounts/default/token"


class Storage:
    """One bucket, in the name of the account that the program runs as."""

    def __init__(self, endpoint: str, bucket: str, metadata: str, pause_sec: float) -> None:
        self.objects = f"{endpoint}/storage/v1/b/{quote(bucket, safe='')}/o"
        self.uploads = f"{endpoint}/upload/storage/v1/b/{quote(bucket, safe='')}/o"
        self.pause_sec = pause_sec
        self._metadata = metadata
        self._lock = threading.Lock()
        self._token, self._until = "", 0.0

    def get(self, name: str, query: str) -> bytes | None:
        """Return what is known of the object *name*, or its content; None where there is none."""
        try:
            return self.call("GET", f"{self.objects}/{quote(name, safe='')}?{query}")[1]
        except HTTPError as error:
            if error.code == 404:
                return None
            raise

    def delete(self, name: str) -> None:
        """Delete the object *name*."""
        self.call("DELETE", f"{self.objects}/{quote(name, safe='')}")

    def call(
        self, method: str, url: str, body: bytes | None = None, headers: dict[str, str] | None = None
    ) -> tuple[Any, bytes]:
        """Return the headers and the body of the answer."""
        sent = {"Authorization": f"Bearer {self._bearer()}", **(headers or {})}
        try:
            with urlopen(Request(url, data=body, headers=sent, method=method), timeout=TIMEOUT_SEC) as response:
                return response.headers, response.read()
        except HTTPError as error:
            if error.code not in (401, 403):
                raise
            why = f"the bucket refuses the account of this job: HTTP {error.code}; a new grant takes some minutes"
            raise FailedError(why) from None

    def _bearer(self) -> str:
        with self._lock:
            if time.monotonic() > self._until - FRESH_SEC:
                request = Request(f"{self._metadata}{TOKEN}", headers={"Metadata-Flavor": "Google"})
                with urlopen(request, timeout=TIMEOUT_SEC) as response:
                    answer = json.load(response)
                self._token, self._until = answer["access_token"], time.monotonic() + answer["expires_in"]
            return self._token


class Upload:
    """One object, sent in parts. It is there when the last one has come in, and not before."""

    def __init__(self, storage: Storage, name: str, size: int) -> None:
        self._storage, self._name, self._size = storage, name, size
        self._received = 0
        headers, _ = storage.call("POST", f"{storage.uploads}?uploadType=resumable&name={quote(name, safe='')}", b"")
        self._session: str = headers["Location"]

    def send(self, part: bytes) -> None:
        """Send the next *part*. Where a connection breaks, the bucket is asked how much has come in."""
        start, end, tries, lost = self._received, self._received + len(part), 0, False
        while True:
            try:
                self._received = self._put(None if lost else part[self._received - start :])
                lost = False
                if self._received >= end:
                    return
            except (OSError, HTTPException) as error:
                tries += 1
                self._pause(error, tries)
                lost = True

    def _put(self, content: bytes | None) -> int:
        """Send *content*, or ask alone where it is None; return how many bytes of the object have come in."""
        first, total = self._received, self._size
        span = f"{first}-{first + len(content) - 1}" if content else "*"
        try:
            self._storage.call("PUT", self._session, content or b"", {"Content-Range": f"bytes {span}/{total}"})
        except HTTPError as error:
            if error.code != RESUME:
                raise
            came = error.headers.get("Range")
            return int(came.rpartition("-")[2]) + 1 if came else 0
        return total

    def _pause(self, error: Exception, tries: int) -> None:
        final = isinstance(error, HTTPError) and error.code < 500 and error.code not in (408, 429)
        if final or tries >= TRIES:
            raise FailedError(f"{self._name}: {error}; gave up after {tries} tries") from error
        say(f"{self._name}: {error}; trying again")
        time.sleep(self._storage.pause_sec * 2 ** (tries - 1))


class BucketTarget:
    """A folder of the bucket: what `download_weights` writes to, in place of a directory."""

    def __init__(self, directory: Path, identity: dict[str, str]) -> None:
        self._folder = directory.as_posix()
        self._identity = identity
        self._trusted = True
        env = os.environ
        pause_sec = float(env.get("RETRY_PAUSE_SEC", "2"))
        metadata = env.get("METADATA_ENDPOINT", "http://metadata.google.internal")
        self._storage = Storage(env["STORAGE_ENDPOINT"], env["BUCKET"], metadata, pause_sec)

    def is_complete(self) -> bool:
        """Whether the marker of this revision is there; another's is removed, as in a directory."""
        marker = self._storage.get(f"{self._folder}/{MARKER}", "alt=media")
        if marker is None:
            return False
        try:
            found = json.loads(marker)
        except ValueError:
            found = None
        if found == self._identity:
            return True
        choice = {"weights": "", "files": ""}
        self._trusted = isinstance(found, dict) and {**found, **choice} == {**self._identity, **choice}
        say(f"{self._folder}/{MARKER} is of {'other files' if self._trusted else 'something else'}")
        self._storage.delete(f"{self._folder}/{MARKER}")
        return False

    def has(self, file: RemoteFile) -> bool:
        """Whether *file* is there already: an object of its size is a good one."""
        about = self._storage.get(f"{self._folder}/{file.path}", "fields=size") if self._trusted else None
        return about is not None and int(json.loads(about)["size"]) == file.size

    def write(self, file: RemoteFile, blocks: Iterator[bytes], progress: Progress) -> None:
        """Write *file*; its last part only if the whole has the right checksum."""
        upload = Upload(self._storage, f"{self._folder}/{file.path}", file.size)
        checksum, size, held = file.checksum(), 0, bytearray()
        for block in blocks:
            checksum.update(block)
            size += len(block)
            held += block
            progress.add(len(block))
            while len(held) > PART:
                upload.send(bytes(held[:PART]))
                del held[:PART]
        if size != file.size or checksum.hexdigest() != file.digest:
            raise FailedError(f"{file.path}: the checksum is wrong")
        upload.send(bytes(held))

    def complete(self) -> None:
        """Say that everything is there."""
        content = json.dumps(self._identity).encode()
        Upload(self._storage, f"{self._folder}/{MARKER}", len(content)).send(content)


def main() -> int:
    """Do what `download_weights` does, into the bucket."""
    download_weights.Target = BucketTarget  # type: ignore[assignment,misc]
    return download_weights.main()
