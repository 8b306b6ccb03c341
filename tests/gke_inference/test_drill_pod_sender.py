"""The pod's program and the stream made of it: the same results as from here, in the time of our clock."""

from __future__ import annotations

import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from typing import Any, get_args

import anyio
import httpx
import pytest

from gke_inference.api_error import ApiError
from gke_inference.cluster_api import ClusterApi
from gke_inference.drill.senders import pod_sender
from gke_inference.drill.senders.pod_manifest import sender_pod
from gke_inference.drill.senders.pod_sender import PodSender, read_record
from gke_inference.openai import Endpoint, Result
from gke_inference.openai_client import send
from tests.gke_inference.cluster_stand_in import TOKEN, ClusterStandIn
from tests.gke_inference.pod_stand_in import RunningPods
from tests.gke_inference.stand_in_server import MODEL, Failure, StandInServer

TIMEOUT_SEC = 0.5
ENDPOINT = Endpoint(url="http://127.0.0.1", model=MODEL)
POD = sender_pod(name="gemma-drill-1", namespace="inference", key="the-key", deadline_sec=900)
PATH = "/api/v1/namespaces/inference/pods/gemma-drill-1"


@pytest.fixture(autouse=True)
def short_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether the pod is there."""
    monkeypatch.setattr(pod_sender, "RETRY_EVERY_SEC", 0.02)


@pytest.fixture(scope="module")
def cluster() -> Iterator[tuple[ClusterApi, RunningPods]]:
    """Run a cluster whose pods run."""
    stand_in = ClusterStandIn()
    pods = RunningPods(stand_in)
    stand_in.changed = lambda method, path: pods.start(path) if method == "POST" else pods.stop(path)
    with stand_in.serving() as host:
        yield ClusterApi(host=host, token=lambda: TOKEN), pods
    pods.close()


@pytest.fixture
def api(cluster: tuple[ClusterApi, RunningPods]) -> Iterator[ClusterApi]:
    """Yield the cluster's API; the pod is deleted afterwards."""
    yield cluster[0]
    cluster[0].delete(PATH)


def stream(api: ClusterApi, url: str) -> PodSender:
    """Return a pod sender of requests to *url*."""
    endpoint = Endpoint(url=url, model=MODEL, max_tokens=4, timeout_sec=TIMEOUT_SEC)
    return PodSender(
        cluster=api, cluster_key="us", pod=POD, key="the-key", endpoint=endpoint, prompt_tokens=8, rate_per_sec=20,
        on_result=lambda result: None,
    )  # fmt: skip


async def seen_by_pod(api: ClusterApi, server: StandInServer, url: str) -> Result:
    """Return the first result of a pod that sends."""
    made = stream(api, url)
    async with anyio.create_task_group() as group:
        await made.create()
        await made.wait_until_ready()
        group.start_soon(made.run)
        while not made.results:
            await anyio.sleep(0.02)
        # What hangs is let go, so that nothing is waited for.
        server.stopped.set()
        made.stop(wait=True)
    return made.results[0]


async def seen_from_here(url: str) -> Result:
    """Return the result of one request from this machine."""
    async with httpx.AsyncClient(timeout=None, trust_env=False) as client:
        return await send(client, Endpoint(url=url, model=MODEL, max_tokens=4, timeout_sec=TIMEOUT_SEC), "hello")


@pytest.mark.parametrize("failure", get_args(Failure))
def test_every_way_to_fail_is_reported_as_from_here(api: ClusterApi, failure: Failure) -> None:
    """Status, region, kind of error and length of the answer are the same."""

    def shape(result: Result) -> tuple[Any, ...]:
        told_first = result.first_token_sec is not None
        return result.status, result.region, result.error, result.output_tokens, result.counted_by, told_first

    with StandInServer(failure=failure).serving() as url:
        here = anyio.run(seen_from_here, url)
    server = StandInServer(failure=failure)
    with server.serving() as url:
        there = anyio.run(seen_by_pod, api, server, url)

    assert shape(there) == shape(here)
    assert bool(there.error) == (failure not in ("", "empty"))


def test_nobody_there_is_a_connection_error() -> None:
    """With the reason."""
    record: dict[str, Any] = {
        "began_sec": 1.0,
        "ended_sec": 2.0,
        "status": None,
        "region": "",
        "events": [],
        "body": "",
    }
    broken = read_record(ENDPOINT, {**record, "error": "broken", "detail": "ConnectionRefusedError"}, behind_sec=0)

    assert (broken.error, broken.detail, broken.status) == ("connection", "ConnectionRefusedError", None)


