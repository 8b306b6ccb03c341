"""How a region is taken down, from what is there now, and how that is undone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import anyio
import anyio.to_thread

from gke_inference.api_error import ApiError
from gke_inference.drill.change import Change
from gke_inference.drill.plan import Means
from gke_inference.live_platform import Clusters, LivePlatform

FIRST_PAUSE_SEC = 1
LONGEST_PAUSE_SEC = 10


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


def outage_of(platform: LivePlatform, key: str, means: Means) -> Outage:
    """
    How region *key* is taken down by *means*, from what is there now. Changes nothing.

    Raises:
        ApiError: It could not be read, or there is nothing to take down.
    """
    if means == "drain":
        return Outage(changes=(_drain(platform, key),))
    if means == "replicas":
        return Outage(changes=(_to_zero(platform, key),))
    changes = tuple(_cordons(platform, key))
    if not changes:
        raise ApiError(status=None, reason="noNodes", message=f"{key} has no schedulable accelerator node")
    return Outage(changes=changes, deletes=tuple(platform.server_pods(key)))


async def restore(
    changes: tuple[Change, ...], clusters: Clusters, *, timeout_sec: float, say: Callable[[str], None]
) -> tuple[Change, ...]:
    """
    Change back all of *changes*, the last one first; what does not work is tried again until *timeout_sec*.

    Returns: Those that could not be restored.
    """
    left, pause_sec = list(reversed(changes)), FIRST_PAUSE_SEC
    deadline = anyio.current_time() + timeout_sec
    while True:
        problem: Exception | None = None
        for change in tuple(left):
            try:
                done = await anyio.to_thread.run_sync(_put_back, change, clusters)
            except Exception as error:  # Nothing that one object does may leave the others as they are.
                problem = error
            else:
                left.remove(change)
                say(f"restored: {change.what}" if done else f"nothing to restore any more: {change.what}")
        if not left or anyio.current_time() >= deadline:
            return tuple(left)
        say(f"not restored yet ({problem}); trying again in {pause_sec} s, {len(left)} to go")
        await anyio.sleep(pause_sec)
        pause_sec = min(2 * pause_sec, LONGEST_PAUSE_SEC)


def _put_back(change: Change, clusters: Clusters) -> bool:
    """Change back one object; False where the outage is not in force, or its object is gone."""
    try:
        return change.put_back(clusters(change.cluster).quick())
    except ApiError as error:
        if not error.missing:
            raise
        return False


def _to_zero(platform: LivePlatform, key: str) -> Change:
    """At 0 the autoscaler rests (Kubernetes, "Implicit maintenance-mode deactivation") until there are pods again."""
    path = f"{platform.deployment_path}/scale"
    replicas = platform.clusters(key).get(path)["spec"].get("replicas", 0)
    if not replicas:
        raise ApiError(status=None, reason="noReplicas", message=f"{platform.names.model_server} in {key} has 0")
    count = max(replicas, platform.min_replicas(key))
    return Change(
        means="replicas",
        cluster=key,
        path=path,
        outage={"spec": {"replicas": 0}},
        restore={"spec": {"replicas": count}},
        what=f"{platform.names.model_server} in {key}: {count} replicas, 0 during the outage",
    )


def _drain(platform: LivePlatform, key: str) -> Change:
    """The first scope that fits counts, so the drained one goes before all others."""
    policy = platform.policy()
    scopes: list[dict[str, Any]] | None = policy.get("scopes")
    _check_drain(platform, key, policy)
    same = [scope for scope in scopes or [] if scope["selector"] == platform.selector(key)]
    differs = same[0] if same else {"selector": platform.selector(key)}
    drained = [{**differs, "capacityScalerPercent": 0}, *(scope for scope in scopes or [] if scope not in same)]
    return Change(
        means="drain",
        cluster=platform.config.config_region,
        path=platform.policy_path,
        outage={"spec": {"default": {"scopes": drained}}},
        restore={"spec": {"default": {"scopes": scopes}}},
        what=f"{platform.names.backend_policy}: the scopes as they were, {key} at 0 % during the outage",
    )


def _check_drain(platform: LivePlatform, key: str, policy: dict[str, Any]) -> None:
    """
    Refuse what Google would refuse later, when nobody looks.

    The capacities of a backend service must not all be 0 (the Google provider on `capacity_scaler`; the compute API
    says it of an only backend). A field stands in the policy's default or in a scope, never in both (GKE, "Customize
    backends of multi-cluster Inference Gateways").
    """
    others = [platform.capacity_percent(other, policy) for other in platform.config.regions if other != key]
    if not platform.capacity_percent(key, policy):
        raise ApiError(status=None, reason="drained", message=f"{key} is drained already")
    if not any(others):
        raise ApiError(status=None, reason="lastRegion", message=f"no region is left that {key} could be drained to")
    if "capacityScalerPercent" in policy:
        message = "the policy has a capacityScalerPercent for all, so no scope can have another: use other --means"
        raise ApiError(status=None, reason="capacityForAll", message=message)


def _cordons(platform: LivePlatform, key: str) -> Iterator[Change]:
    for node in platform.accelerator_nodes(key):
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
