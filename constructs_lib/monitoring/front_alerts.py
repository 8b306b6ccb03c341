"""Alerts on what stands before the gateway and belongs to its owner: certificates, and templates of Model Armor."""

from __future__ import annotations

from collections.abc import Iterator

from constructs_lib.monitoring.alert import AlertKind, Limits, MetricCondition, Query
from constructs_lib.monitoring.metric_filter import matches
from constructs_lib.monitoring.metrics import CERTIFICATE_DAYS, CERTIFICATE_DAYS_TYPE, MODEL_ARMOR_FINDINGS
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
