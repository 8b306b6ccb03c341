"""Operators that give out GPUs in place of the cluster's own way."""

from __future__ import annotations

from dataclasses import dataclass

from constructs_lib.specs.limits import refuse, wrong_settings


@dataclass(frozen=True, kw_only=True)
class GpuOperatorSpec:
    """
    NVIDIA's GPU Operator: driver, container toolkit and device plugin of the nodes.

    Args:
        chart_version: Version of the chart gpu-operator.
        driver: Whether it installs the driver. Default: what the kind of cluster needs.
    """

    chart_version: str = "v25.10.0"
    driver: bool | None = None

    def __post_init__(self) -> None:
        refuse(wrong_settings(self))


@dataclass(frozen=True, kw_only=True)
class HamiSpec:
    """
    HAMi: parts of a GPU for each pod, with a limit of memory and of compute.

    Args:
        chart_version: Version of the chart hami.
    """

    chart_version: str = "2.7.1"

    def __post_init__(self) -> None:
        refuse(wrong_settings(self))
