"""The folder that the objects are written to: what was there of an older export goes, and nothing of others."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath

from platform_config.errors import ConfigError, Problem

LIST = "gitops.json"
"""Names the files of the last export."""


def write_folder(folder: Path, platform: str, files: Mapping[str, str]) -> list[str]:
    """
    Write *files* of *platform* to *folder*, and delete those that the last export alone wrote; return these.

    Each file is replaced as a whole, once all are written beside the folder's own. What is interrupted leaves old and
    new files, all of them listed, and the next export ends it.

    Raises:
        ConfigError: The folder holds another platform's export, or files of others where this one would write. Nothing
            is written then.
    """
    last = _last(folder, platform)
    foreign = [name for name, text in files.items() if name not in last and _differs(folder / name, text)]
    outside = [name for name in files if not _is_inside(folder, name)]
    if foreign or outside:
        some = ", ".join((foreign + outside)[:5])
        fix = "name an empty folder, or one that such an export wrote"
        message = f"must be a folder where no export overwrites files of others, got {some}"
        raise ConfigError(str(folder), [Problem("--gitops", message, fix)])
    removed = [name for name in last if name not in files]
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".export-") as made:
        staged = {name: Path(made) / str(number) for number, name in enumerate(files)}
        for name, text in files.items():
            staged[name].write_text(text, encoding="utf-8")
        _list(folder, Path(made), platform, [*files, *removed])
        for name, file in staged.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            file.replace(folder / name)
        for name in removed:
            _delete(folder, name)
        _list(folder, Path(made), platform, files)
    return removed


def _list(folder: Path, beside: Path, platform: str, names: Iterable[str]) -> None:
    """Write whose files the folder has; it replaces the list that was there as a whole."""
    listed = {"platform": platform, "files": sorted(names)}
    (beside / LIST).write_text(json.dumps(listed, indent=2) + "\n", encoding="utf-8")
    (beside / LIST).replace(folder / LIST)


def _last(folder: Path, platform: str) -> list[str]:
    file = folder / LIST
    if not file.exists():
        return []
    try:
        held = json.loads(file.read_text(encoding="utf-8"))
        names = [str(name) for name in held["files"]]
        owner = str(held["platform"])
    except (OSError, ValueError, KeyError, TypeError):
        message = f"must hold a {LIST} of such an export, got another file of that name"
        raise ConfigError(str(folder), [Problem("--gitops", message, "name an empty folder")]) from None
    if owner != platform:
        message = f"must be of platform {platform}, got an export of {owner}"
        raise ConfigError(str(folder), [Problem("--gitops", message, "name another folder")])
    return [name for name in names if not PurePosixPath(name).is_absolute() and ".." not in PurePosixPath(name).parts]


def _is_inside(folder: Path, name: str) -> bool:
    """Return whether no link leads the file out of the folder, and nothing else is in its place."""
    file = folder / name
    inside = Path(os.path.realpath(file)).is_relative_to(os.path.realpath(folder))
    return inside and not file.is_dir() and not any(parent.is_file() for parent in file.parents)


def _differs(file: Path, text: str) -> bool:
    try:
        return file.read_text(encoding="utf-8") != text
    except FileNotFoundError:
        return False
    except (OSError, ValueError):
        return True


def _delete(folder: Path, name: str) -> None:
    file = folder / name
    if not Path(os.path.realpath(file.parent)).is_relative_to(os.path.realpath(folder)):
        return
    file.unlink(missing_ok=True)
    for parent in file.relative_to(folder).parents:
        if parent != Path() and (folder / parent).is_dir() and not any((folder / parent).iterdir()):
            (folder / parent).rmdir()
