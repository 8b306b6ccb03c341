"""
Alerts on what a model's owner promises: each fires while the month's errors are spent too fast.

A promise of 99.5 % over 30 days allows 0.5 % of the requests to break it: the error budget. A burn rate of 6 spends it
in a sixth of that time. Each burn rate is computed over a long window, so that it means something, and over a twelfth
of it, so that the alert ends soon after its cause. Source of rates and windows: Google, The Site Reliability Workbook,
chapter 5. Its ticket, any pace above 1 over three days, is one above 1.5 over 24 hours here, as far as Cloud Monitoring
looks back: a pace between them is near what is allowed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from constructs_lib.monitoring.alert import LOOKS_BACK_SEC, AlertKind, Limits, Query
from constructs_lib.monitoring.metrics import CLIENT_GONE, SERVER_ERRORS
from constructs_lib.monitoring.platform import MonitoredPlatform
from constructs_lib.monitoring.promql import FEWEST_BAD, at_least, gateway_requests, select
from constructs_lib.specs.observability import Severity

HOUR_SEC = 3600
SHORT_WINDOWS = 12
"""Short windows in a long one. The load balancer reports once a minute: that of an hour has five points, no fewer."""
LEAST_KEPT = 0.25
"""A burn rate may ask for more than all requests: the alert then fires where fewer than this part of those that should
keep the promise do so."""
SECOND_PACE, SECOND_WINDOW = 5 / 12, 6
"""Of the first pace and its window: 6 times in six hours, a twentieth of a month's budget, beside 14.4 times in one."""


@dataclass(frozen=True, kw_only=True)
class Promise:
    """
    One objective of one model, in PromQL.

    Attributes:
        percent: Share of the requests that must keep it, over 30 days.
        bad: Returns how many requests broke it in a window.
        every: Returns how many requests there were in a window.
        breach: What the bad ones do, such as `fail`.
    """

    percent: float
    bad: Callable[[str], str]
    every: Callable[[str], str]
    breach: str


Promises = Callable[[MonitoredPlatform, str], Promise | None]


def _availability(platform: MonitoredPlatform, key: str) -> Promise | None:
    """
    Return what model *key* promises to answer, as the load balancer sees it: it answers where no server can.

    Without other models, what the load balancer refuses before it has chosen a backend counts too.
    """
    percent = platform.models[key].objectives.availability_percent
    if percent is None:
        return None
    model = key if len(platform.models) > 1 else ""

    def requests(window: str, *matchers: str, **labels: str) -> str:
        return f"sum(increase({gateway_requests(platform, *matchers, model=model, **labels)}[{window}]))"

    return Promise(
        percent=percent,
        bad=lambda window: requests(window, response_code_class=SERVER_ERRORS),
        every=lambda window: requests(window, f'response_code_class!="{CLIENT_GONE}"'),
        breach="fail",
    )


def _first_token(platform: MonitoredPlatform, key: str) -> Promise | None:
    """Return how soon model *key* promises its first token, as its servers count it; None where they do not."""
    model = platform.models[key]
    longest_sec = model.objectives.first_token_sec
    if longest_sec is None or model.engine is None:
        return None
    name = model.engine.first_token

    def requests(window: str, suffix: str, **labels: str) -> str:
        clusters = platform.clusters(model.regions)
        series = select(f"{name}_{suffix}", cluster=clusters, namespace=platform.namespace, job=model.server, **labels)
        return f"sum(increase({series}[{window}]))"

    def slow(window: str) -> str:
        return f"({requests(window, 'count')} - {requests(window, 'bucket', le=bucket(longest_sec))})"

    return Promise(
        percent=model.objectives.first_token_share_percent,
        bad=slow,
        every=lambda window: requests(window, "count"),
        breach=f"wait more than {longest_sec:g} s for their first token",
    )


def bucket(bound: float) -> str:
    """Return a pattern of the label `le` of the bucket up to *bound*: clients of Go write 1, those of Python 1.0."""
    return f"{bound:g}|{bound:g}[.]0" if bound == int(bound) else f"{bound:g}"


