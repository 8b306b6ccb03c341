"""Checks of a name while a drill runs: which address it gives, with and without a cache, and what that answers."""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from types import TracebackType
from typing import Literal

import httpx

from gke_inference.resolver import TIMEOUT_SEC, Resolver

EVERY_SEC = 1.0
"""As in the script of seed 004."""
UNAVAILABLE = 503
Cache = Literal["none", "ttl"]
CACHES: tuple[Cache, ...] = ("none", "ttl")


@dataclass(frozen=True, kw_only=True)
class NameCheck:
    """
    One check.

    Attributes:
        at_sec: When it began, as `time.perf_counter` reads.
        cache: `none` asks the resolver each time; `ttl` keeps an answer for its time to live, as clients do.
        address: What the name gave; empty where it gave nothing.
        status: HTTP status of the answer; 0 without one.
        latency_sec: How long it took, the look-up included.
    """

    at_sec: float
    cache: Cache
    address: str
    status: int
    latency_sec: float

    @property
    def good(self) -> bool:
        """Whether it was answered with 200."""
        return self.status == 200


@dataclass(frozen=True, kw_only=True)
class NameFigures:
    """
    The figures of seed 004's script, for one kind of clients.

    Attributes:
        cache: Which clients.
        checks: All checks.
        good: Those that were answered with 200.
        good_percent: Their share; None without checks.
        mean_latency_ms: Of good ones; None without any.
        addresses: How many good answers each address gave.
        events: Failovers: from a first bad check to the next good one.
        mean_downtime_sec: Of those; None without any.
        events_of_503: Those that began with a 503, which are all that the seed's script counts.
        mean_downtime_of_503_sec: Of those; None without any.
    """

    cache: Cache
    checks: int
    good: int
    good_percent: float | None
    mean_latency_ms: float | None
    addresses: dict[str, int]
    events: tuple[float, ...]
    mean_downtime_sec: float | None
    events_of_503: tuple[float, ...]
    mean_downtime_of_503_sec: float | None


@dataclass
class NameCache:
    """
    Keeps an answer for its time to live, as a client or its resolver does.

    Attributes:
        ask: Asks for a name.
        clock: The time in seconds.
    """

    ask: Callable[[str], tuple[list[str], float]]
    clock: Callable[[], float] = time.perf_counter
    _kept: list[str] = field(default_factory=list)
    _until_sec: float = 0.0

    def addresses(self, name: str) -> list[str]:
        """Return the addresses of *name*; what was kept of the last answer while it may be."""
        if not self._kept or self.clock() >= self._until_sec:
            self._kept, ttl_sec = self.ask(name)
            self._until_sec = self.clock() + ttl_sec
        return self._kept


class NameWatch:
    """
    Checks a name each second until it is left: one look-up without a cache, one with, each with a request.

    Args:
        name: The host name.
        url: What is asked of the address: scheme, port and path; the host in it is the name.
        resolver: Asks for addresses.
        every_sec: Seconds between two checks.
    """

    def __init__(self, name: str, url: str, resolver: Resolver, every_sec: float = EVERY_SEC) -> None:
        self.name = name
        self._url = httpx.URL(url)
        self._resolver, self._every_sec = resolver, every_sec
        self._checks: list[NameCheck] = []
        self._stopped, self._lock = threading.Event(), threading.Lock()
        self._threads = [threading.Thread(target=self._run, args=(cache,), daemon=True) for cache in CACHES]

    def __enter__(self) -> NameWatch:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopped.set()
        for thread in self._threads:
            thread.join(2 * TIMEOUT_SEC)

    @property
    def checks(self) -> list[NameCheck]:
        """All checks, in their order."""
        with self._lock:
            return sorted(self._checks, key=lambda check: check.at_sec)

    @property
    def figures(self) -> list[NameFigures]:
        """The figures of clients without a cache, and of those with one."""
        return [name_figures(cache, [check for check in self.checks if check.cache == cache]) for cache in CACHES]

    def _run(self, cache: Cache) -> None:
        kept = NameCache(self._resolver.ask)
        while not self._stopped.is_set():
            began_sec = time.perf_counter()
            found = kept.addresses(self.name) if cache == "ttl" else self._resolver.ask(self.name)[0]
            address = found[0] if found else ""
            status = self._ask(address) if address else 0
            check = NameCheck(
                at_sec=began_sec, cache=cache, address=address, status=status,
                latency_sec=time.perf_counter() - began_sec,
            )  # fmt: skip
            with self._lock:
                self._checks.append(check)
            self._stopped.wait(max(0.0, began_sec + self._every_sec - time.perf_counter()))

    def _ask(self, address: str) -> int:
        """Ask the address as a client of the name does: with its host, and a certificate for it."""
        url = self._url.copy_with(host=address)
        try:
            with httpx.Client(timeout=TIMEOUT_SEC, trust_env=False) as client:
                answer = client.get(url, headers={"Host": self.name}, extensions={"sni_hostname": self.name})
                return answer.status_code
        except httpx.HTTPError:
            return 0


def name_figures(cache: Cache, checks: list[NameCheck]) -> NameFigures:
    """Return the figures of *checks*, all of one kind of clients."""
    good = [check for check in checks if check.good]
    events = list(_events(checks))
    lengths = tuple(length for length, _ in events)
    of_503 = tuple(length for length, status in events if status == UNAVAILABLE)
    addresses: dict[str, int] = {}
    for check in good:
        addresses[check.address] = addresses.get(check.address, 0) + 1
    return NameFigures(
        cache=cache,
        checks=len(checks),
        good=len(good),
        good_percent=round(100 * len(good) / len(checks), 2) if checks else None,
        mean_latency_ms=round(1000 * statistics.mean(check.latency_sec for check in good), 2) if good else None,
        addresses=addresses,
        events=lengths,
        mean_downtime_sec=_mean(lengths),
        events_of_503=of_503,
        mean_downtime_of_503_sec=_mean(of_503),
    )


def _events(checks: list[NameCheck]) -> Iterator[tuple[float, int]]:
    """Yield the length of each time without a good check that ended, with the status that it began with."""
    began: NameCheck | None = None
    for before, check in pairwise(checks):
        if before.good and not check.good:
            began = check
        elif check.good and began is not None:
            yield round(check.at_sec - began.at_sec, 3), began.status
            began = None


def _mean(values: tuple[float, ...]) -> float | None:
    return round(statistics.mean(values), 3) if values else None
