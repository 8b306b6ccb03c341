"""From a config to the Terraform JSON of its platform."""

from __future__ import annotations

import errno
import os
from collections.abc import Mapping
from pathlib import Path

from gke_inference.synth.last_synth import Changes, changes_since, last_synth, remember
from platform_config.config import Config
from platform_config.errors import ConfigError, Problem

FOLDER = "CDKTF_OUTDIR"
HCL = "SYNTH_HCL_OUTPUT"
"""Variables of cdktf."""


def synthesize(config: Config, outdir: Path | None = None) -> tuple[Path, Changes]:
    """
    Write the stacks of *config*.

    Args:
        config: The platform.
        outdir: Folder to write to. Default: what the environment variable CDKTF_OUTDIR names, else cdktf.out.

    Returns:
        The folder, and what differs from the synth that was there.

    Raises:
        ConfigError: The folder cannot be made or written to.
    """
    # The bindings load here and no earlier: a wrong config is refused without them.
    import fast_synth

    fast_synth.enable()
    fast_synth.skip_gc()
    from cdktf import App

    from stacks.platform import add_platform

    app = App(outdir=str(outdir)) if outdir else App()
    add_platform(app, config)
    written = Path(app.outdir)
    make_folder(written)
    last = last_synth(written)
    app.synth()
    remember(config, written)
    return written, changes_since(last, config, written)


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
        raise ConfigError(str(outdir), [Problem("", message, f"name another one with {FOLDER} or --outdir")])


def refuse_hcl(environment: Mapping[str, str]) -> None:
    """
    Refuse to write HCL.

    Raises:
        ConfigError: *environment* asks for it.
    """
    if environment.get(HCL) == "true":
        message = "only JSON is written, got 'true': cdktf's HCL drops settings silently"
        raise ConfigError("environment", [Problem(HCL, message, f"unset {HCL}")])
