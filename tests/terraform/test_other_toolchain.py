"""Who has applied with cdktf continues with cdktn, or the other way round: nothing is to be changed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from fast_synth.toolchain import CDKTF, CDKTN
from tests.configs import EXAMPLE, TWO_LLMS
from tests.synthesized import Synthesized
from tests.terraform.configs import Worlds
from tests.terraform.world import World
from tests.test_toolchains import synthesize

OUTSIDE = TWO_LLMS.with_name("outside.yaml")
"""With ephemeral blocks and write-only arguments, which cdktn checks by itself."""


def written(path: Path, toolchain: str) -> Callable[[Path], object]:
    """Return what writes the stacks of the config at *path* with *toolchain* into a folder."""
    return lambda outdir: synthesize(path, outdir, toolchain)


def made_with(app: Synthesized) -> str:
    """Return the version that *app* names as the toolchain's."""
    return str(app.manifest["version"])


@pytest.mark.parametrize("path", [EXAMPLE, OUTSIDE], ids=lambda path: path.stem)
def test_cdktn_continues_what_cdktf_began(path: Path, deployed_of: Worlds, tmp_path: Path) -> None:
    """Every plan is empty."""
    world = deployed_of(path).copy(tmp_path)
    before = made_with(world.app)
    world.take(written(path, CDKTN))

    assert (before, made_with(world.app)) == ("0.21.0", "0.24.0")
    assert world.unsettled() == []


def test_cdktf_continues_what_cdktn_began(tmp_path: Path) -> None:
    """The way back is open."""
    world = World(tmp_path)
    world.take(written(EXAMPLE, CDKTN))
    world.deploy()
    before = made_with(world.app)
    world.take(written(EXAMPLE, CDKTF))

    assert (before, made_with(world.app)) == ("0.24.0", "0.21.0")
    assert world.unsettled() == []
    world.stop()
