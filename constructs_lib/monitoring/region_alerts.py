"""Alerts on how the regions share a model's requests."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from constructs_lib.monitoring.alert import AlertKind, Limits, Query
from constructs_lib.monitoring.metrics import ANSWERED, CONTAINERS_READY, SHORTEST_WINDOW_SEC
from constructs_lib.monitoring.platform import ALL_CAPACITY, MonitoredPlatform
from constructs_lib.monitoring.promql import (
    REGION,
    by_backend_region,
    gateway_requests,
    gauge_of,
    label_from,
    pods_of,
    share,
)

IDLE = 0.01
"""Fill of a server that has no request. vLLM keeps one block of its cache back, so that some versions never read 0."""
SERVED_BEFORE = "6h"
"""How long a region that has no ready server is still one that should answer requests."""


def _without_traffic(platform: MonitoredPlatform, limits: Limits) -> Iterator[Query]:
    """
    Yield, for each model, the regions that answered none of its requests while others did.

    Only regions that should have some: no drained ones, and where regions are preferred, only these; and regions that
    had a ready server in the last hours, so that one that is being added is left out, and one that fails is not. A
    region that no client is near to has no requests either; its owner raises the threshold or turns the alert off.
    """
    for key, model in platform.models.items():
        regions = platform.open_regions(key)
        watched = [region for region in regions if platform.regions[region].preferred] or regions
        if len(regions) < 2:
            continue
        ready = pods_of(platform, CONTAINERS_READY, model.server, regions=watched)
        were_ready = label_from(f"max_over_time({ready}[{SERVED_BEFORE}])", "backend_region", "location", REGION)
        requests = gateway_requests(platform, model=key, response_code_class=ANSWERED)
        answered = f"increase({requests}[{limits.window}])"
        yield Query(
            model=key,
            expression=f"sum by (backend_region) ({were_ready}) > 0"
            f" unless on (backend_region) sum by (backend_region) ({by_backend_region(answered)}) > 0"
            f" and on () sum({answered}) > {limits.threshold:g}",
            meaning=f"a region answered no request to {key} in {limits.window_sec} s, while others answered more than "
            f"{limits.threshold:g}: of {', '.join(platform.regions[region].region for region in watched)}",
        )


def _no_spill_room(platform: MonitoredPlatform, limits: Limits) -> Iterator[Query]:
    """
    Yield the models whose regions are all as full as the fill at which requests spill over.

    By the gauge that the load balancer itself goes by. A region that exports none has no room to offer either. Where
    a region uses a part of its capacity, the load balancer takes that part of its target. Source: Compute API,
    Backend.capacityScaler, which multiplies the target capacity of the balancing mode.
    """
    for model, regions, spill_percent in _spilling(platform):
        yield Query(
            model=model,
            expression=f"min({_fill(platform, model, regions)}) > {spill_percent / 100:g}",
            meaning=f"the servers of {model} are more than {spill_percent} % full in every region"
            f"{_scaled(platform, regions)}: what spills over "
            f"finds no room, and a region that fails takes requests with it",
        )


def _fill(platform: MonitoredPlatform, model: str, regions: Sequence[str]) -> str:
    """Return how full the servers of *model* are in each cluster, by the share of its capacity that is used."""
    capacities = {key: platform.regions[key].capacity_percent for key in regions}
    parts = []
    for capacity in sorted({*capacities.values()}, reverse=True):
        gauge = gauge_of(platform, model, [key for key in regions if capacities[key] == capacity])
        parts.append(gauge if capacity == ALL_CAPACITY else f"{gauge} / {capacity / 100:g}")
    return " or ".join(parts)


def _scaled(platform: MonitoredPlatform, regions: Sequence[str]) -> str:
    capacities = {key: platform.regions[key].capacity_percent for key in regions}
    parts = [f"{key} {capacity} %" for key, capacity in capacities.items() if capacity != ALL_CAPACITY]
    return f", of the share of it that is used ({', '.join(parts)})" if parts else ""


def _import_lacks_cluster(platform: MonitoredPlatform, limits: Limits) -> Iterator[Query]:
    """
    Yield the clusters whose servers hold nothing while those of another cluster are past the spill line.

    No metric shows which clusters an import has. Requests that should spill over and do not are what its lack looks
    like from outside; so do a network endpoint group without healthy servers, and a region whose health checks are
    blocked. It cannot see a lack as long as no region is past the line, nor where balancing is by number of requests.
    `gke-inference verify` is the sure check.
    """
    for model, regions, spill_percent in _spilling(platform):
        gauge = gauge_of(platform, model, regions)
        yield Query(
            model=model,
            expression=f"{gauge} < {IDLE} and on () max({gauge}) > {spill_percent / 100:g}",
            meaning=f"the servers of {model} in a cluster are idle, although those of another are more than "
            f"{spill_percent} % full: the gateway may not know the cluster",
        )


def _spilling(platform: MonitoredPlatform) -> Iterator[tuple[str, tuple[str, ...], int]]:
    """Yield each model whose requests spill over by fill, with its regions and that fill in percent."""
    for key, model in platform.models.items():
        regions = platform.open_regions(key)
        if model.gauge and model.spill_percent is not None and len(regions) > 1:
            yield key, regions, model.spill_percent


def _cross_region_share(platform: MonitoredPlatform, limits: Limits) -> Iterator[Query]:
    """
    Yield the regions whose proxies send more than a share of their requests to servers of other regions.

    `region` is where the proxy stands, `backend_scope` the zone that answered: the first is inferred from the metric's
    description. Drained regions, and regions that lack a model, send requests away by design, as all do where one is
    preferred.
    """
    usual = [key for key in platform.regions if all(key in platform.open_regions(model) for model in platform.models)]
    if len(platform.regions) < 2 or not usual or any(region.preferred for region in platform.regions.values()):
        return
    homes = "" if len(usual) == len(platform.regions) else "|".join(platform.regions[key].region for key in usual)
    every, answered = (
        f"rate({gateway_requests(platform, region=homes, response_code_class=code)}[{limits.window}])"
        for code in ("", ANSWERED)
    )
    taken = f"sum by (region) ({every})"
    same = label_from(taken, "backend_region", "region", "(.+)")
    away = f"sum by (region, backend_region) ({by_backend_region(answered)}) unless on (region, backend_region) {same}"
    yield Query(
        expression=f"{share(f'sum by (region) ({away})', taken, limits.window_sec)} > {limits.share}",
        meaning=f"more than {limits.threshold:g} % of the requests that a region's proxies take are answered in "
        "another region",
    )


REGION_ALERTS = (
    AlertKind(
        name="region-without-traffic",
        title="A region answers no requests",
        severity="error",
        unit="requests",
        threshold=100,
        lowest=0,
        highest=1_000_000,
        window_sec=600,
        shortest_window_sec=SHORTEST_WINDOW_SEC,
        for_sec=300,
        needs="a model in two regions or more that are not drained",
        queries=_without_traffic,
    ),
    AlertKind(
        name="no-spill-room",
        title="No region has room for what spills over",
        severity="error",
        window_sec=0,
        for_sec=600,
        needs="a model in two regions or more whose requests spill over by fill",
        queries=_no_spill_room,
    ),
    AlertKind(
        name="import-lacks-cluster",
        title="A cluster gets nothing of what spills over",
        severity="error",
        window_sec=0,
        for_sec=900,
        needs="a model in two regions or more whose requests spill over by fill",
        queries=_import_lacks_cluster,
    ),
    AlertKind(
        name="cross-region-share",
        title="Many requests are answered in another region",
        severity="warning",
        unit="percent",
        threshold=30,
        lowest=1,
        highest=99,
        window_sec=900,
        shortest_window_sec=SHORTEST_WINDOW_SEC,
        for_sec=900,
        needs="two regions or more, none of them preferred",
        queries=_cross_region_share,
    ),
)
