"""
Requests with a name that is no model's, where bodies are read or screened.

That the gateway refuses one proves that bodies are read. Model Armor screens none: an answer to one is unscreened.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import anyio

from gke_inference.api_error import ApiError
from gke_inference.check import NO_ANSWER
from gke_inference.concurrency import Task
from gke_inference.findings import Finding, Status, id_for_model
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

NAME = "a-model-that-nobody-has"
IDS = {NAME: "UNKNOWN-NAME", "": "EMPTY-NAME"}
"""Id of the finding, by the name that is sent. vLLM refuses a name that it does not have, and answers an empty one."""
NOT_FOUND = 404
REFUSED = (400, NOT_FOUND, 405, 422)
"""Statuses of a server that does not take the name, or has no such operation."""


@dataclass(frozen=True, kw_only=True)
class RequestForUnknownModel:
    """
    The request of a client that asks for a model which the platform does not have.

    Where bodies are read, no server may get it. A model's server answers with 404 too, but with a header that names its
    region: a gateway has none. Where a route takes any name, the server may refuse it, and answer nothing.

    Attributes:
        key: Key of the region whose address is asked.
        model: A model with this address: one of several that are found by their names, or the one with the address.
        name: What is sent as the name: one that nobody has, or none.
        address: Returns the gateway's base address; its `ApiError` becomes the finding.
        secret_headers: Headers whose values nobody may see, such as the key that the gateway asks for.
        lacks_key: Whether the gateway asks for a key, and there is none: then nothing is sent.
    """

    key: str
    model: Model
    name: str = NAME
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
            endpoint = endpoint_at(self.address(), self.model, self.secret_headers, name=self.name)
        except ApiError as error:
            return self._finding(Status.UNKNOWN, *no_address(error, self.key))
        return self._judge(endpoint.url, anyio.run(self._send, endpoint))

    async def _send(self, endpoint: Endpoint) -> Result:
        async with make_client() as client:
            return await send(client, endpoint, PROMPT)

    def _judge(self, url: str, result: Result) -> Finding:
        if result.status is None:
            return self._finding(Status.UNKNOWN, *not_reachable(url, self.key, self.model, result.detail))
        answered = 200 <= result.status < 300
        if self.model.by_name and (answered or result.region != UNKNOWN_REGION):
            found = f"a server of {result.region} got it, and answered with status {result.status}"
            fix = "look at BODY-ROUTING, and for a route of somebody else at this gateway that takes every request"
            return self._finding(Status.WRONG, found, fix)
        if answered:
            found = f"{url} answered with status {result.status}: Model Armor screens no request with such a name"
            fix = f"write gateway.body_routing: {{}}, and no address for {self.model.key}: the gateway refuses it then"
            return self._finding(Status.WRONG, found, fix)
        if result.status not in ((NOT_FOUND,) if self.model.by_name else REFUSED):
            found = f"{url} answered with status {result.status}: {result.detail or 'no details'}"
            first = f"BODY-ROUTING and {COMPLETION}" if self.model.by_name else COMPLETION
            return self._finding(Status.UNKNOWN, found, f"look at {first} first")
        return self._finding(
            Status.GOOD, f"refused with status {result.status}{', by no server' if self.model.by_name else ''}"
        )

    def _finding(self, status: Status, found: str, fix: str = "") -> Finding:
        what = "for a model that nobody has" if self.name else "that names no model"
        needed = f"the gateway refuses a request {what}" if self.model.by_name else f"a request {what} gets no answer"
        # Models that are found by their names have one address.
        id_ = IDS[self.name]
        id_ = id_ if self.model.by_name else id_for_model(id_, self.model.key, self.model.config.models)
        return Finding(id=id_, where=self.key, status=status, found=found, needed=needed, fix=fix)
