"""Alerts on what the load balancer of the gateway answers and logs."""

from __future__ import annotations

from collections.abc import Iterator

from constructs_lib.monitoring.alert import AlertKind, Limits, MetricCondition, Query
from constructs_lib.monitoring.log_metric import UNSAMPLED_ERRORS, log_series, sample_factor
from constructs_lib.monitoring.metric_filter import BACKEND, series_of_requests
from constructs_lib.monitoring.metrics import SERVER_ERRORS, SHORTEST_WINDOW_SEC
from constructs_lib.monitoring.platform import MonitoredPlatform
from constructs_lib.monitoring.promql import failing, gateway_requests, select

FEWEST_ENTRIES = 3
"""Entries of a log in a window that are not enough to say anything: each may be the only one of its kind."""


def _gateway_errors(platform: MonitoredPlatform, limits: Limits) -> Iterator[Query]:
    """Yield the backends of which too many requests end with a status of 500 to 599, whoever gave it."""
    errors, requests = gateway_requests(platform, response_code_class=SERVER_ERRORS), gateway_requests(platform)
    yield Query(
        expression=failing(errors, requests, "backend_target_name", limits.window_sec, limits.threshold / 100),
        meaning=f"the gateway answers more than {limits.threshold:g} % of the requests to a model with a status of "
        "500 to 599",
    )


def _gateway_error_shares(platform: MonitoredPlatform, limits: Limits) -> Iterator[Query]:
    """Yield the same without PromQL: of few requests, one that fails is a share as well."""
    requests, window_sec = series_of_requests(platform), limits.window_sec
    yield Query(
        metric=MetricCondition(
            series=f'{requests} metric.label.response_code_class="{SERVER_ERRORS}"',
            whole=requests,
            aligner="ALIGN_RATE",
            reducer="REDUCE_SUM",
            by=(BACKEND,),
            bound=limits.threshold / 100,
            window_sec=window_sec,
        ),
        # For longer than one failed request stays in the window.
        for_sec=window_sec + 60,
        meaning=f"the gateway answers more than {limits.threshold:g} % of the requests to a model with a status of "
        "500 to 599",
    )


def _proxy_errors(platform: MonitoredPlatform, limits: Limits) -> Iterator[Query]:
    """
    Yield the kinds of errors of the load balancer that its log has too often.

    Of the requests that reach a server only a sample is logged: each entry stands for many. Clients that hang up are no
    fault of the platform, and have an `error_detail` that begins with `client_`.
    """
    if not platform.proxy_errors or not platform.log_sample_percent:
        return
    factor = sample_factor(platform.log_sample_percent)
    yield Query(
        expression=f"{_logged(platform, limits, '!~', factor)} or {_logged(platform, limits, '=~', 1)}",
        meaning=f"the gateway's proxies fail more than {limits.threshold:g} times a minute for one reason, as far as "
        f"the {platform.log_sample_percent:g} % of the requests show that are logged",
    )


def _logged(platform: MonitoredPlatform, limits: Limits, unsampled: str, factor: float) -> str:
    """Return the errors with too many entries, each of which stands for *factor* requests; *unsampled* is a matcher."""
    series = select(
        log_series(platform.proxy_errors),
        f'error{unsampled}"{UNSAMPLED_ERRORS}"',
        'error_detail!~"client_.*"',
        monitored_resource=platform.load_balancer.resource,
    )
    entries_a_minute = max(limits.threshold / factor, FEWEST_ENTRIES * 60 / limits.window_sec)
    return f"sum by (error, error_detail) (rate({series}[{limits.window}])) * 60 > {entries_a_minute:.6g}"


LOAD_BALANCER_ALERTS = (
    AlertKind(
        name="gateway-errors",
        title="The load balancer answers with errors",
        severity="critical",
        unit="percent",
        threshold=5,
        lowest=0.01,
        highest=99,
        shortest_window_sec=SHORTEST_WINDOW_SEC,
        needs="a gateway",
        queries=_gateway_errors,
        thresholds=_gateway_error_shares,
        labels=("backend_target_name",),
    ),
    AlertKind(
        name="proxy-errors",
        title="The gateway's proxies fail",
        severity="warning",
        unit="errors a minute",
        threshold=20,
        lowest=0,
        highest=1_000_000,
        window_sec=900,
        shortest_window_sec=SHORTEST_WINDOW_SEC,
        needs="`observability.log_metrics`, and requests that are logged",
        queries=_proxy_errors,
        labels=("error", "error_detail"),
        first_command='gcloud logging read \'resource.type="internal_http_lb_rule" AND '
        'jsonPayload.proxyStatus:"error="\' --limit=20 --freshness=1h --project {project}',
    ),
)
