"""A drill from its checks to its report."""

from __future__ import annotations

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
from gke_inference.drill import preconditions, report
from gke_inference.drill.capacity import check_capacity
from gke_inference.drill.changes import Outage, plan_outage
from gke_inference.drill.chart import draw
from gke_inference.drill.figures import drill_figures
from gke_inference.drill.journal import Journal
from gke_inference.drill.measurement import Measurement
from gke_inference.drill.name_checks import NameWatch
from gke_inference.drill.page import render
from gke_inference.drill.plan import DrillPlan
from gke_inference.drill.report import DrillReport
from gke_inference.drill.rollback import Rollback
from gke_inference.drill.runner import DrillRunner
from gke_inference.drill.senders.planned import make_sender, pod_for
from gke_inference.drill.verdict import judge
from gke_inference.drill.view import DrillView
from gke_inference.evidence import config_origin, make_evidence, running_versions
from gke_inference.findings import Finding, Status, outcome
from gke_inference.gauges.record import GaugeFigures
from gke_inference.gauges.report import gauge_lines
from gke_inference.gauges.watch import GaugeWatch
from gke_inference.live_platform import LivePlatform
from platform_config.model import Model


@dataclass(frozen=True, kw_only=True)
class DrillOptions:
    """
    Options of a drill beside its plan.

    Attributes:
        yes: Really do it.
        even_if_overloaded: Even if no other region has as many servers.
        output: How the report is printed.
        picture: SVG to draw; None for none.
        page: HTML page to write; None for none.
        config_path: The config file.
    """

    yes: bool
    even_if_overloaded: bool
    output: Literal["text", "json"]
    picture: Path | None
    page: Path | None
    config_path: Path


@dataclass(frozen=True, kw_only=True)
class Checked:
    """
    The result of the checks before a drill.

    Attributes:
        plan: The plan, with the gateway's address where none was given.
        findings: What the checks found.
        outages: What takes each region down; none where a finding forbids the drill.
    """

    plan: DrillPlan
    findings: tuple[Finding, ...]
    outages: tuple[Outage, ...]


def run_drill(
    platform: LivePlatform,
    plan: DrillPlan,
    journal: Journal,
    options: DrillOptions,
    watch: GaugeWatch | None,
    names: NameWatch | None = None,
) -> Exit:
    """Check, then take regions down and measure where that was asked for and every check is good."""
    console, progress = Console(), Console(stderr=True)
    with progress.status("asking the clusters") if progress.is_terminal else nullcontext():
        checked = _check(platform, plan, options)
    plan = checked.plan
    if not options.yes or not checked.outages:
        if options.output == "json":
            console.out(report.before_json(plan, checked.outages, checked.findings), highlight=False)
        else:
            report.print_before(plan, checked.outages, checked.findings, console)
            console.print(f"Nothing was changed{': --yes does it' if checked.outages else ''}.", highlight=False)
        return outcome(checked.findings)
    origin, running = config_origin(options.config_path), running_versions(platform, plan.region_names)
    with watch or nullcontext(), names or nullcontext():
        view = DrillView(progress, gauges=(lambda: gauge_lines(watch.record)) if watch else tuple)
        measurement = anyio.run(_measure, platform, plan, journal, options, view)
    figures = drill_figures(plan, measurement)
    made = DrillReport(
        plan=plan,
        measurement=measurement,
        figures=figures,
        gauges=_gauge_figures(measurement, watch) if watch else None,
        names=names.figures if names else (),
        name=names.name if names else "",
        findings=(*checked.findings, *judge(plan, measurement, figures, journal.path)),
        outages=checked.outages,
        evidence=make_evidence(
            Model(platform.config, plan.model), origin, running, measurement.began_sec, measurement.ended_sec
        ),
    )
    _write(made, options, console)
    return outcome(made.findings)


def _write(made: DrillReport, options: DrillOptions, console: Console) -> None:
    """Write the picture and the page, and print the report."""
    if options.picture or options.page:
        svg = draw(made.plan, made.measurement, made.figures, made.gauges)
        if options.picture:
            options.picture.write_text(svg, encoding="utf-8")
        if options.page:
            options.page.write_text(render(made, svg), encoding="utf-8")
    if options.output == "json":
        console.out(report.after_json(made), highlight=False)
    else:
        report.print_after(made, console)


