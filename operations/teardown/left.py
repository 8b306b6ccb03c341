"""What is still in the project that is ours, and what it costs to leave it there."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator
from dataclasses import dataclass
from typing import Any

from operations.api_error import ApiError
from operations.findings import Finding, Status
from operations.google_api import GoogleApi
from operations.teardown.sweep import ENDPOINT_GROUP, FIREWALL, Network, path_of
from stacks.config import Config
from stacks.names import Names

CLUSTER_LABEL = "goog-k8s-cluster-name"
"""Google's label on the disks that a cluster made."""
NOTHING_LEFT = "nothing of ours"
FLEET_FIX = "destroy infra-fleet, see above"
NETWORK_FIX = "destroy infra-network, see above"


@dataclass(frozen=True, kw_only=True)
class Left(Finding):
    """
    Something that is left, or a look for it.

    Attributes:
        costs: `high` (accelerator nodes), `medium` (other nodes, control planes), `small`, `per GiB` or `none`.
    """

    costs: str = "none"


@dataclass(frozen=True, kw_only=True)
class Leftovers:
    """
    Looks for what is ours: by the names that the config gives, or by being in our network.

    Attributes:
        keep_bucket: The bucket was told to stay.
        in_states: Paths of what Terraform still knows, which is gone when its stack is.
    """

    google: GoogleApi
    config: Config
    keep_bucket: bool
    in_states: Container[str]

    def findings(self) -> list[Left]:
        """One per thing that is left, and one per kind that is not there or could not be asked for."""
        looks: tuple[tuple[str, str, Callable[[], Iterator[Left]]], ...] = (
            ("CLUSTER", "container.clusters.list", self._clusters),
            ("DISK", "compute.disks.list", self._disks),
            ("LOAD-BALANCER", "compute.networkEndpointGroups.list and the like", self._made_by_controllers),
            ("ADDRESS", "compute.addresses.list", self._addresses),
            ("ROUTER", "compute.routers.list", self._routers),
            ("NETWORK", "compute.networks.get", self._network),
            ("FLEET", "gkehub.memberships.list and gkehub.features.list", self._fleet),
            ("BUCKET", "storage.buckets.get", self._bucket),
            ("SECRET", "secretmanager.secrets.get", self._secret),
        )
        return [finding for id_, permission, look in looks for finding in self._look(f"LEFT-{id_}", permission, look)]

    def _look(self, id_: str, permission: str, look: Callable[[], Iterator[Left]]) -> list[Left]:
        try:
            found = list(look())
        except ApiError as error:
            fix = f"look again with the permission {permission}" if error.denied else "run the command again"
            return [
                Left(id=id_, status=Status.UNKNOWN, found=f"could not be told: {error}", needed="an answer", fix=fix)
            ]
        return found or [Left(id=id_, status=Status.GOOD, found=NOTHING_LEFT, needed=NOTHING_LEFT)]

    @property
    def _names(self) -> Names:
        return Names(self.config)

    @property
    def _in_network(self) -> Network:
        return Network(self.google, self.config)

    @property
    def _machines(self) -> set[str]:
        """Machine types with accelerators; a TPU machine tells of them by its type alone."""
        return {pool.machine.machine_type for key in self.config.regions for pool in self.config.pools(key).values()}

    def _clusters(self) -> Iterator[Left]:
        for cluster in self._in_network.clusters():
            place = f"{cluster['name']} in {cluster.get('location', '?')}"
            yield _wrong("CLUSTER", f"cluster {place}", "medium", "destroy its stack, see above")
            for pool in cluster.get("nodePools", []):
                config = pool.get("config", {})
                machine = config.get("machineType", "?")
                costs = "high" if config.get("accelerators") or machine in self._machines else "medium"
                yield _wrong(
                    "NODE-POOL", f"node pool {pool['name']} ({machine}) of {place}", costs, "it goes with its cluster"
                )

    def _disks(self) -> Iterator[Left]:
        ours = {self._names.cluster(key) for key in self.config.regions}
        for disk in self._in_network.listed("disks", "disks"):
            if disk.get("labels", {}).get(CLUSTER_LABEL) in ours:
                fix = f"look, then: gcloud compute disks delete {path_of(disk['selfLink'])}"
                yield _wrong("DISK", f"disk {disk['name']} of {disk.get('sizeGb', '?')} GB", "per GiB", fix)

    def _made_by_controllers(self) -> Iterator[Left]:
        network = self._in_network
        known = {one.path for one in network.ghosts(self.in_states)}
        for one in {found.path: found for found in [*network.found(), *network.balancing()]}.values():
            if one.path in self.in_states:
                fix = "destroy its stack, see above"
            elif one.path in known:
                fix = "run the command again when its controller is gone"
            else:
                fix = "not by Terraform nor by a controller that is known: look before you delete it"
            costs = "none" if one.kind in (FIREWALL, ENDPOINT_GROUP) else "small"
            yield _wrong(one.kind.upper().replace(" ", "-"), f"{one.kind} {one.name}", costs, fix)

    def _addresses(self) -> Iterator[Left]:
        ours = {self._names.gateway_address(key) for key in self.config.gateway_regions}
        subnets = {self._names.node_subnet(key) for key in self.config.regions}
        for address in self._in_network.listed("addresses", "addresses"):
            if (
                address["name"] in ours
                or _last(address.get("subnetwork", "")) in subnets
                or self._in_network.holds(address)
            ):
                yield _wrong("ADDRESS", f"address {address['name']}", "small", NETWORK_FIX)

    def _routers(self) -> Iterator[Left]:
        for router in self._in_network.listed("routers", "routers"):
            if self._in_network.holds(router):
                nat = " with NAT" if router.get("nats") else ""
                costs = "small" if nat else "none"
                yield _wrong("ROUTER", f"router {router['name']}{nat}", costs, NETWORK_FIX)

    def _network(self) -> Iterator[Left]:
        if self._there("compute", "v1", "networks.get", project=self.google.project, network=self._names.network):
            yield _wrong("NETWORK", f"network {self._names.network}", "none", NETWORK_FIX)

    def _fleet(self) -> Iterator[Left]:
        ours = {self._names.cluster(key) for key in self.config.regions}
        parent = f"projects/{self.google.project}/locations"
        members = self.google.pages(
            "gkehub", "v1", "projects.locations.memberships.list", items="resources", parent=f"{parent}/-"
        )
        for member in members:
            if _last(member["name"]) in ours:
                yield _wrong("MEMBERSHIP", f"membership {_last(member['name'])}", "none", FLEET_FIX)
        features = self.google.pages(
            "gkehub", "v1", "projects.locations.features.list", items="resources", parent=f"{parent}/global"
        )
        for feature in features:
            spec = feature.get("spec", {}).get("multiclusteringress", {})
            if _last(spec.get("configMembership", "")) in ours:
                yield _wrong("FEATURE", f"feature {_last(feature['name'])}", "small", FLEET_FIX)

    def _bucket(self) -> Iterator[Left]:
        name = self._names.bucket
        if not self.config.bucket or not self._there("storage", "v1", "buckets.get", bucket=name):
            return
        if self.keep_bucket:
            yield bucket_kept(name)
        else:
            yield _wrong("BUCKET", f"bucket {name}", "per GiB", NETWORK_FIX)

    def _secret(self) -> Iterator[Left]:
        secret = self.config.model.hugging_face_token.secret_manager
        name = f"projects/{self.google.project}/secrets/{secret}"
        if secret and self._there("secretmanager", "v1", "projects.secrets.get", name=name):
            yield Left(
                id="LEFT-SECRET",
                status=Status.GOOD,
                found=f"secret {secret}",
                needed="stays: it is yours",
                costs="none",
            )

    def _there(self, service: str, version: str, method: str, **arguments: Any) -> bool:
        try:
            self.google.call(service, version, method, **arguments)
        except ApiError as error:
            if error.missing:
                return False
            raise
        return True


def bucket_kept(name: str) -> Left:
    """The bucket was not named, so it stays."""
    return Left(
        id="LEFT-BUCKET", status=Status.GOOD, found=f"bucket {name}", needed="stays: it was not named", costs="per GiB",
        fix="to delete it too: bucket.force_destroy: true, apply infra-network, then --delete-bucket and its name",
    )  # fmt: skip


def _last(path: str) -> str:
    return path.rsplit("/", 1)[-1]


def _wrong(id_: str, found: str, costs: str, fix: str) -> Left:
    return Left(id=f"LEFT-{id_}", status=Status.WRONG, found=found, needed="gone", fix=fix, costs=costs)
