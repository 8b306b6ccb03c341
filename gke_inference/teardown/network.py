"""The platform's network: what is in it, what controllers of GKE made there, and the end of that."""

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
    addressed,
    collection_of,
    of,
    parts_of,
    path_of,
    refuse_gaps,
)  # fmt: skip
from gke_inference.teardown.found import FIREWALLS, PREFIXES, Found, Look, in_order
from gke_inference.teardown.proof import free, proven
from platform_config.config import Config
from platform_config.names import Names
from platform_config.stack_graph import cluster_stack


class Network:
    """
    Looks at the platform's network, by the network's whole path: a network of that name elsewhere is another's.

    Remembers from look to look what was proven to be of the network, by the id that Google gives only once: a URL map
    or a health check loses its proof when the rest of its load balancer goes.

    Args:
        google: The project.
        config: The platform.
        in_states: Paths of what Terraform made, which is no ghost.

    Attributes:
        stacks: The stack of each cluster of the platform, by name.
    """

    def __init__(self, google: GoogleApi, config: Config, in_states: Collection[str]) -> None:
        names = Names(config)
        self.google = google
        self.in_states = in_states
        self.path = f"projects/{google.project}/global/networks/{names.network}"
        self.stacks = {names.cluster(key): cluster_stack(key) for key in config.regions}
        self._prefixes = (*PREFIXES, *(f"gke-{names.cluster(key)}-" for key in config.regions))
        self._proven: set[tuple[str, str]] = set()

    @property
    def known(self) -> bool:
        """Whether Terraform made the network: without that its name alone says that it is ours."""
        return self.path in self.in_states

    def holds(self, item: Part) -> bool:
        """Whether *item* says that it is in our network."""
        return path_of(item.get("network", "")) == self.path

    def clusters(self) -> list[dict[str, Any]]:
        """
        The clusters in it.

        Raises:
            ApiError: It cannot be told, or not for all zones.
        """
        parent = f"projects/{self.google.project}/locations/-"
        answer = self.google.call("container", "v1", "projects.locations.clusters.list", parent=parent)
        refuse_gaps(answer)
        return [
            cluster for cluster in answer.get("clusters", [])
            if path_of(cluster.get("networkConfig", {}).get("network") or self._relative(cluster)) == self.path
        ]  # fmt: skip

    def stopping(self) -> list[Found]:
        """
        The clusters in it that somebody deletes already.

        Raises:
            ApiError: It cannot be told.
        """
        return [
            Found(kind="cluster", path=self.cluster_path(one))
            for one in self.clusters()
            if one.get("status") == "STOPPING"
        ]

    def cluster_path(self, cluster: Part) -> str:
        """Where *cluster* is, as Terraform's state has it."""
        return cluster_path(self.google.project, cluster.get("location", "-"), cluster["name"])

    def look(self) -> Look:
        """
        What is there now.

        Raises:
            ApiError: It cannot be told.
        """
        parts = {**parts_of(self.google, CHAIN), **self._firewalls()}
        inside = {path for path in of(parts, RULES, GROUPS, FIREWALLS) if self.holds(parts[path])}
        before = {path for path, part in parts.items() if (path, part.get("id", "")) in self._proven}
        ours = proven(parts, inside, before)
        self._proven |= {(path, parts[path].get("id", "")) for path in ours}
        named = {path for path in ours if path.rsplit("/", 1)[-1].startswith(self._prefixes)}
        ghosts = free(parts, {path for path in named if path not in self.in_states}, inside)
        return Look(found=in_order(ours), ghosts=in_order(ghosts))

    def there(self, ghosts: Iterable[Found]) -> list[Found]:
        """
        Those of *ghosts* that are still there.

        Raises:
            ApiError: It cannot be told.
        """
        asked = list(ghosts)
        names = {collection_of(one.path) for one in asked}
        paths = {*parts_of(self.google, names - {FIREWALLS}), *(self._firewalls() if FIREWALLS in names else ())}
        return [one for one in asked if one.path in paths]

    def delete(self, ghost: Found) -> None:
        """
        Ask for the end of *ghost*, which comes a while later; none there is as good.

        Raises:
            ApiError: It was refused.
        """
        resource, arguments = addressed(ghost.path)
        try:
            self.google.call("compute", "v1", f"{resource}.delete", **arguments)
        except ApiError as error:
            if not error.missing:
                raise

    def _firewalls(self) -> dict[str, Part]:
        found: dict[str, Part] = {}
        for page in self.google.whole_pages("compute", "v1", "firewalls.list", project=self.google.project):
            refuse_gaps(page)
            found |= {path_of(rule["selfLink"]): rule for rule in page.get("items", [])}
        return found

    def _relative(self, cluster: dict[str, Any]) -> str:
        return f"projects/{self.google.project}/global/networks/{cluster.get('network', '')}"
