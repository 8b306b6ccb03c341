"""Container registries: whether one has a manifest, for everybody or for the caller."""

from __future__ import annotations

import os
import re
from collections.abc import Callable

import httpx

from constructs_lib.specs import UniverseSpec
from constructs_lib.universe import PUBLIC
from gke_inference.api_error import ApiError
from gke_inference.retry import send_with_retries
from gke_inference.verbose import calls

ENDPOINT_VARIABLE = "GKE_INFERENCE_REGISTRY_ENDPOINT"
"""Sends every question to a registry to this address instead: for tests and mirrors of all registries."""
DOCKER_HUB = {"docker.io": "registry-1.docker.io"}
KINDS = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)
TIMEOUT_SEC = 20
REFUSED = (401, 403)


def of_google(url: httpx.URL, universe: UniverseSpec) -> bool:
    """Return whether a registry of *universe* is at *url*: nothing else may see a token of the caller."""
    older = universe.api_domain == PUBLIC.api_domain and (url.host == "gcr.io" or url.host.endswith(".gcr.io"))
    return url.scheme == "https" and (older or universe.owns_registry(url.host))


def manifest(
    host: str, repository: str, reference: str, *, token: Callable[[], str], universe: UniverseSpec = PUBLIC
) -> tuple[int, bool]:
    """
    Return the status that the registry answers with, and whether it knew the caller then.

    It is asked without credentials first; where Google's own registry refuses that, with the caller's.

    Args:
        host: The registry's name.
        repository: Name of the image in it.
        reference: Tag or digest.
        token: Returns an access token of the caller, for Google.
        universe: The universe of the token. Default: the public cloud.

    Raises:
        ApiError: The registry does not answer.
    """
    base = os.environ.get(ENDPOINT_VARIABLE) or f"https://{DOCKER_HUB.get(host, host)}"
    try:
        url = httpx.URL(f"{base}/v2/{repository}/manifests/{reference}")
        calls.info("HEAD %s", url)
        with httpx.Client(timeout=TIMEOUT_SEC, follow_redirects=True) as client:
            status = _as_everybody(client, url)
            if status in REFUSED and of_google(url, universe):
                return _head(client, url, token()).status_code, True
            return status, False
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        raise ApiError(status=None, reason=type(error).__name__, message=f"{host}: {error}") from None


def _as_everybody(client: httpx.Client, url: httpx.URL) -> int:
    """Return the status without credentials; where the registry gives everybody a token, with that."""
    answer = _head(client, url)
    challenge = dict(re.findall(r'(\w+)="([^"]*)"', answer.headers.get("WWW-Authenticate", "")))
    if answer.status_code == 401 and "realm" in challenge:
        scope = {key: challenge[key] for key in ("service", "scope") if key in challenge}
        given = send_with_retries(lambda: client.get(challenge["realm"], params=scope))
        token = given.json().get("token") or given.json().get("access_token") if given.is_success else None
        answer = _head(client, url, token) if token else answer
    return answer.status_code


def _head(client: httpx.Client, url: httpx.URL, token: str = "") -> httpx.Response:
    """Ask for the manifest alone; nothing is downloaded. A redirect to another host gets no token."""
    headers = {"Accept": ", ".join(KINDS)} | ({"Authorization": f"Bearer {token}"} if token else {})
    return send_with_retries(lambda: client.head(url, headers=headers))
