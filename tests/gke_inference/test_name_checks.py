"""Checks of a name while it fails over: a DNS server on loopback whose answers change, and two servers behind it."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from gke_inference.drill.name_checks import NameCache, NameCheck, NameWatch, name_figures
from gke_inference.drill.report import name_note, name_rows
from gke_inference.resolver import Resolver, resolver_problems
from tests.gke_inference.name_server import FIRST, NAME, NameServer

SECOND = "127.0.0.2"


class Servers:
    """The two servers, at one port; each answers with a status that a test sets."""

    def __init__(self) -> None:
        self.status = {FIRST: 200, SECOND: 200}
        self.hosts: list[str] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.hosts.append(str(self.headers["Host"]))
                self.send_response(outer.status[self.server.server_address[0]])  # type: ignore[index]
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:
                """Print nothing."""

        with socket.socket() as free:
            free.bind((FIRST, 0))
            self.port = free.getsockname()[1]
        self._made = [ThreadingHTTPServer((address, self.port), Handler) for address in self.status]
        for one in self._made:
            threading.Thread(target=one.serve_forever, args=(0.01,), daemon=True).start()

    def close(self) -> None:
        """Stop both."""
        for one in self._made:
            one.shutdown()
            one.server_close()


@pytest.fixture
def names() -> Iterator[NameServer]:
    """Run the name server."""
    made = NameServer()
    yield made
    made.close()


@pytest.fixture
def servers() -> Iterator[Servers]:
    """Run the servers."""
    made = Servers()
    yield made
    made.close()


def until(condition: Any, wait_sec: float = 10) -> None:
    """Wait until *condition* holds."""
    end_sec = time.monotonic() + wait_sec
    while not condition():
        assert time.monotonic() < end_sec
        time.sleep(0.01)


def test_a_name_that_fails_over_shows_both_addresses(names: NameServer, servers: Servers) -> None:
    """Each client sees 503 of the first address, and good answers of the second one; the host is the name."""
    both = {"none", "ttl"}
    watch = NameWatch(NAME, f"http://{NAME}:{servers.port}/health", Resolver(f"{FIRST}:{names.port}"), every_sec=0.02)
    with watch:
        until(lambda: sum(check.good for check in watch.checks) >= 4)
        servers.status[FIRST] = 503
        until(lambda: {check.cache for check in watch.checks if check.status == 503} == both)
        names.address = SECOND
        until(
            lambda: {check.cache for check in watch.checks if check.good and check.address == SECOND} == {"none", "ttl"}
        )
    none, ttl = watch.figures

    assert set(servers.hosts) == {NAME}
    assert set(none.addresses) == set(ttl.addresses) == {FIRST, SECOND}
    assert len(none.events) == len(none.events_of_503) == len(ttl.events_of_503) == 1
    assert none.mean_latency_ms is not None


def test_a_cache_honours_the_time_to_live() -> None:
    """It asks again when the answer has expired, and not before."""
    now, asked = [0.0], [0]

    def ask(name: str) -> tuple[list[str], float]:
        asked[0] += 1
        return [f"192.0.2.{asked[0]}"], 30.0

    cache = NameCache(ask, clock=lambda: now[0])
    given = []
    for now[0] in (0.0, 29.9, 30.0):
        given += cache.addresses(NAME)

    assert given == ["192.0.2.1", "192.0.2.1", "192.0.2.2"]


def test_a_name_without_an_answer_is_a_bad_check(names: NameServer, servers: Servers) -> None:
    """It is no failover of a 503."""
    names.address = ""
    with NameWatch(NAME, f"http://{NAME}:{servers.port}/", Resolver(f"{FIRST}:{names.port}"), every_sec=0.02) as watch:
        until(lambda: len(watch.checks) >= 4)

    assert {(check.address, check.status) for check in watch.checks} == {("", 0)}


def checks(*statuses: int) -> list[NameCheck]:
    """Return checks of one second each with these *statuses*."""
    return [
        NameCheck(at_sec=float(at), cache="none", address=FIRST, status=status, latency_sec=0.25)
        for at, status in enumerate(statuses)
    ]


def test_the_figures_are_those_of_the_seeds_script() -> None:
    """Share of good checks, mean latency of good ones, failovers with their mean; 503 alone beside any failure."""
    found = name_figures("none", checks(200, 503, 503, 200, 0, 200, 503))

    assert (found.checks, found.good, found.good_percent) == (7, 3, 42.86)
    assert found.mean_latency_ms == 250
    assert (found.events, found.mean_downtime_sec) == ((2.0, 1.0), 1.5)
    assert (found.events_of_503, found.mean_downtime_of_503_sec) == ((2.0,), 2.0)


def test_no_check_gives_no_figure() -> None:
    """And a row of dashes."""
    found = name_figures("ttl", [])

    assert (found.good_percent, found.mean_latency_ms, found.mean_downtime_sec) == (None, None, None)
    assert name_rows([found])[0][:4] == ("keep the TTL", "0", "-", "-")
    assert "71.691 s" in name_note([found])


@pytest.mark.parametrize(
    ("address", "right"),
    [("8.8.8.8", True), ("8.8.8.8:5353", True), ("8.8.8.8.8", False), ("8.8.8.8:0", False), ("8.8.8.8:70000", False),
     ("dns.google", False), ("8.8.8.8:", False)],
)  # fmt: skip
def test_a_resolver_is_an_address_with_a_port_where_it_has_one(address: str, right: bool) -> None:
    """Anything else is refused before it is asked."""
    assert (list(resolver_problems(address)) == []) == right
