"""What is left in our network or of our clusters."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from gke_inference.load_balancer import Part, listed, path_of
from gke_inference.teardown.answers import CLUSTER_VIEWER, VIEWER
from gke_inference.teardown.left import NETWORK_FIX, Left, Search, last, there, wrong
from gke_inference.teardown.network import Network
from gke_inference.teardown.stateless import cluster_fix, network_fix
from platform_config.config import Config
from platform_config.names import Names

CLUSTER_LABEL = "goog-k8s-cluster-name"
"""Google's label on the machines and disks that a cluster made."""
MAKER = "created-by"
"""Key of a machine's metadata: the group that would make it again."""
PAID = "forwarding rule"
"""The part of a load balancer that costs something while no request comes (cloud.google.com/load-balancing/pricing)."""


@dataclass(frozen=True, kw_only=True)
class InNetwork:
    """Searches for it, by being in the network or by the names that the config gives."""

    network: Network
    config: Config

    def searches(self) -> tuple[Search, ...]:
        """What costs most first."""
        return (
            Search(id="CLUSTER", role=CLUSTER_VIEWER, look=self._clusters),
            Search(id="INSTANCE", role=f"{VIEWER} and {CLUSTER_VIEWER}", look=self._instances),
            Search(id="DISK", role=VIEWER, look=self._disks),
            Search(
                id="LOAD-BALANCER", role=VIEWER,
                look=self._made_by_controllers,
            ),
            Search(id="ADDRESS", role=VIEWER, look=self._addresses),
            Search(id="ROUTER", role=VIEWER, look=self._routers),
            Search(id="NETWORK", role=VIEWER, look=self._network),
        )  # fmt: skip

    @property
    def _names(self) -> Names:
        return Names(self.config)

    @property
    def _machines(self) -> set[str]:
        """Machine types with accelerators; a TPU machine tells of them by its type alone."""
        return {pool.machine.machine_type for key in self.config.regions for pool in self.config.pools(key).values()}

    def _clusters(self) -> Iterator[Left]:
        for cluster in self.network.clusters():
            place = f"{cluster['name']} in {cluster.get('location', '?')}"
            yield wrong("CLUSTER", f"cluster {place}", "medium", cluster_fix(self.network, cluster))
            for pool in cluster.get("nodePools", []):
                config = pool.get("config", {})
                machine = config.get("machineType", "?")
                costs = "high" if config.get("accelerators") or machine in self._machines else "medium"
                yield wrong(
                    "NODE-POOL", f"node pool {pool['name']} ({machine}) of {place}", costs, "it goes with its cluster"
                )

    def _instances(self) -> Iterator[Left]:
        """Machines of clusters that are gone, and others in our network; those of a cluster are told as its pools."""
        living = {cluster["name"] for cluster in self.network.clusters()}
        for one in listed(self.network.google, "instances"):
            cluster = one.get("labels", {}).get(CLUSTER_LABEL)
            inside = any(self.network.holds(interface) for interface in one.get("networkInterfaces", ()))
            if cluster not in living and (inside or cluster in self.network.stacks):
                machine = last(one.get("machineType", "?"))
                costs = "high" if one.get("guestAccelerators") or machine in self._machines else "medium"
                yield wrong("INSTANCE", f"machine {one['name']} ({machine})", costs, _instance_todo(one))

    def _disks(self) -> Iterator[Left]:
        for disk in listed(self.network.google, "disks"):
            if disk.get("labels", {}).get(CLUSTER_LABEL) in self.network.stacks:
                todo = f"look, then: gcloud compute disks delete {path_of(disk['selfLink'])}"
                yield wrong("DISK", f"disk {disk['name']} of {disk.get('sizeGb', '?')} GB", "per GiB", todo)

    def _made_by_controllers(self) -> Iterator[Left]:
        seen = self.network.look()
        for one in seen.found:
            if one.path in self.network.in_states:
                todo = "destroy its stack, see above"
            elif one in seen.ghosts and not self.network.known:
                todo = "no state holds its network: look whose it is before you delete it"
            elif one in seen.ghosts:
                todo = "run the command again when its controller is gone"
            else:
                todo = "not by Terraform nor by a controller that is known: look before you delete it"
            costs = "small" if one.kind == PAID else "none"
            yield wrong(one.kind.upper().replace(" ", "-"), one.shown, costs, todo)

    def _addresses(self) -> Iterator[Left]:
        ours = {self._names.gateway_address(key) for key in self.config.gateway_regions}
        subnets = {self._names.node_subnet(key) for key in self.config.regions}
        for address in listed(self.network.google, "addresses"):
            if address["name"] in ours or last(address.get("subnetwork", "")) in subnets or self.network.holds(address):
                path = path_of(address["selfLink"])
                yield wrong("ADDRESS", f"address {address['name']}", "small", self._todo("addresses", path))

    def _routers(self) -> Iterator[Left]:
        for router in listed(self.network.google, "routers"):
            if self.network.holds(router):
                nat = " with NAT" if router.get("nats") else ""
                costs = "small" if nat else "none"
                todo = self._todo("routers", path_of(router["selfLink"]))
                yield wrong("ROUTER", f"router {router['name']}{nat}", costs, todo)

    def _network(self) -> Iterator[Left]:
        google, name = self.network.google, self._names.network
        if there(google, "compute", "v1", "networks.get", project=google.project, network=name):
            todo = NETWORK_FIX if self.network.known else network_fix(self.network.path)
            yield wrong("NETWORK", f"network {name}", "none", todo)

    def _todo(self, collection: str, path: str) -> str:
        if path in self.network.in_states:
            return NETWORK_FIX
        return f"look, then: gcloud compute {collection} delete {path}"


def _instance_todo(instance: Part) -> str:
    made_by = [one.get("value", "") for one in instance.get("metadata", {}).get("items", ()) if one.get("key") == MAKER]
    if made_by:
        return f"look, then: gcloud compute instance-groups managed delete {made_by[0]}"
    return f"look, then: gcloud compute instances delete {path_of(instance['selfLink'])}"
