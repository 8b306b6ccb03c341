"""Alerts on what the load balancer of the gateway answers and logs."""

from __future__ import annotations

from collections.abc import Iterator

from constructs_lib.monitoring.alert import AlertKind, Limits, Query
from constructs_lib.monitoring.log_metric import log_series, sample_factor
from constructs_lib.monitoring.metrics import SERVER_ERRORS, SHORTEST_WINDOW_SEC
from constructs_lib.monitoring.platform import MonitoredPlatform
from constructs_lib.monitoring.promql import failing, gateway_requests, select


def _gateway_errors(platform: MonitoredPlatform, limits: Limits) -> Iterator[Query]:
    """Yield the backends of which too many requests end with a status of 500 to 599, whoever gave it."""
    errors, requests = gateway_requests(platform, response_code_class=SERVER_ERRORS), gateway_requests(platform)
    yield Query(
        expression=failing(errors, requests, "backend_target_name", limits.window_sec, limits.threshold / 100),
        meaning=f"the gateway answers more than {limits.threshold:g} % of the requests to a model with a status of "
        "500 to 599",
    )


def _proxy_errors(platform: MonitoredPlatform, limits: Limits) -> Iterator[Query]:
    """
    Yield the kinds of errors of the load balancer that its log has too often.

    Only a sample of the requests is logged: each entry stands for many. Clients that hang up are no fault of the
    platform, and have an `error_detail` that begins with `client_`.
    """
    if not platform.proxy_errors or not platform.log_sample_percent:
        return
    resource = platform.load_balancer.resource
    logged = select(log_series(platform.proxy_errors), 'error_detail!~"client_.*"', monitored_resource=resource)
    a_minute = f"rate({logged}[{limits.window}])) * 60 * {sample_factor(platform.log_sample_percent):.10g}"
    yield Query(
        expression=f"sum by (error, error_detail) ({a_minute} > {limits.threshold:g}",
        meaning=f"the gateway's proxies fail more than {limits.threshold:g} times a minute for one reason, as far as "
        f"the {platform.log_sample_percent:g} % of the requests show that are logged",
    )


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
        first_command='gcloud logging read \'resource.type="internal_http_lb_rule" AND '
        'jsonPayload.proxyStatus:"error="\' --limit=20 --freshness=1h --project {project}',
    ),
)
