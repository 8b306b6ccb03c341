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

from gke_inference.api_error import ApiError
from gke_inference.command import Exit
from gke_inference.drill import before, report
from gke_inference.drill.figures import drill_figures
from gke_inference.drill.findings import after
from gke_inference.drill.journal import Journal
from gke_inference.drill.measured import Drilled
from gke_inference.drill.outage import Outage, outage_of, restore
from gke_inference.drill.picture import draw
from gke_inference.drill.plan import DrillPlan
from gke_inference.drill.pod_stream import PodStream
from gke_inference.drill.progress import DrillView
from gke_inference.drill.run import Drill
from gke_inference.drill.sender_pod import sender_pod
from gke_inference.drill.stream import LocalStream, Stream
from gke_inference.drill.undo import Undo
from gke_inference.findings import Finding, Status, outcome
from gke_inference.live_platform import LivePlatform
from gke_inference.openai_send import send
from gke_inference.prompts import prompt

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


def perform(platform: LivePlatform, plan: DrillPlan, journal: Journal, wishes: Wishes) -> Exit:
    """Look, and measure where that was asked for and nothing speaks against it."""
    console, told = Console(), Console(stderr=True)
    with told.status("asking the clusters") if told.is_terminal else nullcontext():
        plan, found, outages = _look(platform, plan, wishes)
    if not wishes.yes or not outages:
        if wishes.output == "json":
            console.out(report.before_json(plan, outages, found), highlight=False)
        else:
            report.print_before(plan, outages, found, console)
            console.print(f"Nothing was changed{': --yes does it' if outages else ''}.", highlight=False)
        return outcome(found)
    drilled = anyio.run(_measure, platform, plan, journal, wishes, told)
    figures = drill_figures(plan, drilled)
    findings = (*found, *after(plan, drilled, figures, journal.path))
    if wishes.picture:
        wishes.picture.write_text(draw(plan, drilled, figures), encoding="utf-8")
    if wishes.output == "json":
        console.out(report.after_json(plan, drilled, figures, findings), highlight=False)
    else:
        report.print_after(plan, drilled, figures, findings, console)
    return outcome(findings)


def finish(platform: LivePlatform, journal: Journal, *, timeout_sec: float, output: Literal["text", "json"]) -> Exit:
    """
    Restore what *journal* holds.

    Raises:
        FileNotFoundError: There is no journal.
        ValueError: It is none of this platform.
    """
    changes = journal.read(platform)
    with DrillView(Console(stderr=True)) as view:
        left = anyio.run(partial(restore, changes, platform.clusters, timeout_sec=timeout_sec, say=view.say))
        if left:
            view.say(f"NOT RESTORED: {'; '.join(change.what for change in left)}. The journal {journal.path} is kept.")
        else:
            journal.remove()
    if output == "json":
        Console().out(report.restored_json(changes, left), highlight=False)
    return Exit.WRONG if left else Exit.GOOD


def _look(
    platform: LivePlatform, plan: DrillPlan, wishes: Wishes
) -> tuple[DrillPlan, tuple[Finding, ...], tuple[Outage, ...]]:
    """The plan with its address, what is found before the drill, and the outages where nothing speaks against them."""
    found = [
        finding
        for number, key in enumerate(plan.taken_down)
        for finding in before.looked(
            platform, key, plan.taken_down[:number], even_if_overloaded=wishes.even_if_overloaded
        )
    ]
    found += before.scopes(platform) if plan.means == "drain" else ()
    if not before.all_good(found):
        return plan, tuple(found), ()
    outages: list[Outage] = []
    for key in plan.taken_down:
        try:
            if not plan.endpoint.url:
                plan = replace(plan, endpoint=replace(plan.endpoint, url=platform.gateway_url(plan.region)))
            outages.append(outage_of(platform, key, plan.means))
        except ApiError as error:
            return plan, (*found, before.unknown("DRILL-OUTAGE", key, error)), ()
        found.append(before.rehearsed(platform, key, outages[-1]))
    if plan.sender == "pod":
        found.append(before.rehearsed_sender(platform, plan.region, _pod(platform, plan, key="")))
    return plan, tuple(found), tuple(outages) if before.all_good(found) else ()


async def _measure(platform: LivePlatform, plan: DrillPlan, journal: Journal, wishes: Wishes, told: Console) -> Drilled:
    # No connection is kept: what a new client notices is measured, from here as from a pod.
    limits = httpx.Limits(max_keepalive_connections=0)
    client = httpx.AsyncClient(limits=limits, timeout=None, trust_env=False, verify=ssl.create_default_context())
    async with client:
        with DrillView(told) as view:
            undo = Undo(clusters=platform.clusters, journal=journal, timeout_sec=plan.restore_timeout_sec, say=view.say)
            return await Drill(
                plan=plan,
                outage_of=partial(_outage_now, platform, plan, wishes),
                undo=undo,
                stream=_stream(platform, plan, client, view),
                view=view,
            ).run()


def _outage_now(platform: LivePlatform, plan: DrillPlan, wishes: Wishes, key: str) -> Outage:
    """
    How region *key* is taken down now.

    Raises:
        ApiError: It cannot be, or must not be any more: much may have happened since the drill began.
    """
    gone = plan.taken_down[: plan.taken_down.index(key)]
    for finding in before.looked(platform, key, gone, even_if_overloaded=wishes.even_if_overloaded):
        if finding.status != Status.GOOD:
            raise ApiError(status=None, reason=finding.id, message=f"{finding.found}; needed: {finding.needed}")
    return outage_of(platform, key, plan.means)


def _stream(platform: LivePlatform, plan: DrillPlan, client: httpx.AsyncClient, view: DrillView) -> Stream:
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


def _pod(platform: LivePlatform, plan: DrillPlan, *, key: str) -> dict[str, object]:
    """The pod that sends; it is in the cluster of the region, so that the region is the nearest one to it."""
    return sender_pod(
        name=f"{platform.sender_name}-{secrets.token_hex(4)}", namespace=platform.config.namespace, key=key,
        deadline_sec=plan.longest_sec,
    )  # fmt: skip
