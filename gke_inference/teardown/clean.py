"""Waits for the load balancer to let go, and sweeps what controllers left, on the way down."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import groupby

from gke_inference.api_error import ApiError
from gke_inference.findings import Finding, Status
from gke_inference.teardown.answers import CLUSTER_VIEWER, UNTOLD, VIEWER, untold
from gke_inference.teardown.found import Found
from gke_inference.teardown.network import Network
from gke_inference.teardown.stateless import not_swept
from gke_inference.teardown.unswept import still_living, unswept
from gke_inference.teardown.waiter import Waiter


@dataclass(kw_only=True)
class Cleaner:
    """
    Cleans up in *network*.

    Attributes:
        swept: Ghosts that were asked to go and were seen to be gone, by path.
        problems: What could not be asked, was refused or is still there, by what was tried last.
    """

    network: Network
    waiter: Waiter
    swept: dict[str, Found] = field(default_factory=dict)
    problems: dict[str, Finding] = field(default_factory=dict)
    _going: dict[str, Found] = field(default_factory=dict)
    _refused: dict[Found, ApiError] = field(default_factory=dict)

    def remember(self) -> None:
        """Look while all is there: what is half gone later can be proven to be ours no more."""
        self._answered("SWEEP", lambda: self.waiter.look("the network", self.network.look))

    def wait_for_clusters(self) -> None:
        """Wait until those that somebody deletes already are gone."""
        self._answered("WAIT", lambda: self.waiter.wait("clusters that are being deleted", self.network.stopping))

    def wait_for_balancer(self) -> None:
        """Wait until the load balancer has let go of our network, while the controllers that see to it still live."""
        self._answered("WAIT", lambda: self.waiter.wait("the load balancer", lambda: self.network.look().balancing))

    def sweep(self) -> None:
        """
        Delete what controllers left in our network, once there is no cluster in it whose controllers may use it.

        Only in a network that Terraform made and that was in its state when this run began.
        """
        self._answered("SWEEP", self._sweep)

    def settle(self) -> None:
        """Look again at what was refused or not gone in time: Google may have ended it meanwhile."""
        if self._going or self._refused:
            self._answered("SWEEP", self._settle)

    def _sweep(self) -> None:
        if not self.network.known:
            if strange := self.waiter.look("the network", self.network.look).ghosts:
                self.problems["SWEEP"] = not_swept(self.network.path, strange)
            return
        if not self._deserted():
            return
        self._settle()
        self._refused = {}
        # Google keeps what is in use, and ends a thing some time after it was asked to: one kind after another.
        ghosts = self.waiter.look("the network", self.network.look).ghosts
        for kind, same in groupby(ghosts, key=lambda ghost: ghost.kind):
            if going := self._delete(same):
                self._gone(self.waiter.wait(f"each {kind} that was left", partial(self.network.there, going)), going)
        self._tell_unswept()

    def _deserted(self) -> bool:
        """Whether no cluster is in the network any more; those that are being deleted are waited for."""
        self.waiter.wait("clusters that are being deleted", self.network.stopping)
        living = self.waiter.look("clusters", self.network.clusters)
        if living:
            self.problems["SWEEP"] = still_living(self.network, living)
        return not living

    def _settle(self) -> None:
        asked = [*self._going.values(), *self._refused]
        if asked:
            still = self.waiter.look("what was to go", lambda: self.network.there(asked))
            self._gone(still, [*self._going.values()])
            self._refused = {one: error for one, error in self._refused.items() if one in still}
            self._tell_unswept()

    def _gone(self, still: Sequence[Found], going: Iterable[Found]) -> None:
        """Those of *going* that are not among *still* are gone."""
        for one in going:
            if one not in still:
                self.swept[one.path] = self._going.pop(one.path)

    def _tell_unswept(self) -> None:
        self.problems.pop("SWEEP", None)
        if self._going or self._refused:
            self.problems["SWEEP"] = unswept([*self._going.values()], self._refused)

    def _delete(self, ghosts: Iterable[Found]) -> list[Found]:
        """Ask for the end of all *ghosts*; gives those that are going, and remembers who refused the others."""
        going = []
        for ghost in ghosts:
            if self.waiter.stop.asked:
                break
            self.waiter.say(f"deleting the {ghost.shown}, which a controller left")
            try:
                self.network.delete(ghost)
            except ApiError as error:
                self._refused[ghost] = error
            else:
                self._going[ghost.path] = ghost
                going.append(ghost)
        return going

    def _answered(self, id_: str, ask: Callable[[], object]) -> None:
        self.problems.pop(id_, None)
        try:
            ask()
        except UNTOLD as error:
            found, fix = untold(error, f"{VIEWER} and {CLUSTER_VIEWER}")
            self.waiter.say(f"{id_.lower()}: {found}")
            needed = "an answer of compute and container: list, get"
            self.problems[id_] = Finding(id=id_, status=Status.UNKNOWN, found=found, needed=needed, fix=fix)
