"""The gauges in a picture: one panel for each that was read, over the seconds of the run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import ceil
from typing import Any, NamedTuple

import pygal  # type: ignore[import-untyped]

from constructs_lib.monitoring.metrics import LOAD_BALANCER_LATE_SEC
from gke_inference.charts import MARK_COLOR, Mark, Panel, add_marks, chart_style, legend_settings, render_panel
from gke_inference.gauges import record
from gke_inference.gauges.record import GaugeFigures
from gke_inference.gauges.report import unread_lines

PANEL_HEIGHT = 260
MOST_LABELS = 6
"""Values at the left side of a panel."""
SPILL_COLOR = "#000000"
DASHED = {"dasharray": "6, 4", "width": 2}
LATE = f"as read {LOAD_BALANCER_LATE_SEC} s later"


class _Line(NamedTuple):
    """One line of a panel, in seconds from the begin of the run."""

    name: str
    color: str
    points: list[tuple[float, float | None]]
    dashed: bool = False


def gauge_panels(figures: GaugeFigures, colors: Mapping[str, str]) -> Iterator[Panel]:
    """
    Yield the panels of the gauges that have a value.

    Args:
        figures: The gauges of a run.
        colors: The colour of each region, as in the other panels.
    """
    servers = _lines(figures, colors, record.READY_REPLICAS, " servers")
    nodes = _lines(figures, colors, record.READY_NODES, " nodes", dashed=True)
    yield from _panel(figures, [*servers, *nodes], "Model servers and nodes that are ready", "number", whole=True)
    kv_cache, spill = _lines(figures, colors, record.KV_CACHE), figures.record.spill_over_percent
    if kv_cache and spill is not None:
        ends: list[tuple[float, float | None]] = [(0, spill), (figures.ended_sec - figures.began_sec, spill)]
        kv_cache.append(_Line(f"spills over at {spill} %", SPILL_COLOR, ends, dashed=True))
    yield from _panel(figures, kv_cache, "KV cache in use, average of a region's servers", "%", highest=100)
    requests = _lines(figures, colors, record.REQUESTS)
    yield from _panel(figures, requests, f"Requests per second at the load balancer, {LATE}", "1/s")
    latency = _lines(figures, colors, record.LATENCY)
    yield from _panel(figures, latency, f"Time of whole requests at the load balancer (p95), {LATE}", "seconds")


def gauge_notes(figures: GaugeFigures) -> Iterator[str]:
    """Yield what is to be known below the panels: what could not be read, and why."""
    yield from unread_lines(figures.record)


def _lines(
    figures: GaugeFigures, colors: Mapping[str, str], gauge: str, suffix: str = "", *, dashed: bool = False
) -> list[_Line]:
    """Return a line for each region with a value in the run; what the load balancer had before its begin is not."""
    lines = []
    for region in figures.record.regions:
        points = [
            (round(at_sec - figures.began_sec, 2), value)
            for at_sec, value in figures.record.points(gauge, region)
            if figures.began_sec <= at_sec <= figures.ended_sec
        ]
        if any(value is not None for _, value in points):
            lines.append(_Line(f"{region}{suffix}", colors[region], points, dashed))
    return lines


def _panel(
    figures: GaugeFigures, lines: list[_Line], title: str, unit: str, *, highest: float = 0, whole: bool = False
) -> Iterator[Panel]:
    """Yield the panel of *lines*, where there are any; the values at its side may have to be *whole* numbers."""
    if not lines:
        return
    marks = [Mark(period.title, period.began_sec - figures.began_sec) for period in figures.periods]
    colors = [*(line.color for line in lines), *(MARK_COLOR for _ in marks)]
    chart: Any = pygal.XY(style=chart_style(colors, stroke_width=2))
    for line in lines:
        style = {"stroke_style": DASHED} if line.dashed else {}
        chart.add(line.name, line.points, dots_size=2, show_dots=line.color != SPILL_COLOR, **style)
    values = [value for line in lines for _, value in line.points if value is not None]
    top = highest or max(values) or 1
    add_marks(chart, marks, top=top)
    if whole:
        chart.y_labels = range(0, ceil(top) + 1, ceil(top / MOST_LABELS))
    yield render_panel(
        chart, PANEL_HEIGHT, title=title, y_title=unit, allow_interruptions=True, max_scale=MOST_LABELS,
        xrange=(0, figures.ended_sec - figures.began_sec), range=(0, top), **legend_settings(len(lines)),
    )  # fmt: skip
