"""Figures out of requests: percentiles, tokens per second, shares."""

from __future__ import annotations

import pytest

from gke_inference.load.figures import run_figures
from gke_inference.load.ramp import RampMeasurement, Step
from gke_inference.openai import Result, percentile


def good(began: float, first: float | None, ended: float, *, region: str = "us", tokens: int | None = 10) -> Result:
    """Return a good request."""
    return Result(
        began_sec=began, first_token_sec=first, ended_sec=ended, region=region, status=200, output_tokens=tokens,
        counted_by=None if tokens is None else "usage",
    )  # fmt: skip


def bad(error: str, *, status: int | None = None, detail: str = "", ended: float = 1) -> Result:
    """Return a failed one."""
    return Result(began_sec=0, ended_sec=ended, error=error, status=status, detail=detail)


def measured(*steps: tuple[Result, ...], step_sec: float = 10) -> RampMeasurement:
    """Return steps of *step_sec* each, from 0."""
    return RampMeasurement(
        steps=tuple(
            Step(concurrency=n + 1, began_sec=n * step_sec, ended_sec=(n + 1) * step_sec, results=results)
            for n, results in enumerate(steps)
        ),
        unfinished=0,
        ended_by="last step",
    )


@pytest.mark.parametrize(
    ("count", "percent", "expected"),
    [(100, 50, 50), (100, 95, 95), (100, 99, 99), (101, 50, 51), (20, 95, 19), (2, 50, 1)],
)
def test_a_percentile_is_a_value_that_was_measured(count: int, percent: int, expected: int) -> None:
    """Nearest rank: the smallest value that so many percent do not exceed."""
    assert percentile(range(count, 0, -1), percent) == expected


@pytest.mark.parametrize(("count", "percent"), [(0, 50), (1, 50), (19, 95), (99, 99)])
def test_too_few_requests_have_no_percentile(count: int, percent: int) -> None:
    """None, rather than the slowest request under another name."""
    assert percentile(range(count), percent) is None


def test_times_and_tokens_are_those_of_good_requests() -> None:
    """A failure that is quick, or slow, makes no server faster or slower."""
    run = run_figures(measured((good(0, 1, 2), good(0, 2, 3), good(0, 3, 4), bad("timeout", ended=300))))

    assert (run.total.requests, run.total.errors, run.total.error_rate) == (4, 1, 0.25)
    assert (run.total.ttft_p50_sec, run.total.latency_p50_sec, run.total.ttft_p95_sec) == (2, 3, None)
    assert run.total.output_tokens == 30


def test_tokens_count_when_they_come() -> None:
    """A request that begins in one step and answers in the next one fills the next one's rate."""
    run = run_figures(measured((good(8, 10, 20, tokens=100),), (good(10, 15, 25, tokens=100),)))
    first, second = run.steps

    assert (first.total.output_tokens, first.total.output_tokens_per_sec) == (100, 0)
    assert (second.total.output_tokens, second.total.output_tokens_per_sec) == (100, 15)
    assert run.total.output_tokens_per_sec == 7.5


def test_regions_have_figures_of_their_own() -> None:
    """Per step and for the run, with their share; in the order in which they answered."""
    run = run_figures(measured((good(0, 1, 2),), (good(10, 11, 12), good(10, 11, 12, region="eu"), bad("timeout"))))

    assert list(run.regions) == ["unknown", "us", "eu"]
    assert {name: (figures.requests, figures.share) for name, figures in run.steps[1].regions.items()} == {
        "unknown": (1, 0.3333),
        "us": (1, 0.3333),
        "eu": (1, 0.3333),
    }
    assert list(run.steps[0].regions) == ["us"]
    assert run.regions["us"].share == 0.5


def test_each_kind_of_error_has_a_count_and_its_first_example() -> None:
    """The first one is mostly the cause of the others."""
    run = run_figures(
        measured(
            (
                bad("http_503", status=503, detail="full"),
                bad("http_503", status=503, detail="gone", ended=2),
                bad("timeout"),
            )
        )
    )

    assert run.total.errors_by_kind == {"http_503": 2, "timeout": 1}
    assert run.error_examples == {"http_503": "full", "timeout": ""}
    assert run.answered_requests == 2


@pytest.mark.parametrize(("counted", "expected"), [((10, 10), "usage"), ((10, None), "usage"), ((None, None), None)])
def test_the_figures_say_who_counted(counted: tuple[int | None, ...], expected: str | None) -> None:
    """And have no rate where nobody did."""
    run = run_figures(measured(tuple(good(0, 1, 2, tokens=tokens) for tokens in counted)))

    assert run.total.output_tokens_counted_by == expected
    assert (run.total.output_tokens_per_sec is None) == (expected is None)


def test_a_step_without_a_finished_request_has_no_rates() -> None:
    """A signal may come before the first answer: nothing is divided by nothing."""
    total = run_figures(measured(())).total

    assert (total.requests, total.error_rate, total.output_tokens_per_sec, total.latency_p50_sec) == (
        0,
        None,
        None,
        None,
    )
