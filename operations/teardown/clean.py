"""Waits for the load balancer to let go, and sweeps what controllers left, on the way down."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import groupby

from rich.console import Console
from rich.markup import escape

from operations.api_error import ApiError
from operations.findings import Finding, Status
from operations.teardown.found import Found
from operations.teardown.network import Network
from operations.teardown.stateless import not_swept
from operations.teardown.stop import Stop


@dataclass(kw_only=True)
class Cleaner:
    """
    Every wait is bounded, and a signal ends it.

    Attributes:
        wait_sec: Longest wait.
        pause_sec: Between two looks.
        asked: Ghosts whose end was asked for, by path.
        problems: What could not be asked or was refused, by what was tried last.
    """

    network: Network
    wait_sec: float
    pause_sec: float
    stop: Stop
    console: Console
    asked: dict[str, Found] = field(default_factory=dict)
    problems: dict[str, Finding] = field(default_factory=dict)

    def remember(self) -> None:
        """Look while all is there: what is half gone later can be proven to be ours no more."""
        self._answered("SWEEP", self.network.look)

    def wait_for_balancer(self) -> None:
        """Wait until the load balancer has let go of our network, while the controllers that see to it still live."""
        self._answered("WAIT", lambda: self._wait("the load balancer", lambda: self.network.look().balancing))

    def sweep(self) -> None:
        """
        Delete what controllers left in our network, once there is no cluster in it whose controllers may use it.

        Only in a network that Terraform made and that was in its state when this run began.
        """
        self._answered("SWEEP", self._sweep)

    def _sweep(self) -> None:
        if not self.network.known:
            if strange := self.network.look().ghosts:
                self.problems["SWEEP"] = not_swept(self.network.path, strange)
            return
        if living := [cluster["name"] for cluster in self.network.clusters()]:
            found = f"nothing was swept: {', '.join(living)} is still in the network"
            fix = "delete the cluster, which no stack knows, and run the command again"
            self.problems["SWEEP"] = Finding(id="SWEEP", status=Status.WRONG, found=found, needed="no cluster", fix=fix)
            return
        refused: dict[str, ApiError] = {}
        # Google keeps what is in use, and ends a thing some time after it was asked to: one kind after another.
        for kind, ghosts in groupby(self.network.look().ghosts, key=lambda ghost: ghost.kind):
            going = self._delete(ghosts, refused)
            if going:
                self._wait(f"each {kind} that was left", partial(self.network.there, going))
        if refused:
            self.problems["SWEEP"] = _refusals(refused)

    def _delete(self, ghosts: Iterable[Found], refused: dict[str, ApiError]) -> list[Found]:
        """Ask for the end of all *ghosts*; gives those that are going, and puts the others in *refused*."""
        going = []
        for ghost in ghosts:
            if self.stop.asked:
                break
            self._say(f"deleting the {ghost.shown}, which a controller left")
            self.asked[ghost.path] = ghost
            try:
                self.network.delete(ghost)
            except ApiError as error:
                refused[ghost.shown] = error
            else:
                going.append(ghost)
        return going

    def _wait(self, what: str, look: Callable[[], Sequence[Found]]) -> None:
        began = time.monotonic()
        while (found := look()) and not self.stop.asked:
            waited = time.monotonic() - began
            if waited >= self.wait_sec:
                self._say(
                    f"{what}: {len(found)} are still there after {waited:.0f} s, such as the {found[0].shown}; going on"
                )
                return
            self._say(f"{what}: {len(found)} are still there, such as the {found[0].shown}")
            self.stop.pause(min(self.pause_sec, self.wait_sec - waited))

    def _answered(self, id_: str, ask: Callable[[], object]) -> None:
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


def _refusals(refused: dict[str, ApiError]) -> Finding:
    """Google's own words of each."""
    denied = any(error.denied for error in refused.values())
    return Finding(
        id="SWEEP", status=Status.WRONG, found="; ".join(f"{name}: {error}" for name, error in refused.items()),
        needed="all ghosts are deleted",
        fix="get the permissions that Google names, then run the command again" if denied
        else "run the command again; Google refuses what is still in use for a while",
    )  # fmt: skip
