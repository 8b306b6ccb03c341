"""Alerts on objectives, on made-up series: when they fire, when they end, and what they leave alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from constructs_lib.monitoring.objective_alerts import bucket
from tests.configs import TWO_LLMS
from tests.monitoring.platforms import EU, US, alerts, changed_rule, elsewhere, gateway
from tests.promql import rig
from tests.promql.rig import INF, Case, Rule, Values, counting, gap, histogram, then

PROMISE: dict[str, Any] = {"availability_percent": 99.5, "first_token_sec": 1}
"""14.4 times are 7.2 % of failed requests and 72 % of late tokens, 6 times 3 % and 30 %, 1.5 times 0.75 % and 7.5 %."""
LOOSE: dict[str, Any] = {"first_token_sec": 1, "first_token_percent": 60}
MINUTE_SEC, HOUR_SEC = 60, 3600


def promised(name: str, **objectives: float) -> Rule:
    """Return the alert *name* of the example with these objectives."""
    return changed_rule(f"gemma-{name}", models__gemma__objectives=objectives or PROMISE)


BURN, SLOW = promised("availability-burn"), promised("availability-slow-burn")
TOKEN_BURN, TOKEN_SLOW = promised("first-token-burn"), promised("first-token-slow-burn")
LOOSE_BURN, LOOSE_SLOW = promised("first-token-burn", **LOOSE), promised("first-token-slow-burn", **LOOSE)


def requests(good: Values, bad: Values = "", *, code: str = "500", **more: str) -> dict[str, Values]:
    """Return requests of both regions, and some that ended otherwise."""
    ended = gateway(bad, served=US, code=code, **more) if bad else {}
    return {**gateway(good, served=US, **more), **gateway(good, served=EU, **more), **ended}


def outage(for_sec: int, then_sec: int = 2 * HOUR_SEC) -> Mapping[str, Values]:
    """Return an hour of good requests, failures alone for so long, and good requests again."""
    good = then(counting(1, HOUR_SEC), f"3600+0x{for_sec // 30}", counting(1, then_sec, 3600))
    bad = then(f"0+0x{HOUR_SEC // 30}", counting(2, for_sec), f"{2 * for_sec}+0x{then_sec // 30}")
    return requests(good, bad)


def first_tokens(late: float, count: float = 10, *, bound: str = "{:.1f}", **more: str) -> dict[str, Values]:
    """Return *count* first tokens a second in each region, of which *late* take longer than a second."""
    made: dict[str, Values] = {}
    for cluster in ("gemma-us", "gemma-eu"):
        labels = {"cluster": cluster, "namespace": "inference", "job": "gemma-server", **more}
        buckets = {0.5: 0, 1: count - late, 10: count - late, 100: count, INF: count}
        made |= histogram("vllm:time_to_first_token_seconds", labels, buckets, bound)
    return made


def at(minutes: float) -> int:
    """Return seconds from the first value to *minutes* after the first hour."""
    return HOUR_SEC + int(minutes * MINUTE_SEC)


NIGHT = requests("0+0x60 1+0x180", "0+0x100 1+0x140")
"""Two requests that are answered, and one that fails."""
FOUR_BETWEEN_SAMPLES = [
    None if number % 3 else 10 + sum(30 * number >= sec for sec in (900, 1800, 2700, 3500)) for number in range(122)
]
"""Four requests in an hour, of which a sample is there every 90 seconds, and none at the ends of the hour."""
FIRES = [
    Case(title="all fail for 6 minutes", rule=BURN, series=outage(3600), at_sec=at(6), fires=[{}]),
    Case(title="all fail for an hour", rule=BURN, series=outage(3600), at_sec=at(60), fires=[{}]),
    Case(title="8 % fail for half an hour", rule=BURN, series=requests(counting(4.6), counting(0.8)), fires=[{}]),
    Case(title="4 % fail for two hours", rule=BURN, series=requests(counting(4.8), counting(0.4)), fires=[{}]),
    Case(title="2 % fail for two hours", rule=SLOW, series=requests(counting(4.9), counting(0.2)), fires=[{}]),
    Case(title="0.9 % fail all day", rule=SLOW, fires=[{}], at_sec=25 * HOUR_SEC,
         series=requests(counting(4.955, 25 * HOUR_SEC), counting(0.09, 25 * HOUR_SEC))),
    Case(title="a twentieth comes in time of six tenths", rule=LOOSE_BURN, series=first_tokens(9.5), fires=[{}]),
    Case(title="four tenths come in time of six", rule=LOOSE_SLOW, series=first_tokens(6.2), fires=[{}]),
    Case(title="all fail for 6 minutes of the day", rule=SLOW, series=outage(3600), at_sec=at(6), fires=[{}]),
    Case(title="all fail, and no server answers any request", rule=BURN, fires=[{}],
         series=gateway(counting(1), served="", code="500")),
    Case(title="all fail where half may", rule=promised("availability-burn", availability_percent=50), fires=[{}],
         series=gateway(counting(1), served=US, code="500")),
    *(
        Case(title="a promise of 60 % keeps 5 %", rule=promised(name, **LOOSE), fires=[{}],
             series=first_tokens(9.5))
        for name in ("first-token-burn", "first-token-slow-burn")
    ),
    Case(title="three quarters are late", rule=TOKEN_BURN, series=first_tokens(7.5), fires=[{}]),
    Case(title="a third is late", rule=TOKEN_BURN, series=first_tokens(3.3), fires=[{}]),
    Case(title="a fifth is late", rule=TOKEN_SLOW, series=first_tokens(2), fires=[{}]),
    Case(title="bounds without a fraction", rule=TOKEN_BURN, series=first_tokens(7.5, bound="{:g}"), fires=[{}]),
]  # fmt: skip
SILENT = [
    Case(title="four fail, between the samples", rule=BURN, at_sec=3630,
         series=gateway(FOUR_BETWEEN_SAMPLES, served=US, code="500")),
    Case(title="a promise of 60 % keeps 30 %", rule=LOOSE_BURN, series=first_tokens(7)),
    Case(title="all fail for two minutes", rule=BURN, series=outage(3600), at_sec=at(2)),
    Case(title="all failed for ten minutes, two hours ago", rule=SLOW, at_sec=at(135),
         series=outage(600, 3 * HOUR_SEC)),
    Case(title="2 % fail", rule=BURN, series=requests(counting(4.9), counting(0.2))),
    Case(title="0.4 % fail", rule=BURN, series=requests(counting(4.98), counting(0.04))),
    Case(title="0.4 % fail", rule=SLOW, series=requests(counting(4.98), counting(0.04))),
    Case(title="0.7 % fail", rule=SLOW, series=requests(counting(4.965), counting(0.07))),
    Case(title="seven tenths come in time of six", rule=LOOSE_SLOW, series=first_tokens(3)),
    Case(title="four fail in a region that was added half an hour ago", rule=BURN, series=gateway(
        then(gap(1800), "7+0x54 8+1x3 11+0x20"), served="", code="500")),
    Case(title="nothing fails", rule=BURN, series=requests(counting(5))),
    Case(title="nothing fails", rule=SLOW, series=requests(counting(5))),
    Case(title="nobody asks", rule=BURN, series=requests("100+0x240", "50+0x240")),
    Case(title="nobody asks since half the requests failed", rule=BURN, at_sec=at(40),
         series=requests(then(counting(1, HOUR_SEC), gap(HOUR_SEC)), then(counting(1, HOUR_SEC), gap(HOUR_SEC)))),
    Case(title="one of three requests of a night fails", rule=BURN, series=NIGHT),
    Case(title="one of three requests of a night fails", rule=SLOW, series=NIGHT),
    Case(title="clients leave before an answer", rule=BURN, series=requests(counting(1), counting(5), code="0")),
    Case(title="clients ask for what is not there", rule=BURN, series=requests(counting(1), counting(5), code="400")),
    Case(title="nine of ten come within ten seconds", rule=promised("first-token-burn", first_token_sec=10),
         series=first_tokens(1)),
    Case(title="a fifth is late", rule=TOKEN_BURN, series=first_tokens(2)),
    Case(title="a twentieth is late", rule=TOKEN_SLOW, series=first_tokens(0.5)),
    Case(title="nobody asks", rule=TOKEN_BURN, series=dict.fromkeys(first_tokens(0), "9+0x240")),
    Case(title="servers of another model are late", rule=TOKEN_BURN,
         series=first_tokens(0) | first_tokens(9, job="qwen-server")),
    elsewhere(FIRES[0]),
    elsewhere(FIRES[8]),
]  # fmt: skip
PAGED = "all fail for ten minutes"
ENDS = [
    Case(title=f"{PAGED}: four minutes later", rule=BURN, series=outage(600), at_sec=at(14), fires=[{}]),
    Case(title=f"{PAGED}: the short windows are clean", rule=BURN, series=outage(600), at_sec=at(45)),
    Case(title=f"{PAGED}: the ticket stays while it is in its two hours", rule=SLOW, series=outage(600),
         at_sec=at(45), fires=[{}]),
]  # fmt: skip
CASES = FIRES + SILENT + ENDS


@pytest.mark.parametrize("case", CASES, ids=str)
def test_it_fires_while_the_budget_burns_and_not_else(case: Case, failures: dict[str, str]) -> None:
    """On a fast burn within minutes, on a slow one the ticket alone, and never without many bad requests."""
    assert failures.get(str(case), "") == ""


def test_each_model_has_its_own_objective() -> None:
    """Of two models, the failures of one are no other's."""
    promise = {"availability_percent": 99.5}
    both = {f"models__{key}__objectives": promise for key in ("gemma", "qwen")}
    rules = [changed_rule(f"{key}-availability-burn", TWO_LLMS, name="gemma", **both) for key in ("gemma", "qwen")]
    series = requests(counting(1), counting(1), backend="gemma-pool") | requests(counting(1), backend="qwen-pool")
    fail, serve = (Case(title="gemma's requests fail", rule=rule, series=series) for rule in rules)

    rig.check(replace(fail, fires=[{}]), serve)


