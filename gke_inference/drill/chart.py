"""The chart of a drill: which region answered, and what failed, over time, with the states marked."""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil, floor

import pygal  # type: ignore[import-untyped]

from gke_inference.charts import (
    FAILED_COLOR,
    MARK_COLOR,
    Mark,
    Panel,
    add_marks,
    chart_style,
    draw_page,
    legend_settings,
    region_colors,
    render_panel,
)
from gke_inference.drill.figures import DrillFigures, describe_figures
from gke_inference.drill.measurement import Measurement
from gke_inference.drill.objectives import KEPT, objective_results
from gke_inference.drill.plan import DrillPlan
from gke_inference.gauges.chart import gauge_notes, gauge_panels
from gke_inference.gauges.record import GaugeFigures

PANEL_HEIGHT = 420
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


def draw(plan: DrillPlan, measurement: Measurement, figures: DrillFigures, gauges: GaugeFigures | None = None) -> str:
    """Return the chart as one SVG, with the *gauges* below; None for none."""
    lines = _requests_per_sec(plan, measurement)
    colors = region_colors([*list(lines)[:-1], *(gauges.record.regions if gauges else ())])
    models = f" for {', '.join(plan.models_down)}" if len(plan.models_down) > 1 else ""
    also = f", then {plan.second} too" if plan.second else ""
    return draw_page(
        f"{plan.region} taken down{models}{also}: {HOW[plan.means]}",
        describe_figures(plan, figures),
        [_draw_panel(lines, figures, colors), *(gauge_panels(gauges, colors) if gauges else ())],
        [*_objective_notes(plan, measurement, figures), *(gauge_notes(gauges) if gauges else ())],
    )


def _objective_notes(plan: DrillPlan, measurement: Measurement, figures: DrillFigures) -> Iterator[str]:
    for one in objective_results(plan, measurement, figures.longest_downtime_sec):
        yield f"{one.name} {KEPT[one.kept]}: {one.found}; {one.needed}"


def _draw_panel(lines: dict[str, Points], figures: DrillFigures, colors: dict[str, str]) -> Panel:
    marks = [Mark(state.title, state.began_sec) for state in figures.states]
    used = [*(colors.get(name, FAILED_COLOR) for name in lines), *(MARK_COLOR for _ in marks)]
    chart = pygal.XY(style=chart_style(used, stroke_width=2))
    for name, points in lines.items():
        chart.add(name, points)
    top = max((rate for points in lines.values() for _, rate in points), default=1)
    add_marks(chart, marks, top=top)
    return render_panel(
        chart, PANEL_HEIGHT, title="Requests per second, by the region that answered", x_title="seconds",
        y_title="requests per second", show_dots=False, include_x_axis=True, **legend_settings(len(lines)),
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
