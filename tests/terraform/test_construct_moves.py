"""A changed construct id is one row of a table, and the real Terraform then keeps the resource."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from constructs_lib.moves import MOVES, Move
from tests.rig.server import Rig
from tests.synthesized import Synthesized, synthesize_stack
from tests.terraform.runs import Folder

ADDRESS = "google_compute_address"
FIRST = Move(kind=ADDRESS, was=("front-{key}",), now=("region-{key}", "front"))
SECOND = Move(kind=ADDRESS, was=("region-{key}", "front"), now=("region-{key}", "gateway"))
Build = Callable[[Any], None]


def addresses(ids: Callable[[str], list[str]], *moves: Move) -> Build:
    """Return what puts an address for each of two regions into a stack, each at the end of the path *ids*."""

    def build(stack: Any) -> None:
        from cdktf_cdktf_provider_google.compute_address import ComputeAddress
        from cdktf_cdktf_provider_google.provider import GoogleProvider
        from constructs import Construct

        from constructs_lib.moves import add_moves
        from constructs_lib.provider_versions import GOOGLE, pin_provider

        pin_provider(stack, "google", GOOGLE)
        google = GoogleProvider(stack, "google", project="p")
        network = Construct(stack, "network")
        for key in ("us", "eu-b"):
            scope, (*above, last) = network, ids(key)
            for id_ in above:
                scope = Construct(scope, id_)
            ComputeAddress(scope, last, provider=google, name=f"gateway-{key}", region="us-east5")
        add_moves(stack, moves)

    return build


def synthesized(path: Path, build: Build) -> Synthesized:
    """Synthesize what *build* makes; the state stands beside the folders."""
    path.mkdir()
    made = synthesize_stack(build, path)
    override = made.outdir / "stacks" / "test" / "backend_override.tf.json"
    override.write_text('{"terraform": {"backend": {"local": {"path": "../../../test.tfstate"}}}}')
    return made


@pytest.mark.parametrize(
    ("now", "moves"),
    [
        (lambda key: [f"region-{key}", "front"], [FIRST]),
        (lambda key: [f"region-{key}", "gateway"], [SECOND, FIRST]),
    ],
    ids=["once", "twice"],
)
def test_a_moved_resource_stays(now: Callable[[str], list[str]], moves: list[Move], tmp_path: Path) -> None:
    """Once, and twice for who skips a release: the plan renames it in the state, and nothing in the cloud changes."""
    rig = Rig()
    old = synthesized(tmp_path / "old", addresses(lambda key: [f"front-{key}"]))
    Folder(old.outdir / "stacks" / "test", rig, backend=True).must("apply", "-auto-approve", "-input=false")
    before = dict(rig.cloud.objects)

    new = synthesized(tmp_path / "new", addresses(now, *moves))
    folder = Folder(new.outdir / "stacks" / "test", rig, backend=True)
    without = synthesized(tmp_path / "without", addresses(now))

    assert set(folder.plan().values()) == {("move",)}
    folder.must("apply", "plan")
    rig.stop()
    assert len(before) == 2
    assert rig.cloud.objects == before
    assert len(new.stacks["test"]["moved"]) == 2 * len(moves)
    assert "moved" not in without.stacks["test"]


def test_without_a_row_a_changed_id_replaces(tmp_path: Path) -> None:
    """It is the row that keeps the resource."""
    rig = Rig()
    old = synthesized(tmp_path / "old", addresses(lambda key: [f"front-{key}"]))
    Folder(old.outdir / "stacks" / "test", rig, backend=True).must("apply", "-auto-approve", "-input=false")

    new = synthesized(tmp_path / "new", addresses(lambda key: [f"region-{key}", "front"]))
    changes = Folder(new.outdir / "stacks" / "test", rig, backend=True).plan()
    rig.stop()

    assert sorted(changes.values()) == [("create",), ("create",), ("delete",), ("delete",)]


def test_a_row_must_find_the_old_id_by_the_new_one() -> None:
    """A key that stands at one place alone is refused."""
    with pytest.raises(ValueError, match=r"must have the same \{\.\.\.\}"):
        Move(kind=ADDRESS, was=("front",), now=("region-{key}",))


def test_no_row_stands_twice() -> None:
    """Each old id has one new one."""
    former = [(move.kind, move.was) for move in MOVES]

    assert len(set(former)) == len(former)
