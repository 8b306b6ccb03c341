"""Alerts on certificates, Model Armor and endpoints outside, on made-up series."""

from __future__ import annotations

import pytest

from tests.configs import MULTI_CLOUD
from tests.monitoring.platforms import HOST, TEMPLATE, alerts, changed_rule, elsewhere, rule
from tests.promql.rig import Case, Values, constant, counting, gap, series, then

FARM, HK = "203.0.113.20", "198.51.100.10"
CERTIFICATE, ARMOR = rule("certificate-expiry"), rule("model-armor-blocks")
DOWN = changed_rule("endpoint-down", MULTI_CLOUD)
TWO_HOSTS = changed_rule("certificate-expiry", observability__certificate_hosts=[HOST, "api.example.com"])


def days(values: Values, host: str = HOST, checker: str = "us") -> dict[str, Values]:
    """Return the days that an uptime check sees."""
    labels = {"monitored_resource": "uptime_url", "host": host, "checker_location": checker, "check_id": "a"}
    return {series("monitoring_googleapis_com:uptime_check_time_until_ssl_cert_expires", labels): values}


def findings(values: Values, part: str = "pi_jb", template: str = TEMPLATE) -> dict[str, Values]:
    """Return the requests in which a filter found something."""
    labels = {"monitored_resource": "modelarmor.googleapis.com/Template", "template_id": template, "location": "us"}
    return {series(f"modelarmor_googleapis_com:template_{part}_request_count", labels): values}


def passed(values: Values, checker: str = "us", host: str = FARM, check: str = "a") -> dict[str, Values]:
    """Return whether an uptime check from one place got its answer."""
    labels = {"monitored_resource": "uptime_url", "host": host, "checker_location": checker, "check_id": check}
    return {series("monitoring_googleapis_com:uptime_check_check_passed", labels): values}


EVERY_15_MIN = then(*["20", gap(870)] * 8)
FIRES = [
    Case(
        title="20.9 days are left, as one of two checkers sees",
        rule=CERTIFICATE,
        series={**days(constant(20.9)), **days(constant(80), checker="eu")},
        fires=[{"host": HOST}],
    ),
    Case(title="a check runs every 15 minutes", rule=CERTIFICATE, series=days(EVERY_15_MIN), fires=[{"host": HOST}]),
    Case(
        title="one of two hosts",
        rule=TWO_HOSTS,
        series={**days(constant(80)), **days(constant(3), "api.example.com")},
        fires=[{"host": "api.example.com"}],
    ),
    Case(
        title="two of three places get no answer",
        rule=DOWN,
        series={**passed(constant(0)), **passed(constant(0), "eu"), **passed(constant(1), "asia")},
        fires=[{"host": FARM}],
    ),
    Case(
        title="no place gets one, of two endpoints",
        rule=DOWN,
        series={
            **passed(constant(0)),
            **passed(constant(0), "eu"),
            **passed(constant(1), host=HK),
            **passed(constant(1), "eu", HK),
        },
        fires=[{"host": FARM}],
    ),
    *(
        Case(
            title=f"just over 10 a minute of {part}",
            rule=ARMOR,
            series=findings(counting(10.1 / 60), part),
            fires=[{"template_id": TEMPLATE}],
        )
        for part in ("pi_jb", "sdp", "malicious_uri", "rai")
    ),
    Case(
        title="two filters at once",
        rule=ARMOR,
        series={**findings(counting(1)), **findings(counting(1), "sdp")},
        fires=[{"template_id": TEMPLATE}],
    ),
]
SILENT = [
    Case(title="21 days are left", rule=CERTIFICATE, series=days(constant(21))),
    Case(title="no uptime check", rule=CERTIFICATE, series={}),
    Case(title="it was renewed", rule=CERTIFICATE, series=days(then(constant(5, 3000), constant(89, 900)))),
    Case(title="the check was deleted", rule=CERTIFICATE, series=days(then(constant(5, 3000), gap(6000))), at_sec=7200),
    Case(title="no number", rule=CERTIFICATE, series=days(" ".join(["NaN"] * 200))),
    Case(title="a host that reads alike", rule=CERTIFICATE, series=days(constant(3), "gemma-example.com")),
    Case(
        title="one place has no way there",
        rule=DOWN,
        series={**passed(constant(0)), **passed(constant(1), "eu"), **passed(constant(1), "asia")},
    ),
    Case(
        title="each second answer is lost",
        rule=DOWN,
        series={**passed(then(*[constant(0, 60), constant(1, 60)] * 40)), **passed(constant(1), "eu")},
    ),
    Case(title="all answer", rule=DOWN, series={**passed(constant(1)), **passed(constant(1), "eu")}),
    Case(title="no check", rule=DOWN, series={}),
    Case(
        title="an address of others",
        rule=DOWN,
        series={**passed(constant(0), host="203.0.113.200"), **passed(constant(0), "eu", "203.0.113.200")},
    ),
    Case(
        title="another check of the same address gets an answer",
        rule=DOWN,
        series={
            **passed(constant(0)),
            **passed(constant(1), check="b"),
            **passed(constant(0), "eu"),
            **passed(constant(1), "eu", check="b"),
        },
    ),
    Case(title="just below 10 a minute", rule=ARMOR, series=findings(counting(9.9 / 60))),
    Case(
        title="just below 10 a minute of each",
        rule=ARMOR,
        series={**findings(counting(9.9 / 60)), **findings(counting(9.9 / 60), "sdp")},
    ),
    Case(title="none", rule=ARMOR, series={}),
    Case(title="no more", rule=ARMOR, series=findings(then(counting(1, 1800), gap(1800)))),
    Case(title="the count starts again", rule=ARMOR, series=findings(then(constant(900, 3500), constant(0, 900)))),
    Case(title="another template", rule=ARMOR, series=findings(counting(1), template="other")),
]
CASES = [*FIRES, *SILENT, *(elsewhere(case) for case in FIRES if case.rule in (CERTIFICATE, ARMOR))]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_an_alert_fires_when_it_should(case: Case, failures: dict[str, str]) -> None:
    """And is silent where all is well, where nothing is, and where another platform has the trouble."""
    assert failures.get(str(case), "") == ""


def test_what_is_not_named_is_not_watched() -> None:
    """Checks and templates are their owner's, and the example has no endpoint outside."""
    assert {"certificate-expiry", "endpoint-down", "model-armor-blocks"} & alerts().keys() == set()