def _burns(promise: Promise, limits: Limits) -> str:
    """Return what is there while the budget of *promise* burns too fast, in the long window and in the short one."""
    short_sec = limits.window_sec // SHORT_WINDOWS
    shares = (
        f"{promise.bad(window)} / {promise.every(window)} > {_share(promise, limits):.6g}"
        for window in (limits.window, f"{short_sec}s")
    )
    enough = f"({promise.bad(limits.window)} > {at_least(FEWEST_BAD)})"
    return " and ".join([*(f"({share})" for share in shares), enough])


def _share(promise: Promise, limits: Limits) -> float:
    return min(limits.threshold * (100 - promise.percent) / 100, 1 - LEAST_KEPT * promise.percent / 100)


def _meaning(promise: Promise, limits: Limits) -> str:
    percent = 100 * _share(promise, limits)
    return f"more than {percent:.3g} % of the requests in {limits.window_sec / HOUR_SEC:g} h {promise.breach}"


def _both_paces(limits: Limits) -> list[Limits]:
    """Return *limits* and a slower pace over a longer window, which follows them; none where there is no longer one."""
    window_sec = min(SECOND_WINDOW * limits.window_sec, LOOKS_BACK_SEC)
    slower = Limits(threshold=max(SECOND_PACE * limits.threshold, 1), window_sec=window_sec)
    return [limits, slower] if window_sec > limits.window_sec else [limits]


def _one_pace(limits: Limits) -> list[Limits]:
    return [limits]


def _queries(
    promises: Promises, paces: Callable[[Limits], list[Limits]]
) -> Callable[[MonitoredPlatform, Limits], Iterator[Query]]:
    """Return what yields a condition for each model with a promise: any of the *paces* of the alert's limits."""

    def queries(platform: MonitoredPlatform, limits: Limits) -> Iterator[Query]:
        for key in platform.models:
            if promise := promises(platform, key):
                either = " or ".join(_meaning(promise, each) for each in paces(limits))
                allowed = f"{100 - promise.percent:.4g} % of them over 30 days may, by the objective of {key}"
                yield Query(
                    expression=" or ".join(f"({_burns(promise, each)})" for each in paces(limits)),
                    model=key,
                    meaning=f"{either}; {allowed}",
                )

    return queries


AVAILABILITY = "a model with objectives.availability_percent"
FIRST_TOKEN = "a model with objectives.first_token_sec whose server counts the time to the first token"
VERIFY = "gke-inference verify --model {model}"
LOAD = "gke-inference load --url http://GATEWAY_ADDRESS --concurrency 1,4,16,64 --prompt-tokens 128,1024,8000"
MOST_TIMES = 720
"""The burn rate that spends a month's budget in an hour."""


def _alert(name: str, title: str, severity: Severity, threshold: float, window_sec: int, **more: Any) -> AlertKind:
    return AlertKind(
        name=name, title=title, severity=severity, unit="times", threshold=threshold, lowest=1, highest=MOST_TIMES,
        window_sec=window_sec, shortest_window_sec=HOUR_SEC, for_sec=0, **more,
    )  # fmt: skip


OBJECTIVE_ALERTS = (
    _alert(
        "availability-burn", "The availability objective is missed soon", "critical", 14.4, HOUR_SEC,
        needs=AVAILABILITY, queries=_queries(_availability, _both_paces), first_command=VERIFY,
    ),
    _alert(
        "availability-slow-burn", "The availability objective is missed in the long run", "warning", 1.5, 24 * HOUR_SEC,
        needs=AVAILABILITY, queries=_queries(_availability, _one_pace), first_command=VERIFY,
    ),
    _alert(
        "first-token-burn", "The first token objective is missed soon", "critical", 14.4, HOUR_SEC,
        needs=FIRST_TOKEN, queries=_queries(_first_token, _both_paces), first_command=VERIFY,
    ),
    _alert(
        "first-token-slow-burn", "The first token objective is missed in the long run", "warning", 1.5, 24 * HOUR_SEC,
        needs=FIRST_TOKEN, queries=_queries(_first_token, _one_pace), first_command=LOAD,
    ),
)  # fmt: skip