def test_an_alert_follows_its_promise() -> None:
    """No alert without one; a stricter promise fires sooner."""
    assert not [name for name in alerts() if "burn" in name]
    strict, loose = (promised("availability-burn", availability_percent=percent) for percent in (99.9, 95))
    series = requests(counting(4.9), counting(0.2))

    rig.check(
        Case(title="2 % fail of 0.1 %", rule=strict, series=series, fires=[{}]),
        Case(title="2 % fail of 5 %", rule=loose, series=series),
    )


def test_only_servers_that_count_first_tokens_are_watched() -> None:
    """Of a custom server nothing is known but its own gauge."""
    made = alerts(
        models__gemma={
            "server": {"kind": "custom", "image": "example.com/a:v1", "port": 8000, "health_path": "/health"},
            "traffic": {"max_in_flight_requests": 4},
            "objectives": PROMISE,
        }
    )

    assert {name for name in made if "burn" in name} == {"gemma-availability-burn", "gemma-availability-slow-burn"}


@pytest.mark.parametrize(
    ("settings", "windows", "meaning"),
    [
        (
            {},
            (3600, 300, 21600, 1800),
            "more than 7.2 % of the requests in 1 h fail or more than 3 % of the requests in 6",
        ),
        (
            {"threshold": 12, "window_sec": 7200},
            (7200, 600, 43200, 3600),
            "more than 6 % of the requests in 2 h fail or more than 2.5 % of the requests in 12 h fail;",
        ),
        (
            {"threshold": 2},
            (3600, 21600),
            "more than 1 % of the requests in 1 h fail or more than 0.5 % of the requests in",
        ),
        ({"threshold": 4, "window_sec": 86400}, (86400, 7200), "more than 2 % of the requests in 24 h fail; 0.5 %"),
    ],
)
def test_the_second_pace_follows_the_first(settings: dict[str, Any], windows: tuple[int, ...], meaning: str) -> None:
    """Five twelfths of it, over six times its window or a day; a twelfth of each window is looked at too."""
    made = alerts(models__gemma__objectives=PROMISE, observability__alerts={"availability-burn": settings})
    query = made["gemma-availability-burn"].query

    assert all(f"[{window}s]" in query.expression for window in windows)
    assert meaning in query.meaning


def test_a_bound_has_two_spellings() -> None:
    """A whole one: 1 and 1.0, and no other number that looks alike."""
    assert (bucket(1), bucket(2.5), bucket(0.001)) == ("1|1[.]0", "2.5", "0.001")
