"""The picture of a drill: who answered, and what failed, over time, with the states marked."""

from __future__ import annotations

from math import ceil
from xml.sax.saxutils import escape

import pygal  # type: ignore[import-untyped]
from pygal.style import Style  # type: ignore[import-untyped]

from operations.drill.figures import DrillFigures
from operations.drill.measured import Drilled
from operations.drill.plan import DrillPlan

WIDTH, TITLE_HEIGHT, PANEL_HEIGHT = 900, 64, 420
FONT = "Helvetica, Arial, sans-serif"
# Of Okabe and Ito's palette, which the colour-blind can tell apart.
FAILED_COLOR = "#d55e00"
REGION_COLORS = ("#56b4e9", "#e69f00", "#009e73", "#cc79a7", "#f0e442")
STATE_COLOR = "#777777"
LEGEND_COLUMNS, LEGEND_ROW_HEIGHT = 4, 22
"""pygal leaves room for the first row of a legend only."""
MOST_SLICES = 150
REQUESTS_PER_SLICE = 2

Points = list[tuple[float, float]]


def draw(plan: DrillPlan, drilled: Drilled, figures: DrillFigures) -> str:
    """One SVG, which loads nothing and runs nothing."""
    failed = sum(state.total.failed for state in figures.states)
    sent = sum(state.total.requests for state in figures.states)
    title = _text(f"Outage of {plan.region} by {plan.means}")
    what = _text(f"{failed} of {sent} requests failed; longest downtime {figures.longest_downtime_sec:g} s")
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
    rows = ceil((len(lines) + len(figures.states)) / LEGEND_COLUMNS)
    chart = pygal.XY(
        style=Style(background="white", plot_background="white", font_family=FONT, colors=colors, stroke_width=2,
                    guide_stroke_color="#dddddd", label_font_size=13, major_label_font_size=13),
        title="Requests per second by the region that answered; dashed: a state begins",
        x_title="seconds", y_title="requests per second", width=WIDTH, height=PANEL_HEIGHT, explicit_size=True,
        show_dots=False, truncate_legend=-1, legend_at_bottom=True, legend_at_bottom_columns=LEGEND_COLUMNS, js=[],
        disable_xml_declaration=True, include_x_axis=True, margin_bottom=LEGEND_ROW_HEIGHT * rows,
    )  # fmt: skip
    chart.add_xml_filter(_without_scripts)
    for name, points in lines.items():
        chart.add(name, points)
    top = max((rate for points in lines.values() for _, rate in points), default=1)
    for state in figures.states:
        at_sec = state.began_sec
        chart.add(state.title, [(at_sec, 0), (at_sec, top)], stroke_style={"dasharray": "5, 5", "width": 1})
    return str(chart.render(is_unicode=True))


def _requests_per_sec(plan: DrillPlan, drilled: Drilled) -> dict[str, Points]:
    """Good answers of each region, and failures, by when they were sent."""
    last_sec = max([drilled.ended_sec, *(result.began_sec for result in drilled.results)])
    took_sec = last_sec - drilled.began_sec + 1 / plan.rate_per_sec
    slice_sec = max(REQUESTS_PER_SLICE / plan.rate_per_sec, took_sec / MOST_SLICES)
    slices = ceil(took_sec / slice_sec)
    regions = dict.fromkeys(result.region for result in drilled.results if not result.error)
    counts = {name: [0] * slices for name in (*regions, "failed")}
    for result in drilled.results:
        number = min(int((result.began_sec - drilled.began_sec) / slice_sec), slices - 1)
        counts["failed" if result.error else result.region][max(number, 0)] += 1
    return {
        name: [(round((number + 0.5) * slice_sec, 3), round(count / slice_sec, 3)) for number, count in enumerate(row)]
        for name, row in counts.items()
    }


def _without_scripts(tree: object) -> object:
    for parent in list(tree.iter()):  # type: ignore[attr-defined]
        for script in parent.findall("script"):
            parent.remove(script)
    return tree


def _text(text: str) -> str:
    return escape("".join(filter(str.isprintable, text)))
