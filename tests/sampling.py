"""Long sweeps in parts: `make test` tries a sample of their values, another one each time, and `make test-all` all."""

from __future__ import annotations

import os
import random
from collections.abc import Sequence
from typing import TypeVar

ALL = "TEST_ALL"
"""Variable that is `1` where nothing is left out."""
SEED = "TEST_SEED"
"""Variable with the number that decides which values are tried."""

Case = TypeVar("Case")


def choose_seed() -> None:
    """Choose a seed for this run and its workers, where none was given."""
    os.environ.setdefault(SEED, str(random.randrange(10**6)))


def describe() -> str:
    """Say which values this run tries, and how to try the same ones again."""
    if os.environ.get(ALL) == "1":
        return "sweeps: every value"
    return f"sweeps: a sample of the values; {SEED}={os.environ.get(SEED, '0')} tries the same ones, {ALL}=1 all"


def sample(cases: Sequence[Case], number: int, *key: object) -> list[Case]:
    """
    Choose *number* of *cases* for this run, in their order; all of them in a full run.

    *key* makes the choice of one test another than that of the next.
    """
    if os.environ.get(ALL) == "1" or number >= len(cases):
        return list(cases)
    chosen = random.Random(f"{os.environ.get(SEED, '0')} {key}").sample(range(len(cases)), number)
    return [cases[at] for at in sorted(chosen)]
