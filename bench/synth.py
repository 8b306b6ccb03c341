"""The goals of a synth: the fast path against the same program without it, interleaved."""

import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from statistics import median

from bench.goals import Outcome, spread
from bench.runs import ELASTIC, EXAMPLE, Run, synth
from fast_synth.toolchain import CDKTF, CDKTN

SIZES = (2, 4, 8, 16, 32, 64)
MODELS = (1, 4, 16)


def outcomes(*, quick: bool) -> Iterator[Outcome]:
    """Yield each goal as soon as it is measured; *quick* takes one round and leaves out the long ones."""
    rounds = 1 if quick else 5
    fast, plain = _both_sides(2, rounds)
    yield _times(fast, plain, "warm, 2 regions", at_least=12)
    yield _each_below_a_quarter(fast, plain)
    yield _memory(fast, plain)
    yield _times(*_both_sides(2, rounds, toolchain=CDKTN), "warm, 2 regions, with cdktn", at_least=2)
    yield _times(*_both_sides(2, rounds, base=ELASTIC), "warm, config/h100-elastic.yaml", at_least=12)
    if not quick:
        yield _times(*_both_sides(32, rounds), "warm, 32 regions", at_least=6)
    yield _flat(SIZES[:4] if quick else SIZES, rounds)
    yield _models(rounds)
    if not quick:
        yield _times(*_both_sides(2, rounds, cold=True), "cold jsii cache, 2 regions", at_least=2.5)


def _both_sides(
    regions: int, rounds: int, *, cold: bool = False, base: Path = EXAMPLE, toolchain: str = CDKTF
) -> tuple[list[Run], list[Run]]:
    """Run with and without the fast path alternately, so that both see the same load of the machine."""
    pairs = [
        tuple(_run(regions, fast=fast, cold=cold, base=base, toolchain=toolchain) for fast in (True, False))
        for _ in range(rounds)
    ]
    return [fast for fast, _ in pairs], [plain for _, plain in pairs]


def _run(regions: int, *, fast: bool, cold: bool, base: Path, toolchain: str) -> Run:
    if not cold:
        return synth(regions, fast=fast, base=base, toolchain=toolchain)
    with tempfile.TemporaryDirectory() as cache:
        return synth(regions, fast=fast, cache=Path(cache), base=base, toolchain=toolchain)


def _times(fast: list[Run], plain: list[Run], what: str, *, at_least: float) -> Outcome:
    fast_sec, plain_sec = [run.seconds for run in fast], [run.seconds for run in plain]
    ratio = median(plain_sec) / median(fast_sec)
    measured = f"{ratio:.1f}x: {spread(fast_sec, 's')} against {spread(plain_sec, 's')}"
    return Outcome(what, f"at least {at_least:g}x", measured, ratio >= at_least)


def _each_below_a_quarter(fast: list[Run], plain: list[Run]) -> Outcome:
    slowest, quickest = max(run.seconds for run in fast), min(run.seconds for run in plain)
    measured = f"slowest {slowest:.2f} s, quickest without {quickest:.2f} s"
    return Outcome("every run of them", "under a quarter", measured, slowest < quickest / 4)


def _memory(fast: list[Run], plain: list[Run]) -> Outcome:
    fast_mib, plain_mib = [run.peak_mib for run in fast], [run.peak_mib for run in plain]
    share = median(fast_mib) / median(plain_mib)
    measured = f"{share:.2f}: {spread(fast_mib, 'MiB', 0)} against {spread(plain_mib, 'MiB', 0)}"
    return Outcome("peak memory, largest process", "at most a third", measured, share <= 1 / 3)


def _flat(sizes: tuple[int, ...], rounds: int) -> Outcome:
    """
    Compare what a region costs in the later half of the sizes with the earlier one: it must not rise.

    In CPU seconds: differences of wall seconds are mostly the noise of the machine.
    """
    table = [[synth(size, fast=True).cpu_seconds for size in sizes] for _ in range(rounds)]
    seconds = _medians(sizes, table)
    first, middle, last = sizes[0], sizes[len(sizes) // 2], sizes[-1]
    early = (seconds[middle] - seconds[first]) / (middle - first)
    late = (seconds[last] - seconds[middle]) / (last - middle)
    each = ", ".join(f"{size}: {value:.2f} s" for size, value in seconds.items())
    measured = f"{early * 1000:.0f} ms up to {middle}, {late * 1000:.0f} ms beyond ({late / early:.2f}x); CPU {each}"
    return Outcome(f"cost of one more region, {first} to {last}", "flat, at most 1.5x", measured, late <= 1.5 * early)


def _models(rounds: int) -> Outcome:
    """
    Compare a platform of many models with one of a single model, both in two regions.

    The ratio, in CPU seconds: what one of the first models costs is less than the noise of a run.
    """
    table = [[synth(2, fast=True, models=count).cpu_seconds for count in MODELS] for _ in range(rounds)]
    seconds = _medians(MODELS, table)
    one, most = seconds[MODELS[0]], seconds[MODELS[-1]]
    each = ", ".join(f"{count}: {value:.2f} s" for count, value in seconds.items())
    added = (most - one) / (MODELS[-1] - MODELS[0])
    measured = f"{most / one:.1f}x, {added * 1000:.0f} ms for one more model; CPU {each}"
    return Outcome(f"{MODELS[-1]} models, 2 regions", "CPU at most 2x of one model", measured, most <= 2 * one)


def _medians(sizes: Iterable[int], table: list[list[float]]) -> dict[int, float]:
    """Return by size the median of its column in *table*, which has a row for each round."""
    return dict(zip(sizes, map(median, zip(*table, strict=True)), strict=True))
