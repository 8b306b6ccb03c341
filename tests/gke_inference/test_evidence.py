"""What makes a report evidence: the commit of the config, its hash, and what runs, without anybody's name."""

from __future__ import annotations

import hashlib
import subprocess
from pathlib import Path
from typing import Any

import pytest

from gke_inference.api_error import ApiError
from gke_inference.evidence import config_origin, running_versions
from gke_inference.live_platform import LivePlatform
from tests.configs import config


def git(folder: Path, *arguments: str) -> str:
    """Run git in *folder* as somebody without settings."""
    who = ("-c", "user.name=somebody", "-c", "user.email=somebody@example.com", "-c", "init.defaultBranch=main")
    return subprocess.run(
        ["git", "-C", str(folder), *who, *arguments], capture_output=True, text=True, check=True
    ).stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Make a repository with one config in a folder, committed; return the config."""
    path = tmp_path / "home-of-jane" / "config" / "platform.yaml"
    path.parent.mkdir(parents=True)
    path.write_text("name: gemma\n")
    git(path.parents[1], "init", "--quiet")
    git(path.parents[1], "add", ".")
    git(path.parents[1], "commit", "--quiet", "-m", "first")
    return path


def test_a_committed_config_is_named_by_its_commit(repository: Path) -> None:
    """With its path in the repository and the hash of its bytes; the folder above the repository is not named."""
    origin = config_origin(repository)

    assert origin.commit == git(repository.parent, "rev-parse", "HEAD")
    assert (origin.file, origin.state, origin.problem) == ("config/platform.yaml", "as committed", "")
    assert origin.sha256 == hashlib.sha256(b"name: gemma\n").hexdigest()
    assert "jane" not in repr(origin)


def test_a_changed_config_is_no_evidence_of_its_commit(repository: Path) -> None:
    """Changed on disk, or changed and added: the commit has something else. Other changed files do not matter."""
    other = repository.with_name("other.yaml")
    other.write_text("a: b\n")

    assert config_origin(repository).state == "as committed"

    repository.write_text("name: other\n")

    assert config_origin(repository).state == "changed since"

    git(repository.parent, "add", ".")

    assert config_origin(repository).state == "changed since"
    assert config_origin(other).state == "not in the commit"


def test_what_a_config_extends_belongs_to_it(repository: Path) -> None:
    """A base that is not committed, or was changed, makes it no evidence of its commit; the hash is of both files."""
    base = repository.with_name("base.yaml")
    repository.write_text("extends: base.yaml\n")
    git(repository.parent, "commit", "--quiet", "-a", "-m", "second")
    base.write_text("name: gemma\n")

    assert config_origin(repository).state == "not in the commit"

    git(repository.parent, "add", ".")
    git(repository.parent, "commit", "--quiet", "-m", "third")
    origin = config_origin(repository)

    assert origin.state == "as committed"
    assert origin.sha256 == hashlib.sha256(b"extends: base.yaml\nname: gemma\n").hexdigest()

    base.write_text("name: other\n")

    assert config_origin(repository).state == "changed since"


def test_a_hook_does_not_lead_to_another_repository(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where a commit's hook runs a drill, its variables name the repository of the hook."""
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))

    assert config_origin(repository).state == "as committed"


def test_why_the_commit_is_unknown_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No repository, a repository without a commit, no git; the hash is there in any case."""
    path = tmp_path / "platform.yaml"
    path.write_text("name: gemma\n")
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    outside = config_origin(path)

    assert (outside.commit, outside.state) == ("unknown", "unknown")
    assert outside.problem == "the config is in no git repository"

    git(tmp_path, "init", "--quiet")

    assert config_origin(path).problem == "the repository has no commit"

    monkeypatch.setenv("PATH", str(tmp_path))
    without_git = config_origin(path)

    assert without_git.problem == "git is not installed"
    assert without_git.sha256 == hashlib.sha256(b"name: gemma\n").hexdigest()
    assert str(tmp_path) not in repr((outside, without_git))


class Refusing:
    """A cluster that refuses, and names the caller."""

    def get(self, path: str, **_: Any) -> dict[str, Any]:
        """Refuse."""
        raise ApiError(status=403, reason="Forbidden", message=f"User jane@example.com cannot get {path}")


def test_versions_that_cannot_be_read_are_unknown_without_a_name() -> None:
    """Status and reason are there; what the server says of the caller is not."""
    platform = LivePlatform(config=config(), clusters=lambda key: Refusing())  # type: ignore[arg-type, return-value]
    versions = running_versions(platform, ["us"])["us"]

    assert versions.kubernetes == "unknown (403 Forbidden)"
    assert versions.images == {"servers": "unknown (403 Forbidden)"}
