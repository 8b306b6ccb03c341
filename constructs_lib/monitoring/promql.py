"""PromQL as text: selectors with labels in order, and several names for one metric."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from constructs_lib.google_names import REGION
from constructs_lib.monitoring.metrics import LLM_D_FAMILY, OBJECTIVE_FAMILY, PickerMetrics
from constructs_lib.monitoring.platform import MonitoredPlatform

FEWEST_REQUESTS = 50
"""Requests of which a share means something: one of three that fails at night is 33 %, and no incident."""
FEWEST_BAD = 5
"""Requests that end badly in a long window before anybody hears of it, where there are too few for a share."""
LONG_SEC, STILL_SEC = 3600, 900
"""In which they are counted, and in which there must be one of them, so that the alert ends soon after its cause."""
POD_ENDING = "-[^-]+-[^-]+"
"""What Kubernetes appends to the name of a Deployment to name its pods: two parts without a dash, as a pattern."""
REGION_OF = f"({REGION})(-.+)?"
"""The region in the name of a region or of a zone, such as us-central1 of us-central1-a and us-central1-ai1a."""


def select(metric: str, *matchers: str, **labels: str) -> str:
    """
    Return the series of *metric* with *labels*, of which a value with `|`, `*` or `+` is a pattern.

    Args:
        metric: Name of the metric.
        matchers: More conditions, as PromQL has them.
        labels: Value of each label.
    """
    given = [f'{name}{"=~" if set(value) & set("|*+") else "="}"{value}"' for name, value in labels.items() if value]
    return f"{metric}{{{','.join([*given, *matchers])}}}"


def any_family(families: Iterable[PickerMetrics], query: Callable[[PickerMetrics], str]) -> str:
    """
    Return *query* for each of *families*, and for the names that the other chart of endpoint pickers has, joined.

    So that a change from one chart to the other leaves no gap, cluster by cluster: where a picker exports two names,
    `or` takes the first.
    """
    asked = list(families)
    other = [OBJECTIVE_FAMILY] if asked == [LLM_D_FAMILY] else [LLM_D_FAMILY]
    queries = dict.fromkeys(query(family) for family in [*asked, *other])
    return " or ".join(f"({text})" for text in queries)


def picker_families(platform: MonitoredPlatform) -> list[PickerMetrics]:
    """Return what the endpoint pickers of *platform* export, each family once."""
    return list(dict.fromkeys(model.picker for model in platform.models.values() if model.picker))


def gateway_requests(platform: MonitoredPlatform, *matchers: str, model: str = "", **labels: str) -> str:
    """
    Return the requests that the load balancer of *platform* had, as its counter.

    Args:
        platform: Whose gateway.
        matchers: More conditions, as PromQL has them.
        model: Key of the model that they were for; empty for all.
        labels: Value of each label.
    """
    balancer = platform.load_balancer
    target = platform.backend_target(model) if model else ""
    place = {"monitored_resource": balancer.resource, "url_map_name": platform.url_map, "backend_target_name": target}
    return select(balancer.requests, *matchers, **place, **labels)


def by_backend_region(series: str) -> str:
    """
    Return *series* of the load balancer with the region that served them as the label `backend_region`.

    It has none itself, but the zone of the network endpoint group, as `backend_scope`.
    """
    return label_from(series, "backend_region", "backend_scope", REGION_OF)


def label_from(series: str, label: str, source: str, pattern: str) -> str:
    """Return *series* with a *label* that is the group in *pattern*, where the whole label *source* is like it."""
    return f'label_replace({series}, "{label}", "$1", "{source}", "{pattern}")'


def gauge_of(platform: MonitoredPlatform, model: str, regions: Iterable[str]) -> str:
    """Return how full the servers of *model* are on average in each cluster of *regions*, 0 to 1."""
    watched = platform.models[model]
    place = {"cluster": platform.clusters(regions), "namespace": platform.namespace, "job": watched.server}
    return f"avg by (cluster) ({select(watched.gauge, **place)})"


def pods_of(platform: MonitoredPlatform, metric: str, *deployments: str, regions: Iterable[str], **labels: str) -> str:
    """Return *metric* of the pods of *deployments* in the clusters of *regions*."""
    place = {"cluster": platform.clusters(regions), "namespace": platform.namespace}
    return select(metric, **place, pod=pod_pattern(*deployments), **labels)


def pod_pattern(*deployments: str) -> str:
    """Return a pattern of the names of the pods of *deployments*."""
    names = f"({'|'.join(deployments)})" if len(deployments) > 1 else deployments[0]
    return f"{names}{POD_ENDING}"


def share(part: str, whole: str, window_sec: int) -> str:
    """
    Return which share of *whole* is *part*, both requests a second in a window.

    Where there are few requests in the window, the share is one of `FEWEST_REQUESTS`.
    """
    return f"{part} / clamp_min({whole}, {FEWEST_REQUESTS / window_sec:.3g})"


def failing(series: str, every: str, by: str, window_sec: int, most: float) -> str:
    """
    Return the groups of which more than a share of the requests fail, or most of the few that there are in an hour.

    Without the second part, a total outage would never be seen where there are few requests.

    Args:
        series: The counter of requests that fail.
        every: That of all requests.
        by: Labels of a group.
        window_sec: Seconds of which the share is computed.
        most: Share that may fail.
    """
    bad, all_of_them = (f"sum by ({by}) (rate({counter}[{window_sec}s]))" for counter in (series, every))
    few_bad, few, still = (
        f"sum by ({by}) (increase({counter}[{seconds}s]))"
        for counter, seconds in ((series, LONG_SEC), (every, LONG_SEC), (series, STILL_SEC))
    )
    return (
        f"{share(bad, all_of_them, window_sec)} > {most:g}"
        f" or ({few_bad} > {at_least(FEWEST_BAD)} and {few_bad} / {few} > {max(most, 0.5):g} and {still} > 0)"
    )


def at_least(count: int) -> float:
    """Return what an increase of *count* is above, whatever it is extrapolated to, and one of a request less is not."""
    return count - 0.5
