"""`verify --watch`: look after look, in place in a terminal, until Ctrl-C."""

from __future__ import annotations

import io
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest
from rich.console import Console

from gke_inference.command import Exit
from gke_inference.findings import Finding, good, wrong
from gke_inference.progress import Note
from gke_inference.verify import watch
from gke_inference.verify.watch import Watch
from tests.configs import EXAMPLE
from tests.gke_inference.google_stand_in import Fault
from tests.gke_inference.verify_platform import HealthyPlatform

ERASE_LINE, CURSOR_UP = "\x1b[2K", "\x1b[1A"
CLUSTER = "container.projects.locations.clusters.get"


class Rounds:
    """Looks of a test, one after the other; after the last one somebody presses Ctrl-C."""

    def __init__(self, *rounds: list[Finding]) -> None:
        self.rounds: Iterator[list[Finding]] = iter(rounds)
        self.left = len(rounds)

    def look(self, note: Note) -> list[Finding]:
        """Return the findings of the next look."""
        note("checks", 1, 2)
        self.left -= 1
        return next(self.rounds)

    def sleep(self, seconds: float) -> None:
        """Take no time."""
        if not self.left:
            raise KeyboardInterrupt


def watched(monkeypatch: pytest.MonkeyPatch, rounds: Rounds, console: Console) -> Exit:
    """Watch these rounds, and return the exit code."""
    monkeypatch.setattr(watch, "sleep", rounds.sleep)
    return Watch(rounds.look, ("us",), title="gemma in p", interval_sec=5, console=console).run()


GOOD = good("CLUSTER", "RUNNING", "it runs")
WRONG = wrong("CLUSTER", "gone", "it runs", "apply it")


@pytest.mark.parametrize(
    ("rounds", "code"), [(([WRONG], [GOOD]), Exit.GOOD), (([GOOD], [WRONG]), Exit.WRONG), (([GOOD],), Exit.GOOD)]
)
def test_the_exit_code_is_that_of_the_last_look(
    monkeypatch: pytest.MonkeyPatch, rounds: tuple[list[Finding], ...], code: Exit
) -> None:
    """What was found before it does not count."""
    console = Console(file=io.StringIO(), width=80)

    assert watched(monkeypatch, Rounds(*rounds), console) == code


def test_a_terminal_is_refreshed_in_place(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each look replaces the one before; while it looks the last one stays, and at the end it is left there."""
    screen = io.StringIO()
    console = Console(file=screen, force_terminal=True, width=80, height=30, color_system=None)
    watched(monkeypatch, Rounds([WRONG], [GOOD]), console)
    frames = screen.getvalue().split(f"\r{ERASE_LINE}")

    assert all(CURSOR_UP in frame for frame in frames[2:4])
    looking = next(frame for frame in frames if "looking: checks 1 of 2" in frame and "Wrong: 0 good, 1 wrong" in frame)
    assert looking
    assert "again in 5 s; Ctrl-C ends" in screen.getvalue()
    assert screen.getvalue().rstrip().endswith("Good: 1 good, 0 wrong, 0 unknown")


def test_a_low_terminal_shows_what_is_not_good(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is good is counted; at the end all of it is printed."""
    screen = io.StringIO()
    console = Console(file=screen, force_terminal=True, width=80, height=12, color_system=None)
    many = [good(f"GOOD-{number}", "there", "it is there") for number in range(20)]
    watched(monkeypatch, Rounds([*many, WRONG]), console)
    live, _, report = screen.getvalue().rpartition("Ctrl-C ends")[2].partition("\x1b[?25h")

    assert "20 findings are left out: a higher terminal shows them" in live
    assert "apply it" in live
    assert "GOOD-1" not in live
    assert "GOOD-19" in report


def test_a_log_gets_each_look_with_its_time(example: HealthyPlatform, monkeypatch: pytest.MonkeyPatch) -> None:
    """One table below the other, by the command itself."""
    rounds = Rounds([], [])

    def sleep(seconds: float) -> None:
        assert seconds == 7
        rounds.left -= 1
        if rounds.left == 1:
            example.google.faults[CLUSTER] = Fault(403)
        rounds.sleep(seconds)

    monkeypatch.setattr(watch, "sleep", sleep)
    ran = example.run("--watch", "--interval-sec", "7", "--no-completion", output="text")

    title = rf"gemma in {example.config.project} at \d\d:\d\d:\d\d [A-Z+-]\S+"  # With its time zone.
    assert len(re.findall(title, ran.out)) == 2
    assert ran.out.count("Good: 32 good, 0 wrong, 0 unknown") == 1
    assert ran.code == 3


def test_ctrl_c_ends_it_with_the_code_of_the_last_look(example: HealthyPlatform) -> None:
    """By the signal, between two looks."""
    command = [sys.executable, "-m", "gke_inference", "--config", str(EXAMPLE), "verify", "--watch", "--no-completion"]
    with subprocess.Popen(command, env=dict(os.environ), stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        for line in process.stdout:
            if line.startswith("Good: "):
                break
        process.send_signal(signal.SIGINT)

        assert process.wait(timeout=20) == 0


def test_ctrl_c_in_the_first_look_is_no_verdict(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is known then."""

    def look(note: Note) -> list[Finding]:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Watch(look, ("us",), title="", interval_sec=1, console=Console(file=io.StringIO())).run()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--watch",), "--watch: must not stand beside --output json"),
        (("--interval-sec", "5"), "--interval-sec: must stand beside --watch"),
        (("--watch", "--interval-sec", "0"), "--interval-sec"),
    ],
)
def test_what_does_not_fit_is_refused(example: HealthyPlatform, arguments: tuple[str, ...], words: str) -> None:
    """Before anything is asked."""
    ran = example.run(*arguments)

    assert (ran.code, example.google.requests) == (2, [])
    assert words in ran.err
