"""What the first `make` shows while it sets up, and how it installs."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest
import tomli

from tools import install, lock, setup

ROOT = Path(__file__).parent.parent


@pytest.fixture(autouse=True)
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Let the steps write in a folder of the test."""
    monkeypatch.setattr(setup, "ROOT", tmp_path)
    monkeypatch.setattr(setup, "VENV", tmp_path / "venv")
    monkeypatch.setattr(setup, "LOG", tmp_path / "setup.log")
    return tmp_path / "setup.log"


@pytest.fixture
def titles(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[str]:
    """Collect the titles of the steps; no step and no other program runs."""
    shown: list[str] = []

    def note(title: str, *_: object) -> bool:
        shown.append(title)
        return True

    monkeypatch.setattr(setup, "succeeds", note)
    monkeypatch.setattr("subprocess.run", lambda *_, **__: None)
    monkeypatch.setattr(setup, "CHECKOV", tmp_path / "checkov")
    for folder in ("venv", "checkov/.venv"):
        (tmp_path / folder).mkdir(parents=True)
    monkeypatch.setattr(setup, "make_environment", lambda folder: folder.mkdir(exist_ok=True))
    monkeypatch.setattr(setup, "UV", tmp_path / "no uv")
    monkeypatch.setattr(install, "locked", lambda *_: ["one", "two"])
    return shown


def test_a_step_that_takes_long_says_so_once(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A dot a second, and where to look; then how long it took."""
    monkeypatch.setattr(setup, "LONG_SEC", 0)
    setup.step("1 of 6: waiting", [sys.executable, "-c", "import time; time.sleep(2.5)"])
    shown = capsys.readouterr().out

    assert re.fullmatch(
        r"  1 of 6: waiting \. \(longer than usual; what it does is in setup\.log\) \.+ \d\.\d s\n", shown
    )


def test_a_step_that_fails_shows_what_it_wrote(log: Path) -> None:
    """And where the rest of it is."""
    with pytest.raises(SystemExit, match=r"(?s)no network.*its whole output is in setup\.log"):
        setup.step("2 of 6: failing", [sys.executable, "-c", "raise SystemExit('no network')"])

    assert "no network" in log.read_text()


def test_each_step_of_the_first_stage_is_numbered(titles: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """With how many there are, and how long all of them usually take."""
    setup.set_up()
    shown = capsys.readouterr().out

    assert [title.partition(":")[0] for title in titles] == ["1 of 3", "2 of 3"]
    assert "installing 2 packages" in titles[1]
    assert "  3 of 3: " in shown
    assert "about 20 seconds on two cores with a fast line, several minutes on a slow one" in shown


def test_cdktn_alone_brings_nothing_of_cdktf(
    titles: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A fresh environment has one toolchain."""
    monkeypatch.setattr(
        install, "locked", lambda *_: ["cdktf==1", "cdktf-cdktf-provider-time==1", "cdktn==1", "rich==1"]
    )
    setup.set_up_cdktn()

    assert "installing 2 packages" in titles[1]
    assert (setup.VENV / "requirements.txt").read_text() == "cdktn==1\nrich==1"
    assert "Setting up .venv with cdktn" in capsys.readouterr().out


def test_cdktn_comes_beside_a_cdktf_that_is_there(
    titles: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing is made anew; where the lock has changed since, all is."""
    monkeypatch.setattr(setup, "is_ready", lambda stage, locks: stage == "synth")
    kept = setup.VENV / "kept"
    kept.touch()
    setup.set_up_cdktn()
    assert [title.partition(":")[0] for title in titles] == ["1 of 2"]
    assert "  2 of 2: " in capsys.readouterr().out
    assert kept.exists()

    monkeypatch.setattr(setup, "is_ready", lambda stage, locks: False)
    setup.set_up_cdktn()
    assert not kept.exists()


def test_each_step_of_the_second_stage_is_numbered(titles: list[str]) -> None:
    """The test tools, then checkov by itself, then promtool."""
    setup.add_tests()

    assert [title.partition(":")[0] for title in titles] == ["1 of 3", "2 of 3", "3 of 3"]


def test_the_set_up_goes_on_without_promtool(
    titles: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It says which tests will fail, and what to do."""
    monkeypatch.setattr(setup, "succeeds", lambda title, *_: "promtool" not in title)
    setup.add_tests()
    shown = capsys.readouterr().out

    assert "the tests of alerts will fail" in shown
    assert "brew install prometheus" in shown


def test_a_stage_runs_once_for_the_same_locks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And again when a lock has changed."""
    runs: list[str] = []
    locks = [tmp_path / "Pipfile.lock", tmp_path / "checkov" / "Pipfile.lock", tmp_path / "promtool" / "go.sum"]
    for path in locks:
        path.parent.mkdir(exist_ok=True)
        path.write_text("one")
    monkeypatch.setattr(setup, "LOCK", locks[0])
    monkeypatch.setattr(setup, "CHECKOV", locks[1].parent)
    monkeypatch.setattr(setup, "PROMTOOL_LOCK", locks[2])
    monkeypatch.setattr(setup, "add_tests", lambda: runs.append("tests"))
    setup.VENV.mkdir()
    setup.main("tests")
    setup.main("tests")
    before = len(runs)
    for path in locks[1:]:
        path.write_text("two")
        setup.main("tests")

    assert (before, len(runs)) == (1, 3)


def test_pip_installs_where_uv_cannot_be_had(titles: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """The same packages with the same hashes."""
    setup.install_packages("2 of 3: installing", setup.VENV, setup.LOCK, "default")

    assert titles == ["2 of 3: installing, with pip"]
    assert (setup.VENV / "requirements.txt").read_text() == "one\ntwo"
    assert "--require-hashes" in install.with_pip(setup.VENV, setup.VENV / "requirements.txt")


def test_a_lock_becomes_requirements_with_markers_and_hashes(tmp_path: Path) -> None:
    """Both pip and uv refuse whatever has another hash."""
    packages = {
        "one": {"version": "==1.0", "hashes": ["sha256:a", "sha256:b"]},
        "two": {"version": "==2.0", "hashes": ["sha256:c"], "markers": "python_version < '3.11'"},
    }
    path = tmp_path / "Pipfile.lock"
    path.write_text(json.dumps({"default": packages, "develop": {"one": packages["one"]}}))

    assert install.locked(path, "default", "develop") == [
        "one==1.0 --hash=sha256:a --hash=sha256:b",
        "two==2.0 ; python_version < '3.11' --hash=sha256:c",
    ]
    assert lock.packages("\n".join(install.locked(path, "default"))) == packages


@pytest.mark.parametrize("lent", [True, False], ids=["lent", "its own"])
def test_an_environment_has_the_pip_that_made_it(lent: bool, tmp_path: Path) -> None:
    """A command that runs inside asks it for its settings, as the one that sets up does: `make lock` needs them."""
    environment = tmp_path / "environment"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", environment], check=True)
    if not lent:
        own = Path(sysconfig.get_path("purelib", vars={"base": str(environment)})) / "pip"
        own.mkdir()
        (own / "__main__.py").write_text("")
    asked = f"from pathlib import Path; from tools import install; print(*install.pip(Path({str(environment)!r})))"
    found = subprocess.run(
        [environment / "bin" / "python", "-c", asked], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    python = environment / "bin" / "python"

    assert found == [str(python.resolve() if lent else python), "-m", "pip"]


def test_uv_uses_the_index_and_certificates_that_pip_uses() -> None:
    """A variable goes before a file, and a variable of uv's own before both."""
    listed = (
        ":env:.cert='/certs.pem'\nglobal.index-url='https://global.test/'\n"
        "global.extra-index-url='https://a.test https://b.test'\ninstall.find-links='/one\\n/two'\n"
        "install.index-url='https://install.test/'\n"
    )
    settings = install.pip_settings(listed)
    variables = install.uv_variables(settings, {"UV_INDEX": "https://mine.test", "REQUESTS_CA_BUNDLE": "/other.pem"})

    assert variables["UV_DEFAULT_INDEX"] == "https://install.test/"
    assert variables["UV_INDEX"] == "https://mine.test"
    assert variables["UV_FIND_LINKS"] == "/one,/two"
    assert variables["SSL_CERT_FILE"] == "/certs.pem"
    assert install.uv_variables({}, {"REQUESTS_CA_BUNDLE": "/other.pem"})["SSL_CERT_FILE"] == "/other.pem"


@pytest.mark.parametrize(("value", "expected"), [("true", True), ("0", False)])
def test_uv_asks_no_index_where_pip_would_not(value: str, *, expected: bool) -> None:
    """`no-index`, with the words that pip takes for yes."""
    command = install.with_uv(Path("uv/bin/uv"), Path("venv"), Path("requirements.txt"), {"no-index": value})

    assert ("--no-index" in command) is expected


def test_pipfile_is_what_pyproject_says() -> None:
    """Dependencies are written once; `make lock` writes the rest."""
    project = tomli.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))

    assert (ROOT / "Pipfile").read_text(encoding="utf-8") == lock.text(lock.pipfile(project))


@pytest.mark.parametrize("folder", [ROOT, ROOT / "tools" / "checkov"])
def test_the_lock_fits_its_pipfile_and_names_no_index(folder: Path) -> None:
    """Each package of the Pipfile is locked in a version that it allows; where packages come from is pip's to say."""
    from packaging.specifiers import SpecifierSet

    locked = json.loads((folder / "Pipfile.lock").read_text(encoding="utf-8"))
    sections = tomli.loads((folder / "Pipfile").read_text(encoding="utf-8"))

    assert locked["_meta"]["sources"] == []
    assert "source" not in sections
    for section, key in (("packages", "default"), ("dev-packages", "develop")):
        for name, versions in sections.get(section, {}).items():
            package = locked[key][name]
            assert package["hashes"]
            assert "index" not in package
            assert package["version"].removeprefix("==") in SpecifierSet("" if versions == "*" else versions)


def test_both_sections_lock_one_version() -> None:
    """The tests run with what is shipped."""
    locked = json.loads((ROOT / "Pipfile.lock").read_text(encoding="utf-8"))
    both = locked["default"].keys() & locked["develop"].keys()

    assert both
    assert [name for name in both if locked["default"][name] != locked["develop"][name]] == []
