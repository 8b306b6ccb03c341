"""The chart of a load run: which region served, and how long the first token or byte took, step by step."""

from __future__ import annotations

from typing import Any

import pygal  # type: ignore[import-untyped]
from pygal.style import Style  # type: ignore[import-untyped]

from gke_inference.charts import (
    FAILED_COLOR,
    LABEL_FONT_SIZE,
    Panel,
    chart_style,
    draw_page,
    region_colors,
    render_panel,
)
from gke_inference.gauges.chart import gauge_notes, gauge_panels
from gke_inference.gauges.record import GaugeFigures
from gke_inference.load.figures import RunFigures, StepFigures
from gke_inference.load.plan import LoadPlan
from gke_inference.openai import UNKNOWN_REGION

PANEL_HEIGHT = 370
FAILED = "failed"
PERCENTILE_COLORS = ("#777777", "#0072b2")


def draw(plan: LoadPlan, run: RunFigures, gauges: GaugeFigures | None = None) -> str:
    """Return the chart as one SVG, with the *gauges* below; None for none."""
    served = [region for region, figures in run.regions.items() if figures.requests > figures.errors]
    colors = region_colors([*served, *(gauges.record.regions if gauges else ())], unknown=UNKNOWN_REGION)
    interrupted = "; interrupted" if run.ended_by == "signal" else ""
    failed = f"{run.total.errors} of {run.total.requests} requests failed{interrupted}"
    return draw_page(
        f"Load on {plan.endpoint.model}",
        f"{plan.endpoint.url}; {plan.step_sec:g} s a step; {failed}",
        [
            _draw_requests(run, colors, served),
            _draw_times(plan, run),
            *(gauge_panels(gauges, colors) if gauges else ()),
        ],
        gauge_notes(gauges) if gauges else (),
    )


def _draw_requests(run: RunFigures, color: dict[str, str], served: list[str]) -> Panel:
    """Draw good answers by region and, in a colour of their own, what failed in any of them; stacked."""
    colors = [color[region] for region in served]
    values = {region: [_good(step, region) for step in run.steps] for region in served}
    if run.total.errors:
        values[FAILED] = [step.total.errors or None for step in run.steps]
        colors.append(FAILED_COLOR)
    chart = pygal.StackedBar(style=_bar_style(tuple(colors)))
    return _draw_panel(chart, run.steps, "Requests by the region that answered", "requests", values)


def _good(step: StepFigures, region: str) -> int | None:
    figures = step.regions.get(region)
    return figures.requests - figures.errors or None if figures else None


def _draw_times(plan: LoadPlan, run: RunFigures) -> Panel:
    """Draw the time to first token, or to the whole answer where that is all there is."""
    totals = [step.total for step in run.steps]
    if plan.endpoint.stream:
        title = f"Time to first {'token' if plan.endpoint.is_openai else 'byte'}"
        values = {"p50": [total.ttft_p50_sec for total in totals], "p95": [total.ttft_p95_sec for total in totals]}
    else:
        title = "Time to the whole answer (not streamed)"
        values = {
            "p50": [total.latency_p50_sec for total in totals],
            "p95": [total.latency_p95_sec for total in totals],
        }
    if any(value is None for series in values.values() for value in series):
        title += "; no bar: too few requests"
    chart = pygal.Bar(style=_bar_style(PERCENTILE_COLORS), print_values_position="top")
    return _draw_panel(chart, run.steps, title, "seconds", values)


def _draw_panel(
    chart: Any, steps: tuple[StepFigures, ...], title: str, unit: str, values: dict[str, list[Any]]
) -> Panel:
    for name, series in values.items():
        chart.add(name, series)
    return render_panel(
        chart, PANEL_HEIGHT, title=title, x_title="requests at once", y_title=unit,
        x_labels=[str(step.concurrency) for step in steps], print_values=True, print_zeroes=False,
        legend_at_bottom_columns=min(4, len(values)) or 1,
        formatter=lambda value: "" if value is None else f"{value:.3g}" if isinstance(value, float) else str(value),
    )  # fmt: skip


def _bar_style(colors: tuple[str, ...]) -> Style:
    return chart_style(
        colors, value_colors=("black",) * len(colors), opacity="1", value_font_size=LABEL_FONT_SIZE,
    )  # fmt: skip
