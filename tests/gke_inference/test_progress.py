"""How far a command is, in a log."""

from __future__ import annotations

import pytest

from gke_inference import progress as progress_module
from gke_inference.progress import show_progress


def test_a_log_gets_a_line_now_and_then(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Every two seconds, every ten while nothing ends, and at the end; on stderr."""
    clock = [0.0]
    monkeypatch.setattr(progress_module, "monotonic", lambda: clock[0])
    with show_progress() as note:
        for second, done in enumerate((1, 2, 3, *[4] * 12, 5)):
            clock[0] = float(second)
            note("checks", done, 5)

    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.splitlines() == ["checks: 3 of 5", "checks: 4 of 5", "checks: 4 of 5", "checks: 5 of 5"]
