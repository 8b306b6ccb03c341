"""What a change of each setting does to a deployed platform: one table, for the docs and for the synth's summary."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from platform_config.config import Config
from platform_config.pages import REMOVE_A_MODEL, REMOVE_A_REGION, TURN_AUTOSCALING_ON
from platform_config.shape import is_map, item_of, settings_of
from platform_config.stack_graph import (
    GATEWAY_STACK,
    GATEWAY_STACKS,
    LOAD_STACK,
    NETWORK_STACK,
    SERVING_STACKS,
    WEIGHTS_STACK,
)

Kind = Literal["in place", "replaces", "refused", "leaves", "nothing"]


@dataclass(frozen=True)
class Effect:
    """
    What a change of one setting does.

    Attributes:
        kind: `in place`: resources are updated. `replaces`: a resource is deleted and created again. `refused`: the
            plan fails and shows the steps. `leaves`: what the setting stands for is removed, in steps. `nothing`: no
            resource changes.
        note: What else is worth knowing; for `replaces`, what is replaced.
    """

    kind: Kind
    note: str = ""

    @property
    def text(self) -> str:
        """The effect as a reader sees it."""
        return f"replaces {self.note}" if self.kind == "replaces" else ": ".join(filter(None, (self.kind, self.note)))


IN_PLACE = Effect("in place")
OTHER_ZONE = Effect("refused", "the zone would be deleted with every name in it; the plan shows the steps")
RESTARTS = Effect("in place", "restarts the servers")
NODES = Effect("in place", "GKE replaces the nodes, one after the other")
REMOVED_ZONE = Effect("in place", "nodes in a removed zone are deleted at once")
POOL = Effect("replaces", "the pool in every region that has it: its servers are gone until it is back")
DOWNLOAD = Effect("replaces", "the download Job, and restarts the servers")
_GATEWAY_FIRST = f"apply `{GATEWAY_STACK}` before `{NETWORK_STACK}`"
_OFF_FIRST = "to remove it: first `enabled: false`, deploy"
OTHER_BACKEND = Effect(
    "in place",
    "restarts the servers; from an InferencePool to a Service or back, requests fail until the gateway has changed: a "
    "second model with another key avoids that",
)
FIXED = Effect("refused", "a region with another key and number can have it")

EFFECTS: Mapping[str, Effect] = {
    "name": Effect("nothing", "creates a second platform, with its own states"),
    "project": Effect("refused", "another project needs another `name`"),
    "regions": Effect("in place", f"a new key adds a region; to remove one: {REMOVE_A_REGION}"),
    "regions.<key>.number": FIXED,
    "regions.<key>.region": FIXED,
    "regions.<key>.zones": REMOVED_ZONE,
    "regions.<key>.config_cluster": Effect("refused", "the plan shows the steps; there is no gateway meanwhile"),
    "regions.<key>.capacity_percent": IN_PLACE,
    "regions.<key>.preferred": IN_PLACE,
    "regions.<key>.cidrs": FIXED,
    "regions.<key>.node_pools": Effect("in place", "as `node_pools`"),
    "regions.<key>.serves": Effect(
        "in place", f"to `false`: first destroy `{SERVING_STACKS}<key>`, or its servers lose their nodes while asked"
    ),
    "regions.<key>.beside": FIXED,
    "regions.<key>.existing": FIXED,
    "regions.<key>.existing.router": Effect("in place", "the platform's own NAT goes: first see that the other works"),
    "regions.<key>.existing.gateway_address": Effect("in place", f"another address: {_GATEWAY_FIRST}"),
    "regions.<key>.existing.node_pools": Effect(
        "in place", "a pool that the platform made is deleted: its servers are gone until they run on the other"
    ),
    "existing.network": Effect("refused", "another platform with another `name` can have it"),
    "existing.firewall": Effect("in place", "the platform's own rules go: first see that the others are there"),
    "existing.shared_vpc_roles": Effect(
        "in place", "to `true`: the roles stay in the project, and leave the state; no plan removes them then"
    ),
    "existing.bucket": Effect("refused", "the plan shows the steps"),
    "existing.node_service_account": Effect("replaces", "every node pool: its servers are gone until it is back"),
    "existing.namespace": Effect("refused", "the plan shows the steps"),
    "existing.fleet_features": Effect("refused", "the plan shows the steps; there is no gateway meanwhile"),
    "node_pools": Effect(
        "in place",
        "removing a key deletes its pool before the servers have changed: first take it out of `node_pools` of its "
        "models, deploy",
    ),
    "node_pools.<key>.machine_type": POOL,
    "node_pools.<key>.topology": POOL,
    "node_pools.<key>.nodes_per_zone": IN_PLACE,
    "node_pools.<key>.autoscaling": IN_PLACE,
    "node_pools.<key>.capacity": POOL,
    "node_pools.<key>.dranet": POOL,
    "node_pools.<key>.compact_placement": POOL,
    "node_pools.<key>.disk_gib": NODES,
    "node_pools.<key>.disk_type": NODES,
    "node_pools.<key>.gpu_driver_version": POOL,
    "node_pools.<key>.gpu_operator": POOL,
    "node_pools.<key>.gpu_sharing": POOL,
    "node_pools.<key>.gpu_partition": POOL,
    "node_pools.<key>.local_ssds": POOL,
    "node_pools.<key>.zones": REMOVED_ZONE,
    "node_pools.<key>.image_streaming": Effect(
        "in place", "GKE replaces the nodes, one after the other; without the line it stays as it was"
    ),
    "node_pools.<key>.preloaded_image_disk": POOL,
    "models": Effect("in place", f"a new key adds a model; to remove one: {REMOVE_A_MODEL}"),
    "models.<key>.weights": Effect("in place", "restarts its servers"),
    "models.<key>.weights.repository": Effect(
        "replaces",
        f"{DOWNLOAD.note}; without `served_name` the model's name changes too, and vLLM answers the old one with 404 "
        "from then on",
    ),
    "models.<key>.weights.revision": DOWNLOAD,
    "models.<key>.weights.files": DOWNLOAD,
    "models.<key>.weights.bucket_path": Effect(
        "in place", "restarts its servers; the grant on another bucket leaves before they have changed"
    ),
    "models.<key>.weights.hugging_face_token": Effect(
        "replaces",
        "the grant on the secret, or the download Job; servers that download fail if they start before they change",
    ),
    "models.<key>.weights.source": Effect(
        "in place",
        "restarts its servers; keep `bucket` until they have changed. Back to `bucket`: a server that starts before it "
        "has changed cannot read the token",
    ),
    "models.<key>.weights.loader": Effect(
        "in place",
        f"the other loader finds everything there; before the last model leaves `{WEIGHTS_STACK}` or `{LOAD_STACK}`, "
        "destroy that stack, then deploy",
    ),
    "models.<key>.weights.lora_adapters": DOWNLOAD,
    "models.<key>.weights.other_repositories": DOWNLOAD,
    "models.<key>.weights.size_gib": RESTARTS,
    "models.<key>.weights.download_timeout_minutes": Effect("in place", "a Cloud Run job is made anew, and finds all"),
    "models.<key>.server": RESTARTS,
    "models.<key>.server.kind": OTHER_BACKEND,
    "models.<key>.server.metric": OTHER_BACKEND,
    "models.<key>.server.port": Effect(
        "in place", "in three stacks, one after the other: requests fail until the last"
    ),
    "models.<key>.server.metric_export_name": Effect("in place", "the balancer follows in the last stack"),
    "models.<key>.served_name": Effect(
        "in place", "restarts the servers; vLLM answers the old name with 404 from then on"
    ),
    "models.<key>.node_pools": Effect("in place", "restarts its servers; a pool that is added to several must be new"),
    "models.<key>.migrate_back": IN_PLACE,
    "models.<key>.regions": Effect("in place", "its servers leave the region; requests go to the others"),
    "models.<key>.replicas": IN_PLACE,
    "models.<key>.autoscaling": Effect(
        "in place",
        f"turned on, servers drop to one unless the autoscaler takes over their count first: {TURN_AUTOSCALING_ON}",
    ),
    **dict.fromkeys(
        (
            *("models.<key>.autoscaling.max_replicas", "models.<key>.autoscaling.min_replicas"),
            *("models.<key>.autoscaling.target_percent", "models.<key>.autoscaling.scale_up_window_sec"),
            "models.<key>.autoscaling.scale_down_window_sec",
            "models.<key>.autoscaling.scale_down_pods_per_minute",
        ),
        IN_PLACE,
    ),
    "models.<key>.inference_pool": Effect("in place", "as `inference_pool`, of this model alone"),
    "models.<key>.priorities": IN_PLACE,
    "models.<key>.objectives": Effect("in place", "alerts follow, and the next drill"),
    "models.<key>.address": Effect("in place", "the old address is gone at once: 404"),
    "models.<key>.traffic": IN_PLACE,
    "models.<key>.canary": Effect("in place", "the route alone"),
    "models.<key>.drain": Effect("in place", "true takes its route away"),
    "bucket": Effect(
        "refused", "to remove it while servers read it: first `weights.source` of its models, deploy, then the bucket"
    ),
    "bucket.download_region": Effect("refused", "the plan shows the steps"),
    "bucket.location": Effect("refused", "the plan shows the steps"),
    "bucket.name": Effect("refused", "the plan shows the steps"),
    "bucket.soft_delete_days": IN_PLACE,
    "bucket.versioning": IN_PLACE,
    "bucket.force_destroy": IN_PLACE,
    "network.mtu": Effect("in place", "existing nodes keep theirs"),
    "network.supernet": FIXED,
    "network.region_prefix_length": FIXED,
    "network.nat": Effect(
        "in place", "turned off, private nodes cannot reach the internet at once: first make nodes public, deploy"
    ),
    "network.nat_logs": IN_PLACE,
    "network.flow_logs_percent": IN_PLACE,
    "cluster.mode": FIXED,
    "cluster.control_plane": FIXED,
    "cluster.release_channel": IN_PLACE,
    "cluster.gke_version": Effect("in place", "upgrades the control plane; nodes follow in their window"),
    "cluster.private_nodes": NODES,
    "cluster.dataplane_v2": FIXED,
    "cluster.network_policies": Effect(
        "in place",
        "the policies are added or removed one by one: for seconds some connections may be refused; no pod restarts",
    ),
    "cluster.metrics_adapter": IN_PLACE,
    "cluster.deletion_protection": IN_PLACE,
    "cluster.maintenance_window": IN_PLACE,
    "cluster.system_pool": IN_PLACE,
    "cluster.system_pool.machine_type": NODES,
    "cluster.system_pool.disk_gib": NODES,
    "inference_pool.chart": Effect("refused", "until the picker's Deployment is let go (docs/day-2.md)"),
    "inference_pool.chart_version": Effect("in place", "upgrades the release"),
    "inference_pool.endpoint_picker_replicas": IN_PLACE,
    "gateway": IN_PLACE,
    "gateway.scope": Effect("refused", "another platform with another `name` can have it"),
    "gateway.public": Effect("refused", "another platform with another `name` can have it"),
    "gateway.health_check": Effect("in place", "the servers' probes follow: restarts the servers"),
    "gateway.health_check.healthy_threshold": IN_PLACE,
    "gateway.paths": IN_PLACE,
    "gateway.body_routing": Effect("in place", "routes follow three minutes later, or go three minutes before"),
    "gateway.addresses": Effect("in place", f"to `ephemeral`: {_GATEWAY_FIRST}"),
    "gateway.regions": Effect(
        "in place", f"to remove one: {_GATEWAY_FIRST}, or of regional gateways first destroy `{GATEWAY_STACKS}<key>`"
    ),
    "gateway.model_armor": Effect("in place", f"{_OFF_FIRST}; with it go the roles in whose name the gateways call it"),
    "gateway.model_armor.grant_roles": Effect(
        "in place", "to `false`: the roles stay in the project, and leave the state; no plan removes them then"
    ),
    "gateway.apigee": Effect("in place", f"{_OFF_FIRST}; with it go the operator and all API products in the cluster"),
    "gateway.apigee.environment": Effect("in place", "but refused for one that the platform makes and protects"),
    "gateway.apigee.create": Effect("refused", "what would be replaced is protected"),
    "gateway.apigee.create.deletion_protection": Effect("nothing", "applies from the next plan on"),
    "gateway.tls": Effect("in place", "clients of HTTP are sent to HTTPS, or refused, as soon as it is there"),
    "gateway.tls.await_active": Effect("in place", "the wait alone: no certificate and no route changes"),
    "gateway.client_limits": Effect("in place", "takes some minutes to be enforced, or to be let go"),
    "observability": IN_PLACE,
    "dns": IN_PLACE,
    "dns.zone.domain": OTHER_ZONE,
    "dns.zone.name": OTHER_ZONE,
    "dns.zone.visibility": OTHER_ZONE,
    "external_dns": IN_PLACE,
    "external_dns.subdomain": OTHER_ZONE,
    "remotes": IN_PLACE,
    "outside": Effect("in place", "a new key adds a cluster"),
    "shutdown": RESTARTS,
    "failover_budget": Effect("nothing", "the next synth and the next drill follow"),
    "workloads": Effect("in place", "in steps"),
    "gitops": IN_PLACE,
    "namespace": Effect("refused", "the plan shows the steps"),
    "service_discovery": IN_PLACE,
    "kubernetes_auth": Effect("nothing", "applies from the next plan on"),
    "state_bucket": Effect("nothing", "`terraform init -migrate-state` in each stack moves the state"),
    "providers": Effect("nothing", "`terraform init -upgrade` in each stack; to go back is another matter"),
    "labels": IN_PLACE,
    "universe": Effect("refused", "another universe has other projects: another `name`"),
}
"""By setting, as the docs write it; a section or map stands for every setting below it that has no row."""

COMES: Mapping[str, Effect] = {
    "regions": Effect("in place", "a new region"),
    "node_pools": Effect("in place", "a new pool"),
    "models": Effect("in place", "a new model"),
    "bucket": Effect("in place", "a new bucket"),
    "gateway.apigee.create": Effect("in place", "a new organization, which takes up to an hour"),
}
"""For a key or a section that is new."""

LEAVES: Mapping[str, Effect] = {
    "regions": Effect("leaves", f"follow the steps of {REMOVE_A_REGION}"),
    "models": Effect("refused", f"first drain it, by the steps of {REMOVE_A_MODEL}"),
    "gateway.model_armor": Effect("refused", _OFF_FIRST),
    "gateway.apigee": Effect("refused", _OFF_FIRST),
    "gateway.apigee.create": Effect("nothing", "the organization stays, in a stack that the platform leaves alone"),
}
"""For a key that is removed."""
DRAINED = Effect("in place", "its servers go: it is drained")
"""For a model that is removed after the last step that it needs."""
UNREAD = Effect("leaves", f"no server reads it: first destroy `{WEIGHTS_STACK}`, then deploy")
"""For a bucket that is removed after the last server has changed."""


def effect_of_change(path: str, was: Any, now: Any, *, bucket_is_read: bool = True) -> Effect | None:
    """
    Return the effect of changing the value at *path* from *was* to *now*; None is no value, or no effect.

    Args:
        path: The setting.
        was: Its old value as plain data.
        now: Its new value.
        bucket_is_read: Whether servers of the old config read the bucket.
    """
    setting = setting_of(path)
    if setting == "models" and now is None and was.get("drain"):
        return DRAINED
    if setting == "bucket" and now is None and not bucket_is_read:
        return UNREAD
    if setting in ("gateway.model_armor", "gateway.apigee") and now is None and was.get("enabled") is False:
        return IN_PLACE
    ends = COMES if was is None else LEAVES if now is None else {}
    return ends.get(setting) or effect_of(setting)


def effect_of(setting: str) -> Effect | None:
    """Return the effect of changing *setting*, by its own row or that of the section around it."""
    while setting not in EFFECTS and "." in setting:
        setting = setting.rpartition(".")[0]
    return EFFECTS.get(setting)


def differences(old: Any, new: Any, path: str = "") -> Iterator[tuple[str, Any, Any]]:
    """Yield the path of each setting that differs between two configs as plain data, with both values."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key in [*old, *(key for key in new if key not in old)]:
            yield from differences(old.get(key), new.get(key), f"{path}.{key}" if path else key)
    elif old != new:
        yield path, old, new


def setting_of(path: str) -> str:
    """Return the setting at the *path* of a config, as the docs write it: with `<key>` for keys that users choose."""
    hint: Any = Config
    parts = []
    for part in path.split("."):
        chosen = is_map(hint)
        parts.append("<key>" if chosen else part)
        hint = item_of(hint) if chosen else settings_of(hint).get(part)
    in_pool = parts[2:4] == ["node_pools", "<key>"]
    return ".".join(parts[2:] if in_pool else parts).removesuffix(".<key>")
