"""Where one cluster is and what it must be able to do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from constructs_lib import google_names as names
from constructs_lib.gke_version import GkeVersion
from constructs_lib.specs import UniverseSpec
from constructs_lib.specs.cluster import Weekday
from constructs_lib.specs.limits import refuse, wrong_settings, wrong_types
from constructs_lib.universe import PUBLIC


@dataclass(frozen=True, kw_only=True)
class ClusterPlan:
    """
    Where one cluster is and what it must be able to do. All known at synth.

    Attributes:
        name: Name of the cluster, at most 40 characters.
        project: Project ID.
        region: Region of the cluster's network.
        location: The region, or a zone of it for a zonal control plane.
        zones: Zones of the nodes.
        network: Name of the VPC.
        subnetwork: Name of the node subnet.
        node_service_account: E-mail address of the nodes' identity.
        version_floor: Lowest version that has every feature in use.
        maintenance_day: Day of the week where the spec names none.
        network_project: Project ID of the VPC, where another one shares it. Default: the cluster's.
        pods_range: Name of the subnet's secondary range for pods. Default: `pods`.
        services_range: Name of the subnet's secondary range for Services. Default: `services`.
        mounts_buckets: Whether pods mount buckets, which a cluster that is managed elsewhere must then be able to.
        secret_manager: Turns on the Secret Manager add-on.
        universe: The universe of the project. Default: the public cloud.

    Raises:
        ValueError: For all at once that Google would refuse: names, a location or zones outside of the region.
    """

    name: str
    project: str
    region: str
    location: str
    zones: tuple[str, ...]
    network: str
    subnetwork: str
    node_service_account: str
    version_floor: str
    maintenance_day: Weekday = "SA"
    network_project: str | None = None
    pods_range: str = "pods"
    services_range: str = "services"
    mounts_buckets: bool = True
    secret_manager: bool = False
    universe: UniverseSpec = PUBLIC

    def __post_init__(self) -> None:
        refuse(wrong_types(self))
        refuse([*wrong_settings(self), *self._wrong_names(), *self._wrong_places()])

    @property
    def network_path(self) -> str:
        """Path of the VPC in the Compute Engine API."""
        return f"projects/{self.network_project or self.project}/global/networks/{self.network}"

    @property
    def subnetwork_path(self) -> str:
        """Path of the node subnet in the Compute Engine API."""
        return f"projects/{self.network_project or self.project}/regions/{self.region}/subnetworks/{self.subnetwork}"

    def _wrong_names(self) -> Iterator[str]:
        yield from names.report_wrong("name", self.name, names.wrong_word(self.name, names.CLUSTER_LENGTH))
        yield from names.report_wrong("project", self.project, names.wrong_project(self.project))
        for setting in ("network", "subnetwork"):
            yield from names.report_wrong(setting, getattr(self, setting), names.wrong_word(getattr(self, setting)))
        try:
            GkeVersion.parse(self.version_floor)
        except ValueError as error:
            yield f"version_floor {error}"

    def _wrong_places(self) -> Iterator[str]:
        yield from names.report_wrong("region", self.region, names.wrong_region(self.region))
        if isinstance(self.zones, str):  # Told as no list already.
            return
        yield from names.report_wrong(
            "location", self.location, names.wrong_location(self.location, self.region, self.zones)
        )
        if not self.zones:
            yield "zones must name at least one zone, got none"
        for zone in self.zones:
            yield from names.report_wrong("zones", zone, names.wrong_zone(zone, self.region))
