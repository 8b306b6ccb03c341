"""What the first `make` shows while it sets up."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from tools import setup


@pytest.fixture(autouse=True)
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the steps write, in a folder of the test."""
    monkeypatch.setattr(setup, "ROOT", tmp_path)
    monkeypatch.setattr(setup, "LOG", tmp_path / "setup.log")
    return tmp_path / "setup.log"


def test_a_step_that_takes_long_says_so_once(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A dot a second, and where to look; then how long it took."""
    monkeypatch.setattr(setup, "LONG_SEC", 0)
    setup.step("1 of 6: waiting", sys.executable, "-c", "import time; time.sleep(1.5)")
    told = capsys.readouterr().out

    assert re.fullmatch(r"  1 of 6: waiting \. \(longer than usual; what it does is in setup\.log\) \.+ \d s\n", told)


def test_a_step_that_fails_shows_what_it_wrote(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """And where the rest of it is."""
    with pytest.raises(SystemExit, match=r"(?s)no network.*its whole output is in setup\.log"):
        setup.step("2 of 6: failing", sys.executable, "-c", "raise SystemExit('no network')")

    assert "no network" in log.read_text()


def test_each_step_is_numbered(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """With how many there are, and what is usual for all of them."""
    titles: list[str] = []
    monkeypatch.setattr(setup, "step", lambda title, *_, **__: titles.append(title))
    monkeypatch.setattr(setup, "VENV", setup.ROOT / "venv")
    monkeypatch.setattr("subprocess.run", lambda *_, **__: None)
    setup.set_up()
    told = capsys.readouterr().out

    assert setup.VENV.is_dir()
    assert [title.partition(":")[0] for title in titles] == [f"{number} of 6" for number in range(1, 6)]
    assert "  6 of 6: " in told
    assert "about a minute on two cores with a fast line, several on a slow one" in told
