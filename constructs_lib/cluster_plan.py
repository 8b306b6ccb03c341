"""Where one cluster is and what it must be able to do."""

from dataclasses import dataclass

from constructs_lib.specs.cluster import Weekday


@dataclass(frozen=True, kw_only=True)
class ClusterPlan:
    """
    Where one cluster is and what it must be able to do. All known at synth.

    Attributes:
        region: Region of the cluster's network.
        location: The region, or a zone of it for a zonal control plane.
        zones: Zones of the nodes.
        network: Name of the VPC.
        subnetwork: Name of the node subnet; its secondary ranges are `pods` and `services`.
        node_service_account: E-mail address of the nodes' identity.
        version_floor: Lowest version that has every feature in use.
        maintenance_day: Day of the week where the spec names none.
        secret_manager: Turns on the Secret Manager add-on.
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
    secret_manager: bool = False
