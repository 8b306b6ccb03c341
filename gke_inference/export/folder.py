"""The folder of an export: what the last export left there, and what is written; nothing of others is touched."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from gke_inference.export.contents import ORDER_FILE, VERSION
from gke_inference.export.order import Needs, RemovedStack
from gke_inference.synth.stale_stacks import refuse_to_apply
from platform_config.errors import Problem, shown

BACKEND_FILE = "backend.tfbackend"
"""Name of the settings of a backend in the folder of a removed stack."""
PROGRAMS = (".sh",)
PLAIN = re.compile(r"[A-Za-z0-9._/-]*")
"""A path that samples may hold: it is not in quotes there."""


@dataclass(frozen=True, kw_only=True)
class LastExport:
    """
    What order.json of the last export says; without one everything is empty.

    Attributes:
        files: All that it wrote.
        needs: Its stacks, in order, with those that each needed.
        stacks: What it says of each stack.
        removed: The stacks that were removed before.
    """

    platform: str = ""
    files: tuple[str, ...] = ()
    needs: Needs = field(default_factory=dict)
    stacks: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    removed: tuple[RemovedStack, ...] = ()


class ExportFolder:
    """
    The folder that an export writes to.

    Args:
        path: The folder; it need not exist.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def place(self) -> str:
        """
        The path in the git repository that it is in, with a slash at its end; empty where it is all of that.

        Outside of a repository it is the name of the folder.
        """
        path = Path(os.path.realpath(self.path))
        root = next((folder for folder in (path, *path.parents) if (folder / ".git").exists()), path.parent)
        inner = path.relative_to(root).as_posix()
        return "" if inner == "." else f"{inner}/"

    def last(self) -> LastExport:
        """
        Read what the last export left.

        Raises:
            ValueError: The file that should say so is of something else.
        """
        file = self.path / ORDER_FILE
        try:
            held = json.loads(file.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return LastExport()
        except (OSError, ValueError) as error:
            raise ValueError(f"{file} cannot be read: {getattr(error, 'strerror', None) or 'it is no JSON'}") from None
        try:
            if held["version"] != VERSION:
                raise ValueError
            return LastExport(
                platform=str(held["platform"]),
                files=tuple(_inner(str(name)) for name in held["files"]),
                needs={_id(name): tuple(map(_id, stack["needs"])) for name, stack in held["stacks"].items()},
                stacks=held["stacks"],
                removed=tuple(
                    RemovedStack(
                        stack=_id(one["stack"]), needs=tuple(map(_id, one["needs"])), state=str(one["state"]),
                        backend_config=str(one["backend_config"]), users=tuple(map(_id, one["users"])),
                    )
                    for one in held["removed"]
                ),
            )  # fmt: skip
        except (ValueError, KeyError, TypeError, AttributeError):
            raise ValueError(f"{file} is not of an export, or of one of another version") from None

    def removed(self, last: LastExport, needs: Needs) -> list[RemovedStack]:
        """Return the stacks that are not in *needs*: those of before whose folder is there still, and new ones."""
        before = [stack for stack in last.removed if stack.stack not in needs and (self.path / stack.folder).is_dir()]
        new = [
            RemovedStack(
                stack=stack,
                needs=needed,
                state=str(last.stacks[stack].get("state", "")),
                backend_config=BACKEND_FILE if last.stacks[stack].get("backend_config") else "",
                users=tuple(user for user, used in last.needs.items() if stack in used),
            )
            for stack, needed in last.needs.items()
            if stack not in needs and (self.path / "stacks" / stack).is_dir()
        ]
        known = {stack.stack for stack in new}
        return [*(stack for stack in before if stack.stack not in known), *new]

    def problems(self, files: Mapping[str, str], last: LastExport, removed: Sequence[RemovedStack]) -> list[Problem]:
        """Find what stands in the way: files of others where this export would write, links to elsewhere."""
        found = []
        foreign = [
            name for name, text in files.items()
            if self._is_elsewhere(name) or (name not in last.files and self._differs(name, text))
        ]  # fmt: skip
        if foreign:
            some = ", ".join(foreign[:5]) + (f" and {len(foreign) - 5} more" if len(foreign) > 5 else "")
            found.append(Problem("--to", f"must be a folder where no export overwrites files of others, got {some}",
                                 "name an empty folder, or one that an export wrote"))  # fmt: skip
        blocked = [
            stack.folder
            for stack in removed
            if (self.path / "stacks" / stack.stack).is_dir() and (self.path / stack.folder).exists()
        ]
        if blocked:
            found.append(Problem("--to", f"must have room for a removed stack, got {', '.join(blocked)}",
                                 "destroy what an older config left there, and delete that folder"))  # fmt: skip
        return found

    def write(self, files: Mapping[str, str], last: LastExport, removed: Sequence[RemovedStack]) -> None:
        """Move the *removed* stacks aside, write *files*, and delete what the last export alone wrote."""
        self.path.mkdir(parents=True, exist_ok=True)
        for name in sorted({PurePosixPath(name).parts[1] for name in files if name.startswith("stacks/")}):
            self._restore(name)
        for stack in removed:
            self._move_aside(stack, last)
        for name in last.files:
            if name not in files:
                self._delete(name)
        for name, text in sorted(files.items(), key=lambda item: item[0] == ORDER_FILE):
            file = self.path / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
            if file.suffix in PROGRAMS:
                file.chmod(0o755)

    def _is_elsewhere(self, name: str) -> bool:
        """Return whether a link leads the file out of the folder, or something else is in its place."""
        file = self.path / name
        inside = Path(os.path.realpath(file)).is_relative_to(os.path.realpath(self.path))
        return not inside or file.is_dir() or any(parent.is_file() for parent in file.parents)

    def _differs(self, name: str, text: str) -> bool:
        """Return whether there is another text."""
        try:
            return (self.path / name).read_text(encoding="utf-8") != text
        except FileNotFoundError:
            return False
        except (OSError, ValueError):
            return True

    def _restore(self, stack: str) -> None:
        """Move a stack back that was removed and is in the config again, with its lock file."""
        aside, folder = self.path / "stale" / stack, self.path / "stacks" / stack
        if aside.is_dir() and not folder.exists():
            folder.parent.mkdir(parents=True, exist_ok=True)
            aside.rename(folder)
            (folder / BACKEND_FILE).unlink(missing_ok=True)
            refuse_to_apply(folder, refused=False)

    def _move_aside(self, stack: RemovedStack, last: LastExport) -> None:
        folder, aside = self.path / "stacks" / stack.stack, self.path / stack.folder
        if not folder.is_dir():
            return
        aside.parent.mkdir(parents=True, exist_ok=True)
        folder.rename(aside)
        refuse_to_apply(aside, refused=True)
        if named := last.stacks[stack.stack].get("backend_config"):
            settings = self.path / _inner(str(named))
            if settings.is_file():
                settings.rename(aside / BACKEND_FILE)

    def _delete(self, name: str) -> None:
        """Delete a file of the last export, and the folders that are empty then."""
        file = self.path / name
        if Path(os.path.realpath(file.parent)).is_relative_to(os.path.realpath(self.path)):
            file.unlink(missing_ok=True)
            for parent in file.relative_to(self.path).parents:
                folder = self.path / parent
                if parent != Path() and folder.is_dir() and not any(folder.iterdir()):
                    folder.rmdir()


def _inner(name: str) -> str:
    """Return a path below the folder as it is; a ValueError where it leads out of it."""
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or not path.parts:
        raise ValueError(f"must be a path inside of the export, got {shown(name)}")
    return name


def _id(name: Any) -> str:
    """Return the id of a stack as it is; a ValueError where it is more than one name."""
    if not isinstance(name, str) or len(PurePosixPath(name).parts) != 1 or name in (".", ".."):
        raise ValueError(f"must be the id of a stack, got {shown(str(name))}")
    return name
