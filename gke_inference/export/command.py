"""`gke-inference export`: the stacks of a config in a folder for pipelines that run plain Terraform."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.markup import escape

from gke_inference.command import Command, Exit, Settings, config_argument, option
from gke_inference.export.backend import PLATFORM, STACK, TYPES, Backend
from gke_inference.export.contents import Contents
from gke_inference.export.gitops.files import TOOLS, Tool
from gke_inference.export.gitops.run import export_objects
from gke_inference.export.run import ExportOptions, export_platform
from gke_inference.export.samples import SAMPLES
from gke_inference.export.script import FILE
from gke_inference.synth.environment import refuse_environment
from platform_config.config import Config
from platform_config.errors import nearest, shown
from platform_config.load import load_file

NO_SAMPLES = "none"


def _read_pairs(ctx: click.Context, param: click.Parameter, given: tuple[str, ...]) -> dict[str, str]:
    """Return what was given as NAME=VALUE, by name."""
    pairs: dict[str, str] = {}
    for text in given:
        name, sign, value = text.partition("=")
        if not sign or not name or not value:
            raise click.BadParameter(f"must read NAME=VALUE, got {shown(name)}", ctx, param)
        if name in pairs:
            raise click.BadParameter(f"must have {shown(name)} once", ctx, param)
        pairs[name] = value
    return pairs


def _read_samples(ctx: click.Context, param: click.Parameter, given: str | None) -> tuple[str, ...] | None:
    """Return the names of samples; None where none was named."""
    if given is None:
        return None
    names = tuple(dict.fromkeys(name.strip() for name in given.split(","))) if given != NO_SAMPLES else ()
    for name in names:
        if name not in SAMPLES:
            raise click.BadParameter(f"must be of {', '.join(SAMPLES)}, or {NO_SAMPLES}, got {shown(name)}; "
                                     f"{nearest(name, SAMPLES)}", ctx, param)  # fmt: skip
    return names


@click.command(cls=Command)
@config_argument
@option("--to", "folder", type=click.Path(file_okay=False, path_type=Path), metavar="DIR",
        help="Folder to write the stacks to: an empty one, or one of an export.")  # fmt: skip
@option("--gitops", "objects", type=click.Path(file_okay=False, path_type=Path), metavar="DIR",
        help="Folder to write the clusters' objects to, for a config with `workloads: gitops`.")  # fmt: skip
@option("--tool", type=click.Choice(TOOLS), default="argocd",
        help="What applies the objects.")  # fmt: skip
@option("--backend", type=click.Choice(TYPES), default="gcs",
        help="Where states are; `local` keeps them in files.")  # fmt: skip
@option("--backend-config", "backend_config", metavar="NAME=VALUE", multiple=True, callback=_read_pairs,
        help=f"A setting of the backend; {STACK} and {PLATFORM} stand for ids. May be given again.")  # fmt: skip
@option("--variable", "variables", metavar="NAME=SETTING", multiple=True, callback=_read_pairs,
        help="A setting whose value is a Terraform variable, and in no file. May be given again.")  # fmt: skip
@option("--imports", type=click.Path(exists=True, file_okay=False, path_type=Path), metavar="DIR",
        help="Folder of a synth whose import blocks, which `adopt` wrote, are exported too.")  # fmt: skip
@option("--move-states", is_flag=True,
        help="Expect the states in another place than the last export; you move them: docs/pipeline.md.")  # fmt: skip
@option("--samples", metavar="NAMES", default=None, callback=_read_samples,
        help=f"Samples, by comma: {', '.join(SAMPLES)}, or {NO_SAMPLES}.  [default: all]")  # fmt: skip
@option("--lock", is_flag=True,
        help="Write the lock files of the providers for several platforms: runs Terraform.")  # fmt: skip
@click.pass_obj
def export(
    settings: Settings,
    *,
    folder: Path | None,
    objects: Path | None,
    tool: Tool,
    backend: str,
    backend_config: dict[str, str],
    variables: dict[str, str],
    imports: Path | None,
    move_states: bool,
    samples: tuple[str, ...] | None,
    lock: bool,
) -> Exit:
    """
    Write the stacks of a config for a pipeline without cdktf: root modules, their order, a script, samples.

    Nothing of others in the folder is touched. Stacks that an older config had are moved to `stale/` there, with the
    order in which they must be destroyed.
    """
    refuse_environment(os.environ)
    path = settings.config_path
    loaded = load_file(path)
    if folder is None and objects is None:
        raise click.UsageError("name a folder: --to for the stacks, or --gitops for the objects of clusters")
    if objects is not None:
        _export_objects(loaded.config, path, objects, tool, as_json=settings.output == "json" and folder is None)
    if folder is None:
        return Exit.GOOD
    options = ExportOptions(
        backend=Backend(type=backend, given=backend_config), variables=variables, samples=samples, imports=imports,
        moves_states=move_states, policies=loaded.policies,
    )  # fmt: skip
    contents = export_platform(loaded.config, str(path), folder, options)
    warnings = contents.warnings()
    if settings.output == "json":
        _print_json(path, folder, contents, warnings)
    else:
        _print_summary(path, folder, contents, warnings)
    return _lock(folder) if lock else Exit.GOOD


def _export_objects(config: Config, path: Path, folder: Path, tool: Tool, *, as_json: bool) -> None:
    """Write the objects of clusters, and say what was written."""
    made = export_objects(config, str(path), folder, tool)
    counts = {cluster.name: sum(len(wave.objects) for wave in cluster.waves) for cluster in made.clusters}
    if as_json:
        document = {"config": str(path), "platform": config.name, "outcome": "good", "folder": str(folder),
                    "clusters": counts, "files": made.files, "removed": list(made.removed)}  # fmt: skip
        Console().out(json.dumps(document, indent=2), highlight=False)
        return
    console = Console()
    console.print(f"Wrote {made.files} files to [bold]{escape(str(folder))}[/] for {tool}:", highlight=False)
    for name, count in counts.items():
        console.print(f"  clusters/{name}: {count} objects", highlight=False)
    if made.removed:
        console.print(f"{len(made.removed)} files of an older export went.", highlight=False)
    console.print("Next: review and commit them; docs/gitops.md has the rest.", highlight=False)


def _lock(folder: Path) -> Exit:
    """Write the lock files of the providers; 3 where the registry or the mirror cannot be asked."""
    command = ["sh", str(folder / FILE), "lock"]
    try:
        done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False)
        error = done.stderr.strip() if done.returncode else ""
    except OSError as failed:
        error = failed.strerror or str(failed)
    if not error:
        return Exit.GOOD
    click.echo(f"{error}\nError: the lock files are not written. Where the providers can be reached: "
               f"sh {folder / FILE} lock", err=True)  # fmt: skip
    return Exit.UNKNOWN


def _print_json(path: Path, folder: Path, contents: Contents, warnings: list[str]) -> None:
    document: dict[str, Any] = {
        "config": str(path),
        "platform": contents.config.name,
        "outcome": "good",
        "folder": str(folder),
        "order": contents.order,
        "removed": [stack.stack for stack in contents.removed],
        "removal": [step.document() for step in contents.removal],
        "warnings": warnings,
    }
    Console().out(json.dumps(document, indent=2), highlight=False)


def _print_summary(path: Path, folder: Path, contents: Contents, warnings: list[str]) -> None:
    console = Console()

    def say(text: str) -> None:
        console.print(text, soft_wrap=True, highlight=False)

    say(f"Exported [bold]{escape(str(path))}[/]: {len(contents.order)} stacks in {len(contents.waves)} waves to "
        f"[bold]{escape(str(folder))}[/], states in {contents.backend.type}.")  # fmt: skip
    for warning in warnings:
        say(f"[yellow]warning[/] {escape(warning)}")
    if contents.removed:
        say(
            "\n[yellow]Of an older config[/], now in stale/: apply is refused until these are destroyed, in this order:"
        )
        for step in contents.removal:
            say(f"  {step.action} {step.stack}")
        script = escape(str(folder / FILE))
        say(f"`sh {script} remove --yes {contents.config.name}` does so; then delete stale/ and export again.")
    say(f"\nNext: sh {escape(str(folder / FILE))} plan; README.md there has the rest.")
