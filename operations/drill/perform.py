"""A drill from the first look to the report, and the restoring of one that was killed."""

from __future__ import annotations

import secrets
import ssl
from contextlib import nullcontext
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Literal

import anyio
import httpx
from rich.console import Console

from operations.api_error import ApiError
from operations.command import Exit
from operations.drill import before, report
from operations.drill.figures import drill_figures
from operations.drill.findings import after
from operations.drill.journal import Journal
from operations.drill.measured import Drilled
from operations.drill.outage import Outage, outage_of, restore
from operations.drill.picture import draw
from operations.drill.plan import DrillPlan
from operations.drill.platform import Platform
from operations.drill.pod_stream import PodStream
from operations.drill.progress import DrillView
from operations.drill.run import Drill
from operations.drill.sender_pod import sender_pod
from operations.drill.stream import LocalStream, Stream
from operations.findings import Finding, outcome
from operations.openai_send import send
from operations.prompts import prompt

PROMPT_TOKENS = 32


@dataclass(frozen=True, kw_only=True)
class Wishes:
    """
    What was asked for beside the plan.

    Attributes:
        yes: Really do it.
        even_if_overloaded: Even if no other region has as many servers.
        output: How the report is printed.
        picture: SVG to draw; None for none.
    """

    yes: bool
    even_if_overloaded: bool
    output: Literal["text", "json"]
    picture: Path | None


def perform(platform: Platform, plan: DrillPlan, journal: Journal, wishes: Wishes) -> Exit:
    """Look, and measure where that was asked for and nothing speaks against it."""
    console, told = Console(), Console(stderr=True)
    with told.status("asking the clusters") if told.is_terminal else nullcontext():
        plan, found, outage = _look(platform, plan, even_if_overloaded=wishes.even_if_overloaded)
    if not wishes.yes or not outage:
        if wishes.output == "json":
            console.out(report.before_json(plan, outage, found), highlight=False)
        else:
            report.print_before(plan, outage, found, console)
            console.print(f"Nothing was changed{': --yes does it' if outage else ''}.", highlight=False)
        return outcome(found)
    drilled = anyio.run(_measure, platform, plan, journal, told)
    figures = drill_figures(plan, drilled)
    findings = (*found, *after(plan, drilled, figures, journal.path))
    if wishes.output == "json":
        console.out(report.after_json(plan, drilled, figures, findings), highlight=False)
    else:
        report.print_after(plan, drilled, figures, findings, console)
    if wishes.picture:
        wishes.picture.write_text(draw(plan, drilled, figures), encoding="utf-8")
    return outcome(findings)


def finish(platform: Platform, journal: Journal, *, timeout_sec: float) -> Exit:
    """
    Restore what *journal* holds.

    Raises:
        FileNotFoundError: There is no journal.
        ValueError: It is none of this platform.
    """
    changes = journal.read()
    say = DrillView(Console(stderr=True)).say
    left = anyio.run(partial(restore, changes, platform.clusters, timeout_sec=timeout_sec, say=say))
    if left:
        say(f"NOT RESTORED: {'; '.join(change.what for change in left)}. The journal {journal.path} is kept.")
        return Exit.WRONG
    journal.remove()
    return Exit.GOOD


def _look(
    platform: Platform, plan: DrillPlan, *, even_if_overloaded: bool
) -> tuple[DrillPlan, tuple[Finding, ...], Outage | None]:
    """The plan with its address, what is found before the drill, and the outage where nothing speaks against it."""
    found = before.looked(platform, plan, even_if_overloaded=even_if_overloaded)
    if not before.all_good(found):
        return plan, found, None
    try:
        if not plan.endpoint.url:
            plan = replace(plan, endpoint=replace(plan.endpoint, url=platform.gateway_url(plan.region)))
        outage = outage_of(platform, plan.region, plan.means)
    except ApiError as error:
        return plan, (*found, before.unknown("DRILL-OUTAGE", plan.region, error)), None
    pod = _pod(platform, plan, key="") if plan.sender == "pod" else None
    found = (*found, before.rehearsed(platform, plan, outage, pod))
    return plan, found, outage if before.all_good(found) else None


async def _measure(platform: Platform, plan: DrillPlan, journal: Journal, told: Console) -> Drilled:
    client = httpx.AsyncClient(
        limits=httpx.Limits(), timeout=None, trust_env=False, verify=ssl.create_default_context()
    )
    async with client:
        with DrillView(told) as view:
            return await Drill(
                plan=plan,
                outage_of=lambda key: outage_of(platform, key, plan.means),
                clusters=platform.clusters,
                journal=journal,
                stream=_stream(platform, plan, client, view),
                view=view,
            ).run()


def _stream(platform: Platform, plan: DrillPlan, client: httpx.AsyncClient, view: DrillView) -> Stream:
    if plan.sender == "here":
        return LocalStream(
            rate_per_sec=plan.rate_per_sec,
            send=lambda: send(client, plan.endpoint, prompt(PROMPT_TOKENS)),
            seen=view.request_ended,
        )
    key = secrets.token_urlsafe(16)
    return PodStream(
        cluster=platform.clusters(plan.region), cluster_key=plan.region, pod=_pod(platform, plan, key=key), key=key,
        endpoint=plan.endpoint, prompt_tokens=PROMPT_TOKENS, rate_per_sec=plan.rate_per_sec, seen=view.request_ended,
    )  # fmt: skip


def _pod(platform: Platform, plan: DrillPlan, *, key: str) -> dict[str, object]:
    """The pod that sends; it is in the cluster of the region, so that the region is the nearest one to it."""
    return sender_pod(
        name=f"{platform.config.name}-drill-{secrets.token_hex(4)}", namespace=platform.config.namespace, key=key,
        deadline_sec=plan.longest_sec,
    )  # fmt: skip
