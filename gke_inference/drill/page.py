"""The report of a drill as a page to keep: verdict, objectives, picture, figures, events, and the evidence."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from gke_inference.drill.chart import HOW
from gke_inference.drill.figures import DrillFigures, RequestFigures, describe_figures
from gke_inference.drill.objectives import ObjectiveResult
from gke_inference.drill.plan import State
from gke_inference.drill.report import NAME_COLUMNS, DrillReport, name_note, name_rows
from gke_inference.evidence import Evidence
from gke_inference.findings import Finding, outcome
from gke_inference.gauges.record import GaugeFigures
from gke_inference.gauges.report import COLUMNS, gauge_remarks, gauge_rows, unread_lines
from gke_inference.page import Cell, Markup, html, lines, page, picture, section, status, table

Event = tuple[float, str]
KEPT = {True: "good", False: "wrong", None: "unknown"}
"""How an objective stands, as a finding would have it."""


def render(report: DrillReport, svg: str) -> str:
    """Return the page of *report*, with its picture *svg*."""
    plan, figures = report.plan, report.figures
    down = ", then ".join(f"{key} ({plan.region_names[key]})" for key in plan.regions_down)
    verdict = Markup(
        f"<p>{status(outcome(report.findings).name.lower())} {html(describe_figures(plan, figures))}.</p>"
        f"<p>{html(f'By {plan.means}: {HOW[plan.means]}. Requests were sent to {plan.asked_at}.')}</p>"
    )
    return page(
        f"Drill of {', '.join(plan.models_down)}: {down} taken down",
        verdict,
        _objectives(report.objectives),
        section("What clients noticed", picture(svg), _states(figures, plan.endpoint.first_part)),
        _gauges(report.gauges) if report.gauges else Markup(),
        _names(report) if report.names else Markup(),
        section("Findings", _findings(report.findings)),
        section("Events", _events(report)),
        section("Evidence", _evidence(report.evidence)),
    )


def _objectives(objectives: Sequence[ObjectiveResult]) -> Markup:
    if not objectives:
        return section("Objectives", Markup("<p>The config promises nothing for this model.</p>"))
    rows = ((status(KEPT[one.kept]), one.name, one.found, one.needed) for one in objectives)
    return section("Objectives", table(("", "objective", "measured", "what counts"), rows))


def _states(figures: DrillFigures, first_part: str) -> Markup:
    titles = ("state", "region", "began", "took", "sent", "failed", "slow", "p50", "p95", f"{first_part} p50", "p95")
    rows: list[Sequence[Cell]] = []
    for state in figures.states:
        rows.append((state.title, "all", f"{state.began_sec:.1f}", f"{state.duration_sec:.1f}", *_row(state.total)))
        rows += (("", region, "", "", *_row(regional)) for region, regional in state.regions.items())
    note = html(f"Times in seconds, exact to {figures.exact_to_sec:g} s.")
    return Markup(f"{table(titles, rows, text=2)}\n<p>{note}</p>")


def _row(figures: RequestFigures) -> list[Cell]:
    times = (figures.latency_p50_sec, figures.latency_p95_sec, figures.ttft_p50_sec, figures.ttft_p95_sec)
    return [
        *(figures.requests, figures.failed, figures.slow),
        *(None if time is None else f"{time:.2f}" for time in times),
    ]


def _names(report: DrillReport) -> Markup:
    note = Markup(f"<p>{lines(name_note(report.names))}</p>")
    return section(f"Checks of {report.name}", table(NAME_COLUMNS, name_rows(report.names), text=1), note)


def _gauges(gauges: GaugeFigures) -> Markup:
    remarks = Markup(f"<p>{lines(*gauge_remarks(gauges.record, 'state'), *unread_lines(gauges.record))}</p>")
    return section("Gauges", table(("state", "region", *COLUMNS), gauge_rows(gauges), text=2), remarks)


def _findings(findings: Sequence[Finding]) -> Markup:
    rows = (
        (
            status(one.status.value),
            one.id if not one.where else f"{one.id} in {one.where}",
            lines(one.found, one.fix and f"Fix: {one.fix}"),
            one.needed,
        )
        for one in findings
    )
    return table(("", "check", "found", "needed"), rows)


def _events(report: DrillReport) -> Markup:
    began = datetime.strptime(report.evidence.began_at, "%Y-%m-%dT%H:%M:%S%z")
    events = sorted(_all_events(report), key=lambda event: event[0])
    rows = ((f"{began + timedelta(seconds=at_sec):%H:%M:%S}", f"{at_sec:.1f}", what) for at_sec, what in events)
    return table(("UTC", "second", "event"), rows)


def _all_events(report: DrillReport) -> Iterator[Event]:
    plan, measurement, figures = report.plan, report.measurement, report.figures
    began = {start.state: start.began_sec - measurement.began_sec for start in measurement.starts}
    for state, at_sec in began.items():
        yield at_sec, f"{state.title} began"
    for state, outage in zip((State.OUTAGE, State.DOUBLE_OUTAGE), report.outages, strict=False):
        if state in began:
            for change in outage.changes:
                yield began[state], change.what
    for downtime in figures.downtimes:
        errors = ", ".join(downtime.errors)
        which = f"requests to {downtime.gateway}" if downtime.gateway else "requests"
        yield downtime.began_sec, f"{which} began to fail: {downtime.failed} in {downtime.downtime_sec:g} s ({errors})"
    again = "well again" if plan.is_regional else "again"
    times = (
        (State.OUTAGE, figures.time_to_detect_sec, "a client saw the outage"),
        (State.OUTAGE, figures.time_to_fail_over_sec, "another region answered steadily"),
        (State.RECOVERY, figures.time_to_come_back_sec, f"{plan.region_names[plan.region]} answered {again}"),
    )
    for state, after_sec, what in times:
        if state in began and after_sec is not None:
            yield began[state] + after_sec, what
    yield measurement.ended_sec - measurement.began_sec, f"ended by: {measurement.ended_by}"


def _evidence(evidence: Evidence) -> Markup:
    config = evidence.config
    rows: list[Sequence[Cell]] = [
        ("began", evidence.began_at),
        ("ended", evidence.ended_at),
        ("platform", f"{evidence.platform} in {evidence.project}"),
        ("config", config.file),
        ("SHA-256 of the config", config.sha256),
        ("commit", f"{config.commit} ({config.problem})" if config.problem else config.commit),
        ("config and commit", config.state),
        ("this program", evidence.product_version),
        ("GKE version asked for", evidence.gke_version or "the release channel's own"),
        ("endpoint picker's chart asked for", evidence.chart_version),
    ]
    for key, versions in evidence.regions.items():
        rows.append((f"Kubernetes in {key}", versions.kubernetes))
        rows += ((f"{name} in {key}", image) for name, image in versions.images.items())
    return table(("", ""), rows)
