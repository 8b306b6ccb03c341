"""Alert policies: what each says, whom it reaches, and that all of it is within the limits of Cloud Monitoring."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from cdktf_cdktf_provider_google.provider import GoogleProvider

from constructs_lib.alert_policies import VALUE, AlertPolicies
from constructs_lib.monitoring.alert import Alert, AlertKind, MetricCondition, Query, alerts_of
from constructs_lib.monitoring.alerts import ALERTS
from constructs_lib.specs import AlertSpec, ChannelSpec
from platform_config.monitored_platform import monitored_platform
from platform_config.rules import check
from tests.configs import config
from tests.conftest import Platforms, Synth

POLICY = "google_monitoring_alert_policy"
SLOW = AlertKind(
    name="slow-answers",
    title="Answers are slow",
    severity="warning",
    unit="seconds",
    needs="a model",
    labels=("cluster", "model_name"),
    queries=lambda platform, limits: (),
    first_command="gke-inference verify --model {model} --project {project}",
)
QUERY = Query(expression="up == 0", meaning="an answer takes 3 s", model="gemma")
CHANNELS = {"oncall": "projects/p/notificationChannels/2", "mail": "projects/p/notificationChannels/1"}
CLUSTER, MODEL = "$${metric_or_resource.label.cluster}", "$${metric_or_resource.label.model_name}"
VARIABLES = r"\$\$\{metric(?:_or_resource\.label\.\w+|\.label\.value)\}"
"""What Google Cloud SDK writes into the documentation of a PromQL condition, escaped for Terraform."""
LABEL, LABEL_VALUE = r"[a-z][a-z0-9_-]{0,62}", r"[a-z0-9_-]{0,63}"


def policy(synth: Synth, query: Query = QUERY, **settings: Any) -> dict[str, Any]:
    """Return the policy of one alert, whose channels may be given, as may be the address of the runbooks."""
    channels = settings.pop("channels", ())
    alert = Alert(kind=SLOW, query=query, for_sec=90, severity="error", channels=channels)

    def build(stack: Any) -> None:
        google = GoogleProvider(stack, "google", project="p")
        AlertPolicies(
            stack, "alert", google=google, project="p", platform="voice", alerts=[alert], channels=CHANNELS,
            config_variable="CONFIG", **settings,
        )  # fmt: skip

    [made] = synth(build).stacks["test"]["resource"][POLICY].values()
    found: dict[str, Any] = made
    return found


def test_a_policy_says_what_is_wrong_what_to_run_and_where_to_read_on(synth: Synth) -> None:
    """The first command has the model's and the project's own names; without an address the page is the repo's."""
    documentation = policy(synth)["documentation"]

    assert documentation["content"] == (
        f"An answer takes 3 s.\n\nCluster `{CLUSTER}`, model_name `{MODEL}`, value of the query `{VALUE}`.\n\n"
        "Run first, with CONFIG set to the config of platform voice: "
        "`gke-inference verify --model gemma --project p`\n\n"
        "Causes and fixes: docs/runbooks/slow-answers.md. The alert's own settings are "
        "`observability.alerts.slow-answers` in the config of platform voice."
    )
    assert "links" not in documentation


def test_the_subject_says_where(synth: Synth) -> None:
    """By the labels of the series that fired: Terraform makes one dollar sign of two, and Google the label's value."""
    assert policy(synth)["documentation"]["subject"] == (
        f"voice: Answers are slow (gemma), cluster {CLUSTER}, model_name {MODEL}"
    )


def test_the_first_command_is_about_the_alerts_own_model() -> None:
    """`verify` looks at all models by itself; a command of another program stays as it is."""

    def first(command: str, model: str) -> str:
        query, kind = replace(QUERY, model=model), replace(SLOW, first_command=command)
        return Alert(kind=kind, query=query, for_sec=0, severity="error").first_command("p")

    assert first("gke-inference verify", "gemma") == "gke-inference verify --model gemma"
    assert first("gke-inference verify", "") == "gke-inference verify"
    assert first("gcloud info --project {project}", "gemma") == "gcloud info --project p"


