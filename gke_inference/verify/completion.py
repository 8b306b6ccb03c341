"""One real completion through the gateway, and which region answered it."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Collection
from dataclasses import dataclass

import anyio
import httpx

from gke_inference.api_error import ApiError, remedy
from gke_inference.check import NO_ANSWER
from gke_inference.concurrency import Task
from gke_inference.findings import Finding, Status
from gke_inference.openai import UNKNOWN_REGION, Endpoint, Result
from gke_inference.openai_client import send
from gke_inference.verify.topics import CLUSTER_ROLE

ID = "COMPLETION"
PROMPT = "What is the capital of France? Answer in one word."
MAX_TOKENS = 16
TIMEOUT_SEC = 60
CONNECT_SEC = 5
"""An address that is not reachable from here does not refuse, it says nothing."""


@dataclass(frozen=True, kw_only=True)
class Completion:
    """
    One completion to ask for.

    Attributes:
        key: Key of the region whose address is asked.
        region: Google's name of it.
        address: Returns the base address; its `ApiError` becomes the finding.
        model: Sent as `model`.
        answers: Returns Google's names of the regions that may answer.
    """

    key: str
    region: str
    address: Callable[[], str]
    model: str
    answers: Callable[[], Collection[str]]

    def task(self) -> Task:
        """Return this completion as one of several that run side by side."""
        return Task(ask=lambda: ([self.ask()], ()), unknown=self.unknown)

    def unknown(self, why: str) -> Finding:
        """Return the finding that it did not end."""
        return self._finding(Status.UNKNOWN, f"{NO_ANSWER}: {why}", "run it again")

    def ask(self) -> Finding:
        """Send one completion to the region's address and judge the answer."""
        try:
            url, answers = self.address(), self.answers()
        except ApiError as error:
            found = f"the gateway's address {NO_ANSWER}: {error.summary}"
            fix = f"{remedy(error, CLUSTER_ROLE)}, or name the address with --url-for {self.key}=http://ADDRESS"
            return self._finding(Status.UNKNOWN, found, fix)
        endpoint = Endpoint(url=url, model=self.model, stream=False, max_tokens=MAX_TOKENS, timeout_sec=TIMEOUT_SEC)
        return self._judge(url, anyio.run(_send, endpoint), answers)

    def _judge(self, url: str, result: Result, answers: Collection[str]) -> Finding:
        latency = f"{result.ended_sec - result.began_sec:.2f} s"
        expected = " or ".join(sorted(answers)) or "no region"
        if result.error == "connection" and result.status is None:
            fix = (
                f"run it inside the VPC, in {self.region}; or name an address that leads to the gateway with "
                f"--url-for {self.key}=http://ADDRESS; or leave it out with --no-completion"
            )
            return self._finding(Status.UNKNOWN, f"{url} is not reachable from here ({result.detail})", fix, expected)
        if result.error:
            found = f"{url}: {result.error} after {latency}: {result.detail or 'no details'}"
            fix = "look at SERVER, ROUTE, HEALTH-CHECK and BACKENDS: the gateway has no server that answers"
            return self._finding(Status.WRONG, found, fix, expected)
        if result.region == UNKNOWN_REGION:
            fix = "see whether the address leads to the gateway without a proxy that drops headers"
            found = f"answered after {latency}, but by an unknown region: no header x-inference-region"
            return self._finding(Status.UNKNOWN, found, fix, expected)
        found = f"answered by {result.region} after {latency}"
        if result.region in answers:
            return self._finding(Status.GOOD, found, needed=expected)
        fix = f"look at SERVER, BACKENDS and GAUGE of {self.key}: its servers are away, or so full that requests go on"
        return self._finding(Status.WRONG, found, fix, expected)

    def _finding(self, status: Status, found: str, fix: str = "", needed: str = "") -> Finding:
        needed = f"an answer from {needed}" if needed else "an answer through the gateway"
        return Finding(id=ID, where=self.key, status=status, found=found, needed=needed, fix=fix)


async def _send(endpoint: Endpoint) -> Result:
    timeout = httpx.Timeout(None, connect=CONNECT_SEC)
    async with httpx.AsyncClient(timeout=timeout, trust_env=False, verify=ssl.create_default_context()) as client:
        return await send(client, endpoint, PROMPT)
