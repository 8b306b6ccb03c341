"""The files that would be downloaded: whether a repository has what vLLM reads, and how large it is."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from math import ceil
from urllib.parse import quote

from constructs_lib.data.download_weights import RefusedError, RemoteFile, needed, remote_file
from constructs_lib.specs import LoraAdapterSpec, RepositorySpec
from constructs_lib.vllm_arguments import weights_format
from gke_inference.api_error import ApiError
from gke_inference.check import Check
from gke_inference.findings import Finding, good, unknown, wrong
from gke_inference.preflight.model import get
from gke_inference.preflight.target import Target

GIB = 2**30
NAME_TOKEN = "name the token of such an account with --hugging-face-token-env"


def checks(target: Target) -> Iterator[Check]:
    """Yield one per repository, by the rule of the download program itself."""
    model = target.config.model
    kind, size = weights_format(target.config.model_server.extra_args), model.weights_gib
    snapshots: dict[str, RepositorySpec | LoraAdapterSpec] = {"MODEL-FILES": model}
    snapshots |= {f"MODEL-{name}-FILES": adapter for name, adapter in model.lora_adapters.items()}
    for id_, snapshot in snapshots.items():
        what = f"files that vLLM reads, at most model.weights_gib ({size} GiB)" if snapshot is model else "an adapter"
        yield Check(
            id=id_, needed=what, role="a Hugging Face account that accepted the terms",
            ask=partial(_files, target, id_, snapshot, what, kind if snapshot is model else "adapter"),
        )  # fmt: skip


def _files(target: Target, id_: str, snapshot: RepositorySpec | LoraAdapterSpec, what: str, kind: str) -> Iterator[Finding]:
    token, page = target.hugging_face_token, f"{snapshot.repository}/revision/{snapshot.revision}"
    found = get(f"api/models/{page}?blobs=true", token)
    # What cannot be seen at all is reported by MODEL.
    if found.status_code in (401, 403, 404):
        return
    if found.status_code != 200:
        raise ApiError(status=found.status_code, reason="noAnswer", message="Hugging Face")
    try:
        files = needed(
            [remote_file(entry) for entry in found.json()["siblings"]], partial(_read, snapshot, token), kind
        )
    except RefusedError as error:
        fix = "choose another repository or revision"
        yield wrong(id_, str(error), what, fix)
        return
    except PermissionError as error:
        yield unknown(id_, f"{error} is shown to those only who accepted its terms", what, NAME_TOKEN)
        return
    size = sum(file.size for file in files)
    size_text = f"{len(files)} files, {size / GIB:.1f} GiB"
    if isinstance(snapshot, ModelSpec) and size > snapshot.weights_gib * GIB:
        yield wrong(id_, size_text, what, f"write model.weights_gib: {ceil(size / GIB)}")
    else:
        yield good(id_, size_text, what)


def _read(snapshot: RepositorySpec | LoraAdapterSpec, token: str, file: RemoteFile) -> bytes:
    answer = get(f"{snapshot.repository}/resolve/{snapshot.revision}/{quote(file.path)}", token)
    if answer.status_code in (401, 403):
        raise PermissionError(file.path)
    if answer.status_code != 200:
        raise ApiError(status=answer.status_code, reason="noAnswer", message=f"Hugging Face, {file.path}")
    return answer.content
