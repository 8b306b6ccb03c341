"""Charts as SVG, for the reports of measurements: a page with a title and panels, and one look for all of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
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


def draw_page(title: str, subtitle: str, panels: Sequence[str], *, panel_height: int) -> str:
    """
    Return one SVG, which loads nothing and runs nothing.

    Args:
        title: Its first line, large.
        subtitle: Its second line.
        panels: SVG elements, one below the other.
        panel_height: Height of each, in pixels; their width is `WIDTH`.
    """
    height = TITLE_HEIGHT + panel_height * len(panels)
    placed = (
        f'<g transform="translate(0 {TITLE_HEIGHT + number * panel_height})">{panel}</g>'
        for number, panel in enumerate(panels)
    )
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
        guide_stroke_color=GRID_COLOR, label_font_size=LABEL_FONT_SIZE, major_label_font_size=LABEL_FONT_SIZE, **more,
    )  # fmt: skip


def render_panel(chart: Any, height: int, **settings: Any) -> str:
    """Return a pygal *chart* as an SVG element without scripts, *height* pixels high; *settings* are pygal's own."""
    chart.config(
        width=WIDTH, height=height, explicit_size=True, truncate_legend=-1, legend_at_bottom=True, js=[],
        disable_xml_declaration=True, **settings,
    )  # fmt: skip
    chart.add_xml_filter(_without_scripts)
    return str(chart.render(is_unicode=True))


def _without_scripts(tree: Any) -> Any:
    for parent in list(tree.iter()):
        for script in parent.findall("script"):
            parent.remove(script)
    return tree


def _escape(text: str) -> str:
    return escape("".join(filter(str.isprintable, text)))
