"""Rules about clusters: versions, features that need each other, protection."""

from __future__ import annotations

from collections.abc import Iterator

from constructs_lib.gke_version import BALANCER_METRIC, BALANCER_METRIC_BEFORE, GkeVersion
from platform_config.config import Config
from platform_config.errors import Problem, shown
from platform_config.requirements import feature_floors
from platform_config.rules.rule import Rule, models, pool_plans


def _version(config: Config) -> Iterator[Problem]:
    if config.cluster.gke_version is not None and _read(config) is None:
        message = f"must read like 1.35 or 1.35.2-gke.1842000, got {shown(config.cluster.gke_version)}"
        yield Problem(
            "cluster.gke_version", message, "leave it out: the lowest version with all features in use is taken"
        )


def _read(config: Config) -> GkeVersion | None:
    try:
        return GkeVersion.parse(config.cluster.gke_version or "")
    except ValueError:
        return None


def _floor(config: Config) -> Iterator[Problem]:
    version = _read(config)
    for feature, floor in _floors(config).items() if version else ():
        if version and not version.reaches(GkeVersion.parse(floor)):
            message = f"must reach {floor} for {feature}, got {shown(config.cluster.gke_version)}"
            fix = f"write '{GkeVersion.parse(floor).minor}' or newer, or leave it out"
            yield Problem("cluster.gke_version", message, fix)


def _floors(config: Config) -> dict[str, str]:
    floors: dict[str, str] = {}
    for key in config.regions:
        try:
            floors |= feature_floors(config, key)
        except ValueError:  # A machine that POOL-MACHINE refuses.
            continue
    return floors


def _balancer_metric(config: Config) -> Iterator[Problem]:
    version, new, old = _read(config), BALANCER_METRIC, BALANCER_METRIC_BEFORE
    by_metric = any(model.balancing.max_utilization_percent is not None for _, model in models(config))
    if not by_metric or version is None:
        return
    if version.reaches(GkeVersion.parse(old.version)) and not version.reaches(GkeVersion.parse(new.version)):
        message = (
            f"should reach {new.version} for {new.feature}, got {shown(config.cluster.gke_version)}: {new.source} "
            f"({new.read}); {old.version} is enough by {old.source} ({old.read})"
        )
        fix = f"write '{GkeVersion.parse(new.version).minor}' or newer, or set gateway.max_in_flight_requests"
        yield Problem("cluster.gke_version", message, fix)


def _dranet(config: Config) -> Iterator[Problem]:
    pools = [path for path, plan in pool_plans(config) if plan.dranet]
    if pools and not config.cluster.dataplane_v2:
        message = f"must be true for managed DRANET in {', '.join(pools)}, got false"
        yield Problem("cluster.dataplane_v2", message, "remove the line, or set dranet: false in the pools")


def _zonal(config: Config) -> Iterator[Problem]:
    if config.cluster.control_plane == "zonal":
        yield Problem("cluster.control_plane", "should be regional in production, got zonal", "remove the line")


def _protection(config: Config) -> Iterator[Problem]:
    if not config.cluster.deletion_protection:
        yield Problem("cluster.deletion_protection", "should be true until you tear down, got false", "remove the line")


def _enforced(config: Config) -> Iterator[Problem]:
    if config.cluster.network_policies and not config.cluster.dataplane_v2:
        message = "should be false without dataplane_v2, got true: the policies are not enforced"
        yield Problem("cluster.network_policies", message, "set dataplane_v2: true, or network_policies: false")


RULES = (
    Rule(
        "GKE-VERSION",
        "`gke_version` is a GKE version or its beginning",
        "GKE knows 1.35 and 1.35.2-gke.1842000, but neither latest nor 1.35.x.",
        "GKE API, Cluster.initialClusterVersion",
        _version,
    ),
    Rule(
        "GKE-FLOOR",
        "`gke_version` has every feature in use",
        "Older versions make the cluster and then lack the CRD or refuse the pool.",
        "Google, Set up the multi-cluster GKE Inference Gateway; Allocate network resources using GKE managed DRANET",
        _floor,
    ),
    Rule(
        "GKE-BALANCER-METRIC",
        "`gke_version` has the load balancer's custom metric, by the newer of two pages that disagree",
        "Where the metric does not reach the load balancer, no region ever looks full.",
        f"{BALANCER_METRIC.source}; {BALANCER_METRIC_BEFORE.source}",
        _balancer_metric,
        severity="warning",
    ),
    Rule(
        "GKE-DRANET-V2",
        "Managed DRANET needs Dataplane V2",
        "GKE refuses the pool, and Dataplane V2 cannot be turned on later.",
        "Google, Allocate network resources using GKE managed DRANET, requirements",
        _dranet,
    ),
    Rule(
        "GKE-ZONAL",
        "Control planes are regional",
        "A zonal one fails with its zone, and is unavailable during each upgrade.",
        "Google, GKE cluster availability",
        _zonal,
        severity="warning",
    ),
    Rule(
        "GKE-PROTECTED",
        "Clusters are protected from deletion",
        "A mistaken destroy deletes a serving cluster.",
        "provider google 7.45, google_container_cluster.deletion_protection",
        _protection,
        severity="warning",
    ),
    Rule(
        "GKE-POLICIES",
        "Network policies need Dataplane V2",
        "Without it, and without the older add-on, GKE accepts them and lets everything through.",
        "Google, Control communication between Pods and Services using network policies",
        _enforced,
        severity="warning",
    ),
)
