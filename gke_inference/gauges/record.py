"""The gauges of a platform, and what was read of them during a run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

READY_REPLICAS = "ready_replicas"
READY_NODES = "ready_nodes"
KV_CACHE = "kv_cache_percent"
REQUESTS = "load_balancer_requests_per_sec"
LATENCY = "load_balancer_latency_p95_sec"
GAUGES = (READY_REPLICAS, READY_NODES, KV_CACHE, REQUESTS, LATENCY)
"""The gauges, each of one region, by their keys in JSON reports."""


class Span(NamedTuple):
    """The lowest and the highest value of a gauge in some time."""

    lowest: float
    highest: float


@dataclass(frozen=True, kw_only=True)
class Sample:
    """
    What one read returned.

    Attributes:
        at_sec: The time that the values are of, as `time.perf_counter` reads.
        region: Google's name of the region.
        values: The gauges; None where there is no value, or the read failed.
    """

    at_sec: float
    region: str
    values: Mapping[str, float | None]


@dataclass(frozen=True, kw_only=True)
class Unread:
    """
    Gauges that could not be read, or not every time.

    Attributes:
        what: Which gauges, as a phrase for people.
        regions: Google's names of the regions; none where it is the same in all.
        reads: How often they were read.
        failed_reads: How many of these reads gave no value.
        reason: Why the last of them gave none.
        fix: What to do about it; empty where nothing helps.
    """

    what: str
    regions: tuple[str, ...] = ()
    reads: int = 0
    failed_reads: int = 0
    reason: str
    fix: str = ""


class Period(NamedTuple):
    """A part of a run, such as a step or a state; times as `time.perf_counter` reads."""

    title: str
    began_sec: float
    ended_sec: float


@dataclass(frozen=True, kw_only=True)
class GaugeRecord:
    """
    What was read of the gauges during a run.

    Attributes:
        regions: Google's names of the regions that serve the model, in the order of the config.
        spill_over_percent: Fill of the KV cache at which requests spill over; None where another measure decides that.
        samples: What was read, the oldest first.
        unread: What could not be read, and why.
    """

    regions: tuple[str, ...] = ()
    spill_over_percent: int | None = None
    samples: tuple[Sample, ...] = ()
    unread: tuple[Unread, ...] = ()

    def points(self, gauge: str, region: str) -> Iterator[tuple[float, float | None]]:
        """Yield time and value of each sample of *gauge* in *region*."""
        for sample in self.samples:
            if sample.region == region and gauge in sample.values:
                yield sample.at_sec, sample.values[gauge]

    def latest(self, gauge: str, region: str) -> float | None:
        """Return what the last read of *gauge* in *region* returned; None where it failed."""
        return [None, *(value for _, value in self.points(gauge, region))][-1]

    def span(self, gauge: str, region: str, period: Period) -> Span | None:
        """Return the lowest and highest value of *gauge* in *region* during *period*; None without any."""
        values = [
            value for at_sec, value in self.points(gauge, region)
            if value is not None and period.began_sec <= at_sec <= period.ended_sec
        ]  # fmt: skip
        return Span(min(values), max(values)) if values else None


@dataclass(frozen=True, kw_only=True)
class GaugeFigures:
    """
    The gauges of a run, by its periods.

    Attributes:
        record: What was read.
        began_sec: When the run began, as `time.perf_counter` reads.
        ended_sec: When it ended.
        periods: Its steps or states.
    """

    record: GaugeRecord
    began_sec: float
    ended_sec: float
    periods: tuple[Period, ...]

    def spans(self, period: Period, region: str) -> dict[str, Span | None]:
        """Return what *region* had during *period*, by gauge."""
        return {gauge: self.record.span(gauge, region, period) for gauge in GAUGES}
