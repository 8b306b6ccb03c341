"""The picture of a drill: who answered, and what failed, over time, with the states marked."""

from __future__ import annotations

from math import ceil, floor
from re import findall
from typing import Any
from xml.sax.saxutils import escape

import pygal  # type: ignore[import-untyped]
from pygal.style import Style  # type: ignore[import-untyped]

from gke_inference.drill.figures import DrillFigures
from gke_inference.drill.measured import Drilled
from gke_inference.drill.plan import DrillPlan

WIDTH, TITLE_HEIGHT, PANEL_HEIGHT = 900, 64, 420
FONT = "Helvetica, Arial, sans-serif"
# Of Okabe and Ito's palette, which the colour-blind can tell apart.
FAILED_COLOR = "#d55e00"
REGION_COLORS = ("#56b4e9", "#e69f00", "#009e73", "#cc79a7", "#f0e442")
STATE_COLOR = "#777777"
STATE_FONT_SIZE = 13
LEGEND_COLUMNS, LEGEND_ROW_HEIGHT = 4, 22
"""pygal leaves room for the first row of a legend only."""
MOST_SLICES = 150
REQUESTS_PER_SLICE = 2
SLICE_SEC = 0.2
"""Shorter ones would show how late each tick was, and not how many were answered."""
HOW = {
    "replicas": "its model servers scaled to 0",
    "drain": "its capacity at the gateway set to 0 %",
    "cordon": "its nodes cordoned, its model servers deleted",
}

Points = list[tuple[float, float]]


def draw(plan: DrillPlan, drilled: Drilled, figures: DrillFigures) -> str:
    """One SVG, which loads nothing and runs nothing."""
    failed = sum(state.total.failed for state in figures.states)
    sent = sum(state.total.requests for state in figures.states)
    also = f", then {plan.second} too" if plan.second else ""
    title = _text(f"{plan.region} taken down{also}: {HOW[plan.means]}")
    what = _text(f"{failed} of {sent} requests failed; the longest downtime was {figures.longest_downtime_sec:g} s")
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{TITLE_HEIGHT + PANEL_HEIGHT}"'
            f' font-family="{FONT}"><rect width="100%" height="100%" fill="white"/>',
            f'<text x="20" y="30" font-size="20">{title}</text>',
            f'<text x="20" y="54" font-size="14">{what}</text>',
            f'<g transform="translate(0 {TITLE_HEIGHT})">{_panel(plan, drilled, figures)}</g>',
            "</svg>\n",
        ]
    )


def _panel(plan: DrillPlan, drilled: Drilled, figures: DrillFigures) -> str:
    lines = _requests_per_sec(plan, drilled)
    regions = len(lines) - 1
    colors = (*(REGION_COLORS * regions)[:regions], FAILED_COLOR, *(STATE_COLOR,) * len(figures.states))
    rows = ceil(len(lines) / LEGEND_COLUMNS)
    chart = pygal.XY(
        style=Style(background="white", plot_background="white", font_family=FONT, colors=colors, stroke_width=2,
                    guide_stroke_color="#dddddd", label_font_size=13, major_label_font_size=13),
        title="Requests per second, by the region that answered",
        x_title="seconds", y_title="requests per second", width=WIDTH, height=PANEL_HEIGHT, explicit_size=True,
        show_dots=False, truncate_legend=-1, legend_at_bottom=True, legend_at_bottom_columns=LEGEND_COLUMNS, js=[],
        disable_xml_declaration=True, include_x_axis=True, margin_bottom=LEGEND_ROW_HEIGHT * rows,
    )  # fmt: skip
    chart.add_xml_filter(_without_scripts)
    chart.add_xml_filter(lambda tree: _with_titles(tree, [state.title for state in figures.states], after=len(lines)))
    for name, points in lines.items():
        chart.add(name, points)
    top = max((rate for points in lines.values() for _, rate in points), default=1)
    for state in figures.states:
        at_sec = state.began_sec
        chart.add(None, [(at_sec, 0), (at_sec, top)], stroke_style={"dasharray": "5, 5", "width": 1})
    return str(chart.render(is_unicode=True))


def _requests_per_sec(plan: DrillPlan, drilled: Drilled) -> dict[str, Points]:
    """
    Good answers of each region, and failures, by when they were sent.

    Each slice of time holds as many ticks as the others. What is left at the end holds fewer, and would look as if
    something had stopped: it is not drawn, nor is the time after the last request.
    """
    last_sec = max((result.began_sec for result in drilled.results), default=drilled.ended_sec)
    ticks = (last_sec - drilled.began_sec) * plan.rate_per_sec + 1
    ticks_per_slice = max(REQUESTS_PER_SLICE, ceil(SLICE_SEC * plan.rate_per_sec), ceil(ticks / MOST_SLICES))
    slice_sec = ticks_per_slice / plan.rate_per_sec
    slices = max(1, floor(round(ticks) / ticks_per_slice))
    regions = dict.fromkeys(result.region for result in drilled.results if not result.error)
    counts = {name: [0] * slices for name in (*regions, "failed")}
    for result in drilled.results:
        number = max(0, int((result.began_sec - drilled.began_sec) / slice_sec))
        if number < slices:
            counts["failed" if result.error else result.region][number] += 1
    return {
        name: [(round((number + 0.5) * slice_sec, 3), round(count / slice_sec, 3)) for number, count in enumerate(row)]
        for name, row in counts.items()
    }


def _with_titles(tree: Any, titles: list[str], *, after: int) -> Any:
    """Each state's title along its own line, which a legend of equal greys could not tell from the others."""
    for number, title in enumerate(titles, start=after):
        for group in tree.iter("g"):
            if f"serie-{number}" in group.get("class", "").split():
                for path in group.findall("path"):
                    x, top = _top(path.get("d", ""))
                    place = f"translate({x + STATE_FONT_SIZE:.1f} {top + 6:.1f}) rotate(90)"
                    style = f"font-size:{STATE_FONT_SIZE}px;fill:{STATE_COLOR};stroke:none"
                    text = group.makeelement("text", {"transform": place, "style": style})
                    text.text = title
                    group.append(text)
                    break
    return tree


def _top(line: str) -> tuple[float, float]:
    """The upper end of a vertical line, as a path draws it."""
    numbers = [float(number) for number in findall(r"-?[\d.]+", line)]
    return numbers[0], min(numbers[1::2])


def _without_scripts(tree: object) -> object:
    for parent in list(tree.iter()):  # type: ignore[attr-defined]
        for script in parent.findall("script"):
            parent.remove(script)
    return tree


def _text(text: str) -> str:
    return escape("".join(filter(str.isprintable, text)))
