"""GKE versions, and the lowest one that has each feature the platform can use."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Floor:
    """
    The lowest GKE version that has a feature, as Google says.

    Attributes:
        feature: What it is, as a message names it.
        version: A complete version.
        source: Where it is said.
        read: Month of the copy of the source that was read, such as `2026-08`.
        machines: Machine types that it is the floor of; none where it is no machine's.
        refuses: Whether a lower version is refused; else it is only warned of.
    """

    feature: str
    version: str
    source: str
    read: str
    machines: tuple[str, ...] = ()
    refuses: bool = True


MULTI_CLUSTER_INFERENCE_GATEWAY = Floor(
    feature="multi-cluster inference gateway",
    version="1.34.1-gke.1127000",
    source="Google, Set up the GKE multi-cluster Inference Gateway, requirements",
    read="2026-08",
)
INFERENCE_POOL = Floor(
    feature="regional inference gateway",
    version="1.34.0-gke.1626000",
    source="Google, Deploy GKE Inference Gateway, requirements: from here on GKE itself has the CRD of InferencePool",
    read="2026-08",
)
APIGEE = Floor(
    feature="Apigee at the gateway",
    version="1.34.0-gke.0",
    source="Google, Customize the GKE Inference Gateway, Apigee: 1.34 or later, without a patch",
    read="2026-11",
)
MANAGED_DRANET = Floor(
    feature="managed DRANET",
    version="1.34.1-gke.1829001",
    source="Google, Allocate network resources by using GKE managed DRANET, requirements",
    read="2026-08",
)
MANAGED_DRANET_OF_AUTOPILOT = Floor(
    feature="managed DRANET in Autopilot clusters",
    version="1.35.2-gke.1842000",
    source="Google, Allocate network resources by using GKE managed DRANET, requirements",
    read="2026-08",
)
SHARED_GPUS_OF_CLASSES = Floor(
    feature="shared GPUs in Autopilot clusters",
    version="1.35.2-gke.1485000",
    source="Google, ComputeClass, gpuSharing",
    read="2026-08",
)
NATIVE_CUSTOM_METRICS = Floor(
    feature="autoscaling.metric_source: native",
    version="1.35.1-gke.1396000",
    source="Google, Expose custom metrics for autoscaling, requirements",
    read="2026-08",
)
BALANCER_METRIC = Floor(
    feature="the load balancer's custom metric",
    version="1.35.1-gke.1396000",
    source="Google, Expose custom metrics for load balancers, requirements",
    read="2026-08",
    refuses=False,
)
BALANCER_METRIC_BEFORE = Floor(
    feature="the load balancer's custom metric, by an older page",
    version="1.34.1-gke.1127000",
    source="Google, Expose custom metrics, and Set up the GKE multi-cluster Inference Gateway, requirements",
    read="2026-08",
)
FLOORS = (
    MULTI_CLUSTER_INFERENCE_GATEWAY,
    INFERENCE_POOL,
    APIGEE,
    BALANCER_METRIC_BEFORE,
    BALANCER_METRIC,
    MANAGED_DRANET,
    SHARED_GPUS_OF_CLASSES,
    MANAGED_DRANET_OF_AUTOPILOT,
    NATIVE_CUSTOM_METRICS,
    Floor(
        feature="H200 machines",
        version="1.31.5-gke.1169000",
        source="Google, Create an AI-optimized GKE cluster with default configuration",
        read="2026-08",
        machines=("a3-ultragpu-8g",),
    ),
    Floor(
        feature="B200 machines",
        version="1.32.1-gke.1729000",
        source="Google, Create an AI-optimized GKE cluster with default configuration",
        read="2026-08",
        machines=("a4-highgpu-8g",),
    ),
    Floor(
        feature="GB200 machines",
        version="1.33.4-gke.1036000",
        source="Google, Create a custom AI-optimized GKE cluster which uses A4X",
        read="2026-08",
        machines=("a4x-highgpu-4g",),
    ),
    Floor(
        feature="GB300 machines",
        version="1.34.3-gke.1318000",
        source="Google, Allocate network resources by using GKE managed DRANET",
        read="2026-08",
        machines=("a4x-maxgpu-4g-metal",),
    ),
    Floor(
        feature="RTX PRO 6000 machines",
        version="1.34.0-gke.1662000",
        source="Google, Run GPUs in GKE Standard node pools",
        read="2026-08",
        machines=("g4-standard-48", "g4-standard-96", "g4-standard-192", "g4-standard-384"),
    ),
    Floor(
        feature="Ironwood machines",
        version="1.34.0-gke.1662000",
        source="GoogleCloudPlatform/cluster-toolkit, examples/gke-tpu-7x/README.md",
        read="2026-08",
        machines=("tpu7x-standard-4t",),
    ),
)
"""Every floor that is known. A machine that is not here has none that a source names."""


def machine_floor(machine_type: str) -> str | None:
    """Return the lowest version that has *machine_type* with the default GPU driver; None where no source says."""
    return next((floor.version for floor in FLOORS if machine_type in floor.machines), None)


@dataclass(frozen=True, order=True)
class GkeVersion:
    """
    A version such as `1.35.2-gke.1842000`, or its beginning: `1.35` stands for the newest that GKE offers of it.

    Raises:
        ValueError: From `parse`, where the text is neither.
    """

    parts: tuple[int, ...]

    @classmethod
    def parse(cls, text: str) -> GkeVersion:
        """Read *text*."""
        match = re.fullmatch(r"(\d+)\.(\d+)(?:\.(\d+)(?:-gke\.(\d+))?)?", text)
        if not match:
            raise ValueError(f"must read like 1.35 or 1.35.2-gke.1842000, got '{text}'")
        return cls(tuple(int(part) for part in match.groups() if part is not None))

    @property
    def minor(self) -> str:
        """The minor version, such as `1.35`."""
        return f"{self.parts[0]}.{self.parts[1]}"

    def reaches(self, floor: GkeVersion) -> bool:
        """Return whether this version, or the newest one that it stands for, is not below *floor*."""
        return self.parts >= floor.parts[: len(self.parts)]

    def reached_by(self, version: str) -> str:
        """
        Write a Terraform condition, without its `${}`: whether the expression *version* is not below this version.

        Terraform cannot compare versions, so both become one number of nine digits per part.
        """
        number = "".join(f"{part:09d}" for part in self.parts).lstrip("0")
        return f'tonumber(join("", [for n in regexall("[0-9]+", {version}) : format("%09d", tonumber(n))])) >= {number}'


def highest(versions: list[str]) -> str:
    """Return the highest of *versions*, which are complete ones: the floor of all features together."""
    return max(versions, key=GkeVersion.parse)
