"""`inference-ops teardown`: the whole platform down in order, past what is protected, and what is left of it."""

from __future__ import annotations

from pathlib import Path

import click
from rich.console import Console

from operations.api_error import ApiError
from operations.command import Command, Exit, Settings, option
from operations.findings import Finding, Status
from operations.google_api import GoogleApi
from operations.option_types import Finite
from operations.teardown.clean import Cleaner
from operations.teardown.found import Found
from operations.teardown.left import bucket_kept
from operations.teardown.leftovers import Leftovers
from operations.teardown.named import name_problems, protection_problems
from operations.teardown.network import Network
from operations.teardown.plan import WayDown, way_down
from operations.teardown.report import Report, print_report, stack_findings
from operations.teardown.stateless import not_swept
from operations.teardown.states import States, has_bucket, paths, protected, read_states
from operations.teardown.stop import Stop
from operations.teardown.terraform import TerraformError
from operations.teardown.walk import Rules, Walk, expected
from stacks.config import Config
from stacks.load import load as load_config
from stacks.names import Names

HOUR_SEC = 3600


def config_and_way(ctx: click.Context, param: click.Parameter, outdir: Path) -> tuple[Config, WayDown]:
    """The config, and the way down through *outdir*, which must be its synth."""
    settings: Settings = ctx.obj
    config = load_config(settings.config_path)
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

    Ctrl-C is passed on to Terraform once, and the report tells how far it came (exit code 3).
    """
    config, way = target
    if problems := name_problems(config, clusters, bucket):
        raise click.UsageError("\n  ".join(problems))
    console = Console(stderr=True)
    try:
        google = GoogleApi.from_environment(config.project)
        states = read_states(way, console)
    except (ApiError, TerraformError) as error:
        console.print(f"Nothing was changed: {error}", markup=False, soft_wrap=True, highlight=False)
        return Exit.UNKNOWN
    if problems := protection_problems(states, clusters, bucket):
        raise click.UsageError("\n  ".join(problems))
    rules = Rules(keep_bucket=bucket is None, retries=retries, pause_sec=pause_sec)
    network = Network(google, config, paths(states))
    if yes:
        report = _down(config, way, states, rules, network, wait_sec=wait_sec, console=console)
    else:
        report = _plan(config, way, states, rules, network)
    print_report(report, settings.output, Console())
    return report.outcome


def _plan(config: Config, way: WayDown, states: States, rules: Rules, network: Network) -> Report:
    """What a teardown would do, and what controllers have in the network until now."""
    findings: list[Finding] = [
        Finding(
            id="PROTECTED", status=Status.GOOD, found=f"{name} has deletion_protection in the state of {stack}",
            needed="stays", fix=f"to delete it too: cluster.deletion_protection: false, apply {stack}",
        )
        for stack, resources in states.items()
        for name in protected(resources)
    ]  # fmt: skip
    if rules.keep_bucket and has_bucket(states):
        findings.append(bucket_kept(Names(config).bucket))
    ghosts: tuple[Found, ...] = ()
    try:
        ghosts = network.look().ghosts
        if ghosts and not network.known:
            findings.append(not_swept(network.path, ghosts))
            ghosts = ()
    except ApiError as error:
        findings.append(
            Finding(
                id="SWEEP", status=Status.UNKNOWN, found=f"could not be told: {error}",
                needed="firewall rules of the network, and all parts of its load balancers",
                fix="get the permissions to list them (roles/compute.viewer)" if error.denied else "run it again",
            )
        )  # fmt: skip
    return Report(
        project=config.project, outdir=str(way.outdir), changed=False, interrupted=False,
        stacks=expected(way, states, keep_bucket=rules.keep_bucket), swept=ghosts, findings=tuple(findings),
    )  # fmt: skip


def _down(
    config: Config, way: WayDown, states: States, rules: Rules, network: Network, *, wait_sec: float, console: Console
) -> Report:
    """Do it, and look at what is left unless a signal ended it."""
    with Stop() as stop:
        cleaner = Cleaner(network=network, wait_sec=wait_sec, pause_sec=rules.pause_sec, stop=stop, console=console)
        walk = Walk(
            way=way, states=states, rules=rules, stop=stop, balanced=cleaner.wait_for_balancer, swept=cleaner.sweep,
            console=console,
        )  # fmt: skip
        cleaner.remember()
        stacks = walk.run()
        findings = [*stack_findings(stacks), *cleaner.problems.values()]
        if not stop.asked:
            with console.status("looking for what is left"):
                findings += Leftovers(network=network, config=config, keep_bucket=rules.keep_bucket).findings()
        return Report(
            project=config.project, outdir=str(way.outdir), changed=True, interrupted=stop.asked, stacks=stacks,
            swept=tuple(cleaner.asked.values()), findings=tuple(findings),
        )  # fmt: skip
