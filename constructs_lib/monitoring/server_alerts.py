"""Alerts on the pods of a model in each cluster: endpoint pickers, servers, and the buckets that servers mount."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from constructs_lib.inferencepool_chart import PICKER_CONTAINER, picker_name
from constructs_lib.monitoring.alert import LOOKS_BACK_SEC, AlertKind, Limits, MetricCondition, Query
from constructs_lib.monitoring.log_metric import POD_EVENTS, log_series
from constructs_lib.monitoring.metric_filter import RUNNING_WINDOW_SEC, running_containers
from constructs_lib.monitoring.metrics import CONTAINERS_READY, POD_PHASE, PickerMetrics
from constructs_lib.monitoring.platform import MonitoredModel, MonitoredPlatform
from constructs_lib.monitoring.promql import any_family, pods_of, select


def _picker_not_ready(platform: MonitoredPlatform, limits: Limits) -> Iterator[Query]:
    """
    Yield the clusters whose servers are ready for a model, but no endpoint picker of theirs is.

    A picker is ready where Kubernetes says so, and where its gauge of ready servers is there, without which nothing
    else of it is seen; a standby one is neither. A cluster without ready servers is left out: it may never have had
    any, and `pool-below-size` watches them.
    """
    for key, model in platform.models.items():
        if model.picker:
            yield Query(
                model=key,
                expression=_without_picker(platform, model, model.picker),
                meaning=f"a cluster has servers of {key}, but no endpoint picker that is ready and seen",
            )


def _without_picker(platform: MonitoredPlatform, model: MonitoredModel, picker: PickerMetrics) -> str:
    deployment, regions = picker_name(model.pool), model.regions
    servers = pods_of(platform, CONTAINERS_READY, model.server, regions=regions)
    pickers = pods_of(platform, CONTAINERS_READY, deployment, regions=regions, container=PICKER_CONTAINER)
    place = {"cluster": platform.clusters(regions), "namespace": platform.namespace}
    gauges = any_family([picker], lambda family: select(family.ready, **place, name=model.pool))
    ready = f"sum by (cluster) ({pickers}) > 0 and on (cluster) ({gauges})"
    return f"sum by (cluster) ({servers}) > 0 unless ({ready})"


def _pool_below_size(platform: MonitoredPlatform, limits: Limits) -> Iterator[Query]:
    """
    Yield the clusters with fewer ready servers of a model than the config's fewest.

    A pod that is gone has no series, so a cluster that has pods of the model at all counts as 0; one that never had
    any does not count. Nodes are not watched: no public metric has the size that a node pool should have, and a server
    without a node is not ready either.
    """
    for key, model in platform.models.items():
        fewest = {region: count for region, count in model.fewest_servers.items() if count}
        if fewest:
            by_count = (
                (count, [key for key in fewest if fewest[key] == count]) for count in sorted({*fewest.values()})
            )
            counts = ", ".join(f"{count} in {region}" for region, count in fewest.items())
            yield Query(
                model=key,
                for_sec=min(model.start_sec, LOOKS_BACK_SEC),
                expression=" or ".join(_fewer(platform, model, count, regions) for count, regions in by_count),
                meaning=f"a cluster has fewer ready servers of {key} than its fewest: {counts}",
            )


def _fewer(platform: MonitoredPlatform, model: MonitoredModel, count: int, regions: Sequence[str]) -> str:
    ready = pods_of(platform, CONTAINERS_READY, model.server, regions=regions)
    deployments = [model.server, picker_name(model.pool)] if model.pool else [model.server]
    pods = pods_of(platform, POD_PHASE, *deployments, regions=regions)
    return f"(sum by (cluster) ({ready}) or 0 * count by (cluster) ({pods})) < {count}"


def _too_few_run(platform: MonitoredPlatform, limits: Limits) -> Iterator[Query]:
    """
    Yield the same without PromQL: one that runs and is not ready counts, for no metric of GKE's own says so.

    Where the fewest differ, the smallest of them counts for each cluster: a policy has one bound.
    """
    for key, model in platform.models.items():
        fewest = {region: count for region, count in model.fewest_servers.items() if count}
        if fewest:
            count = min(fewest.values())
            yield Query(
                model=key,
                for_sec=min(model.start_sec, LOOKS_BACK_SEC),
                metric=MetricCondition(
                    series=running_containers(platform, key, fewest),
                    aligner="ALIGN_MAX",
                    reducer="REDUCE_COUNT",
                    by=("resource.label.cluster_name",),
                    bound=count,
                    is_floor=True,
                    fires_without_data=True,
                    window_sec=RUNNING_WINDOW_SEC,
                ),
                meaning=f"a cluster runs fewer servers of {key} than its fewest, {count}",
            )


def _mount_errors(platform: MonitoredPlatform, limits: Limits) -> Iterator[Query]:
    """
    Yield the clusters with a pod that cannot mount its bucket.

    Each pod by itself: one whose node starts, or whose grant is new, fails a few times, and many may at once. One that
    cannot mount at all fails every two minutes (Kubernetes, pkg/util/goroutinemap/exponentialbackoff: at most 2 min
    2 s between two attempts).
    """
    if platform.mount_errors:
        failed = select(log_series(platform.mount_errors), monitored_resource=POD_EVENTS)
        yield Query(
            expression=f"max by (cluster_name, code) (rate({failed}[{limits.window}])) * 60 > {limits.threshold:g}",
            meaning=f"a pod of a cluster fails to mount its bucket more than {limits.threshold:g} times a minute: "
            "it cannot start",
        )


SERVER_ALERTS = (
    AlertKind(
        name="picker-not-ready",
        title="No endpoint picker is ready",
        severity="critical",
        window_sec=0,
        needs="a model behind an InferencePool",
        queries=_picker_not_ready,
        labels=("cluster",),
    ),
    AlertKind(
        name="pool-below-size",
        title="Fewer servers than the config's fewest are ready",
        severity="error",
        window_sec=0,
        # A server that starts anew may need the default startup_timeout_sec for its weights and its compiler, and its
        # node and image before that. Where its model has longer, so has the alert.
        for_sec=3000,
        needs="a model with at least one server in each of its regions",
        queries=_pool_below_size,
        thresholds=_too_few_run,
        labels=("cluster",),
    ),
    AlertKind(
        name="mount-errors",
        title="Buckets cannot be mounted",
        severity="error",
        unit="errors a minute",
        # Above 3 in ten minutes, and below one in two minutes and a half.
        threshold=0.35,
        lowest=0,
        highest=1000,
        window_sec=600,
        # Longer than the window: what a start or a new grant fails with in its first minutes is over by then.
        for_sec=900,
        needs="`observability.log_metrics`, and a model whose servers mount a bucket",
        queries=_mount_errors,
        labels=("cluster_name", "code"),
    ),
)
