"""What is in the project beside what the platform would make."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from gke_inference.adopt.importable import value_at
from gke_inference.adopt.settings import cluster_path_of
from gke_inference.api_error import ApiError
from gke_inference.google_api import GoogleApi
from gke_inference.load_balancer import path_of
from platform_config.config import Config
from platform_config.names import Names

Live = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """
    What is in the project beside what the platform would make; each list is asked for once.

    Attributes:
        config: The platform.
        google: Google's APIs.
        own: Full names of what exists under the platform's own names.
    """

    config: Config
    google: GoogleApi
    own: frozenset[str]
    _lists: dict[tuple[str, str, str], list[Live]] = field(default_factory=dict)

    @property
    def names(self) -> Names:
        """The platform's cloud names."""
        return Names(self.config)

    @cached_property
    def clusters(self) -> list[Live]:
        """All clusters of the project."""
        parent = f"projects/{self.config.project}/locations/-"
        return self._list("container", "projects.locations.clusters.list", "clusters", parent=parent)

    @cached_property
    def memberships(self) -> list[Live]:
        """All members of the project's fleet."""
        parent = f"projects/{self.config.project}/locations/-"
        return self._list("gkehub", "projects.locations.memberships.list", "resources", parent=parent)

    @cached_property
    def config_membership(self) -> str:
        """The member of the fleet whose cluster holds the objects of its gateways."""
        name = self.names.gateway_feature
        feature = self.google.call("gkehub", "v1", "projects.locations.features.get", name=name)
        return str(value_at(feature, "spec.multiclusteringress.configMembership"))

    def owner(self, member: Live) -> str | None:
        """Return the key of the region whose cluster is the *member* of the fleet; None where it is another's."""
        link = value_at(member, "endpoint.gkeCluster.resourceLink") or ""
        for key in self.config.regions:
            cluster = self.cluster(key)
            if link.endswith(f"/{cluster_path_of(cluster) if cluster else self.names.cluster_path(key)}"):
                return key
        return None

    def in_region(self, collection: str, key: str, project: str) -> list[Live]:
        """Return what of Compute Engine's *collection* is in region *key* of *project*."""
        region = self.config.regions[key].region
        place = (collection, project, region)
        if place not in self._lists:
            found = self._list("compute", f"{collection}.list", "items", project=project, region=region)
            self._lists[place] = found
        return self._lists[place]

    def _list(self, service: str, method: str, items: str, **arguments: str) -> list[Live]:
        """Return all *items* of a list; none where the project has never turned the API on."""
        try:
            return list(self.google.pages(service, "v1", method, items=items, **arguments))
        except ApiError as error:
            if error.turned_off:
                return []
            raise

    def in_network(self, collection: str, key: str, network: str) -> list[Live]:
        """Return what of *collection* is in region *key* and in the VPC at *network*."""
        found = self.in_region(collection, key, network.split("/")[1])
        return [one for one in found if path_of(one["network"]) == network]

    def has_own(self, collection: str, key: str, name: str) -> bool:
        """Return whether the platform's own *name* of *collection* exists in region *key*."""
        return (
            f"projects/{self.config.project}/regions/{self.config.regions[key].region}/{collection}/{name}" in self.own
        )

    def cluster(self, key: str) -> Live | None:
        """Return the cluster that region *key* has or could have; None where there is none, or more than one."""
        found = self.clusters_for(key)
        return found[0] if len(found) == 1 else None

    def clusters_for(self, key: str) -> list[Live]:
        """Return the cluster that region *key* has, or all that it could have."""
        path, region = self.names.cluster_path(key), self.config.regions[key]
        named = [one for one in self.clusters if cluster_path_of(one) == path]
        if named or region.beside:
            return named
        taken = {self.names.cluster_path(other) for other in self.config.regions}
        return [
            one for one in self.clusters
            if region.region in (one["location"], one["location"].rpartition("-")[0])
            and cluster_path_of(one) not in taken
        ]  # fmt: skip
