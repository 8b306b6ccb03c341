"""Google's APIs for one project, with application default credentials."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterator
from copy import copy
from functools import cache
from http.client import HTTPException
from typing import Any

import google.auth
import google_auth_httplib2
import httplib2
from google.auth.credentials import Credentials
from google.auth.exceptions import GoogleAuthError
from googleapiclient.discovery import build
from googleapiclient.errors import HttpError
from googleapiclient.http import HttpRequest
from googleapiclient.model import JsonModel

from constructs_lib.specs import UniverseSpec
from constructs_lib.universe import PUBLIC
from gke_inference.api_error import OTHER_UNIVERSE, ApiError
from gke_inference.verbose import calls

SCOPE = "https://www.googleapis.com/auth/cloud-platform"
ENDPOINT_VARIABLE = "GKE_INFERENCE_GOOGLE_ENDPOINT"
"""Sends every call to this address instead of Google's: for tests and private mirrors of the APIs."""
TIMEOUT_SEC = 30
QUICK_TIMEOUT_SEC = 5
RETRIES = 4
"""Of 429, 5xx and broken connections, with growing pauses, by google-api-python-client itself."""


class GoogleApi:
    """
    Calls methods as the discovery documents name them: `call("container", "v1", "projects.locations.clusters.get")`.

    May be used by several threads.

    Args:
        project: Project ID.
        credentials: Whose rights the calls have.
        endpoint: Address of all APIs; None for Google's own.
        universe_domain: Domain of the universe whose APIs are called. Default: the public cloud's.
    """

    def __init__(
        self,
        *,
        project: str,
        credentials: Credentials,
        endpoint: str | None = None,
        universe_domain: str = PUBLIC.api_domain,
    ) -> None:
        self.project = project
        self.credentials = credentials
        self._endpoint = endpoint
        self._universe_domain = universe_domain
        self._tries_again = True

    @classmethod
    def from_environment(cls, project: str, universe: UniverseSpec = PUBLIC) -> GoogleApi:
        """
        Return the APIs of *universe* with application default credentials.

        Raises:
            ApiError: There are none, they cannot be read, or they are for another universe.
        """
        # It warns that the credentials name no project: the config does.
        logging.getLogger("google.auth._default").setLevel(logging.ERROR)
        try:
            credentials, _ = google.auth.default(scopes=[SCOPE])
        except GoogleAuthError as error:
            raise ApiError(status=None, reason="noCredentials", message=str(error)) from None
        # google-auth takes for granted that the file can be opened and holds an object of the right shape.
        except (OSError, AttributeError, LookupError, TypeError, ValueError) as error:
            message = f"their file cannot be read ({type(error).__name__}: {error})"
            raise ApiError(status=None, reason="noCredentials", message=message) from None
        _refuse_other_universe(credentials, universe)
        return cls(
            project=project,
            credentials=credentials,
            endpoint=os.environ.get(ENDPOINT_VARIABLE),
            universe_domain=universe.api_domain,
        )

    @classmethod
    def sign_in(cls, project: str, universe: UniverseSpec = PUBLIC) -> GoogleApi:
        """
        Return the APIs of *universe* with application default credentials that have given a token.

        Raises:
            ApiError: There are none, they are for another universe, or they give no token.
        """
        google = cls.from_environment(project, universe)
        google.token()
        return google

    def quick(self) -> GoogleApi:
        """Return the same APIs for a caller that asks again itself: one short try of each call."""
        api = copy(self)
        api._tries_again = False
        return api

    def call(self, service: str, version: str, method: str, **arguments: Any) -> dict[str, Any]:
        """
        Call a method with *arguments* as its own parameters; `body` is what is sent.

        Raises:
            ApiError: It failed.
        """
        names = " ".join(f"{name}={value}" for name, value in arguments.items() if name != "body")
        calls.info("%s.%s.%s %s", service, version, method, names)
        return self._execute(self._request(service, version, method, arguments), f"{service}.{method}")

    def get_regional(self, service: str, region: str, path: str) -> dict[str, Any]:
        """
        Return what the endpoint of *service* in *region* has at *path*, such as `v1/projects/p/...`.

        It is for APIs of which the client has no document, such as Model Armor.

        Raises:
            ApiError: It failed.
        """
        calls.info("%s %s %s", service, region, path)
        of_google = f"https://{service}.{region}.rep.{self._universe_domain}"
        host = f"{self._endpoint}/{service}" if self._endpoint else of_google
        return self._execute(HttpRequest(None, JsonModel().response, f"{host}/{path}"), f"{service} {path}")

    def _execute(self, request: Any, what: str) -> dict[str, Any]:
        timeout_sec, retries = (TIMEOUT_SEC, RETRIES) if self._tries_again else (QUICK_TIMEOUT_SEC, 0)
        http = google_auth_httplib2.AuthorizedHttp(self.credentials, http=httplib2.Http(timeout=timeout_sec))
        try:
            answer = request.execute(http=http, num_retries=retries)
        except HttpError as error:
            raise _api_error(error) from None
        except (OSError, HTTPException, httplib2.HttpLib2Error, GoogleAuthError, ValueError) as error:
            message = f"{what}: {error}"
            raise ApiError(status=None, reason=type(error).__name__, message=message) from None
        return answer if isinstance(answer, dict) else {}

    def find(self, service: str, version: str, method: str, **arguments: Any) -> dict[str, Any] | None:
        """
        Return what a `get` gives, or None where there is no such thing.

        Raises:
            ApiError: Google does not answer this.
        """
        try:
            return self.call(service, version, method, **arguments)
        except ApiError as error:
            if error.missing:
                return None
            raise

    def pages(self, service: str, version: str, method: str, *, items: str, **arguments: Any) -> Iterator[Any]:
        """Yield each entry of the field *items*, over all pages."""
        for page in self.whole_pages(service, version, method, **arguments):
            found = page.get(items, [])
            yield from found.items() if isinstance(found, dict) else found

    def whole_pages(self, service: str, version: str, method: str, **arguments: Any) -> Iterator[dict[str, Any]]:
        """Yield each page as it came: beside its items it may say that they are not all."""
        token: str | None = None
        while True:
            page = self.call(service, version, method, **arguments, **({"pageToken": token} if token else {}))
            yield page
            token = page.get("nextPageToken")
            if not token:
                return

    def token(self) -> str:
        """
        Return an access token, a fresh one where the last has expired.

        Raises:
            ApiError: None can be had.
        """
        try:
            if not self.credentials.valid:
                request = google_auth_httplib2.Request(httplib2.Http(timeout=TIMEOUT_SEC))
                self.credentials.refresh(request)  # type: ignore[no-untyped-call]
        except (GoogleAuthError, OSError) as error:
            raise ApiError(status=None, reason="noToken", message=str(error)) from None
        return str(self.credentials.token)

    def _request(self, service: str, version: str, method: str, arguments: dict[str, Any]) -> Any:
        *parents, last = method.split(".")
        resource = _resource(service, version, self._endpoint, self._universe_domain, tuple(parents))
        return getattr(resource, last)(**arguments)


