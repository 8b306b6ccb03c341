"""The Kubernetes API of one cluster, by its DNS endpoint and the caller's own credentials; no kubectl is needed."""

from __future__ import annotations

import json
from collections.abc import Callable
from copy import copy
from functools import partial
from typing import Any
from urllib.parse import urlencode

import httpx

from gke_inference.api_error import ApiError
from gke_inference.google_api import GoogleApi
from gke_inference.retry import BUSY, NOT_SENT, send_with_retries
from gke_inference.verbose import calls

TIMEOUT_SEC = 30
QUICK_TIMEOUT_SEC = 5
SERVER_SHARE = 0.8
"""Of our time: the server gives up first (query `timeout`), and so never does later what we took for not done."""
REPEATABLE = ("GET", "PUT", "DELETE")
"""Methods that may be sent twice. A PATCH or POST is sent again only where the server has got nothing."""
LONGEST = 300
"""Characters of an answer that is no object."""


class ClusterApi:
    """
    Reads and writes objects by the paths of the Kubernetes API.

    May be used by several threads.

    Args:
        host: Address of the API, such as `https://gke-0123.us-east5.gke.goog`.
        token: Returns a bearer token, for each call.
        timeout_sec: For one try of a call.
        tries_again: Whether a try that failed is repeated.
    """

    def __init__(
        self, *, host: str, token: Callable[[], str], timeout_sec: float = TIMEOUT_SEC, tries_again: bool = True
    ) -> None:
        # The DNS endpoint has a public certificate. httpx reads SSL_CERT_FILE, which names others such as a proxy's,
        # and the proxies from the environment.
        self._client = httpx.Client(base_url=host)
        self._token = token
        self._timeout_sec, self._tries_again = timeout_sec, tries_again

    @classmethod
    def of(cls, google: GoogleApi, path: str) -> ClusterApi:
        """
        Return the API of the cluster at *path*, such as `projects/p/locations/us-east5/clusters/gemma-us`.

        Raises:
            ApiError: There is no such cluster, it has no DNS endpoint, or it cannot be asked for.
        """
        cluster = google.call("container", "v1", "projects.locations.clusters.get", name=path)
        endpoints = cluster.get("controlPlaneEndpointsConfig", {})
        endpoint = endpoints.get("dnsEndpointConfig", {}).get("endpoint")
        if not endpoint:
            name = path.rpartition("/")[2]
            raise ApiError(status=None, reason="noDnsEndpoint", message=f"{name} has no DNS endpoint")
        return cls(host=f"https://{endpoint}", token=google.token)

    def quick(self) -> ClusterApi:
        """Return the same API for a caller that tries again itself: one short try of each call."""
        api = copy(self)
        api._timeout_sec, api._tries_again = QUICK_TIMEOUT_SEC, False
        return api

    def get(self, path: str, **query: str) -> dict[str, Any]:
        """
        Return the object, or the list, at *path*, such as `/apis/apps/v1/namespaces/inference/deployments`.

        Raises:
            ApiError: It failed; `missing` where there is no such object or kind.
        """
        return self._call("GET", path, query=query)

    def create(self, path: str, manifest: dict[str, Any], *, dry_run: bool = False) -> dict[str, Any]:
        """Create an object in the collection *path*; with *dry_run* only check whether that would work."""
        return self._call("POST", path, query=_dry(dry_run), body=manifest)

    def patch(self, path: str, patch: dict[str, Any], *, dry_run: bool = False) -> dict[str, Any]:
        """Change fields of the object at *path* (a JSON merge patch: null removes a field)."""
        merge = "application/merge-patch+json"
        return self._call("PATCH", path, query=_dry(dry_run), body=patch, content_type=merge)

    def delete(self, path: str, *, dry_run: bool = False) -> None:
        """Delete the object at *path*; that there is none is as good."""
        try:
            self._call("DELETE", path, query=_dry(dry_run))
        except ApiError as error:
            if not error.missing:
                raise

    def _call(
        self,
        method: str,
        path: str,
        *,
        query: dict[str, str] | None = None,
        body: dict[str, Any] | None = None,
        content_type: str = "application/json",
    ) -> dict[str, Any]:
        calls.info("%s %s%s", method, self._client.base_url.host, path)
        asked = {**(query or {}), "timeout": f"{self._timeout_sec * SERVER_SHARE:g}s"}
        headers = {
            "Accept": "application/json",
            "Content-Type": content_type,
            "Authorization": f"Bearer {self._token()}",
        }
        content = None if body is None else json.dumps(body)
        send = partial(
            self._client.request, method, f"{path}?{urlencode(asked)}", headers=headers, content=content,
            timeout=self._timeout_sec,
        )  # fmt: skip
        try:
            response = self._send(method, send)
        except (httpx.HTTPError, OSError) as error:
            raise ApiError(status=None, reason=type(error).__name__, message=f"{path}: {error}") from None
        return _read(response.status_code, response.content)

    def _send(self, method: str, send: Callable[[], httpx.Response]) -> httpx.Response:
        if not self._tries_again:
            return send()
        if method in REPEATABLE:
            return send_with_retries(send, statuses=BUSY)
        return send_with_retries(send, statuses=(), errors=NOT_SENT)


def _dry(run: bool) -> dict[str, str]:
    """Return the query of a dry run: all checks, rights and admission too, and nothing kept (Kubernetes, "Dry-run")."""
    return {"dryRun": "All"} if run else {}


def _read(status: int, data: bytes) -> dict[str, Any]:
    """Return the answer as an object. What the API refuses is a Status with its reason; a proxy answers anything."""
    try:
        answer = json.loads(data)
    except ValueError:
        answer = None
    if not isinstance(answer, dict):
        text = " ".join(data[:LONGEST].decode(errors="replace").split())
        raise ApiError(status=status if status >= 400 else None, reason="badAnswer", message=f"no object: {text}")
    if status >= 400:
        error = answer["error"] if isinstance(answer.get("error"), dict) else {}
        message = answer.get("message") or error.get("message") or ""
        reason = answer.get("reason") or error.get("status") or "error"
        raise ApiError(status=status, reason=str(reason), message=str(message))
    return answer
