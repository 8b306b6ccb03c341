"""Checks before an outage: whether it would prove something, and whether the clusters would accept the changes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from gke_inference.api_error import ApiError, remedy
from gke_inference.backend_policy import NEEDED, PATH, refusal
from gke_inference.drill.changes import Outage
from gke_inference.findings import Finding, Status
from gke_inference.live_platform import LivePlatform

ROLE = "roles/container.developer"
ACCESS_REVIEWS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"


def check_capacity(
    platform: LivePlatform, key: str, down: Sequence[str] = (), *, even_if_overloaded: bool
) -> Iterator[Finding]:
    """
    Check that region *key* serves, and that another region could carry its load.

    Args:
        platform: The platform as it is.
        key: Key of the region that is to be taken down.
        down: Keys of regions that the drill has taken down before; the other region has to carry theirs as well.
        even_if_overloaded: Accept that no region can.
    """
    try:
        policy = platform.policy()
    except ApiError as error:
        yield unknown("DRILL-POLICY", platform.config.config_region, error)
        return
    needed = 0.0
    for region in (key, *down):
        try:
            ready = platform.ready_servers(region)
        except ApiError as error:
            yield unknown("DRILL-REGION", region, error)
            return
        usable = _usable(ready, platform.capacity_percent(region, policy))
        needed += usable
        if region == key:
            yield _check_region(key, ready, usable)
    others = [other for other in platform.config.regions if other not in (key, *down)]
    if others:
        yield _check_others(platform, key, others, needed, policy, even_if_overloaded)


def check_drain(platform: LivePlatform) -> Iterator[Finding]:
    """Check that the config cluster accepts a drain, by its definition of the policy; where unclear, say nothing."""
    key = platform.config.config_region
    try:
        why = refusal(platform.clusters(key).get(PATH))
    # The dry run of the change decides where the definition cannot be read, or has a form that is not known.
    except (ApiError, LookupError, TypeError, ValueError):
        return
    if why:
        yield Finding(
            id="DRILL-SCOPES", status=Status.WRONG, where=key, found=f"a drain is refused: {why}", needed=NEEDED,
            fix="use --means replicas or cordon, or upgrade the config cluster",
        )  # fmt: skip


def check_changes(platform: LivePlatform, key: str, outage: Outage) -> Finding:
    """Send every change as a dry run, and check that the API servers accept it and apply what it says."""
    ignored = []
    try:
        for change in outage.changes:
            made = platform.clusters(change.cluster).patch(change.path, change.outage, dry_run=True)
            ignored += [] if change.is_in_force(made) else [change.what]
        for path in outage.deletes:
            platform.clusters(key).delete(path, dry_run=True)
    except ApiError as error:
        return _refused(key, error)
    if ignored:
        return _wrong(key, f"accepted and then ignored: {'; '.join(ignored)}", "upgrade GKE, or use other --means")
    return _accepted(key, len(outage.changes) + len(outage.deletes))


def check_sender(platform: LivePlatform, key: str, pod: dict[str, Any]) -> Finding:
    """Check that *pod* would be accepted, and that the caller may reach it through the API server."""
    cluster, where = platform.clusters(key), {"namespace": platform.config.namespace}
    try:
        cluster.create(platform.pods_path, pod, dry_run=True)
        for verb in ("create", "get"):
            access = {**where, "verb": verb, "resource": "pods", "subresource": "proxy"}
            review = cluster.create(ACCESS_REVIEWS, _access_review(access))
            if not review.get("status", {}).get("allowed"):
                message = f"{verb} pods/proxy in {where['namespace']} is not allowed"
                raise ApiError(status=403, reason="Forbidden", message=message)
    except ApiError as error:
        return _refused(key, error, id_="DRILL-SENDER")
    return _accepted(key, 1, id_="DRILL-SENDER")


def unknown(id_: str, where: str, error: ApiError, *, fix: str = "see the error") -> Finding:
    """Return the finding of a check that *error* left open; *fix* is what helps where no right is missing."""
    return Finding(
        id=id_, status=Status.UNKNOWN, where=where, found=str(error), needed="an answer of the cluster",
        fix=remedy(error, ROLE, otherwise=fix),
    )  # fmt: skip


def all_good(findings: Iterable[Finding]) -> bool:
    """Return whether nothing is wrong or unknown."""
    return all(finding.status == Status.GOOD for finding in findings)


def _check_region(key: str, ready: int, usable: float) -> Finding:
    return Finding(
        id="DRILL-REGION",
        status=Status.GOOD if usable else Status.UNKNOWN,
        where=key,
        found=f"{ready} model servers are ready, the gateway uses as much as {usable:g}",
        needed="more than 0: nothing fails over from a region that does not serve",
        fix="" if usable else "bring the region up, and take away its drain (capacity_percent)",
    )


def _check_others(
    platform: LivePlatform,
    key: str,
    others: Iterable[str],
    needed: float,
    policy: dict[str, Any],
    even_if_overloaded: bool,
) -> Finding:
    found: list[str] = []
    best, no_answer = 0.0, False
    for other in others:
        try:
            ready = platform.ready_servers(other)
        except ApiError as error:
            found.append(f"{other}: no answer ({error})")
            no_answer = True
            continue
        percent = min(platform.config.regions[other].capacity_percent, platform.capacity_percent(other, policy))
        best = max(best, _usable(ready, percent))
        found.append(f"{other}: {_usable(ready, percent):g} ({ready} ready, {percent} % of the capacity used)")
    enough = best >= needed or even_if_overloaded
    status = Status.GOOD if enough else Status.UNKNOWN if no_answer else Status.WRONG
    accepted = " (--even-if-overloaded)" if best < needed and even_if_overloaded else ""
    fix = "add model servers there, take away the drain, or accept failures with --even-if-overloaded"
    return Finding(
        id="DRILL-CAPACITY",
        status=status,
        where=key,
        found=f"servers in use of the regions that are left: {'; '.join(found)}{accepted}",
        needed=f"one with at least {needed:g}, as many as go down",
        fix="" if enough else fix,
    )


def _access_review(attributes: dict[str, str]) -> dict[str, Any]:
    return {
        "apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview",
        "spec": {"resourceAttributes": attributes},
    }  # fmt: skip


def _accepted(key: str, count: int, id_: str = "DRILL-PERMISSIONS") -> Finding:
    found = (
        f"all {count} changes would be accepted (dry run)" if count > 1 else "the change would be accepted (dry run)"
    )
    return Finding(id=id_, status=Status.GOOD, where=key, found=found, needed="every change is accepted")


def _refused(key: str, error: ApiError, id_: str = "DRILL-PERMISSIONS") -> Finding:
    # 400: an admission webhook that supports no dry runs, so the answer is not known.
    if not error.refused or error.denied or error.status == 400:
        return unknown(id_, key, error)
    return _wrong(key, str(error), "see the error: something in the cluster refuses such a change", id_)


def _wrong(key: str, found: str, fix: str, id_: str = "DRILL-PERMISSIONS") -> Finding:
    return Finding(id=id_, status=Status.WRONG, where=key, found=found, needed="every change is accepted", fix=fix)


def _usable(ready: int, percent: int) -> float:
    return ready * percent / 100
