"""The journal of a drill: what has to be undone, on disk before it is done; a killed drill is undone from it."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from gke_inference.drill.changes import Change
from gke_inference.live_platform import LivePlatform
from platform_config.config import Config
from platform_config.errors import shown


@dataclass(frozen=True, kw_only=True)
class Journal:
    """
    The journal of one drill.

    Attributes:
        path: The file; it is there exactly as long as something may have to be restored.
        project: Project of the platform.
        name: Name of the platform.
    """

    path: Path
    project: str
    name: str

    @classmethod
    def of(cls, config: Config, path: Path) -> Journal:
        """Return the journal at *path* of the platform of *config*."""
        return cls(path=path, project=config.project, name=config.name)

    def begin(self, changes: Sequence[Change]) -> None:
        """
        Write the file, whole or not at all, and wait until it is on disk.

        Raises:
            FileExistsError: There is one: another drill runs, or was killed.
        """
        new = self._write(changes)
        try:
            os.link(new, self.path)
        except FileExistsError:
            raise
        except OSError:  # A folder without hard links; there is no file to be seen half-written before the rename.
            self.path.touch(exist_ok=False)
            new.replace(self.path)
        finally:
            new.unlink(missing_ok=True)
        self._sync_folder()

    def replace(self, changes: Sequence[Change]) -> None:
        """Write the file again with more changes, or with those that are left."""
        self._write(changes).replace(self.path)
        self._sync_folder()

    def read(self, platform: LivePlatform) -> tuple[Change, ...]:
        """
        Return the changes to undo.

        Raises:
            ValueError: It is no journal, is that of another platform, or holds what no drill of this one changes.
            FileNotFoundError: There is none.
        """
        data = self.path.read_bytes()
        try:
            document = json.loads(data.decode())
            owner = (document["project"], document["name"])
            changes = tuple(Change(**change) for change in document["changes"])
        except (ValueError, KeyError, TypeError):
            raise ValueError(f"{self.path}: must be the journal of a drill, and is none") from None
        if owner != (self.project, self.name):
            raise ValueError(
                f"{self.path}: must be the journal of {self.name} in {self.project}, is of {owner[1]} in {owner[0]}; "
                "name that platform's file with --config"
            )
        if unknown := [change.path for change in changes if not change.is_of_drill(platform)]:
            raise ValueError(f"{self.path}: must hold what a drill changes, holds {shown(unknown[0])}")
        return changes

    def remove(self) -> None:
        """Remove the file: everything is restored."""
        self.path.unlink(missing_ok=True)

    def _write(self, changes: Sequence[Change]) -> Path:
        document = {"project": self.project, "name": self.name, "changes": [change.describe() for change in changes]}
        new = self.path.with_name(f"{self.path.name}.{os.getpid()}")
        try:
            with open(new, "w", encoding="utf-8") as file:
                json.dump(document, file, indent=2)
                file.flush()
                os.fsync(file.fileno())
        except OSError:
            new.unlink(missing_ok=True)
            raise
        return new

    def _sync_folder(self) -> None:
        folder = os.open(self.path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
