"""What is true of every alert: of which platforms it is, what its settings change, and that it is silent by itself."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from constructs_lib.monitoring.alert import Alert, AlertKind
from constructs_lib.monitoring.alerts import ALERTS
from constructs_lib.monitoring.metrics import PICKER_FAMILIES
from constructs_lib.monitoring.objective_alerts import OBJECTIVE_ALERTS
from tests.configs import CONFIGS, EXAMPLE, MORE, SPEECH, TWO_LLMS, changed
from tests.monitoring import (
    test_front_alerts,
    test_load_balancer_alerts,
    test_objective_alerts,
    test_picker_alerts,
    test_region_alerts,
    test_server_alerts,
)
from tests.monitoring.platforms import OUTSIDE, alerts, example_alerts
from tests.promql import rig
from tests.promql.rig import Case, Rule

FIRING = [
    *(test_picker_alerts.FIRES + test_load_balancer_alerts.FIRES + test_region_alerts.FIRES),
    *(test_server_alerts.FIRES + test_front_alerts.FIRES + test_objective_alerts.FIRES),
]
KINDS = [kind for kind in ALERTS if kind not in OBJECTIVE_ALERTS]
ROOT = Path(__file__).parent.parent.parent
PROMISES = {"objectives": {"availability_percent": 99.5, "first_token_sec": 2.5}}


def promising(file: Path) -> dict[str, object]:
    """Return the models of *file* with objectives, as far as something counts their tokens."""
    models = changed(file)["models"]
    return {
        key: model if model["server"].get("kind") == "custom" else model | PROMISES for key, model in models.items()
    }


def every_alert() -> dict[str, Alert]:
    """Return the alerts of the product's configs and of the tests' own, with all that they can have, by a title."""
    made = {file.stem: alerts(file, **OUTSIDE, models=promising(file)) for file in (*CONFIGS, *MORE)}
    made |= {version: alerts(inference_pool__chart_version=version) for version in PICKER_FAMILIES}
    return {f"{of}: {name}": alert for of, found in made.items() for name, alert in found.items()}


EVERY_ALERT = every_alert()


@pytest.fixture(scope="module")
def failures() -> dict[str, str]:
    """Every alert where nothing sends anything, in one run of promtool."""
    return rig.failures(
        Case(title=title, rule=Rule.of(alert), series={}, at_sec=7200) for title, alert in EVERY_ALERT.items()
    )


@pytest.mark.parametrize("title", EVERY_ALERT)
def test_prometheus_takes_it_and_nothing_fires_in_an_empty_project(title: str, failures: dict[str, str]) -> None:
    """Before the first server runs, and after the last one."""
    assert failures.get(f"{EVERY_ALERT[title].name}: {title}", "") == ""


@pytest.mark.parametrize("kind", ALERTS, ids=lambda kind: kind.name)
def test_a_platform_has_it(kind: AlertKind) -> None:
    """No kind is there for nothing."""
    assert any(alert.kind is kind for alert in EVERY_ALERT.values())


@pytest.mark.parametrize("kind", ALERTS, ids=lambda kind: kind.name)
def test_it_is_shown_to_fire(kind: AlertKind) -> None:
    """On made-up series in the test of its file."""
    assert any(case.rule.name.endswith(kind.name) for case in FIRING)


@pytest.mark.parametrize("kind", ALERTS, ids=lambda kind: kind.name)
def test_its_labels_are_those_of_each_series_that_fires(kind: AlertKind) -> None:
    """So that an incident can say where it is: in the series of every case in which it fires."""
    fired = [labels for case in FIRING if case.rule.name.endswith(kind.name) for labels in case.fires]

    assert fired
    assert {tuple(sorted(labels)) for labels in fired} == {tuple(sorted(kind.labels))}


def test_names_are_given_once() -> None:
    """Setting, policy and runbook of an alert have its name; a model's key may come before it."""
    names = [kind.name for kind in ALERTS]

    assert len(set(names)) == len(names)
    assert [name for name in names if not re.fullmatch(r"[a-z]+(-[a-z]+)+", name)] == []


