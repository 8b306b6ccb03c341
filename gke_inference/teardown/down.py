"""A teardown that is done."""

from __future__ import annotations

from rich.console import Console

from gke_inference.teardown.clean import Cleaner
from gke_inference.teardown.left import Left
from gke_inference.teardown.leftovers import Leftovers
from gke_inference.teardown.progress import looking
from gke_inference.teardown.report import Report, stack_findings
from gke_inference.teardown.stop import Stop
from gke_inference.teardown.subject import Subject
from gke_inference.teardown.turn import Rules
from gke_inference.teardown.waiter import Waiter
from gke_inference.teardown.walk import Walk


def down(subject: Subject, rules: Rules, *, wait_sec: float, console: Console) -> Report:
    """Do it, and look at what is left unless a signal ended it."""
    network, config = subject.network, subject.config
    with Stop() as stop:
        waiter = Waiter(wait_sec=wait_sec, pause_sec=rules.pause_sec, stop=stop, console=console)
        cleaner = Cleaner(network=network, waiter=waiter)
        walk = Walk(
            way=subject.way, states=subject.states, lost=subject.clusters.lost, rules=rules, stop=stop,
            balanced=cleaner.wait_for_balancer, swept=cleaner.sweep, console=console,
        )  # fmt: skip
        cleaner.remember()
        cleaner.wait_for_clusters()
        stacks = walk.run()
        left: list[Left] = []
        if not stop.asked:
            cleaner.settle()
            with looking(console, "looking for what is left"):
                left = Leftovers(network=network, config=config, keep_bucket=rules.keep_bucket).findings()
        told = [*stack_findings(stacks), *cleaner.problems.values(), *subject.clusters.problems(), *left]
        return Report(
            project=config.project, outdir=str(subject.way.outdir), changed=True, interrupted=stop.asked, stacks=stacks,
            swept=tuple(cleaner.swept.values()), findings=tuple(told),
        )  # fmt: skip
