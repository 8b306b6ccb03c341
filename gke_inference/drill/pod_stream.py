"""Requests from a pod in one of the clusters, whose results are fetched through the Kubernetes API."""

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
from gke_inference.drill.change import Change
from gke_inference.drill.pod_record import read
from gke_inference.drill.sender_pod import IDLE_SEC, has_ended, why_not_ready
from gke_inference.openai import Endpoint, Result
from gke_inference.openai_send import body_of, headers_of, url_of
from gke_inference.prompts import prompt

T = TypeVar("T")
FETCH_EVERY_SEC = 0.25
LOOK_EVERY_SEC = 0.5
START_SEC = 300
"""For the pod to be there: an image to pull, and a node to be made."""
LOST_SEC = IDLE_SEC - 15
"""How long it may not answer; a little later the pod has ended."""
CLOCK_READINGS = 5
JUMP_SEC = 1
"""Of one clock against the other: a machine that sleeps stands still."""
BODIES = 64
"""Prompts among which the pod chooses."""


@dataclass(kw_only=True)
class PodStream:
    """
    Requests from a pod: a `Stream`.

    Args:
        cluster: Where the pod is.
        cluster_key: Key of that cluster's region.
        pod: Its manifest.
        key: What its paths begin with.
        endpoint: Where requests go and what they ask.
        prompt_tokens: Length of each prompt.
        rate_per_sec: Requests sent per second.
        seen: Is told each result.
    """

    cluster: ClusterApi
    cluster_key: str
    pod: Mapping[str, Any]
    key: str
    endpoint: Endpoint
    prompt_tokens: int
    rate_per_sec: float
    seen: Callable[[Result], None]

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
    def leaves(self) -> tuple[Change, ...]:
        """The pod."""
        what = f"pod {self.pod['metadata']['name']} in {self.cluster_key}: sends the requests, deleted afterwards"
        return (Change(means="pod", cluster=self.cluster_key, path=self._path, outage={}, restore=None, what=what),)

    async def make(self) -> None:
        """
        Make the pod.

        Raises:
            ApiError: It was refused; or its answer was lost, and it may be there.
        """
        await anyio.to_thread.run_sync(self.cluster.create, self._path.rpartition("/")[0], dict(self.pod))

    async def begin(self) -> None:
        """
        Wait for the pod, and compare its clock with ours.

        Raises:
            ApiError: It is not ready in time, or cannot be reached.
        """
        pod: dict[str, Any] = {}
        with anyio.move_on_after(START_SEC):
            while why_not_ready(pod) and not has_ended(pod):
                await anyio.sleep(LOOK_EVERY_SEC)
                pod = await self._tried(partial(self.cluster.get, self._path))
        if problem := why_not_ready(pod):
            raise ApiError(status=None, reason="podNotReady", message=f"{self._path}: {problem}")
        for _ in range(CLOCK_READINGS):
            await self._told()

    async def run(self) -> None:
        """
        Send until stopped, then wait for what still runs.

        Raises:
            ApiError: Its results cannot be had any more.
        """
        with self._all:
            await anyio.to_thread.run_sync(self.cluster.create, f"{self._proxy}/start", self._plan())
            self._sending = True
            with self._ticks:
                while True:
                    await self._fetch()
                    await anyio.sleep(FETCH_EVERY_SEC)
            await self._tried(partial(self._quick.create, f"{self._proxy}/stop", {}))
            with anyio.move_on_after(self.endpoint.timeout_sec + LOST_SEC):
                while await self._fetch():
                    await anyio.sleep(FETCH_EVERY_SEC)

    def stop(self, *, wait: bool) -> None:
        """Send no more; requests that run are waited for or left out."""
        (self._ticks if wait else self._all).cancel()

    async def _fetch(self) -> int:
        """Take over what is new; how many requests run."""
        told = await self._told()
        self.running = told["running"]
        for record in told["results"]:
            self._number = max(self._number, record["number"])
            result = read(self.endpoint, record, behind_sec=self._behind_sec)
            self.results.append(result)
            self.seen(result)
        return self.running

    async def _told(self) -> dict[str, Any]:
        """What the pod tells, and how far its clock is behind ours. What cannot be had for a moment is kept by it."""

        def ask() -> tuple[dict[str, Any], float, float]:
            asked_sec = perf_counter()
            told = self._quick.get(f"{self._proxy}/results", after=str(self._number))
            half_sec = (perf_counter() - asked_sec) / 2
            return told, asked_sec + half_sec - told["now_sec"], half_sec

        told, behind_sec, half_sec = await self._tried(ask)
        if self.exact_to_sec and abs(behind_sec - self._behind_sec) > half_sec + self.exact_to_sec + JUMP_SEC:
            raise ApiError(status=None, reason="clockJumped", message="this machine or the pod's has been asleep")
        # Of all readings the one whose answer came soonest is the best; once requests are sent, it stays.
        if not self._sending and (not self.exact_to_sec or half_sec < self.exact_to_sec):
            self._behind_sec, self.exact_to_sec = behind_sec, half_sec
        return told

    async def _tried(self, ask: Callable[[], T]) -> T:
        """The answer of *ask*, which is tried again for a while."""
        until_sec = perf_counter() + LOST_SEC
        while True:
            try:
                return await anyio.to_thread.run_sync(ask)
            except ApiError as error:
                if error.missing or perf_counter() >= until_sec:
                    raise
            await anyio.sleep(LOOK_EVERY_SEC)

    def _plan(self) -> dict[str, Any]:
        bodies = [json.dumps(body_of(self.endpoint, prompt(self.prompt_tokens))) for _ in range(BODIES)]
        return {
            "url": url_of(self.endpoint), "headers": {"Content-Type": "application/json", **headers_of(self.endpoint)},
            "bodies": bodies, "rate_per_sec": self.rate_per_sec, "timeout_sec": self.endpoint.timeout_sec,
            "region_header": self.endpoint.region_header,
        }  # fmt: skip

    @property
    def _path(self) -> str:
        metadata = self.pod["metadata"]
        return f"/api/v1/namespaces/{metadata['namespace']}/pods/{metadata['name']}"

    @property
    def _proxy(self) -> str:
        """The pod's own server, by way of the API server (Kubernetes API, "Proxy Operations" of pods)."""
        return f"{self._path}:{SENDER_PORT}/proxy/{self.key}"
