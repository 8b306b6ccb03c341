"""The five states of seed 004, checked by its script, on a model of the parts."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from random import Random

from gke_inference.simulate.parts import HealthCheck, ResolverCache, Target
from gke_inference.simulate.settings import LATENCY_SEC, FailoverSettings

CHECKS = 180
EVERY_SEC = 1.0
BASELINE_SEC = 20.0
"""Of seed 004's script; the length of its first state is assumed."""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """
    What the script would print after one run.

    Attributes:
        good: Checks that were answered with 200.
        checks: All checks.
        downtimes_sec: Each time without a good check, from the first bad one to the next good one.
        detection_sec: Until the first target that went down was taken out everywhere; None where it was not.
    """

    good: int
    checks: int
    downtimes_sec: tuple[float, ...]
    detection_sec: float | None

    @property
    def good_percent(self) -> float:
        """Share of good checks."""
        return 100 * self.good / self.checks

    @property
    def first_downtime_sec(self) -> float:
        """The downtime after the first target went down, while the other was up; 0 where no check failed."""
        return self.downtimes_sec[0] if self.downtimes_sec else 0.0


class Person:
    """
    Whoever breaks things: the first target, then the other too, and then brings both back.

    Args:
        settings: How long they wait.
        first: The target that answers first.
        second: The one that takes over.
    """

    def __init__(self, settings: FailoverSettings, first: Target, second: Target) -> None:
        self._settings, self._first, self._second = settings, first, second
        self._state, self._next_sec = 1, BASELINE_SEC
        self.broke_first_sec = 0.0

    def act(self, now_sec: float, *, good_since_sec: float | None) -> None:
        """Do the next step where its time has come: after each failover they wait until answers were good a while."""
        waited = good_since_sec is not None and now_sec - good_since_sec >= self._settings.pause_sec
        if self._state == 1 and now_sec >= self._next_sec:
            self._first.stop()
            self.broke_first_sec, self._state = now_sec, 2
        elif self._state == 2 and waited and good_since_sec is not None and good_since_sec > self.broke_first_sec:
            self._second.stop()
            self._state, self._next_sec = 3, now_sec + self._settings.broken_sec
        elif self._state == 3 and now_sec >= self._next_sec:
            self._second.start(now_sec, self._settings.start_sec)
            self._state = 4
        elif self._state == 4 and waited:
            self._first.start(now_sec, self._settings.start_sec)
            self._state = 5


def run_failover(settings: FailoverSettings, seed: int) -> Outcome:
    """Run the five states once; the same *seed* gives the same outcome."""
    random = Random(seed)
    targets = (Target("first"), Target("second"))
    checks = [
        HealthCheck.made(
            random, probers=settings.probers, interval_sec=settings.interval_sec,
            unhealthy=settings.unhealthy_threshold, healthy=settings.healthy_threshold,
            timeout_sec=settings.probe_timeout_sec, spread_sec=settings.spread_sec,
        )
        for _ in targets
    ]  # fmt: skip
    cache, person = ResolverCache(settings.ttl_sec), Person(settings, *targets)
    cache.resolve(-random.uniform(0, settings.ttl_sec), "first")
    now_sec, good_since_sec = 0.0, 0.0 if targets[0].is_up(0.0) else None
    results: list[tuple[float, bool]] = []
    taken_out_sec: float | None = None
    for _ in range(CHECKS):
        person.act(now_sec, good_since_sec=good_since_sec)
        for target, check in zip(targets, checks, strict=True):
            check.advance(target, now_sec)
        if person.broke_first_sec and taken_out_sec is None and not checks[0].says_up(now_sec):
            taken_out_sec = now_sec
        up = [target for target, check in zip(targets, checks, strict=True) if check.says_up(now_sec)]
        # With nothing up, everything counts as up, and clients get one of all: Cloud DNS and load balancers do so.
        asked = cache.resolve(now_sec, (up[0] if up else random.choice(targets)).name)
        good = next(target for target in targets if target.name == asked).is_up(now_sec)
        good_since_sec = (now_sec if good_since_sec is None else good_since_sec) if good else None
        results.append((now_sec, good))
        now_sec += EVERY_SEC + LATENCY_SEC
    return Outcome(
        good=sum(good for _, good in results),
        checks=CHECKS,
        downtimes_sec=tuple(_downtimes(results)),
        detection_sec=None if taken_out_sec is None else taken_out_sec - person.broke_first_sec,
    )


def _downtimes(results: list[tuple[float, bool]]) -> list[float]:
    """Return the times without a good check that ended."""
    found, began_sec = [], None
    for (_, before), (now_sec, good) in pairwise(results):
        if before and not good:
            began_sec = now_sec
        elif good and began_sec is not None:
            found.append(round(now_sec - began_sec, 3))
            began_sec = None
    return found
