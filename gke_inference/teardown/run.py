"""A teardown: what it would do, and doing it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from rich.console import Console

from gke_inference.check import Check
from gke_inference.findings import Finding, Status
from gke_inference.progress import show_waiting
from gke_inference.teardown.clusters import DeletedClusters
from gke_inference.teardown.decisions import DestroyOptions, StackResult, expected_results
from gke_inference.teardown.findings import (
    VIEWER,
    bucket_stays,
    not_swept,
    stale_stack_findings,
    stateless_findings,
    staying_parts,
)
from gke_inference.teardown.interrupt import Interrupt, Waiter
from gke_inference.teardown.network import Network
from gke_inference.teardown.obstacles import Obstacles
from gke_inference.teardown.order import DestroyOrder
from gke_inference.teardown.ownership import NetworkResource
from gke_inference.teardown.remaining import RemainingResources
from gke_inference.teardown.report import Report
from gke_inference.teardown.stacks import StackDestroyer
from gke_inference.teardown.state import States, has_bucket, protected_names
from gke_inference.teardown.sweep import Sweeper
from platform_config.config import Config
from platform_config.names import Names

FIXES = {
    "kept": "set cluster.deletion_protection: false, `make synth`, apply that stack (a tainted cluster: `terraform "
    "untaint` it first), and run the command again; for Apigee: gateway.apigee.create.deletion_protection, without an "
    "apply",
    "blocked": "see the stacks that it waits for",
    "failed": "see Terraform's error, then run the command again",
    "not reached": "run the command again",
}
"""What to do about a stack that was not destroyed, by its result."""


@dataclass(frozen=True, kw_only=True)
class Teardown:
    """
    The teardown of one platform.

    Attributes:
        config: The platform.
        order: Its synth.
        states: What was in each state when this run began.
        clusters: Which of its clusters are gone.
        network: Its network.
        options: How stacks are destroyed.
        console: Where progress is printed.
    """

    config: Config
    order: DestroyOrder
    states: States
    clusters: DeletedClusters
    network: Network
    options: DestroyOptions
    console: Console

    def plan(self) -> Report:
        """Return what would be done, with what controllers have in the network so far."""
        with show_waiting(self.console, "looking at the network and the clusters"):
            findings: list[Finding] = [
                *staying_parts(self.config),
                *stale_stack_findings(self.order, self.states),
                *self._protected(),
                *stateless_findings(self.network),
                *self.obstacles(),
            ]
            orphans, problems = self._orphans()
            results = expected_results(
                self.order, self.states, self.clusters.find, keep_bucket=self.options.keep_bucket
            )
        if self.options.keep_bucket and has_bucket(self.states):
            findings.append(bucket_stays(Names(self.config).bucket))
        return Report(
            project=self.config.project, outdir=str(self.order.outdir), changed=False, interrupted=False,
            stacks=results, swept=orphans, findings=(*findings, *problems, *self.clusters.findings()),
        )  # fmt: skip

    def obstacles(self) -> list[Finding]:
        """Return what must go, or come back, before anything is destroyed."""
        found = Obstacles(config=self.config, order=self.order, states=self.states, network=self.network)
        return found.findings()

    def run(self, *, wait_sec: float) -> Report:
        """
        Destroy the platform, and look for what remains unless a signal ended it.

        Args:
            wait_sec: Longest wait for Google to delete something.
        """
        with Interrupt() as interrupt:
            waiter = Waiter(
                wait_sec=wait_sec, pause_sec=self.options.pause_sec, interrupt=interrupt, console=self.console
            )
            sweeper = Sweeper(network=self.network, waiter=waiter)
            destroyer = StackDestroyer(
                order=self.order, states=self.states, find_deleted=self.clusters.find, options=self.options,
                interrupt=interrupt, wait_for_load_balancer=sweeper.wait_for_load_balancer, sweep=sweeper.sweep,
                console=self.console,
            )  # fmt: skip
            sweeper.record_ownership()
            sweeper.wait_for_clusters()
            results = destroyer.run()
            remaining = [] if interrupt.requested else self._remaining(sweeper)
            problems = [*_stack_findings(results), *sweeper.problems.values(), *self.clusters.findings()]
            return Report(
                project=self.config.project, outdir=str(self.order.outdir), changed=True,
                interrupted=interrupt.requested, stacks=results, swept=tuple(sweeper.deleted.values()),
                findings=(*problems, *remaining, *staying_parts(self.config)),
            )  # fmt: skip

    def _remaining(self, sweeper: Sweeper) -> list[Finding]:
        sweeper.recheck()
        with show_waiting(self.console, "looking for what is left"):
            return RemainingResources(
                network=self.network, config=self.config, states=self.states, keep_bucket=self.options.keep_bucket
            ).findings()

    def _orphans(self) -> tuple[tuple[NetworkResource, ...], list[Finding]]:
        """Return what would be swept, and what stands in its way."""
        found: list[NetworkResource] = []

        def ask() -> list[Finding]:
            orphans = self.network.contents().orphans
            if orphans and not self.network.in_state:
                return [not_swept(self.network, orphans)]
            found.extend(orphans)
            return []

        needed = "firewall rules of the network, and all parts of its load balancers"
        problems = Check(id="SWEEP", needed=needed, role=VIEWER, ask=ask).run()
        return tuple(found), problems

    def _protected(self) -> Iterator[Finding]:
        for stack in self.order.stacks:
            kept = [one for one in self.states[stack] if one.address in self.order.kept(stack)]
            for name in protected_names(kept, self.order.kept(stack)):
                yield Finding(
                    id="PROTECTED", status=Status.GOOD, needed="stays",
                    found=f"{name} has prevent_destroy in {stack}: API products, clients and keys would be lost",
                    fix="to delete it too: gateway.apigee.create.deletion_protection: false, `make synth`",
                )  # fmt: skip
            for name in protected_names(self.states[stack]):
                if not self.clusters.find(stack):
                    yield Finding(
                        id="PROTECTED", status=Status.GOOD, needed="stays",
                        found=f"{name} has deletion_protection in the state of {stack}",
                        fix=f"to delete it too: cluster.deletion_protection: false, apply {stack}",
                    )  # fmt: skip


def _stack_findings(results: tuple[StackResult, ...]) -> list[Finding]:
    """Return each stack that was not destroyed."""
    return [
        Finding(
            id="STACK", status=Status.WRONG, found=f"{one.stack}: {one.result}{one.suffix}", needed="destroyed",
            fix=f"run the command again, or: {one.command}" if one.command else FIXES[one.result],
        )
        for one in results
        if not one.done
    ]  # fmt: skip
