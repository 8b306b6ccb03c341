"""Ids of constructs that have changed: each row of a table becomes the `moved` blocks that keep the resources."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from cdktf import TerraformResource, TerraformStack

from constructs_lib.resource_address import MAIN, resource_address


@dataclass(frozen=True, kw_only=True)
class Move:
    """
    One construct id that has changed.

    Args:
        kind: Resource type, such as `google_compute_address`.
        was: The old ids at the end of the resource's path, such as `("region-{key}", "gateway")`. `{...}` is any text
            that stands at both places, such as the key of a region.
        now: The new ids at the end of the path. What is above stays as it is.
    """

    kind: str
    was: tuple[str, ...]
    now: tuple[str, ...]

    def __post_init__(self) -> None:
        named = [set(re.findall(r"{(\w+)}", "/".join(ids))) for ids in (self.was, self.now)]
        if named[0] != named[1]:
            raise ValueError(f"was and now must have the same {{...}}, got {self.was} and {self.now}")

    def before(self, path: Sequence[str]) -> tuple[str, ...] | None:
        """Return the path that the resource at *path* had before; None where this row is not about it."""
        pattern = re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", re.escape("/".join(self.now)))
        if not (found := re.fullmatch(rf"(?:(?P<above>.+)/)?{pattern}", "/".join(path))):
            return None
        values = found.groupdict()
        above = values.pop("above")
        return (*(above.split("/") if above else ()), *(id_.format(**values) for id_ in self.was))


MOVES: tuple[Move, ...] = ()
"""Every id of a resource that was in a release and has changed since; rows stay, for those who skip releases."""


def add_moves(stack: TerraformStack, moves: Iterable[Move] = MOVES) -> None:
    """
    Add a `moved` block for each resource of *stack* whose id a row of *moves* has changed.

    Call it when the stack is complete. Needs Terraform 1.1. It writes the blocks itself: cdktf 0.21 takes one former id
    for each resource, and a resource that has moved twice has two.

    Args:
        stack: The stack; `moved` blocks that it has already are replaced.
        moves: The table. Default: that of this library's constructs.
    """
    rows = tuple(moves)
    if not rows:
        return
    blocks: list[dict[str, str]] = []
    for node in stack.node.find_all():
        if isinstance(node, TerraformResource):
            path = tuple(scope.node.id for scope in node.node.scopes)[len(stack.node.scopes) :]
            blocks += _blocks(node.terraform_resource_type, tuple(id_ for id_ in path if id_ != MAIN), rows)
    if blocks:
        stack.add_override("moved", blocks)


def _blocks(kind: str, path: tuple[str, ...], moves: Sequence[Move]) -> Iterator[dict[str, str]]:
    """Yield the blocks of the resource at *path*: from its last id to this one, from the one before to that, ..."""
    for move in moves:
        if move.kind == kind and (was := move.before(path)):
            yield {"from": resource_address(kind, *was), "to": resource_address(kind, *path)}
            yield from _blocks(kind, was, [other for other in moves if other is not move])
