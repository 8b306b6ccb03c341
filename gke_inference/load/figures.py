"""The figures of a load run: what its requests amount to, per step, per region, and for the whole run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from gke_inference.load.ramp import EndedBy, RampMeasurement, Step
from gke_inference.openai import Result, percentile


@dataclass(frozen=True, kw_only=True)
class TrafficFigures:
    """
    Counts, times and tokens of some requests. Times and tokens are those of the good ones.

    Attributes:
        requests: How many ended, good or not.
        share: Part of the requests of the step, or of the run, that these are: 0 to 1.
        errors: How many ended in an error.
        error_rate: Errors per request: 0 to 1; None without requests.
        errors_by_kind: Errors by kind, such as `timeout`.
        output_tokens: Tokens of their answers.
        output_tokens_per_sec: Tokens that came in the time of the step or run, whenever their request began. Within a
            request they are taken to come evenly.
        output_tokens_counted_by: The server's `usage`, the client's count of `chunks`, or `mixed`; None if nobody
            counted.
        ttft_p50_sec: Time to first token, half are faster. None of a percentile means too few requests: p50 takes 2,
            p95 takes 20, p99 takes 100. Without a stream there is no such time.
        ttft_p95_sec: The same, 95 % are faster.
        ttft_p99_sec: The same, 99 % are faster.
        latency_p50_sec: Time to the whole answer, half are faster.
        latency_p95_sec: The same, 95 % are faster.
        latency_p99_sec: The same, 99 % are faster.
    """

    requests: int
    share: float
    errors: int
    error_rate: float | None
    errors_by_kind: dict[str, int]
    output_tokens: int
    output_tokens_per_sec: float | None
    output_tokens_counted_by: Literal["usage", "chunks", "mixed"] | None
    ttft_p50_sec: float | None
    ttft_p95_sec: float | None
    ttft_p99_sec: float | None
    latency_p50_sec: float | None
    latency_p95_sec: float | None
    latency_p99_sec: float | None


@dataclass(frozen=True, kw_only=True)
class StepFigures:
    """
    The figures of one step.

    Attributes:
        concurrency: Workers.
        duration_sec: How long it took; less than asked where a signal cut it short.
        total: All its requests.
        regions: Its requests by region, in the order in which the regions first answered in the run.
    """

    concurrency: int
    duration_sec: float
    total: TrafficFigures
    regions: dict[str, TrafficFigures]


@dataclass(frozen=True, kw_only=True)
class RunFigures:
    """
    The figures of a run.

    Attributes:
        ended_by: Why it ended.
        unfinished_requests: Requests that were running when a signal ended it; they are in no other figure.
        answered_requests: Requests that got an HTTP status, good or not.
        error_examples: For each kind of error, the message of the first.
        total: All requests.
        regions: All requests by region.
        steps: Each step.
    """

    ended_by: EndedBy
    unfinished_requests: int
    answered_requests: int
    error_examples: dict[str, str]
    total: TrafficFigures
    regions: dict[str, TrafficFigures]
    steps: tuple[StepFigures, ...]


def run_figures(measurement: RampMeasurement) -> RunFigures:
    """Compute all figures of a run."""
    every = sorted(
        (result for step in measurement.steps for result in step.results), key=lambda result: result.ended_sec
    )
    total, regions = _split(every, every, (measurement.steps[0].began_sec, measurement.steps[-1].ended_sec))
    return RunFigures(
        ended_by=measurement.ended_by,
        unfinished_requests=measurement.unfinished,
        answered_requests=sum(result.status is not None for result in every),
        error_examples={result.error: result.detail for result in reversed(every) if result.error},
        total=total,
        regions=regions,
        steps=tuple(_step_figures(step, every) for step in measurement.steps),
    )


def _step_figures(step: Step, every: Sequence[Result]) -> StepFigures:
    total, regions = _split(step.results, every, (step.began_sec, step.ended_sec))
    duration_sec = round(step.ended_sec - step.began_sec, 3)
    return StepFigures(concurrency=step.concurrency, duration_sec=duration_sec, total=total, regions=regions)


def _split(
    results: Sequence[Result], every: Sequence[Result], time: tuple[float, float]
) -> tuple[TrafficFigures, dict[str, TrafficFigures]]:
    """
    Compute the figures of *results*, and the same by region.

    Args:
        results: The requests of a step, or of the run.
        every: All requests of the run: the tokens of an older one may come in this time.
        time: Begin and end of the step or run.
    """
    figures = {}
    for region in dict.fromkeys(result.region for result in every):
        here = [result for result in results if result.region == region]
        running = [result for result in every if result.region == region]
        if here:
            figures[region] = _figures(here, running, time, of=len(results))
    return _figures(results, every, time, of=len(results)), figures


def _figures(
    results: Sequence[Result], running: Sequence[Result], time: tuple[float, float], *, of: int
) -> TrafficFigures:
    good = [result for result in results if not result.error]
    kinds = Counter(result.error for result in results if result.error)
    counted_by = {result.counted_by for result in good} - {None}
    ttft = [result.first_token_sec - result.began_sec for result in good if result.first_token_sec is not None]
    latency = [result.ended_sec - result.began_sec for result in good]
    return TrafficFigures(
        requests=len(results),
        share=round(len(results) / of, 4) if of else 0,
        errors=kinds.total(),
        error_rate=round(kinds.total() / len(results), 6) if results else None,
        errors_by_kind=dict(kinds),
        output_tokens=sum(result.output_tokens or 0 for result in good),
        output_tokens_per_sec=_tokens_per_sec(running, *time),
        output_tokens_counted_by="mixed" if len(counted_by) > 1 else next(iter(counted_by), None),
        ttft_p50_sec=percentile(ttft, 50),
        ttft_p95_sec=percentile(ttft, 95),
        ttft_p99_sec=percentile(ttft, 99),
        latency_p50_sec=percentile(latency, 50),
        latency_p95_sec=percentile(latency, 95),
        latency_p99_sec=percentile(latency, 99),
    )


def _tokens_per_sec(results: Iterable[Result], began_sec: float, ended_sec: float) -> float | None:
    """Tokens of good *results* that came between *began_sec* and *ended_sec*, per second; None if nobody counted."""
    came = []
    for result in results:
        if result.error or result.output_tokens is None:
            continue
        first_sec = result.first_token_sec or result.began_sec
        within_sec = min(result.ended_sec, ended_sec) - max(first_sec, began_sec)
        came.append(result.output_tokens * max(within_sec, 0) / max(result.ended_sec - first_sec, 1e-9))
    return round(sum(came) / (ended_sec - began_sec), 2) if came and ended_sec > began_sec else None
