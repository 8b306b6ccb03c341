"""From a config to the files of its export."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gke_inference.export.backend import Backend
from gke_inference.export.contents import ORDER_FILE, Contents
from gke_inference.export.folder import PLAIN, ExportFolder, LastExport
from gke_inference.export.order import Needs
from gke_inference.export.policy import check_backend, check_variables
from gke_inference.export.readme import readme
from gke_inference.export.samples import SAMPLES, sample_files
from gke_inference.export.script import FILE, script
from gke_inference.export.variables import Variable, files_with_values, find_variables, use_variables
from gke_inference.import_blocks import FILE as IMPORTS
from gke_inference.import_blocks import Block, write_blocks, written_blocks
from gke_inference.synth.summary import stack_order
from gke_inference.synth.synthesize import make_folder, synthesize
from platform_config.config import Config
from platform_config.errors import ConfigError, Problem, shown
from platform_config.policy import PolicyFile
from platform_config.stack_graph import needed_stacks, stack_folder

Document = dict[str, Any]
IGNORED = """# What a run leaves, and the credentials that google-github-actions/auth writes.
.terraform/
.terragrunt-cache/
plans/
tfplan
gha-creds-*.json
"""


@dataclass(frozen=True, kw_only=True)
class ExportOptions:
    """
    What an export is like.

    Attributes:
        backend: Where the states are.
        variables: Settings whose values are in no file, by the name of the variable.
        samples: Names of samples; None for all that make sense with the backend.
        imports: Folder of a synth whose import blocks are exported too; None for no blocks.
        moves_states: Whether the states of stacks may be in another place than those of the last export.
        policies: Those that hold for the config: the other options must not lead around them.
    """

    backend: Backend = field(default_factory=Backend)
    variables: Mapping[str, str] = field(default_factory=dict)
    samples: tuple[str, ...] | None = None
    imports: Path | None = None
    moves_states: bool = False
    policies: Sequence[PolicyFile] = ()

    @property
    def chosen_samples(self) -> tuple[str, ...]:
        """The samples that are written."""
        if self.samples is not None:
            return self.samples
        return () if self.backend.type == "local" else tuple(SAMPLES)


def export_platform(config: Config, config_path: str, to: Path, options: ExportOptions) -> Contents:
    """
    Write the export of *config*.

    Args:
        config: The platform.
        config_path: Name of its file, for errors.
        to: Folder to write to.
        options: What it is like.

    Raises:
        ConfigError: With everything that is wrong with the options or the folder; nothing is written.
    """
    variables, problems = find_variables(options.variables, config)
    problems += options.backend.problems(config)
    problems += check_backend(options.policies, config, options.backend)
    problems += check_variables(options.policies, config, variables)
    if options.backend.type == "local" and options.samples:
        problems.append(Problem("--samples", "must be none with the backend local, got some",
                                "a runner loses local states: choose another --backend"))  # fmt: skip
    folder = ExportFolder(to)
    if options.chosen_samples and not PLAIN.fullmatch(folder.place):
        problems.append(Problem("--to", f"must be a path of letters, digits, ., _ and -, got {shown(folder.place)}",
                                "samples hold it: choose another folder, or --samples none"))  # fmt: skip
    last = _read_last(folder, config, problems)
    _refuse(config_path, problems)
    needs, documents, imports = _synthesize(config, options.imports)
    replaced = {stack: use_variables(document, variables) for stack, document in documents.items()}
    contents = Contents(
        config=config,
        backend=options.backend,
        place=folder.place,
        needs=needs,
        terraform={stack: str(document["terraform"]["required_version"]) for stack, document in documents.items()},
        removed=folder.removed(last, needs),
        older=last.needs,
        variables={stack: used for stack, (_, used) in replaced.items()},
    )
    roots = {stack: document for stack, (document, _) in replaced.items()}
    files = _files(contents, roots, imports, options.chosen_samples)
    problems = [*_unused(variables, contents), *files_with_values(files, variables)]
    if not options.moves_states:
        problems += _moved_states(contents, last)
    _refuse(config_path, [*problems, *folder.problems(files, last, contents.removed)])
    make_folder(to)
    folder.write(files, last, contents.removed)
    return contents


def _synthesize(config: Config, imports: Path | None) -> tuple[Needs, dict[str, Document], dict[str, list[Block]]]:
    """Return the stacks with those that they need, their root modules, and the import blocks that fit these."""
    with tempfile.TemporaryDirectory() as name:
        outdir = Path(name)
        for stack, blocks in written_blocks(imports) if imports else ():
            if stack in needed_stacks(config):
                stack_folder(outdir, stack).mkdir(parents=True)
                write_blocks(outdir, stack, blocks)
        synthesize(config, outdir)
        needs = {stack: tuple(needed) for stack, needed in stack_order(outdir).items()}
        return needs, {stack: _document(outdir, stack) for stack in needs}, dict(written_blocks(outdir))


def _unused(variables: Sequence[Variable], contents: Contents) -> list[Problem]:
    return [
        Problem(f"--variable {one.name}", f"must name a setting whose value is in a stack, got {one.setting}")
        for one in variables
        if one.name not in contents.named_variables
    ]


def _moved_states(contents: Contents, last: LastExport) -> list[Problem]:
    """Find the stacks whose states this export expects elsewhere: it would make everything a second time there."""
    moved = [
        (str(last.stacks[stack].get("state")), place)
        for stack in contents.order
        if stack in last.stacks
        and last.stacks[stack].get("state") != (place := contents.backend.place(contents.config, stack))
    ]
    if not moved:
        return []
    (was, place), more = moved[0], f", and so for {len(moved)} stacks" if len(moved) > 1 else ""
    return [
        Problem("--to", f"must have its states where the last export had them, at {was}, got {place}{more}",
                "put that back; or give --move-states, and move each state before the next plan: docs/pipeline.md")
    ]  # fmt: skip


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


def _document(outdir: Path, stack: str) -> Document:
    """Return the root module of *stack* without what cdktf alone reads."""
    text = (stack_folder(outdir, stack) / "cdk.tf.json").read_text(encoding="utf-8")
    document: Document = json.loads(text)
    document.pop("//", None)
    document["terraform"].pop("backend")
    return document


def _files(
    contents: Contents,
    documents: Mapping[str, Document],
    imports: Mapping[str, Sequence[Block]],
    samples: tuple[str, ...],
) -> dict[str, str]:
    """Return the text of each file by its path, order.json included."""
    files = {FILE: script(contents), "README.md": readme(contents), ".gitignore": IGNORED}
    for stack, document in documents.items():
        files[f"stacks/{stack}/cdk.tf.json"] = _json(document)
        block = {"terraform": contents.backend.block(contents.config, stack)}
        files[f"stacks/{stack}/backend.tf.json"] = _json(block)
        if used := contents.variables[stack]:
            files[f"stacks/{stack}/variables.tf.json"] = _json({"variable": _declarations(used)})
        if blocks := imports.get(stack):
            files[f"stacks/{stack}/{IMPORTS}"] = _json({"import": blocks})
        if name := contents.backend.file_name(stack):
            files[name] = contents.backend.file_text(contents.config, stack)
    files |= sample_files(contents, samples)
    return {**files, ORDER_FILE: _json(contents.document([*files, ORDER_FILE]))}


def _declarations(variables: Sequence[Variable]) -> dict[str, Any]:
    return {variable.name: variable.declaration() for variable in variables}


def _json(document: Mapping[str, Any]) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"
