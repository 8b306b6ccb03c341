"""A stop where a cluster that is managed elsewhere cannot serve models behind the gateway."""

from __future__ import annotations

from collections.abc import Mapping

from cdktf_cdktf_provider_google.data_google_container_cluster import DataGoogleContainerCluster
from cdktf_cdktf_provider_google.provider import GoogleProvider
from constructs import Construct

from constructs_lib.accelerators import PoolPlan
from constructs_lib.cluster_features import (
    DNS_ENDPOINT,
    FUSE_DRIVER,
    GATEWAY_API,
    HTTP_LOAD_BALANCING,
    MANAGED_PROMETHEUS,
    SECRET_MANAGER,
    workload_identity,
)
from constructs_lib.cluster_plan import ClusterPlan
from constructs_lib.cluster_version import reaches_floor
from constructs_lib.postconditions import ends_with, refuse_unless, shown
from constructs_lib.specs import ClusterSpec

MACHINE = 'try(coalesce(pool.node_config[0].machine_type), "-")'
POOLS = f'distinct([for pool in self.node_pool : join(" ", [pool.name, {MACHINE}])])'
UPGRADE = "upgrade it where it is managed, or leave those features out"


def find_cluster(
    scope: Construct,
    id_: str,
    *,
    google: GoogleProvider,
    plan: ClusterPlan,
    spec: ClusterSpec,
    node_pools: Mapping[str, PoolPlan] | None = None,
    membership: str | None = None,
) -> DataGoogleContainerCluster:
    """
    Read the cluster of *plan* while Terraform plans, and stop what depends on it where it does not fit.

    Args:
        node_pools: What each node pool must be that it must have, by name. Default: none.
        membership: Full name of the only membership of a fleet that it may have. Default: it is in no fleet, or any.
    """
    conditions = {
        **_place(plan),
        **_features(plan, spec),
    }
    for name, pool in (node_pools or {}).items():
        conditions |= _pool(plan, name, pool)
    if membership is not None:
        joined, place = "self.fleet[0].membership", membership.partition("/locations/")[2]
        conditions[f'try(coalesce({joined}), "") == "" || {ends_with(joined, f"/locations/{place}")}'] = (
            f"{plan.name} must be in no fleet, or in this one as {membership}, got {shown(joined)}: name its "
            "membership in existing.membership"
        )
    version = reaches_floor(plan.name, plan.version_floor, fix=UPGRADE)["postcondition"]
    return DataGoogleContainerCluster(
        scope,
        id_,
        provider=google,
        project=plan.project,
        name=plan.name,
        location=plan.location,
        lifecycle={"postcondition": [*version, *refuse_unless(conditions)["postcondition"]]},
    )


def _place(plan: ClusterPlan) -> Mapping[str, str]:
    pods = 'try(self.ip_allocation_policy[0].cluster_secondary_range_name, "")'
    return {
        ends_with("self.network", plan.network_path): f"{plan.name} must be in {plan.network_path}, got "
        f"{shown('self.network')}",
        ends_with("self.subnetwork", plan.subnetwork_path): f"{plan.name} must be in {plan.subnetwork_path}, got "
        f"{shown('self.subnetwork')}",
        f'{pods} == "{plan.pods_range}"': f"{plan.name} must be VPC-native, with its pods in the secondary range "
        f"{plan.pods_range}, got ${{{pods}}}",
    }


def _pool(plan: ClusterPlan, name: str, pool: PoolPlan) -> Mapping[str, str]:
    """Return what a node pool must be for servers to run on it: a pod that stays pending does not say why."""
    machine, title = pool.machine.machine_type, f"Node pool {name} of {plan.name}"
    held = f'[for pool in self.node_pool : pool if pool.name == "{name}"][0]'
    conditions = {
        f'contains({POOLS}, "{name} {machine}")': f"{plan.name} must have a node pool {name} of {machine}, got "
        f'${{join(", ", {POOLS})}}',
        f'try({held}.node_config[0].workload_metadata_config[0].mode, "") == "GKE_METADATA"': f"{title} must give pods "
        "their own identity: `gcloud container node-pools update --workload-metadata=GKE_METADATA`",
    }
    if pool.topology:
        topology = f"{held}.placement_policy[0].tpu_topology"
        conditions[f'try(coalesce({topology}), "{pool.topology}") == "{pool.topology}"'] = (
            f"{title} must have topology {pool.topology}, got {shown(topology)}"
        )
    if pool.dranet:
        profile = f"{held}.network_config[0].accelerator_network_profile"
        conditions[f'try(coalesce({profile}), "") == "auto"'] = (
            f"{title} must have managed DRANET, got {shown(profile)}: write dranet: false for pools without it"
        )
    return conditions


def _features(plan: ClusterPlan, spec: ClusterSpec) -> Mapping[str, str]:
    """Return what a cluster must have on, with the command that turns it on where there is one."""
    pool = plan.universe.workload_pool(plan.project)
    mode = "Autopilot" if spec.autopilot else "Standard"
    wanted = {
        f'try(self.workload_identity_config[0].workload_pool, "") == "{pool}"': workload_identity(pool),
        'try(self.gateway_api_config[0].channel, "") == "CHANNEL_STANDARD"': GATEWAY_API,
        "!try(coalesce(self.addons_config[0].http_load_balancing[0].disabled), false)": HTTP_LOAD_BALANCING,
        _is_on("control_plane_endpoints_config[0].dns_endpoint_config[0].allow_external_traffic"): DNS_ENDPOINT,
        _is_on("monitoring_config[0].managed_prometheus[0].enabled"): MANAGED_PROMETHEUS,
    }
    if plan.mounts_buckets:
        wanted[_is_on("addons_config[0].gcs_fuse_csi_driver_config[0].enabled")] = FUSE_DRIVER
    if plan.secret_manager:
        wanted[_is_on("secret_manager_config[0].enabled")] = SECRET_MANAGER
    made = {
        condition: f"{plan.name} must have {feature.what}: run "
        f"`{feature.command(plan.project, plan.location, plan.name)}`"
        for condition, feature in wanted.items()
    }
    is_autopilot = "coalesce(self.enable_autopilot, false)"
    made[is_autopilot if spec.autopilot else f"!{is_autopilot}"] = (
        f"{plan.name} must be {mode}, as cluster.mode says: a cluster cannot change that"
    )
    if spec.dataplane_v2 or spec.autopilot:
        made['self.datapath_provider == "ADVANCED_DATAPATH"'] = (
            f"{plan.name} must have Dataplane V2, as cluster.dataplane_v2 says, got "
            f"{shown('self.datapath_provider')}: a cluster cannot change that"
        )
    return made


def _is_on(path: str) -> str:
    return f"coalesce(try(self.{path}, false), false)"