@pytest.mark.parametrize("kind", ALERTS, ids=lambda kind: kind.name)
def test_defaults_are_what_its_settings_may_be(kind: AlertKind) -> None:
    """The threshold is in range where there is one, the window long enough where there is one."""
    if kind.unit:
        assert kind.lowest <= kind.threshold <= kind.highest
    else:
        assert (kind.threshold, kind.lowest, kind.highest) == (0, 0, 0)
    assert kind.window_sec == 0 or kind.window_sec >= kind.shortest_window_sec
    assert kind.for_sec % 30 == 0
    assert kind.title[0].isupper()
    assert kind.needs


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind.unit], ids=lambda kind: kind.name)
def test_its_threshold_can_be_set(kind: AlertKind) -> None:
    """In its own unit, and its meaning says so."""
    low, high = (_set(kind, threshold=value).query for value in (kind.lowest or 1, kind.highest))

    assert low.expression != high.expression
    assert f"{kind.highest:g}" in high.meaning


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind.window_sec], ids=lambda kind: kind.name)
def test_its_window_can_be_set(kind: AlertKind) -> None:
    """In seconds."""
    assert "[7230s]" in _set(kind, window_sec=7230).query.expression


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_it_can_be_turned_off(kind: AlertKind) -> None:
    """And the others stay."""
    left = alerts(**OUTSIDE, observability__alerts={kind.name: {"enabled": False}})

    assert example_alerts().keys() - left.keys() == {
        name for name, alert in example_alerts().items() if alert.kind is kind
    }


def test_severity_and_time_can_be_set() -> None:
    """The query stays as it is."""
    made = _set(KINDS[0], severity="error", for_sec=0, channels=[])

    assert (made.severity, made.for_sec, made.channels) == ("error", 0, ())
    assert made.query == example_alerts()[KINDS[0].name].query


def test_what_users_feel_calls_somebody() -> None:
    """Failing or waiting requests, and what makes them so at once, are critical; a threatening lack is not."""
    critical = {kind.name for kind in KINDS if kind.severity == "critical"}

    assert critical == {"request-errors", "queue-size", "kv-cache", "gateway-errors", "picker-not-ready"}


def test_another_model_changes_no_alert_that_is_there() -> None:
    """What is a model's own stays, and so does what all models share."""
    two = changed(TWO_LLMS)["models"]
    more = {"next": {**two["qwen"], "address": {"path": "/next"}}}
    before, after = alerts(TWO_LLMS), alerts(TWO_LLMS, models={**two, **more})

    assert {name: after[name] for name in before} == before
    assert {name.removeprefix("next-") for name in after.keys() - before.keys()} == {
        *("region-without-traffic", "no-spill-room", "import-lacks-cluster", "picker-not-ready", "pool-below-size")
    }


def test_a_model_behind_a_service_adds_what_needs_no_picker() -> None:
    """And no alert that could never fire."""
    both, pools = alerts(SPEECH), alerts(SPEECH, models__kokoro=None)

    assert both.keys() - pools.keys() == {"kokoro-region-without-traffic", "kokoro-pool-below-size"}


@pytest.mark.parametrize("file", [EXAMPLE, SPEECH, TWO_LLMS], ids=lambda file: file.stem)
def test_a_query_names_its_platform(file: Path) -> None:
    """Each selector has a label by which the series of another platform are left out."""
    own = ("cluster", "url_map_name", "host", "template_id")
    for name, alert in alerts(file, **OUTSIDE).items():
        for metric, labels in re.findall(r"([a-z_A-Z:]+)\{([^}]*)\}", alert.query.expression):
            assert "user_" in metric or any(f"{label}=" in labels for label in own), (name, metric)


def test_the_page_of_costs_says_how_many_alerts_there_are() -> None:
    """Of the example, and that it is a matter of models: the price is that of the policies."""
    text = " ".join((ROOT / "docs" / "observability.md").read_text(encoding="utf-8").split())
    [example] = re.findall(r"the example has (\d+), which", text)
    [models, many] = re.findall(r"(\d+) models with all objectives have more than (\d+) policies", text)[0]
    model = changed()["models"]["gemma"] | PROMISES
    several = {f"m{n}": model | {"served_name": f"m{n}", "address": {"path": f"/{n}"}} for n in range(int(models))}

    assert int(example) == len(alerts())
    assert int(many) < len(alerts(models=several)) < 20 * int(example)


def _set(kind: AlertKind, **settings: object) -> Alert:
    """Return the example's alert of a *kind* with these settings."""
    made = alerts(**OUTSIDE, observability__alerts={kind.name: settings})
    return next(alert for alert in made.values() if alert.kind is kind)
