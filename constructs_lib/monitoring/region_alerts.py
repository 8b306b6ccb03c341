"""Alerts on how the regions share a model's requests."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from constructs_lib.monitoring.alert import AlertKind, Limits, Query
from constructs_lib.monitoring.metrics import ANSWERED, CONTAINERS_READY, SERVER_ERRORS, SHORTEST_WINDOW_SEC
from constructs_lib.monitoring.platform import MonitoredPlatform
from constructs_lib.monitoring.promql import (
    REGION_OF,
    by_backend_region,
    gateway_requests,
    gauge_of,
    label_from,
    pods_of,
    share,
)

SERVED_BEFORE = "23h"
"""How long a region that has no ready server is still one that should answer requests: nearly as far as Cloud
Monitoring looks back for a query and the time for which it must hold."""


def _without_traffic(platform: MonitoredPlatform, limits: Limits) -> Iterator[Query]:
    """
    Yield, for each model, the regions that answered none of its requests although they should have.

    Only regions that should have some: no drained ones, and where regions are preferred, only these; and regions that
    had a ready server in the last hours, so that one that is being added is left out, and one that fails is not.
    """
    for key, model in platform.models.items() if platform.gateway_class.multi_cluster else ():
        regions = platform.open_regions(key)
        watched = [region for region in regions if platform.regions[region].preferred] or regions
        # Two clusters may be in one region of Google Cloud, which the load balancer shows as one.
        names = [platform.regions[region].region for region in watched]
        if len({platform.regions[region].region for region in regions}) < 2:
            continue
        ready = pods_of(platform, CONTAINERS_READY, model.server, regions=watched)
        were_ready = f"sum by (backend_region) ({_of_region(f'max_over_time({ready}[{SERVED_BEFORE}])')}) > 0"
        answered = f"increase({gateway_requests(platform, model=key, response_code_class=ANSWERED)}[{limits.window}])"
        # Where one region is preferred, requests go there from everywhere.
        everywhere = f"on () sum({answered}) > {limits.threshold:g}"
        wanted = everywhere if len(set(names)) == 1 else _arrived(platform, key, were_ready, limits)
        yield Query(
            model=key,
            expression=f"{were_ready}"
            f" unless on (backend_region) sum by (backend_region) ({by_backend_region(answered)}) > 0"
            f" and {wanted}",
            meaning=f"a region answered no request to {key} in {limits.window_sec} s, although more than "
            f"{limits.threshold:g} came that it should have answered: of "
            f"{', '.join(dict.fromkeys(names))}",
        )


def _arrived(platform: MonitoredPlatform, model: str, were_ready: str, limits: Limits) -> str:
    """
    Return what matches the regions whose proxies took enough requests to *model*, as the end of an `and`.

    Requests of wrong clients, and of those that left, do not count. `region` is where the proxy stands, which is
    inferred from the metric's description: where it is none of the platform's regions, the requests that others
    answered count for each region.
    """
    homes = platform.region_names()
    served = gateway_requests(platform, model=model, region=homes, response_code_class=f"{ANSWERED}|{SERVER_ERRORS}")
    arrived = label_from(f"increase({served}[{limits.window}])", "backend_region", "region", "(.+)")
    placeless = gateway_requests(platform, f'region!~"{homes}"', model=model, response_code_class=ANSWERED)
    return (
        f"on (backend_region) (sum by (backend_region) ({arrived}) > {limits.threshold:g}"
        f" or {were_ready} and on () sum(increase({placeless}[{limits.window}])) > {limits.threshold:g})"
    )


def _of_region(pods: str) -> str:
    """Return series of pods with the region of their cluster as the label `backend_region`."""
    return label_from(pods, "backend_region", "location", REGION_OF)


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
            expression=f"min({_filled(platform, model, regions)}) > {spill_percent / 100:g}",
            meaning=f"the servers of {model} are more than {spill_percent} % full in every region: what spills over "
            f"finds no room, and a region that fails takes requests with it",
        )


def _import_lacks_cluster(platform: MonitoredPlatform, limits: Limits) -> Iterator[Query]:
    """
    Yield the clusters that get no request although no other cluster has room.

    No metric shows which clusters an import has. Requests that should spill over and do not are what its lack looks
    like from outside; so do a network endpoint group without healthy servers, and a region whose health checks are
    blocked. A cluster that gets any request, whatever became of it, is in the import. It cannot see a lack as long as
    another region has room, nor where balancing is by number of requests. `gke-inference verify` is the sure check.
    """
    for model, regions, spill_percent in _spilling(platform):
        gauge, line = _filled(platform, model, regions), f"{spill_percent / 100:g}"
        servers = pods_of(platform, CONTAINERS_READY, platform.models[model].server, regions=regions)
        requests = f"increase({gateway_requests(platform, model=model)}[{limits.window}])"
        ready = f"sum by (cluster, backend_region) ({_of_region(servers)}) > 0"
        served = f"sum by (backend_region) ({by_backend_region(requests)}) > 0"
        yield Query(
            model=model,
            expression=f"{gauge} <= {line} and on (cluster) ({ready} unless on (backend_region) {served})"
            f" and on () count({gauge} <= {line}) == 1 and on () max({gauge}) > {line} and on () sum({requests}) > 0",
            meaning=f"the servers of {model} in a cluster got no request in {limits.window_sec} s, although those of "
            f"every other are more than {spill_percent} % full: the gateway may not know the cluster",
        )


def _filled(platform: MonitoredPlatform, model: str, regions: Sequence[str]) -> str:
    """
    Return how full the servers of *model* are in each cluster, measured by what the gateway uses of its capacity.

    A region with a `capacity_percent` of 50 spills over at half of the fill (Google, "Backend services overview":
    the capacity scaler multiplies the target).
    """
    shares = sorted({platform.regions[key].capacity_percent for key in regions}, reverse=True)
    if shares == [100]:
        return gauge_of(platform, model, regions)
    alike = {share: [key for key in regions if platform.regions[key].capacity_percent == share] for share in shares}
    return f"({' or '.join(f'{gauge_of(platform, model, alike[share])} / {share / 100:g}' for share in shares)})"


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
    description, so series whose `region` is none of the platform's are left out. Regions that are drained or throttled,
    and regions that lack a model, send requests away by design, as all do where one is preferred.
    """
    usual = [
        key
        for key, region in platform.regions.items()
        if region.capacity_percent == 100 and all(key in model.regions for model in platform.models.values())
    ]
    serving = {platform.regions[key].region for model in platform.models.values() for key in model.regions}
    alone = len(serving) < 2 or not platform.gateway_class.multi_cluster
    if alone or not usual or any(region.preferred for region in platform.regions.values()):
        return
    homes = platform.region_names(usual)
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
        needs="a cross-region gateway, and a model in two regions or more that are not drained",
        queries=_without_traffic,
        labels=("backend_region",),
    ),
    AlertKind(
        name="no-spill-room",
        title="No region has room for what spills over",
        severity="error",
        window_sec=0,
        for_sec=600,
        needs="a cross-region gateway, and a model in two regions or more whose requests spill over by fill",
        queries=_no_spill_room,
    ),
    AlertKind(
        name="import-lacks-cluster",
        title="A cluster gets nothing of what spills over",
        severity="error",
        window_sec=600,
        shortest_window_sec=SHORTEST_WINDOW_SEC,
        for_sec=900,
        needs="a cross-region gateway, and a model in two regions or more whose requests spill over by fill",
        queries=_import_lacks_cluster,
        labels=("cluster",),
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
        needs="a cross-region gateway, and two regions or more, none preferred, and one of them at full capacity",
        queries=_cross_region_share,
        labels=("region",),
    ),
)
