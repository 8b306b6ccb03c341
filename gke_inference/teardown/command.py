"""`inference-ops teardown`: the whole platform down in order, past what is protected, and what is left of it."""

from __future__ import annotations

from pathlib import Path

import click
from rich.console import Console

from gke_inference.api_error import ApiError, remedy
from gke_inference.command import Command, Exit, Settings, option, platform_config
from gke_inference.google_api import GoogleApi
from gke_inference.option_types import Finite
from gke_inference.teardown.clusters import Clusters
from gke_inference.teardown.down import down
from gke_inference.teardown.named import name_problems, protection_problems
from gke_inference.teardown.network import Network
from gke_inference.teardown.plan import WayDown, way_down
from gke_inference.teardown.planned import planned
from gke_inference.teardown.printed import print_report
from gke_inference.teardown.progress import looking
from gke_inference.teardown.stale import stale_problems
from gke_inference.teardown.states import paths, read_states
from gke_inference.teardown.subject import Subject
from gke_inference.teardown.terraform import TerraformError
from gke_inference.teardown.turn import Rules
from platform_config.config import Config

HOUR_SEC = 3600
CREDENTIALS = "application default credentials"


def config_and_way(ctx: click.Context, param: click.Parameter, outdir: Path) -> tuple[Config, WayDown]:
    """The config, and the way down through *outdir*, which must be its synth."""
    settings: Settings = ctx.obj
    config = platform_config(ctx)
    try:
        return config, way_down(config, outdir)
    except ValueError as error:
        fix = f"run the synth first: INFERENCE_CONFIG={settings.config_path} make synth"
        raise click.BadParameter(f"{error}\n    fix: {fix}", ctx, param) from None


@click.command(cls=Command)
@option(
    "--outdir", "target", type=click.Path(path_type=Path), metavar="DIR", default="cdktf.out", callback=config_and_way,
    help="What `make synth` wrote.",
)  # fmt: skip
@option("--yes", is_flag=True, help="Do it. Without it nothing is changed: the plan is printed.")
@option(
    "--delete-cluster", "clusters", metavar="NAME", multiple=True,
    help="A cluster that must go: refuses to begin while it is protected. May be repeated.",
)  # fmt: skip
@option("--delete-bucket", "bucket", metavar="NAME", help="The model bucket may go, with the weights in it.")
@option("--retries", type=click.IntRange(0, 20), metavar="N", default=3, help="Tries after the first, per stack.")
@option("--pause-sec", type=Finite(0, HOUR_SEC), metavar="SEC", default=30, help="Between two tries, or two looks.")
@option(
    "--wait-sec", type=Finite(0, HOUR_SEC), metavar="SEC", default=900,
    help="For the load balancer to let go of the network.",
)  # fmt: skip
@click.pass_obj
def teardown(
    settings: Settings, *, target: tuple[Config, WayDown], yes: bool, clusters: tuple[str, ...], bucket: str | None,
    retries: int, pause_sec: float, wait_sec: float,
) -> Exit:  # fmt: skip
    """
    Destroy the platform stack by stack, the last one first, and tell what is left.

    Without --yes it only tells what it would do; `terraform init` runs in the stacks' folders all the same.

    What stays: clusters whose state says deletion_protection, with all that they need; the model bucket with what is
    in it, unless it is named; the secret and the project's services. It is safe to run it again.

    Kubernetes objects whose cluster is gone already are taken out of the states.

    Ctrl-C is passed on to Terraform once, and the report tells how far it came (exit code 3).
    """
    config, way = target
    if problems := name_problems(config, clusters, bucket):
        raise click.UsageError("\n  ".join(problems))
    console = Console(stderr=True)
    try:
        google = GoogleApi.from_environment(config.project)
        google.token()
        states = read_states(way, console)
    except (ApiError, TerraformError) as error:
        fix = f"\n    fix: {remedy(error, CREDENTIALS)}" if isinstance(error, ApiError) else ""
        console.print(f"Nothing was changed: {error}{fix}", markup=False, soft_wrap=True, highlight=False)
        return Exit.UNKNOWN
    network = Network(google, config, paths(states))
    subject = Subject(config=config, way=way, states=states, clusters=Clusters(google, config), network=network)
    with looking(console, "looking at the clusters that are named"):
        problems = protection_problems(states, clusters, bucket, subject.clusters.lost)
    if problems := [*problems, *(stale_problems(way, states) if yes else [])]:
        raise click.UsageError("\n  ".join(problems))
    rules = Rules(keep_bucket=bucket is None, retries=retries, pause_sec=pause_sec)
    report = down(subject, rules, wait_sec=wait_sec, console=console) if yes else planned(subject, rules, console)
    print_report(report, settings.output, Console())
    return report.outcome
