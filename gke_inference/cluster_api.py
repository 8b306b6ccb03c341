"""The Kubernetes API of one cluster, by its DNS endpoint and the caller's own credentials; no kubectl is needed."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from kubernetes.client import ApiClient, Configuration
from kubernetes.client.exceptions import ApiException
from urllib3.exceptions import HTTPError
from urllib3.util import Retry

from gke_inference.api_error import ApiError
from gke_inference.google_api import GoogleApi

TIMEOUT_SEC = 30
QUICK_TIMEOUT_SEC = 5
SERVER_SHARE = 0.8
"""The server gives up before we do, and so never does later what we took for not done (the query `timeout`)."""
RETRIES = Retry(
    total=4, backoff_factor=0.5, status_forcelist=(429, 502, 503, 504), raise_on_status=False,
    respect_retry_after_header=False,
)  # fmt: skip
"""Of reads, and of writes that may be sent twice (PUT, DELETE); a PATCH or POST is sent once. A Retry-After of an hour
is not waited for."""
LONGEST = 300
"""Characters of an answer that is no object."""


class ClusterApi:
    """
    Reads and writes objects by the paths of the Kubernetes API.

    May be used by several threads.

    Args:
        host: Address of the API, such as `https://gke-0123.us-east5.gke.goog`.
        token: Gives a bearer token for each call.
        timeout_sec: For one try of a call.
        retries: Of tries that failed.
    """

    def __init__(
        self, *, host: str, token: Callable[[], str], timeout_sec: float = TIMEOUT_SEC, retries: Retry = RETRIES
    ) -> None:
        # The DNS endpoint has a public certificate; SSL_CERT_FILE names others, such as a proxy's.
        configuration = Configuration(host=host, ssl_ca_cert=os.environ.get("SSL_CERT_FILE"))
        configuration.retries = retries
        self._client = ApiClient(configuration)
        self._host, self._token, self._timeout_sec = host, token, timeout_sec

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
        """The same API, for one who tries again himself: one short try of each call."""
        return ClusterApi(host=self._host, token=self._token, timeout_sec=QUICK_TIMEOUT_SEC, retries=Retry(0))

    def get(self, path: str, **query: str) -> dict[str, Any]:
        """
        The object, or the list, at *path*, such as `/apis/apps/v1/namespaces/inference/deployments`.

        Raises:
            ApiError: It did not work; `missing` where there is no such object or kind.
        """
        return self._call("GET", path, query=query)

    def create(self, path: str, manifest: dict[str, Any], *, dry_run: bool = False) -> dict[str, Any]:
        """Create an object in the collection *path*; with *dry_run* only hear whether that would work."""
        return self._call("POST", path, query=_dry(dry_run), body=manifest)

    def patch(self, path: str, patch: dict[str, Any], *, dry_run: bool = False) -> dict[str, Any]:
        """Change fields of the object at *path* (a JSON merge patch: null removes a field)."""
        merge = "application/merge-patch+json"
        return self._call("PATCH", path, query=_dry(dry_run), body=patch, content_type=merge)

    def delete(self, path: str, *, dry_run: bool = False) -> None:
        """Delete the object at *path*; none there is as good."""
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
        headers = {
            "Accept": "application/json",
            "Content-Type": content_type,
            "Authorization": f"Bearer {self._token()}",
        }
        asked = {**(query or {}), "timeout": f"{self._timeout_sec * SERVER_SHARE:g}s"}
        url = f"{self._client.configuration.host}{path}?{urlencode(asked)}"
        try:
            response = self._client.call_api(
                method, url, header_params=headers, body=body, _request_timeout=self._timeout_sec
            )
            data = response.read()  # type: ignore[no-untyped-call]
        except ApiException as error:
            raise ApiError(status=error.status or None, reason="noAnswer", message=f"{path}: {error.reason}") from None
        except (HTTPError, OSError) as error:
            raise ApiError(status=None, reason=type(error).__name__, message=f"{path}: {error}") from None
        return _read(response.status, data)


def _dry(run: bool) -> dict[str, str]:
    """All checks, rights and admission too, and nothing kept (Kubernetes API, "Dry-run")."""
    return {"dryRun": "All"} if run else {}


def _read(status: int, data: bytes) -> dict[str, Any]:
    """The answer as an object. What the API refuses comes as a Status with its reason; a proxy answers anything."""
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
