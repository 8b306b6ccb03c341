"""Quotas: whether the limits hold the platform at its largest, and whether that much of them is free."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from operations.findings import Finding
from operations.preflight.check import Check, Subject, good, unknown, wrong
from operations.preflight.quota_limits import PERMISSION, Limit, Limits
from operations.preflight.quota_names import Quota
from operations.preflight.quota_needs import Need, project_needs, region_needs


def checks(subject: Subject) -> Iterator[Check]:
    """One per region and one for what counts once for the project."""
    yield Check(
        id="QUOTA", needed="room for the network, the gateway and all CPUs and GPUs", permission=PERMISSION,
        ask=partial(_project, subject),
    )  # fmt: skip
    for key in subject.keys:
        yield Check(
            id="QUOTA", needed="room for the pools at their largest", permission=PERMISSION, where=key,
            ask=partial(_region, subject, key),
        )  # fmt: skip


def _project(subject: Subject) -> Iterator[Finding]:
    limits = Limits.of(subject)
    network = subject.looked_up("compute", "v1", "networks.get", project=subject.project, network=subject.names.network)
    for need in project_needs(subject):
        yield from _told(need, limits, built=network is not None)


def _region(subject: Subject, key: str) -> Iterator[Finding]:
    limits = Limits.of(subject, subject.config.regions[key].region)
    built = subject.built(key)
    for need in region_needs(subject, key):
        yield from _told(need, limits, built=built)


def _told(need: Need, limits: Limits, *, built: bool) -> list[Finding]:
    """The finding of one need; a limit that Service Usage does not tell hides no other."""

    def ask() -> list[Finding]:
        return [_judged(need, limits, built=built)]

    return Check(id=need.id, needed=f"{need.amount} {need.unit} free", permission=PERMISSION, ask=ask).findings()


def _judged(need: Need, limits: Limits, *, built: bool) -> Finding:
    """The finding of one need; what a platform that is there already uses is its own."""
    where = f" in {limits.region}" if limits.region else ""
    page = console(limits.subject)
    charged = _charged(need, limits)
    if charged is None:
        names = " or ".join(map(str, need.quotas))
        found = f"could not be told: Google's APIs tell no limit of {names}{where}"
        return unknown(need.id, found, f"{need.amount} {need.unit} free{where}", f"look at {page}")
    quota, told = charged
    limit, usage = told.limit, told.usage
    needed = f"{quota}: {need.amount} {need.unit} free{where}"
    used = f"limit {limit:g}, how much is in use is not told" if usage is None else f"limit {limit:g}, {usage:g} in use"
    fix = f"ask for more of {quota}{where}: {page}"
    if limit < need.amount:
        return wrong(need.id, used, needed, fix)
    if usage is None:
        return good(need.id, used, f"{quota}: a limit of {need.amount} {need.unit} at least{where}")
    if limit - usage >= need.amount:
        return good(need.id, used, needed)
    if built:
        return unknown(need.id, f"{used}, some of it by this platform", needed, f"compare, or {fix}")
    return wrong(need.id, used, needed, fix)


def _charged(need: Need, limits: Limits) -> tuple[Quota, Limit] | None:
    """The first quota that was granted, with its limit and use; one that was never granted is passed over."""
    found: tuple[Quota, Limit] | None = None
    for quota in need.quotas:
        told = limits.limit(quota)
        if told is not None and (found is None or told.limit):
            found = quota, told
        if told is not None and told.limit:
            break
    return found


def console(subject: Subject) -> str:
    """The page where people see quotas and ask for more."""
    return f"https://console.cloud.google.com/iam-admin/quotas?project={subject.project}"
