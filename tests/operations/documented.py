"""Outputs in docs/operations.md: what a test saw is what the page shows, but for numbers."""

from __future__ import annotations

import os
import re
from pathlib import Path

PAGE = Path(__file__).parent.parent.parent / "docs" / "operations.md"
WRITE = "WRITE_OUTPUTS"
"""With this environment variable the page gets the output instead of being held against it."""


def check(name: str, out: str) -> None:
    """The block *name* of the page reads like *out*."""
    out = "\n".join(line.rstrip() for line in out.strip("\n").splitlines())
    page = PAGE.read_text(encoding="utf-8")
    found = re.search(rf"<!-- output: {name} -->\n\n?```text\n(.*?)\n```", page, re.DOTALL)
    assert found, f"docs/operations.md has no block {name}"
    if os.environ.get(WRITE):
        PAGE.write_text(page[: found.start(1)] + out + page[found.end(1) :], encoding="utf-8")
        return
    assert shape(found[1]) == shape(out), f"docs/operations.md shows another output of {name}; now it is:\n{out}"


def shape(text: str) -> list[str]:
    """The lines of *text* without what differs between two runs: numbers, and the spaces that follow their width."""
    plain = (re.sub(r"\d[\d.]*", "0", line).replace("─", "-") for line in text.splitlines())
    return [re.sub(r"[ -]+", " ", line).strip() for line in plain]
