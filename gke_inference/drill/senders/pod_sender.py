"""Sends from a pod in one of the clusters, and fetches its results through the Kubernetes API."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from time import perf_counter
from typing import Any, TypeVar

import anyio
import anyio.to_thread

from constructs_lib.manifests.network_policies import SENDER_PORT
from gke_inference.api_error import ApiError
from gke_inference.cluster_api import ClusterApi
from gke_inference.drill.changes import Change
from gke_inference.drill.senders.pod_manifest import IDLE_SEC, has_ended, why_not_ready
from gke_inference.openai import Endpoint, Result
from gke_inference.openai_answer import AnswerReader
from gke_inference.openai_client import make_prompt, request_body, request_headers, request_url

T = TypeVar("T")
FETCH_EVERY_SEC = 0.25
RETRY_EVERY_SEC = 0.5
START_TIMEOUT_SEC = 300
"""For the pod to be ready: its image may have to be pulled, and its node to be created."""
LOST_AFTER_SEC = IDLE_SEC - 15
"""How long it may not answer; a little later the pod has ended."""
CLOCK_READINGS = 5
CLOCK_JUMP_SEC = 1
"""Difference between two readings of the clocks that shows that one stood still: a machine was asleep."""
BODIES = 64
"""Prompts among which the pod chooses."""


@dataclass(kw_only=True)
class PodSender:
    """
    Sends from a pod: a `Sender`.

    Args:
        cluster: Where the pod is.
        cluster_key: Key of that cluster's region.
        pod: Its manifest.
        key: What its paths begin with.
        endpoint: Where requests go and what they ask.
        prompt_tokens: Length of each prompt.
        rate_per_sec: Requests sent per second.
        on_result: Is called with each result.
    """

    cluster: ClusterApi
    cluster_key: str
    pod: Mapping[str, Any]
    key: str
    endpoint: Endpoint
    prompt_tokens: int
    rate_per_sec: float
    on_result: Callable[[Result], None]

    results: list[Result] = field(default_factory=list)
    running: int = 0
    exact_to_sec: float = 0.0
    _number: int = 0
    _behind_sec: float = 0.0
    _sending: bool = False
    _ticks: anyio.CancelScope = field(default_factory=anyio.CancelScope)
    _all: anyio.CancelScope = field(default_factory=anyio.CancelScope)

    def __post_init__(self) -> None:
        self._quick = self.cluster.quick()

    @property
    def objects(self) -> tuple[Change, ...]:
        """The pod."""
        what = f"pod {self.pod['metadata']['name']} in {self.cluster_key}: sends the requests, deleted afterwards"
        return (Change(means="pod", cluster=self.cluster_key, path=self._path, outage={}, restore=None, what=what),)

    async def create(self) -> None:
        """
        Create the pod.

        Raises:
            ApiError: It was refused; or its answer was lost, and it may be there.
        """
        await anyio.to_thread.run_sync(self.cluster.create, self._path.rpartition("/")[0], dict(self.pod))

    async def wait_until_ready(self) -> None:
        """
        Wait for the pod, and compare its clock with the local one.

        Raises:
            ApiError: It is not ready in time, or cannot be reached.
        """
        pod: dict[str, Any] = {}
        with anyio.move_on_after(START_TIMEOUT_SEC):
            while why_not_ready(pod) and not has_ended(pod):
                await anyio.sleep(RETRY_EVERY_SEC)
                pod = await self._retry(partial(self.cluster.get, self._path))
        if problem := why_not_ready(pod):
            raise ApiError(status=None, reason="podNotReady", message=f"{self._path}: {problem}")
        for _ in range(CLOCK_READINGS):
            await self._ask_pod()

    async def run(self) -> None:
        """
        Send until stopped, then wait for what still runs.

        Raises:
            ApiError: The results are lost.
        """
        with self._all:
            await anyio.to_thread.run_sync(self.cluster.create, f"{self._proxy}/start", self._send_plan())
            self._sending = True
            with self._ticks:
                while True:
                    await self._fetch()
                    await anyio.sleep(FETCH_EVERY_SEC)
            await self._retry(partial(self._quick.create, f"{self._proxy}/stop", {}))
            with anyio.move_on_after(self.endpoint.timeout_sec + LOST_AFTER_SEC):
                while await self._fetch():
                    await anyio.sleep(FETCH_EVERY_SEC)

    def stop(self, *, wait: bool) -> None:
        """Send no more; wait for requests that run, or leave them out."""
        (self._ticks if wait else self._all).cancel()

    async def _fetch(self) -> int:
        """Take over new results; return how many requests run."""
        answer = await self._ask_pod()
        self.running = answer["running"]
        for record in answer["results"]:
            self._number = max(self._number, record["number"])
            self.results.append(read_record(self.endpoint, record, behind_sec=self._behind_sec))
            self.on_result(self.results[-1])
        return self.running

    async def _ask_pod(self) -> dict[str, Any]:
        """Ask for new results, and read the pod's clock; results that cannot be had for a moment stay with the pod."""

        def ask() -> tuple[dict[str, Any], float, float]:
            asked_sec = perf_counter()
            answer = self._quick.get(f"{self._proxy}/results", after=str(self._number))
            half_sec = (perf_counter() - asked_sec) / 2
            return answer, asked_sec + half_sec - answer["now_sec"], half_sec

        answer, behind_sec, half_sec = await self._retry(ask)
        if self.exact_to_sec and abs(behind_sec - self._behind_sec) > half_sec + self.exact_to_sec + CLOCK_JUMP_SEC:
            raise ApiError(status=None, reason="clockJumped", message="this machine or the pod's has been asleep")
        # Of all readings the one whose answer came soonest is the best; once requests are sent, it stays.
        if not self._sending and (not self.exact_to_sec or half_sec < self.exact_to_sec):
            self._behind_sec, self.exact_to_sec = behind_sec, half_sec
        return answer

    async def _retry(self, ask: Callable[[], T]) -> T:
        """Return the answer of *ask*, which is tried again for a while."""
        until_sec = perf_counter() + LOST_AFTER_SEC
        while True:
            try:
                return await anyio.to_thread.run_sync(ask)
            except ApiError as error:
                if error.missing or perf_counter() >= until_sec:
                    raise
            await anyio.sleep(RETRY_EVERY_SEC)

    def _send_plan(self) -> dict[str, Any]:
        """Return the fields of the pod program's `SendPlan`."""
        bodies = [json.dumps(request_body(self.endpoint, make_prompt(self.prompt_tokens))) for _ in range(BODIES)]
        return {
            "url": request_url(self.endpoint),
            "server_name": self.endpoint.server_name,
            "headers": {"Content-Type": "application/json", **request_headers(self.endpoint)},
            "bodies": bodies,
            "rate_per_sec": self.rate_per_sec,
            "timeout_sec": self.endpoint.timeout_sec,
            "region_header": self.endpoint.region_header,
            "events": self.endpoint.is_openai,
        }

    @property
    def _path(self) -> str:
        metadata = self.pod["metadata"]
        return f"/api/v1/namespaces/{metadata['namespace']}/pods/{metadata['name']}"

    @property
    def _proxy(self) -> str:
        """The pod's own server, by way of the API server (Kubernetes API, "Proxy Operations" of pods)."""
        return f"{self._path}:{SENDER_PORT}/proxy/{self.key}"


def read_record(endpoint: Endpoint, record: Mapping[str, Any], *, behind_sec: float) -> Result:
    """
    Read what the pod recorded of one request, as an answer that came here is read.

    Args:
        endpoint: What was asked, and where.
        record: What the pod recorded.
        behind_sec: How far the pod's clock is behind the local one.

    Raises:
        ApiError: The pod could not send it.
    """
    reader = AnswerReader(endpoint=endpoint, began_sec=record["began_sec"] + behind_sec)
    if record["status"] is not None:
        reader.read_head(record["status"], record["region"])
    if record["body"] or not 200 <= (record["status"] or 200) < 300:
        reader.read_refusal(record["body"])
    try:
        for at_sec, data in record["events"]:
            reader.read_event(data.encode(), at_sec + behind_sec)
    except ValueError as error:
        reader.fail_by_format(str(error))
    if record["error"] == "sender":
        raise ApiError(status=None, reason="senderOverloaded", message=f"the pod could not send: {record['detail']}")
    if record["error"] == "timeout":
        reader.fail_by_timeout()
    elif record["error"]:
        reader.fail_by_network(record["detail"])
    else:
        reader.end_stream()
    return reader.result(record["ended_sec"] + behind_sec)
