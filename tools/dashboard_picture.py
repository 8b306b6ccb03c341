"""Draw the dashboard of a platform with what its panels show on a made-up day."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from itertools import groupby

from constructs_lib.monitoring.panel import Panel, dashboard_title
from constructs_lib.monitoring.platform import MonitoredPlatform
from tools.dashboard_day import FAILS, MINUTES, STEP_MINUTES, day_panels, picture_platform, spill_over
from tools.dashboard_values import FILE, missing_queries, read_values
from tools.picture import AMBER, GREY, INK, LANE, LINE, PAPER, SANS, text_width

ACROSS, WIDTH, HEIGHT, GAP, MARGIN, TOP = 3, 452, 288, 16, 24, 92
LEFT, RIGHT, ABOVE, PLOT = 54, 24, 58, 160
"""Of a panel: what is left of its plot, right of it and above it, and the height of the plot."""
RED, FAILS_FILL = "#d55e00", "#fbe3d6"
COLORS = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#8a6d00")
# Of Okabe and Ito's palette, dark enough for a line on white.
TICKS, LEGEND_LINE = 4, 15

Lines = Mapping[str, Sequence[float | None]]


def render() -> str:
    """
    Return the dashboard as SVG.

    Raises:
        ValueError: The values are those of other queries.
    """
    if missing := missing_queries():
        raise ValueError(
            f"{FILE.name} must have the values of each query of the dashboard, got none of {len(missing)}: "
            f"run `python tools/docs.py`"
        )
    values, panels = read_values(), day_panels()
    parts = []
    for number, panel in enumerate(panels):
        row, column = divmod(number, ACROSS)
        x, y = MARGIN + column * (WIDTH + GAP), TOP + row * (HEIGHT + GAP)
        lines = {name: line for query in panel.queries for name, line in values[query.expression].items()}
        parts.append(f'<g transform="translate({x} {y})">{_panel(panel, lines)}</g>')
    width = 2 * MARGIN + ACROSS * WIDTH + (ACROSS - 1) * GAP
    height = TOP + math.ceil(len(panels) / ACROSS) * (HEIGHT + GAP) - GAP + MARGIN
    platform = picture_platform()
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'font-family="{SANS}" role="img">\n<title>The dashboard of {platform.name} on a made-up day</title>\n'
        f'<rect width="{width}" height="{height}" rx="14" fill="{LANE}"/>\n{_head(platform)}\n'
        + "\n".join(parts)
        + "\n</svg>\n"
    )


def _head(platform: MonitoredPlatform) -> str:
    """Return the title, and what the shades mean."""
    first, last = spill_over()
    home, other = (platform.regions[key].region for key in ("us", "eu"))
    shades = (
        (AMBER[0], f"{_clock(first)} to {_clock(last)}: {home} is full and spills over to {other}"),
        (FAILS_FILL, f"{_clock(FAILS[0])} to {_clock(FAILS[1])}: {home} fails"),
    )
    parts = [_text(MARGIN, 40, dashboard_title(platform.name), size=22, bold=True)]
    x = float(MARGIN)
    for color, text in (("", "A made-up day."), *shades):
        if color:
            parts.append(f'<rect x="{x:g}" y="56" width="22" height="14" fill="{color}" stroke="{LINE}"/>')
            x += 30
        parts.append(_text(x, 68, text, size=13, color=GREY))
        x += text_width(text, 13, wide=False) * 0.9 + 20
    return "".join(parts)


def _panel(panel: Panel, lines: Lines) -> str:
    """Return one panel: title, unit, shades, axes, lines, thresholds, legend."""
    kind = panel.kind
    shown = _stacked(lines) if kind.stacked else lines
    bottom, top = _axis(panel, shown)
    parts = [
        f'<rect width="{WIDTH}" height="{HEIGHT}" rx="8" fill="{PAPER}" stroke="{LINE}"/>',
        _text(16, 26, kind.title, size=15, bold=True),
        _text(16, 46, kind.unit, size=11, color=GREY),
        *_shades(),
        *_axes(bottom, top),
    ]
    # The first one last: it is in front, and where values are stacked below.
    for line, color in reversed([*zip(shown.values(), _colors(shown), strict=True)]):
        parts += _drawn(line, color, (bottom, top), filled=kind.stacked)
    for threshold in panel.thresholds:
        y = _y(threshold.value, (bottom, top))
        parts.append(
            f'<path d="M{LEFT} {y:g}H{WIDTH - RIGHT}" stroke="{RED}" stroke-width="1.5" stroke-dasharray="6 4"/>'
        )
        above = y - 5 if y > ABOVE + 16 else y + 14
        parts.append(_text(LEFT + 6, above, threshold.label, size=11, color=RED))
    return "".join((*parts, *_legend(shown)))


def _colors(lines: Lines) -> list[str]:
    return [COLORS[number % len(COLORS)] for number, _ in enumerate(lines)]


def _stacked(lines: Lines) -> Lines:
    """Return *lines* each on top of those before it."""
    below = [0.0] * (MINUTES // STEP_MINUTES + 1)
    sums: dict[str, list[float | None]] = {}
    for name, line in lines.items():
        below = [low + (value or 0) for low, value in zip(below, line, strict=True)]
        sums[name] = list(below)
    return sums


def _axis(panel: Panel, lines: Lines) -> tuple[float, float]:
    """Return both ends of the axis: round numbers around every value and every line across."""
    values = [value for line in lines.values() for value in line if value is not None]
    values += [threshold.value for threshold in panel.thresholds]
    if not panel.kind.from_zero:
        return math.floor(min(values)), math.ceil(max(values))
    if panel.kind.unit == "%":
        return 0, 100
    step = 10 ** math.floor(math.log10(max(values) / TICKS))
    nice = next(factor for factor in (1, 2, 2.5, 5, 10) if factor * step * TICKS >= max(values))
    return 0, nice * step * TICKS


def _x(minute: float) -> float:
    return LEFT + (WIDTH - LEFT - RIGHT) * minute / MINUTES


def _y(value: float, axis: tuple[float, float]) -> float:
    bottom, top = axis
    return round(ABOVE + PLOT * (top - value) / (top - bottom), 1)


def _shades() -> list[str]:
    return [
        f'<rect x="{_x(begin):.1f}" y="{ABOVE}" width="{_x(end) - _x(begin):.1f}" height="{PLOT}" fill="{color}"/>'
        for color, (begin, end) in ((AMBER[0], spill_over()), (FAILS_FILL, FAILS))
    ]


def _axes(bottom: float, top: float) -> list[str]:
    parts = []
    for tick in range(TICKS + 1):
        value = bottom + (top - bottom) * tick / TICKS
        y = _y(value, (bottom, top))
        parts.append(f'<path d="M{LEFT} {y:g}H{WIDTH - RIGHT}" stroke="{LINE}" stroke-width="0.75"/>')
        parts.append(_text(LEFT - 6, y + 4, f"{value:,g}", size=11, color=GREY, at="end"))
    for hour in range(0, 25, 6):
        parts.append(_text(_x(60 * hour), ABOVE + PLOT + 19, f"{hour:02}:00", size=11, color=GREY, at="middle"))
    return parts


def _drawn(line: Sequence[float | None], color: str, axis: tuple[float, float], *, filled: bool) -> Iterator[str]:
    """Yield *line*, broken where there is no value; filled down to the axis where it is part of a whole."""
    points = [(_x(number * STEP_MINUTES), value) for number, value in enumerate(line)]
    for there, group in groupby(points, key=lambda point: point[1] is not None):
        run = [(x, _y(value, axis)) for x, value in group if value is not None]
        if not there:
            continue
        if filled:
            ground = ABOVE + PLOT
            run = [(run[0][0], ground), *run, (run[-1][0], ground)]
            style = f'fill="{color}" fill-opacity="0.9"'
        else:
            run = run * 2 if len(run) == 1 else run
            style = f'fill="none" stroke="{color}" stroke-width="1.75" stroke-linecap="round"'
        yield f'<path d="M{"L".join(f"{x:.1f} {y:g}" for x, y in run)}" {style}/>'


def _legend(lines: Lines) -> list[str]:
    """Return the names of the lines with their colors, as many in a row as fit."""
    parts, x, y = [], float(LEFT), ABOVE + PLOT + 42
    for name, color in zip(lines, _colors(lines), strict=True):
        width = text_width(name, 11, wide=False) + 30
        if x > LEFT and x + width > WIDTH - RIGHT:
            x, y = float(LEFT), y + LEGEND_LINE
        parts.append(f'<rect x="{x:.1f}" y="{y - 8}" width="14" height="4" fill="{color}"/>')
        parts.append(_text(x + 19, y - 2, name, size=11))
        x += width
    return parts


def _text(x: float, y: float, text: str, *, size: int, color: str = INK, bold: bool = False, at: str = "start") -> str:
    weight = ' font-weight="600"' if bold else ""
    anchor = f' text-anchor="{at}"' if at != "start" else ""
    return f'<text x="{x:g}" y="{y:g}" font-size="{size}" fill="{color}"{weight}{anchor}>{escape(text)}</text>'


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"
