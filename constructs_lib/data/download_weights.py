"""
Downloads one revision of a Hugging Face model into a directory of a mounted bucket.

This is the program of the download Job, handed to Python as text. It needs the standard library only: the pod installs
nothing. It reads from the environment:

    MODEL_REPOSITORY, MODEL_REVISION   what to download
    TARGET_DIRECTORY                   where to; it belongs to this revision alone
    HF_TOKEN_FILE                      file that holds the token; without it the hub is asked as by anybody
    WEIGHTS                            which weights where there are several kinds: auto, hf, mistral, adapter, or any
    FILES                              patterns of the files to take in place of those, one a line
    HF_ENDPOINT                        another hub, such as a mirror
    RETRY_PAUSE_SEC                    first pause before another try

It exits with 0 when everything is there, with 3 when another try cannot help, with 1 otherwise.

Each file is streamed to its final name, from start to end, once: Cloud Storage FUSE uploads such a file without a copy
on disk, while a rename would copy the object and a lock file means nothing there. The last block of a file is written
only when its checksum is right, so a file of the right size is always a good one, and a run that was stopped goes on
with the files that are missing. The marker is written last.
"""

from __future__ import annotations

import hashlib
import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass
from fnmatch import fnmatchcase
from http.client import HTTPException, HTTPMessage, HTTPResponse
from pathlib import Path
from typing import IO, Any
from urllib.error import HTTPError
from urllib.parse import quote, urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

MARKER = ".complete"
BLOCK = 8 * 1024 * 1024
WORKERS = 4
TIMEOUT_SEC = 60
TRIES = 8
LONGEST_PAUSE_SEC = 60.0
PROGRESS_SEC = 15
FINAL = 3
# What weights are called; everything else in a repository is small, and some of it is read.
WEIGHTS = (
    *(".safetensors", ".bin", ".pt", ".pth", ".gguf", ".ggml", ".h5", ".keras", ".msgpack", ".onnx", ".onnx_data"),
    *(".ot", ".ckpt", ".tflite", ".mlmodel", ".nemo", ".engine", ".tensors", ".pb"),
)
# What a training leaves beside the weights (vLLM, filter_files_not_needed_for_inference).
TRAINING = ("training_args.bin", "optimizer.bin", "optimizer.pt", "scheduler.pt", "scaler.pt")
# Index and single file of each kind of weights, as transformers and the default loaders of vLLM and SGLang call them.
HF = ("model.safetensors.index.json", "model.safetensors")
MISTRAL = ("consolidated.safetensors.index.json", "consolidated.safetensors")
PYTORCH = ("pytorch_model.bin.index.json", "pytorch_model.bin")
INDEXES = (HF[0], MISTRAL[0], PYTORCH[0])
HF_TOKENIZERS = {"tokenizer.json", "tokenizer.model", "tokenizer_config.json", "vocab.json"}


class RefusedError(Exception):
    """Another try cannot help: somebody has to change something."""


class FailedError(Exception):
    """It did not work this time."""


@dataclass(frozen=True)
class RemoteFile:
    """A file of the model. Its digest is a SHA-256 where it is large (LFS), git's own otherwise."""

    path: str
    size: int
    digest: str
    large: bool

    def checksum(self) -> Any:
        """An empty hash of the right kind."""
        if self.large:
            return hashlib.sha256()
        return hashlib.sha1(f"blob {self.size}\0".encode(), usedforsecurity=False)


