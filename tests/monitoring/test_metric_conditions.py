"""Alerts of a platform without PromQL: on which metrics they are, and where they fire."""

from __future__ import annotations

import re

import pytest

from constructs_lib.monitoring.alert import Alert, MetricCondition, alerts_of
from constructs_lib.monitoring.alerts import ALERTS
from constructs_lib.specs import AlertSpec
from platform_config.monitored_platform import monitored_platform
from tests.configs import SOVEREIGN, config
from tests.monitoring.platforms import DNS

WITHOUT_PROMQL = [kind.name for kind in ALERTS if kind.thresholds]
EVERY = {"observability__certificate_hosts": ["llm.example.com"], "dns": DNS}


def alerts(specs: dict[str, AlertSpec] | None = None) -> dict[str, Alert]:
    """Return the alerts of the sovereign platform, by name."""
    found = alerts_of(monitored_platform(config(SOVEREIGN, **EVERY)), ALERTS, specs or {}, {})
    return {alert.kind.name: alert for alert in found}


def metric(name: str, spec: AlertSpec | None = None) -> MetricCondition:
    """Return the condition of the alert *name*."""
    found = alerts({name: spec} if spec else {})[name].query.metric
    assert found
    return found


def test_only_alerts_that_need_no_promql_are_made() -> None:
    """Each kind that can do without has one; none has a query that nothing evaluates."""
    made = alerts()

    assert sorted(made) == sorted(WITHOUT_PROMQL)
    assert [alert.query.expression for alert in made.values()] == [""] * len(made)


@pytest.mark.parametrize("name", WITHOUT_PROMQL)
def test_each_is_on_a_metric_whose_descriptor_google_makes(name: str) -> None:
    """The API refuses a policy by threshold on a metric that nothing has written yet: of a server, or of logs."""
    condition = metric(name)
    types = re.findall(r'metric\.type="([^"]+)"', f"{condition.series} {condition.whole}")

    assert types
    for found in types:
        assert found.startswith(("loadbalancing.googleapis.com/", "kubernetes.io/", "monitoring.googleapis.com/"))
        assert "/user/" not in found


@pytest.mark.parametrize(
    ("name", "threshold", "bound"),
    [("gateway-errors", 2, 0.02), ("request-latency", 12, 12000), ("certificate-expiry", 30, 30)],
)
def test_a_threshold_is_in_the_unit_of_its_metric(name: str, threshold: float, bound: float) -> None:
    """Percent become a share, and seconds milliseconds."""
    assert metric(name, AlertSpec(threshold=threshold)).bound == bound


def test_servers_are_counted_by_their_own_container() -> None:
    """Beside it a pod may have others, such as the one that mounts its bucket."""
    condition = metric("pool-below-size")

    assert 'resource.label.container_name="vllm"' in condition.series
    assert (condition.bound, condition.is_floor, condition.fires_without_data) == (2, True, True)


def test_a_failed_request_alone_fires_nothing_longer_than_it_is_in_the_window() -> None:
    """The condition must hold for longer than the window."""
    for window_sec in (180, 300, 900):
        alert = alerts({"gateway-errors": AlertSpec(window_sec=window_sec)})["gateway-errors"]
        assert alert.for_sec > window_sec
