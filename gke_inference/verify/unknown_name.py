"""One request for a model that nobody has, where bodies are read: that the gateway refuses it proves that they are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import anyio

from gke_inference.api_error import ApiError
from gke_inference.check import NO_ANSWER
from gke_inference.concurrency import Task
from gke_inference.findings import Finding, Status
from gke_inference.openai import UNKNOWN_REGION, Endpoint, Result
from gke_inference.openai_client import send
from gke_inference.verify.completion import (
    COMPLETION,
    GIVE_KEY,
    PROMPT,
    endpoint_at,
    make_client,
    no_address,
    not_reachable,
)
from platform_config.model import Model

UNKNOWN_NAME = "UNKNOWN-NAME"
"""Id of the finding."""
NAME = "a-model-that-nobody-has"
NOT_FOUND = 404


@dataclass(frozen=True, kw_only=True)
class RequestForUnknownModel:
    """
    The request of a client that asks for a model which the platform does not have.

    A model's server answers it with 404 too, but with a header that names its region: a gateway has none.

    Attributes:
        key: Key of the region whose address is asked.
        model: A model that is found by its name, for the address.
        address: Returns the gateway's base address; its `ApiError` becomes the finding.
        secret_headers: Headers whose values nobody may see, such as the key that the gateway asks for.
        lacks_key: Whether the gateway asks for a key, and there is none: then nothing is sent.
    """

    key: str
    model: Model
    address: Callable[[], str]
    secret_headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    lacks_key: bool = False

    def task(self) -> Task:
        """Return this request as one of several that run side by side."""
        return Task(ask=lambda: ([self.ask()], ()), unknown=self.unknown)

    def unknown(self, why: str) -> Finding:
        """Return the finding that it did not end."""
        return self._finding(Status.UNKNOWN, f"{NO_ANSWER}: {why}", "run it again")

    def ask(self) -> Finding:
        """Send the request to the region's address and judge the answer."""
        if self.lacks_key:
            found = f"{NO_ANSWER}: the gateway asks for a key, and none is given"
            return self._finding(Status.UNKNOWN, found, GIVE_KEY)
        try:
            endpoint = endpoint_at(self.address(), self.model, self.secret_headers, name=NAME)
        except ApiError as error:
            return self._finding(Status.UNKNOWN, *no_address(error, self.key))
        return self._judge(endpoint.url, anyio.run(self._send, endpoint))

    async def _send(self, endpoint: Endpoint) -> Result:
        async with make_client() as client:
            return await send(client, endpoint, PROMPT)

    def _judge(self, url: str, result: Result) -> Finding:
        if result.status is None:
            return self._finding(Status.UNKNOWN, *not_reachable(url, self.key, self.model, result.detail))
        if result.region != UNKNOWN_REGION or 200 <= result.status < 300:
            found = f"a server of {result.region} got it, and answered with status {result.status}"
            fix = "look at BODY-ROUTING, and for a route of somebody else at this gateway that takes every request"
            return self._finding(Status.WRONG, found, fix)
        if result.status != NOT_FOUND:
            found = f"{url} answered with status {result.status}: {result.detail or 'no details'}"
            return self._finding(Status.UNKNOWN, found, f"look at BODY-ROUTING and {COMPLETION} first")
        return self._finding(Status.GOOD, f"refused with status {NOT_FOUND}, by no server")

    def _finding(self, status: Status, found: str, fix: str = "") -> Finding:
        needed = "the gateway refuses a request for a model that nobody has"
        return Finding(id=UNKNOWN_NAME, where=self.key, status=status, found=found, needed=needed, fix=fix)
