"""Quotas: whether the limits hold the platform at its largest, and whether that much of them is free."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from functools import partial

from gke_inference.check import NO_ANSWER, Check
from gke_inference.findings import Finding, good, unknown, wrong
from gke_inference.preflight.quota_limits import PERMISSION, Limit, Limits
from gke_inference.preflight.quota_names import Quota
from gke_inference.preflight.quota_needs import Need, network_needs, project_needs, region_needs
from gke_inference.preflight.target import Target


def checks(target: Target) -> Iterator[Check]:
    """Yield one per region and one for what counts once for the project."""
    yield Check(
        id="QUOTA", needed="room for the network, the gateway and all CPUs and GPUs", role=PERMISSION,
        ask=partial(_project, target),
    )  # fmt: skip
    for key in target.keys:
        yield Check(
            id="QUOTA", needed="room for the pools at their largest", role=PERMISSION, where=key,
            ask=partial(_region, target, key),
        )  # fmt: skip


def _project(target: Target) -> list[Finding]:
    """Ask for what counts once: a Shared VPC counts for its own project."""
    names, limits = target.names, Limits.of_project(target, target.project)
    network = target.google.find("compute", "v1", "networks.get", project=names.network_project, network=names.network)
    needs, of_network = [*project_needs(target)], [*network_needs(target)]
    built = network is not None
    if names.network_project == target.project:
        return _findings([*needs, *of_network], limits, built=built)
    return [
        *_findings(needs, limits, built=built),
        *_findings(of_network, Limits.of_project(target, names.network_project), built=built),
    ]


def _region(target: Target, key: str) -> list[Finding]:
    """Count what other clusters in the same region of Google Cloud need, too: they share its quotas."""
    regions, limits = target.config.regions, Limits.of_region(target, key)
    beside = [other for other in target.keys if other != key and regions[other].region == regions[key].region]
    built = any(target.has_cluster(each) for each in (key, *beside))
    others = [need for other in beside for need in region_needs(target, other)]
    return _findings(region_needs(target, key), limits, built=built, others=others)


Charge = tuple[Quota, Limit]


def _findings(needs: Iterable[Need], limits: Limits, *, built: bool, others: Iterable[Need] = ()) -> list[Finding]:
    """
    Return a finding per need, which counts all that its quota is charged; an unknown limit hides no other.

    *others* are charged to the same limits, and have findings of their own elsewhere.
    """
    charges: dict[Need, Charge | None] = {}

    def charge(need: Need) -> list[Finding]:
        charges[need] = _charged(need, limits)
        return []

    unasked = [
        finding
        for need in needs
        for finding in Check(
            id=need.id, needed=f"{need.amount} {need.unit} free", role=PERMISSION, ask=partial(charge, need)
        ).run()
    ]
    total: Counter[Quota] = Counter()
    for need, charged in charges.items():
        if charged:
            total[charged[0]] += need.amount
    for need in others:
        if charged := _charged(need, limits):
            total[charged[0]] += need.amount
    return unasked + [
        _judged(need, charged, limits, total[charged[0]], built=built) if charged else _unknown(need, limits)
        for need, charged in charges.items()
    ]


def _judged(need: Need, charge: Charge, limits: Limits, amount: int, *, built: bool) -> Finding:
    """Return the finding of one need; *amount* is all that its quota is charged; *built* says what is there already."""
    quota, limit = charge
    where = f" in {limits.region}" if limits.region else ""
    at_least = f"{quota}: a limit of {max(amount, need.least)} {need.unit} at least{where}"
    needed = f"{quota}: {amount} {need.unit} free{where}" if amount else at_least
    fix = f"ask for more of {quota}{where}: {console(limits.target)}"
    if limit.limit < max(amount, need.least):
        return wrong(need.id, str(limit), needed, fix)
    if limit.usage is None:
        return good(need.id, str(limit), at_least)
    if not amount or limit.limit - limit.usage >= amount:
        return good(need.id, str(limit), needed)
    if built:
        return unknown(need.id, f"{limit}, some of it by this platform", needed, f"compare, or {fix}")
    return wrong(need.id, str(limit), needed, fix)


def _unknown(need: Need, limits: Limits) -> Finding:
    where = f" in {limits.region}" if limits.region else ""
    names = " or ".join(str(quota) for names in need.quotas for quota in names)
    found = f"{NO_ANSWER}: Google's APIs have no limit of {names}{where}"
    return unknown(need.id, found, f"{need.amount} {need.unit} free{where}", f"look at {console(limits.target)}")


def _charged(need: Need, limits: Limits) -> Charge | None:
    """Return the first quota that was granted, else the last one; None where an earlier one is not known."""
    charge: Charge | None = None
    for names in need.quotas:
        known = [(quota, limit) for quota in names if (limit := limits.limit(quota, even=need.even)) is not None]
        if not known:
            return None
        charge = next((one for one in known if one[1].limit), known[0])
        if charge[1].limit:
            break
    return charge


def console(target: Target) -> str:
    """Return the page where people see quotas and ask for more."""
    return target.config.universe.quotas_page(target.project)
