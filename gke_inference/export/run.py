"""From a config to the files of its export."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from gke_inference.export.backend import Backend
from gke_inference.export.contents import ORDER_FILE, Contents
from gke_inference.export.folder import ExportFolder, LastExport
from gke_inference.export.readme import readme
from gke_inference.export.samples import SAMPLES, sample_files
from gke_inference.export.script import FILE, script
from gke_inference.export.variables import Variable, files_with_values, find_variables, use_variables
from gke_inference.synth.summary import stack_order
from gke_inference.synth.synthesize import make_folder, synthesize
from platform_config.config import Config
from platform_config.errors import ConfigError, Problem
from platform_config.stack_graph import stack_folder

IGNORED = """# What a run leaves, and the credentials that google-github-actions/auth writes.
.terraform/
.terragrunt-cache/
plans/
tfplan
gha-creds-*.json
"""


def export_platform(
    config: Config,
    config_path: str,
    to: Path,
    backend: Backend,
    variables: Mapping[str, str],
    samples: tuple[str, ...] | None,
) -> Contents:
    """
    Write the export of *config*.

    Args:
        config: The platform.
        config_path: Name of its file, for errors.
        to: Folder to write to.
        backend: Where the states are.
        variables: Settings whose values are in no file, by the name of the variable.
        samples: Names of samples; None for all that make sense with the backend.

    Raises:
        ConfigError: With everything that is wrong with the arguments or the folder; nothing is written.
    """
    used, problems = find_variables(variables, config)
    problems += backend.problems(config)
    if backend.type == "local" and samples:
        problems.append(Problem("--samples", "must be none with the backend local, got some",
                                "a runner loses local states: choose another --backend"))  # fmt: skip
    folder = ExportFolder(to)
    last = _read_last(folder, config, problems)
    _refuse(config_path, problems)
    with tempfile.TemporaryDirectory() as outdir:
        synthesize(config, Path(outdir))
        needs = {stack: tuple(needed) for stack, needed in stack_order(Path(outdir)).items()}
        documents = {stack: _document(Path(outdir), stack) for stack in needs}
    removed = folder.removed(last, needs)
    replaced = {stack: use_variables(document, used) for stack, document in documents.items()}
    contents = Contents(
        config=config,
        backend=backend,
        needs=needs,
        terraform={stack: str(document["terraform"]["required_version"]) for stack, document in documents.items()},
        removed=removed,
        older=last.needs,
        variables={stack: own for stack, (_, own) in replaced.items()},
    )
    chosen = samples if samples is not None else () if backend.type == "local" else tuple(SAMPLES)
    files = _files(contents, {stack: document for stack, (document, _) in replaced.items()}, chosen)
    unused = [
        Problem(f"--variable {one.name}", f"must name a setting whose value is in a stack, got {one.setting}")
        for one in used
        if one.name not in contents.named_variables
    ]
    _refuse(config_path, [*unused, *files_with_values(files, used), *folder.problems(files, last, removed)])
    make_folder(to)
    folder.write(files, last, removed)
    return contents


def _read_last(folder: ExportFolder, config: Config, problems: list[Problem]) -> LastExport:
    try:
        last = folder.last()
    except ValueError as error:
        problems.append(Problem("--to", str(error), "name an empty folder, or one that an export wrote"))
        return LastExport()
    if last.platform not in ("", config.name):
        problems.append(Problem("--to", f"must be the export of this platform, got that of {last.platform}",
                                "each platform has a folder of its own"))  # fmt: skip
    return last


def _refuse(config_path: str, problems: list[Problem]) -> None:
    if problems:
        raise ConfigError(config_path, problems)


def _document(outdir: Path, stack: str) -> dict[str, Any]:
    """Return the root module of *stack* without what cdktf alone reads."""
    text = (stack_folder(outdir, stack) / "cdk.tf.json").read_text(encoding="utf-8")
    document: dict[str, Any] = json.loads(text)
    document.pop("//", None)
    document["terraform"].pop("backend")
    return document


def _files(contents: Contents, documents: Mapping[str, dict[str, Any]], samples: tuple[str, ...]) -> dict[str, str]:
    """Return the text of each file by its path, order.json included."""
    files = {FILE: script(contents), "README.md": readme(contents), ".gitignore": IGNORED}
    for stack, document in documents.items():
        files[f"stacks/{stack}/cdk.tf.json"] = _json(document)
        block = {"terraform": contents.backend.block(contents.config, stack)}
        files[f"stacks/{stack}/backend.tf.json"] = _json(block)
        if used := contents.variables[stack]:
            files[f"stacks/{stack}/variables.tf.json"] = _json({"variable": _declarations(used)})
        if name := contents.backend.file_name(stack):
            files[name] = contents.backend.file_text(contents.config, stack)
    files |= sample_files(contents, samples)
    return {**files, ORDER_FILE: _json(contents.document([*files, ORDER_FILE]))}


def _declarations(variables: Sequence[Variable]) -> dict[str, Any]:
    return {variable.name: variable.declaration() for variable in variables}


def _json(document: Mapping[str, Any]) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"
