"""What a panel of a dashboard is, and the panels of a platform."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from constructs_lib.monitoring.platform import MonitoredModel, MonitoredPlatform
from constructs_lib.monitoring.promql import POD_ENDING, label_from, pod_pattern, select

Unit = Literal["requests/s", "errors/min", "s", "%", "tokens/s", "requests", "servers", "chips"]
WINDOW = "5m"
"""Of which rates are: several samples of the slowest metrics, which are the load balancer's, one a minute."""


@dataclass(frozen=True, kw_only=True)
class Variables:
    """
    How a dashboard writes the values that its reader chooses. Empty where nobody chooses.

    Attributes:
        cluster: Pattern of the names of clusters.
        server: Pattern of the names of servers.
    """

    cluster: str = ""
    server: str = ""


@dataclass(frozen=True, kw_only=True)
class Selection:
    """
    What the queries of a dashboard are about.

    Attributes:
        platform: What there is to watch.
        variables: What the reader narrows it by.
    """

    platform: MonitoredPlatform
    variables: Variables = Variables()

    def of_clusters(self, metric: str, *matchers: str, label: str = "cluster", **labels: str) -> str:
        """Return the series of *metric* from the clusters, whose names are in *label*."""
        chosen = _chosen(label, self.variables.cluster)
        return select(metric, *chosen, *matchers, **{label: self.platform.clusters()}, **labels)

    def of_pickers(self, metric: str) -> str:
        """Return the series of *metric* from the endpoint pickers."""
        return self.of_clusters(metric, namespace=self.platform.namespace)

    def of_servers(self, metric: str, models: Iterable[MonitoredModel]) -> str:
        """Return the series of the gauge *metric* from the servers of *models*, whose names are in `job`."""
        return self._named(self._of_servers(metric, models), models)

    def rate_of_servers(self, metric: str, models: Iterable[MonitoredModel]) -> str:
        """Return the rate of the counter *metric* of the servers of *models*, whose names are in `job`."""
        return self._named(f"rate({self._of_servers(metric, models)}[{WINDOW}])", models)

    def _of_servers(self, metric: str, models: Iterable[MonitoredModel]) -> str:
        servers = [model.server for model in models]
        chosen = self.variables.server
        if self.platform.outside:
            narrowed = _chosen("pod", pod_pattern(chosen) if chosen else "")
            return select(metric, *narrowed, namespace=self.platform.namespace, pod=pod_pattern(*servers))
        jobs = "|".join(servers)
        return self.of_clusters(metric, *_chosen("job", chosen), namespace=self.platform.namespace, job=jobs)

    def _named(self, series: str, models: Iterable[MonitoredModel]) -> str:
        """Return *series* with the name of the server as `job`; scraped by annotations it would be the scrape's own."""
        if not self.platform.outside:
            return series
        servers = "|".join(model.server for model in models)
        return label_from(series, "job", "pod", f"({servers}){POD_ENDING}")

    def of_load_balancer(self, metric: str, *matchers: str, **labels: str) -> str:
        """Return the series of *metric* from the load balancer."""
        resource = self.platform.load_balancer.resource
        return select(metric, *matchers, monitored_resource=resource, url_map_name=self.platform.url_map, **labels)


def _chosen(label: str, pattern: str) -> tuple[str, ...]:
    return (f'{label}=~"{pattern}"',) if pattern else ()


@dataclass(frozen=True, kw_only=True)
class PanelQuery:
    """
    The lines of one query.

    Attributes:
        expression: PromQL.
        legend: Name of each line, with labels in braces: `{job} {cluster}`.
    """

    expression: str
    legend: str


@dataclass(frozen=True, order=True, kw_only=True)
class Threshold:
    """
    A line across a panel.

    Attributes:
        value: Where it is, in the panel's unit.
        label: What it is.
        is_floor: Whether values below it are the bad ones, and not those above it.
    """

    value: float
    label: str
    is_floor: bool = False


@dataclass(frozen=True, kw_only=True)
class PanelKind:
    """
    One kind of panel; a platform has it if there is something to show.

    Attributes:
        name: Stable name, such as `kv-cache`: of the setting.
        title: What it shows, as a phrase.
        unit: Unit of its values.
        meaning: How to read it, as a sentence.
        needs: What a platform must have for it, as a phrase.
        queries: Yields its queries for one platform; none where there is nothing to show.
        thresholds: Yields its lines across.
        stacked: Whether its values are parts of a whole.
        from_zero: Whether its axis begins there.
    """

    name: str
    title: str
    unit: Unit
    meaning: str
    needs: str
    queries: Callable[[Selection], Iterable[PanelQuery]]
    thresholds: Callable[[MonitoredPlatform], Iterable[Threshold]] = lambda platform: ()
    stacked: bool = False
    from_zero: bool = True


@dataclass(frozen=True, kw_only=True)
class Panel:
    """
    A panel of one platform. All known at synth.

    Attributes:
        kind: What kind it is.
        queries: What it shows.
        thresholds: Its lines across, lowest first, each once.
    """

    kind: PanelKind
    queries: tuple[PanelQuery, ...]
    thresholds: tuple[Threshold, ...] = ()


def dashboard_title(platform: str) -> str:
    """Return the title of the dashboard of *platform*, which is its only name."""
    return f"{platform}: cross-region inference"


def outside_title(platform: str) -> str:
    """Return the title of the dashboard of the servers of *platform* that are outside Google Cloud."""
    return f"{platform}: servers outside Google Cloud"


def panels_of(
    platform: MonitoredPlatform,
    kinds: Iterable[PanelKind],
    names: Iterable[str] = (),
    variables: Variables = Variables(),
) -> Iterator[Panel]:
    """
    Yield the panels of *platform* that have something to show.

    Args:
        platform: What there is to watch.
        kinds: The kinds of panels that there are.
        names: Names of the wanted ones, in this order. Default: all, in the order of *kinds*.
        variables: What the reader of the dashboard chooses.
    """
    known = {kind.name: kind for kind in kinds}
    for kind in (known[name] for name in names or known):
        if queries := tuple(kind.queries(Selection(platform=platform, variables=variables))):
            yield Panel(kind=kind, queries=queries, thresholds=tuple(sorted(set(kind.thresholds(platform)))))
