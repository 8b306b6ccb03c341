"""What a config requires: Google APIs, GKE versions, the size of system nodes and caches, an adapter of metrics."""

from __future__ import annotations

from typing import Literal

from constructs_lib.gke_version import (
    APIGEE,
    INFERENCE_POOL,
    MANAGED_DRANET,
    MANAGED_DRANET_OF_AUTOPILOT,
    MULTI_CLUSTER_INFERENCE_GATEWAY,
    NATIVE_CUSTOM_METRICS,
    SHARED_GPUS_OF_CLASSES,
    Floor,
    highest,
)
from constructs_lib.google_names import DISCOVERY_FEATURE, GATEWAY_FEATURE
from constructs_lib.picker_chart import endpoint_picker_requests
from platform_config.config import Config
from platform_config.model import models_in

AdapterSource = Literal["pods", "external"]
ADAPTER_SOURCES: tuple[AdapterSource, ...] = ("pods", "external")
"""Where autoscalers read a load that comes through the custom metrics adapter."""

SERVICES = (
    "autoscaling",
    "cloudresourcemanager",
    "compute",
    "container",
    "iam",
    "logging",
    "monitoring",
    "networkservices",
    "storage",
)
"""Google APIs that every platform needs."""
FLEET_SERVICES = ("gkehub", GATEWAY_FEATURE, "trafficdirector")
"""Those that the fleet of a cross-region gateway needs too."""
IMAGE_STREAMING_SERVICE = "containerfilesystem"
"""The API that nodes stream images from. Source: Google, "Use Image streaming to pull container images"."""
MACHINES = (("e2-standard-4", 4, 16), ("e2-standard-8", 8, 32), ("e2-standard-16", 16, 64), ("e2-standard-32", 32, 128))
"""Name, vCPU and memory in GiB."""
SYSTEM_CPU = 1.5
"""vCPU of one node that GKE's own pods and the node itself use, rounded up."""
SYSTEM_MEMORY_GIB = 5
"""GiB of memory that they use."""


def project_services(config: Config) -> list[str]:
    """Return the APIs that every platform needs, and those that settings of *config* need."""
    extra = [] if config.is_regional else [*FLEET_SERVICES]
    if config.service_discovery:
        extra.append(DISCOVERY_FEATURE)
    tls = config.gateway.tls
    if tls and not tls.secret_name:
        extra.append("certificatemanager")
    if config.dns or (tls and tls.dns_zone):
        extra.append("dns")
    if config.gateway.iap:
        extra.append("iap")
    if config.token_secrets or config.observability.channel_secrets or (tls and tls.private_key_secret):
        extra.append("secretmanager")
    if config.gateway.model_armor is not None:
        extra.append("modelarmor")
    if config.gateway.apigee is not None:
        extra.append("apigee")
    if config.loads_in_cloud_run:
        extra.append("run")
    if streams_images(config):
        extra.append(IMAGE_STREAMING_SERVICE)
    return sorted([*SERVICES, *extra])


def grants_in_host(config: Config) -> bool:
    """
    Return whether GKE's agent gets its role in the project of a Shared VPC from the platform.

    It belongs to the project: where a cluster is there already, it is there too.
    """
    shared = config.existing.network_project(config.project) != config.project
    return shared and not config.existing.shared_vpc_roles and not _has_clusters(config)


def shared_vpc_regions(config: Config) -> tuple[str, ...]:
    """Return the regions on whose subnet Google's agents get their roles from the platform: those that it makes too."""
    if config.existing.network_project(config.project) == config.project:
        return ()
    left = config.existing.shared_vpc_roles
    return tuple(
        key
        for key, region in config.regions.items()
        if region.existing.cluster is None and not (left and region.existing.subnet)
    )


def _has_clusters(config: Config) -> bool:
    return any(region.existing.cluster for region in config.regions.values())


def streams_images(config: Config) -> bool:
    """Return whether the nodes of some pool stream container images."""
    specs = [*config.node_pools.values()]
    specs += [spec for region in config.regions.values() for spec in (region.node_pools or {}).values()]
    return any(spec.image_streaming is True for spec in specs)


def gateway_floor(config: Config) -> Floor:
    """Return the first GKE version that has gateways of the platform's kind."""
    return INFERENCE_POOL if config.is_regional else MULTI_CLUSTER_INFERENCE_GATEWAY


def feature_floors(config: Config, key: str) -> dict[str, str]:
    """Return each feature that region *key* uses, with the first GKE version that has it."""
    used = [gateway_floor(config)]
    if config.gateway.apigee is not None and key in config.gateway_regions:
        used.append(APIGEE)
    if any(model.autoscaling and model.metric_source == "native" for model in models_in(config, key)):
        used.append(NATIVE_CUSTOM_METRICS)
    pools = list(config.pools(key).values())
    autopilot = config.cluster.autopilot
    if any(pool.dranet for pool in pools):
        used.append(MANAGED_DRANET_OF_AUTOPILOT if autopilot else MANAGED_DRANET)
    if autopilot and any(pool.shared for pool in pools):
        used.append(SHARED_GPUS_OF_CLASSES)
    machines = {pool.machine.machine_type: pool.machine.min_gke_version for pool in pools}
    return {floor.feature: floor.version for floor in used} | {name: low for name, low in machines.items() if low}


def version_floor(config: Config, key: str) -> str:
    """Return the lowest GKE version that the cluster of region *key* may have."""
    return highest(list(feature_floors(config, key).values()))


def adapter_sources(config: Config, key: str) -> tuple[AdapterSource, ...]:
    """Return what the custom metrics adapter of region *key* serves, `pods` before `external`; empty without one."""
    if config.cluster.metrics_adapter is False:
        return ()
    used = {model.metric_source for model in models_in(config, key) if model.autoscaling}
    return tuple(source for source in ADAPTER_SOURCES if source in used)


def needs_adapter(config: Config) -> bool:
    """Return whether any region gets the custom metrics adapter."""
    return any(adapter_sources(config, key) for key in config.regions)


def system_machine_type(config: Config) -> str:
    """
    Return the machine type of the system nodes: as given, or the smallest that fits.

    One endpoint picker of the platform's chart must fit beside GKE's own pods; for more of them the pool grows
    by nodes. It does not depend on the models, so that adding one replaces no node. An Autopilot cluster has no such
    nodes: Google chooses them.
    """
    if config.cluster.system_pool.machine_type:
        return config.cluster.system_pool.machine_type
    cpu, memory_gib = endpoint_picker_requests(config.inference_pool)
    return next(
        name for name, cpus, gib in MACHINES if cpus >= cpu + SYSTEM_CPU and gib >= memory_gib + SYSTEM_MEMORY_GIB
    )
