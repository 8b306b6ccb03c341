"""`inference-ops drill`: a region is taken down on purpose, and what users would have noticed is measured."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import click
from click.core import ParameterSource

from gke_inference.command import Command, Exit, Settings, option, platform_config
from gke_inference.drill.journal import Journal
from gke_inference.drill.perform import Wishes, finish, perform
from gke_inference.drill.plan import MEANS, SENDERS, DrillPlan, Means, Sender
from gke_inference.drill.refusals import refusals
from gke_inference.google_api import GoogleApi
from gke_inference.live_platform import Clusters, LivePlatform, connect_clusters
from gke_inference.openai import Endpoint
from gke_inference.option_types import BaseUrl, Finite, NewFile, TokenVariable
from platform_config.config import Config
from platform_config.errors import ConfigError

HOUR_SEC = 3600
MAX_TOKENS = 16
RESTORING = ("restoring", "journal", "restore_timeout_sec", "yes", "config", "output")
"""The options that go with --restore."""
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
@option(
    "--sender",
    type=click.Choice(SENDERS),
    default="pod",
    help="From where requests are sent: a small pod in the region's cluster, or here, a machine in the VPC.",
)
@option("--url", type=BaseUrl(), help="Base address to send to.  [default: the gateway's in the region]")
@option("--yes", is_flag=True, help="Really do it. Without it the plan is printed and nothing is changed.")
@option("--restore", "restoring", is_flag=True, help="Only undo what a drill that was killed has left.")
@option("--journal", type=NewFile(), metavar="FILE", default=JOURNAL, help="What has to be restored is kept here.")
@option("--even-if-overloaded", is_flag=True, help="Even if no other region has as many servers.")
@option("--rate-per-sec", type=Finite(0, 100, min_open=True), metavar="RATE", default=2, help="Requests sent.")
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
@click.pass_context
def drill(
    ctx: click.Context, *, region: str | None, means: Means, second: str | None, sender: Sender, url: str | None,
    yes: bool, restoring: bool, journal: Path, even_if_overloaded: bool, rate_per_sec: float, baseline_sec: float,
    outage_sec: float, recovery_sec: float, slow_sec: float, timeout_sec: float, max_downtime_sec: float,
    max_error_rate: float, restore_timeout_sec: float, token: str | None, picture: Path | None,
) -> Exit:  # fmt: skip
    """
    Take a region down on purpose, and measure what users would notice.

    Short requests go to the gateway on every tick, whether or not the last one has ended: baseline, outage,
    with --double the outage and recovery of a second region, recovery. With --double and no region left, only
    states 2 and 5 count.

    They are sent by a pod in the region's cluster, as by a client there. With --sender here they are sent from
    this machine, which must be in the VPC and have the region as the nearest one.

    Everything is restored, and the pod deleted, on every way out: at the end, on Ctrl-C, when the connection is
    lost. After a kill -9 or a power cut, `drill --restore` does it from the journal.

    Pods end gracefully, as in an upgrade; means that pull the plug there are none. With `cordon`, pools that
    grow may make new nodes. A Terraform apply in the meantime may end the outage.
    """
    settings: Settings = ctx.obj
    config = _config(ctx)
    platform = LivePlatform(config=config, clusters=clusters_of(config))
    kept = Journal.of(config, journal)
    if restoring:
        return _finish(ctx, platform, kept, restore_timeout_sec)
    endpoint = Endpoint(
        url=url or "", model=config.model.name, max_tokens=MAX_TOKENS, timeout_sec=timeout_sec, token=token or ""
    )
    plan = DrillPlan(
        endpoint=endpoint, sender=sender, region=region or "", second=second, means=means,
        region_names={key: spec.region for key, spec in config.regions.items()}, rate_per_sec=rate_per_sec,
        baseline_sec=baseline_sec, outage_sec=outage_sec, recovery_sec=recovery_sec, slow_sec=slow_sec,
        max_downtime_sec=max_downtime_sec, max_error_rate=max_error_rate, restore_timeout_sec=restore_timeout_sec,
    )  # fmt: skip
    _refuse(refusals(config, plan, journal=journal, picture=picture, config_path=settings.config_path))
    wishes = Wishes(yes=yes, even_if_overloaded=even_if_overloaded, output=settings.output, picture=picture)
    return perform(platform, plan, kept, wishes)


def clusters_of(config: Config) -> Clusters:
    """The clusters of *config*, each asked for once, when it is needed first."""
    return connect_clusters(config, cache(lambda: GoogleApi.from_environment(config.project)))


def _config(ctx: click.Context) -> Config:
    try:
        return platform_config(ctx)
    except ConfigError as error:
        raise click.UsageError(str(error)) from None


def _finish(ctx: click.Context, platform: LivePlatform, journal: Journal, timeout_sec: float) -> Exit:
    given = (
        one for one in ctx.command.params if ctx.get_parameter_source(str(one.name)) == ParameterSource.COMMANDLINE
    )
    _refuse([f"{one.opts[0]}: must not be given with --restore" for one in given if one.name not in RESTORING])
    try:
        return finish(platform, journal, timeout_sec=timeout_sec, output=ctx.obj.output)
    except FileNotFoundError:
        raise click.UsageError(f"--journal: must exist to restore from, found no {journal.path}") from None
    except ValueError as error:
        raise click.UsageError(str(error)) from None


def _refuse(problems: list[str]) -> None:
    if problems:
        raise click.UsageError("\n  ".join([f"{len(problems)} problem{'s' * (len(problems) > 1)}", *problems]))
