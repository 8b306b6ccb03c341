"""What a bench promises, and how it came out."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True)
class Outcome:
    """A goal of docs/performance.md, what was measured, and whether it was reached."""

    what: str
    goal: str
    measured: str
    ok: bool


def spread(values: Sequence[float], unit: str, digits: int = 2) -> str:
    """Median with least and greatest, such as `1.70 s (1.46-1.89)`."""
    return f"{median(values):.{digits}f} {unit} ({min(values):.{digits}f}-{max(values):.{digits}f})"
