"""Alerts on what stands before the gateway or beside it: certificates, templates of Model Armor, endpoints outside."""

from __future__ import annotations

from collections.abc import Iterator

from constructs_lib.monitoring.alert import AlertKind, Limits, MetricCondition, Query
from constructs_lib.monitoring.metric_filter import matches
from constructs_lib.monitoring.metrics import (
    CERTIFICATE_DAYS,
    CERTIFICATE_DAYS_TYPE,
    CHECK_PASSED,
    CHECK_PASSED_TYPE,
    MODEL_ARMOR_FINDINGS,
)
from constructs_lib.monitoring.platform import MonitoredPlatform
from constructs_lib.monitoring.promql import select


def _certificate_expiry(platform: MonitoredPlatform, limits: Limits) -> Iterator[Query]:
    """
    Yield the hosts whose certificate ends soon, as their uptime checks saw it last.

    A check runs every 15 minutes at the slowest, and a value is current for 5: the window must cover more than one.
    """
    if platform.certificate_hosts:
        # As a pattern, a dot in a host's name would be any character.
        hosts = "|".join(host.replace(".", "[.]") for host in platform.certificate_hosts)
        days = select(CERTIFICATE_DAYS, f'host=~"{hosts}"', monitored_resource="uptime_url")
        yield Query(
            expression=f"min by (host) (last_over_time({days}[{limits.window}])) < {limits.threshold:g}",
            meaning=f"the certificate of a host ends in less than {limits.threshold:g} days: of "
            f"{', '.join(platform.certificate_hosts)}",
        )


def _certificate_days(platform: MonitoredPlatform, limits: Limits) -> Iterator[Query]:
    """Yield the same without PromQL."""
    if platform.certificate_hosts:
        hosts = "|".join(host.replace(".", "[.]") for host in platform.certificate_hosts)
        host = "resource.label.host"
        yield Query(
            metric=MetricCondition(
                series=f'metric.type="{CERTIFICATE_DAYS_TYPE}" resource.type="uptime_url" {matches(host, hosts)}',
                aligner="ALIGN_NEXT_OLDER",
                reducer="REDUCE_MIN",
                by=(host,),
                bound=limits.threshold,
                is_floor=True,
                window_sec=limits.window_sec,
            ),
            meaning=f"the certificate of a host ends in less than {limits.threshold:g} days: of "
            f"{', '.join(platform.certificate_hosts)}",
        )


def _model_armor(platform: MonitoredPlatform, limits: Limits) -> Iterator[Query]:
    """
    Yield the templates one of whose filters finds something too often.

    There is no public metric of requests that were blocked. There is one for each filter, of the requests in which it
    found something, and a template blocks these, or only reports them.
    """
    if platform.model_armor_templates:
        labels = {"monitored_resource": "modelarmor.googleapis.com/Template"}
        templates = "|".join(platform.model_armor_templates)
        rates = (
            f"sum by (template_id) (rate({select(name, **labels, template_id=templates)}[{limits.window}])) * 60"
            for name in MODEL_ARMOR_FINDINGS
        )
        yield Query(
            expression=" or ".join(f"({rate} > {limits.threshold:g})" for rate in rates),
            meaning=f"a filter of a Model Armor template finds something in more than {limits.threshold:g} requests a "
            f"minute: of {', '.join(platform.model_armor_templates)}",
        )


def _endpoint_down(platform: MonitoredPlatform, limits: Limits) -> Iterator[Query]:
    """Yield the addresses outside that answer none of the checks from two places or more: one may have no way there."""
    if platform.endpoints:
        passed = select(CHECK_PASSED, f'host=~"{_addresses(platform)}"', monitored_resource="uptime_url")
        failing = f"max by (host, checker_location) (max_over_time({passed}[{limits.window}])) == 0"
        yield Query(expression=f"count by (host) ({failing}) > 1", meaning=_down(platform, limits))


def _endpoint_checks(platform: MonitoredPlatform, limits: Limits) -> Iterator[Query]:
    """Yield the same without PromQL: addresses that pass less than half of their checks."""
    if platform.endpoints:
        host = "resource.label.host"
        series = f'metric.type="{CHECK_PASSED_TYPE}" resource.type="uptime_url"'
        yield Query(
            metric=MetricCondition(
                series=f"{series} {matches(host, _addresses(platform))}",
                aligner="ALIGN_FRACTION_TRUE",
                reducer="REDUCE_MEAN",
                by=(host,),
                bound=0.5,
                is_floor=True,
                window_sec=limits.window_sec,
            ),
            meaning=_down(platform, limits),
        )


def _addresses(platform: MonitoredPlatform) -> str:
    return "|".join(address.replace(".", "[.]") for address in sorted(set(platform.endpoints.values())))


def _down(platform: MonitoredPlatform, limits: Limits) -> str:
    named = ", ".join(f"{key} at {address}" for key, address in platform.endpoints.items())
    return f"an endpoint outside does not answer as it should for {limits.window_sec} s: of {named}"


FRONT_ALERTS = (
    AlertKind(
        name="certificate-expiry",
        title="A certificate ends soon",
        severity="warning",
        unit="days",
        threshold=21,
        lowest=1,
        highest=365,
        window_sec=3600,
        shortest_window_sec=1800,
        needs="`observability.certificate_hosts`",
        queries=_certificate_expiry,
        thresholds=_certificate_days,
        labels=("host",),
        first_command="gcloud monitoring uptime list-configs --project {project}",
    ),
    AlertKind(
        name="endpoint-down",
        title="An endpoint outside does not answer",
        severity="error",
        window_sec=300,
        shortest_window_sec=120,
        for_sec=60,
        needs="a name of `dns.records` that leads to a cluster of `outside` or to one of `dns.external_endpoints`",
        queries=_endpoint_down,
        thresholds=_endpoint_checks,
        labels=("host",),
        first_command="gcloud logging read 'log_id(\"compute.googleapis.com/healthchecks\")' --limit=20 --freshness=1h "
        "--project {project}",
    ),
    AlertKind(
        name="model-armor-blocks",
        title="Model Armor finds much to block",
        severity="warning",
        unit="findings a minute",
        threshold=10,
        lowest=0,
        highest=1_000_000,
        needs="`gateway.model_armor`, or `observability.model_armor_templates`",
        queries=_model_armor,
        labels=("template_id",),
        first_command='gcloud logging read \'logName:"sanitize_operations" AND '
        'jsonPayload.sanitizationResult.filterMatchState="MATCH_FOUND"\' --limit=20 --freshness=1h --project {project}',
    ),
)