def _gauge_figures(measurement: Measurement, watch: GaugeWatch) -> GaugeFigures:
    """Return the gauges by state."""
    began_sec, ended_sec = measurement.began_sec, measurement.ended_sec
    return GaugeFigures(record=watch.record, began_sec=began_sec, ended_sec=ended_sec, periods=measurement.periods)


def _check(platform: LivePlatform, plan: DrillPlan, options: DrillOptions) -> Checked:
    """Run all checks; those of the changes only where the regions could be taken down."""
    findings = [*preconditions.check_answers(plan), *preconditions.check_gateways(plan)]
    for key in plan.regions_down:
        findings += check_capacity(platform, plan, key, even_if_overloaded=options.even_if_overloaded)
        findings += preconditions.check_shared_nodes(platform, plan, key)
    findings += preconditions.check_drain(platform, plan.models_down) if plan.means == "drain" else ()
    outages: list[Outage] = []
    if preconditions.all_good(findings):
        plan, problems = _find_addresses(platform, plan)
        findings += problems
    if preconditions.all_good(findings):
        for key in plan.regions_down:
            try:
                outages.append(plan_outage(platform, key, plan.means, plan.models_down))
            except ApiError as error:
                findings.append(preconditions.unknown("DRILL-OUTAGE", key, error))
                return Checked(plan=plan, findings=tuple(findings), outages=())
            findings.append(preconditions.check_changes(platform, key, outages[-1]))
        for key in plan.endpoints if plan.sender == "pod" else ():
            pod = pod_for(platform, plan, key="")
            findings.append(preconditions.check_sender(platform, key, pod))
    allowed = preconditions.all_good(findings)
    return Checked(plan=plan, findings=tuple(findings), outages=tuple(outages) if allowed else ())


def _find_addresses(platform: LivePlatform, plan: DrillPlan) -> tuple[DrillPlan, list[Finding]]:
    """Return *plan* with the addresses of gateways that no option gives, and what could not be looked up."""
    found, problems = dict(plan.endpoints), []
    for key in [key for key, endpoint in found.items() if not endpoint.url]:
        try:
            at = platform.endpoint(key, plan.model)
            found[key] = replace(found[key], url=at.url, headers=at.headers, server_name=at.server_name)
        except ApiError as error:
            fix = "give the address to send to as --url"
            problems.append(preconditions.unknown("DRILL-OUTAGE", key, error, fix=fix))
    return plan.at(found), problems


async def _measure(
    platform: LivePlatform, plan: DrillPlan, journal: Journal, options: DrillOptions, view: DrillView
) -> Measurement:
    # No connection is kept: what a new client notices is measured, from here as from a pod.
    limits = httpx.Limits(max_keepalive_connections=0)
    client = httpx.AsyncClient(limits=limits, timeout=None, trust_env=False, verify=ssl.create_default_context())
    async with client:
        with view:
            rollback = Rollback(
                clusters=platform.clusters, journal=journal, timeout_sec=plan.restore_timeout_sec, say=view.say
            )
            return await DrillRunner(
                plan=plan,
                plan_outage=partial(_plan_outage_again, platform, plan, options),
                ready_servers=partial(platform.ready_servers, model=plan.model),
                rollback=rollback,
                sender=make_sender(platform, plan, client, view.count),
                view=view,
            ).run()


def _plan_outage_again(platform: LivePlatform, plan: DrillPlan, options: DrillOptions, key: str) -> Outage:
    """
    Return what takes region *key* down now: much may have happened since the drill began.

    Raises:
        ApiError: It cannot be taken down any more, or must not be.
    """
    for finding in check_capacity(platform, plan, key, even_if_overloaded=options.even_if_overloaded):
        if finding.status != Status.GOOD:
            raise ApiError(status=None, reason=finding.id, message=f"{finding.found}; needed: {finding.needed}")
    return plan_outage(platform, key, plan.means, plan.models_down)
