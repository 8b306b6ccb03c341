"""What a drill measured, before anything is counted."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from gke_inference.drill.change import Change
from gke_inference.drill.plan import State
from gke_inference.openai import Result

OUTAGES = (State.OUTAGE, State.DOUBLE_OUTAGE)
EndedBy = Literal["last state", "signal", "sender", "baseline", "outage"]


@dataclass(frozen=True, kw_only=True)
class Mark:
    """When a state began, as `time.perf_counter` reads."""

    state: State
    began_sec: float


@dataclass(frozen=True, kw_only=True)
class Drilled:
    """
    What a drill measured.

    Attributes:
        began_sec: When the first state began, or the drill where there was none.
        marks: The states that were begun; none where no request could be sent.
        ended_sec: When the last state ended; requests that ran then were waited for.
        results: All requests, in the order in which they were sent.
        unfinished: Requests that were left out because a signal ended the drill.
        ended_by: Why it ended; `sender`, `baseline` and `outage` where these did not work.
        problem: What was wrong then.
        left: Changes that could not be restored.
        exact_to_sec: How exact times are: the time between two requests, or that of the way to who sends them.
    """

    began_sec: float
    marks: tuple[Mark, ...]
    ended_sec: float
    results: tuple[Result, ...]
    unfinished: int
    ended_by: EndedBy
    problem: str
    left: tuple[Change, ...]
    exact_to_sec: float

    def state_of(self, result: Result) -> State:
        """The state in which *result* was sent; for one that an outage broke off, that outage."""
        ended = self._state_at(result.ended_sec)
        return ended if result.error and ended in OUTAGES else self._state_at(result.began_sec)

    def time_of(self, state: State) -> tuple[float, float]:
        """Begin and end of *state*."""
        ends = [mark.began_sec for mark in self.marks[1:]] + [self.ended_sec]
        return next((m.began_sec, end) for m, end in zip(self.marks, ends, strict=True) if m.state == state)

    def _state_at(self, time_sec: float) -> State:
        for mark, following in pairwise(self.marks):
            if time_sec < following.began_sec:
                return mark.state
        return self.marks[-1].state
