"""A release: the same bytes from the same commit, what is in it, and what stands in its way."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tools import wheel
from tools.licences import LOCK, PERMISSIVE, WITH_DUTIES, Licence, licences, npm_licences
from tools.release import problems
from tools.sbom import keep_locked, normalized

RIGHT: dict[str, Any] = {
    "version": "0.3.0",
    "changelog": "# Changelog\n\n## [0.3.0] - 2027-01-31\n\n## [0.2.0] - 2026-12-01\n",
    "kept": {"v0.2.0", "v0.3.0"},
    "tags": {"v0.2.0"},
    "changed": "",
}


def test_two_builds_of_one_commit_have_the_same_bytes(tmp_path: Path) -> None:
    """Whatever the time, and wherever it is checked out."""
    first, second = tmp_path / "a", tmp_path / "another-place"
    first.mkdir()
    second.mkdir()

    assert wheel.digest(wheel.build(first)) == wheel.digest(wheel.build(second))


def test_every_package_that_is_installed_has_a_licence_that_is_known() -> None:
    """Each of the lock; what asks for more than its text to be kept is named with what it asks for."""
    found = {one.package: one for one in licences()}

    lock = json.loads(LOCK.read_text())
    assert set(found) == {*lock["default"], *lock["cdktn"]}
    assert {part for one in found.values() for part in one.parts} <= PERMISSIVE | WITH_DUTIES.keys()
    assert [name for name, one in found.items() if "LGPL-3.0-or-later" in one.parts] == ["pygal"]


def test_every_package_of_npm_has_a_licence_that_is_known() -> None:
    """Of a choice, one of them; a licence that forbids what this library does with it would be named."""
    found = npm_licences()

    assert len(found) > 500
    assert all(one.known for one in found)
    assert [one.known for one in (licence("MIT OR GPL-3.0-or-later"), licence("GPL-3.0-or-later"))] == [True, False]
    assert not licence("MIT AND GPL-3.0-or-later").known


def licence(expression: str) -> Licence:
    """Return a package under *expression*."""
    return Licence(package="some", version="1", expression=expression)


def test_a_bill_of_materials_has_what_a_user_installs() -> None:
    """And nothing that the tests alone need; the edges between what is left stay."""
    document = {
        "metadata": {"component": {"bom-ref": "root", "name": "gke-inference-cdktf"}},
        "components": [
            {"bom-ref": "a", "name": "Typing_Extensions"},
            {"bom-ref": "b", "name": "rich"},
            {"bom-ref": "c", "name": "pytest"},
        ],
        "dependencies": [
            {"ref": "root", "dependsOn": ["b", "c"]},
            {"ref": "b", "dependsOn": ["a"]},
            {"ref": "c", "dependsOn": ["a"]},
            {"ref": "a"},
        ],
    }
    made = keep_locked(document, {"typing-extensions", "rich"})

    assert [one["bom-ref"] for one in made["components"]] == ["a", "b"]
    assert made["dependencies"] == [{"ref": "root", "dependsOn": ["b"]}, {"ref": "b", "dependsOn": ["a"]}, {"ref": "a"}]


@pytest.mark.parametrize(
    ("name", "spelled"), [("Typing_Extensions", "typing-extensions"), ("a.b", "a-b"), ("rich", "rich")]
)
def test_names_of_packages_are_compared_as_locks_have_them(name: str, spelled: str) -> None:
    """Their own metadata spells some of them in other ways."""
    assert normalized(name) == spelled


def test_a_release_with_all_that_it_needs_has_no_problem() -> None:
    """Its version, its date, what it synthesizes, and nothing that is not committed."""
    assert list(problems(**RIGHT)) == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"version": "0.4.0"}, "its first version must be 0.4.0, as in pyproject.toml, got 0.3.0"),
        ({"changelog": "## [0.3.0] - Unreleased\n"}, "0.3.0 must have a date, got Unreleased"),
        ({"kept": {"v0.2.0"}}, "must have v0.3.0"),
        ({"tags": {"v0.3.0"}}, "the tag v0.3.0 is there already"),
        ({"changed": " M README.md\n"}, "commit them"),
    ],
)
def test_what_a_release_lacks_is_named(change: dict[str, Any], words: str) -> None:
    """With what to do."""
    assert any(words in problem for problem in problems(**RIGHT | change))
