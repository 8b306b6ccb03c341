"""The Kubernetes API of a cluster: what is sent again, for how long, and whom it trusts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import trustme

from gke_inference import retry
from gke_inference.api_error import ApiError
from gke_inference.cluster_api import ClusterApi
from tests.gke_inference.cluster_stand_in import TOKEN, ClusterStandIn, Fault

NODES = "/api/v1/nodes"
NODE = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n"}}


@pytest.fixture(autouse=True)
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Note the pauses between tries instead of waiting for them."""
    waited: list[float] = []
    monkeypatch.setattr("gke_inference.retry.time.sleep", waited.append)
    return waited


@pytest.fixture
def cluster() -> Iterator[tuple[ClusterStandIn, str]]:
    """Serve a cluster with one node, and yield it with its address."""
    stand_in = ClusterStandIn()
    stand_in.objects[f"{NODES}/n"] = NODE
    with stand_in.serving() as host:
        yield stand_in, host


def api(host: str) -> ClusterApi:
    """Return the cluster's API."""
    return ClusterApi(host=host, token=lambda: TOKEN)


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_a_read_is_repeated_while_the_server_is_busy(
    cluster: tuple[ClusterStandIn, str], pauses: list[float], status: int
) -> None:
    """With growing pauses, whatever Retry-After says."""
    stand_in, host = cluster
    stand_in.faults.append(Fault(status, times=2))

    assert api(host).get(f"{NODES}/n")["kind"] == "Node"
    assert (len(stand_in.requests), pauses) == (3, list(retry.PAUSES_SEC[:2]))


def test_a_read_that_stays_refused_ends_after_five_tries(cluster: tuple[ClusterStandIn, str]) -> None:
    """With what the server said last."""
    stand_in, host = cluster
    stand_in.faults.append(Fault(503))

    with pytest.raises(ApiError) as refused:
        api(host).get(f"{NODES}/n")
    assert (refused.value.status, len(stand_in.requests)) == (503, 5)


def test_half_an_answer_is_asked_for_again(cluster: tuple[ClusterStandIn, str]) -> None:
    """A connection that breaks in the middle."""
    stand_in, host = cluster
    stand_in.faults.append(Fault("half", times=1))

    assert api(host).get(f"{NODES}/n")["kind"] == "Node"


@pytest.mark.parametrize("status", [400, 403, 404, 409, 500])
def test_a_refusal_is_not_repeated(cluster: tuple[ClusterStandIn, str], status: int) -> None:
    """It would be the same."""
    stand_in, host = cluster
    stand_in.faults.append(Fault(status))

    with pytest.raises(ApiError) as refused:
        api(host).get(f"{NODES}/n")
    assert (refused.value.status, len(stand_in.requests)) == (status, 1)


@pytest.mark.parametrize("method", ["PATCH", "POST"])
def test_a_write_that_may_have_been_done_is_sent_once(cluster: tuple[ClusterStandIn, str], method: str) -> None:
    """Nobody knows whether a busy server, or a connection that broke, has done it."""
    stand_in, host = cluster
    for kind in (503, "half"):
        stand_in.requests.clear()
        stand_in.faults[:] = [Fault(kind)]
        with pytest.raises(ApiError):
            api(host).patch(f"{NODES}/n", {}) if method == "PATCH" else api(host).create(NODES, NODE)
        assert [request[0] for request in stand_in.requests] == [method]


def test_a_delete_is_repeated_and_what_is_gone_is_good(cluster: tuple[ClusterStandIn, str]) -> None:
    """The second try may find that the first one did it."""
    stand_in, host = cluster
    stand_in.faults.append(Fault(503, times=1))
    api(host).delete(f"{NODES}/n")
    api(host).delete(f"{NODES}/n")

    assert [request[0] for request in stand_in.requests] == ["DELETE"] * 3


def test_a_quick_call_is_one_short_try(cluster: tuple[ClusterStandIn, str], pauses: list[float]) -> None:
    """For who tries again himself; the server is asked to give up before."""
    stand_in, host = cluster
    stand_in.faults.append(Fault(503))

    with pytest.raises(ApiError):
        api(host).quick().get(f"{NODES}/n")
    assert (len(stand_in.requests), pauses) == (1, [])


def test_an_address_where_nobody_is_gets_every_try(pauses: list[float]) -> None:
    """Also of a write: nothing was sent. The error names the path and holds no token."""
    with pytest.raises(ApiError) as refused:
        ClusterApi(host="http://127.0.0.1:1", token=lambda: "hunter2").patch(f"{NODES}/n", {})

    assert (refused.value.status, refused.value.refused, len(pauses)) == (None, False, len(retry.PAUSES_SEC))
    assert f"{NODES}/n" in refused.value.message
    assert "hunter2" not in str(refused.value)


def test_an_answer_that_is_no_object_is_an_error(cluster: tuple[ClusterStandIn, str]) -> None:
    """A proxy may answer with a page, or with a list."""
    stand_in, host = cluster
    stand_in.proxy = lambda *_: (200, json.loads("[1]"))

    with pytest.raises(ApiError, match="no object"):
        api(host).get("/api/v1/namespaces/inference/pods/p:8080/proxy/x")


def test_another_authority_is_trusted_where_it_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By SSL_CERT_FILE, as for a proxy that looks into connections; without it the certificate is refused."""
    authority, stand_in = trustme.CA(), ClusterStandIn()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    stand_in.objects[f"{NODES}/n"] = NODE
    with stand_in.serving(authority) as host:
        with pytest.raises(ApiError, match="CERTIFICATE_VERIFY_FAILED"):
            api(host).get(f"{NODES}/n")
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))

        assert api(host).get(f"{NODES}/n")["kind"] == "Node"


def test_the_proxy_of_the_environment_is_used(
    cluster: tuple[ClusterStandIn, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As for all other programs of the machine."""
    _, host = cluster
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("NO_PROXY", "")
    with pytest.raises(ApiError):
        api(host).quick().get(f"{NODES}/n")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")

    assert api(host).get(f"{NODES}/n")["kind"] == "Node"


def test_threads_share_one_api(cluster: tuple[ClusterStandIn, str]) -> None:
    """Each gets its own answer."""
    stand_in, host = cluster
    names = [f"n{number}" for number in range(30)]
    for name in names:
        stand_in.objects[f"{NODES}/{name}"] = NODE | {"metadata": {"name": name}}
    one = api(host)
    with ThreadPoolExecutor(8) as threads:
        answers = threads.map(lambda name: one.get(f"{NODES}/{name}")["metadata"]["name"], names)

    assert list(answers) == names
