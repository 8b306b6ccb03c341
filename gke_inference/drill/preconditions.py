"""Checks before an outage: whether it would prove something, and whether the clusters would accept the changes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from gke_inference.api_error import ApiError, remedy
from gke_inference.backend_policy import NEEDED, PATH, SERVICE_TARGET, TARGET, refusal
from gke_inference.check import without_credentials
from gke_inference.drill.changes import Outage
from gke_inference.drill.plan import DrillPlan
from gke_inference.findings import Finding, Status
from gke_inference.live_platform import LivePlatform
from platform_config.model import Model, models_in

ROLE = "roles/container.developer"
ACCESS_REVIEWS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"


def check_drain(platform: LivePlatform, models: Iterable[str]) -> Iterator[Finding]:
    """
    Check that the config cluster accepts a drain, by its definition of the policy; where unclear, report nothing.

    It may take one of models behind a Service, and none of those behind a pool.
    """
    key = platform.config.config_region
    pools = [Model(platform.config, model).has_pool for model in models]
    targets = {TARGET if has_pool else SERVICE_TARGET for has_pool in pools}
    try:
        definition = platform.clusters(key).get(PATH)
        why = next(filter(None, (refusal(definition, target) for target in sorted(targets))), "")
    # The dry run of the change decides where the definition cannot be read, or has a form that is not known.
    except (ApiError, LookupError, TypeError, ValueError):
        return
    if why:
        yield Finding(
            id="DRILL-SCOPES", status=Status.WRONG, where=key, found=f"a drain is refused: {why}", needed=NEEDED,
            fix="use --means replicas or cordon, or upgrade the config cluster",
        )  # fmt: skip


def check_gateways(plan: DrillPlan) -> Iterator[Finding]:
    """Report what a drill of regional gateways can show, and what it cannot."""
    if plan.is_regional:
        found = f"each region has a gateway of its own: nothing takes over for clients of {plan.region}"
        others = ", ".join(plan.others) or "no other region has a gateway"
        needed = f"the others are measured for what they lose: {others}"
        yield Finding(id="DRILL-GATEWAYS", status=Status.GOOD, where=plan.region, found=found, needed=needed)


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


def check_answers(plan: DrillPlan) -> Iterator[Finding]:
    """Report what cannot be measured where no answer shows which cluster served."""
    if not plan.region_in_answers:
        shared = [key for key in plan.regions_down if Counter(plan.region_names.values())[plan.region_names[key]] > 1]
        why = "do not name their region"
        if shared:
            names = ", ".join(dict.fromkeys(plan.region_names[key] for key in shared))
            why = f"name {names}, where other clusters serve, too"
        found = f"answers of {plan.model} {why}: that another took over is not measured"
        needed = "downtime and failed requests are measured all the same"
        yield Finding(id="DRILL-REGION-NAMES", status=Status.GOOD, where=plan.region, found=found, needed=needed)


def check_shared_nodes(platform: LivePlatform, plan: DrillPlan, key: str) -> Iterator[Finding]:
    """Report which other models may run on the nodes that are cordoned in region *key*."""
    down = [Model(platform.config, model) for model in plan.models_down]
    pools = {pool for model in down for pool in model.pool_keys(key)}
    others = [model for model in models_in(platform.config, key) if model.key not in plan.models_down]
    sharing = [model.key for model in others if pools & {*model.pool_keys(key)}]
    if plan.means == "cordon" and sharing:
        found = f"{', '.join(sharing)} may run on the same nodes: pods there run on, new ones are not placed there"
        needed = "their servers stay; --all-models takes them down too"
        yield Finding(id="DRILL-SHARED-NODES", status=Status.GOOD, where=key, found=found, needed=needed)


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
    """
    Return the finding of a check that *error* left open; *fix* is what helps where no right is missing.

    Without credentials it is the finding that `verify` and `preflight` have too.
    """
    if error.without_credentials:
        return replace(without_credentials(error), where=where)
    return Finding(
        id=id_, status=Status.UNKNOWN, where=where, found=str(error), needed="an answer of the cluster",
        fix=remedy(error, ROLE, otherwise=fix),
    )  # fmt: skip


def all_good(findings: Iterable[Finding]) -> bool:
    """Return whether nothing is wrong or unknown."""
    return all(finding.status == Status.GOOD for finding in findings)


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
