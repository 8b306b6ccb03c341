"""Import blocks in a file beside what a synth writes for a stack."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from platform_config.stack_graph import stack_folder

FILE = "import.tf.json"
"""Terraform reads every `*.tf.json` of a root module. Source: Terraform >= 1.5, "Import"; the file is JSON syntax."""
Block = Mapping[str, str]
"""`to` is an address of the stack, `id` what the provider's import takes."""


def write_blocks(outdir: Path, stack: str, blocks: Sequence[Block]) -> None:
    """Write the import *blocks* of *stack* in the synth at *outdir*; without any, delete the file."""
    file = stack_folder(outdir, stack) / FILE
    if blocks:
        file.write_text(json.dumps({"import": list(blocks)}, indent=2) + "\n", encoding="utf-8")
    else:
        file.unlink(missing_ok=True)


def written_blocks(outdir: Path) -> Iterator[tuple[str, list[Block]]]:
    """Yield each stack in *outdir* that has import blocks, with them."""
    for file in sorted((outdir / "stacks").glob(f"*/{FILE}")):
        try:
            blocks = json.loads(file.read_text(encoding="utf-8"))["import"]
            yield file.parent.name, [{"to": str(one["to"]), "id": str(one["id"])} for one in blocks]
        except (ValueError, LookupError, TypeError):
            continue


def drop_unknown_blocks(outdir: Path) -> None:
    """Delete the import blocks of resources that their stack does not have: Terraform would refuse every plan."""
    for stack, blocks in written_blocks(outdir):
        file = stack_folder(outdir, stack) / "cdk.tf.json"
        resources = json.loads(file.read_text(encoding="utf-8")).get("resource", {})
        known = {f"{type_}.{name}" for type_, named in resources.items() for name in named}
        write_blocks(outdir, stack, [one for one in blocks if one["to"] in known])
