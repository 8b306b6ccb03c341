"""The accelerator pools' settings."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Literal

from constructs_lib.specs.gpu_stack import GpuOperatorSpec
from constructs_lib.specs.limits import Between, refuse, wrong_settings

FLEX_START_MAX_RUN_SEC = 7 * 24 * 3600
"""The longest that Dynamic Workload Scheduler runs a node. Source: Google, "About flex-start provisioning mode"."""
WAYS = ("on_demand", "spot", "flex_start", "reservation", "queued")


@dataclass(frozen=True, kw_only=True)
class CapacitySpec:
    """
    Where the machines come from: exactly one of five ways.

    Args:
        on_demand: Pay as you go, kept until released.
        spot: Cheap, can be taken back at any time.
        flex_start: Dynamic Workload Scheduler: waits for capacity, runs for seven days at most.
        reservation: Name of a reservation that is consumed.
        queued: Queued provisioning: the pool grows only for a ProvisioningRequest.
    """

    on_demand: bool = False
    spot: bool = False
    flex_start: bool = False
    reservation: str | None = None
    queued: bool = False

    @property
    def modes(self) -> list[str]:
        """The ways that are chosen, in the order of the settings."""
        return [mode for mode in WAYS if getattr(self, mode)]

    @property
    def wrong_mode(self) -> str:
        """What is wrong with the choice: none, or more than one; empty where it is right."""
        given = " and ".join(self.modes) or "none"
        return "" if len(self.modes) == 1 else f"must choose exactly one of {', '.join(WAYS)}, got {given}"

    @property
    def mode(self) -> str:
        """
        The one way that is chosen.

        Raises:
            ValueError: It is none, or more than one.
        """
        if self.wrong_mode:
            raise ValueError(f"capacity {self.wrong_mode}")
        return self.modes[0]

    @property
    def grows_from_zero(self) -> bool:
        """Whether nodes come only when a pod asks for them."""
        return self.flex_start or self.queued


@dataclass(frozen=True, kw_only=True)
class NodeAutoscalingSpec:
    """
    How far a pool grows and shrinks with the pods that ask for its nodes.

    Args:
        min_nodes: Fewest nodes, in all zones of a region together.
        max_nodes: Most nodes, in all zones of a region together.
        location_policy: `BALANCED` keeps the zones even, `ANY` takes nodes where there are some. Default: `ANY` for
            machines that are hard to get (spot, flex_start, queued), else `BALANCED`.
    """

    # A pool has 1000 nodes in a zone at most (POOL-NODES-1000), a cluster 15,000: Google, GKE quotas and limits.
    max_nodes: Annotated[int, Between(1, 15_000)]
    min_nodes: Annotated[int, Between(0, 15_000)] = 0
    location_policy: Literal["ANY", "BALANCED"] | None = None

    def __post_init__(self) -> None:
        refuse(wrong_settings(self))
        if self.min_nodes > self.max_nodes:
            raise ValueError(f"min_nodes must be between 0 and max_nodes ({self.max_nodes}), got {self.min_nodes}")


@dataclass(frozen=True, kw_only=True)
class GpuSharingSpec:
    """
    How several pods use one GPU, or one partition of it.

    Args:
        strategy: `time_sharing`: the GPU switches between pods, and nothing limits the memory that one takes. `mps`:
            pods run at the same time, each with an equal part of memory and threads; they share the node's IPC
            namespace.
        max_clients: Most pods on one GPU, or on one partition.
    """

    strategy: Literal["time_sharing", "mps"]
    # Source: GoogleCloudPlatform/compute-class-api, gpuSharing.maxSharedClientsPerGPU.
    max_clients: Annotated[int, Between(2, 48)]

    def __post_init__(self) -> None:
        refuse(wrong_settings(self))


def _on_demand() -> CapacitySpec:
    return CapacitySpec(on_demand=True)


@dataclass(frozen=True, kw_only=True)
class NodePoolSpec:
    """
    Accelerator nodes, the same in each region that has the pool.

    Args:
        machine_type: TPU or GPU machine, such as `ct6e-standard-4t`. Each one known is in docs/machines.md.
        topology: TPU slice, such as `2x2`. Default: the single-host slice of the machine.
        nodes_per_zone: Nodes in each zone, where the pool does not grow. Default: 1. A multi-host slice has as many as
            its topology needs.
        autoscaling: Lets the pool grow and shrink. Default: off, but flex_start and queued pools grow from none.
        capacity: Where the machines come from. Default: on demand.
        dranet: Managed DRANET: the accelerator's own network interfaces. Default: on where the machine has it, and off
            where its GPUs are shared.
        compact_placement: Nodes side by side. Default: on for multi-host slices, which need it.
        disk_gib: Boot disk, in GiB; on machines without local SSDs the weights are on it.
        disk_type: Default: what the machine takes (`hyperdisk-balanced` on new TPUs).
        gpu_driver_version: `DEFAULT` of the node image, `LATEST`, or `INSTALLATION_DISABLED` where something else
            installs it. Default: `DEFAULT`, and nothing on TPUs.
        gpu_operator: NVIDIA's GPU Operator installs driver and device plugin, on nodes with Ubuntu. Default: GKE does.
        gpu_sharing: Lets several pods use one GPU. Default: each GPU belongs to one pod.
        gpu_partition: Size of the parts into which each GPU is divided, such as `1g.10gb`: each is a GPU of its own to
            pods. Default: GPUs are whole.
        local_ssds: Local SSDs on machines where their number can be chosen; they hold images, weights and caches.
            Default: none.
        zones: Zones of the pool, some of those of its region. Default: all zones of the region.
        image_streaming: Starts containers while their image is still being read. Works with images from Artifact
            Registry and public ones from Docker Hub; others are pulled as usual. Default: nothing is said, so a pool
            that streams keeps doing so until this is `false`.
        preloaded_image_disk: Disk image that holds container images, `projects/<project>/global/images/<name>`: each
            node gets a disk of it. Needs `image_streaming`.
    """

    machine_type: str
    topology: str | None = None
    nodes_per_zone: Annotated[int | None, Between(1, 1000)] = None
    autoscaling: NodeAutoscalingSpec | None = None
    capacity: CapacitySpec = field(default_factory=_on_demand)
    dranet: bool | None = None
    compact_placement: bool | None = None
    # Source: Compute Engine, disk types: 64 TiB; GKE API, NodeConfig.diskSizeGb: 10 at least.
    disk_gib: Annotated[int, Between(10, 65536)] = 200
    disk_type: str | None = None
    gpu_driver_version: Literal["DEFAULT", "LATEST", "INSTALLATION_DISABLED"] | None = None
    gpu_operator: GpuOperatorSpec | None = None
    gpu_sharing: GpuSharingSpec | None = None
    gpu_partition: str | None = None
    # The most that any machine has: constructs_lib/data/machines.json.
    local_ssds: Annotated[int | None, Between(1, 32)] = None
    zones: tuple[str, ...] | None = None
    image_streaming: bool | None = None
    preloaded_image_disk: str | None = None

    def __post_init__(self) -> None:
        no_zones = ["zones must name at least one zone, got none"] if self.zones == () else []
        refuse([*wrong_settings(self), *no_zones])
