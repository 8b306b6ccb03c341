"""A report as one HTML page, which loads nothing, runs nothing, and can be printed and kept."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

STYLE = """
:root { color-scheme: light; }
body { font: 14px/1.45 Helvetica, Arial, sans-serif; color: #222; background: #fff; max-width: 900px;
  margin: 2em auto; padding: 0 1em; }
h1 { font-size: 24px; line-height: 1.2; margin: 0 0 .3em; }
h2 { font-size: 17px; margin: 1.8em 0 .5em; break-after: avoid; }
p { margin: .4em 0; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .3em .8em .3em 0; border-bottom: 1px solid #ddd;
  overflow-wrap: anywhere; }
th { border-bottom: 1px solid #888; font-weight: bold; white-space: nowrap; }
tr { break-inside: avoid; }
.word { white-space: nowrap; }
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.status { display: inline-block; min-width: 4.5em; text-align: center; padding: .1em .5em; border-radius: 3px;
  border: 1px solid; font-weight: bold; white-space: nowrap; }
.good { color: #00664a; background: #e3f4ee; }
.wrong { color: #a03c00; background: #fdeadf; }
.unknown, .skipped { color: #555; background: #eee; }
.picture svg { max-width: 100%; height: auto; }
.picture { break-inside: avoid; }
@page { margin: 15mm; }
@media print { body { margin: 0; max-width: none; padding: 0; font-size: 11px; }
  .status { print-color-adjust: exact; -webkit-print-color-adjust: exact; } }
"""


LONGEST_WORD = 30
"""Characters of a word that stays on one line."""


class Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


Cell = str | int | float | None


def html(value: Cell) -> Markup:
    """Return *value* as HTML: what is not markup is escaped, and None is a dash."""
    if isinstance(value, Markup):
        return value
    text = "-" if value is None else f"{value:g}" if isinstance(value, float) else str(value)
    return Markup(escape("".join(char if char.isprintable() else " " for char in text)))


def status(name: str) -> Markup:
    """Return the mark of a status: good, wrong, unknown or skipped."""
    return Markup(f'<span class="status {html(name)}">{html(name)}</span>')


def lines(*texts: str) -> Markup:
    """Return *texts* below each other, without the empty ones."""
    return Markup("<br>".join(html(text) for text in texts if text))


def table(columns: Sequence[str], rows: Iterable[Sequence[Cell]], *, text: int | None = None) -> Markup:
    """
    Return a table.

    Args:
        columns: Their titles; all empty for a table without a head.
        rows: The cells.
        text: How many of the first columns hold text, the others numbers. Default: all.
    """

    def cell(tag: str, number: int, value: Cell) -> str:
        is_number = text is not None and number >= text
        is_word = " " not in str(value) and len(str(value)) <= LONGEST_WORD
        kind = ' class="number"' if is_number else ' class="word"' if is_word else ""
        return f"<{tag}{kind}>{html(value)}</{tag}>"

    def cells(tag: str, values: Sequence[Cell]) -> str:
        return "".join(cell(tag, number, value) for number, value in enumerate(values))

    head = f"<thead><tr>{cells('th', columns)}</tr></thead>" if any(columns) else ""
    body = "\n".join(f"<tr>{cells('td', row)}</tr>" for row in rows)
    return Markup(f"<table>{head}<tbody>\n{body}\n</tbody></table>")


def section(title: str, *parts: Markup) -> Markup:
    """Return a part of a page with its heading."""
    return Markup("\n".join([f"<h2>{html(title)}</h2>", *parts]))


def picture(svg: str) -> Markup:
    """Return an SVG that stands in the page itself."""
    return Markup(f'<div class="picture">{svg}</div>')


def page(title: str, *parts: Markup) -> str:
    """Return a whole page; the browser is to load nothing and to run nothing."""
    policy = "default-src 'none'; style-src 'unsafe-inline'"
    return "\n".join(
        [
            '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{policy}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{html(title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<h1>{html(title)}</h1>",
            *parts,
            "</body>\n</html>\n",
        ]
    )
