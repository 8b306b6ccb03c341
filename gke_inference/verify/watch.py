"""`verify --watch`: one look after the other, drawn in place in a terminal, one below the other in a log."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from time import sleep

from rich.console import Console, Group, RenderableType
from rich.live import Live

from gke_inference.command import Exit
from gke_inference.findings import Finding, Status, outcome, sort_findings
from gke_inference.progress import Note
from gke_inference.tables import findings_table, print_findings, summary

Look = Callable[[Note], list[Finding]]
"""Looks at everything once, and notes its progress."""


class Watch:
    """
    Looks again and again until Ctrl-C.

    A terminal always shows the last whole look, and above it the verdict and how far the next look is. Each change is
    drawn by one write, so that nothing flickers. Where it is too low for all findings, the good ones are left out.

    Args:
        look: Looks once.
        regions: Keys of the regions, in the order of the config.
        title: Stands above the table.
        interval_sec: From the end of a look to the begin of the next.
        console: Where it is drawn.
    """

    def __init__(
        self, look: Look, regions: Collection[str], *, title: str, interval_sec: float, console: Console
    ) -> None:
        self._look = look
        self._regions = regions
        self._title = title
        self._interval_sec = interval_sec
        self._console = console
        self._live = Live(console=console, auto_refresh=False, transient=True)
        self._findings: list[Finding] = []

    def run(self) -> Exit:
        """
        Look until Ctrl-C, and return the exit code of the last whole look.

        Raises:
            KeyboardInterrupt: There was none.
        """
        try:
            with self._live:
                while True:
                    self._findings = sort_findings(self._look(self._note), self._regions)
                    self._end_round()
                    sleep(self._interval_sec)
        except KeyboardInterrupt:
            if not self._findings:
                raise
        if self._console.is_terminal:
            print_findings(self._findings, self._console, title=self._title)
        return outcome(self._findings)

    def _note(self, what: str, done: int, of: int) -> None:
        self._draw(f"looking: {what} {done} of {of}")

    def _end_round(self) -> None:
        now = datetime.now().astimezone()
        if self._console.is_terminal:
            self._draw(f"looked at {now:%H:%M:%S}, again in {self._interval_sec:g} s")
        else:
            print_findings(self._findings, self._console, title=f"{self._title} at {now:%H:%M:%S %Z}")

    def _draw(self, progress: str) -> None:
        if self._console.is_terminal:
            verdict = f"{summary(self._findings)}; " if self._findings else ""
            self._live.update(Group(f"{verdict}[dim]{progress}; Ctrl-C ends[/]", *self._tables()), refresh=True)

    def _tables(self) -> Sequence[RenderableType]:
        """Return the last look, as far as the terminal has room for it below the first line."""
        if not self._findings:
            return ()
        table = findings_table(self._findings, title=self._title)
        if len(self._console.render_lines(table, pad=False)) < self._console.height:
            return (table,)
        bad = [finding for finding in self._findings if finding.status not in (Status.GOOD, Status.SKIPPED)]
        return (
            f"[dim]{len(self._findings) - len(bad)} findings are left out: a higher terminal shows them[/]",
            findings_table(bad, title=self._title),
        )
