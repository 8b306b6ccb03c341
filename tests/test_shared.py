"""What tests share is made once in a run, by whoever asks first."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.shared import SharedFolders

ROOT = Path(__file__).parent.parent
WORKER = """
import sys, time
from pathlib import Path
from tests.shared import SharedFolders

def make(folder):
    time.sleep(0.2)
    with (folder / "made").open("a") as file:
        file.write("once")

print((SharedFolders(Path(sys.argv[1])).get("a", make) / "made").read_text())
"""


def test_workers_that_ask_at_once_get_one_folder(tmp_path: Path) -> None:
    """The first makes it, and the other waits until it is whole."""
    command = [sys.executable, "-c", WORKER, str(tmp_path)]
    workers = [subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) for _ in range(2)]

    assert [worker.communicate()[0] for worker in workers] == ["once\n"] * 2


def test_what_could_not_be_made_is_tried_again(tmp_path: Path) -> None:
    """From an empty folder."""
    shared = SharedFolders(tmp_path)

    def fail(folder: Path) -> None:
        (folder / "half").touch()
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        shared.get("a", fail)

    assert list(shared.get("a", lambda folder: (folder / "whole").touch()).iterdir()) == [tmp_path / "a" / "whole"]
    assert shared.get("a", fail) == tmp_path / "a"
