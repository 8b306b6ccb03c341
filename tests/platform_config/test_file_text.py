"""Files and text that are no config: each refusal with its exact message."""

from __future__ import annotations

from pathlib import Path

import pytest
from yaml.scanner import Scanner

from platform_config.load import load
from platform_config.reading.yaml_file import MAX_TOKENS
from tests.config_files import TEXT, problems, refusal, refused, written
from tests.configs import EXAMPLE

FILES: dict[str, tuple[str | bytes, str]] = {
    "empty": ("", "must hold settings, got an empty file\n    fix: start from config/example.yaml"),
    "only comments": (
        "# nothing yet\n",
        "must hold settings, got an empty file\n    fix: start from config/example.yaml",
    ),
    "a list": ("- name: gemma\n", "must be a map of settings, got a list\n    fix: start from config/example.yaml"),
    "a word": ("hello\n", "must be a map of settings, got 'hello'\n    fix: start from config/example.yaml"),
    "a tab": (
        "name: gemma\nregions:\n\tus: 1\n\teu: 2\n",
        "line 3: must be indented with spaces, got tabs on lines 3, 4\n    fix: write two spaces for each tab",
    ),
    "a tab after a colon": (
        "name:\tgemma\n",
        "line 1: must hold no tab, got one after 'name:'\n    fix: write a space in its place",
    ),
    "wrong indentation": (
        "name: gemma\n  project: p\n",
        "line 2: must begin in the same column as line 1, got 2 spaces and 0\n"
        "    fix: begin both in one column, or remove the value of line 1",
    ),
    "an open bracket": (
        "name: [gemma\n",
        "line 1: must close '[' with ']', got '[gemma'\n    fix: write ']' at its end, and a comma between its parts",
    ),
    "an open bracket at the end": (
        "name: gemma\nregions: {us: [",
        "line 2: must close '[' with ']', got '['\n    fix: write ']' at its end, and a comma between its parts",
    ),
    "an open quote": (
        'name: "gemma\n',
        "line 1: must close its quote, got '\"gemma'\n    fix: write \" at its end",
    ),
    "an unknown alias": (
        "name: *gemma\n",
        "line 1: must name an anchor that stands above, got '*gemma'\n"
        "    fix: write &gemma above, such as below a key that begins with x-, or put the text in quotes",
    ),
    "a second document": (
        "name: a\n---\nname: b\n",
        "line 2: must not begin a second document, got '---'\n    fix: one file holds one platform",
    ),
    "a control character": (
        "name: a\nproject: b\x07\n",
        "line 2: must be text, got the character 0x07\n    fix: remove it",
    ),
    "not UTF-8": (
        b"name: gemma\nproject: caf\xe9-prod\n",
        "line 2: must be UTF-8 text, got the byte 0xe9\n    fix: save the file as UTF-8",
    ),
    "UTF-16": (
        "name: gemma\n".encode("utf-16"),
        "line 1: must be UTF-8 text, got UTF-16\n    fix: save the file as UTF-8",
    ),
    "half a character": (
        TEXT + 'namespace: "\\ud800"\n',
        r"must hold whole characters, got half of one: '\ud800'" + "\n    fix: write the character itself",
    ),
    "a megabyte": ("#" * 1024 * 1024, "must be at most 256 KiB, got 1024 KiB\n    fix: is it the right file?"),
    "deep nesting": (
        "a: " + "[" * 10_000,
        "must be nested at most 20 levels deep, got more\n    fix: an anchor must not hold itself",
    ),
    "nesting that is too deep": (
        "a: " + "[" * 30 + "]" * 30,
        "must be nested at most 20 levels deep, got more\n    fix: an anchor must not hold itself",
    ),
    "an anchor that holds itself": (
        "a: &a\n  b: *a\n",
        "must be nested at most 20 levels deep, got more\n    fix: an anchor must not hold itself",
    ),
    "a billion laughs": (
        "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
        + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 10)),
        "must hold at most 5000 values, got more\n    fix: anchors of anchors multiply: write it out",
    ),
}


@pytest.mark.parametrize("name", FILES)
def test_text_that_is_no_config_is_refused(tmp_path: Path, name: str) -> None:
    """Each kind of broken file is named, with the line where there is one."""
    content, expected = FILES[name]

    assert refusal(written(tmp_path, content)) == f"mine.yaml: 1 problem\n  {expected}"


def test_a_missing_file_is_named_with_the_nearest(tmp_path: Path) -> None:
    """A misspelt path is the likely reason."""
    written(tmp_path, TEXT)

    assert refusal(tmp_path / "mien.yaml") == (
        "mien.yaml: 1 problem\n  must exist, got no such file\n    fix: did you mean mine.yaml?"
    )


