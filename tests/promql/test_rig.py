"""Alerts are evaluated by Prometheus: a right expectation passes, and a wrong one fails."""

from __future__ import annotations

import pytest

from tests.promql import rig
from tests.promql.rig import INF, Case, Reading, Rule

BUSY = Rule(name="busy", query='sum by (region) (rate(requests_total{kind="chat"}[5m])) > 1', for_sec=60)
SLOW = Rule(name="slow", query="histogram_quantile(0.9, sum by (le) (rate(answer_seconds_bucket[5m]))) > 2")
SILENT = Rule(
    name="silent",
    query='(sum(increase(requests_total{region="a"}[5m])) or vector(0)) == 0'
    " and on () sum(increase(requests_total[5m])) > 0",
)


def requests(**by_region: rig.Values) -> dict[str, rig.Values]:
    """Return requests by region."""
    return {rig.series("requests_total", {"region": key, "kind": "chat"}): values for key, values in by_region.items()}


RIGHT = [
    Case(
        title="two regions, of which one is over the threshold",
        rule=BUSY,
        series=requests(a=rig.counting(2), b=rig.counting(0.5)),
        fires=[{"region": "a"}],
    ),
    Case(title="both under the threshold", rule=BUSY, series=requests(a=rig.counting(0.9), b=rig.counting(0.5))),
    Case(title="no requests at all", rule=BUSY, series={}),
    Case(
        title="over the threshold, but not for long enough",
        rule=BUSY,
        series=requests(a=[0, 300, 600, 900, 1200]),
        at_sec=60,
    ),
    Case(
        title="over the threshold for long enough",
        rule=BUSY,
        series=requests(a=[0, 300, 600, 900, 1200]),
        at_sec=120,
        fires=[{"region": "a"}],
    ),
    Case(
        title="one answer in five is slow",
        rule=SLOW,
        series=rig.histogram("answer_seconds", {}, {2: 8, 4: 10, INF: 10}),
        fires=[{}],
    ),
    Case(
        title="one answer in a hundred is slow",
        rule=SLOW,
        series=rig.histogram("answer_seconds", {}, {2: 99, INF: 100}),
    ),
    Case(
        title="a region without traffic has no series",
        rule=SILENT,
        series=requests(b=rig.counting(1)),
        fires=[{}],
    ),
    Case(
        title="a region's series ends",
        rule=SILENT,
        series=requests(a=rig.then(rig.counting(1, 1800), rig.gap(1800)), b=rig.counting(1)),
        fires=[{}],
    ),
    Case(
        title="a region's last requests are in the window still",
        rule=SILENT,
        series=requests(a=rig.then(rig.counting(1, 3420), rig.gap(600)), b=rig.counting(1)),
    ),
    Case(
        title="a restart of a counter is no fall",
        rule=SILENT,
        series=requests(a=rig.then(rig.counting(1, 3480), rig.counting(1, 600)), b=rig.counting(1)),
    ),
]


@pytest.fixture(scope="module")
def failures() -> dict[str, str]:
    """All cases in one run of promtool."""
    return rig.failures(RIGHT)


@pytest.mark.parametrize("case", RIGHT, ids=str)
def test_a_right_expectation_passes(case: Case, failures: dict[str, str]) -> None:
    """Rates, histograms, gaps, absent series, counters that start again, and the time for which it must hold."""
    assert failures.get(str(case), "") == ""


WRONG: list[Case | Reading] = [
    Case(title="it fires unexpectedly", rule=BUSY, series=requests(a=rig.counting(2))),
    Case(title="it is silent unexpectedly", rule=BUSY, series=requests(a=rig.counting(0.5)), fires=[{"region": "a"}]),
    Case(title="it fires for another", rule=BUSY, series=requests(a=rig.counting(2)), fires=[{"region": "b"}]),
    Case(
        title="it fires for one more",
        rule=BUSY,
        series=requests(a=rig.counting(2), b=rig.counting(2)),
        fires=[{"region": "a"}],
    ),
    Case(title="its query is broken", rule=Rule(name="broken", query="sum by (region (requests_total)"), series={}),
    Case(title="its values are broken", rule=BUSY, series=requests(a="1 two 3")),
    Reading(
        title="another value",
        query="requests_total",
        series={"requests_total": rig.constant(3)},
        values={"requests_total": 4},
    ),
]


@pytest.mark.parametrize("case", WRONG, ids=str)
def test_a_wrong_expectation_fails(case: Case | Reading) -> None:
    """With its name and its query, and without a word about the cases that are right."""
    with pytest.raises(pytest.fail.Exception) as failed:
        rig.check(RIGHT[0], case, RIGHT[1])
    shown = str(failed.value)

    assert str(case) in shown
    assert rig.query_of(case) in shown
    assert str(RIGHT[0]) not in shown
    assert str(RIGHT[1]) not in shown


def test_a_failure_shows_what_fired() -> None:
    """Beside what was expected."""
    shown = rig.failures(WRONG)["busy: it fires for another"]

    assert 'region="a"' in shown
    assert 'region="b"' in shown


def test_a_query_has_values() -> None:
    """As a panel of a dashboard shows them."""
    rig.check(
        Reading(
            title="share of each region",
            query="sum by (region) (rate(requests_total[5m])) / on () group_left () sum(rate(requests_total[5m]))",
            series=requests(a=rig.counting(2), b=rig.counting(1)),
            values={'{region="a"}': 0.67, '{region="b"}': 0.33},
        ),
        Reading(title="nothing", query="sum(rate(requests_total[5m]))", series={}, values={}),
    )


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("sum by (region (x)", "unexpected"),
        ("rate(x)", "range vector"),
        ("x{a=b}", "unexpected identifier"),
        ("nonsense(x)", "unknown function"),
        ("", ""),
    ],
)
def test_a_query_that_prometheus_does_not_take_is_refused(query: str, reason: str) -> None:
    """With the reason."""
    refused = rig.refusal(query)

    assert refused
    assert reason in refused


def test_a_query_that_prometheus_takes_is_not_refused() -> None:
    """One of a load balancer's metric too."""
    assert rig.refusal('sum(rate(loadbalancing_googleapis_com:https_internal_request_count{a="b"}[5m]))') == ""


def test_without_promtool_the_tests_fail_with_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    """They are not skipped."""
    monkeypatch.setattr("shutil.which", lambda *_, **__: None)
    monkeypatch.delenv("PROMTOOL", raising=False)

    with pytest.raises(pytest.fail.Exception, match="brew install prometheus"):
        rig.failures(RIGHT[:1])
