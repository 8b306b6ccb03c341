"""The picture of a load run: who served, and how long the first token took, step by step."""

from __future__ import annotations

from typing import Any
from xml.sax.saxutils import escape

import pygal  # type: ignore[import-untyped]
from pygal.style import Style  # type: ignore[import-untyped]

from gke_inference.load.figures import RunFigures, StepFigures
from gke_inference.load.plan import LoadPlan
from gke_inference.openai import UNKNOWN_REGION

WIDTH, TITLE_HEIGHT, PANEL_HEIGHT = 900, 64, 370
FONT = "Helvetica, Arial, sans-serif"
# Of Okabe and Ito's palette, which the colour-blind can tell apart; black can be read on each.
REGION_COLORS = ("#56b4e9", "#e69f00", "#009e73", "#cc79a7", "#f0e442")
UNKNOWN_COLOR = "#bbbbbb"
FAILED, FAILED_COLOR = "failed", "#d55e00"
TIME_COLORS = ("#777777", "#0072b2")


def draw(plan: LoadPlan, run: RunFigures) -> str:
    """One SVG, which loads nothing and runs nothing."""
    interrupted = "; interrupted" if run.ended_by == "signal" else ""
    failed = f"{run.total.errors} of {run.total.requests} requests failed{interrupted}"
    what = f"{plan.endpoint.url}; {plan.step_sec:g} s a step; {failed}"
    panels = [_requests(run), _times(plan, run)]
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{TITLE_HEIGHT + PANEL_HEIGHT * len(panels)}"'
        f' font-family="{FONT}"><rect width="100%" height="100%" fill="white"/>',
        f'<text x="20" y="30" font-size="20">{_text(f"Load on {plan.endpoint.model}")}</text>',
        f'<text x="20" y="54" font-size="14">{_text(what)}</text>',
    ]
    for number, panel in enumerate(panels):
        lines.append(f'<g transform="translate(0 {TITLE_HEIGHT + number * PANEL_HEIGHT})">{panel}</g>')
    return "\n".join([*lines, "</svg>\n"])


def _requests(run: RunFigures) -> str:
    """Good answers by region and, in a colour of their own, what failed in any of them; stacked."""
    served = [region for region, figures in run.regions.items() if figures.requests > figures.errors]
    known = iter(REGION_COLORS * len(run.regions))
    colors = [UNKNOWN_COLOR if region == UNKNOWN_REGION else next(known) for region in served]
    values = {region: [_good(step, region) for step in run.steps] for region in served}
    if run.total.errors:
        values[FAILED] = [step.total.errors or None for step in run.steps]
        colors.append(FAILED_COLOR)
    style = _style(tuple(colors))
    return _panel(pygal.StackedBar(style=style), run.steps, "Requests by the region that answered", "requests", values)


def _good(step: StepFigures, region: str) -> int | None:
    figures = step.regions.get(region)
    return figures.requests - figures.errors or None if figures else None


def _times(plan: LoadPlan, run: RunFigures) -> str:
    """Time to first token, or to the whole answer where that is all there is."""
    totals = [step.total for step in run.steps]
    if plan.endpoint.stream:
        title = "Time to first token"
        values = {"p50": [total.ttft_p50_sec for total in totals], "p95": [total.ttft_p95_sec for total in totals]}
    else:
        title = "Time to the whole answer (not streamed)"
        values = {
            "p50": [total.latency_p50_sec for total in totals],
            "p95": [total.latency_p95_sec for total in totals],
        }
    if any(value is None for series in values.values() for value in series):
        title += "; no bar: too few requests"
    chart = pygal.Bar(style=_style(TIME_COLORS), print_values_position="top")
    return _panel(chart, run.steps, title, "seconds", values)


def _panel(chart: Any, steps: tuple[StepFigures, ...], title: str, unit: str, values: dict[str, list[Any]]) -> str:
    """One chart as an SVG element."""
    chart.config(
        title=title,
        x_title="requests at once",
        y_title=unit,
        x_labels=[str(step.concurrency) for step in steps],
        width=WIDTH,
        height=PANEL_HEIGHT,
        explicit_size=True,
        print_values=True,
        print_zeroes=False,
        truncate_legend=-1,
        legend_at_bottom=True,
        legend_at_bottom_columns=min(4, len(values)) or 1,
        formatter=lambda value: "" if value is None else f"{value:.3g}" if isinstance(value, float) else str(value),
        js=[],
        disable_xml_declaration=True,
    )
    chart.add_xml_filter(_without_scripts)
    for name, series in values.items():
        chart.add(name, series)
    return str(chart.render(is_unicode=True))


def _style(colors: tuple[str, ...]) -> Style:
    return Style(
        background="white",
        plot_background="white",
        font_family=FONT,
        colors=colors,
        value_colors=("black",) * len(colors),
        opacity="1",
        guide_stroke_color="#dddddd",
        major_guide_stroke_color="#dddddd",
        label_font_size=13,
        major_label_font_size=13,
        value_font_size=13,
    )


def _without_scripts(tree: Any) -> Any:
    for parent in list(tree.iter()):
        for script in parent.findall("script"):
            parent.remove(script)
    return tree


def _text(text: str) -> str:
    return escape("".join(filter(str.isprintable, text)))