def test_an_unreadable_file_is_reported_with_its_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The user can then correct the permissions."""
    path = written(tmp_path, TEXT)

    def denied(_: Path) -> bytes:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", denied)
    assert "must be readable, got 'Permission denied'" in refusal(path)


def test_a_directory_is_no_config(tmp_path: Path) -> None:
    """A directory is not reported as a missing file."""
    assert "must be a file, got a directory" in refusal(tmp_path)


LINES = {
    "1: x": "a key must be text, got '1'\n    fix: begin it with a letter, or put quotes around it",
    "true: x": "a key must be text, got 'true'\n    fix: begin it with a letter, or put quotes around it",
    "? [a, b]\n: x": "a key must be text, got a list or map\n    fix: put quotes around it",
    "~: x": "a key must be text, got '~'\n    fix: begin it with a letter, or put quotes around it",
    "<<: 3": "'<<' must name a map, got 3\n    fix: write the name of an anchor before a map, such as <<: *pool",
    "bad: !!python/object:os.system x": (
        "must be plain YAML, got the tag '!!python/object:os.system'\n    fix: remove the tag"
    ),
    "bad: !secret x": "must be plain YAML, got the tag '!secret'\n    fix: remove the tag",
    "bad: !!set {a, b}": "must be plain YAML, got the tag '!!set'\n    fix: remove the tag",
}


@pytest.mark.parametrize("line", LINES)
def test_odd_keys_and_tags_are_refused_with_their_line(tmp_path: Path, line: str) -> None:
    """Keys are text, and tags run no code."""
    number = TEXT.count("\n") + 1

    assert f"line {number}: {LINES[line]}" in problems(written(tmp_path, f"{TEXT}{line}\n"))


def test_keys_for_anchors_are_ignored(tmp_path: Path) -> None:
    """A key at the top that begins with x- is a place for anchors, and no setting."""
    pool = "x-pool: &pool\n  machine_type: ct6e-standard-4t\n  topology: 2x2\n"
    text = pool + TEXT.replace("  tpu:\n    machine_type: ct6e-standard-4t\n    topology: 2x2\n", "  tpu: *pool\n")

    assert load(written(tmp_path, text)) == load(EXAMPLE)


NAMES = {
    "'{}'": ("must be a path without quotes or spaces around it, got no such file", "write {}"),
    '"{}"': ("must be a path without quotes or spaces around it, got no such file", "write {}"),
    "{} ": ("must be a path without quotes or spaces around it, got no such file", "write {}"),
    "https://example.com/mine.yaml": ("must be the path of a file, got an address", "download it, and name the file"),
    "gs://bucket/mine.yaml": ("must be the path of a file, got an address", "download it, and name the file"),
    "file://{}": ("must be the path of a file, got an address", "write '{}'"),
    "~/mine.yaml": (
        "must be a whole path, got '~', which the shell has not replaced",
        f"write {Path.home() / 'mine.yaml'}",
    ),
    "$HOME/mine.yaml": ("must be a whole path, got '$HOME', which the shell has not replaced", "write it out"),
    r"C:\Users\me\mine.yaml": (
        "must be a path as Linux and macOS have it, got one of Windows",
        "write /mnt/c/Users/me/mine.yaml",
    ),
    r"config\mine.yaml": ("must be a path as Linux and macOS have it, got one of Windows", "write config/mine.yaml"),
}


@pytest.mark.parametrize("name", NAMES)
def test_what_is_no_path_is_reported_as_such(tmp_path: Path, name: str) -> None:
    """Quotes, ~, addresses, variables and Windows paths in INFERENCE_CONFIG, each with the path to write."""
    path = written(tmp_path, TEXT)
    message, fix = NAMES[name]

    [problem] = refused(Path(name.format(path))).problems
    assert (problem.message, problem.fix) == (message, fix.format(path))


HUGE = {
    "brackets": ("a: " + "[" * 250_000, "must be nested at most 20 levels deep"),
    "braces": ("a: " + "{a: " * 60_000, "must be nested at most 20 levels deep"),
    "lines": ("".join(f"{' ' * depth}a:\n" for depth in range(650)), "must be nested at most 20 levels deep"),
    "values": (f"a: [{'x,' * 125_000}]", "must hold at most 5000 values"),
    "keys": ("".join(f"key{number}: x\n" for number in range(16_000)), "must hold at most 5000 values"),
    "wrong keys": ("1: x\n" * 50_000, "must hold at most 5000 values"),
}


@pytest.mark.parametrize("name", HUGE)
def test_a_file_costs_no_more_than_a_large_config(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a file that cannot be a config no more is scanned than a large config has; nothing of it is built."""
    content, expected = HUGE[name]
    looked_at: list[int] = []
    fetch = Scanner.fetch_more_tokens

    def counted(scanner: Scanner) -> None:
        looked_at.append(1)
        fetch(scanner)

    monkeypatch.setattr(Scanner, "fetch_more_tokens", counted)

    assert expected in refusal(written(tmp_path, content))
    assert len(looked_at) <= 2 * MAX_TOKENS


def test_of_thousands_of_problems_a_hundred_are_printed(tmp_path: Path) -> None:
    """All are counted."""
    reported = refusal(written(tmp_path, "".join(f"key{number}: x\n" for number in range(1000))))

    assert reported.startswith("mine.yaml: 1005 problems\n")
    assert reported.endswith("\n  ... and 905 more")
