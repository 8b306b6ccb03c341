"""What a teardown would do."""

from __future__ import annotations

from rich.console import Console

from gke_inference.findings import Finding, Status
from gke_inference.teardown.answers import UNTOLD, VIEWER, untold
from gke_inference.teardown.found import Found
from gke_inference.teardown.left import bucket_kept
from gke_inference.teardown.network import Network
from gke_inference.teardown.progress import looking
from gke_inference.teardown.report import Report
from gke_inference.teardown.stale import stale_findings
from gke_inference.teardown.stateless import not_swept, unknown_clusters
from gke_inference.teardown.states import has_bucket, protected
from gke_inference.teardown.subject import Subject
from gke_inference.teardown.turn import Rules, expected
from platform_config.names import Names


def planned(subject: Subject, rules: Rules, console: Console) -> Report:
    """Stack by stack, with what controllers have in the network until now."""
    with looking(console, "looking at the network and the clusters"):
        findings = [
            *stale_findings(subject.way, subject.states),
            *_protected(subject),
            *unknown_clusters(subject.network),
        ]
        ghosts, problems = _ghosts(subject.network)
        stacks = expected(subject.way, subject.states, subject.clusters.lost, keep_bucket=rules.keep_bucket)
    if rules.keep_bucket and has_bucket(subject.states):
        findings.append(bucket_kept(Names(subject.config).bucket))
    return Report(
        project=subject.config.project, outdir=str(subject.way.outdir), changed=False, interrupted=False,
        stacks=stacks, swept=ghosts, findings=(*findings, *problems, *subject.clusters.problems()),
    )  # fmt: skip


def _ghosts(network: Network) -> tuple[tuple[Found, ...], list[Finding]]:
    """What would be swept, and what stands in its way."""
    try:
        ghosts = network.look().ghosts
    except UNTOLD as error:
        found, fix = untold(error, VIEWER)
        needed = "firewall rules of the network, and all parts of its load balancers"
        return (), [Finding(id="SWEEP", status=Status.UNKNOWN, found=found, needed=needed, fix=fix)]
    if network.known or not ghosts:
        return ghosts, []
    return (), [not_swept(network.path, ghosts)]


def _protected(subject: Subject) -> list[Finding]:
    return [
        Finding(
            id="PROTECTED", status=Status.GOOD, found=f"{name} has deletion_protection in the state of {stack}",
            needed="stays", fix=f"to delete it too: cluster.deletion_protection: false, apply {stack}",
        )
        for stack, resources in subject.states.items()
        if stack in subject.way.stacks
        for name in protected(resources)
        if not subject.clusters.lost(stack)
    ]  # fmt: skip
