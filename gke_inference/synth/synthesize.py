"""From a config to the Terraform JSON of its platform."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from gke_inference.synth.last_synth import Changes, changes_since, last_synth, remember
from platform_config.config import Config
from platform_config.errors import ConfigError, Problem

HCL = "SYNTH_HCL_OUTPUT"
"""A variable of cdktf."""


def synthesize(config: Config, outdir: Path | None = None) -> tuple[Path, Changes]:
    """
    Write the stacks of *config*.

    Args:
        config: The platform.
        outdir: Folder to write to. Default: what the environment variable CDKTF_OUTDIR names, else cdktf.out.

    Returns:
        The folder, and what differs from the synth that was there.
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
    last = last_synth(written)
    app.synth()
    remember(config, written)
    return written, changes_since(last, config, written)


def refuse_hcl(environment: Mapping[str, str]) -> None:
    """
    Refuse to write HCL.

    Raises:
        ConfigError: *environment* asks for it.
    """
    if environment.get(HCL) == "true":
        message = "only JSON is written, got 'true': cdktf's HCL drops settings silently"
        raise ConfigError("environment", [Problem(HCL, message, f"unset {HCL}")])
