"""What is made once for all workers of a test run, by the first that needs it."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest


class SharedFolders:
    """
    Folders that every worker reads and none changes.

    Args:
        base: An existing folder that all workers of the run see.
    """

    def __init__(self, base: Path) -> None:
        self._base = base

    def get(self, name: str, make: Callable[[Path], object]) -> Path:
        """
        Return the folder *name*; the first who asks fills it with *make* while the others wait.

        One that could not be made is tried again by the next who asks.
        """
        folder, done = self._base / name, self._base / f"{name}.done"
        with (self._base / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not done.exists():
                shutil.rmtree(folder, ignore_errors=True)
                folder.mkdir()
                make(folder)
                done.touch()
        return folder


@pytest.fixture(scope="session")
def shared_folders(tmp_path_factory: pytest.TempPathFactory) -> SharedFolders:
    """Provide folders that are made once in this test run, whichever worker asks."""
    base = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        base = base.parent
    folder = base / "shared"
    folder.mkdir(exist_ok=True)
    return SharedFolders(folder)
