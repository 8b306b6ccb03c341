"""The end of an adoption: import blocks are deleted once their resources are in the states."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console

from gke_inference.command import Exit
from gke_inference.import_blocks import write_blocks, written_blocks
from gke_inference.terraform import TerraformError, read_state
from platform_config.stack_graph import stack_folder


def remove_applied_blocks(outdir: Path, console: Console) -> Exit:
    """Delete the import blocks below *outdir* whose resources are in the states, and print what is left."""
    outcome = Exit.GOOD
    for stack, blocks in list(written_blocks(outdir)):
        try:
            there = {one.address for one in read_state(stack_folder(outdir, stack))}
        except TerraformError as error:
            console.print(f"{stack}: its state could not be read: {error}", markup=False, soft_wrap=True)
            outcome = Exit.UNKNOWN
            continue
        left = [one for one in blocks if one["to"] not in there]
        write_blocks(outdir, stack, left)
        console.print(f"{stack}: {len(blocks) - len(left)} applied, {len(left)} to apply", highlight=False)
        if left and outcome is Exit.GOOD:
            outcome = Exit.WRONG
    return outcome
