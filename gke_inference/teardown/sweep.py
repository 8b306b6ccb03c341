"""Waits for GKE's controllers to delete the load balancer, and deletes what they left in the network."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import groupby

from gke_inference.api_error import ApiError, remedy
from gke_inference.check import Check
from gke_inference.findings import Finding, Status
from gke_inference.load_balancer import Part, collection_of
from gke_inference.teardown.findings import CLUSTER_VIEWER, VIEWER, cluster_fix, not_swept
from gke_inference.teardown.interrupt import Waiter
from gke_inference.teardown.network import Network
from gke_inference.teardown.ownership import FIREWALLS, NetworkResource

FIREWALL_ROLE = "roles/compute.securityAdmin"
"""Has compute.firewalls.delete, and compute.networks.updatePolicy, which that takes as well."""
BALANCER_ROLE = "roles/compute.loadBalancerAdmin"
"""Deletes each part of a load balancer, endpoint groups too."""


@dataclass(kw_only=True)
class Sweeper:
    """
    Deletes the orphans in *network*: what controllers made there and did not delete.

    Attributes:
        network: The platform's network.
        waiter: How long to wait for Google.
        deleted: Orphans that this object had deleted and that were seen to be gone, by path.
        problems: What got no answer, was refused or is still there, by the finding's id; of the last try alone.
    """

    network: Network
    waiter: Waiter
    deleted: dict[str, NetworkResource] = field(default_factory=dict)
    problems: dict[str, Finding] = field(default_factory=dict)
    _requested: dict[str, NetworkResource] = field(default_factory=dict)
    _refused: dict[NetworkResource, ApiError] = field(default_factory=dict)

    def record_ownership(self) -> None:
        """Look at the network while all is there: what is half deleted later cannot be proven to be of it any more."""
        self._check("SWEEP", self._record_ownership)

    def wait_for_clusters(self) -> None:
        """Wait until the clusters are gone that are being deleted already, by whomever."""
        self._check("WAIT", self._wait_for_clusters)

    def wait_for_load_balancer(self) -> None:
        """Wait until the controllers have deleted the load balancer; they need the clusters and the fleet for it."""
        self._check("WAIT", self._wait_for_load_balancer)

    def sweep(self) -> None:
        """
        Delete the orphans, once there is no cluster in the network whose controllers may use them.

        Only in a network that was in Terraform's state when this run began.
        """
        self._check("SWEEP", self._sweep)

    def recheck(self) -> None:
        """Look again at what was refused or not gone in time: it may be gone meanwhile."""
        if self._requested or self._refused:
            self._check("SWEEP", self._recheck)

    def _record_ownership(self) -> list[Finding]:
        self.waiter.ask("the network", self.network.contents)
        return []

    def _wait_for_clusters(self) -> list[Finding]:
        self.waiter.wait_until_empty("clusters that are being deleted", self.network.clusters_being_deleted)
        return []

    def _wait_for_load_balancer(self) -> list[Finding]:
        self.waiter.wait_until_empty("the load balancer", lambda: self.network.contents().load_balancer)
        return []

    def _sweep(self) -> list[Finding]:
        if not self.network.in_state:
            orphans = self.waiter.ask("the network", self.network.contents).orphans
            return [not_swept(self.network, orphans)] if orphans else []
        self._wait_for_clusters()
        if clusters := self.waiter.ask("clusters", self.network.clusters):
            return [_clusters_in_network(self.network, clusters)]
        self._recheck()
        self._refused = {}
        # Google keeps what is in use, and deletes a thing some time after it was asked to: one kind after another.
        orphans = self.waiter.ask("the network", self.network.contents).orphans
        for kind, same_kind in groupby(orphans, key=lambda orphan: orphan.kind):
            if requested := self._delete(same_kind):
                find = partial(self.network.still_there, requested)
                self._record_deleted(requested, self.waiter.wait_until_empty(f"each {kind} that was left", find))
        return self._not_deleted()

    def _recheck(self) -> list[Finding]:
        wanted = [*self._requested.values(), *self._refused]
        if wanted:
            still_there = self.waiter.ask("what was to be deleted", lambda: self.network.still_there(wanted))
            self._record_deleted([*self._requested.values()], still_there)
            self._refused = {one: error for one, error in self._refused.items() if one in still_there}
        return self._not_deleted()

    def _delete(self, orphans: Iterable[NetworkResource]) -> list[NetworkResource]:
        """Ask Google to delete *orphans*; return those that it accepted, and keep the refusals of the others."""
        accepted = []
        for orphan in orphans:
            if self.waiter.interrupt.requested:
                break
            self.waiter.print(f"deleting the {orphan.label}, which a controller left")
            try:
                self.network.delete(orphan)
            except ApiError as error:
                self._refused[orphan] = error
            else:
                self._requested[orphan.path] = orphan
                accepted.append(orphan)
        return accepted

    def _record_deleted(self, requested: Iterable[NetworkResource], still_there: Sequence[NetworkResource]) -> None:
        for one in requested:
            if one not in still_there:
                self.deleted[one.path] = self._requested.pop(one.path)

    def _not_deleted(self) -> list[Finding]:
        requested = [*self._requested.values()]
        return [_not_deleted(requested, self._refused)] if requested or self._refused else []

    def _check(self, id_: str, ask: Callable[[], list[Finding]]) -> None:
        """Replace the problem with this id by what *ask* returns, or by the finding that Google gave no answer."""
        needed = "an answer of compute and container: list, get"
        found = Check(id=id_, needed=needed, role=f"{VIEWER} and {CLUSTER_VIEWER}", ask=ask).run()
        self.problems = {key: problem for key, problem in self.problems.items() if key != id_}
        for problem in found:
            self.problems[id_] = problem
            if problem.status is Status.UNKNOWN:
                self.waiter.print(f"{id_.lower()}: {problem.found}")


def _clusters_in_network(network: Network, clusters: Sequence[Part]) -> Finding:
    names = ", ".join(f"{one['name']}{' (STOPPING)' if one.get('status') == 'STOPPING' else ''}" for one in clusters)
    return Finding(
        id="SWEEP", status=Status.WRONG, found=f"nothing was swept: {names} is still in the network",
        needed="no cluster", fix="; ".join(dict.fromkeys(cluster_fix(network, one) for one in clusters)),
    )  # fmt: skip


def _not_deleted(requested: Sequence[NetworkResource], refused: Mapping[NetworkResource, ApiError]) -> Finding:
    """Return what was not gone in time, and what Google *refused*, with Google's own message."""
    reasons = [f"{one.label}: {error}" for one, error in refused.items()]
    reasons += [f"{one.label}: to be deleted, but still there" for one in requested]
    return Finding(
        id="SWEEP", status=Status.WRONG, found="; ".join(reasons), needed="all that controllers left is deleted",
        fix=_fix(refused),
    )  # fmt: skip


def _fix(refused: Mapping[NetworkResource, ApiError]) -> str:
    denied = {one: error for one, error in refused.items() if error.denied}
    if not denied:
        return "run the command again; Google refuses what is still in use for a while"
    roles = {FIREWALL_ROLE if collection_of(one.path) == FIREWALLS else BALANCER_ROLE for one in denied}
    return f"{remedy(next(iter(denied.values())), ' and '.join(sorted(roles)))}, then run the command again"
