"""Operators that give out GPUs in place of the cluster's own way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from constructs_lib.specs.limits import refuse, wrong_settings, wrong_text

KUBERNETES_VERSION = r"v1\.\d{2}\.\d{1,2}"


@dataclass(frozen=True, kw_only=True)
class GpuOperatorSpec:
    """
    NVIDIA's GPU Operator: driver, container toolkit and device plugin of the nodes.

    Args:
        chart_version: Version of the chart gpu-operator.
        driver: Whether it installs the driver; false where the nodes' image has one.
        mig: Whether it divides GPUs: `none`, `single` (all alike) or `mixed`.
    """

    chart_version: str = "v25.10.0"
    driver: bool = True
    mig: Literal["none", "single", "mixed"] = "none"

    def __post_init__(self) -> None:
        must = "be a version of the chart, such as v25.10.0"
        refuse([*wrong_settings(self), *wrong_text("chart_version", self.chart_version, r"v\d+\.\d+\.\d+", must)])


@dataclass(frozen=True, kw_only=True)
class HamiSpec:
    """
    HAMi: parts of a GPU for each pod, with limits of memory and of compute.

    Args:
        kubernetes_version: Version of the cluster, such as `v1.34.1`: that of the scheduler which HAMi runs. The chart
            would take the cluster's at each render, from a mirror.
        chart_version: Version of the chart hami.
    """

    kubernetes_version: str
    chart_version: str = "2.7.1"

    def __post_init__(self) -> None:
        versions = [
            *wrong_text("kubernetes_version", self.kubernetes_version, KUBERNETES_VERSION, "read like v1.34.1"),
            *wrong_text("chart_version", self.chart_version, r"\d+\.\d+\.\d+", "read like 2.7.1"),
        ]
        refuse([*wrong_settings(self), *versions])
