"""A cluster that exists: what the plan checks of it, and what is in it that would be in the way."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from constructs_lib.accelerators import PoolPlan
from constructs_lib.cluster_features import (
    DNS_ENDPOINT,
    FUSE_DRIVER,
    GATEWAY_API,
    HTTP_LOAD_BALANCING,
    MANAGED_PROMETHEUS,
    SECRET_MANAGER,
    ClusterFeature,
    workload_identity,
)
from constructs_lib.gke_version import GkeVersion
from gke_inference.api_error import ApiError
from gke_inference.check import Check
from gke_inference.cluster_api import ClusterApi
from gke_inference.concurrency import Once
from gke_inference.findings import Finding, good, judge, wrong
from gke_inference.load_balancer import path_of
from gke_inference.preflight.target import Target
from platform_config.model import models_in
from platform_config.requirements import version_floor

CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/gateways.gateway.networking.k8s.io"
RUNS = ("RUNNING", "RECONCILING")
Cluster = Mapping[str, Any]


def checks(target: Target) -> Iterator[Check]:
    """Yield those of each cluster that exists, and one for each namespace that does."""
    for key in target.keys:
        if target.config.regions[key].existing.cluster is not None:
            ask = Once(partial(_ask, target, key))
            yield Check(
                id="EXISTING-CLUSTER", needed=f"{target.names.cluster_path(key)}, fit for models", where=key,
                role="container.clusters.get", ask=partial(_cluster, target, key, ask),
            )  # fmt: skip
            yield Check(
                id="EXISTING-CRDS", needed="no Gateway API that somebody installed by hand", where=key,
                role="container.clusters.connect and container.customResourceDefinitions.get",
                ask=partial(_definitions, target, key, ask),
            )  # fmt: skip
        if target.config.existing.namespace:
            yield Check(
                id="EXISTING-NAMESPACE", needed=f"the namespace {target.config.namespace}", where=key,
                role="container.clusters.connect and container.namespaces.get", ask=partial(_namespace, target, key),
            )  # fmt: skip


def _ask(target: Target, key: str) -> dict[str, Any] | None:
    name = target.names.cluster_path(key)
    return target.google.find("container", "v1", "projects.locations.clusters.get", name=name)


def _cluster(target: Target, key: str, ask: Once[dict[str, Any] | None]) -> Iterator[Finding]:
    path, found = target.names.cluster_path(key), ask()
    needed = f"{path}, running"
    if found is None:
        fix = f"correct regions.{key}.existing.cluster: `gcloud container clusters list` shows those that there are"
        yield wrong("EXISTING-CLUSTER", f"there is no {path}", needed, fix)
        return
    status = found.get("status", "in no state")
    problems = {} if status in RUNS else {status: "wait until it runs, or look at it in the console"}
    yield judge("EXISTING-CLUSTER", status, needed, problems)
    yield _network(target, key, found)
    yield _version(target, key, found)
    yield _kind(target, key, found)
    yield _features(target, key, found)
    if pools := target.config.regions[key].existing.node_pools:
        yield _pools(target, key, found, pools)


def _network(target: Target, key: str, found: Cluster) -> Finding:
    names, existing = target.names, target.config.regions[key].existing
    in_, pods = found.get("networkConfig", {}), found.get("ipAllocationPolicy", {}).get("clusterSecondaryRangeName")
    network, subnet = path_of(in_.get("network", "")), path_of(in_.get("subnetwork", ""))
    problems = {}
    if network != names.network_path:
        problems[f"it is in {network}"] = "set existing.network to it"
    elif subnet != names.node_subnet_path(key):
        problems[f"it is in {subnet}"] = f"set regions.{key}.existing.subnet to {subnet.rpartition('/')[2]}"
    if pods is None:
        problems["it is not VPC-native"] = "use another cluster: this cannot be changed"
    elif pods != existing.pods_range:
        problems[f"its pods are in {pods}"] = f"set regions.{key}.existing.pods_range to {pods}"
    needed = f"in {names.node_subnet_path(key)}, with its pods in {existing.pods_range}"
    return judge("EXISTING-CLUSTER-NETWORK", "there", needed, problems)


def _version(target: Target, key: str, found: Cluster) -> Finding:
    floor, version = version_floor(target.config, key), found.get("currentMasterVersion", "")
    problems = {}
    if GkeVersion.parse(version) < GkeVersion.parse(floor):
        name, location = target.names.cluster(key), target.names.cluster_location(key)
        fix = f"gcloud container clusters upgrade {name} --project={target.project} --location={location} --master"
        problems[f"it has {version}"] = f"{fix}, or leave out the features that need it"
    return judge("EXISTING-CLUSTER-VERSION", version, f"GKE {floor} or newer", problems)


def _kind(target: Target, key: str, found: Cluster) -> Finding:
    """Judge what a cluster cannot change."""
    spec, fix = target.config.cluster, "use another cluster: this cannot be changed"
    autopilot = bool(found.get("autopilot", {}).get("enabled"))
    dataplane = found.get("networkConfig", {}).get("datapathProvider", "LEGACY_DATAPATH")
    problems = {}
    if autopilot != spec.autopilot:
        mode = "autopilot" if autopilot else "standard"
        problems[f"it is {mode.capitalize()}"] = f"set cluster.mode to {mode}, or use another cluster"
    if (spec.dataplane_v2 or spec.autopilot) and dataplane != "ADVANCED_DATAPATH":
        more = "" if spec.autopilot else ", or set cluster.dataplane_v2 to false"
        problems[f"it has {dataplane}, not Dataplane V2"] = fix + more
    kind = "Autopilot" if spec.autopilot else "Standard"
    needed = f"{kind}{' with Dataplane V2' if spec.dataplane_v2 or spec.autopilot else ''}"
    return judge("EXISTING-CLUSTER-KIND", f"{'Autopilot' if autopilot else 'Standard'}, {dataplane}", needed, problems)


def _features(target: Target, key: str, found: Cluster) -> Finding:
    wanted = {feature.what: feature for feature in _wanted(target, key)}
    on = {feature.what for feature in _turned_on(target, found)}
    place = target.project, target.names.cluster_location(key), target.names.cluster(key)
    problems = {f"it lacks {what}": wanted[what].command(*place) for what in wanted if what not in on}
    return judge("EXISTING-CLUSTER-FEATURES", f"all {len(wanted)} are on", ", ".join(wanted), problems)


def _wanted(target: Target, key: str) -> Iterator[ClusterFeature]:
    """Yield what the cluster of region *key* must have on."""
    config = target.config
    yield workload_identity(target.names.workload_pool)
    yield from (GATEWAY_API, HTTP_LOAD_BALANCING, DNS_ENDPOINT, MANAGED_PROMETHEUS)
    if any(model.mounts_bucket for model in models_in(config, key)):
        yield FUSE_DRIVER
    if config.mounts_token:
        yield SECRET_MANAGER


def _turned_on(target: Target, found: Cluster) -> Iterator[ClusterFeature]:
    """Yield what *found* has on."""
    addons, pool = found.get("addonsConfig", {}), found.get("workloadIdentityConfig", {}).get("workloadPool")
    dns = found.get("controlPlaneEndpointsConfig", {}).get("dnsEndpointConfig", {})
    prometheus = found.get("monitoringConfig", {}).get("managedPrometheusConfig", {})
    states = {
        workload_identity(target.names.workload_pool): pool == target.names.workload_pool,
        GATEWAY_API: _has_gateway_api(found),
        HTTP_LOAD_BALANCING: not addons.get("httpLoadBalancing", {}).get("disabled"),
        DNS_ENDPOINT: dns.get("allowExternalTraffic"),
        MANAGED_PROMETHEUS: prometheus.get("enabled"),
        FUSE_DRIVER: addons.get("gcsFuseCsiDriverConfig", {}).get("enabled"),
        SECRET_MANAGER: found.get("secretManagerConfig", {}).get("enabled"),
    }
    yield from (feature for feature, is_on in states.items() if is_on)


def _has_gateway_api(found: Cluster) -> bool:
    channel = found.get("networkConfig", {}).get("gatewayApiConfig", {}).get("channel")
    return bool(channel == "CHANNEL_STANDARD")


def _pools(target: Target, key: str, found: Cluster, pools: Mapping[str, str]) -> Finding:
    there = {pool["name"]: pool for pool in found.get("nodePools", [])}
    wanted = {name: target.config.pools(key)[pool] for pool, name in pools.items()}
    problems: dict[str, str] = {}
    for name, pool in wanted.items():
        if name in there:
            problems |= _pool(name, there[name], pool, f"regions.{key}.existing.node_pools")
        else:
            fix = f"correct regions.{key}.existing.node_pools, or remove it: the platform adds a pool"
            problems[f"there is no node pool {name}, those that there are: {', '.join(there) or 'none'}"] = fix
    needed = ", ".join(f"{name} of {pool.machine.machine_type}" for name, pool in wanted.items())
    return judge("EXISTING-CLUSTER-POOLS", "there", needed, problems)


def _pool(name: str, found: Mapping[str, Any], pool: PoolPlan, setting: str) -> dict[str, str]:
    """Return what is wrong with the node pool *found*: a pod that stays pending does not say why."""
    node, wanted, problems = found.get("config", {}), pool.machine.machine_type, dict[str, str]()
    if node.get("machineType") != wanted:
        fix = f"name a pool of {wanted} in {setting}, or remove it"
        problems[f"{name} has machines of {node.get('machineType', '?')}"] = fix
    if node.get("workloadMetadataConfig", {}).get("mode") != "GKE_METADATA":
        fix = f"gcloud container node-pools update {name} --workload-metadata=GKE_METADATA"
        problems[f"{name} does not give pods their own identity"] = fix
    topology = found.get("placementPolicy", {}).get("tpuTopology") or pool.topology
    if pool.topology and topology != pool.topology:
        problems[f"{name} has topology {topology}"] = f"name a pool with {pool.topology} in {setting}, or remove it"
    profile = found.get("networkConfig", {}).get("acceleratorNetworkProfile")
    if pool.dranet and profile != "auto":
        problems[f"{name} has no managed DRANET"] = "write dranet: false for pools without it, or name another one"
    return problems


def _definitions(target: Target, key: str, ask: Once[dict[str, Any] | None]) -> Iterator[Finding]:
    """
    Look for the Gateway API in a cluster that does not have GKE's: turned on, it would not replace what is there.

    Source: GoogleCloudPlatform/gcpdiag, gke/bp_2023_004 and its neighbours: the event "manually installed CRDs".
    """
    needed, found = "no Gateway API that somebody installed by hand", ask()
    if found is None:
        return
    if _has_gateway_api(found):
        yield good("EXISTING-CRDS", "GKE manages it", needed)
        return
    try:
        ClusterApi.of(target.google, target.names.cluster_path(key)).get(CRDS)
    except ApiError as error:
        if not error.missing:
            raise
        yield good("EXISTING-CRDS", "none", needed)
    else:
        fix = "`kubectl get crds -o name | grep gateway.networking.k8s.io` shows them: delete them, with the gateways "
        fix += "that they are of, before you turn the Gateway API on"
        yield wrong("EXISTING-CRDS", "its definitions are there, and GKE's Gateway API is off", needed, fix)


def _namespace(target: Target, key: str) -> Iterator[Finding]:
    namespace = target.config.namespace
    needed = f"the namespace {namespace} is there"
    if not target.has_cluster(key):
        if target.config.regions[key].existing.cluster is None:
            fix = f"remove existing.namespace: the cluster of {key} is made, and has none yet"
            yield wrong("EXISTING-NAMESPACE", "there is no cluster yet", needed, fix)
        return
    try:
        found = ClusterApi.of(target.google, target.names.cluster_path(key)).get(f"/api/v1/namespaces/{namespace}")
    except ApiError as error:
        if not error.missing:
            raise
        fix = f"kubectl create namespace {namespace}, or remove existing.namespace: it is made"
        yield wrong("EXISTING-NAMESPACE", f"there is no namespace {namespace}", needed, fix)
        return
    phase = found.get("status", {}).get("phase", "Active")
    problems = {} if phase == "Active" else {f"it is {phase}": "wait until it is gone, and have it made anew"}
    yield judge("EXISTING-NAMESPACE", f"there, {phase}", needed, problems)
