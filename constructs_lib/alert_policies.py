"""The alerts of a platform as policies of Cloud Monitoring."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import ceil
from typing import Any

from cdktf_cdktf_provider_google.monitoring_alert_policy import (
    MonitoringAlertPolicy,
    MonitoringAlertPolicyConditions,
    MonitoringAlertPolicyConditionsConditionPrometheusQueryLanguage,
    MonitoringAlertPolicyConditionsConditionThreshold,
    MonitoringAlertPolicyConditionsConditionThresholdAggregations,
    MonitoringAlertPolicyConditionsConditionThresholdDenominatorAggregations,
    MonitoringAlertPolicyDocumentation,
    MonitoringAlertPolicyDocumentationLinks,
)
from cdktf_cdktf_provider_google.provider import GoogleProvider
from constructs import Construct

from constructs_lib.monitoring.alert import PROGRAM, Alert, MetricCondition

EVALUATION_SEC = 30
"""How often Cloud Monitoring evaluates a query: its shortest interval."""
CLOSES_AFTER_SEC = 1800
"""An incident whose series are gone ends after so long: the shortest that the API takes."""
VALUE = "$${metric.label.value}"
"""
The value of the series that fired.

Source of this variable and of those for labels: Google Cloud SDK, `gcloud monitoring policies migrate`, which writes
them for `{{ $value }}` and `{{ $labels.<name> }}` of Prometheus. One that matches nothing becomes `(none)`, and the API
cuts the first line of a notification after 255 bytes.
"""
PROMPTS = ("OPENED", "CLOSED")
"""When channels hear of an incident. Written down, for the API may return this default of its own."""


class AlertPolicies(Construct):
    """
    One alert policy for each alert: what is wrong, how bad it is, what to do, and who hears of it.

    A policy may name a metric that nothing has written yet: a new project has none of the servers' metrics.

    Args:
        google: Provider of the project.
        project: Project ID.
        platform: Name of the platform, in the policies' names and labels.
        alerts: The alerts.
        channels: Full name of each notification channel, by key.
        runbook_url: Address of the runbooks; None for no links.
        config_variable: Environment variable that names the config for `gke-inference`; None to leave it unsaid.

    Attributes:
        policies: The policies, by the alert's name (known at synth; their `name` is known after apply).
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        google: GoogleProvider,
        project: str,
        platform: str,
        alerts: Iterable[Alert],
        channels: Mapping[str, str],
        runbook_url: str | None = None,
        config_variable: str | None = None,
    ) -> None:
        super().__init__(scope, id_)
        self._google = google
        self._project = project
        self._platform = platform
        self._channels = channels
        self._config_variable = config_variable
        self._runbook_url = runbook_url
        self.policies = {alert.name: self._add(alert) for alert in alerts}

    def _add(self, alert: Alert) -> MonitoringAlertPolicy:
        kind, query = alert.kind, alert.query
        title = f"{self._platform}: {kind.title}{f' ({query.model})' if query.model else ''}"
        keys = sorted(alert.channels)
        labels = {"platform": self._platform, "alert": kind.name, **({"model": query.model} if query.model else {})}
        return MonitoringAlertPolicy(
            self,
            alert.name,
            provider=self._google,
            project=self._project,
            display_name=title,
            combiner="OR",
            severity=alert.severity.upper(),
            user_labels=labels,
            notification_channels=[self._channels[key] for key in keys] or None,
            conditions=[self._condition(title, alert)],
            documentation=self._documentation(title, alert),
            alert_strategy={"auto_close": f"{CLOSES_AFTER_SEC}s", "notification_prompts": list(PROMPTS)},
        )

    def _condition(self, title: str, alert: Alert) -> MonitoringAlertPolicyConditions:
        if metric := alert.query.metric:
            threshold = _threshold(metric, alert.for_sec)
            return MonitoringAlertPolicyConditions(display_name=title, condition_threshold=threshold)
        return MonitoringAlertPolicyConditions(
            display_name=title,
            condition_prometheus_query_language=MonitoringAlertPolicyConditionsConditionPrometheusQueryLanguage(
                query=alert.query.expression,
                duration=f"{alert.for_sec}s",
                evaluation_interval=f"{EVALUATION_SEC}s",
                disable_metric_validation=True,
                labels={"severity": alert.severity},
                rule_group=self._platform,
                alert_rule="".join(word.capitalize() for word in alert.name.split("-")),
            ),
        )

    def _documentation(self, title: str, alert: Alert) -> MonitoringAlertPolicyDocumentation:
        page, kind, meaning = f"{alert.kind.name}.md", alert.kind, alert.query.meaning
        url = self._runbook_url and f"{self._runbook_url.rstrip('/')}/{page}"
        command = alert.first_command(self._project)
        config = f"config of platform {self._platform}"
        variable = self._config_variable if command.startswith(PROGRAM) else None
        where = f", with {variable} set to the {config}" if variable else ""
        places = [f"{name} {variable}" for name, variable in _places(alert).items()]
        return MonitoringAlertPolicyDocumentation(
            subject=", ".join([title, *places]),
            content=f"{meaning[:1].upper()}{meaning[1:]}.\n\n{_found(alert)}Run first{where}: `{command}`\n\n"
            f"Causes and fixes: {url or f'docs/runbooks/{page}'}. The alert's own settings are "
            f"`observability.alerts.{kind.name}` in the {config}.",
            mime_type="text/markdown",
            links=[MonitoringAlertPolicyDocumentationLinks(display_name="Runbook", url=url)] if url else None,
        )


def _places(alert: Alert) -> dict[str, str]:
    """
    Return the labels of the series that fires, which say where it is, each with its variable.

    As Terraform has variables: the first dollar sign escapes. Source of those of a condition on one metric: Google,
    "Annotate notifications with user-defined documentation".
    """
    if metric := alert.query.metric:
        return {label.rpartition(".")[2]: f"$${{{label}}}" for label in metric.by}
    return {name: f"$${{metric_or_resource.label.{name}}}" for name in alert.kind.labels}


def _found(alert: Alert) -> str:
    """Return where it is and how bad, as far as the series that fires says so."""
    places = [f"{name} `{variable}`" for name, variable in _places(alert).items()]
    values = [f"value of the query `{VALUE}`"] if alert.kind.unit and not alert.query.metric else []
    found = ", ".join([*places, *values])
    return f"{found[:1].upper()}{found[1:]}.\n\n" if found else ""


def _threshold(metric: MetricCondition, for_sec: int) -> MonitoringAlertPolicyConditionsConditionThreshold:
    """Return *metric* as a condition that must hold for whole minutes, as the API takes them."""
    aggregation: dict[str, Any] = {
        "alignment_period": f"{metric.window_sec}s",
        "per_series_aligner": metric.aligner,
        "cross_series_reducer": metric.reducer,
        "group_by_fields": list(metric.by),
    }
    whole = [MonitoringAlertPolicyConditionsConditionThresholdDenominatorAggregations(**aggregation)]
    return MonitoringAlertPolicyConditionsConditionThreshold(
        filter=metric.series,
        aggregations=[MonitoringAlertPolicyConditionsConditionThresholdAggregations(**aggregation)],
        denominator_filter=metric.whole or None,
        denominator_aggregations=whole if metric.whole else None,
        comparison="COMPARISON_LT" if metric.is_floor else "COMPARISON_GT",
        threshold_value=metric.bound,
        duration=f"{ceil(for_sec / 60) * 60}s",
        evaluation_missing_data="EVALUATION_MISSING_DATA_ACTIVE" if metric.fires_without_data else None,
        trigger={"count": 1},
    )
