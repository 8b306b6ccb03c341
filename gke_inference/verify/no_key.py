"""One request without a key, where Apigee asks for one: that it is refused proves that Apigee is in the way."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import anyio
import httpx

from gke_inference.api_error import ApiError
from gke_inference.check import NO_ANSWER
from gke_inference.concurrency import Task
from gke_inference.findings import Finding, Status, id_for_model
from gke_inference.openai import Endpoint
from gke_inference.openai_client import request_body, request_headers, request_url
from gke_inference.verify.completion import (
    COMPLETION,
    PROMPT,
    REFUSALS,
    TIMEOUT_SEC,
    endpoint_at,
    is_llm,
    make_client,
    no_address,
    not_reachable,
)
from platform_config.errors import shown
from platform_config.model import Model

NO_KEY = "NO-KEY"
"""Id of the finding."""
POLICY_FAULT = "steps."
"""Begins the error code of a fault that a policy of Apigee raises. Source: Apigee, "Policy error reference"."""


@dataclass(frozen=True, kw_only=True)
class RequestWithoutKey:
    """
    The request of a client that has no key.

    Attributes:
        key: Key of the region whose address is asked.
        model: The model that is asked.
        address: Returns the gateway's base address; its `ApiError` becomes the finding.
    """

    key: str
    model: Model
    address: Callable[[], str]

    def task(self) -> Task:
        """Return this request as one of several that run side by side."""
        return Task(ask=lambda: ([self.ask()], ()), unknown=self.unknown)

    def unknown(self, why: str) -> Finding:
        """Return the finding that it did not end."""
        return self._finding(Status.UNKNOWN, f"{NO_ANSWER}: {why}", "run it again")

    def ask(self) -> Finding:
        """Send the request to the region's address and judge the answer."""
        try:
            endpoint = endpoint_at(self.address(), self.model, {})
        except ApiError as error:
            return self._finding(Status.UNKNOWN, *no_address(error, self.key))
        try:
            status, text = anyio.run(self._send, endpoint)
        except TimeoutError:
            return self.unknown(f"{endpoint.url} did not answer within {TIMEOUT_SEC} s")
        except httpx.HTTPError as error:
            detail = f"{type(error).__name__}: {error}"
            return self._finding(Status.UNKNOWN, *not_reachable(endpoint.url, self.key, self.model, detail))
        return self._judge(endpoint.url, status, text)

    async def _send(self, endpoint: Endpoint) -> tuple[int, str]:
        headers, more = request_headers(endpoint), endpoint.extensions
        async with make_client() as client:
            with anyio.fail_after(TIMEOUT_SEC):
                if is_llm(self.model):
                    body = request_body(endpoint, PROMPT)
                    answer = await client.post(request_url(endpoint), json=body, headers=headers, extensions=more)
                else:
                    answer = await client.get(
                        f"{endpoint.url}{self.model.server.ready_path}", headers=headers, extensions=more
                    )
        return answer.status_code, answer.text

    def _judge(self, url: str, status: int, text: str) -> Finding:
        code = fault_code(text)
        if status in REFUSALS or code.startswith(POLICY_FAULT):
            return self._finding(Status.GOOD, f"refused with status {status}{f', {shown(code)[1:-1]}' if code else ''}")
        if 200 <= status < 300:
            fix = (
                "see that the GCPTrafficExtension of the gateway is Programmed and that the ApigeeBackendService is "
                "CREATED; with apigee.fail_open: true, requests also pass while Apigee does not answer"
            )
            return self._finding(Status.WRONG, f"{url} answered without a key: whoever reaches it may use it", fix)
        found = f"{url} answered with status {status}, neither the model's answer nor a refusal by a policy"
        return self._finding(Status.UNKNOWN, found, f"look at {COMPLETION}, GATEWAY and ROUTE first")

    def _finding(self, status: Status, found: str, fix: str = "") -> Finding:
        id_ = id_for_model(NO_KEY, self.model.key, self.model.config.models)
        needed = "a request without a key is refused"
        return Finding(id=id_, where=self.key, status=status, found=found, needed=needed, fix=fix)


def fault_code(text: str) -> str:
    """Return the error code of Apigee's fault in the answer *text*; empty where there is none."""
    try:
        answer: Any = json.loads(text)
        return str(answer["fault"]["detail"]["errorcode"])
    except (ValueError, LookupError, TypeError):
        return ""
