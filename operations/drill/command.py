"""`inference-ops drill`: a region is taken down on purpose, and what users would have noticed is measured."""

from __future__ import annotations

import ssl
from contextlib import nullcontext
from functools import cache, partial
from pathlib import Path

import anyio
import click
import httpx
from rich.console import Console

from operations.api_error import ApiError
from operations.cluster_api import ClusterApi
from operations.command import Command, Exit, Settings, option
from operations.drill import findings as drill_findings
from operations.drill import report as drill_report
from operations.drill.figures import drill_figures
from operations.drill.journal import Journal
from operations.drill.measured import Drilled
from operations.drill.outage import Outage, outage_of, restore
from operations.drill.picture import draw
from operations.drill.plan import MEANS, DrillPlan, Means
from operations.drill.platform import Clusters, Platform
from operations.drill.progress import DrillView
from operations.drill.run import Drill
from operations.drill.stream import Stream
from operations.findings import Finding, outcome
from operations.google_api import GoogleApi
from operations.openai import Endpoint
from operations.openai_send import send
from operations.option_types import BaseUrl, Finite, NewFile, TokenVariable
from operations.prompts import prompt
from stacks.config import Config
from stacks.errors import ConfigError, shown
from stacks.load import load as load_config
from stacks.names import Names

HOUR_SEC = 3600
PROMPT_TOKENS = 32
MAX_TOKENS = 16
JOURNAL = "drill-journal.json"


@click.command(cls=Command)
@option("--region", metavar="KEY", help="Key of the region that is taken down.")
@option(
    "--means",
    type=click.Choice(MEANS),
    default="replicas",
    help="Model servers to 0, the gateway's capacity to 0 %, or nodes cordoned and pods deleted.",
)
@option("--double", "second", metavar="KEY", help="Key of a second region to take down meanwhile.  [default: none]")
@option("--url", type=BaseUrl(), help="Base address of the gateway, such as http://10.0.0.5.")
@option("--yes", is_flag=True, help="Really do it. Without it the plan is printed and nothing is changed.")
@option("--restore", "restoring", is_flag=True, help="Only finish a drill that was killed, from its journal.")
@option("--journal", type=NewFile(), metavar="FILE", default=JOURNAL, help="What has to be restored is kept here.")
@option("--even-if-overloaded", is_flag=True, help="Even if no other region has as many servers.")
@option("--rate-per-sec", type=Finite(0, 1000, min_open=True), metavar="RATE", default=2, help="Requests sent.")
@option("--baseline-sec", type=Finite(0, HOUR_SEC, min_open=True), metavar="SEC", default=30, help="Before it.")
@option("--outage-sec", type=Finite(0, HOUR_SEC, min_open=True), metavar="SEC", default=120, help="Each outage.")
@option(
    "--recovery-sec",
    type=Finite(0, 4 * HOUR_SEC, min_open=True),
    metavar="SEC",
    default=600,
    help="For a region to answer again; ends when it does.",
)
@option("--slow-sec", type=Finite(0, HOUR_SEC, min_open=True), metavar="SEC", default=5, help="Good, but slow.")
@option("--timeout-sec", type=Finite(0, HOUR_SEC, min_open=True), metavar="SEC", default=30, help="For one request.")
@option("--max-downtime-sec", type=Finite(0), metavar="SEC", default=30, help="Longest downtime that is still good.")
@option("--max-error-rate", type=Finite(0, 1), metavar="RATE", default=0.05, help="Failed requests, still good.")
@option(
    "--restore-timeout-sec",
    type=Finite(0, 24 * HOUR_SEC),
    metavar="SEC",
    default=1800,
    help="How long restoring is tried again where it fails.",
)
@option("--token-env", "token", type=TokenVariable(), default=None, help="Environment variable with a bearer token.")
@option("--picture", type=NewFile(), help="SVG to draw: who answered and what failed, over time.")
@click.pass_obj
def drill(
    settings: Settings, *, region: str | None, means: Means, second: str | None, url: str | None, yes: bool,
    restoring: bool, journal: Path, even_if_overloaded: bool, rate_per_sec: float, baseline_sec: float,
    outage_sec: float, recovery_sec: float, slow_sec: float, timeout_sec: float, max_downtime_sec: float,
    max_error_rate: float, restore_timeout_sec: float, token: str | None, picture: Path | None,
) -> Exit:  # fmt: skip
    """
    Take a region down on purpose, and measure what users would notice.

    Short requests go to the gateway on every tick, whether or not the last one has ended: baseline, outage,
    with --double the outage and recovery of a second region, recovery. Run it on a machine in the VPC to which
    the region is the nearest, for requests are sent from here. With --double and no region left, only states 2
    and 5 count.

    Everything is restored on every way out: at the end, on Ctrl-C, when the connection is lost. After a
    kill -9 or a power cut, `drill --restore` restores it from the journal.

    Pods end gracefully, as in an upgrade; means that pull the plug there are none. With `cordon`, pools that
    grow may make new nodes. A Terraform apply in the meantime may end the outage.
    """
    config = _config(settings)
    platform = Platform(config=config, clusters=clusters_of(config))
    kept = Journal.of(config, journal)
    if restoring:
        return _finish(platform, kept, restore_timeout_sec)
    _check(config, region, second, url, journal)
    assert region is not None
    assert url is not None
    endpoint = Endpoint(
        url=url, model=config.model.name, max_tokens=MAX_TOKENS, timeout_sec=timeout_sec, token=token or ""
    )
    plan = DrillPlan(
        endpoint=endpoint, region=region, second=second, means=means,
        region_names={key: spec.region for key, spec in config.regions.items()}, rate_per_sec=rate_per_sec,
        baseline_sec=baseline_sec, outage_sec=outage_sec, recovery_sec=recovery_sec, slow_sec=slow_sec,
        max_downtime_sec=max_downtime_sec, max_error_rate=max_error_rate, restore_timeout_sec=restore_timeout_sec,
    )  # fmt: skip
    return _drill(settings, platform, plan, kept, yes=yes, even_if_overloaded=even_if_overloaded, picture=picture)


