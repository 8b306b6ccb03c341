"""How one thing of a healthy platform is broken, and what `verify` must report then."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.gke_inference.verify_platform import HealthyPlatform

Break = Callable[[HealthyPlatform], Any]
Cases = dict[str, tuple[Break, str, str, str]]
"""What is broken: how, the region and the id of its finding, and a part of what is found."""


def merge(target: dict[str, Any], **changes: Any) -> None:
    """Set these keys."""
    target.update(changes)


def condition(made: dict[str, Any], name: str, *path: Any, reason: str = "Bad") -> None:
    """Set the condition *name* of *made* to false."""
    at = made["status"]
    for step in path:
        at = at[step]
    [found] = [entry for entry in at["conditions"] if entry["type"] == name]
    found |= {"status": "False", "reason": reason, "message": "set by the controller"}


def check(platform: HealthyPlatform, where: str, id_: str, words: str) -> None:
    """Check that one finding is wrong, with this text and a fix; all others are good."""
    ran = platform.run(only="us")

    [found] = [found for found in ran.document["findings"] if found["status"] != "good"]
    assert (found["where"], found["id"], found["status"]) == (where, id_, "wrong")
    assert words in found["found"]
    assert found["fix"]
    assert "{" not in found["fix"]
    assert ran.code == 1
