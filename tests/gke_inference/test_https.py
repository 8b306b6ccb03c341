"""HTTPS to an address: the certificate is checked for the gateway's host by load, drill and verify alike."""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
import trustme
from google.auth.credentials import AnonymousCredentials

from gke_inference.api_error import ApiError
from gke_inference.drill.senders.pod_program import OpenLoop, SendPlan
from gke_inference.findings import Finding, Status
from gke_inference.google_api import GoogleApi
from gke_inference.live_platform import LivePlatform, ModelEndpoint
from gke_inference.openai import Endpoint, Result
from gke_inference.openai_client import send, served_models
from gke_inference.verify.https import HttpsChecks
from gke_inference.verify.run import Verification
from platform_config.config import Config
from platform_config.model import Model
from tests.certificates import OWN
from tests.configs import REGIONAL, config
from tests.gke_inference.stand_in_server import MODEL, StandInServer

HOST = "llm.example.com"
GATEWAY = "https://10.8.0.9"


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> trustme.CA:
    """Make an authority that this machine knows."""
    made = trustme.CA()
    made.cert_pem.write_to_path(tmp_path / "ca.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    return made


def platform(tls: dict[str, Any] | None = None, **changes: Any) -> Config:
    """Return the example with a regional gateway that has HTTPS."""
    return config(**{**REGIONAL, "gateway__tls": tls or {"hosts": [HOST]}, **changes})


@pytest.mark.parametrize(
    ("gateway", "url"),
    [
        ({}, "http://10.8.0.9"),
        ({"port": 8080}, "http://10.8.0.9:8080"),
        ({"tls": {"secret_name": "tls"}}, GATEWAY),
        ({"tls": {"secret_name": "tls", "port": 8443, "redirect": False}}, f"{GATEWAY}:8443"),
    ],
)
def test_the_gateway_is_asked_where_models_are_served(gateway: dict[str, Any], url: str) -> None:
    """At the port of HTTPS, where it has one."""
    made = config(gateway=gateway, regions__us__cidrs={
        "nodes": "10.8.0.0/20", "pods": "10.9.0.0/16", "services": "10.8.16.0/20", "proxy": "10.8.32.0/23",
    })  # fmt: skip
    live = LivePlatform(config=made, clusters=lambda key: pytest.fail(f"{key} was asked"))

    assert live.url_in({"status": {"addresses": [{"value": "10.8.0.9"}]}}, "us") == url


OWN_CERTIFICATE = {"certificate_pem": OWN, "private_key_secret": "key"}


@pytest.mark.parametrize(
    ("tls", "host", "url", "name"),
    [
        ({"hosts": ["*.example.com", HOST]}, None, GATEWAY, HOST),
        ({"hosts": ["*.example.com"]}, None, GATEWAY, "gateway.example.com"),
        ({"hosts": [HOST, "b.example.com"]}, "b.example.com", GATEWAY, "b.example.com"),
        (OWN_CERTIFICATE, None, GATEWAY, HOST),
        ({"secret_name": "tls"}, None, GATEWAY, ""),
        ({"secret_name": "tls"}, "b.example.com", GATEWAY, "b.example.com"),
        ({"hosts": [HOST]}, None, "https://other.example.com", ""),
        ({"hosts": [HOST]}, None, "http://10.8.0.9", ""),
        ({"hosts": [HOST]}, None, "", ""),
    ],
)
def test_an_address_is_asked_for_the_host_of_its_certificate(
    tls: dict[str, Any], host: str | None, url: str, name: str
) -> None:
    """The model's own host, or else the first that a certificate is for; a URL with a host is asked for that."""
    changes = {"models__gemma__address": {"host": host}} if host else {}

    found = ModelEndpoint.at(url, Model(platform(tls, **changes), "gemma"))

    assert found.server_name == name
    assert found.headers.get("Host") == (host or name or None)


async def seen_from_here(endpoint: Endpoint) -> Result:
    """Return the result of one request from this machine."""
    async with httpx.AsyncClient(timeout=None, trust_env=False, verify=ssl.create_default_context()) as client:
        return await send(client, endpoint, "hello")


def seen_by_pod(url: str, name: str) -> dict[str, Any]:
    """Return the first result of the program that a drill's pod runs."""
    loop = OpenLoop()
    plan = SendPlan(
        url=f"{url}/v1/chat/completions", headers={}, bodies=['{"model": "gemma-3-27b-it", "stream": true}'],
        rate_per_sec=1, timeout_sec=10, region_header="x-inference-region", events=True, server_name=name,
    )  # fmt: skip
    loop.start(plan)
    loop.stop()
    while not (found := loop.results_after(0)["results"]):
        time.sleep(0.02)
    return dict(found[0])


@pytest.mark.parametrize(("name", "good"), [(HOST, True), ("", False), ("other.example.com", False)])
def test_a_certificate_is_accepted_for_its_host_alone(authority: trustme.CA, name: str, good: bool) -> None:
    """From here and from a pod: the connection goes to an address, which no certificate is for."""
    with StandInServer().serving(authority, HOST) as url:
        endpoint = Endpoint(url=url, model=MODEL, max_tokens=4, timeout_sec=10, server_name=name)
        here, there = anyio.run(seen_from_here, endpoint), seen_by_pod(url, name)
        if good:
            assert served_models(endpoint) == [MODEL]
        else:
            with pytest.raises(ConnectionError, match="certificate"):
                served_models(endpoint)

    assert (here.status, there["status"]) == ((200, 200) if good else (None, None))
    assert good or "CERTIFICATE_VERIFY_FAILED" in here.detail
    assert good or "certificate verify failed" in there["detail"]


@contextmanager
def answering_http(status: int, location: str = "") -> Iterator[int]:
    """Answer each GET with *status* and *location*; gives the port."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.send_header("Location", location)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Print nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    yield server.server_port
    server.shutdown()
    server.server_close()


def findings(url: str, made: Config, in_days: int = 0) -> dict[str, Finding]:
    """Return what the checks of *made* find at *url*, by id."""
    checks = HttpsChecks(
        key="us", model=Model(made, "gemma"), address=lambda: url, now_sec=lambda: time.time() + in_days * 24 * 3600
    )
    return {finding.id: finding for task in checks.tasks() for finding in task.ask()[0]}


@pytest.mark.parametrize(
    ("tls", "urls", "tasks"),
    [
        ({"hosts": [HOST]}, {}, 2 * (2 + 1)),
        ({"hosts": [HOST]}, {"us": f"https://{HOST}", "eu": "http://127.0.0.1:8080"}, (2 + 1) + 1),
        (None, {}, 2 * 1),
    ],
)
def test_verify_looks_at_the_front_of_each_region(tls: dict[str, Any] | None, urls: dict[str, str], tasks: int) -> None:
    """Beside one completion; an address by HTTP that somebody gives leads past it."""
    made = config(**REGIONAL, gateway__tls=tls)
    live = LivePlatform(config=made, clusters=lambda key: pytest.fail(f"{key} was asked"))
    google = GoogleApi(project="p", credentials=AnonymousCredentials())  # type: ignore[no-untyped-call]
    verification = Verification(
        live=live, google=google, keys=["us", "eu"], models=["gemma"], urls=urls, completion=True, timeout_sec=1,
        note=lambda *_: None,
    )  # fmt: skip

    assert len(list(verification.requests())) == tasks


def test_a_gateway_without_https_has_nothing_to_check() -> None:
    """Neither a certificate nor a redirect."""
    assert HttpsChecks(key="us", model=Model(config(), "gemma"), address=lambda: "").tasks() == []


def test_a_good_front_is_told_with_the_days_that_are_left(authority: trustme.CA) -> None:
    """And with where HTTP sends its clients."""
    with StandInServer().serving(authority, HOST) as url, answering_http(301, f"https://{HOST}/") as port:
        found = findings(url, platform(gateway__port=port))

    assert {finding.status for finding in found.values()} == {Status.GOOD}
    assert found["CERTIFICATE"].found.startswith(f"accepted for {HOST}, for another ")
    assert found["REDIRECT"].found.endswith(f"answers 301 to https://{HOST}/")


def test_a_certificate_that_ends_soon_or_is_for_another_host_is_wrong(authority: trustme.CA) -> None:
    """The day before clients notice it."""
    with StandInServer().serving(authority, HOST) as url:
        days = int(findings(url, platform())["CERTIFICATE"].found.split()[-2])
        late = findings(url, platform(), in_days=days - 13)
        other = findings(url, platform({"hosts": ["other.example.com"]}))

    assert late["CERTIFICATE"].status == Status.WRONG
    assert late["CERTIFICATE"].found == f"for {HOST}, it ends in 13 days"
    assert other["CERTIFICATE"].status == Status.WRONG
    assert other["CERTIFICATE"].found.startswith("not accepted for other.example.com: ")


def test_http_that_serves_requests_is_wrong(authority: trustme.CA) -> None:
    """As is a redirect to somewhere else than HTTPS."""
    for status, location in ((200, ""), (404, ""), (301, "http://elsewhere/")):
        with StandInServer().serving(authority, HOST) as url, answering_http(status, location) as port:
            found = findings(url, platform(gateway__port=port))["REDIRECT"]
        assert (found.status, f"answers {status}" in found.found) == (Status.WRONG, True)


@pytest.mark.parametrize(("redirect", "status"), [(False, Status.GOOD), (True, Status.WRONG)])
def test_http_may_be_closed(authority: trustme.CA, redirect: bool, status: Status) -> None:
    """Where the config says so, and HTTPS answers."""
    with StandInServer().serving(authority, HOST) as url:
        with answering_http(200) as port:
            pass
        made = platform({"hosts": [HOST], "redirect": redirect}, gateway__port=port)
        assert findings(url, made)["REDIRECT"].status == status


def test_what_is_not_reached_is_unknown() -> None:
    """A laptop outside of the VPC reaches no internal gateway, and knows nothing of it."""
    with answering_http(200) as port:
        pass
    found = findings(f"https://127.0.0.1:{port}", platform(gateway__port=port))

    assert {finding.status for finding in found.values()} == {Status.UNKNOWN}
    assert all("is not reachable from here" in finding.found for finding in found.values())


def test_no_address_is_unknown() -> None:
    """With what keeps it from being known."""

    def lost() -> str:
        raise ApiError(status=None, reason="noAddress", message="none")

    checks = HttpsChecks(key="us", model=Model(platform(), "gemma"), address=lost)

    assert [task.ask()[0][0].status for task in checks.tasks()] == [Status.UNKNOWN] * 2
    assert [task.unknown("late").status for task in checks.tasks()] == [Status.UNKNOWN] * 2
