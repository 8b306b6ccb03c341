"""The same tree makes the same stacks with cdktf and with cdktn, and as fast."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fast_synth.toolchain import CDKTF, CDKTN, VARIABLE, chosen, name_in_cdktn
from tests.configs import CONFIGS, EXAMPLE, MORE, SOVEREIGN
from tests.test_fast_synth import ROOT, Synth, python, synth

MAIN = "import sys, main; sys.exit(main.main())"
LISTED = {
    "version": re.compile(r"(manifest\.json /version|\S+ ////metadata/version): 0\.21\.0 is 0\.24\.0"),
    "metadata of what kubernetes 3 has moved to its plugin framework": re.compile(
        r"\S+ /(resource|data)/kubernetes_(namespace|role)_v1/[^/]+/metadata: a list of one"
    ),
    "components, which google 8 has as a set: `tolist` of a list is that list": re.compile(
        r"\S+ /check/cluster-(logging|monitoring)/assert\[0\]/condition: "
        r"(?P<a>.*?)(?P<list>google_container_cluster\S+)(?P<z>\).*) is (?P=a)tolist\((?P=list)\)(?P=z)"
    ),
}
"""All that may differ, as `differences` says it, and why."""


def synthesize(path: Path, outdir: Path, toolchain: str) -> dict[str, Any]:
    """Synthesize the config at *path* with *toolchain*, and return its files by their paths; JSON as data."""
    python(MAIN, {"INFERENCE_CONFIG": str(path), "CDKTF_OUTDIR": str(outdir), VARIABLE: toolchain})
    files = {str(file.relative_to(outdir)): file.read_text() for file in outdir.rglob("*") if file.is_file()}
    return {name: json.loads(text) if name.endswith(".json") else text for name, text in files.items()}


def differences(old: Any, new: Any, path: str) -> Iterator[str]:
    """Yield where *new* differs from *old*; a block stands for a list of that block."""
    if isinstance(old, dict) and isinstance(new, list) and len(new) == 1:
        yield f"{path}: a list of one"
        yield from differences(old, new[0], path)
    elif isinstance(old, dict) and isinstance(new, dict) and old.keys() == new.keys():
        for key, value in old.items():
            yield from differences(value, new[key], f"{path}/{key}")
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for number, value in enumerate(old):
            yield from differences(value, new[number], f"{path}[{number}]")
    elif old != new:
        yield f"{path}: {old} is {new}"


def test_what_differs_is_found() -> None:
    """The comparison below can fail: keys, lengths, values, kinds."""
    old = {"a": {"b": [1, 2]}, "c": {"d": 1}}
    new = {"a": {"b": [1]}, "c": [{"d": 2}]}

    assert list(differences(old, new, "x ")) == ["x /a/b: [1, 2] is [1]", "x /c: a list of one", "x /c/d: 1 is 2"]
    assert list(differences(old, {"a": 1}, "x ")) == [f"x : {old} is {{'a': 1}}"]


@pytest.mark.slow
@pytest.mark.parametrize("path", [*CONFIGS, *MORE, SOVEREIGN], ids=lambda path: path.stem)
def test_both_toolchains_write_the_same_but_for_what_is_listed(path: Path, tmp_path: Path) -> None:
    """Stacks, addresses, dependencies, dashboards: every file of every platform."""
    old = synthesize(path, tmp_path / "cdktf", CDKTF)
    new = synthesize(path, tmp_path / "cdktn", CDKTN)
    assert old.keys() == new.keys()
    found = [found for name in old for found in differences(old[name], new[name], f"{name} ")]

    assert [one for one in found if not any(listed.fullmatch(one) for listed in LISTED.values())] == []
    assert any(LISTED["version"].fullmatch(one) for one in found)


@pytest.fixture(scope="module")
def fast(tmp_path_factory: pytest.TempPathFactory) -> Synth:
    """Synthesize the example with cdktn."""
    return synth(tmp_path_factory.mktemp("fast"), switch="1", toolchain=CDKTN)


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Synth:
    """Synthesize it with the fast path switched off: half a minute, so once."""
    return synth(tmp_path_factory.mktemp("plain"), switch="0", toolchain=CDKTN)


@pytest.mark.slow
def test_the_fast_path_of_cdktn_changes_no_byte_and_loads_a_fraction(fast: Synth, plain: Synth) -> None:
    """Node leaves out what no stack uses, as with cdktf; the Python of these bindings does so by itself."""
    assert plain.files == fast.files
    assert max(fast.python_modules, plain.python_modules) < 200
    assert fast.javascript_files < 100 < plain.javascript_files


def test_one_module_has_both_names() -> None:
    """An app may import either; classes of two copies would not fit together."""
    code = """
