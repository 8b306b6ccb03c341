"""The picture of a simulation: how long each way to fail over leaves clients without an answer."""

from __future__ import annotations

from collections.abc import Sequence

import pygal  # type: ignore[import-untyped]

from gke_inference.charts import chart_style
from gke_inference.simulate.figures import WayFigures

COLORS = ("#56b4e9", "#0072b2", "#d55e00")


def draw(ways: Sequence[WayFigures]) -> str:
    """Return a bar chart as SVG: the downtime of a failover, of the fastest runs, of half of them, of the slowest."""
    chart = pygal.HorizontalBar(
        style=chart_style(COLORS),
        title="Seconds without an answer after a region is lost (computed, not measured)",
        width=1000,
        height=140 + 90 * len(ways),
        include_x_axis=True,
        disable_xml_declaration=True,
        js=(),
    )
    chart.x_labels = [way.settings.title for way in ways]
    chart.add("5 % of the runs take less", [way.first_downtime_sec.low for way in ways])
    chart.add("half of the runs take less", [way.first_downtime_sec.median for way in ways])
    chart.add("95 % of the runs take less", [way.first_downtime_sec.high for way in ways])
    text: str = chart.render(is_unicode=True)
    return text
