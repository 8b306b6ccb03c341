"""One real request to a model through the gateway, and which region answered it."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Collection
from dataclasses import dataclass
from time import perf_counter

import anyio
import httpx

from gke_inference.api_error import ApiError, remedy
from gke_inference.check import NO_ANSWER
from gke_inference.concurrency import Task
from gke_inference.findings import Finding, Status, id_for_model
from gke_inference.live_platform import ModelEndpoint
from gke_inference.openai import UNKNOWN_REGION, Endpoint, Result
from gke_inference.openai_client import send
from gke_inference.verify.topics import CLUSTER_ROLE
from platform_config.errors import shown
from platform_config.model import Model

COMPLETION, ANSWER = "COMPLETION", "ANSWER"
"""Ids of the findings: of an LLM, and of any other server."""
PROMPT = "What is the capital of France? Answer in one word."
MAX_TOKENS = 16
TIMEOUT_SEC = 60
CONNECT_SEC = 5
"""An address that is not reachable from here does not refuse, it says nothing."""


@dataclass(frozen=True, kw_only=True)
class Completion:
    """
    One request of a client: a chat completion, or a GET of the health path of a server that is no LLM's.

    Attributes:
        key: Key of the region whose address is asked.
        model: The model that is asked.
        address: Returns the gateway's base address; its `ApiError` becomes the finding.
        answers: Returns Google's names of the regions that may answer.
    """

    key: str
    model: Model
    address: Callable[[], str]
    answers: Callable[[], Collection[str]]

    def task(self) -> Task:
        """Return this request as one of several that run side by side."""
        return Task(ask=lambda: ([self.ask()], ()), unknown=self.unknown)

    def unknown(self, why: str) -> Finding:
        """Return the finding that it did not end."""
        return self._finding(Status.UNKNOWN, f"{NO_ANSWER}: {why}", "run it again")

    def ask(self) -> Finding:
        """Send the request to the region's address and judge the answer."""
        try:
            url, answers = self.address(), self.answers()
        except ApiError as error:
            found = f"the gateway's address {NO_ANSWER}: {error.summary}"
            fix = f"{remedy(error, CLUSTER_ROLE)}, or name the address with --url-for {self.key}=http://ADDRESS"
            return self._finding(Status.UNKNOWN, found, fix)
        endpoint = ModelEndpoint.at(url, self.model)
        return self._judge(endpoint.url, anyio.run(self._send, endpoint), answers)

    async def _send(self, endpoint: ModelEndpoint) -> Result:
        timeout = httpx.Timeout(None, connect=CONNECT_SEC)
        async with httpx.AsyncClient(timeout=timeout, trust_env=False, verify=ssl.create_default_context()) as client:
            if not self._completes:
                return await _probe(client, endpoint, self.model.server.ready_path)
            asked = Endpoint(
                url=endpoint.url, headers=endpoint.headers, model=endpoint.model, stream=False, max_tokens=MAX_TOKENS,
                timeout_sec=TIMEOUT_SEC,
            )  # fmt: skip
            return await send(client, asked, PROMPT)

    @property
    def _completes(self) -> bool:
        """Whether it is an LLM's server, which has OpenAI's API."""
        return self.model.server.kind != "custom"

    @property
    def _region(self) -> str:
        return self.model.config.regions[self.key].region

    def _judge(self, url: str, result: Result, answers: Collection[str]) -> Finding:
        latency = f"{result.ended_sec - result.began_sec:.2f} s"
        expected = " or ".join(sorted(answers)) or "no region"
        if not self.model.server.answers_with_region:
            expected = ""
        if result.error == "connection" and result.status is None:
            public = self.model.config.gateway.gateway_class.public
            place = "where the internet is reached" if public else f"inside the VPC, in {self._region}"
            fix = (
                f"run it {place}; or name an address that leads to the gateway with "
                f"--url-for {self.key}=http://ADDRESS; or leave it out with --no-completion"
            )
            return self._finding(Status.UNKNOWN, f"{url} is not reachable from here ({result.detail})", fix, expected)
        if result.error:
            found = f"{url}: {result.error} after {latency}: {result.detail or 'no details'}"
            fix = "look at SERVER, ROUTE, HEALTH-CHECK and BACKENDS: the gateway has no server that answers"
            return self._finding(Status.WRONG, found, fix, expected)
        if not self.model.server.answers_with_region:
            return self._finding(Status.GOOD, f"answered after {latency}; its answers do not name their region")
        if result.region == UNKNOWN_REGION:
            fix = "see whether the address leads to the gateway without a proxy that drops headers"
            found = f"answered after {latency}, but by an unknown region: no header x-inference-region"
            return self._finding(Status.UNKNOWN, found, fix, expected)
        found = f"answered by {result.region} after {latency}"
        if result.region in answers:
            return self._finding(Status.GOOD, found, needed=expected)
        fix = f"look at SERVER, BACKENDS and GAUGE of {self.key}: its servers are away, or so full that requests go on"
        if self.model.config.is_regional:
            fix = (
                f"see that the address is that of the gateway in {self.key}, which has servers of {self._region} alone"
            )
        return self._finding(Status.WRONG, found, fix, expected)

    def _finding(self, status: Status, found: str, fix: str = "", needed: str = "") -> Finding:
        needed = f"an answer from {needed}" if needed else "an answer through the gateway"
        id_ = id_for_model(COMPLETION if self._completes else ANSWER, self.model.key, self.model.config.models)
        return Finding(id=id_, where=self.key, status=status, found=found, needed=needed, fix=fix)


async def _probe(client: httpx.AsyncClient, endpoint: ModelEndpoint, path: str) -> Result:
    """Ask for *path* of the model, which answers once its server is ready."""
    began, status, error, detail = perf_counter(), None, "", ""
    try:
        with anyio.fail_after(TIMEOUT_SEC):
            answer = await client.get(f"{endpoint.url}{path}", headers=endpoint.headers)
        status = answer.status_code
        if not answer.is_success:
            error, detail = f"http_{status}", shown(answer.text)[1:-1]
    except TimeoutError:
        error, detail = "timeout", f"not finished after {TIMEOUT_SEC} s"
    except httpx.HTTPError as failure:
        error, detail = "connection", f"{type(failure).__name__}: {failure}"
    return Result(began_sec=began, ended_sec=perf_counter(), status=status, error=error, detail=detail)
