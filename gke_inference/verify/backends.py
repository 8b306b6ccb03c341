"""The servers behind the gateway: what the load balancer thinks of them, beside what their cluster does."""

from __future__ import annotations

from typing import Any

from gke_inference.api_error import ApiError
from gke_inference.google_api import GoogleApi
from gke_inference.live_platform import LivePlatform, gateway_addresses
from gke_inference.load_balancer import FRONT, method_target, parts_of
from gke_inference.once import Once
from gke_inference.verify import balancer as verify_balancer
from gke_inference.verify import gateway as verify_gateway
from gke_inference.verify.check import Seen
from gke_inference.verify.region import Connect
from platform_config.config import Config
from platform_config.names import Names


class Backends:
    """
    The servers of all regions.

    Args:
        connect: Reaches clusters.
        gateway: Gives the Gateway of the config cluster.
        balancing: Gives its GCPBackendPolicy.
    """

    def __init__(
        self, config: Config, *, google: GoogleApi, connect: Connect, gateway: Once[Any], balancing: Once[Any]
    ) -> None:
        self._config = config
        self._google = google
        self._connect = connect
        self._gateway = gateway
        self._balancing = balancing
        self._health = Once(self._ask_health)

    def look(self, key: str) -> Seen:
        """Those of region *key*."""
        region = self._config.regions[key]
        drained = region.region in verify_gateway.drained_regions(self._balancing())
        health = self._health()
        ready = self._ready(key) if health else None
        return verify_balancer.backends(health, zones=region.zones, ready=ready, drained=drained)

    def _ask_health(self) -> list[tuple[str, verify_balancer.States]] | None:
        """What the load balancer thinks of each server, by its network endpoint group; None where nobody knows."""
        parts = parts_of(self._google, FRONT)
        network = f"projects/{self._config.project}/global/networks/{Names(self._config).network}"
        given = gateway_addresses(self._gateway())
        services = verify_balancer.services(parts, addresses=given, network=network)
        if services is None:
            return None
        return [
            (backend["group"], self._states(path, backend["group"]))
            for path in sorted(services)
            for backend in parts[path].get("backends", [])
        ]

    def _states(self, service: str, group: str) -> verify_balancer.States:
        resource, arguments = method_target(service)
        try:
            # A POST that changes nothing: the group to ask about is in its body.
            told = self._google.call("compute", "v1", f"{resource}.getHealth", **arguments, body={"group": group})
        except ApiError as error:
            return error
        return [state.get("healthState", "no state") for state in told.get("healthStatus", [])]

    def _ready(self, key: str) -> int | None:
        """How many servers the cluster has ready; None where it does not tell, which other findings say."""
        try:
            return LivePlatform(config=self._config, clusters=self._connect).ready_servers(key)
        except ApiError:
            return None
