"""The values of both charts of endpoint pickers have the names that each version reads, for every kind of server."""

from __future__ import annotations

from itertools import product

import pytest

from constructs_lib import inferencepool_chart
from constructs_lib.picker_chart import CHARTS, PickerChart
from constructs_lib.server_process import ServerMetrics
from tests.constructs_lib.test_chart_values import names, unknown
from tests.test_inferencepool_chart import CUSTOM, SGLANG, VLLM

PASSED_ON = (".flags", ".resources", ".matchLabels", ".pluginsCustomConfig")
"""Maps that the templates pass on, whatever is in them."""
READ = {
    "inferencepool": ("inferencePool.modelServers", "inferenceExtension.pluginsCustomConfig"),
    "llm-d-router-gateway": ("router.epp.flags", "router.modelServers.matchLabels"),
}
"""What templates of every version read, and some `values.yaml` has as a comment only."""
VERSIONS = [pytest.param(chart, version, id=version) for chart in CHARTS.values() for version in chart.versions]


def known(chart: PickerChart, version: str) -> set[str]:
    """Return the paths that the version reads, down to the maps that it passes on."""
    paths = names(chart.name, version) | {*READ[chart.name]}
    return {path for path in paths if not any(f"{end}." in path for end in PASSED_ON)}


@pytest.mark.parametrize(("chart", "version"), VERSIONS)
@pytest.mark.parametrize("metrics", [VLLM, SGLANG, CUSTOM], ids=["vllm", "sglang", "custom"])
def test_the_chart_reads_each_value(chart: PickerChart, version: str, metrics: ServerMetrics) -> None:
    """On standard clusters and Autopilot, exported and for a gateway of the same cluster; v1.0.1 is refused there."""
    old = inferencepool_chart.VERSIONS.get(version)
    for autopilot, local in product((False, True), (False, True) if old is None or old.open_metrics else (False,)):
        made = chart.values(
            version,
            labels={"app": "gemma"},
            port=8000,
            replicas=2,
            metrics=metrics,
            autopilot=autopilot,
            local=local,
        )
        assert list(unknown(made, known(chart, version))) == []


def test_no_version_is_of_both_charts() -> None:
    """So that a version alone says which metrics its picker exports."""
    old, new = (set(chart.versions) for chart in CHARTS.values())

    assert old & new == set()


def test_the_values_of_one_chart_are_unknown_to_the_other() -> None:
    """Helm would ignore them without a word; llm-d-router's own check refuses those of inferencepool."""
    old, new = CHARTS.values()
    given = {"labels": {"app": "gemma"}, "port": 8000, "replicas": 1, "metrics": VLLM}

    assert list(unknown(old.values("v1.5.0", **given), known(new, "v0.10.0"))) == [
        "inferencePool", "inferenceExtension",
    ]  # fmt: skip
    assert list(unknown(new.values("v0.10.0", **given), known(old, "v1.5.0"))) == [
        "provider.gke.preferredBackends", "router",
    ]  # fmt: skip
