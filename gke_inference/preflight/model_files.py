"""The files that would be downloaded: whether a repository has what the server reads, and how large it is."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from math import ceil
from urllib.parse import quote

from constructs_lib.data.download_weights import RefusedError, RemoteFile, needed, remote_file
from constructs_lib.manifests.weights import download_form
from gke_inference.api_error import ApiError
from gke_inference.check import Check
from gke_inference.findings import Finding, good, unknown, wrong
from gke_inference.preflight.model import Download, downloads, get
from gke_inference.preflight.target import Target
from platform_config.model import Model

GIB = 2**30
NAME_TOKEN = "name the token of such an account with --hugging-face-token-env"
SERVERS = {"vllm": "vLLM", "sglang": "SGLang", "custom": "the server"}


def checks(target: Target) -> Iterator[Check]:
    """Yield one per repository, by the rule of the download program itself."""
    for download in downloads(target):
        what = needed_files(download)
        yield Check(
            id=files_id(target, download), needed=what, role="a Hugging Face account that accepted the terms",
            ask=partial(_files, target, download, what),
        )  # fmt: skip


def files_id(target: Target, download: Download) -> str:
    """Return the id of the finding on the files of *download*."""
    is_weights = not download.snapshot.name
    return target.model_id("MODEL-FILES", download.model.key) if is_weights else f"{download.id}-FILES"


def needed_files(download: Download) -> str:
    """Return what the repository must have."""
    if download.snapshot.kind == "adapter":
        return "an adapter"
    files = f"files that {SERVERS[download.model.server.kind]} reads"
    is_weights = not download.snapshot.name
    return f"{files}, at most {size_setting(download.model)} ({download.weights.gib} GiB)" if is_weights else files


def size_setting(model: Model) -> str:
    """Return the path of the setting that says how large the weights of *model* are."""
    return f"models.{model.key}.weights.size_gib"


def _files(target: Target, download: Download, what: str) -> Iterator[Finding]:
    id_, snapshot, token = files_id(target, download), download.snapshot, target.hugging_face_token
    found = get(f"api/models/{snapshot.repository}/revision/{snapshot.revision}?blobs=true", token)
    # What cannot be seen at all is reported by MODEL.
    if found.status_code in (401, 403, 404):
        return
    if found.status_code != 200:
        raise ApiError(status=found.status_code, reason="noAnswer", message="Hugging Face")
    listed = [remote_file(entry) for entry in found.json()["siblings"]]
    form = snapshot.kind or download_form(download.model.server)
    try:
        files = needed(listed, partial(_read, download, token), form, snapshot.files)
    except RefusedError as error:
        yield wrong(id_, str(error), what, "choose another repository or revision")
        return
    except PermissionError as error:
        yield unknown(id_, f"{error} is shown to those only who accepted its terms", what, NAME_TOKEN)
        return
    size = sum(file.size for file in files)
    limit_gib = None if snapshot.name else download.weights.gib
    yield judge_size(id_, len(files), size, what, limit_gib=limit_gib, setting=size_setting(download.model))


def judge_size(id_: str, count: int, size: int, needed: str, *, limit_gib: int | None, setting: str) -> Finding:
    """Return the finding on *count* files of *size* bytes in all; *setting* gives the limit in GiB."""
    size_text = f"{count} files, {size / GIB:.1f} GiB"
    if limit_gib is not None and size > limit_gib * GIB:
        return wrong(id_, size_text, needed, f"write {setting}: {ceil(size / GIB)}")
    return good(id_, size_text, needed)


def _read(download: Download, token: str, file: RemoteFile) -> bytes:
    snapshot = download.snapshot
    answer = get(f"{snapshot.repository}/resolve/{snapshot.revision}/{quote(file.path)}", token)
    if answer.status_code in (401, 403):
        raise PermissionError(file.path)
    if answer.status_code != 200:
        raise ApiError(status=answer.status_code, reason="noAnswer", message=f"Hugging Face, {file.path}")
    return answer.content
