"""The chart of a drill: which region answered, and what failed, over time, with the states marked."""

from __future__ import annotations

from math import ceil, floor
from re import findall
from typing import Any

import pygal  # type: ignore[import-untyped]

from gke_inference.charts import FAILED_COLOR, REGION_COLORS, chart_style, draw_page, render_panel
from gke_inference.drill.figures import DrillFigures
from gke_inference.drill.measurement import Measurement
from gke_inference.drill.plan import DrillPlan

PANEL_HEIGHT = 420
STATE_COLOR = "#777777"
STATE_FONT_SIZE = 13
LEGEND_COLUMNS, LEGEND_ROW_HEIGHT = 4, 22
"""pygal leaves room for the first row of a legend only."""
MOST_SLICES = 150
REQUESTS_PER_SLICE = 2
SLICE_SEC = 0.2
"""Shorter slices would show how late each tick was, and not how many were answered."""
HOW = {
    "replicas": "its model servers scaled to 0",
    "drain": "its capacity at the gateway set to 0 %",
    "cordon": "its nodes cordoned, its model servers deleted",
}

Points = list[tuple[float, float]]


def draw(plan: DrillPlan, measurement: Measurement, figures: DrillFigures) -> str:
    """Return the chart as one SVG."""
    failed = sum(state.total.failed for state in figures.states)
    sent = sum(state.total.requests for state in figures.states)
    models = f" for {', '.join(plan.models_down)}" if len(plan.models_down) > 1 else ""
    also = f", then {plan.second} too" if plan.second else ""
    return draw_page(
        f"{plan.region} taken down{models}{also}: {HOW[plan.means]}",
        f"{failed} of {sent} requests failed; the longest downtime was {figures.longest_downtime_sec:g} s",
        [_draw_panel(plan, measurement, figures)],
        panel_height=PANEL_HEIGHT,
    )


def _draw_panel(plan: DrillPlan, measurement: Measurement, figures: DrillFigures) -> str:
    lines = _requests_per_sec(plan, measurement)
    regions = len(lines) - 1
    colors = (*(REGION_COLORS * regions)[:regions], FAILED_COLOR, *(STATE_COLOR,) * len(figures.states))
    chart = pygal.XY(style=chart_style(colors, stroke_width=2))
    titles = [state.title for state in figures.states]
    chart.add_xml_filter(lambda tree: _add_titles(tree, titles, after=len(lines)))
    for name, points in lines.items():
        chart.add(name, points)
    top = max((rate for points in lines.values() for _, rate in points), default=1)
    for state in figures.states:
        at_sec = state.began_sec
        chart.add(None, [(at_sec, 0), (at_sec, top)], stroke_style={"dasharray": "5, 5", "width": 1})
    return render_panel(
        chart, PANEL_HEIGHT, title="Requests per second, by the region that answered", x_title="seconds",
        y_title="requests per second", show_dots=False, legend_at_bottom_columns=LEGEND_COLUMNS, include_x_axis=True,
        margin_bottom=LEGEND_ROW_HEIGHT * ceil(len(lines) / LEGEND_COLUMNS),
    )  # fmt: skip


def _requests_per_sec(plan: DrillPlan, measurement: Measurement) -> dict[str, Points]:
    """
    Good answers of each region, and failures, by when they were sent.

    Each slice of time holds as many ticks as the others. What is left at the end holds fewer, and would look as if
    something had stopped: it is not drawn, nor is the time after the last request.
    """
    last_sec = max((result.began_sec for result in measurement.results), default=measurement.ended_sec)
    ticks = (last_sec - measurement.began_sec) * plan.rate_per_sec + 1
    ticks_per_slice = max(REQUESTS_PER_SLICE, ceil(SLICE_SEC * plan.rate_per_sec), ceil(ticks / MOST_SLICES))
    slice_sec = ticks_per_slice / plan.rate_per_sec
    slices = max(1, floor(round(ticks) / ticks_per_slice))
    regions = dict.fromkeys(result.region for result in measurement.results if not result.error)
    counts = {name: [0] * slices for name in (*regions, "failed")}
    for result in measurement.results:
        number = max(0, int((result.began_sec - measurement.began_sec) / slice_sec))
        if number < slices:
            counts["failed" if result.error else result.region][number] += 1
    return {
        name: [(round((number + 0.5) * slice_sec, 3), round(count / slice_sec, 3)) for number, count in enumerate(row)]
        for name, row in counts.items()
    }


def _add_titles(tree: Any, titles: list[str], *, after: int) -> Any:
    """Write each state's title along its own line: in a legend all of them would have the same grey square."""
    for number, title in enumerate(titles, start=after):
        for group in tree.iter("g"):
            if f"serie-{number}" in group.get("class", "").split():
                for path in group.findall("path"):
                    x, top = _upper_end(path.get("d", ""))
                    place = f"translate({x + STATE_FONT_SIZE:.1f} {top + 6:.1f}) rotate(90)"
                    style = f"font-size:{STATE_FONT_SIZE}px;fill:{STATE_COLOR};stroke:none"
                    text = group.makeelement("text", {"transform": place, "style": style})
                    text.text = title
                    group.append(text)
                    break
    return tree


def _upper_end(line: str) -> tuple[float, float]:
    """Return the upper end of a vertical line, as an SVG path draws it."""
    numbers = [float(number) for number in findall(r"-?[\d.]+", line)]
    return numbers[0], min(numbers[1::2])
