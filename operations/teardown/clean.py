"""Waits for the load balancer to let go, and sweeps what controllers left, on the way down."""

from __future__ import annotations

import time
from collections.abc import Callable, Container
from dataclasses import dataclass, field

from rich.console import Console
from rich.markup import escape

from operations.api_error import ApiError
from operations.findings import Finding, Status
from operations.teardown.stop import Stop
from operations.teardown.sweep import Found, Network


@dataclass(kw_only=True)
class Cleaner:
    """
    Every wait is bounded, and a signal ends it.

    Attributes:
        in_states: Paths of what Terraform made, which is never swept.
        wait_sec: Longest wait.
        pause_sec: Between two looks.
        asked: Ghosts whose end was asked for, by path.
        problems: What could not be asked or was refused, by what was tried last.
    """

    network: Network
    in_states: Container[str]
    wait_sec: float
    pause_sec: float
    stop: Stop
    console: Console
    asked: dict[str, Found] = field(default_factory=dict)
    problems: dict[str, Finding] = field(default_factory=dict)

    def wait_for_balancer(self) -> None:
        """Wait until the load balancer has let go of our network, while the controllers that see to it still live."""
        self._answered("WAIT", lambda: self._wait("the load balancer", self.network.balancing))

    def sweep(self) -> None:
        """Delete what controllers left in our network, once there is no cluster in it whose controllers may use it."""
        self._answered("SWEEP", self._sweep)

    def _sweep(self) -> None:
        if living := [cluster["name"] for cluster in self.network.clusters()]:
            found = f"nothing was swept: {', '.join(living)} is still in the network"
            fix = "delete the cluster, which no stack knows, and run the command again"
            self.problems["SWEEP"] = Finding(id="SWEEP", status=Status.WRONG, found=found, needed="no cluster", fix=fix)
            return
        refused: dict[str, str] = {}
        for ghost in self.network.ghosts(self.in_states):
            if self.stop.asked:
                return
            self._say(f"deleting the {ghost.kind} {ghost.name}, which a controller left")
            self.asked[ghost.path] = ghost
            try:
                self.network.delete(ghost)
            except ApiError as error:
                refused[ghost.path] = f"{ghost.kind} {ghost.name}: {error}"
        if refused:
            self.problems["SWEEP"] = Finding(
                id="SWEEP", status=Status.WRONG, found="; ".join(refused.values()), needed="all ghosts are deleted",
                fix="run the command again; Google refuses what is still in use for a while",
            )  # fmt: skip
        if self.asked:
            self._wait("the ghosts", lambda: [g for g in self.network.ghosts(self.in_states) if g.path not in refused])

    def _wait(self, what: str, look: Callable[[], list[Found]]) -> None:
        began = time.monotonic()
        while (found := look()) and not self.stop.asked:
            waited = time.monotonic() - began
            if waited >= self.wait_sec:
                self._say(
                    f"{what}: {len(found)} are still there after {waited:.0f} s, such as {found[0].name}; going on"
                )
                return
            self._say(f"{what}: {len(found)} are still there, such as the {found[0].kind} {found[0].name}")
            self.stop.pause(min(self.pause_sec, self.wait_sec - waited))

    def _answered(self, id_: str, ask: Callable[[], None]) -> None:
        self.problems.pop(id_, None)
        try:
            ask()
        except ApiError as error:
            self._say(f"{id_.lower()}: could not be told: {error}")
            needed = "an answer of compute and container: list, get"
            fix = "get the permissions, or look in the console" if error.denied else "run the command again"
            self.problems[id_] = Finding(
                id=id_, status=Status.UNKNOWN, found=f"could not be told: {error}", needed=needed, fix=fix
            )

    def _say(self, line: str) -> None:
        self.console.print(escape(line), soft_wrap=True, highlight=False)
