"""Requests from a pod in one of the clusters, whose results are fetched through the Kubernetes API."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from time import perf_counter
from typing import Any

import anyio
import anyio.to_thread

from operations.api_error import ApiError
from operations.cluster_api import ClusterApi
from operations.drill.outage import Change
from operations.drill.sender_pod import IDLE_SEC, PORT, why_not_ready
from operations.openai import Endpoint, Reading, Result
from operations.openai_send import body_of, headers_of, url_of
from operations.prompts import prompt

FETCH_EVERY_SEC = 0.25
LOOK_EVERY_SEC = 0.5
START_SEC = 300
"""For the pod to be there: an image to pull, and a node to be made."""
LOST_SEC = IDLE_SEC - 15
"""How long its results may not be had; a little later the pod has ended."""
CLOCK_READINGS = 5
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
    _number: int = 0
    _behind_sec: float = 0.0
    _ticks: anyio.CancelScope = field(default_factory=anyio.CancelScope)
    _all: anyio.CancelScope = field(default_factory=anyio.CancelScope)

    @property
    def leaves(self) -> tuple[Change, ...]:
        """The pod."""
        what = f"pod {self.pod['metadata']['name']} in {self.cluster_key}: sends the requests, deleted afterwards"
        return (Change(means="pod", cluster=self.cluster_key, path=self._path, outage={}, restore=None, what=what),)

    async def begin(self) -> None:
        """
        Make the pod, wait for it, and compare its clock with ours.

        Raises:
            ApiError: It cannot be made, or is not ready in time.
        """
        await anyio.to_thread.run_sync(self.cluster.create, self._path.rpartition("/")[0], dict(self.pod))
        problem = "no status yet"
        with anyio.move_on_after(START_SEC):
            while problem:
                await anyio.sleep(LOOK_EVERY_SEC)
                problem = why_not_ready(await anyio.to_thread.run_sync(self.cluster.get, self._path))
        if problem:
            raise ApiError(status=None, reason="podNotReady", message=f"{self._path} after {START_SEC} s: {problem}")
        self._behind_sec = await self._behind()

    async def run(self) -> None:
        """
        Send until stopped, then wait for what still runs.

        Raises:
            ApiError: Its results cannot be had any more.
        """
        with self._all:
            await anyio.to_thread.run_sync(self.cluster.create, f"{self._proxy}/start", self._plan())
            with self._ticks:
                while True:
                    await self._fetch()
                    await anyio.sleep(FETCH_EVERY_SEC)
            await anyio.to_thread.run_sync(self.cluster.create, f"{self._proxy}/stop", {})
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
        """What the pod tells. What cannot be had for a moment is kept by it."""
        until_sec = perf_counter() + LOST_SEC
        ask = partial(self.cluster.get, f"{self._proxy}/results", after=str(self._number))
        while True:
            try:
                return await anyio.to_thread.run_sync(ask)
            except ApiError as error:
                if error.missing or perf_counter() >= until_sec:
                    raise
            await anyio.sleep(LOOK_EVERY_SEC)

    async def _behind(self) -> float:
        """How far the pod's clock is behind ours; of several readings, the one whose answer came soonest."""
        best_sec, behind_sec = float("inf"), 0.0
        for _ in range(CLOCK_READINGS):
            asked_sec = perf_counter()
            now_sec = (await self._told())["now_sec"]
            took_sec = perf_counter() - asked_sec
            if took_sec < best_sec:
                best_sec, behind_sec = took_sec, asked_sec + took_sec / 2 - now_sec
        return behind_sec

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
        return f"{self._path}:{PORT}/proxy/{self.key}"


def read(endpoint: Endpoint, record: Mapping[str, Any], *, behind_sec: float) -> Result:
    """What became of a request that the pod wrote down as *record*, in the time of our clock."""
    reading = Reading(endpoint=endpoint, began_sec=record["began_sec"] + behind_sec)
    if record["status"] is not None:
        reading.head(record["status"], record["region"])
    if record["body"] or not 200 <= (record["status"] or 200) < 300:
        reading.refused(record["body"])
    try:
        for at_sec, data in record["events"]:
            reading.event(data.encode(), at_sec + behind_sec)
    except ValueError as error:
        reading.unreadable(str(error))
    if record["error"] == "timeout":
        reading.timed_out()
    elif record["error"]:
        reading.broken(record["detail"])
    else:
        reading.ended()
    return reading.result(record["ended_sec"] + behind_sec)
