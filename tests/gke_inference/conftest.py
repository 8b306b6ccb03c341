"""The command line as a user types it, `inference_ops`, which finds nobody's credentials."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from gke_inference.cli import main


@dataclass(frozen=True)
class Ran:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> dict[str, Any]:
        """Its JSON."""
        document: dict[str, Any] = json.loads(self.out)
        return document


InferenceOps = Callable[..., Ran]


@pytest.fixture(autouse=True)
def no_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hide the credentials of whoever runs the tests, for whom a load would read the gauges of a real project."""
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", "nowhere.json")


@pytest.fixture
def inference_ops(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> InferenceOps:
    """Run the command line with these arguments, on a page of 100 columns."""
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.delenv("INFERENCE_CONFIG", raising=False)

    def run(*arguments: str) -> Ran:
        monkeypatch.setattr(sys, "argv", ["gke-inference", *arguments])
        code = main()
        captured = capsys.readouterr()
        return Ran(code, captured.out, captured.err)

    return run
