"""The weights: the secret that holds the token, whether Hugging Face hands them out, or an own bucket has them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import httpx

from constructs_lib.specs import WeightsSpec
from constructs_lib.specs.hugging_face import Snapshot
from gke_inference.api_error import ApiError
from gke_inference.check import Check
from gke_inference.findings import Finding, good, unknown, wrong
from gke_inference.preflight.target import Target
from gke_inference.retry import send_with_retries
from gke_inference.verbose import calls
from platform_config.model import Model, models_of

ENDPOINT_VARIABLE = "HF_ENDPOINT"
"""Hugging Face's own variable for a mirror."""
ENDPOINT = "https://huggingface.co"
TIMEOUT_SEC = 20


@dataclass(frozen=True, kw_only=True)
class Download:
    """
    One repository that a model needs.

    Attributes:
        id: Id of its findings.
        model: The model.
        weights: The model's weights.
        snapshot: Repository, revision and files.
    """

    id: str
    model: Model
    weights: WeightsSpec
    snapshot: Snapshot

    @property
    def with_token(self) -> bool:
        """Whether it is downloaded with a token."""
        return self.weights.hugging_face_token is not None

    @property
    def add_token(self) -> str:
        """The fix for a repository that needs a token where the config names none."""
        return f"add models.{self.model.key}.weights.hugging_face_token"


def downloads(target: Target) -> Iterator[Download]:
    """Yield every repository of every model: the weights, the adapters, and what else a server needs."""
    for model in models_of(target.config):
        if model.weights is not None:
            for snapshot in model.weights.snapshots:
                id_ = weights_id(target, model, snapshot.name)
                yield Download(id=id_, model=model, weights=model.weights, snapshot=snapshot)


def weights_id(target: Target, model: Model, name: str = "") -> str:
    """Return the id of the finding on the weights of *model*, or on the adapter or other repository *name* of it."""
    own = target.model_id("MODEL", model.key)
    between = "-" if own == "MODEL" else "/"
    return f"{own}{between}{name}" if name else own


def checks(target: Target) -> Iterator[Check]:
    """Yield one for each secret that Secret Manager has; one per repository."""
    secrets = target.config.token_secrets
    for secret in secrets:
        id_ = "SECRET" if len(secrets) == 1 else f"SECRET-{secret}"
        yield Check(
            id=id_, needed=f"the secret {secret} with an enabled version",
            role="secretmanager.versions.list", ask=partial(_secret, target, id_, secret),
        )  # fmt: skip
    for download in downloads(target):
        yield Check(
            id=download.id, needed=f"{download.snapshot.repository} can be downloaded",
            role="a Hugging Face account that accepted its terms", ask=partial(_snapshot, target, download),
        )  # fmt: skip


def _secret(target: Target, id_: str, secret: str) -> Iterator[Finding]:
    """List its versions only; what it holds is never read."""
    versions = target.google.find(
        "secretmanager", "v1", "projects.secrets.versions.list", parent=f"projects/{target.project}/secrets/{secret}",
        filter="state:ENABLED", pageSize=1,
    )  # fmt: skip
    needed = f"the secret {secret} with an enabled version"
    if versions is None:
        fix = f"gcloud secrets create {secret} --data-file=- (the token on stdin)"
        yield wrong(id_, f"there is no {secret}", needed, fix)
    elif not versions.get("versions"):
        fix = f"gcloud secrets versions add {secret} --data-file=- (the token on stdin)"
        yield wrong(id_, "it has no enabled version", needed, fix)
    else:
        yield good(id_, "it has an enabled version", needed)


def _snapshot(target: Target, download: Download) -> Iterator[Finding]:
    id_, repository, revision = download.id, download.snapshot.repository, download.snapshot.revision
    needed = f"{repository} at {revision[:12]} can be downloaded"
    page = f"https://huggingface.co/{repository}"
    found = get(f"api/models/{repository}/revision/{revision}", target.hugging_face_token)
    if found.status_code == 404:
        yield wrong(id_, f"there is no {repository} at {revision}", needed, f"take both from {page}/commits/main")
    elif found.status_code in (401, 403):
        # For a repository that does not exist it says 401 as well.
        yield _hidden(download, needed, page)
    elif found.status_code != 200:
        raise ApiError(status=found.status_code, reason="noAnswer", message="Hugging Face")
    elif not found.json().get("gated") and not found.json().get("private"):
        yield good(id_, "there, for everybody", needed)
    elif not download.with_token:
        fix = f"{download.add_token}, of an account that accepted the terms at {page}"
        yield wrong(id_, "not for everybody, and the config names no token for it", needed, fix)
    elif not target.hugging_face_token:
        fix = f"accept the terms at {page}, and name the token with --hugging-face-token-env"
        yield unknown(id_, "there, for those only who accepted its terms", needed, fix)
    else:
        yield _licence(id_, repository, needed, page, target.hugging_face_token)


def _hidden(download: Download, needed: str, page: str) -> Finding:
    """Return the finding for a repository that is not shown; without a token the download does not see it either."""
    if not download.with_token:
        found = "it is not there, or not for everybody, and the config names no token for it"
        return wrong(download.id, found, needed, f"correct the repository ({page}), or {download.add_token}")
    fix = f"correct the repository, or name a token that may see it with --hugging-face-token-env ({page})"
    return unknown(download.id, "it is not there, or not for this caller to see", needed, fix)


def _licence(id_: str, repository: str, needed: str, page: str, token: str) -> Finding:
    answer = get(f"api/models/{repository}/auth-check", token)
    if answer.status_code == 200:
        return good(id_, "there, and the token's account accepted its terms", needed)
    if answer.status_code in (401, 403):
        return wrong(id_, "the token's account did not accept its terms", needed, f"accept them at {page}")
    raise ApiError(status=answer.status_code, reason="noAnswer", message="Hugging Face")


def get(path: str, token: str) -> httpx.Response:
    """
    Return what Hugging Face, or its mirror, answers for *path*.

    Raises:
        ApiError: It does not answer.
    """
    url = f"{(os.environ.get(ENDPOINT_VARIABLE) or ENDPOINT).rstrip('/')}/{path}"
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    calls.info("GET %s", url)
    try:
        return send_with_retries(lambda: httpx.get(url, headers=headers, timeout=TIMEOUT_SEC, follow_redirects=True))
    except httpx.HTTPError as error:
        raise ApiError(status=None, reason=type(error).__name__, message=f"Hugging Face: {error}") from None
