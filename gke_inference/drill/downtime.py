"""Times in which every request failed."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import groupby

from gke_inference.drill.measured import Drilled
from gke_inference.drill.plan import State


@dataclass(frozen=True, kw_only=True)
class Downtime:
    """
    Failed requests without a good one in between.

    Attributes:
        state: Number of the state in which it began.
        began_sec: When the first that failed was sent, from the begin of the drill.
        downtime_sec: From then to when the next good one was sent, or to the end.
        counted_sec: How much of that was in states whose failures count.
        failed: How many failed.
        ended: Whether a good one came.
        errors: What kinds of errors they were.
    """

    state: int
    began_sec: float
    downtime_sec: float
    counted_sec: float
    failed: int
    ended: bool
    errors: tuple[str, ...]


def downtimes_of(drilled: Drilled, judged: Collection[State]) -> Iterator[Downtime]:
    """The downtimes of a drill, the first one first; those of the states *judged* count."""
    counting = [drilled.time_of(mark.state) for mark in drilled.marks if mark.state in judged]
    runs = [(bad, list(run)) for bad, run in groupby(drilled.results, key=lambda result: bool(result.error))]
    for number, (bad, run) in enumerate(runs):
        if bad:
            ended = number + 1 < len(runs)
            until_sec = runs[number + 1][1][0].began_sec if ended else max(drilled.ended_sec, run[-1].ended_sec)
            from_sec = run[0].began_sec
            counted_sec = sum(max(0.0, min(end, until_sec) - max(begin, from_sec)) for begin, end in counting)
            yield Downtime(
                state=int(drilled.state_of(run[0])),
                began_sec=round(from_sec - drilled.began_sec, 3),
                downtime_sec=round(until_sec - from_sec, 3),
                counted_sec=round(counted_sec, 3),
                failed=len(run),
                ended=ended,
                errors=tuple(dict.fromkeys(result.error for result in run)),
            )
