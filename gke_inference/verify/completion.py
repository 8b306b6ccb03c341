"""One real request to a model through the gateway, and which region answered it."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from time import perf_counter

import anyio
import httpx

from constructs_lib.body_routing_chart import BASE_MODEL_HEADER
from gke_inference.api_error import ApiError, remedy
from gke_inference.check import NO_ANSWER
from gke_inference.concurrency import Task
from gke_inference.findings import Finding, Status, id_for_model
from gke_inference.live_platform import ModelEndpoint
from gke_inference.openai import UNKNOWN_REGION, Endpoint, Result
from gke_inference.openai_client import request_headers, send
from gke_inference.verify.topic import CLUSTER_ROLE
from platform_config.errors import shown
from platform_config.model import Model

COMPLETION, ANSWER = "COMPLETION", "ANSWER"
"""Ids of the findings: of an LLM, and of any other server."""
PROMPT = "What is the capital of France? Answer in one word."
MAX_TOKENS = 16
TIMEOUT_SEC = 60
GIVE_KEY = "name the header and where its value is, such as --header x-api-key=env:API_KEY"
REFUSALS = (401, 403)
"""Statuses of a request without a key, or with a wrong one."""
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
        secret_headers: Headers whose values nobody may see, such as the key that the gateway asks for.
        lacks_key: Whether the gateway asks for a key, and there is none: then nothing is sent.
    """

    key: str
    model: Model
    address: Callable[[], str]
    answers: Callable[[], Collection[str]]
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
            return self._finding(
                Status.UNKNOWN, f"{NO_ANSWER}: the gateway asks for a key, and none is given", GIVE_KEY
            )
        try:
            url, answers = self.address(), self.answers()
        except ApiError as error:
            return self._finding(Status.UNKNOWN, *no_address(error, self.key))
        endpoint = endpoint_at(url, self.model, self.secret_headers)
        return self._judge(endpoint.url, anyio.run(self._send, endpoint), answers)

    async def _send(self, endpoint: Endpoint) -> Result:
        async with make_client() as client:
            if not is_llm(self.model):
                return await _probe(client, endpoint, self.model.server.ready_path)
            return await send(client, endpoint, PROMPT)

    def _judge(self, url: str, result: Result, answers: Collection[str]) -> Finding:
        latency = f"{result.ended_sec - result.began_sec:.2f} s"
        expected = " or ".join(sorted(answers)) or "no region"
        if not self.model.server.answers_with_region:
            expected = ""
        if result.error == "connection" and result.status is None:
            return self._finding(Status.UNKNOWN, *not_reachable(url, self.key, self.model, result.detail), expected)
        if result.status in REFUSALS and self.secret_headers:
            found = f"{url}: refused with {result.error} after {latency}: {result.detail or 'no details'}"
            fix = (
                f"see that the value of {', '.join(self.secret_headers)} is one that the gateway accepts for this model"
            )
            return self._finding(Status.WRONG, found, fix, expected)
        if result.error:
            found = f"{url}: {result.error} after {latency}: {result.detail or 'no details'}"
            first = "BODY-ROUTING, " if self.model.by_name else ""
            fix = f"look at {first}SERVER, ROUTE, HEALTH-CHECK and BACKENDS: the gateway has no server that answers"
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
            fix = f"see that the address is that of the gateway in {self.key}, which has servers of {expected} alone"
        return self._finding(Status.WRONG, found, fix, expected)

    def _finding(self, status: Status, found: str, fix: str = "", needed: str = "") -> Finding:
        needed = f"an answer from {needed}" if needed else "an answer through the gateway"
        id_ = id_for_model(COMPLETION if is_llm(self.model) else ANSWER, self.model.key, self.model.config.models)
        return Finding(id=id_, where=self.key, status=status, found=found, needed=needed, fix=fix)


def is_llm(model: Model) -> bool:
    """Return whether the server of *model* has OpenAI's API."""
    return model.server.kind != "custom"


def endpoint_at(url: str, model: Model, secret_headers: Mapping[str, str], *, name: str | None = None) -> Endpoint:
    """Return where one short request to *model* goes, or for another *name*, where the gateway is at *url*."""
    at = ModelEndpoint.at(url, model)
    # A GET has no body that would name the model.
    named = {BASE_MODEL_HEADER: model.name} if model.by_name and not is_llm(model) else {}
    return Endpoint(
        url=at.url, headers={**at.headers, **named}, server_name=at.server_name, stream=False,
        model=at.model if name is None else name,
        max_tokens=MAX_TOKENS, timeout_sec=TIMEOUT_SEC, secret_headers=secret_headers,
    )  # fmt: skip


def make_client() -> httpx.AsyncClient:
    """Return a client that soon gives up an address which nobody has."""
    timeout = httpx.Timeout(None, connect=CONNECT_SEC)
    return httpx.AsyncClient(timeout=timeout, trust_env=False, verify=ssl.create_default_context())


def no_address(error: ApiError, key: str) -> tuple[str, str]:
    """Return what is found, and the fix, where the gateway's address in region *key* is not known."""
    fix = f"{remedy(error, CLUSTER_ROLE)}, or name the address with --url-for {key}=http://ADDRESS"
    return f"the gateway's address {NO_ANSWER}: {error.summary}", fix


def not_reachable(url: str, key: str, model: Model, detail: str) -> tuple[str, str]:
    """Return what is found, and the fix, where nothing answers at *url* of region *key*."""
    public = model.config.gateway.gateway_class.public
    place = "where the internet is reached" if public else f"inside the VPC, in {model.config.regions[key].region}"
    fix = (
        f"run it {place}; or name an address that leads to the gateway with --url-for {key}=http://ADDRESS; or leave "
        "it out with --no-completion"
    )
    return f"{url} is not reachable from here ({detail})", fix


async def _probe(client: httpx.AsyncClient, endpoint: Endpoint, path: str) -> Result:
    """Ask for *path* of the model, which answers once its server is ready."""
    began, status, error, detail = perf_counter(), None, "", ""
    try:
        with anyio.fail_after(TIMEOUT_SEC):
            answer = await client.get(
                f"{endpoint.url}{path}", headers=request_headers(endpoint), extensions=endpoint.extensions
            )
        status = answer.status_code
        if not answer.is_success:
            error, detail = f"http_{status}", shown(endpoint.hide_secrets(answer.text))[1:-1]
    except TimeoutError:
        error, detail = "timeout", f"not finished after {TIMEOUT_SEC} s"
    except httpx.HTTPError as failure:
        error, detail = "connection", f"{type(failure).__name__}: {failure}"
    return Result(began_sec=began, ended_sec=perf_counter(), status=status, error=error, detail=detail)
