"""The restoring of a drill that was killed."""

from __future__ import annotations

from functools import partial
from typing import Literal

import anyio
from rich.console import Console

from gke_inference.command import Exit
from gke_inference.drill import report
from gke_inference.drill.journal import Journal
from gke_inference.drill.rollback import undo_all
from gke_inference.drill.view import DrillView
from gke_inference.live_platform import LivePlatform


def restore_from_journal(
    platform: LivePlatform, journal: Journal, *, timeout_sec: float, output: Literal["text", "json"]
) -> Exit:
    """
    Undo what *journal* holds.

    Raises:
        FileNotFoundError: There is no journal.
        ValueError: It is not the journal of this platform.
    """
    changes = journal.read(platform)
    with DrillView(Console(stderr=True)) as view:
        left = anyio.run(partial(undo_all, changes, platform.clusters, timeout_sec=timeout_sec, say=view.say))
        if left:
            view.say(f"NOT RESTORED: {'; '.join(change.what for change in left)}. The journal {journal.path} is kept.")
        else:
            journal.remove()
    if output == "json":
        Console().out(report.restored_json(changes, left), highlight=False)
    return Exit.WRONG if left else Exit.GOOD
