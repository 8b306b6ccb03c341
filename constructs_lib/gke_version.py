"""GKE versions, and the lowest one that has each feature the platform can use."""

from __future__ import annotations

import re
from dataclasses import dataclass

MULTI_CLUSTER_INFERENCE_GATEWAY = "1.34.1-gke.1127000"
"""Source: Google, "Set up the multi-cluster GKE Inference Gateway", before you begin."""
MANAGED_DRANET = "1.34.1-gke.1829001"
"""Source: Google, "Allocate network resources using GKE managed DRANET", requirements."""

NATIVE_CUSTOM_METRICS = "1.35.1-gke.1396000"
"""AutoscalingMetric as a metric of the HorizontalPodAutoscaler.
Source: Google, "Expose custom metrics for autoscaling", requirements."""


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
        """Whether this version, or the newest one that it stands for, is not below *floor*."""
        return self.parts >= floor.parts[: len(self.parts)]

    def reached_by(self, version: str) -> str:
        """
        A Terraform condition, without its `${}`: whether the expression *version* is not below this version.

        Terraform cannot compare versions, so both become one number of nine digits per part.
        """
        number = "".join(f"{part:09d}" for part in self.parts).lstrip("0")
        return f'tonumber(join("", [for n in regexall("[0-9]+", {version}) : format("%09d", tonumber(n))])) >= {number}'


def highest(versions: list[str]) -> str:
    """The highest of *versions*, which are complete ones: the floor of all features together."""
    return max(versions, key=GkeVersion.parse)
