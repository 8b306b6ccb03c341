"""One change of a drill: a merge patch that can be written down before it is sent, and what undoes it."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from typing import Any, Literal

from gke_inference.cluster_api import ClusterApi
from gke_inference.drill.plan import Means
from gke_inference.live_platform import LivePlatform

Scopes = list[dict[str, Any]]


@dataclass(frozen=True, kw_only=True)
class Change:
    """
    One object that is changed for an outage, or made for the drill.

    Attributes:
        means: What kind of outage it is part of; `pod` for the sender.
        cluster: Key of the region whose cluster has the object.
        path: Kubernetes API path of the object.
        outage: Merge patch that takes the region down.
        restore: Merge patch that brings it back to exactly what it was; None deletes it.
        what: Both for people.
    """

    means: Means | Literal["pod"]
    cluster: str
    path: str
    outage: dict[str, Any]
    restore: dict[str, Any] | None
    what: str

    def shown(self) -> dict[str, Any]:
        """The change as it is written down."""
        return asdict(self)

    def in_force(self, live: dict[str, Any]) -> bool:
        """Whether the object *live* is still as the outage left it; what somebody else has changed since is theirs."""
        spec = live.get("spec", {})
        if self.means == "replicas":
            return bool(spec.get("replicas", 0) == 0)
        if self.means == "cordon":
            return bool(spec.get("unschedulable", False))
        return self._drained(_scopes(live)) is not None

    def put_back(self, cluster: ClusterApi) -> bool:
        """
        Undo it; False where it is not in force any more.

        Raises:
            ApiError: It could not be done; `missing` where the object is gone.
        """
        if self.restore is None:
            cluster.delete(self.path)
            return True
        live = cluster.get(self.path)
        if not self.in_force(live):
            return False
        cluster.patch(self.path, self._without_drain(live) if self.means == "drain" else self.restore)
        return True

    def known_to(self, platform: LivePlatform) -> bool:
        """Whether a drill of *platform* could have made it: a file that says otherwise is not followed."""
        paths = {
            "replicas": re.escape(f"{platform.deployment_path}/scale"),
            "drain": re.escape(platform.policy_path),
            "cordon": r"/api/v1/nodes/[a-z0-9.-]+",
            "pod": re.escape(f"{platform.pods_path}/{platform.sender_name}-") + "[0-9a-f]+",
        }
        right = self.means in paths and re.fullmatch(paths[self.means], self.path)
        return (
            bool(right) and self.cluster in platform.config.regions and (self.restore is None) == (self.means == "pod")
        )

    def _without_drain(self, live: dict[str, Any]) -> dict[str, Any]:
        """The scopes as they were; where somebody else has changed them since, theirs with ours as it was."""
        assert self.restore is not None
        scopes, before = _scopes(live), _scopes(self.restore)
        drained = self._drained(scopes)
        rest = [scope for scope in scopes if scope is not drained]
        same = [scope for scope in before if scope["selector"] == self._selector]
        if rest == [scope for scope in before if scope not in same]:
            return {"metadata": _version(live), **self.restore}
        return {"metadata": _version(live), "spec": {"default": {"scopes": [*same, *rest] or None}}}

    def _drained(self, scopes: Scopes) -> dict[str, Any] | None:
        found = (scope for scope in scopes if scope["selector"] == self._selector)
        return next((scope for scope in found if scope.get("capacityScalerPercent") == 0), None)

    @property
    def _selector(self) -> dict[str, str]:
        selector: dict[str, str] = _scopes(self.outage)[0]["selector"]
        return selector


def _scopes(policy: dict[str, Any]) -> Scopes:
    return policy.get("spec", {}).get("default", {}).get("scopes") or []


def _version(live: dict[str, Any]) -> dict[str, str]:
    """Refuses the patch where the object has been changed since it was read (409), so that nothing of it is lost."""
    return {"resourceVersion": live["metadata"]["resourceVersion"]}