@cache
def _resource(service: str, version: str, endpoint: str | None, universe_domain: str, parents: tuple[str, ...]) -> Any:
    """Return the resource; it is kept, since the client builds each anew from its document."""
    resource = _service(service, version, endpoint, universe_domain)
    for parent in parents:
        resource = getattr(resource, parent)()
    return resource


@cache
def _service(service: str, version: str, endpoint: str | None, universe_domain: str) -> Any:
    """Build the API from its discovery document in the package: nothing is fetched, no call is bound to credentials."""
    # The API's name goes first: gkehub and container both have a method at v1/projects/*/locations/*/operations/*.
    options = {"universe_domain": universe_domain} | ({"api_endpoint": f"{endpoint}/{service}/"} if endpoint else {})
    http = httplib2.Http(timeout=TIMEOUT_SEC)
    # The client compares its universe with that of the credentials, which are not known here.
    http.credentials.universe_domain = universe_domain
    return build(service, version, http=http, client_options=options, static_discovery=True)


def _refuse_other_universe(credentials: Credentials, universe: UniverseSpec) -> None:
    """
    Compare the universe of *credentials* with *universe*: a token of one is worth nothing in another.

    Raises:
        ApiError: They are for another one, or do not say so: on Google's own machines, the metadata server is asked.
    """
    try:
        found = str(credentials.universe_domain)
    except GoogleAuthError as error:
        raise ApiError(status=None, reason="noCredentials", message=str(error)) from None
    if found != universe.api_domain:
        message = f"they are for the universe {found}, and the config is for {universe.api_domain}"
        raise ApiError(status=None, reason=OTHER_UNIVERSE, message=message)


def _api_error(error: HttpError) -> ApiError:
    """Return the error with its status, Google's own code for it, and its message."""
    try:
        body = json.loads(error.content)["error"]
        details = body.get("errors") or [{}]
        reason = body.get("status") or details[0].get("reason") or "error"
        message = body.get("message", "")
    except (ValueError, KeyError, TypeError, AttributeError):
        reason, message = "error", error.reason or ""
    return ApiError(status=int(error.resp.status), reason=reason, message=message)
