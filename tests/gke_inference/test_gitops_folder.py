"""The folder of `export --gitops`: what an export may write and delete there, and what an interrupted one leaves."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gke_inference.export.gitops.folder import LIST, write_folder
from platform_config.errors import ConfigError

OLD = {"clusters/us/a.yaml": "a: 1\n", "clusters/us/sub/b.yaml": "b: 1\n"}
NEW = {"clusters/us/a.yaml": "a: 2\n", "clusters/eu/c.yaml": "c: 2\n"}
MINE = {"README.md": "mine\n", "clusters/us/sub/mine.yaml": "mine: true\n"}


def fill(folder: Path, files: dict[str, str]) -> None:
    """Write *files* as somebody else does."""
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


def held(folder: Path) -> dict[str, str]:
    """Return all files in *folder* but the list."""
    found = {str(file.relative_to(folder)): file.read_text() for file in folder.rglob("*") if file.is_file()}
    found.pop(LIST, None)
    return found


def test_a_second_export_deletes_what_vanished_and_nothing_else(tmp_path: Path) -> None:
    """Files of others stay, in the same folders too; a folder that is empty then goes."""
    assert write_folder(tmp_path, "voice", OLD) == []
    fill(tmp_path, MINE)

    assert write_folder(tmp_path, "voice", NEW) == ["clusters/us/sub/b.yaml"]
    assert held(tmp_path) == NEW | MINE

    (tmp_path / "clusters/us/sub/mine.yaml").unlink()
    assert write_folder(tmp_path, "voice", OLD) == ["clusters/eu/c.yaml"]
    assert not (tmp_path / "clusters/eu").exists()


@pytest.mark.parametrize(
    ("theirs", "message"),
    [
        ({"clusters/us/a.yaml": "theirs: true\n"}, "no export overwrites files of others, got clusters/us/a.yaml"),
        ({LIST: "{}"}, f"must hold a {LIST} of such an export"),
        ({LIST: "not JSON"}, f"must hold a {LIST} of such an export"),
        ({LIST: json.dumps({"platform": "other", "files": []})}, "must be of platform voice, got an export of other"),
        ({"clusters": "a file\n"}, "no export overwrites files of others"),
        ({"clusters/us/a.yaml/deeper": "theirs\n"}, "no export overwrites files of others"),
    ],
)
def test_files_of_others_are_refused_and_stay(theirs: dict[str, str], message: str, tmp_path: Path) -> None:
    """Before anything is written."""
    fill(tmp_path, theirs)
    before = {str(file): file.read_text() for file in tmp_path.rglob("*") if file.is_file()}

    with pytest.raises(ConfigError, match=message):
        write_folder(tmp_path, "voice", OLD)

    assert {str(file): file.read_text() for file in tmp_path.rglob("*") if file.is_file()} == before


def test_no_link_leads_an_export_out_of_the_folder(tmp_path: Path) -> None:
    """Neither what it writes nor what it deletes."""
    folder, elsewhere = tmp_path / "folder", tmp_path / "elsewhere"
    fill(elsewhere, {"us/a.yaml": "theirs: true\n"})
    folder.mkdir()
    (folder / "clusters").symlink_to(elsewhere)

    with pytest.raises(ConfigError, match=r"got clusters/us/a\.yaml"):
        write_folder(folder, "voice", OLD)
    (folder / LIST).write_text(json.dumps({"platform": "voice", "files": ["clusters/us/a.yaml", "../elsewhere/x"]}))
    write_folder(folder, "voice", {"other.yaml": "x: 1\n"})

    assert held(elsewhere) == {"us/a.yaml": "theirs: true\n"}


def test_what_cannot_be_written_changes_nothing(tmp_path: Path) -> None:
    """Every file is written beside the others first: a full disk leaves the last export as it is."""
    write_folder(tmp_path, "voice", OLD)

    with pytest.raises(UnicodeEncodeError):
        write_folder(tmp_path, "voice", {**NEW, "clusters/us/z.yaml": "\ud800"})

    assert held(tmp_path) == OLD
    assert json.loads((tmp_path / LIST).read_text())["files"] == sorted(OLD)


@pytest.mark.parametrize("nth", range(4))
def test_an_interrupted_export_leaves_whole_files_and_the_next_one_ends_it(
    nth: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whichever file it stops at: each is the old one or the new one, none of others goes, and nothing is left over."""
    fill(tmp_path, MINE)
    write_folder(tmp_path, "voice", OLD)
    replace = Path.replace
    done: list[Path] = []

    def stop(source: Path, target: Path) -> Path:
        if len(done) == nth:
            raise KeyboardInterrupt
        done.append(target)
        return replace(source, target)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", stop)
        with pytest.raises(KeyboardInterrupt):
            write_folder(tmp_path, "voice", NEW)

    found = held(tmp_path)
    assert all(text in (OLD.get(name), NEW.get(name), MINE.get(name)) for name, text in found.items())
    assert MINE.items() <= found.items()
    write_folder(tmp_path, "voice", NEW)
    assert held(tmp_path) == NEW | MINE
