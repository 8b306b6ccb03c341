"""The clusters' settings, the same in every region."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Literal

from constructs_lib.specs.limits import Between, refuse, wrong_settings

Weekday = Literal["MO", "TU", "WE", "TH", "FR", "SA", "SU"]


@dataclass(frozen=True, kw_only=True)
class MaintenanceWindowSpec:
    """
    When GKE may upgrade a cluster.

    Args:
        start_hour_utc: Hour at which the window opens, 0 to 23, in UTC.
        duration_hours: Length in hours, 4 to 23. GKE wants 48 hours in any 32 days: 12 hours on one day of the week do.
        days: Days of the week. Default: one day per region, by its number, so that neighbours are not upgraded at once.
    """

    start_hour_utc: Annotated[int, Between(0, 23)] = 2
    # Source: Google, "Maintenance windows and exclusions": four hours at least.
    duration_hours: Annotated[int, Between(4, 23)] = 12
    days: tuple[Weekday, ...] = ()

    def __post_init__(self) -> None:
        refuse(wrong_settings(self))
        hours = 4 * self.duration_hours * max(1, len(set(self.days)))
        if hours < 48:
            raise ValueError(f"duration_hours times days must give 48 hours in four weeks, got {hours}")


@dataclass(frozen=True, kw_only=True)
class SystemPoolSpec:
    """
    The nodes for everything that needs no accelerator, the endpoint picker first.

    Args:
        machine_type: Default: the smallest e2-standard that holds the endpoint pickers of the chosen chart version.
        min_nodes_per_zone: Fewest nodes in each zone.
        max_nodes_per_zone: Most nodes in each zone.
        disk_gib: Boot disk, in GiB.
    """

    machine_type: str | None = None
    # Source: Google, GKE quotas and limits: 1000 nodes of a pool in a zone.
    min_nodes_per_zone: Annotated[int, Between(1, 1000)] = 1
    max_nodes_per_zone: Annotated[int, Between(1, 1000)] = 3
    disk_gib: int = 100

    def __post_init__(self) -> None:
        refuse(wrong_settings(self))
        if self.min_nodes_per_zone > self.max_nodes_per_zone:
            raise ValueError(
                f"min_nodes_per_zone must be between 1 and max_nodes_per_zone ({self.max_nodes_per_zone}), "
                f"got {self.min_nodes_per_zone}"
            )


@dataclass(frozen=True, kw_only=True)
class ClusterSpec:
    """
    What every cluster of the platform has in common.

    Args:
        mode: `standard`: the pools are node pools. `autopilot`: Google makes and manages the nodes, and the pools say
            which machines they are; cannot change later.
        control_plane: `regional` survives the loss of a zone; `zonal` costs less and does not.
        release_channel: GKE release channel.
        gke_version: Version or prefix, such as `1.35` or `1.35.2-gke.1842000`; not below the floor of the features in
            use. Default: the channel's own, or the newest of the floor's minor version where that is too old.
        private_nodes: Nodes without public addresses.
        dataplane_v2: GKE Dataplane V2. Managed DRANET needs it; cannot change later.
        network_policies: Limits the pods' traffic, in and out, to what they need. Enforced by Dataplane V2.
        metrics_adapter: Installs Google's custom metrics adapter, which autoscaling by `pods` and `external` needs;
            default: yes where a model needs it. false where the clusters have it already. KEDA and prometheus-adapter
            do not know its metrics: `native` goes beside them.
        deletion_protection: Refuses to destroy a cluster until it is off and applied.
        maintenance_window: When GKE may upgrade.
        system_pool: Nodes without accelerators; an Autopilot cluster has none of its own.
    """

    mode: Literal["standard", "autopilot"] = "standard"
    control_plane: Literal["regional", "zonal"] = "regional"
    release_channel: Literal["RAPID", "REGULAR", "STABLE"] = "REGULAR"
    gke_version: str | None = None
    private_nodes: bool = True
    dataplane_v2: bool = True
    network_policies: bool = True
    metrics_adapter: bool | None = None
    deletion_protection: bool = True
    maintenance_window: MaintenanceWindowSpec = field(default_factory=MaintenanceWindowSpec)
    system_pool: SystemPoolSpec = field(default_factory=SystemPoolSpec)

    def __post_init__(self) -> None:
        refuse(wrong_settings(self))

    @property
    def autopilot(self) -> bool:
        """Whether Google makes and manages the nodes."""
        return self.mode == "autopilot"
