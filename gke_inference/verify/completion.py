"""One real completion through the gateway, and which region answered it."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Collection
from dataclasses import dataclass

import anyio
import httpx

from gke_inference.api_error import ApiError
from gke_inference.findings import Finding, Status
from gke_inference.openai import UNKNOWN_REGION, Endpoint, Result
from gke_inference.openai_client import send
from gke_inference.remedy import remedy
from gke_inference.side_by_side import Task
from gke_inference.verify.check import CLUSTER_ROLE, told

ID = "COMPLETION"
PROMPT = "What is the capital of France? Answer in one word."
MAX_TOKENS = 16
TIMEOUT_SEC = 60
CONNECT_SEC = 5
"""An address that is not reachable from here does not refuse, it says nothing."""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """
    One completion to ask for.

    Attributes:
        key: Key of the region whose address is asked.
        region: Google's name of it.
        address: Gives the base address; its `ApiError` becomes the finding.
        model: What is sent as `model`.
        answers: Google's names of the regions that may answer.
    """

    key: str
    region: str
    address: Callable[[], str]
    model: str
    answers: Callable[[], Collection[str]]

    def task(self) -> Task:
        """The same for all completions side by side."""
        return Task(ask=lambda: ([ask(self)], ()), untold=self.untold)

    def untold(self, why: str) -> Finding:
        """That it did not end."""
        return _finding(self, Status.UNKNOWN, f"could not be told: {why}", "run it again")


def ask(asked: Asked) -> Finding:
    """Send one completion to the region's address and judge the answer."""
    try:
        url, answers = asked.address(), asked.answers()
    except ApiError as error:
        found = f"the gateway's address {told(error)}"
        fix = f"{remedy(error, CLUSTER_ROLE)}, or name the address with --url-for {asked.key}=http://ADDRESS"
        return _finding(asked, Status.UNKNOWN, found, fix)
    endpoint = Endpoint(url=url, model=asked.model, stream=False, max_tokens=MAX_TOKENS, timeout_sec=TIMEOUT_SEC)
    return judged(asked, url, anyio.run(_send, endpoint), answers)


def judged(asked: Asked, url: str, result: Result, answers: Collection[str]) -> Finding:
    """What *result* says about the region."""
    latency = f"{result.ended_sec - result.began_sec:.2f} s"
    expected = " or ".join(sorted(answers)) or "no region"
    if result.error == "connection" and result.status is None:
        fix = (
            f"run it inside the VPC, in {asked.region}; or name an address that leads to the gateway with "
            f"--url-for {asked.key}=http://ADDRESS; or leave it out with --no-completion"
        )
        return _finding(asked, Status.UNKNOWN, f"{url} is not reachable from here ({result.detail})", fix, expected)
    if result.error:
        found = f"{url}: {result.error} after {latency}: {result.detail or 'nothing was told'}"
        fix = "look at SERVER, ROUTE, HEALTH-CHECK and BACKENDS: the gateway has no server that answers"
        return _finding(asked, Status.WRONG, found, fix, expected)
    if result.region == UNKNOWN_REGION:
        fix = "see whether the address leads to the gateway without a proxy that drops headers"
        found = f"answered after {latency}, but not by whom: no header x-inference-region"
        return _finding(asked, Status.UNKNOWN, found, fix, expected)
    found = f"answered by {result.region} after {latency}"
    if result.region in answers:
        return _finding(asked, Status.GOOD, found, needed=expected)
    fix = f"look at SERVER, BACKENDS and GAUGE of {asked.key}: its servers are away, or so full that requests go on"
    return _finding(asked, Status.WRONG, found, fix, expected)


async def _send(endpoint: Endpoint) -> Result:
    timeout = httpx.Timeout(None, connect=CONNECT_SEC)
    async with httpx.AsyncClient(timeout=timeout, trust_env=False, verify=ssl.create_default_context()) as client:
        return await send(client, endpoint, PROMPT)


def _finding(asked: Asked, status: Status, found: str, fix: str = "", needed: str = "") -> Finding:
    needed = f"an answer from {needed}" if needed else "an answer through the gateway"
    return Finding(id=ID, where=asked.key, status=status, found=found, needed=needed, fix=fix)
