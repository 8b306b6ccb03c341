"""A synthesized app, to look things up in: stacks, resources by type, Kubernetes objects by kind."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from platform_config.config import Config

Block = dict[str, Any]


class Synthesized:
    """
    What a synth wrote.

    Args:
        outdir: Folder of the synth.
    """

    def __init__(self, outdir: Path) -> None:
        self.outdir = outdir
        self.manifest: Block = json.loads((outdir / "manifest.json").read_text())
        self.stacks: dict[str, Block] = {
            name: json.loads((outdir / "stacks" / name / "cdk.tf.json").read_text()) for name in self.manifest["stacks"]
        }

    def dependencies(self, stack: str) -> set[str]:
        """Return the stacks that *stack* names as needed."""
        return set(self.manifest["stacks"][stack]["dependencies"])

    def named(self, kind: str, stack: str | None = None) -> dict[str, Block]:
        """Return resources of one type by `<stack>/<logical id>`, in one stack or all."""
        return {
            f"{name}/{key}": block
            for name, document in self.stacks.items()
            if stack in (None, name)
            for key, block in document.get("resource", {}).get(kind, {}).items()
        }

    def all(self, kind: str, stack: str | None = None) -> list[Block]:
        """Return resources of one type, in one stack or all."""
        return list(self.named(kind, stack).values())

    def one(self, kind: str, stack: str | None = None) -> Block:
        """Return the only resource of its type."""
        [block] = self.all(kind, stack)
        return block

    def objects(self, kind: str, stack: str | None = None) -> list[Block]:
        """Return the applied Kubernetes objects of one kind."""
        manifests = (block["manifest"] for block in self.all("kubernetes_manifest", stack))
        return [manifest for manifest in manifests if manifest["kind"] == kind]

    def object(self, kind: str, stack: str | None = None) -> Block:
        """Return the only Kubernetes object of its kind."""
        [manifest] = self.objects(kind, stack)
        return manifest

    def addresses(self) -> Iterator[str]:
        """Return every Terraform address, as `<stack> <address>`."""
        for name, document in self.stacks.items():
            for kind, blocks in document.get("resource", {}).items():
                yield from (f"{name} {kind}.{key}" for key in blocks)
            for part in ("data", "ephemeral"):
                for kind, blocks in document.get(part, {}).items():
                    yield from (f"{name} {part}.{kind}.{key}" for key in blocks)


def synthesize(config: Config, outdir: Path) -> Synthesized:
    """Synthesize the whole platform of *config*, as main.py does."""
    from cdktf import App

    from stacks.platform import add_platform

    app = App(outdir=str(outdir))
    add_platform(app, config)
    app.synth()
    return Synthesized(outdir)


def synthesize_stack(build: Callable[[Any], object], outdir: Path) -> Synthesized:
    """Synthesize one bare stack `test` with whatever *build* puts into it."""
    from cdktf import App, LocalBackend, TerraformStack

    app = App(outdir=str(outdir))
    stack = TerraformStack(app, "test")
    LocalBackend(stack, path="test.tfstate")
    build(stack)
    app.synth()
    return Synthesized(outdir)
