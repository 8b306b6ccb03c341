"""`gke-inference adopt`: import blocks and settings for a platform whose parts are there already."""

from __future__ import annotations

from pathlib import Path

import click
from rich.console import Console

from gke_inference.adopt.adoption import Adoption, adopt_platform
from gke_inference.adopt.applied import remove_applied_blocks
from gke_inference.adopt.old_state import read_old_state
from gke_inference.adopt.report import print_adoption
from gke_inference.api_error import ApiError
from gke_inference.check import without_credentials
from gke_inference.command import Command, Exit, Settings, config_argument, option, platform_config
from gke_inference.google_api import GoogleApi
from gke_inference.live_platform import connect_clusters
from gke_inference.progress import show_waiting
from gke_inference.synth.synthesize import FOLDER, synthesize
from platform_config.stack_graph import OUTDIR


@click.command(cls=Command)
@config_argument
@option(
    "--outdir", type=click.Path(file_okay=False, path_type=Path), metavar="DIR", default=OUTDIR,
    envvar=FOLDER, show_envvar=True, help="Folder to write to.",
)  # fmt: skip
@option(
    "--state", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", default=None,
    help="What `terraform show -json` prints of the state that has the resources until now.",
)  # fmt: skip
@option("--done", is_flag=True, help="Delete the import blocks of stacks that are applied; nothing is written.")
@click.pass_context
def adopt(ctx: click.Context, *, outdir: Path, state: Path | None, done: bool) -> Exit:
    """
    Write import blocks for what exists already, and print the settings that must differ.

    Looks at the project with your application default credentials and changes nothing there. It synthesizes the config,
    and writes a file import.tf.json beside the JSON of each stack that has something to adopt. Run it again after each
    change of the config, until it asks for no other setting; then plan and apply the stacks in their order.
    """
    settings: Settings = ctx.obj
    console = Console(stderr=True)
    if done:
        return remove_applied_blocks(outdir, console)
    config = platform_config(ctx)
    old = read_old_state(state) if state else []
    try:
        google = GoogleApi.sign_in(config.project, config.universe)
    except ApiError as error:
        finding = without_credentials(error)
        console.print(f"{finding.found}\n    fix: {finding.fix}", markup=False, soft_wrap=True, highlight=False)
        return Exit.UNKNOWN
    written, _ = synthesize(config, outdir)
    with show_waiting(console, "looking at what exists"):
        adoption: Adoption = adopt_platform(config, google, connect_clusters(config, lambda: google), written, old)
    adoption.write(written)
    print_adoption(adoption, settings, written)
    return adoption.outcome
