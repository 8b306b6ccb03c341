"""The platform that a preflight looks at, and the APIs that it asks."""

from __future__ import annotations

from dataclasses import dataclass

from constructs_lib.accelerators import PoolPlan
from gke_inference.api_error import ApiError
from gke_inference.findings import id_for_model
from gke_inference.google_api import GoogleApi
from platform_config.config import Config
from platform_config.names import Names
from platform_config.network_plan import makes_nat, proxy_regions


@dataclass(frozen=True, kw_only=True)
class Target:
    """
    The platform that is checked before an apply.

    Attributes:
        config: The platform.
        keys: Keys of the regions to check, in the order of the file.
        google: Google's APIs, with the caller's rights.
        hugging_face_token: Token for Hugging Face; empty for none.
    """

    config: Config
    keys: tuple[str, ...]
    google: GoogleApi
    hugging_face_token: str = ""

    @property
    def names(self) -> Names:
        """The platform's cloud names."""
        return Names(self.config)

    @property
    def project(self) -> str:
        """Project ID."""
        return self.config.project

    @property
    def makes_subnets(self) -> bool:
        """Whether an apply makes a subnet, of nodes or of proxies."""
        return any(self.made_subnets(key) for key in self.keys)

    def made_subnets(self, key: str) -> int:
        """Return how many subnets an apply makes for region *key*."""
        config, existing = self.config, self.config.regions[key].existing
        makes_proxies = key in proxy_regions(config) and existing.proxy_subnet is None
        return int(existing.subnet is None) + int(makes_proxies)

    @property
    def makes_routers(self) -> bool:
        """Whether an apply makes a router."""
        return any(makes_nat(self.config, key) for key in self.keys)

    def makes_cluster(self, key: str) -> bool:
        """Return whether the cluster of region *key* is the platform's own."""
        return self.config.regions[key].existing.cluster is None

    def made_pools(self, key: str) -> dict[str, PoolPlan]:
        """Return the accelerator pools of region *key* that an apply makes, by their key."""
        there = self.config.regions[key].existing.node_pools
        return {pool: plan for pool, plan in self.config.pools(key).items() if pool not in there}

    def model_id(self, id_: str, model: str) -> str:
        """Return the id of a finding about *model*: with several models it carries the model's key."""
        return id_for_model(id_, model, self.config.models)

    def has_cluster(self, key: str) -> bool:
        """
        Return whether the cluster of region *key* exists already: then a part of what is in use is the platform's own.

        Raises:
            ApiError: Google does not answer this.
        """
        name = self.names.cluster_path(key)
        try:
            return self.google.find("container", "v1", "projects.locations.clusters.get", name=name) is not None
        except ApiError as error:
            if error.turned_off:
                return False
            raise
