"""From a config to the Terraform JSON of its platform."""

from __future__ import annotations

import errno
import os
from collections.abc import Mapping
from pathlib import Path

from gke_inference.synth.grafana_file import write_grafana_file
from gke_inference.synth.last_synth import Changes, changes_since, last_synth, remember
from gke_inference.synth.stale_stacks import refuse_stale_stacks
from platform_config.config import Config
from platform_config.errors import ConfigError, Problem
from platform_config.stack_graph import OUTDIR

FOLDER = "CDKTF_OUTDIR"
HCL = "SYNTH_HCL_OUTPUT"
"""Variables of cdktf."""


def synthesize(config: Config, outdir: Path | None = None) -> tuple[Path, Changes]:
    """
    Write the stacks of *config*, and its dashboard for Grafana.

    Args:
        config: The platform.
        outdir: Folder to write to. Default: what the environment variable CDKTF_OUTDIR names, else cdktf.out.

    Returns:
        The folder, and what differs from the synth that was there.

    Raises:
        ConfigError: The folder cannot be made or written to.
    """
    folder = outdir or Path(os.environ.get(FOLDER) or OUTDIR)
    make_folder(folder)
    # The bindings load here and no earlier: a wrong config is refused without them.
    import fast_synth

    fast_synth.enable()
    fast_synth.skip_gc()
    from cdktf import App

    from stacks.platform import add_platform

    app = App(outdir=str(folder))
    add_platform(app, config)
    last = last_synth(folder)
    app.synth()
    refuse_stale_stacks(folder, config.name)
    write_grafana_file(config, folder, last)
    remember(config, folder)
    return folder, changes_since(last, config, folder)


def make_folder(outdir: Path) -> None:
    """
    Make the folder to write to, with those above it.

    Raises:
        ConfigError: It cannot be made or written to.
    """
    try:
        outdir.mkdir(parents=True, exist_ok=True)
        reason = "" if os.access(outdir, os.W_OK) else os.strerror(errno.EACCES)
    except OSError as error:
        reason = error.strerror or str(error)
    if reason:
        message = f"must be a folder that can be made and written to, got: {reason}"
        fix = f"name another one with {FOLDER}, or --outdir of gke-inference"
        raise ConfigError(str(outdir), [Problem("", message, fix)])


def refuse_hcl(environment: Mapping[str, str]) -> None:
    """
    Refuse to write HCL.

    Raises:
        ConfigError: *environment* asks for it.
    """
    if environment.get(HCL) == "true":
        message = "only JSON is written, got 'true': cdktf's HCL drops settings silently"
        raise ConfigError("environment", [Problem(HCL, message, f"unset {HCL}")])
