"""Charts as SVG, for the reports of measurements: a page with a title and panels, and one look for all of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import cycle
from re import findall
from textwrap import wrap
from typing import Any, NamedTuple
from xml.sax.saxutils import escape

from pygal.style import Style  # type: ignore[import-untyped]

WIDTH, TITLE_HEIGHT = 900, 64
FONT = "Helvetica, Arial, sans-serif"
# Of Okabe and Ito's palette, which the colour-blind can tell apart; black can be read on each.
REGION_COLORS = ("#56b4e9", "#e69f00", "#009e73", "#cc79a7", "#f0e442")
UNKNOWN_COLOR = "#bbbbbb"
FAILED_COLOR = "#d55e00"
GRID_COLOR = "#dddddd"
LABEL_FONT_SIZE = 13
LEGEND_COLUMNS, LEGEND_ROW_HEIGHT = 4, 22
MARK_COLOR = "#777777"
NOTE_LENGTH, NOTE_LINE_HEIGHT = 130, 18
"""Characters of a line below the panels, and its height in pixels."""


class Panel(NamedTuple):
    """One chart of a page: an SVG element, as wide as the page, and its height in pixels."""

    svg: str
    height: int


class Mark(NamedTuple):
    """A moment that charts over time show as a dashed line with a title."""

    title: str
    at_sec: float


def draw_page(title: str, subtitle: str, panels: Sequence[Panel], notes: Iterable[str] = ()) -> str:
    """
    Return one SVG, which loads nothing and runs nothing.

    Args:
        title: Its first line, large.
        subtitle: Its second line.
        panels: Charts, one below the other.
        notes: Texts below them.
    """
    height, placed = TITLE_HEIGHT, list[str]()
    for panel in panels:
        placed.append(f'<g transform="translate(0 {height})">{panel.svg}</g>')
        height += panel.height
    for line in (line for note in notes for line in wrap(note, NOTE_LENGTH)):
        height += NOTE_LINE_HEIGHT
        placed.append(f'<text x="20" y="{height}" font-size="{LABEL_FONT_SIZE}">{_escape(line)}</text>')
    height += NOTE_LINE_HEIGHT
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}"'
            f' font-family="{FONT}"><rect width="100%" height="100%" fill="white"/>',
            f'<text x="20" y="30" font-size="20">{_escape(title)}</text>',
            f'<text x="20" y="54" font-size="14">{_escape(subtitle)}</text>',
            *placed,
            "</svg>\n",
        ]
    )


def chart_style(colors: Sequence[str], **more: Any) -> Style:
    """Return the style of a pygal chart whose series have *colors*; *more* are settings of `pygal.style.Style`."""
    return Style(
        background="white", plot_background="white", font_family=FONT, colors=tuple(colors),
        guide_stroke_color=GRID_COLOR, major_guide_stroke_color=GRID_COLOR, label_font_size=LABEL_FONT_SIZE,
        major_label_font_size=LABEL_FONT_SIZE, **more,
    )  # fmt: skip


def region_colors(regions: Iterable[str], unknown: str = "") -> dict[str, str]:
    """Return a colour for each of *regions*, in their order; the name *unknown* has grey."""
    colors = cycle(REGION_COLORS)
    return {region: UNKNOWN_COLOR if region == unknown else next(colors) for region in dict.fromkeys(regions)}


def add_marks(chart: Any, marks: Sequence[Mark], *, top: float) -> None:
    """
    Add *marks* to a pygal XY *chart* that has all its lines; the style needs `MARK_COLOR` once more for each.

    Args:
        chart: The chart.
        marks: What to mark.
        top: Highest value of the chart.
    """
    first = len(chart.raw_series)
    for mark in marks:
        points = [(mark.at_sec, 0), (mark.at_sec, top)]
        chart.add(None, points, show_dots=False, stroke_style={"dasharray": "5, 5", "width": 1})
    chart.add_xml_filter(lambda tree: _add_titles(tree, [mark.title for mark in marks], after=first))


def legend_settings(lines: int) -> dict[str, int]:
    """Return pygal's settings for a legend of so many *lines* of a chart: it leaves room for the first row only."""
    return {
        "legend_at_bottom_columns": min(LEGEND_COLUMNS, lines) or 1,
        "margin_bottom": LEGEND_ROW_HEIGHT * -(-lines // LEGEND_COLUMNS),
    }


def render_panel(chart: Any, height: int, **settings: Any) -> Panel:
    """Return a pygal *chart* as a panel without scripts, *height* pixels high; *settings* are pygal's own."""
    chart.config(
        width=WIDTH, height=height, explicit_size=True, truncate_legend=-1, legend_at_bottom=True, js=[],
        disable_xml_declaration=True, **settings,
    )  # fmt: skip
    chart.add_xml_filter(_without_scripts)
    return Panel(str(chart.render(is_unicode=True)), height)


def _without_scripts(tree: Any) -> Any:
    for parent in list(tree.iter()):
        for script in parent.findall("script"):
            parent.remove(script)
    return tree


def _add_titles(tree: Any, titles: list[str], *, after: int) -> Any:
    """Write each mark's title along its own line: in a legend all of them would have the same grey square."""
    for number, title in enumerate(titles, start=after):
        for group in tree.iter("g"):
            if f"serie-{number}" in group.get("class", "").split():
                for path in group.findall("path"):
                    x, top = _upper_end(path.get("d", ""))
                    place = f"translate({x + LABEL_FONT_SIZE:.1f} {top + 6:.1f}) rotate(90)"
                    style = f"font-size:{LABEL_FONT_SIZE}px;fill:{MARK_COLOR};stroke:none"
                    text = group.makeelement("text", {"transform": place, "style": style})
                    text.text = title
                    group.append(text)
                    break
    return tree


def _upper_end(line: str) -> tuple[float, float]:
    """Return the upper end of a vertical line, as an SVG path draws it."""
    numbers = [float(number) for number in findall(r"-?[\d.]+", line)]
    return numbers[0], min(numbers[1::2])


def _escape(text: str) -> str:
    return escape("".join(filter(str.isprintable, text)))
