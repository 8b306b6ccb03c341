"""The chart that brings an InferencePool and its endpoint picker: which there are, and in what they differ."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from constructs_lib import inferencepool_chart, llm_d_router_chart
from constructs_lib.manifests.inference import GROUP, ROUTER_GROUP
from constructs_lib.specs.serving import InferencePoolSpec, PickerChartName


@dataclass(frozen=True, kw_only=True)
class PickerChart:
    """
    One chart.

    Attributes:
        repository: Where it is.
        name: Its name there.
        versions: Those whose values are known, the oldest first.
        label: Label of the endpoint picker's pods, which its Deployment selects: no Deployment can change it.
        objective_group: API group of the InferenceObjectives that the picker reads.
        values: Return the values of a version.
    """

    repository: str
    name: str
    versions: tuple[str, ...]
    label: str
    objective_group: str
    values: Callable[..., dict[str, Any]]

    @property
    def address(self) -> str:
        """The chart's address as an image's, without a version."""
        return f"{self.repository.removeprefix('oci://')}/{self.name}"

    def picker_labels(self, pool: str) -> dict[str, str]:
        """Return the labels of the endpoint picker's pods of the release *pool*."""
        return {self.label: inferencepool_chart.picker_name(pool)}


CHARTS: Mapping[PickerChartName, PickerChart] = {
    "inferencepool": PickerChart(
        repository=inferencepool_chart.REPOSITORY,
        name=inferencepool_chart.CHART,
        versions=tuple(inferencepool_chart.VERSIONS),
        label=inferencepool_chart.PICKER_LABEL,
        objective_group=GROUP,
        values=inferencepool_chart.values,
    ),
    "llm-d-router": PickerChart(
        repository=llm_d_router_chart.REPOSITORY,
        name=llm_d_router_chart.CHART,
        versions=llm_d_router_chart.VERSIONS,
        label=llm_d_router_chart.PICKER_LABEL,
        objective_group=ROUTER_GROUP,
        values=llm_d_router_chart.values,
    ),
}


def is_known(pool: InferencePoolSpec) -> bool:
    """Return whether the chart of *pool* has its version, and the values of that are known."""
    return pool.chart_version in CHARTS[pool.chart].versions


def picker_chart(pool: InferencePoolSpec) -> PickerChart:
    """
    Return the chart of *pool*.

    Raises:
        ValueError: Its version is not known, so that its values could be wrong without anybody noticing.
    """
    chart = CHARTS[pool.chart]
    if not is_known(pool):
        known = ", ".join(chart.versions)
        raise ValueError(f"chart_version must be one of {known} for {pool.chart}, got '{pool.chart_version}'")
    return chart


def endpoint_picker_requests(pool: InferencePoolSpec) -> tuple[int, int]:
    """Return the CPUs and GiB of memory that one endpoint picker of *pool* needs room for."""
    if picker_chart(pool).name == llm_d_router_chart.CHART:
        return llm_d_router_chart.REQUESTS
    return inferencepool_chart.endpoint_picker_requests(pool.chart_version)
