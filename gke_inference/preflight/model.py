"""The weights: the secret that holds the token, and whether Hugging Face hands the model out."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import partial

import httpx

from constructs_lib.specs import LoraAdapterSpec, RepositorySpec
from gke_inference.api_error import ApiError
from gke_inference.check import Check
from gke_inference.findings import Finding, good, unknown, wrong
from gke_inference.preflight.target import Target
from gke_inference.retry import send_with_retries
from gke_inference.verbose import calls

ENDPOINT_VARIABLE = "HF_ENDPOINT"
"""Hugging Face's own variable for a mirror."""
ENDPOINT = "https://huggingface.co"
TIMEOUT_SEC = 20


def checks(target: Target) -> Iterator[Check]:
    """Yield one for the secret, where Secret Manager has it; one per repository."""
    model = target.config.model
    if secret := model.hugging_face_token.secret_manager:
        yield Check(
            id="SECRET", needed=f"the secret {secret} with an enabled version",
            role="secretmanager.versions.list", ask=partial(_secret, target, secret),
        )  # fmt: skip
    snapshots: dict[str, RepositorySpec | LoraAdapterSpec] = {"": model, **model.lora_adapters}
    for name, snapshot in snapshots.items():
        yield Check(
            id=f"MODEL-{name}" if name else "MODEL", needed=f"{snapshot.repository} can be downloaded",
            role="a Hugging Face account that accepted its terms",
            ask=partial(_snapshot, target, f"MODEL-{name}" if name else "MODEL", snapshot),
        )  # fmt: skip


def _secret(target: Target, secret: str) -> Iterator[Finding]:
    """Only its versions are listed; what it holds is never read."""
    versions = target.google.find(
        "secretmanager", "v1", "projects.secrets.versions.list", parent=f"projects/{target.project}/secrets/{secret}",
        filter="state:ENABLED", pageSize=1,
    )  # fmt: skip
    needed = f"the secret {secret} with an enabled version"
    if versions is None:
        fix = f"gcloud secrets create {secret} --data-file=- (the token on stdin)"
        yield wrong("SECRET", f"there is no {secret}", needed, fix)
    elif not versions.get("versions"):
        fix = f"gcloud secrets versions add {secret} --data-file=- (the token on stdin)"
        yield wrong("SECRET", "it has no enabled version", needed, fix)
    else:
        yield good("SECRET", "it has an enabled version", needed)


def _snapshot(target: Target, id_: str, snapshot: RepositorySpec | LoraAdapterSpec) -> Iterator[Finding]:
    repository, revision = snapshot.repository, snapshot.revision
    needed = f"{repository} at {revision[:12]} can be downloaded"
    page = f"https://huggingface.co/{repository}"
    found = get(f"api/models/{repository}/revision/{revision}", target.hugging_face_token)
    if found.status_code == 404:
        yield wrong(id_, f"there is no {repository} at {revision}", needed, f"take both from {page}/commits/main")
    elif found.status_code in (401, 403):
        # For a repository that does not exist it says 401 as well.
        fix = f"correct the repository, or name a token that may see it with --hugging-face-token-env ({page})"
        yield unknown(id_, "it is not there, or not for this caller to see", needed, fix)
    elif found.status_code != 200:
        raise ApiError(status=found.status_code, reason="noAnswer", message="Hugging Face")
    elif not found.json().get("gated"):
        yield good(id_, "there, for everybody", needed)
    elif not target.hugging_face_token:
        fix = f"accept the terms at {page}, and name the token with --hugging-face-token-env"
        yield unknown(id_, "there, for those only who accepted its terms", needed, fix)
    else:
        yield _licence(id_, repository, needed, page, target.hugging_face_token)


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
