"""What a teardown would do."""

from __future__ import annotations

from operations.api_error import ApiError
from operations.findings import Finding, Status
from operations.teardown.found import Found
from operations.teardown.left import bucket_kept
from operations.teardown.report import Report
from operations.teardown.stateless import not_swept
from operations.teardown.states import has_bucket, protected
from operations.teardown.subject import Subject
from operations.teardown.turn import Rules, expected
from stacks.names import Names


def planned(subject: Subject, rules: Rules) -> Report:
    """Stack by stack, with what controllers have in the network until now."""
    findings = _protected(subject)
    if rules.keep_bucket and has_bucket(subject.states):
        findings.append(bucket_kept(Names(subject.config).bucket))
    network, ghosts = subject.network, tuple[Found, ...]()
    try:
        ghosts = network.look().ghosts
        if ghosts and not network.known:
            findings.append(not_swept(network.path, ghosts))
            ghosts = ()
    except ApiError as error:
        findings.append(
            Finding(
                id="SWEEP", status=Status.UNKNOWN, found=f"could not be told: {error}",
                needed="firewall rules of the network, and all parts of its load balancers",
                fix="get the permissions to list them (roles/compute.viewer)" if error.denied else "run it again",
            )
        )  # fmt: skip
    stacks = expected(subject.way, subject.states, subject.clusters.lost, keep_bucket=rules.keep_bucket)
    return Report(
        project=subject.config.project, outdir=str(subject.way.outdir), changed=False, interrupted=False,
        stacks=stacks, swept=ghosts, findings=(*findings, *subject.clusters.problems()),
    )  # fmt: skip


def _protected(subject: Subject) -> list[Finding]:
    return [
        Finding(
            id="PROTECTED", status=Status.GOOD, found=f"{name} has deletion_protection in the state of {stack}",
            needed="stays", fix=f"to delete it too: cluster.deletion_protection: false, apply {stack}",
        )
        for stack, resources in subject.states.items()
        for name in protected(resources)
        if not subject.clusters.lost(stack)
    ]  # fmt: skip
