"""The lowest GKE version that has every feature a region uses, and the source of the autoscaler's metrics."""

from constructs_lib.gke_version import (
    MANAGED_DRANET,
    MULTI_CLUSTER_INFERENCE_GATEWAY,
    NATIVE_CUSTOM_METRICS,
    GkeVersion,
    highest,
)
from constructs_lib.serving_plan import MetricSource
from platform_config.config import Config


def feature_floors(config: Config, key: str) -> dict[str, str]:
    """Return each feature that region *key* uses, with the first GKE version that has it."""
    used = [MULTI_CLUSTER_INFERENCE_GATEWAY]
    if config.autoscaling and metric_source(config) == "native":
        used.append(NATIVE_CUSTOM_METRICS)
    pools = list(config.pools(key).values())
    if any(pool.dranet for pool in pools):
        used.append(MANAGED_DRANET)
    machines = {pool.machine.machine_type: pool.machine.min_gke_version for pool in pools}
    return {floor.feature: floor.version for floor in used} | {name: low for name, low in machines.items() if low}


def version_floor(config: Config, key: str) -> str:
    """Return the lowest GKE version that the cluster of region *key* may have."""
    return highest(list(feature_floors(config, key).values()))


def metric_source(config: Config) -> MetricSource:
    """Return where autoscalers read the servers' load: as given, or GKE itself if `gke_version` is new enough."""
    if config.autoscaling and config.autoscaling.metric_source:
        return config.autoscaling.metric_source
    try:
        given = GkeVersion.parse(config.cluster.gke_version or "")
    except ValueError:  # No version is given, or one that the rule GKE-VERSION refuses.
        return "native"
    return "native" if given.reaches(GkeVersion.parse(NATIVE_CUSTOM_METRICS.version)) else "pods"


def needs_adapter(config: Config) -> bool:
    """Return whether the platform installs the custom metrics adapter."""
    spec = config.autoscaling
    return spec is not None and metric_source(config) != "native" and spec.install_adapter is not False
