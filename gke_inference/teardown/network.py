"""The platform's network: what is in it, what GKE's controllers made there, and how to delete that."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from constructs_lib.google_names import cluster_path
from gke_inference.api_error import ApiError
from gke_inference.google_api import GoogleApi
from gke_inference.load_balancer import (
    CHAIN,
    GROUPS,
    RULES,
    Part,
    Parts,
    collection_of,
    method_target,
    parts_of,
    path_of,
    reached,
    require_complete,
    select,
)
from gke_inference.teardown.order import DestroyOrder
from gke_inference.teardown.ownership import (
    CONTROLLER_PREFIXES,
    FIREWALLS,
    NetworkContents,
    NetworkResource,
    in_deletion_order,
    prove_ownership,
    unused_by_others,
)
from platform_config.config import Config
from platform_config.names import Names
from platform_config.stack_graph import cluster_stack


class Network:
    """
    The platform's network, known by its whole path: a network of that name in another project is another's.

    What was proven to be of the network stays so, by the id that Google gives only once: a URL map or a health check
    loses its proof when the rest of its load balancer is deleted.

    Args:
        google: The project.
        config: The platform.
        order: Its synth.
        state_paths: Paths of what is in Terraform's states, which no controller made.

    Attributes:
        path: Path of the network.
        exists_before: Whether the network is one of others: in it, only what has the platform's names counts.
        cluster_stacks: The stack of each cluster that the platform makes, by the cluster's name.
    """

    def __init__(
        self, google: GoogleApi, config: Config, order: DestroyOrder, state_paths: Collection[str]
    ) -> None:  # fmt: skip
        names = Names(config)
        self.google = google
        self.order = order
        self.state_paths = state_paths
        self.name = names.network
        self.path = names.network_path
        self.project = names.network_project
        self.exists_before = config.existing.network is not None
        made = [key for key, region in config.regions.items() if region.existing.cluster is None]
        self.cluster_stacks = {names.cluster(key): cluster_stack(key) for key in made}
        self._gateway = f"-{config.namespace}-{names.gateway}"
        self._prefixes = (*CONTROLLER_PREFIXES, *(f"gke-{name}-" for name in self.cluster_stacks))
        self._proven: set[tuple[str, str]] = set()

    @property
    def in_state(self) -> bool:
        """
        Whether Terraform made the network: otherwise its name alone says that it is the platform's.

        Of a network of others, whether a state has anything in Google Cloud: then its names are this platform's.
        """
        if self.exists_before:
            return any(path != path_of("") for path in self.state_paths)
        return self.path in self.state_paths

    def exists(self) -> bool:
        """
        Return whether the network is there.

        Raises:
            ApiError: Google did not say.
        """
        return exists(self.google, "compute", "v1", "networks.get", project=self.project, network=self.name)

    def contains(self, item: Part) -> bool:
        """Return whether *item* names this network as its own."""
        return path_of(item.get("network", "")) == self.path

    def clusters(self) -> list[dict[str, Any]]:
        """
        Return the clusters in it; in a network of others, those that the platform makes.

        Raises:
            ApiError: Google did not say, or not for all zones.
        """
        parent = f"projects/{self.google.project}/locations/-"
        answer = self.google.call("container", "v1", "projects.locations.clusters.list", parent=parent)
        require_complete(answer)
        return [cluster for cluster in answer.get("clusters", []) if self._has_cluster(cluster)]

    def clusters_being_deleted(self) -> list[NetworkResource]:
        """
        Return the clusters in it that are being deleted, by whomever.

        Raises:
            ApiError: Google did not say.
        """
        return [
            NetworkResource(kind="cluster", path=self.cluster_path(one))
            for one in self.clusters()
            if one.get("status") == "STOPPING"
        ]

    def cluster_path(self, cluster: Part) -> str:
        """Return where *cluster* is, as Terraform's state has it."""
        return cluster_path(self.google.project, cluster.get("location", "-"), cluster["name"])

    def contents(self) -> NetworkContents:
        """
        Return what is in it.

        Raises:
            ApiError: Google did not say, or not for all places.
        """
        parts = {**parts_of(self.google, CHAIN), **self._firewalls()}
        inside = {path for path in select(parts, RULES, GROUPS, FIREWALLS) if self.contains(parts[path])}
        before = {path for path, part in parts.items() if (path, part.get("id", "")) in self._proven}
        if self.exists_before:
            inside = self._named(parts, inside, before)
        owned = prove_ownership(parts, inside, before)
        self._proven |= {(path, parts[path].get("id", "")) for path in owned}
        by_controllers = {path for path in owned if path.rsplit("/", 1)[-1].startswith(self._prefixes)}
        orphans = unused_by_others(parts, by_controllers - set(self.state_paths), inside)
        return NetworkContents(resources=in_deletion_order(owned), orphans=in_deletion_order(orphans))

    def _named(self, parts: Parts, inside: Collection[str], before: Collection[str]) -> set[str]:
        """
        Return those *inside* that have the name of the platform's Gateway or clusters, or are in a state.

        Endpoint groups have the names of Services, cut short: they count where such a Gateway's rule leads to them.
        """
        clusters = tuple(f"gke-{name}-" for name in self.cluster_stacks)
        firewalls = {path for path in select(inside, FIREWALLS) if path.rsplit("/", 1)[-1].startswith(clusters)}
        rules = {path for path in select(inside, RULES) if self._gateway in path.rsplit("/", 1)[-1]}
        groups = select(reached(parts, {*rules, *before}), GROUPS) & set(inside)
        return firewalls | rules | groups | {path for path in inside if path in self.state_paths}

    def still_there(self, resources: Iterable[NetworkResource]) -> list[NetworkResource]:
        """
        Return those of *resources* that are still there.

        Raises:
            ApiError: Google did not say.
        """
        wanted = list(resources)
        collections = {collection_of(one.path) for one in wanted}
        firewalls = self._firewalls() if FIREWALLS in collections else {}
        paths = {*parts_of(self.google, collections - {FIREWALLS}), *firewalls}
        return [one for one in wanted if one.path in paths]

    def delete(self, resource: NetworkResource) -> None:
        """
        Ask Google to delete *resource*, which takes a while; it is no error if there is none.

        Raises:
            ApiError: Google refused.
        """
        api_resource, arguments = method_target(resource.path)
        try:
            self.google.call("compute", "v1", f"{api_resource}.delete", **arguments)
        except ApiError as error:
            if not error.missing:
                raise

    def _firewalls(self) -> dict[str, Part]:
        found: dict[str, Part] = {}
        for page in self.google.whole_pages("compute", "v1", "firewalls.list", project=self.project):
            require_complete(page)
            found |= {path_of(rule["selfLink"]): rule for rule in page.get("items", [])}
        return found

    def _has_cluster(self, cluster: Part) -> bool:
        """Return whether *cluster* is in it; where its network's path is missing, there is the name alone."""
        if self.exists_before and cluster["name"] not in self.cluster_stacks:
            return False
        path = cluster.get("networkConfig", {}).get("network")
        return path_of(path) == self.path if path else cluster.get("network") == self.name


def exists(google: GoogleApi, service: str, version: str, method: str, **arguments: str) -> bool:
    """
    Return whether there is what *method* gets.

    Raises:
        ApiError: Google did not say.
    """
    try:
        google.call(service, version, method, **arguments)
    except ApiError as error:
        if error.missing:
            return False
        raise
    return True
