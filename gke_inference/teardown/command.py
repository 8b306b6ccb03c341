"""`gke-inference teardown`: destroys the platform in order, except what is protected, and reports what is left."""

from __future__ import annotations

from pathlib import Path

import click
from rich.console import Console

from gke_inference.api_error import ApiError, remedy
from gke_inference.command import Command, Exit, Settings, option, platform_config
from gke_inference.findings import Status
from gke_inference.google_api import GoogleApi
from gke_inference.option_types import Finite
from gke_inference.progress import show_waiting
from gke_inference.teardown.clusters import DeletedClusters
from gke_inference.teardown.decisions import DestroyOptions, FindDeleted
from gke_inference.teardown.findings import stale_stack_findings
from gke_inference.teardown.network import Network
from gke_inference.teardown.order import DestroyOrder, read_order
from gke_inference.teardown.report import print_report
from gke_inference.teardown.run import Teardown
from gke_inference.teardown.state import BUCKET_TYPE, States, protected_names, read_states, resource_paths
from gke_inference.terraform import TerraformError
from platform_config.config import Config
from platform_config.config_path import VARIABLE
from platform_config.errors import shown
from platform_config.names import Names
from platform_config.stack_graph import OUTDIR

HOUR_SEC = 3600
CREDENTIALS = "application default credentials"


def read_synth(ctx: click.Context, param: click.Parameter, outdir: Path) -> tuple[Config, DestroyOrder]:
    """Return the config, and the order of the stacks in *outdir*, which must be its synth."""
    settings: Settings = ctx.obj
    config = platform_config(ctx)
    try:
        return config, read_order(config, outdir)
    except ValueError as error:
        fix = f"run the synth first: {VARIABLE}={settings.config_path} make synth"
        raise click.BadParameter(f"{error}\n    fix: {fix}", ctx, param) from None


@click.command(cls=Command)
@option(
    "--outdir", "target", type=click.Path(path_type=Path), metavar="DIR", default=OUTDIR, callback=read_synth,
    help="What `make synth` wrote.",
)  # fmt: skip
@option("--yes", is_flag=True, help="Destroy. Without it nothing is changed: the plan is printed.")
@option(
    "--delete-cluster", "clusters", metavar="NAME", multiple=True,
    help="A cluster that must be deleted: nothing is destroyed while it is protected. May be repeated.",
)  # fmt: skip
@option("--delete-bucket", "bucket", metavar="NAME", help="Delete the model bucket too, with the weights in it.")
@option("--retries", type=click.IntRange(0, 20), metavar="N", default=3, help="Tries after the first, per stack.")
@option("--pause-sec", type=Finite(0, HOUR_SEC), metavar="SEC", default=30, help="Between two tries, or two questions.")
@option(
    "--wait-sec", type=Finite(0, HOUR_SEC), metavar="SEC", default=900,
    help="Longest wait for the load balancer to be deleted.",
)  # fmt: skip
@click.pass_obj
def teardown(
    settings: Settings, *, target: tuple[Config, DestroyOrder], yes: bool, clusters: tuple[str, ...],
    bucket: str | None, retries: int, pause_sec: float, wait_sec: float,
) -> Exit:  # fmt: skip
    """
    Destroy the platform stack by stack, the last one first, and report what is left.

    Without --yes it only prints what it would do; `terraform init` runs in the stacks' folders all the same.

    What stays: all that the config says exists; clusters whose state says deletion_protection, with all that they need;
    the model bucket with what is in it, unless it is named; the secret and the project's services. It is safe to run it
    again.

    Kubernetes objects whose cluster is gone already are removed from the states.

    Ctrl-C is passed on to Terraform once, and the report shows how far it came (exit code 3).
    """
    config, order = target
    if problems := name_problems(config, clusters, bucket):
        raise click.UsageError("\n  ".join(problems))
    console = Console(stderr=True)
    try:
        google = GoogleApi.from_environment(config.project, config.universe)
        google.token()
        states = read_states(order, console)
    except (ApiError, TerraformError) as error:
        fix = f"\n    fix: {remedy(error, CREDENTIALS)}" if isinstance(error, ApiError) else ""
        console.print(f"Nothing was changed: {error}{fix}", markup=False, soft_wrap=True, highlight=False)
        return Exit.UNKNOWN
    run = Teardown(
        config=config, order=order, states=states, clusters=DeletedClusters(google, config, states),
        network=Network(google, config, order, resource_paths(states)), console=console,
        options=DestroyOptions(keep_bucket=bucket is None, retries=retries, pause_sec=pause_sec),
    )  # fmt: skip
    with show_waiting(console, "looking at the clusters that are named"):
        problems = protection_problems(states, clusters, bucket, run.clusters.find)
    if yes:
        wrong = [one for one in run.obstacles() if one.status is Status.WRONG]
        problems += [f"{one.found}\n    fix: {one.fix}" for one in (*stale_stack_findings(order, states), *wrong)]
    if problems:
        raise click.UsageError("\n  ".join(problems))
    report = run.run(wait_sec=wait_sec) if yes else run.plan()
    print_report(report, settings.output, Console())
    return report.outcome


def name_problems(config: Config, clusters: tuple[str, ...], bucket: str | None) -> list[str]:
    """Return a problem for each name that is not the platform's."""
    names = Names(config)
    known = [names.cluster(key) for key, region in config.regions.items() if region.existing.cluster is None]
    must = f"must be one of {', '.join(known)}" if known else "must not be given: all clusters exist, and stay"
    found = [f"--delete-cluster: {must}, got {shown(name)}" for name in clusters if name not in known]
    makes_bucket = config.bucket is not None and config.existing.bucket is None
    if bucket is not None and (not makes_bucket or bucket != names.bucket):
        why = "the bucket exists, and stays" if config.existing.bucket else "this platform has no bucket"
        wanted = f"must be {names.bucket}" if makes_bucket else f"must not be given: {why}"
        found.append(f"--delete-bucket: {wanted}, got {shown(bucket)}")
    return found


def protection_problems(
    states: States, clusters: tuple[str, ...], bucket: str | None, find_deleted: FindDeleted
) -> list[str]:
    """Return a problem for each thing that was named and is protected: Terraform would refuse it half-way."""
    found = []
    for stack, resources in states.items():
        found += [
            f"--delete-cluster {name}: must not be protected, it has deletion_protection in the state of {stack}\n"
            f"    fix: cluster.deletion_protection: false in the config, `make synth`, apply {stack} (where Terraform "
            f"calls it tainted: `terraform untaint` it first)"
            for name in protected_names(resources)
            if name in clusters and not find_deleted(stack)
        ]
        found += [
            f"--delete-bucket {bucket}: must have force_destroy, it has none in the state of {stack}\n"
            f"    fix: bucket.force_destroy: true in the config, `make synth`, apply {stack}"
            for one in resources
            if bucket is not None and one.type == BUCKET_TYPE and one.values.get("force_destroy") is not True
        ]
    return found
