"""
Sweeps over many values: each run tries a random sample of them, a full run tries them all.

A test that samples prints its seed; `SAMPLE_SEED=<seed>` repeats it, and `SAMPLE_ALL=1` tries everything.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterable
from typing import TypeVar

SEED = os.environ.get("SAMPLE_SEED") or str(random.SystemRandom().randrange(10**6))
ALL = bool(os.environ.get("SAMPLE_ALL"))

Item = TypeVar("Item")


def sample(items: Iterable[Item], count: int, *, case: str) -> list[Item]:
    """
    Return *count* of *items* in their order, or all of them in a full run.

    Args:
        items: What a full run tries.
        count: How many a quick run tries; all where there are fewer.
        case: Name of the test case: with one seed, each case has a sample of its own.
    """
    every = list(items)
    if ALL or len(every) <= count:
        return every
    print(f"a sample of {count} of {len(every)}: SAMPLE_SEED={SEED} repeats it, SAMPLE_ALL=1 tries them all")
    chosen = random.Random(f"{SEED} {case}").sample(range(len(every)), count)
    return [every[index] for index in sorted(chosen)]
