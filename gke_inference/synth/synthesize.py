"""From a config to the Terraform JSON of its platform."""

from __future__ import annotations

import errno
import os
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from gke_inference.import_blocks import drop_unknown_blocks
from gke_inference.synth.grafana_file import write_grafana_file
from gke_inference.synth.last_synth import Changes, changes_since, last_synth, remember
from gke_inference.synth.stale_stacks import refuse_stale_stacks
from platform_config.config import Config
from platform_config.errors import ConfigError, Problem
from platform_config.load import Loaded
from platform_config.stack_graph import OUTDIR

FOLDER = "CDKTF_OUTDIR"
"""A variable of cdktf."""
STACKS = ("inference_stacks", "stacks")
"""Names of the package of stacks: a clone has none of the first name, an app may have its own folder of the second."""


@dataclass(frozen=True, kw_only=True)
class Synth:
    """
    What became of one config.

    Attributes:
        platform: The config.
        outdir: The folder of its stacks.
        changes: What differs from the synth that was there.
    """

    platform: Loaded
    outdir: Path
    changes: Changes


def synthesize_each(platforms: Sequence[Loaded], outdir: Path | None = None) -> list[Synth]:
    """
    Write the stacks of each of *platforms*: of one to *outdir*, of several to folders beside it.

    Args:
        platforms: The configs.
        outdir: As of `synthesize`. Of several configs, dev.yaml is written to cdktf.out-dev: beside cdktf.out, so that
            local states are where they are when dev.yaml is synthesized alone.

    Raises:
        ConfigError: A folder cannot be made or written to, or two are the same; nothing is written then.
    """
    folder = _folder(outdir)
    folders = [folder] if len(platforms) == 1 else [_folder_beside(folder, each.path) for each in platforms]
    for number, made in enumerate(folders):
        if made in folders[:number]:
            paths = f"{platforms[folders.index(made)].path} and {platforms[number].path}"
            message = f"must have different file names, got two that are written to {made}"
            raise ConfigError(paths, [Problem("", message, "rename one of the two")])
    for made in folders:
        make_folder(made)
    return [_synth(each, made) for each, made in zip(platforms, folders, strict=True)]


def _synth(platform: Loaded, folder: Path) -> Synth:
    _, changes = synthesize(platform.config, folder)
    return Synth(platform=platform, outdir=folder, changes=changes)


def _folder(outdir: Path | None) -> Path:
    return outdir or Path(os.environ.get(FOLDER) or OUTDIR)


def _folder_beside(folder: Path, config: Path) -> Path:
    named = folder if folder.name not in ("", "..") else folder.resolve()
    return named.with_name(f"{named.name}-{config.stem}")


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
    folder = _folder(outdir)
    make_folder(folder)
    # The bindings load here and no earlier: a wrong config is refused without them.
    import fast_synth

    fast_synth.enable()
    fast_synth.skip_gc()
    from cdktf import App

    app = App(outdir=str(folder))
    import_module(f"{_stacks_package()}.platform").add_platform(app, config)
    last = last_synth(folder)
    app.synth()
    drop_unknown_blocks(folder)
    refuse_stale_stacks(folder, config.name)
    write_grafana_file(config, folder, last)
    remember(config, folder)
    return folder, changes_since(last, config, folder)


def _stacks_package() -> str:
    """Return the name under which Python finds the stacks that were installed, or cloned, together with this file."""
    home = Path(__file__).parents[2]
    for name in STACKS:
        spec = find_spec(name)
        if spec and spec.origin and Path(spec.origin).parents[1] == home:
            return name
    raise ImportError(f"found neither {' nor '.join(STACKS)} in {home}")


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
