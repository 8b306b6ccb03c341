"""What is left in the platform's network or of its clusters."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from gke_inference.findings import Finding
from gke_inference.load_balancer import Part, list_everywhere, path_of
from gke_inference.teardown.findings import (
    CLUSTER_VIEWER,
    NETWORK_FIX,
    VIEWER,
    Remaining,
    cluster_fix,
    last_part,
    network_fix,
    search,
    still_there,
)
from gke_inference.teardown.network import Network
from platform_config.config import Config
from platform_config.names import Names
from platform_config.stack_graph import cluster_stack

CLUSTER_LABEL = "goog-k8s-cluster-name"
"""Google's label on the machines and disks that a cluster made."""
CREATOR = "created-by"
"""Key of a machine's metadata: the group that would make it again."""
PAID_KIND = "forwarding rule"
"""The part of a load balancer that costs something while no request comes (cloud.google.com/load-balancing/pricing)."""


@dataclass(frozen=True, kw_only=True)
class RemainingInNetwork:
    """
    Searches for what is left, by being in the network or by the names that the config gives.

    Attributes:
        network: The platform's network.
        config: The platform.
    """

    network: Network
    config: Config

    def findings(self) -> list[Finding]:
        """Return what is left of each kind; what costs most first."""
        return [
            *search("CLUSTER", CLUSTER_VIEWER, self._clusters),
            *search("INSTANCE", f"{VIEWER} and {CLUSTER_VIEWER}", self._machines),
            *search("DISK", VIEWER, self._disks),
            *search("LOAD-BALANCER", VIEWER, self._load_balancer_and_firewalls),
            *search("ADDRESS", VIEWER, self._addresses),
            *search("ROUTER", VIEWER, self._routers),
            *search(
                *(
                    ("SUBNET", VIEWER, self._subnets)
                    if self.network.exists_before
                    else ("NETWORK", VIEWER, self._network)
                )
            ),
        ]

    @property
    def _names(self) -> Names:
        return Names(self.config)

    def _costs(self, machine_type: str, accelerators: object) -> str:
        """Return what a node costs; that a TPU machine has accelerators is known by its type alone."""
        pools = (pool for key in self.config.regions for pool in self.config.pools(key).values())
        return "high" if accelerators or machine_type in {pool.machine.machine_type for pool in pools} else "medium"

    def _clusters(self) -> Iterator[Remaining]:
        for cluster in self.network.clusters():
            place = f"{cluster['name']} in {cluster.get('location', '?')}"
            yield still_there("CLUSTER", f"cluster {place}", "medium", cluster_fix(self.network, cluster))
            for pool in cluster.get("nodePools", []):
                node = pool.get("config", {})
                machine = node.get("machineType", "?")
                yield still_there(
                    "NODE-POOL", f"node pool {pool['name']} ({machine}) of {place}",
                    self._costs(machine, node.get("accelerators")), "it goes with its cluster",
                )  # fmt: skip
        yield from self._pools()

    def _pools(self) -> Iterator[Remaining]:
        """Return the pools that the platform added to clusters of others."""
        for key, region in self.config.regions.items():
            path = self._names.cluster_path(key)
            if region.existing.cluster is None or self.config.cluster.autopilot:
                continue
            made = self.config.pools(key).keys() - region.existing.node_pools.keys()
            found = self.network.google.find("container", "v1", "projects.locations.clusters.get", name=path)
            for pool in (found or {}).get("nodePools", []):
                if pool["name"] in made:
                    machine = pool.get("config", {}).get("machineType", "?")
                    what = f"node pool {pool['name']} ({machine}) of {last_part(path)}"
                    known = f"{path}/nodePools/{pool['name']}" in self.network.state_paths
                    location, cluster = self._names.cluster_location(key), self._names.cluster(key)
                    fix = f"gcloud container node-pools delete {pool['name']} --cluster={cluster} --location={location}"
                    fix = f"destroy {cluster_stack(key)}, see above" if known else f"look, then: {fix}"
                    yield still_there("NODE-POOL", what, self._costs(machine, None), fix)

    def _machines(self) -> Iterator[Remaining]:
        """Return machines of clusters that are gone, and others in the network; those of a cluster are its pools."""
        existing, others = {cluster["name"] for cluster in self.network.clusters()}, self.network.exists_before
        for one in list_everywhere(self.network.google, "instances"):
            cluster = one.get("labels", {}).get(CLUSTER_LABEL)
            inside = not others and any(
                self.network.contains(interface) for interface in one.get("networkInterfaces", ())
            )
            if cluster not in existing and (inside or cluster in self.network.cluster_stacks):
                machine = last_part(one.get("machineType", "?"))
                costs = self._costs(machine, one.get("guestAccelerators"))
                yield still_there("INSTANCE", f"machine {one['name']} ({machine})", costs, _machine_fix(one))

    def _disks(self) -> Iterator[Remaining]:
        for disk in list_everywhere(self.network.google, "disks"):
            if disk.get("labels", {}).get(CLUSTER_LABEL) in self.network.cluster_stacks:
                fix = f"look, then: gcloud compute disks delete {path_of(disk['selfLink'])}"
                yield still_there("DISK", f"disk {disk['name']} of {disk.get('sizeGb', '?')} GB", "per GiB", fix)

    def _load_balancer_and_firewalls(self) -> Iterator[Remaining]:
        contents = self.network.contents()
        for one in contents.resources:
            if one.path in self.network.state_paths:
                fix = "destroy its stack, see above"
            elif one in contents.orphans and not self.network.in_state:
                fix = "its network is in no state: find out whose it is before you delete it"
            elif one in contents.orphans:
                fix = "run the command again when its controller is gone"
            else:
                fix = "neither by Terraform nor by a controller that is known: look before you delete it"
            costs = "small" if one.kind == PAID_KIND else "none"
            yield still_there(one.kind.upper().replace(" ", "-"), one.label, costs, fix)

    def _addresses(self) -> Iterator[Remaining]:
        regions, names, others = self.config.regions, self._names, self.network.exists_before
        made = [key for key in self.config.gateway_regions if regions[key].existing.gateway_address is None]
        reserved = {names.gateway_address(key) for key in made}
        subnets = {names.node_subnet_path(key) for key, region in regions.items() if region.existing.subnet is None}
        for address in list_everywhere(self.network.google, "addresses"):
            in_subnet = path_of(address.get("subnetwork", "")) in subnets
            in_subnet = in_subnet or (not others and self.network.contains(address))
            if address["name"] in reserved or in_subnet:
                fix = self._fix("addresses", path_of(address["selfLink"]))
                yield still_there("ADDRESS", f"address {address['name']}", "small", fix)

    def _routers(self) -> Iterator[Remaining]:
        own = {self._names.router(key) for key in self.config.regions}
        for router in list_everywhere(self.network.google, "routers", self.network.project):
            if self.network.contains(router) and (not self.network.exists_before or router["name"] in own):
                nat = " with NAT" if router.get("nats") else ""
                fix = self._fix("routers", path_of(router["selfLink"]))
                yield still_there("ROUTER", f"router {router['name']}{nat}", "small" if nat else "none", fix)

    def _subnets(self) -> Iterator[Remaining]:
        """Return those that the platform made in a network of others."""
        names, made = self._names, set[str]()
        for key, region in self.config.regions.items():
            made |= {names.node_subnet_path(key)} if region.existing.subnet is None else set()
            made |= {names.proxy_subnet_path(key)} if region.existing.proxy_subnet is None else set()
        for subnet in list_everywhere(self.network.google, "subnetworks", self.network.project):
            if self.network.contains(subnet) and (path := path_of(subnet["selfLink"])) in made:
                fix = self._fix("networks subnets", path)
                yield still_there("SUBNET", f"subnet {subnet['name']}", "none", fix)

    def _network(self) -> Iterator[Remaining]:
        if self.network.exists():
            fix = NETWORK_FIX if self.network.in_state else network_fix(self.network)
            yield still_there("NETWORK", f"network {self.network.name}", "none", fix)

    def _fix(self, collection: str, path: str) -> str:
        if path in self.network.state_paths:
            return NETWORK_FIX
        return f"look, then: gcloud compute {collection} delete {path}"


def _machine_fix(machine: Part) -> str:
    metadata = machine.get("metadata", {}).get("items", ())
    creators = [entry.get("value", "") for entry in metadata if entry.get("key") == CREATOR]
    if creators:
        return f"look, then: gcloud compute instance-groups managed delete {creators[0]}"
    return f"look, then: gcloud compute instances delete {path_of(machine['selfLink'])}"
