"""The report of a load run: tables for people, one JSON document for programs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from gke_inference.command import Exit
from gke_inference.gauges.record import GaugeFigures
from gke_inference.gauges.report import gauges_json, print_gauges
from gke_inference.load.figures import RunFigures, TrafficFigures
from gke_inference.load.plan import LoadPlan
from gke_inference.openai import UNKNOWN_REGION
from gke_inference.tables import EXIT_COLOR, make_table

NOBODY_THERE = (
    "Is it the gateway's address and port, and is this machine in the VPC, in one of the gateway's regions? "
    "`gke-inference verify` prints the addresses."
)
COUNTED_BY = {
    "usage": "the server (usage)",
    "chunks": "chunks of the stream, each of which may hold several",
    "mixed": "the server (usage) where it counts, else by chunks of the stream",
}


def as_json(plan: LoadPlan, run: RunFigures, gauges: GaugeFigures | None) -> str:
    """
    Return the report as one document: `plan`, `outcome`, the fields of `RunFigures`, and `gauges`.

    Keys are stable and end in their unit; shares and rates are 0 to 1; null stands for what could not be measured, and
    for gauges that were not asked for.
    """
    document = {"plan": plan.describe(), "outcome": plan.outcome(run).name.lower(), **asdict(run)}
    document["gauges"] = gauges and gauges_json(gauges)
    return json.dumps(document, indent=2)


def print_report(plan: LoadPlan, run: RunFigures, gauges: GaugeFigures | None, console: Console) -> None:
    """Print steps, steps by region, errors, where requests spilled over, gauges, and the outcome."""
    endpoint = plan.endpoint
    name = escape(endpoint.model or endpoint.path)
    console.print(f"[bold]{name}[/] at {escape(endpoint.url)}", soft_wrap=True, highlight=False)
    console.print(f"{escape(_asked(plan))}\n", soft_wrap=True, highlight=False)
    console.print(_steps(plan, run))
    console.print(_regions(plan, run))
    if run.error_examples:
        console.print(_errors(run))
    for line in _remarks(plan, run):
        console.print(line, soft_wrap=True, highlight=False)
    if gauges:
        print_gauges(gauges, console, period="step")
    outcome = plan.outcome(run)
    console.print(f"\n[bold {EXIT_COLOR[outcome]}]{_verdict(plan, run)}[/]", soft_wrap=True, highlight=False)


def _asked(plan: LoadPlan) -> str:
    """Return what each request asks."""
    endpoint = plan.endpoint
    if not endpoint.is_openai:
        return f"POST {endpoint.path}, the same body each time"
    how = "streamed" if endpoint.stream else "not streamed"
    prompts = ", ".join(map(str, plan.prompt_tokens))
    return f"{endpoint.api}, {how}; prompts of about {prompts} tokens, answers of {endpoint.max_tokens} at most"


def _percentiles(what: str) -> tuple[str, str, str]:
    return f"{what}\np50", "\np95", "\np99"


def _steps(plan: LoadPlan, run: RunFigures) -> Table:
    ttft = _percentiles(plan.endpoint.first_part) if plan.endpoint.stream else ()
    table = make_table(
        "Steps (times in seconds)", "at\nonce", "\nrequests", "\nfailed", "output\ntokens/s", *ttft,
        *_percentiles("answer"), text=1,
    )  # fmt: skip
    rows = [(str(step.concurrency), step.total) for step in run.steps]
    for name, figures in [*rows, ("all", run.total)]:
        table.add_row(name, *_counts(figures), *(_ttft(figures) if ttft else ()), *_latency(figures))
    return table


def _regions(plan: LoadPlan, run: RunFigures) -> Table:
    time, times = (plan.endpoint.first_part, _ttft) if plan.endpoint.stream else ("answer", _latency)
    table = make_table(
        "Regions (times in seconds)", "at\nonce", "\nregion", "\nshare", "\nrequests", "\nfailed",
        "output\ntokens/s", *_percentiles(time), text=2,
    )  # fmt: skip
    rows = [(str(step.concurrency), step.regions) for step in run.steps]
    for name, regions in [*rows, ("all", run.regions)]:
        for number, (region, figures) in enumerate(regions.items()):
            share = f"{figures.share:.0%}"
            table.add_row("" if number else name, escape(region), share, *_counts(figures), *times(figures))
    return table


def _errors(run: RunFigures) -> Table:
    table = make_table("Errors", "kind", "the first of them", "count", text=2)
    for kind, example in run.error_examples.items():
        table.add_row(kind, escape(example), str(run.total.errors_by_kind[kind]))
    return table


def _counts(figures: TrafficFigures) -> tuple[str, str, str]:
    rate = figures.output_tokens_per_sec
    return str(figures.requests), str(figures.errors), "-" if rate is None else f"{rate:.1f}"


def _ttft(figures: TrafficFigures) -> list[str]:
    return _seconds(figures.ttft_p50_sec, figures.ttft_p95_sec, figures.ttft_p99_sec)


def _latency(figures: TrafficFigures) -> list[str]:
    return _seconds(figures.latency_p50_sec, figures.latency_p95_sec, figures.latency_p99_sec)


def _seconds(*values: float | None) -> list[str]:
    return ["-" if value is None else f"{value:.3f}" if value < 10 else f"{value:.1f}" for value in values]


def _remarks(plan: LoadPlan, run: RunFigures) -> Iterator[str]:
    """Yield what is to be known beside the tables."""
    ttft = "TTFT: time to first token; " if plan.endpoint.stream and plan.endpoint.is_openai else ""
    yield f"{ttft}answer: time to the whole answer; of good requests only."
    yield "A dash: too few of them; p50 takes 2, p95 takes 20, p99 takes 100."
    if by := run.total.output_tokens_counted_by:
        yield f"Output tokens are counted by {COUNTED_BY[by]}."
    if list(run.regions) == [UNKNOWN_REGION] and run.answered_requests:
        yield f"No answer has the header {escape(plan.endpoint.region_header)}, so regions are not known."
    for region in run.regions:
        first = next(step for step in run.steps if region in step.regions)
        if region != UNKNOWN_REGION and first != run.steps[0]:
            share = f"{first.regions[region].share:.0%}"
            yield f"[bold]Spill-over: {escape(region)} served {share} at {first.concurrency} at once, none before.[/]"
    if run.ended_by == "no answer":
        yield f"Ended in the first step: nobody answered at {escape(plan.endpoint.url)}."
        yield NOBODY_THERE
    if run.ended_by == "signal":
        yield f"[yellow]Interrupted: {run.unfinished_requests} running requests were left out.[/]"


def _verdict(plan: LoadPlan, run: RunFigures) -> str:
    outcome = plan.outcome(run)
    if outcome == Exit.UNKNOWN:
        return "Unknown: no request was answered."
    rate = f"{run.total.errors} of {run.total.requests} requests failed ({run.total.error_rate:.2%})"
    return f"{'Good' if outcome == Exit.GOOD else 'Wrong'}: {rate}, {plan.max_error_rate:.2%} are allowed."
