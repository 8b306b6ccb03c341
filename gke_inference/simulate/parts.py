"""The parts of a failover, each on its own: a target, the health check of it, and a resolver's cache."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random


@dataclass
class Target:
    """
    One place that serves.

    Attributes:
        name: Its name.
        up_from_sec: From when on it answers; None while it is down.
    """

    name: str
    up_from_sec: float | None = 0.0

    def is_up(self, now_sec: float) -> bool:
        """Return whether it answers."""
        return self.up_from_sec is not None and now_sec >= self.up_from_sec

    def stop(self) -> None:
        """Take it down."""
        self.up_from_sec = None

    def start(self, now_sec: float, start_sec: float) -> None:
        """Start it again; it answers once it is ready."""
        self.up_from_sec = now_sec + start_sec


@dataclass
class Prober:
    """
    One prober of a health check: it asks at times of its own, and changes its mind after some answers in a row.

    Attributes:
        interval_sec: Seconds between two probes.
        unhealthy_threshold: Bad ones in a row.
        healthy_threshold: Good ones in a row.
        next_sec: When it asks next.
        healthy: What it says.
    """

    interval_sec: float
    unhealthy_threshold: int
    healthy_threshold: int
    next_sec: float
    healthy: bool = True
    _in_a_row: int = 0

    def probe(self, *, good: bool) -> None:
        """Take an answer."""
        self.next_sec += self.interval_sec
        self._in_a_row = 0 if good == self.healthy else self._in_a_row + 1
        if self._in_a_row >= (self.healthy_threshold if good else self.unhealthy_threshold):
            self.healthy, self._in_a_row = good, 0


@dataclass
class HealthCheck:
    """
    All probers of one target. Most of them decide, and what they decided is done some seconds later.

    Attributes:
        probers: The probers.
        timeout_sec: Seconds that a probe waits for an answer.
        spread_sec: Seconds until a decision is done everywhere.
    """

    probers: Sequence[Prober]
    timeout_sec: float
    spread_sec: float
    _decided: bool = True
    _decisions: list[tuple[float, bool]] = field(default_factory=list)

    @staticmethod
    def made(
        random: Random, *, probers: int, interval_sec: float, unhealthy: int, healthy: int, timeout_sec: float,
        spread_sec: float,
    ) -> HealthCheck:  # fmt: skip
        """Make one whose probers begin at times of their own."""
        made = [Prober(interval_sec, unhealthy, healthy, random.uniform(0, interval_sec)) for _ in range(probers)]
        return HealthCheck(made, timeout_sec, spread_sec)

    def advance(self, target: Target, now_sec: float) -> None:
        """Send all probes that are due until *now_sec*; a bad one ends with its timeout."""
        while (prober := min(self.probers, key=lambda one: one.next_sec)).next_sec <= now_sec:
            at_sec = prober.next_sec
            good = target.is_up(at_sec)
            prober.probe(good=good)
            most = 2 * sum(one.healthy for one in self.probers) > len(self.probers)
            if most != self._decided:
                self._decided = most
                self._decisions.append((at_sec + (0 if good else self.timeout_sec) + self.spread_sec, most))

    def says_up(self, now_sec: float) -> bool:
        """Return what is done at *now_sec*."""
        return next((state for at_sec, state in reversed(self._decisions) if at_sec <= now_sec), True)


@dataclass
class ResolverCache:
    """
    A resolver that keeps an answer for its time to live.

    Attributes:
        ttl_sec: Seconds that an answer is kept.
    """

    ttl_sec: float
    _answer: str = ""
    _until_sec: float = 0.0

    def resolve(self, now_sec: float, fresh: str) -> str:
        """Return the kept answer, or *fresh*, the answer of the name server, where that has expired."""
        if not self._answer or now_sec >= self._until_sec:
            self._answer, self._until_sec = fresh, now_sec + self.ttl_sec
        return self._answer