def test_a_policy_links_to_its_runbook(synth: Synth) -> None:
    """Below the address that was given, with or without a slash at its end."""
    documentation = policy(synth, runbook_url="https://example.com/runbooks/")["documentation"]

    url = "https://example.com/runbooks/slow-answers.md"
    assert documentation["links"] == [{"display_name": "Runbook", "url": url}]
    assert f"Causes and fixes: {url}." in documentation["content"]


def test_severity_and_labels_are_of_the_policy_and_of_each_incident(synth: Synth) -> None:
    """Channels and tools can tell what is bad by one, and what it is of by the others."""
    made = policy(synth)

    assert made["severity"] == "ERROR"
    assert made["user_labels"] == {"platform": "voice", "alert": "slow-answers", "model": "gemma"}
    [condition] = made["conditions"]
    query = condition["condition_prometheus_query_language"]
    assert query["labels"] == {"severity": "error"}
    assert (query["query"], query["duration"]) == ("up == 0", "90s")
    assert query["disable_metric_validation"] is True  # A new project has none of the metrics.


def test_an_alert_reaches_its_channels(synth: Synth) -> None:
    """In one order, whichever they were given in."""
    both = policy(synth, channels=("oncall", "mail"))["notification_channels"]

    assert both == [CHANNELS["mail"], CHANNELS["oncall"]]


def test_an_alert_reaches_no_other_channel(synth: Synth) -> None:
    """One of two."""
    assert policy(synth, channels=("oncall",))["notification_channels"] == [CHANNELS["oncall"]]


def test_an_alert_for_nobody_is_in_the_console_alone(synth: Synth) -> None:
    """It has no channels."""
    assert "notification_channels" not in policy(synth)


ROUTES: dict[str, tuple[AlertSpec, tuple[str, ...]]] = {
    "by its severity": (AlertSpec(), ("team", "all")),
    "by the severity that the config gives it": (AlertSpec(severity="critical"), ("pager", "all")),
    "by name, whatever the severities": (AlertSpec(channels=("pager",)), ("pager",)),
    "by no name": (AlertSpec(channels=()), ()),
}


@pytest.mark.parametrize("name", ROUTES)
def test_channels_hear_of_their_severities_and_of_alerts_that_name_them(name: str) -> None:
    """A warning is no call at night; the names of an alert win."""
    spec, expected = ROUTES[name]
    channels = {
        "pager": ChannelSpec(kind="pagerduty", secret="key", severities=("critical", "error")),
        "team": ChannelSpec(kind="email", address="a@example.com", severities=("warning",)),
        "all": ChannelSpec(kind="email", address="b@example.com"),
    }
    kind = replace(SLOW, queries=lambda platform, limits: [QUERY])

    [alert] = alerts_of(monitored_platform(config()), [kind], {SLOW.name: spec}, channels)

    assert alert.channels == expected


