"""What has to be changed back, on disk before anything is changed: a drill that is killed can be finished."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from operations.drill.outage import Change
from stacks.config import Config


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
        """The journal of the platform of *config*."""
        return cls(path=path, project=config.project, name=config.name)

    def begin(self, changes: Sequence[Change]) -> None:
        """
        Write the file, whole or not at all, and see it on disk.

        Raises:
            FileExistsError: There is one: another drill runs, or was killed.
        """
        new = self._written(changes)
        try:
            os.link(new, self.path)
        finally:
            new.unlink()
        self._sync_folder()

    def replace(self, changes: Sequence[Change]) -> None:
        """Write the file anew with more changes, or with those that are left."""
        self._written(changes).replace(self.path)
        self._sync_folder()

    def read(self) -> tuple[Change, ...]:
        """
        The changes to restore.

        Raises:
            ValueError: It is no journal, or that of another platform.
            FileNotFoundError: There is none.
        """
        text = self.path.read_text(encoding="utf-8")
        try:
            document = json.loads(text)
            whose = (document["project"], document["name"])
            changes = tuple(Change(**change) for change in document["changes"])
        except (ValueError, KeyError, TypeError):
            raise ValueError(f"{self.path}: must be the journal of a drill, and is none") from None
        if whose != (self.project, self.name):
            raise ValueError(
                f"{self.path}: must be the journal of {self.name} in {self.project}, is of {whose[1]} in {whose[0]}; "
                "name that platform's file with --config"
            )
        return changes

    def remove(self) -> None:
        """Everything is restored."""
        self.path.unlink(missing_ok=True)

    def _written(self, changes: Sequence[Change]) -> Path:
        document = {"project": self.project, "name": self.name, "changes": [change.shown() for change in changes]}
        new = self.path.with_name(f"{self.path.name}.{os.getpid()}")
        with open(new, "w", encoding="utf-8") as file:
            json.dump(document, file, indent=2)
            file.flush()
            os.fsync(file.fileno())
        return new

    def _sync_folder(self) -> None:
        folder = os.open(self.path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