class TokenStaysHome(HTTPRedirectHandler):
    """Follows redirects, but hands the token to no other host: the hub sends large files from a CDN."""

    def redirect_request(
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> Request | None:
        """The next request, with the token only when it goes to the same host."""
        follow = super().redirect_request(req, fp, code, msg, headers, newurl)
        if follow is not None and origin(newurl) != origin(req.full_url):
            follow.remove_header("Authorization")
        return follow


class Hub:
    """One revision of one model at the hub."""

    def __init__(self, endpoint: str, repository: str, revision: str, token: str, pause_sec: float) -> None:
        self.stopped = threading.Event()
        self._endpoint = endpoint.rstrip("/")
        self._repository = repository
        self._revision = revision
        self._token = token
        self._pause_sec = pause_sec
        self._opener = build_opener(TokenStaysHome())

    def files(self, kind: str, patterns: list[str]) -> list[RemoteFile]:
        """Every file that a server needs."""
        return needed(self._list(), self._read, kind, patterns)

    def _list(self) -> list[RemoteFile]:
        url = f"{self._endpoint}/api/models/{self._repository}/revision/{self._revision}?blobs=true"
        tries = 0
        while True:
            try:
                with self._open(url) as response:
                    return [remote_file(entry) for entry in json.load(response)["siblings"]]
            except (OSError, HTTPException, ValueError) as error:
                tries += 1
                self._pause(url, error, tries)
            except (KeyError, TypeError):
                raise RefusedError(f"{url} lists no files with their sizes: is it a Hugging Face endpoint?") from None

    def blocks(self, file: RemoteFile) -> Iterator[bytes]:
        """The content of *file*. A new connection goes on where one broke; tries without a new byte are bounded."""
        url = f"{self._endpoint}/{self._repository}/resolve/{self._revision}/{quote(file.path)}"
        done = tries = 0
        while done < file.size:
            try:
                with self._open(url, done) as response:
                    skip = 0 if response.status == 206 else done  # a server that ignores ranges starts again
                    while block := response.read(BLOCK):
                        self._go_on()
                        block, skip = block[skip:], max(0, skip - len(block))
                        if block:
                            done, tries = done + len(block), 0
                            yield block
                if done < file.size:
                    raise ConnectionError(f"the connection ended after {done} of {file.size} bytes")
            except (OSError, HTTPException) as error:
                tries += 1
                self._pause(url, error, tries)

    def _read(self, file: RemoteFile) -> bytes:
        """The whole of a small file, if its checksum is right."""
        content, checksum = b"".join(self.blocks(file)), file.checksum()
        checksum.update(content)
        if checksum.hexdigest() != file.digest:
            raise FailedError(f"{file.path}: the checksum is wrong")
        return content

    def _open(self, url: str, start: int = 0) -> HTTPResponse:
        headers = {"User-Agent": "download-weights"}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        if start:
            headers["Range"] = f"bytes={start}-"
        response: HTTPResponse = self._opener.open(Request(url, headers=headers), timeout=TIMEOUT_SEC)
        return response

    def _go_on(self) -> None:
        if self.stopped.is_set():
            raise FailedError("stopped, because another file failed")

    def _pause(self, url: str, error: Exception, tries: int) -> None:
        path = urlsplit(url).path
        if isinstance(error, HTTPError):
            self._refuse(error)
        if tries >= TRIES:
            raise FailedError(f"{path}: {error}; gave up after {tries} tries without a new byte") from error
        pause = min(LONGEST_PAUSE_SEC, self._pause_sec * 2 ** (tries - 1))
        say(f"{path}: {error}; trying again in {pause:.0f} s")
        self.stopped.wait(pause)
        self._go_on()

    def _refuse(self, error: HTTPError) -> None:
        """Raise for an answer that stays the same. A CDN's 403 does not: its links expire."""
        if origin(error.url) != origin(self._endpoint) or error.code in (408, 429) or error.code >= 500:
            return
        page = f"{self._endpoint}/{self._repository}"
        no_token = (
            f"there is no token, and {page} is not open to everybody, or not there: write weights.hugging_face_token, "
            f"of an account that accepted the licence, or correct the repository"
        )
        why = {
            401: "the token is not valid, or it may not see the model",
            403: f"the token's account has not accepted the model's licence: do so at {page} (a fine-grained token "
            f"also needs the permission to read public gated repositories)",
            404: f"no revision {self._revision} at {page}, or a file that is listed there is gone",
        }.get(error.code, "the hub refuses the request")
        if error.code in (401, 403) and not self._token:
            why = no_token
        reason = error.headers.get("X-Error-Message")
        raise RefusedError(f"HTTP {error.code}: {why}" + (f"; the hub says: {reason}" if reason else "")) from None


def origin(url: str) -> tuple[str, str]:
    """Scheme and host of *url*."""
    parts = urlsplit(url)
    return parts.scheme, parts.netloc


def remote_file(entry: dict[str, Any]) -> RemoteFile:
    """One entry of the hub's list."""
    large = entry.get("lfs")
    digest = large["sha256"] if large else entry["blobId"]
    return RemoteFile(entry["rfilename"], int(entry["size"]), digest, bool(large))


def needed(
    files: list[RemoteFile], read: Callable[[RemoteFile], bytes], kind: str, patterns: Sequence[str] = ()
) -> list[RemoteFile]:
    """
    What a server reads, once: the files that are no weights, and one of the sets of weights. *read* gives an index.

    A repository without such a set is refused; of kind `any` it is taken as it is. *patterns* are taken in place of all
    that.
    """
    if patterns:
        return fitting(files, patterns)
    paths = {file.path: file for file in files if not file.path.startswith("original/")}
    chosen, index = choose(list(paths), kind)
    if not chosen and index not in paths:
        if kind == "any":
            return files
        others = sorted({Path(path).suffix for path in paths if path.endswith(WEIGHTS)})
        what = {"adapter": "adapter", "mistral": "consolidated weights"}.get(kind, "weights")
        raise RefusedError(
            f"the repository has no {what} that the server reads; it has {', '.join(others) or 'none at all'}"
        )
    if index in paths:
        chosen = [*listed(index, read(paths[index]), paths), *(path for path in chosen if "/" in path)]
    other = {name for name in INDEXES if name != index}
    if index != MISTRAL[0] and "config.json" in paths:
        # vLLM 0.12 and later takes it for the config of weights that are left out here.
        other.add("params.json")
    return [file for path, file in paths.items() if path in chosen or not (path.endswith(WEIGHTS) or path in other)]


def fitting(files: list[RemoteFile], patterns: Sequence[str]) -> list[RemoteFile]:
    """The files that fit one of *patterns*. One that fits none is an error now, and not when the server starts."""
    idle = [pattern for pattern in patterns if not any(fnmatchcase(file.path, pattern) for file in files)]
    if idle:
        raise RefusedError(f"the repository has no file {', '.join(idle)}: correct files")
    return [file for file in files if any(fnmatchcase(file.path, pattern) for pattern in patterns)]


def choose(paths: list[str], kind: str) -> tuple[list[str], str]:
    """The set of weights that is taken, and the name of the index that may list it. Weights lie in the first folder."""
    here = [path for path in paths if "/" not in path]
    if kind == "adapter":
        adapter = (f"adapter_model{suffix}" for suffix in (".safetensors", ".bin", ".pt"))
        return [name for name in adapter if name in here][:1], ""
    safetensors = [path for path in here if path.endswith(".safetensors")]
    mistral = [path for path in safetensors if path.startswith("consolidated")]
    others = [path for path in safetensors if path not in mistral]
    transformers = bool(others) or HF[0] in here
    complete = transformers and "config.json" in here and not HF_TOKENIZERS.isdisjoint(here)
    if kind == "mistral" or (mistral and (not transformers or (kind in ("auto", "any") and not complete))):
        return single(MISTRAL, mistral), MISTRAL[0]
    # The layers of a sentence-transformers model behind the first: `2_Dense/model.safetensors`.
    dense = [
        path for path in paths if path[:1].isdigit() and path.split("/")[1:] in (["model.safetensors"], [PYTORCH[1]])
    ]
    if transformers:
        return [*single(HF, others), *dense], HF[0]
    # Of a program that nobody knows, other folders may have parts too.
    for suffix in (".bin",) if kind == "any" else (".bin", ".pt"):
        if found := [path for path in here if path.endswith(suffix) and path not in TRAINING]:
            return [*single(PYTORCH, found), *dense], PYTORCH[0]
    return [], ""


def single(names: tuple[str, str], found: list[str]) -> list[str]:
    """The file that holds everything, where there is one; else all that were *found*."""
    return [names[1]] if names[1] in found else found


def listed(index: str, content: bytes, paths: dict[str, RemoteFile]) -> list[str]:
    """The files that *index* names. One that is not there is an error now, and not when the server loads it."""
    try:
        names = sorted(set(json.loads(content)["weight_map"].values()))
    except (ValueError, KeyError, TypeError, AttributeError):
        raise RefusedError(f"{index} is no index of weights: it has no map from tensors to files") from None
    missing = [name for name in names if name not in paths]
    if missing:
        raise RefusedError(
            f"{index} names {len(missing)} of {len(names)} files that the repository does not have, such as "
            f"{missing[0]}: choose another revision"
        )
    return names


class Target:
    """The directory in the bucket."""

    def __init__(self, directory: Path, identity: dict[str, str]) -> None:
        self._directory = directory
        self._marker = directory / MARKER
        self._identity = identity
        self._trusted = True

    def is_complete(self) -> bool:
        """
        Whether the marker of this revision is there. Another's is removed, and no file beside it is trusted.

        That of the same revision and another choice of files is removed, but its files are good.
        """
        if not self._marker.is_file():
            return False
        try:
            found = json.loads(self._marker.read_bytes())
        except ValueError:
            found = None
        if found == self._identity:
            return True
        choice = {"weights": "", "files": ""}
        self._trusted = isinstance(found, dict) and {**found, **choice} == {**self._identity, **choice}
        again = "what is missing is downloaded" if self._trusted else "everything is downloaded again"
        say(f"{self._marker} is of {'other files' if self._trusted else 'something else'}: {again}")
        self._marker.unlink()
        return False

    def has(self, file: RemoteFile) -> bool:
        """Whether *file* is there already."""
        path = self._directory / file.path
        return self._trusted and path.is_file() and path.stat().st_size == file.size

    def write(self, file: RemoteFile, blocks: Iterator[bytes], progress: Progress) -> None:
        """Write *file*; its last block only if the whole has the right checksum."""
        path = self._directory / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        checksum, size, held = file.checksum(), 0, b""
        with path.open("wb") as out:
            for block in blocks:
                out.write(held)
                checksum.update(block)
                size, held = size + len(block), block
                progress.add(len(block))
            if size != file.size or checksum.hexdigest() != file.digest:
                raise FailedError(f"{file.path}: the checksum is wrong")
            out.write(held)
        if path.stat().st_size != file.size:
            raise FailedError(f"{file.path}: the bucket holds {path.stat().st_size} bytes instead of {file.size}")

    def complete(self) -> None:
        """Say that everything is there."""
        self._directory.mkdir(parents=True, exist_ok=True)
        self._marker.write_text(json.dumps(self._identity))


class Progress:
    """Bytes that came in, of those that are missing."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._done = 0
        self._lock = threading.Lock()
        self._began = time.monotonic()

    def add(self, count: int) -> None:
        """*count* bytes more."""
        with self._lock:
            self._done += count

    def __str__(self) -> str:
        speed = self._done / max(0.001, time.monotonic() - self._began)
        return f"{self._done / 1e9:.1f} of {self._total / 1e9:.1f} GB, {speed / 1e6:.0f} MB/s"


def download(hub: Hub, target: Target, files: list[RemoteFile]) -> None:
    """Every one of *files* that is missing, some at once. The first that fails stops the others."""
    # The largest first, so that the last to end is a small one.
    missing = sorted((file for file in files if not target.has(file)), key=lambda file: -file.size)
    progress = Progress(sum(file.size for file in missing))
    say(f"{len(missing)} of {len(files)} files to download")
    with ThreadPoolExecutor(WORKERS) as pool:
        running = {pool.submit(target.write, file, hub.blocks(file), progress) for file in missing}
        try:
            while running:
                ended, running = wait(running, timeout=PROGRESS_SEC, return_when=FIRST_EXCEPTION)
                for future in ended:
                    future.result()
                say(str(progress))
        finally:
            hub.stopped.set()
            pool.shutdown(cancel_futures=True)


def read_token(path: str) -> str:
    """The token in the file; never printed, not even when it is not one."""
    try:
        token = Path(path).read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        raise RefusedError(f"cannot read the token file {path}: {type(error).__name__}") from None
    if not token or not token.isascii() or not token.isprintable() or " " in token:
        raise RefusedError(f"the token file {path} does not hold a token: one word is expected")
    return token


def say(text: str) -> None:
    """One line for the log, at once."""
    print(text, flush=True)


def main() -> int:
    """Do it, and return how it ended."""
    repository, revision = os.environ["MODEL_REPOSITORY"], os.environ["MODEL_REVISION"]
    endpoint = os.environ.get("HF_ENDPOINT", "https://huggingface.co")
    pause_sec = float(os.environ.get("RETRY_PAUSE_SEC", "2"))
    kind = os.environ.get("WEIGHTS", "auto")
    identity = {"repository": repository, "revision": revision}
    patterns = os.environ.get("FILES", "").splitlines()
    # A directory has one kind of adapter, and markers of `auto` never named it.
    identity |= {"weights": kind} if kind in ("hf", "mistral", "any") else {}
    identity |= {"files": "\n".join(patterns)} if patterns else {}
    target = Target(Path(os.environ["TARGET_DIRECTORY"]), identity)
    try:
        if target.is_complete():
            say(f"{repository} at {revision} is there already: nothing to do")
            return 0
        token_file = os.environ.get("HF_TOKEN_FILE")
        hub = Hub(endpoint, repository, revision, read_token(token_file) if token_file else "", pause_sec)
        download(hub, target, hub.files(kind, patterns))
        target.complete()
    except RefusedError as error:
        print(f"error: {error}", file=sys.stderr)
        return FINAL
    except (FailedError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    say(f"{repository} at {revision} is complete")
    return 0


def stop(number: int, frame: object) -> None:
    """Exit at once: the first process of a container has no default for SIGTERM."""
    os._exit(128 + number)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, stop)
    sys.exit(main())