import fast_synth
fast_synth.enable()
import cdktf, cdktn
import cdktf_cdktf_provider_time.sleep as by_old_name
from cdktn_provider_time import sleep
from cdktf_cdktf_provider_time.sleep import Sleep
assert cdktf is cdktn and cdktf.__spec__.name == "cdktn"
assert by_old_name is sleep and Sleep is sleep.Sleep
try:
    import cdktf_cdktf_provider_time.no_such_resource
except ModuleNotFoundError as error:
    print(error)
"""
    assert python(code, {VARIABLE: CDKTN}) == "No module named 'cdktn_provider_time.no_such_resource'\n"


@pytest.mark.parametrize("switch", ["0", "1"])
def test_the_choice_does_not_depend_on_the_fast_path(switch: str) -> None:
    """Switched off, it is slow and still cdktn."""
    code = "import fast_synth; fast_synth.enable(); import cdktf; print(cdktf.__name__)"

    assert python(code, {VARIABLE: CDKTN, "INFERENCE_FAST_SYNTH": switch}) == "cdktn\n"
    assert python(code, {VARIABLE: CDKTF, "INFERENCE_FAST_SYNTH": switch}) == "cdktf\n"


def test_a_choice_that_comes_after_an_import_of_cdktf_says_so() -> None:
    """What was imported stays, as a whole."""
    code = """
import warnings, cdktf, fast_synth
with warnings.catch_warnings(record=True) as caught:
    fast_synth.enable()
import cdktf_cdktf_provider_time.sleep
print([str(warning.message) for warning in caught][0])
"""
    expected = "INFERENCE_CDK=cdktn came after the first import of cdktf, which stays\n"

    assert python(code, {VARIABLE: CDKTN}) == expected


def test_the_environment_chooses_and_else_what_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cdktf where both are there."""
    assert [chosen({VARIABLE: name}) for name in (CDKTF, CDKTN, "")] == [CDKTF, CDKTN, CDKTF]
    with pytest.raises(ValueError, match="INFERENCE_CDK must be cdktf or cdktn, got 'cdk'"):
        chosen({VARIABLE: "cdk"})

    monkeypatch.setattr("fast_synth.toolchain.is_installed", lambda name: name == CDKTN)
    assert chosen({}) == CDKTN
    monkeypatch.setattr("fast_synth.toolchain.is_installed", lambda name: False)
    assert chosen({}) == CDKTF


@pytest.mark.parametrize(
    ("module", "expected"),
    [
        ("cdktf", "cdktn"),
        ("cdktf.testing_matchers", "cdktn.testing_matchers"),
        ("cdktf_cdktf_provider_google_beta", "cdktn_provider_google_beta"),
        ("cdktf_cdktf_provider_time.sleep", "cdktn_provider_time.sleep"),
        ("cdktf_of_somebody", None),
        ("constructs", None),
        ("cdktn", None),
    ],
)
def test_names_of_cdktf_have_one_in_cdktn(module: str, expected: str | None) -> None:
    """And no other name has."""
    assert name_in_cdktn(module) == expected


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("cdk", "INFERENCE_CDK: must be cdktf or cdktn, got 'cdk'"),
        ("cdktn", "INFERENCE_CDK: must be a toolchain that is installed, got 'cdktn': here is cdktf"),
    ],
)
def test_a_toolchain_that_cannot_be_had_is_refused(value: str, message: str, tmp_path: Path) -> None:
    """With exit code 2 and the command that brings it; nothing is written."""
    hidden = (
        "" if value == "cdk" else "import fast_synth.toolchain as t; t.is_installed = lambda name: name == 'cdktf'\n"
    )
    settings = {"INFERENCE_CONFIG": str(EXAMPLE), "CDKTF_OUTDIR": str(tmp_path / "out"), VARIABLE: value}
    code = f"{hidden}{MAIN}"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env={**os.environ, **settings}, capture_output=True, text=True
    )

    assert done.returncode == 2
    assert message in done.stderr
    assert "fix: " in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "out").exists()
