"""Alerts on what the load balancer answers and logs, on made-up series."""

from __future__ import annotations

import pytest

from tests.monitoring.platforms import EU, US, alerts, changed_rule, elsewhere, gateway, rule
from tests.promql.rig import Case, Values, constant, counting, gap, series, then

ERRORS, PROXY = rule("gateway-errors"), rule("proxy-errors")
ALL_LOGGED = changed_rule("proxy-errors", gateway__log_sample_percent=100)
FEW_LOGGED = changed_rule("proxy-errors", gateway__log_sample_percent=0.1)
GEMMA = {"backend_target_name": "gkemcg1-inference-gemma-pool-8000-abcdefghijkl"}


def errors(values: Values, served: str = US, **more: str) -> dict[str, Values]:
    """Return requests that ended with a status of 500 to 599."""
    return gateway(values, served=served, code="500", **more)


def logged(
    values: Values, detail: str = "backend_connection_closed", error: str = "connection_terminated"
) -> dict[str, Values]:
    """Return entries of the load balancer's log with an error of a proxy."""
    labels = {"monitored_resource": "internal_http_lb_rule", "error": error, "error_detail": detail}
    return {series("logging_googleapis_com:user_gemma_proxy_errors", labels): values}


REASON = {"error": "connection_terminated", "error_detail": "backend_connection_closed"}
NO_SERVER = {"error": "destination_unavailable", "error_detail": "failed_to_pick_backend"}
REFUSED = {"error": "http_request_error", "error_detail": "denied_by_authz_policy"}

FIRES = [
    Case(
        title="just over 5 of 100 requests to one model fail, over all regions",
        rule=ERRORS,
        series={
            **gateway(counting(0.449), served=US),
            **gateway(counting(0.5), served=EU),
            **errors(counting(0.051)),
            **gateway(counting(1), served=US, backend="qwen-pool"),
        },
        fires=[GEMMA],
    ),
    Case(title="no server is left for any request", rule=ERRORS, series=errors(counting(1), served=""), fires=[GEMMA]),
    Case(
        title="the counts start again while requests fail",
        rule=ERRORS,
        series={
            **gateway(then(counting(1, 3400), counting(1, 900)), served=US),
            **errors(then(counting(1, 3400), counting(1, 900))),
        },
        fires=[GEMMA],
    ),
    Case(
        title="the few requests at night fail",
        rule=ERRORS,
        series=errors(counting(1 / 90), served=""),
        fires=[GEMMA],
    ),
    Case(
        title="all of 20 requests an hour fail, for three hours",
        rule=ERRORS,
        series=errors(counting(20 / 3600, 10800), served=""),
        at_sec=10800,
        fires=[GEMMA],
    ),
    Case(
        title="three of four requests fail, of six an hour",
        rule=ERRORS,
        series={**errors(counting(6 / 3600), served=""), **gateway(counting(2 / 3600), served=US)},
        fires=[GEMMA],
    ),
    Case(
        title="one entry in four minutes, each for a hundred requests",
        rule=PROXY,
        series=logged(counting(1 / 240)),
        fires=[REASON],
    ),
    Case(
        title="just over 20 a minute where all are logged",
        rule=ALL_LOGGED,
        series=logged(counting(0.337)),
        fires=[REASON],
    ),
    Case(
        title="just over 20 a minute of a kind that is always logged",
        rule=PROXY,
        series=logged(counting(0.337), NO_SERVER["error_detail"], NO_SERVER["error"]),
        fires=[NO_SERVER],
    ),
    Case(
        title="four entries in a quarter of an hour, each for a thousand requests",
        rule=FEW_LOGGED,
        series=logged(counting(1 / 220)),
        fires=[REASON],
    ),
]
SILENT = [
    Case(
        title="just below 5 of 100 requests fail",
        rule=ERRORS,
        series={**gateway(counting(0.951), served=US), **errors(counting(0.049))},
    ),
    Case(
        title="one request in six minutes fails, of three",
        rule=ERRORS,
        series={**gateway(counting(1 / 180), served=US), **errors(counting(1 / 360))},
    ),
    Case(title="all of four requests an hour fail", rule=ERRORS, series=errors(counting(4 / 3600), served="")),
    Case(
        title="ten requests failed half an hour ago, and none came since",
        rule=ERRORS,
        series=errors(then(constant(0, 1500), counting(1 / 30, 300), constant(10, 2400)), served=""),
    ),
    Case(title="clients send wrong requests", rule=ERRORS, series=gateway(counting(1), served=US, code="400")),
    Case(title="clients hang up", rule=ERRORS, series=gateway(counting(1), served=US, code="0")),
    Case(title="nobody asks", rule=ERRORS, series={}),
    Case(title="nobody asks any more", rule=ERRORS, series={**gateway(constant(9), served=US), **errors(constant(9))}),
    Case(title="the samples end", rule=ERRORS, series=errors(then(counting(1, 1800), gap(1800)))),
    Case(
        title="a region that was added a minute ago fails",
        rule=ERRORS,
        series={**gateway(counting(1), served=US), **errors(then(gap(3540), counting(1, 900)), served=EU)},
    ),
    Case(
        title="a burst of errors for two minutes",
        rule=ERRORS,
        series={
            **gateway(counting(1), served=US),
            **errors(then(constant(0, 3400), counting(2, 120), constant(240, 900))),
        },
    ),
    *(
        Case(
            title=f"eighteen a minute of {kind['error']}, which is always logged",
            rule=PROXY,
            series=logged(counting(0.3), kind["error_detail"], kind["error"]),
        )
        for kind in (NO_SERVER, REFUSED)
    ),
    *(
        Case(
            title=f"{count} entries in a quarter of an hour, each for a thousand requests",
            rule=FEW_LOGGED,
            series=logged(then(constant(0, 3000), counting(1 / 30, 30 * count), constant(count, 900))),
        )
        for count in (1, 2)
    ),
    Case(title="one entry in five and a half minutes", rule=PROXY, series=logged(counting(1 / 330))),
    Case(title="just below 20 a minute where all are logged", rule=ALL_LOGGED, series=logged(counting(0.33))),
    Case(title="clients hang up", rule=PROXY, series=logged(counting(1), "client_disconnected_before_any_response")),
    Case(title="no entry", rule=PROXY, series={}),
    Case(title="no more entries", rule=PROXY, series=logged(then(counting(1, 1800), gap(1800)))),
    Case(title="the count starts again", rule=PROXY, series=logged(then(constant(900, 3500), constant(0, 900)))),
]
CASES = [*FIRES, *SILENT, *map(elsewhere, FIRES)]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_an_alert_fires_when_it_should(case: Case, failures: dict[str, str]) -> None:
    """And is silent where all is well, where nothing is, and where another platform has the trouble."""
    assert failures.get(str(case), "") == ""


@pytest.mark.parametrize(
    "changes", [{"gateway__log_sample_percent": 0}, {"observability__log_metrics": False}], ids=str
)
def test_nothing_watches_a_log_that_is_not_written(changes: dict[str, object]) -> None:
    """The alert needs entries, and the metric that counts them."""
    made = alerts(**changes)

    assert "proxy-errors" not in made
    assert "gateway-errors" in made
