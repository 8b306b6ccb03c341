"""The changes of a drill: what takes a region down, as merge patches, and what brings it back."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from gke_inference.api_error import ApiError
from gke_inference.cluster_api import ClusterApi
from gke_inference.drill.plan import Means
from gke_inference.drill.senders.pod_manifest import sender_prefix
from gke_inference.live_platform import LivePlatform
from platform_config.model import Model

DOWN_ALREADY = ("noReplicas", "drained")
"""Reasons why there is nothing to take down."""
Scopes = list[dict[str, Any]]
"""Entries of a backend policy, each for the regions that its selector names."""


@dataclass(frozen=True, kw_only=True)
class Change:
    """
    One object that is changed for an outage, or created for the drill.

    Attributes:
        means: What kind of outage it is part of; `pod` for the sender.
        cluster: Key of the region whose cluster has the object.
        path: Kubernetes API path of the object.
        outage: Merge patch that takes the region down.
        restore: Merge patch that brings it back to exactly what it was; None deletes it.
        what: Both in one line of text.
    """

    means: Means | Literal["pod"]
    cluster: str
    path: str
    outage: dict[str, Any]
    restore: dict[str, Any] | None
    what: str

    def describe(self) -> dict[str, Any]:
        """Return the change as journal and report hold it."""
        return asdict(self)

    def is_in_force(self, live: dict[str, Any]) -> bool:
        """Return whether the object *live* is still as the outage left it, not changed by somebody else since."""
        spec = live.get("spec", {})
        if self.means == "replicas":
            return bool(spec.get("replicas", 0) == 0)
        if self.means == "cordon":
            return bool(spec.get("unschedulable", False))
        return self._drained_scope(_scopes(live)) is not None

    def undo(self, cluster: ClusterApi) -> bool:
        """
        Bring the object back, or delete it; return False where somebody else has changed it since.

        Raises:
            ApiError: It could not be done; `missing` where the object is gone.
        """
        if self.restore is None:
            cluster.delete(self.path)
            return True
        live = cluster.get(self.path)
        if not self.is_in_force(live):
            return False
        cluster.patch(self.path, self._without_drain(live) if self.means == "drain" else self.restore)
        return True

    def is_of_drill(self, platform: LivePlatform) -> bool:
        """Return whether a drill of *platform* could have made it: a journal that says otherwise is refused."""
        models = platform.config.models
        paths = {
            "replicas": "|".join(re.escape(scale_path(platform, model)) for model in models),
            "drain": "|".join(re.escape(platform.policy_path(model)) for model in models),
            "cordon": r"/api/v1/nodes/[a-z0-9.-]+",
            "pod": re.escape(f"{platform.pods_path}/{sender_prefix(platform.config)}-") + "[0-9a-f]+",
        }
        known = self.means in paths and re.fullmatch(paths[self.means], self.path)
        return (
            bool(known) and self.cluster in platform.config.regions and (self.restore is None) == (self.means == "pod")
        )

    def _without_drain(self, live: dict[str, Any]) -> dict[str, Any]:
        """Return the patch back to the scopes as they were; what somebody else has changed since stays."""
        assert self.restore is not None
        scopes, before = _scopes(live), _scopes(self.restore)
        drained = self._drained_scope(scopes)
        rest = [scope for scope in scopes if scope is not drained]
        same = [scope for scope in before if scope["selector"] == self._selector]
        # The API server refuses the patch (409) where the object has been changed since it was read.
        version = {"resourceVersion": live["metadata"]["resourceVersion"]}
        if rest == [scope for scope in before if scope not in same]:
            return {"metadata": version, **self.restore}
        return {"metadata": version, "spec": {"default": {"scopes": [*same, *rest] or None}}}

    def _drained_scope(self, scopes: Scopes) -> dict[str, Any] | None:
        found = (scope for scope in scopes if scope["selector"] == self._selector)
        return next((scope for scope in found if scope.get("capacityScalerPercent") == 0), None)

    @property
    def _selector(self) -> dict[str, str]:
        selector: dict[str, str] = _scopes(self.outage)[0]["selector"]
        return selector


@dataclass(frozen=True, kw_only=True)
class Outage:
    """
    All that takes one region down.

    Attributes:
        changes: Objects to change, and to change back.
        deletes: Paths of pods to delete then; their Deployment makes new ones.
    """

    changes: tuple[Change, ...]
    deletes: tuple[str, ...] = ()


def plan_outage(platform: LivePlatform, key: str, means: Means, models: Sequence[str]) -> Outage:
    """
    Return what takes *models* down in region *key* by *means*, from the objects that are there; change nothing.

    The first of *models* must be up there; of the others, those that are down or elsewhere are left out.

    Raises:
        ApiError: They could not be read, or there is nothing to take down.
    """
    here = [model for model in models if key in Model(platform.config, model).regions]
    if means == "cordon":
        changes = tuple(_cordons(platform, key, here))
        if not changes:
            raise ApiError(status=None, reason="noNodes", message=f"{key} has no schedulable accelerator node")
        return Outage(
            changes=changes, deletes=tuple(pod for model in here for pod in _server_pods(platform, key, model))
        )
    make, made = (_drain if means == "drain" else _scale_to_zero), []
    for model in here:
        try:
            made.append(make(platform, key, model))
        except ApiError as error:
            if error.reason not in DOWN_ALREADY or model == models[0]:
                raise
    return Outage(changes=tuple(made))


def scale_path(platform: LivePlatform, model: str) -> str:
    """Return where the number of servers of *model* is, in each cluster."""
    return f"{platform.deployment_path(model)}/scale"


def _scale_to_zero(platform: LivePlatform, key: str, model: str) -> Change:
    """Scale to 0, where the autoscaler rests until there are pods ("Implicit maintenance-mode deactivation")."""
    path, name = scale_path(platform, model), platform.names.model_server(model)
    replicas = platform.clusters(key).get(path)["spec"].get("replicas", 0)
    if not replicas:
        raise ApiError(status=None, reason="noReplicas", message=f"{name} in {key} has 0")
    count = max(replicas, platform.min_replicas(key, model))
    return Change(
        means="replicas",
        cluster=key,
        path=path,
        outage={"spec": {"replicas": 0}},
        restore={"spec": {"replicas": count}},
        what=f"{name} in {key}: {count} replicas, 0 during the outage",
    )


def _drain(platform: LivePlatform, key: str, model: str) -> Change:
    """Put the drained scope before all others: the first one that fits counts."""
    policy = platform.policy(model)
    scopes: Scopes | None = policy.get("scopes")
    _check_drain(platform, key, model, policy)
    same = [scope for scope in scopes or [] if scope["selector"] == platform.selector(key)]
    scope = same[0] if same else {"selector": platform.selector(key)}
    drained = [{**scope, "capacityScalerPercent": 0}, *(other for other in scopes or [] if other not in same)]
    return Change(
        means="drain",
        cluster=platform.config.config_region,
        path=platform.policy_path(model),
        outage={"spec": {"default": {"scopes": drained}}},
        restore={"spec": {"default": {"scopes": scopes}}},
        what=f"{platform.names.backend_policy(model)}: the scopes as they were, {key} at 0 % during the outage",
    )


def _check_drain(platform: LivePlatform, key: str, model: str, policy: dict[str, Any]) -> None:
    """
    Refuse what the API server takes and Google refuses later, without a message to the caller.

    The capacities of a backend service must not all be 0 (the Google provider on `capacity_scaler`; the compute API
    says it of an only backend). A field stands in the policy's default or in a scope, never in both (GKE, "Customize
    backends of multi-cluster Inference Gateways").
    """
    regions = Model(platform.config, model).regions
    others = [platform.capacity_percent(other, policy) for other in regions if other != key]
    if not platform.capacity_percent(key, policy):
        raise ApiError(status=None, reason="drained", message=f"{model} is drained in {key} already")
    if not any(others):
        message = f"no region is left that {model} in {key} could be drained to"
        raise ApiError(status=None, reason="lastRegion", message=message)
    if "capacityScalerPercent" in policy:
        message = "the policy has a capacityScalerPercent for all, so no scope can have another: use other --means"
        raise ApiError(status=None, reason="capacityForAll", message=message)


def _cordons(platform: LivePlatform, key: str, models: Sequence[str]) -> Iterator[Change]:
    for node in _accelerator_nodes(platform, key, models):
        if not node.get("spec", {}).get("unschedulable"):
            name = node["metadata"]["name"]
            yield Change(
                means="cordon",
                cluster=key,
                path=f"/api/v1/nodes/{name}",
                outage={"spec": {"unschedulable": True}},
                restore={"spec": {"unschedulable": None}},
                what=f"node {name} in {key}: schedulable, cordoned during the outage",
            )


def _accelerator_nodes(platform: LivePlatform, key: str, models: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Yield the nodes of region *key* that the servers of *models* may run on, each once."""
    nodes = [Model(platform.config, model).serving_nodes(key) for model in models]
    selectors = [pool.node_selector for one in nodes for pool in one.pools.values()]
    found: dict[str, dict[str, Any]] = {}
    for labels in dict.fromkeys(",".join(f"{name}={value}" for name, value in one.items()) for one in selectors):
        items = platform.clusters(key).get("/api/v1/nodes", labelSelector=labels).get("items", [])
        found |= {node["metadata"]["name"]: node for node in items}
    yield from found.values()


def _server_pods(platform: LivePlatform, key: str, model: str) -> list[str]:
    """Return the paths of the pods of *model* in region *key*."""
    selector = f"app={platform.names.model_server(model)}"
    pods = platform.clusters(key).get(platform.pods_path, labelSelector=selector).get("items", [])
    return [f"{platform.pods_path}/{pod['metadata']['name']}" for pod in pods]


def _scopes(policy: dict[str, Any]) -> Scopes:
    return policy.get("spec", {}).get("default", {}).get("scopes") or []