def test_times_are_those_of_our_clock() -> None:
    """The pod's clock began when its machine did; what it wrote down is moved by as much as it is behind."""
    events = [[5.0, '{"choices": [{"delta": {"content": "Paris"}}]}'], [5.5, "[DONE]"]]
    record = {"began_sec": 4.0, "ended_sec": 6.0, "status": 200, "region": "us-east5", "events": events, "body": ""}
    result = read_record(ENDPOINT, {**record, "error": "", "detail": ""}, behind_sec=1000)

    assert (result.began_sec, result.first_token_sec, result.ended_sec, result.error) == (1004.0, 1005.0, 1006.0, "")


def test_the_clock_is_read_where_the_answer_comes_soonest() -> None:
    """A slow answer says little of when the clock was read; half of the way is taken off."""
    delays, behind_sec = iter((0.3, 0.0, 0.3, 0.3, 0.3)), 5000.0

    class Slow(ClusterApi):
        def __init__(self) -> None:
            """No connection."""

        def quick(self) -> ClusterApi:
            """Return the same."""
            return self

        def get(self, path: str, **query: str) -> dict[str, Any]:
            """Read the clock, and answer a while later."""
            now_sec = time.perf_counter() - behind_sec
            time.sleep(next(delays))
            return {"now_sec": now_sec, "running": 0, "results": []}

    async def behind() -> tuple[float, float]:
        made = stream(Slow(), "http://127.0.0.1")
        for _ in range(5):
            await made._ask_pod()
        return made._behind_sec, made.exact_to_sec

    found_sec, exact_to_sec = anyio.run(behind)
    assert found_sec == pytest.approx(behind_sec, abs=0.1)
    assert exact_to_sec < 0.15


def test_a_clock_that_jumps_ends_it() -> None:
    """A laptop that slept: every later request would be placed wrongly."""
    behind = iter((100.0, 100.0, 130.0))

    class Asleep(ClusterApi):
        def __init__(self) -> None:
            """No connection."""

        def quick(self) -> ClusterApi:
            """Return the same."""
            return self

        def get(self, path: str, **query: str) -> dict[str, Any]:
            """Answer as a pod whose clock went on while the local one stood still."""
            return {"now_sec": time.perf_counter() - next(behind), "running": 0, "results": []}

    async def ask_three_times() -> None:
        made = stream(Asleep(), "http://127.0.0.1")
        await made._ask_pod()
        await made._ask_pod()
        with pytest.raises(ApiError, match="asleep"):
            await made._ask_pod()

    anyio.run(ask_three_times)


def test_a_pod_that_cannot_send_says_so() -> None:
    """No thread could be started there: that is no failure of the platform."""
    record: dict[str, Any] = {
        "began_sec": 1.0,
        "ended_sec": 1.0,
        "status": None,
        "region": "",
        "events": [],
        "body": "",
    }

    with pytest.raises(ApiError, match="the pod could not send: can't start new thread"):
        read_record(ENDPOINT, {**record, "error": "sender", "detail": "can't start new thread"}, behind_sec=0)


def test_a_request_has_its_time_however_it_drips(api: ClusterApi) -> None:
    """A byte now and then keeps no request alive: the time is that of the whole request, as from here."""

    class Drips(StandInServer):
        def answer(self, http: BaseHTTPRequestHandler) -> None:
            """Send a header every tenth of a second."""
            http.rfile.read(int(http.headers["Content-Length"]))
            http.send_response(200)
            http.flush_headers()
            for number in range(100):
                if self.stopped.wait(0.1):
                    return
                http.wfile.write(b"X-Drip-%d: 1\r\n" % number)

    server = Drips()
    with server.serving() as url:
        result = anyio.run(seen_by_pod, api, server, url)

    assert result.error == "timeout"
    assert result.ended_sec - result.began_sec < 5


def test_nobody_without_the_key_has_it_send(cluster: tuple[ClusterApi, RunningPods], api: ClusterApi) -> None:
    """Whoever else reaches the pod gets nothing; a second start is refused too."""
    server = StandInServer()
    with server.serving() as url:
        anyio.run(seen_by_pod, api, server, url)
    _, pods = cluster
    plan = {"url": "http://127.0.0.1/", "headers": {}, "bodies": ["{}"], "rate_per_sec": 1, "timeout_sec": 1}

    for method, rest, status in (
        ("GET", "/", 200),
        ("GET", "/results?after=0", 404),
        ("GET", "/another-key/results?after=0", 404),
        ("POST", "/another-key/start", 404),
        ("POST", "/another-key/stop", 404),
        ("POST", "/the-key/start", 409),
    ):
        answer, _ = pods.proxy(PATH, method, rest, {**plan, "region_header": "x", "events": True})
        assert (rest, answer) == (rest, status)
