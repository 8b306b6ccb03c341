"""What many runs of one way to fail over amount to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from gke_inference.simulate.failover import Outcome, run_failover
from gke_inference.simulate.settings import FailoverSettings

LOW, HALF, HIGH = 0.05, 0.5, 0.95


@dataclass(frozen=True, kw_only=True)
class Spread:
    """
    A figure over all runs.

    Attributes:
        low: 5 % of the runs are below.
        median: Half of them are.
        high: 5 % are above.
    """

    low: float
    median: float
    high: float

    def __str__(self) -> str:
        return f"{self.median:.0f} ({self.low:.0f} to {self.high:.0f})"


@dataclass(frozen=True, kw_only=True)
class WayFigures:
    """
    One way to fail over.

    Attributes:
        settings: Its parts.
        first_downtime_sec: The downtime while the other target was up.
        second_downtime_sec: The one in which nothing was up for a while; None where no run had one that ended.
        good_percent: Share of good checks.
        detection_sec: Until the first target was taken out everywhere.
        runs: How many runs.
    """

    settings: FailoverSettings
    first_downtime_sec: Spread
    second_downtime_sec: Spread | None
    good_percent: Spread
    detection_sec: Spread | None
    runs: int


def way_figures(settings: FailoverSettings, runs: int) -> WayFigures:
    """Run the five states *runs* times, each with its own seed, and return the figures."""
    outcomes = [run_failover(settings, seed) for seed in range(runs)]
    second = [one.downtimes_sec[1] for one in outcomes if len(one.downtimes_sec) > 1]
    detected = [one.detection_sec for one in outcomes if one.detection_sec is not None]
    return WayFigures(
        settings=settings,
        first_downtime_sec=_spread(one.first_downtime_sec for one in outcomes),
        second_downtime_sec=_spread(second) if second else None,
        good_percent=_spread(_goods(outcomes)),
        detection_sec=_spread(detected) if detected else None,
        runs=runs,
    )


def _goods(outcomes: Sequence[Outcome]) -> list[float]:
    return [one.good_percent for one in outcomes]


def _spread(values: Iterable[float]) -> Spread:
    ordered = sorted(values)
    low, median, high = (round(ordered[int(share * (len(ordered) - 1))], 1) for share in (LOW, HALF, HIGH))
    return Spread(low=low, median=median, high=high)