def policies(platforms: Platforms) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield platform and body of each policy of each config and variant."""
    for name, (_, app) in platforms.items():
        for document in app.stacks.values():
            for body in document.get("resource", {}).get(POLICY, {}).values():
                yield name, body


def test_each_policy_is_within_the_limits_of_the_api(every_platform: Platforms) -> None:
    """
    Of every config and variant: the refusals of Cloud Monitoring come at apply, one by one.

    Source: Monitoring API v3, AlertPolicy, Documentation, Link, PrometheusQueryLanguageCondition.
    """
    seen = 0
    for name, body in policies(every_platform):
        seen += 1
        documentation, strategy = body["documentation"], body["alert_strategy"]
        assert len(body["display_name"]) <= 512, name
        assert len(documentation["content"]) <= 8192, name
        assert len(documentation["content"].encode()) <= 10_240, name
        assert len(documentation["subject"].encode()) <= 255, name
        text = documentation["content"] + documentation["subject"]
        assert text.count("${") == len(re.findall(VARIABLES, text)), name
        links = documentation.get("links", [])
        assert len(links) <= 3, name
        assert all(len(link["display_name"]) <= 63 and len(link["url"]) <= 2083 for link in links), name
        assert len(body["user_labels"]) <= 64, name
        assert all(
            re.fullmatch(LABEL, key) and re.fullmatch(LABEL_VALUE, value) for key, value in body["user_labels"].items()
        )
        assert 1800 <= seconds(strategy["auto_close"]) <= 7 * 86_400, name
        assert "notification_rate_limit" not in strategy, name  # For alerts on single log entries only.
        assert 1 <= len(body["conditions"]) <= 6, name
        for condition in body["conditions"]:
            query = condition["condition_prometheus_query_language"]
            assert re.fullmatch(r"[a-zA-Z_][a-zA-Z0-9_]*", query["alert_rule"]), name
            assert len(query["alert_rule"]) <= 2048, name
            assert len(query["rule_group"]) <= 2048, name
            assert seconds(query["evaluation_interval"]) % 30 == 0, name
            assert 0 <= seconds(query["duration"]) <= 86_400, name
    assert seen > len(every_platform)


def seconds(duration: str) -> int:
    """Return a duration in seconds."""
    assert re.fullmatch(r"\d+s", duration)
    return int(duration[:-1])


def test_a_condition_on_one_metric_is_a_threshold(synth: Synth) -> None:
    """For whole minutes; a share has a whole, and what says where it is are the labels of its group."""
    metric = MetricCondition(
        series='metric.type="a"', whole='metric.type="b"', aligner="ALIGN_RATE", reducer="REDUCE_SUM",
        by=("resource.label.zone",), bound=0.05, is_floor=True, fires_without_data=True, window_sec=120,
    )  # fmt: skip
    made = policy(synth, Query(metric=metric, meaning="an answer takes 3 s", model="gemma"))
    [condition] = made["conditions"]
    aggregation = {
        "alignment_period": "120s", "per_series_aligner": "ALIGN_RATE", "cross_series_reducer": "REDUCE_SUM",
        "group_by_fields": ["resource.label.zone"],
    }  # fmt: skip

    assert condition["condition_threshold"] == {
        "filter": 'metric.type="a"',
        "aggregations": [aggregation],
        "denominator_filter": 'metric.type="b"',
        "denominator_aggregations": [aggregation],
        "comparison": "COMPARISON_LT",
        "threshold_value": 0.05,
        "duration": "120s",
        "evaluation_missing_data": "EVALUATION_MISSING_DATA_ACTIVE",
        "trigger": {"count": 1},
    }
    assert "condition_prometheus_query_language" not in condition
    assert "Zone `$${resource.label.zone}`.\n" in made["documentation"]["content"]


def test_no_two_policies_of_a_platform_have_one_name(every_platform: Platforms) -> None:
    """The API does not mind, and nobody could tell them apart."""
    for name, (_, app) in every_platform.items():
        names = [body["display_name"] for _, body in policies({name: (_, app)})]
        assert len(names) == len(set(names)), name


def test_no_command_has_a_place_that_nothing_fills() -> None:
    """Models and project alone are known of every alert."""
    for kind in ALERTS:
        assert set(re.findall(r"{(\w+)}", kind.first_command)) <= {"model", "project"}, kind.name


@pytest.mark.parametrize("kind", ALERTS, ids=lambda kind: kind.name)
def test_the_defaults_of_each_alert_are_what_a_config_may_say(kind: AlertKind) -> None:
    """Whoever writes them down changes nothing, and is not refused."""
    written: dict[str, Any] = {"for_sec": kind.for_sec, "severity": kind.severity}
    if kind.unit:
        written["threshold"] = kind.threshold
    if kind.window_sec:
        written["window_sec"] = kind.window_sec

    errors, warnings = check(config(project="somebody-s-own", observability={"alerts": {kind.name: written}}))

    assert {problem.rule for problem in (*errors, *warnings)} <= {"ALERT-WATCHES"}
