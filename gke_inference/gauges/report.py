"""The gauges for people and programs: lines of a live view, a table, JSON."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from constructs_lib.monitoring.metrics import LOAD_BALANCER_LATE_SEC
from gke_inference.gauges import record
from gke_inference.gauges.queries import WINDOW_SEC
from gke_inference.gauges.record import GaugeFigures, GaugeRecord, Span, Unread
from gke_inference.gauges.watch import INTERVAL_SEC
from gke_inference.tables import make_table

COLUMNS = ("servers\nready", "nodes\nready", "KV cache\n%", "balancer\nreq/s", "balancer\np95 s")
"""Titles of the gauges in a table, in the order of `GAUGES`."""


def gauge_lines(read: GaugeRecord) -> list[str]:
    """Return one line for each region with what was read last, and those of what cannot be read."""
    if not read.samples:
        return list(unread_lines(read))
    return [*(f"{region}: {_latest(read, region)}" for region in read.regions), *unread_lines(read)]


def _latest(read: GaugeRecord, region: str) -> str:
    last = {gauge: read.latest(gauge, region) for gauge in record.GAUGES}
    spill = f" (spills over at {read.spill_over_percent} %)" if read.spill_over_percent is not None else ""
    return (
        f"servers {_number(last[record.READY_REPLICAS])}, nodes {_number(last[record.READY_NODES])}, "
        f"KV cache {_number(last[record.KV_CACHE])} %{spill}, load balancer {LOAD_BALANCER_LATE_SEC} s ago "
        f"{_number(last[record.REQUESTS])}/s, p95 {_number(last[record.LATENCY])} s"
    )


def unread_lines(read: GaugeRecord) -> Iterator[str]:
    """Yield a line for each reason for which something could not be read; what has the same reason shares it."""
    by_reason: defaultdict[tuple[str, str, str], defaultdict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for unread in read.unread:
        by_reason[_how(unread), unread.reason, unread.fix][unread.what] += unread.regions
    for (how, reason, fix), gauges in by_reason.items():
        names = [f"{what}{f' of {_join(regions)}' if regions else ''}" for what, regions in gauges.items()]
        yield f"{how}: {_join(names)}: {'; '.join(filter(None, (reason.rstrip('. '), fix)))}"


def _how(unread: Unread) -> str:
    if unread.failed_reads < unread.reads:
        return f"Not read {unread.failed_reads} of {unread.reads} times"
    return "Not read"


def print_gauges(figures: GaugeFigures, console: Console, *, period: str) -> None:
    """Print the table of a run's gauges and what could not be read; *period* is what its periods are."""
    if figures.record.samples:
        console.print(_table(figures, period))
        for line in gauge_remarks(figures.record, period):
            console.print(line, soft_wrap=True, highlight=False)
    for line in unread_lines(figures.record):
        console.print(f"[yellow]{escape(line)}[/]", soft_wrap=True, highlight=False)


def gauge_remarks(read: GaugeRecord, period: str) -> Iterator[str]:
    """Yield what is to be known beside the table."""
    yield f"Each is the lowest and the highest value of a {period}; a dash: none."
    if read.spill_over_percent is not None:
        yield f"Requests spill over to the next region at {read.spill_over_percent} % of the KV cache."
    yield (
        f"The load balancer is read {LOAD_BALANCER_LATE_SEC} s late, as rates over {WINDOW_SEC} s; the KV cache may be "
        "as late."
    )


def _table(figures: GaugeFigures, period: str) -> Table:
    table = make_table("Gauges", f"\n{period}", "\nregion", *COLUMNS, text=2)
    for row in gauge_rows(figures):
        table.add_row(*row)
    return table


def gauge_rows(figures: GaugeFigures) -> Iterator[tuple[str, ...]]:
    """Yield the rows of a table: period, region, and the values of `COLUMNS`."""
    for period in figures.periods:
        for number, region in enumerate(figures.record.regions):
            spans = (_span(span) for span in figures.spans(period, region).values())
            yield ("" if number else period.title, region, *spans)


def gauges_json(figures: GaugeFigures) -> dict[str, Any]:
    """
    Return the gauges as the part `gauges` of a report.

    Keys are stable and end in their unit; null stands for what could not be read; times are seconds from the begin of
    the run.
    """
    return {
        "interval_sec": INTERVAL_SEC,
        "load_balancer_late_sec": LOAD_BALANCER_LATE_SEC,
        "spill_over_percent": figures.record.spill_over_percent,
        "unread": [asdict(unread) for unread in figures.record.unread],
        "periods": [
            {
                "title": period.title,
                "began_sec": round(period.began_sec - figures.began_sec, 3),
                "duration_sec": round(period.ended_sec - period.began_sec, 3),
                "regions": {
                    region: {gauge: span and span._asdict() for gauge, span in figures.spans(period, region).items()}
                    for region in figures.record.regions
                },
            }
            for period in figures.periods
        ],
        "samples": [
            {"at_sec": round(sample.at_sec - figures.began_sec, 3), "region": sample.region, **sample.values}
            for sample in figures.record.samples
        ],
    }


def _span(span: Span | None) -> str:
    if span is None:
        return "-"
    lowest, highest = map(_number, span)
    return lowest if lowest == highest else f"{lowest}-{highest}"


def _number(value: float | None) -> str:
    """Return *value* as short as it can be read: three digits, and no point in a count."""
    return "-" if value is None else f"{value:.3g}" if value < 1000 else f"{value:.0f}"


def _join(names: list[str]) -> str:
    return " and ".join(filter(None, (", ".join(names[:-1]), *names[-1:])))
