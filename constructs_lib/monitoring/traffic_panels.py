"""Panels of what the load balancer sees: requests, where they are answered, how fast, and how they fail."""

from __future__ import annotations

from collections.abc import Iterator

from constructs_lib.monitoring.log_metric import log_series
from constructs_lib.monitoring.metrics import CHECK_PASSED, CLIENT_GONE, SERVER_ERRORS
from constructs_lib.monitoring.panel import WINDOW, PanelKind, PanelQuery, Selection, Threshold
from constructs_lib.monitoring.platform import MonitoredPlatform
from constructs_lib.monitoring.promql import by_backend_region, label_from, select

NEEDS = "a gateway"
QUANTILES = {"p50": 0.5, "p95": 0.95, "p99": 0.99}


def _by_backend(selection: Selection, rate: str) -> str:
    """Return *rate* by what each request was for: the pool or the Service of a model."""
    targets = selection.platform.backend_targets
    return f"sum by (backend) ({label_from(rate, 'backend', 'backend_target_name', targets)})"


def _answered(selection: Selection, metric: str) -> str:
    """Return the rate of *metric* of the requests that a server answered: the scopes of backends are zones."""
    scopes = "|".join(dict.fromkeys(f"{region.region}-.*" for region in selection.platform.regions.values()))
    answered = selection.of_load_balancer(metric, f'backend_scope=~"{scopes}"')
    return f"rate({answered}[{WINDOW}])"


def _requests(selection: Selection) -> Iterator[PanelQuery]:
    rate = f"rate({selection.of_load_balancer(selection.platform.load_balancer.requests)}[{WINDOW}])"
    yield PanelQuery(expression=_by_backend(selection, rate), legend="{backend}")


def _responses(selection: Selection) -> Iterator[PanelQuery]:
    series = selection.of_load_balancer(selection.platform.load_balancer.requests)
    yield PanelQuery(
        expression=f"sum by (response_code_class) (rate({series}[{WINDOW}]))", legend="{response_code_class}"
    )


def _region_share(selection: Selection) -> Iterator[PanelQuery]:
    rate = _answered(selection, selection.platform.load_balancer.requests)
    by_region = f"sum by (backend_region) ({by_backend_region(rate)})"
    yield PanelQuery(expression=f"100 * {by_region} / on () group_left () sum ({rate})", legend="{backend_region}")


def _latency(selection: Selection) -> Iterator[PanelQuery]:
    rate = _answered(selection, f"{selection.platform.load_balancer.latency}_bucket")
    for name, quantile in QUANTILES.items():
        seconds = f"histogram_quantile({quantile}, sum by (le, backend_region) ({by_backend_region(rate)})) / 1000"
        yield PanelQuery(expression=seconds, legend=f"{{backend_region}} {name}")


def _proxy_errors(selection: Selection) -> Iterator[PanelQuery]:
    platform = selection.platform
    if platform.proxy_errors and platform.log_sample_percent > 0:
        series = selection.of_load_balancer(log_series(platform.proxy_errors))
        errors = f"60 * sum by (error, error_detail) (rate({series}[{WINDOW}]))"
        yield PanelQuery(expression=errors, legend="{error} {error_detail}")


def _availability(selection: Selection) -> Iterator[PanelQuery]:
    """Yield the share of good requests, counted as by the alerts: none is 0 %, and no line without any request."""
    if not any(_promises(selection.platform)):
        return
    good, all_requests = (
        _by_model(selection, matcher)
        for matcher in (
            f'response_code_class!~"{SERVER_ERRORS}|{CLIENT_GONE}"',
            f'response_code_class!="{CLIENT_GONE}"',
        )
    )
    yield PanelQuery(expression=f"100 * ({good} or 0 * {all_requests}) / {all_requests}", legend="{backend}")


def _by_model(selection: Selection, matcher: str) -> str:
    """Return the requests of a day by backend; of a single model also those that were refused before one is chosen."""
    platform = selection.platform
    models = list(platform.models.values())
    targets = {"backend_target_name": platform.backend_targets} if len(models) > 1 else {}
    requests = f"increase({selection.of_load_balancer(platform.load_balancer.requests, matcher, **targets)}[1d])"
    if targets:
        return _by_backend(selection, requests)
    return f'sum by (backend) (label_replace({requests}, "backend", "{models[0].backend}", "url_map_name", ".*"))'


def _promises(platform: MonitoredPlatform) -> Iterator[Threshold]:
    for model in platform.models.values():
        if promised := model.objectives.availability_percent:
            yield Threshold(value=promised, label=f"objective {promised:g} %", is_floor=True)


def _endpoints(selection: Selection) -> Iterator[PanelQuery]:
    if endpoints := selection.platform.endpoints:
        hosts = "|".join(address.replace(".", "[.]") for address in sorted(set(endpoints.values())))
        passed = select(CHECK_PASSED, f'host=~"{hosts}"', monitored_resource="uptime_url")
        yield PanelQuery(expression=f"100 * avg by (host) (avg_over_time({passed}[{WINDOW}]))", legend="{host}")


TRAFFIC_PANELS = (
    PanelKind(
        name="requests",
        title="Requests",
        unit="requests/s",
        meaning="Requests that the load balancer took for each model, whatever became of them.",
        needs=NEEDS,
        queries=_requests,
    ),
    PanelKind(
        name="responses",
        title="Responses by class",
        unit="requests/s",
        meaning="500 are errors of servers and of the load balancer; 0 are requests whose client left.",
        needs=NEEDS,
        queries=_responses,
        stacked=True,
    ),
    PanelKind(
        name="region-share",
        title="Share of requests by region",
        unit="%",
        meaning="Where requests are answered: a region that spills over or fails gives its share to the others.",
        needs=NEEDS,
        queries=_region_share,
        stacked=True,
    ),
    PanelKind(
        name="load-balancer-latency",
        title="Whole requests by region",
        unit="s",
        meaning="From the first byte of a request to the last of its answer, by the region that answered.",
        needs=NEEDS,
        queries=_latency,
    ),
    PanelKind(
        name="availability",
        title="Answered without a server error, last 24 h",
        unit="%",
        meaning="Below its objective a model uses up its error budget faster than it comes back.",
        needs="a model with objectives.availability_percent",
        queries=_availability,
        thresholds=_promises,
        from_zero=False,
    ),
    PanelKind(
        name="endpoints",
        title="Endpoints outside that answer",
        unit="%",
        meaning="Share of the checks from all over the world that an address of `outside` or `external_endpoints` "
        "answers as it should. Cloud DNS asks by itself, and takes out what does not answer.",
        needs="a name of dns.records that leads to an endpoint outside",
        queries=_endpoints,
    ),
    PanelKind(
        name="proxy-errors",
        title="Logged errors by proxyStatus",
        unit="errors/min",
        meaning="Why the load balancer could not have requests answered. Requests that reach no server are all logged; "
        "of the others, the share gateway.log_sample_percent.",
        needs="observability.log_metrics, and gateway.log_sample_percent above 0",
        queries=_proxy_errors,
    ),
)