def clusters_of(config: Config) -> Clusters:
    """The clusters of *config*, each asked for once, when it is needed first."""
    names = Names(config)
    google = cache(lambda: GoogleApi.from_environment(config.project))
    return cache(lambda key: ClusterApi.of(google(), location=names.cluster_location(key), name=names.cluster(key)))


def _config(settings: Settings) -> Config:
    try:
        return load_config(settings.config_path)
    except ConfigError as error:
        raise click.UsageError(str(error)) from None


def _check(config: Config, region: str | None, second: str | None, url: str | None, journal: Path) -> None:
    """Refuse what cannot be drilled, all of it at once."""
    keys = ", ".join(config.regions)
    problems = [] if url else ["--url: must be given, got none"]
    for name, key in (("--region", region), ("--double", second)):
        if key not in config.regions and (key is not None or name == "--region"):
            problems.append(f"{name}: must be one of {keys}, got {shown(key) if key else 'none'}")
    if len(config.regions) < 2:
        problems.append(f"regions: must be two or more, or nothing takes over, got {keys}")
    if second and second == region:
        problems.append(f"--double: must be another region than --region, got {shown(second)} twice")
    if journal.exists():
        problems.append(
            f"--journal: must not exist, got {shown(str(journal))}: another drill runs, or was killed; "
            f"end that one with inference-ops drill --restore --journal {journal}"
        )
    if problems:
        raise click.UsageError("\n  ".join([f"{len(problems)} problem{'s' * (len(problems) > 1)}", *problems]))


def _drill(
    settings: Settings, platform: Platform, plan: DrillPlan, journal: Journal, *, yes: bool,
    even_if_overloaded: bool, picture: Path | None,
) -> Exit:  # fmt: skip
    console, told = Console(), Console(stderr=True)
    with told.status("asking the clusters") if told.is_terminal else nullcontext():
        before, outage = _look(platform, plan, even_if_overloaded=even_if_overloaded)
    if not yes or not outage:
        if settings.output == "json":
            console.out(drill_report.before_json(plan, outage, before), highlight=False)
        else:
            drill_report.print_before(plan, outage, before, console)
            console.print(f"Nothing was changed{': --yes does it' if outage else ''}.", highlight=False)
        return outcome(before)
    drilled = anyio.run(_measure, platform, plan, journal, told)
    figures = drill_figures(plan, drilled)
    findings = (*before, *drill_findings.after(plan, drilled, figures, journal.path))
    if settings.output == "json":
        console.out(drill_report.after_json(plan, drilled, figures, findings), highlight=False)
    else:
        drill_report.print_after(plan, drilled, figures, findings, console)
    if picture:
        picture.write_text(draw(plan, drilled, figures), encoding="utf-8")
    return outcome(findings)


def _look(
    platform: Platform, plan: DrillPlan, *, even_if_overloaded: bool
) -> tuple[tuple[Finding, ...], Outage | None]:
    """What is found before the drill, and the outage where nothing speaks against it."""
    before = drill_findings.before(platform, plan, even_if_overloaded=even_if_overloaded)
    if not drill_findings.good(before):
        return before, None
    try:
        return before, outage_of(platform, plan.region, plan.means)
    except ApiError as error:
        return (*before, drill_findings.unknown("DRILL-OUTAGE", plan.region, error)), None


async def _measure(platform: Platform, plan: DrillPlan, journal: Journal, told: Console) -> Drilled:
    client = httpx.AsyncClient(
        limits=httpx.Limits(), timeout=None, trust_env=False, verify=ssl.create_default_context()
    )
    async with client:
        with DrillView(told) as view:
            stream = Stream(
                rate_per_sec=plan.rate_per_sec,
                send=lambda: send(client, plan.endpoint, prompt(PROMPT_TOKENS)),
                seen=view.request_ended,
            )
            return await Drill(
                plan=plan,
                outage_of=lambda key: outage_of(platform, key, plan.means),
                clusters=platform.clusters,
                journal=journal,
                stream=stream,
                view=view,
            ).run()


def _finish(platform: Platform, journal: Journal, timeout_sec: float) -> Exit:
    """Restore what a journal holds."""
    try:
        changes = journal.read()
    except FileNotFoundError:
        raise click.UsageError(f"--journal: must exist to restore from, found no {journal.path}") from None
    except ValueError as error:
        raise click.UsageError(str(error)) from None
    say = DrillView(Console(stderr=True)).say
    left = anyio.run(partial(restore, changes, platform.clusters, timeout_sec=timeout_sec, say=say))
    if left:
        say(f"NOT RESTORED: {'; '.join(change.what for change in left)}. The journal {journal.path} is kept.")
        return Exit.WRONG
    journal.remove()
    return Exit.GOOD
