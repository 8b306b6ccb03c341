"""Outputs in docs/operations.md and other pages: what a test saw is what the page shows, but for numbers."""

from __future__ import annotations

import os
import re
from pathlib import Path
from xml.etree import ElementTree

PAGE = Path(__file__).parent.parent.parent / "docs" / "operations.md"
WRITE = "WRITE_OUTPUTS"
"""With this environment variable the page gets the output instead of being held against it."""


def check(name: str, out: str, where: Path = PAGE) -> None:
    """Check that the block *name* of the page *where* reads like *out*."""
    out = "\n".join(line.rstrip() for line in out.strip("\n").splitlines())
    page = where.read_text(encoding="utf-8")
    found = re.search(rf"<!-- output: {name} -->\n\n?```text\n(.*?)\n?```", page, re.DOTALL)
    assert found, f"docs/{where.name} has no block {name}"
    if os.environ.get(WRITE):
        where.write_text(f"{page[: found.start(1)]}{out}\n{page[found.end() - 3 :]}", encoding="utf-8")
        return
    assert shape(found[1]) == shape(out), f"docs/{where.name} shows another output of {name}; now it is:\n{out}"


def shape(text: str) -> list[str]:
    """Return the lines of *text* without what differs between runs: numbers, also those not measured, and spaces."""
    numbers = re.compile(r"\d[\d.]*(?:-\d[\d.]*(?= |$))?|(?<= )-(?= |$)")
    plain = (numbers.sub("0", line).replace("─", "-") for line in text.splitlines())
    return [re.sub(r"[ -]+", " ", line).strip() for line in plain]


def check_picture(made: Path) -> None:
    """Check that the picture of that name beside the page has the same texts as the one *made* by a test."""
    shown = PAGE.parent / "pictures" / made.name
    if os.environ.get(WRITE):
        shown.write_text(made.read_text(encoding="utf-8"), encoding="utf-8")
        return
    assert words(shown) == words(made)


def words(picture: Path) -> set[str]:
    """Return the texts in an SVG, but for numbers."""
    texts = (element.text or "" for element in ElementTree.parse(picture).iter() if element.tag.endswith("}text"))
    return {plain for text in texts if (plain := re.sub(r"[\d.]+", "0", text).strip()) not in ("", "0")}
