"""What is found before an outage: whether it would tell anything, and whether it would be let. Changes nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from gke_inference.api_error import ApiError, remedy
from gke_inference.backend_policy import NEEDED, PATH, refusal
from gke_inference.drill.outage import Outage
from gke_inference.findings import Finding, Status
from gke_inference.live_platform import LivePlatform

ROLE = "roles/container.developer"
REVIEWS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"


def looked(
    platform: LivePlatform, key: str, gone: Sequence[str] = (), *, even_if_overloaded: bool
) -> Iterator[Finding]:
    """Whether region *key* serves, and whether one that is not *gone* could carry what it and those carry now."""
    try:
        policy = platform.policy()
    except ApiError as error:
        yield unknown("DRILL-POLICY", platform.config.config_region, error)
        return
    needed = 0.0
    for region in (key, *gone):
        try:
            ready = platform.ready_servers(region)
        except ApiError as error:
            yield unknown("DRILL-REGION", region, error)
            return
        usable = _usable(ready, platform.capacity_percent(region, policy))
        needed += usable
        if region == key:
            yield _serving(key, ready, usable)
    others = [other for other in platform.config.regions if other not in (key, *gone)]
    if others:
        yield _capacity(platform, key, others, needed, policy, even_if_overloaded)


def scopes(platform: LivePlatform) -> Iterator[Finding]:
    """That the config cluster takes no drain, where it says so; where it cannot be asked, the dry run tells."""
    key = platform.config.config_region
    try:
        why = refusal(platform.clusters(key).get(PATH))
    # A definition in an unknown form is no verdict either.
    except (ApiError, LookupError, TypeError, ValueError):
        return
    if why:
        yield Finding(
            id="DRILL-SCOPES", status=Status.WRONG, where=key, found=f"a drain is refused: {why}", needed=NEEDED,
            fix="use --means replicas or cordon, or upgrade the config cluster",
        )  # fmt: skip


def _serving(key: str, ready: int, usable: float) -> Finding:
    return Finding(
        id="DRILL-REGION",
        status=Status.GOOD if usable else Status.UNKNOWN,
        where=key,
        found=f"{ready} model servers are ready, the gateway uses as much as {usable:g}",
        needed="more than 0: nothing fails over from a region that does not serve",
        fix="" if usable else "bring the region up, and take away its drain (capacity_percent)",
    )


def _capacity(
    platform: LivePlatform,
    key: str,
    others: Iterable[str],
    needed: float,
    policy: dict[str, Any],
    even_if_overloaded: bool,
) -> Finding:
    found: list[str] = []
    best, unasked = 0.0, False
    for other in others:
        try:
            ready = platform.ready_servers(other)
        except ApiError as error:
            found.append(f"{other}: could not be asked ({error})")
            unasked = True
            continue
        percent = min(platform.config.regions[other].capacity_percent, platform.capacity_percent(other, policy))
        best = max(best, _usable(ready, percent))
        found.append(f"{other}: {_usable(ready, percent):g} ({ready} ready, {percent} % of the capacity used)")
    enough = best >= needed or even_if_overloaded
    status = Status.GOOD if enough else Status.UNKNOWN if unasked else Status.WRONG
    asked = " (--even-if-overloaded)" if best < needed and even_if_overloaded else ""
    fix = "add model servers there, take away the drain, or accept failures with --even-if-overloaded"
    return Finding(
        id="DRILL-CAPACITY",
        status=status,
        where=key,
        found=f"servers in use of the regions that are left: {'; '.join(found)}{asked}",
        needed=f"one with at least {needed:g}, as many as go down",
        fix="" if enough else fix,
    )


def rehearsed(platform: LivePlatform, key: str, outage: Outage) -> Finding:
    """Whether the API servers would take every change, and do what it says: each is sent as a dry run."""
    ignored = []
    try:
        for change in outage.changes:
            made = platform.clusters(change.cluster).patch(change.path, change.outage, dry_run=True)
            ignored += [] if change.in_force(made) else [change.what]
        for path in outage.deletes:
            platform.clusters(key).delete(path, dry_run=True)
    except ApiError as error:
        return _not_taken(key, error)
    if ignored:
        return _wrong(key, f"taken and then ignored: {'; '.join(ignored)}", "upgrade GKE, or use other --means")
    return _taken(key, len(outage.changes) + len(outage.deletes))


def rehearsed_sender(platform: LivePlatform, key: str, pod: dict[str, Any]) -> Finding:
    """Whether the pod would be taken, and whether the caller may reach it through the API server."""
    cluster, where = platform.clusters(key), {"namespace": platform.config.namespace}
    try:
        cluster.create(platform.pods_path, pod, dry_run=True)
        for verb in ("create", "get"):
            asked = {**where, "verb": verb, "resource": "pods", "subresource": "proxy"}
            told = cluster.create(REVIEWS, _review(asked))
            if not told.get("status", {}).get("allowed"):
                message = f"{verb} pods/proxy in {where['namespace']} is not allowed"
                raise ApiError(status=403, reason="Forbidden", message=message)
    except ApiError as error:
        return _not_taken(key, error, id_="DRILL-SENDER")
    return _taken(key, 1, id_="DRILL-SENDER")


def unknown(id_: str, where: str, error: ApiError) -> Finding:
    """What could not be told for *error*."""
    needed, fix = "an answer of the cluster that lets it", remedy(error, ROLE, otherwise="see the error")
    return Finding(id=id_, status=Status.UNKNOWN, where=where, found=str(error), needed=needed, fix=fix)


def all_good(findings: Iterable[Finding]) -> bool:
    """Whether nothing is wrong or unknown."""
    return all(finding.status == Status.GOOD for finding in findings)


def _review(attributes: dict[str, str]) -> dict[str, Any]:
    return {
        "apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview",
        "spec": {"resourceAttributes": attributes},
    }  # fmt: skip


def _taken(key: str, count: int, id_: str = "DRILL-PERMISSIONS") -> Finding:
    found = f"all {count} changes would be taken (dry run)" if count > 1 else "the change would be taken (dry run)"
    return Finding(id=id_, status=Status.GOOD, where=key, found=found, needed="every change is taken")


def _not_taken(key: str, error: ApiError, id_: str = "DRILL-PERMISSIONS") -> Finding:
    # 400: a webhook that knows no dry runs keeps the answer from us.
    if not error.refused or error.denied or error.status == 400:
        return unknown(id_, key, error)
    return _wrong(key, str(error), "see the error: something in the cluster refuses such a change", id_)


def _wrong(key: str, found: str, fix: str, id_: str = "DRILL-PERMISSIONS") -> Finding:
    return Finding(id=id_, status=Status.WRONG, where=key, found=found, needed="every change is taken", fix=fix)


def _usable(ready: int, percent: int) -> float:
    return ready * percent / 100
