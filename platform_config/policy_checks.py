"""What a config is refused for by the policy of an organisation: one check per setting of the policy."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from platform_config.config import Config
from platform_config.errors import Problem, shown
from platform_config.policy import PolicyFile
from platform_config.rules.rule import pool_specs, region_plans


class Refusal(NamedTuple):
    """A setting of a config that a policy does not allow; `label` is the required label that it is about, if any."""

    path: str
    message: str
    fix: str = ""
    label: str = ""


def check_policies(policies: Sequence[PolicyFile], *orders: Config) -> Iterator[Problem]:
    """
    Yield what *policies* refuse, with the policy's setting, file and line in place of the rule.

    Args:
        policies: All that hold for the config.
        orders: The config. Where it has broken parts: the same config, with its keys in different orders. A check ends
            with a TypeError where it needs a broken part, as `check_known` explains.
    """
    for policy in policies:
        for key, check in CHECKS.items():
            for config in orders if (key,) in policy.lines else ():
                try:
                    for one in check(policy, config):
                        where = policy.origin(key, one.label) if one.label else policy.origin(key)
                        yield Problem(one.path, one.message, one.fix, rule=where)
                    break
                except TypeError:
                    continue


def _allows(allowed: Sequence[str] | None, name: str) -> bool:
    """Return whether *name* is one of those that are *allowed*, or begins as one that ends with `*`."""
    return any(name == one or (one[-1] == "*" and name.startswith(one[:-1])) for one in allowed or ())


def _must_be(allowed: Sequence[str] | None) -> str:
    """Return what a name must be to be one of those that are *allowed*."""
    whole = [name for name in allowed or () if name[-1] != "*"]
    starts = [name[:-1] for name in allowed or () if name[-1] == "*"]
    ways = [f"be {'one of ' if len(whole) > 1 else ''}{', '.join(whole)}"] if whole else []
    if "" in starts:
        return "must be given"
    return f"must {' or '.join([*ways, *([f'begin with {_or(starts)}'] if starts else [])])}"


def _or(names: Sequence[str]) -> str:
    return " or ".join(names)


def _regions(policy: PolicyFile, config: Config) -> Iterator[Refusal]:
    allowed = policy.policy.allowed_regions
    for key, region in config.regions.items():
        if not _allows(allowed, region.region):
            message = f"{_must_be(allowed)}, got {shown(region.region)}"
            yield Refusal(f"regions.{key}.region", message, "choose one of them, with its zones, or remove the region")


def _projects(policy: PolicyFile, config: Config) -> Iterator[Refusal]:
    allowed = policy.policy.allowed_projects
    if not _allows(allowed, config.project):
        yield Refusal("project", f"{_must_be(allowed)}, got {shown(config.project)}", "choose one of them")


def _machines(policy: PolicyFile, config: Config) -> Iterator[Refusal]:
    allowed = policy.policy.allowed_machine_families or ()
    for path, _, spec in pool_specs(config):
        families = [family if family.endswith("*") else f"{family}-*" for family in allowed]
        if not _allows([*allowed, *families], spec.machine_type):
            message = f"must be of the machine families {_or(allowed)}, got {shown(spec.machine_type)}"
            yield Refusal(
                f"{path}.machine_type", message, "choose a machine of one of them: docs/machines.md lists all"
            )


def _locations(policy: PolicyFile, config: Config) -> Iterator[Refusal]:
    allowed = policy.policy.allowed_bucket_locations
    location = config.bucket.location if config.bucket else None
    if location is not None and not _allows([one.upper() for one in allowed or ()], location.upper()):
        yield Refusal("bucket.location", f"{_must_be(allowed)}, got {shown(location)}", "choose one of them")


def check_bucket(policies: Sequence[PolicyFile], path: str, bucket: str) -> Iterator[Problem]:
    """Yield what *policies* refuse of a *bucket* for states that an option names, at *path*."""
    for policy in policies:
        allowed = policy.policy.allowed_state_buckets
        if allowed is not None and not _allows(allowed, bucket):
            message = f"{_must_be(allowed)}, got {shown(bucket)}"
            yield Problem(path, message, "choose one of them", rule=policy.origin("allowed_state_buckets"))


def limited_texts(policies: Sequence[PolicyFile], config: Config) -> Iterator[tuple[str, str]]:
    """Yield each text of *config* that *policies* limit, with the policy's setting, file and line."""
    for policy in policies:
        for key, find in TEXTS.items():
            if (key,) in policy.lines:
                yield from ((text, policy.origin(key)) for text in find(policy, config) if text)


def _places(_: PolicyFile, config: Config) -> Iterator[str | None]:
    for region in config.regions.values():
        yield from (region.region, *region.zones)


def _pool_texts(_: PolicyFile, config: Config) -> Iterator[str | None]:
    for _path, _key, spec in pool_specs(config):
        yield from (spec.machine_type, spec.topology)


def _states(policy: PolicyFile, config: Config) -> Iterator[Refusal]:
    allowed = policy.policy.allowed_state_buckets
    if config.state_bucket is None:
        yield Refusal(
            "state_bucket",
            f"{_must_be(allowed)}, got none: the state would be in local files",
            "write state_bucket, and behind it the name of the bucket",
        )
    elif not _allows(allowed, config.state_bucket):
        yield Refusal("state_bucket", f"{_must_be(allowed)}, got {shown(config.state_bucket)}", "choose one of them")


def _labels(policy: PolicyFile, config: Config) -> Iterator[Refusal]:
    for key, allowed in (policy.policy.required_labels or {}).items():
        given = config.labels.get(key)
        if isinstance(allowed, str):
            fits = given is not None and bool(re.fullmatch(allowed, given))
            must = f"must match {shown(allowed)}"
        else:
            fits, must = given in allowed, f"must be {_or(allowed)}"
        if not fits:
            fix = f"write {key} below labels" if given is None else ""
            yield Refusal(f"labels.{key}", f"{must}, got {shown(given)}", fix, label=key)


def _public(policy: PolicyFile, config: Config) -> Iterator[Refusal]:
    if policy.policy.public_endpoints:
        return
    if config.gateway.public:
        yield Refusal(
            "gateway.public", "must be false, got true", "remove it: clients inside the VPC reach the gateways"
        )
    if not config.cluster.private_nodes:
        yield Refusal("cluster.private_nodes", "must be true, got false", "remove it: nodes need no public address")


def _chips(policy: PolicyFile, config: Config) -> Iterator[Refusal]:
    counts = {key: sum(plan.chips for _, plan in region_plans(config, key).values()) for key in config.regions}
    most = policy.policy.max_chips or 0
    if sum(counts.values()) > most:
        each = ", ".join(f"{count} in {key}" for key, count in counts.items())
        message = (
            f"must have at most {most} TPU chips and GPUs in all regions at their most, got {sum(counts.values())}"
        )
        fix = "lower autoscaling.max_nodes or nodes_per_zone of pools, or have fewer regions"
        yield Refusal("node_pools", f"{message}: {each}", fix)


def _protection(policy: PolicyFile, config: Config) -> Iterator[Refusal]:
    if not policy.policy.deletion_protection:
        return
    if not config.cluster.deletion_protection:
        yield Refusal("cluster.deletion_protection", "must be true, got false", "remove it")
    if config.bucket and config.bucket.force_destroy:
        yield Refusal("bucket.force_destroy", "must be false, got true", "remove it: a bucket with weights then stays")
    apigee = config.gateway.apigee and config.gateway.apigee.create
    if apigee and not apigee.deletion_protection:
        yield Refusal("gateway.apigee.create.deletion_protection", "must be true, got false", "remove it")


CHECKS: Mapping[str, Callable[[PolicyFile, Config], Iterator[Refusal]]] = {
    "allowed_projects": _projects,
    "allowed_regions": _regions,
    "allowed_machine_families": _machines,
    "max_chips": _chips,
    "allowed_bucket_locations": _locations,
    "allowed_state_buckets": _states,
    "public_endpoints": _public,
    "deletion_protection": _protection,
    "required_labels": _labels,
}
"""By setting of a policy."""
TEXTS: Mapping[str, Callable[[PolicyFile, Config], Iterable[str | None]]] = {
    "allowed_projects": lambda _, config: [config.project],
    "allowed_regions": _places,
    "allowed_machine_families": _pool_texts,
    "max_chips": _pool_texts,
    "allowed_bucket_locations": lambda _, config: [config.bucket.location if config.bucket else None],
    "allowed_state_buckets": lambda _, config: [config.state_bucket],
    "required_labels": lambda policy, config: map(config.labels.get, policy.policy.required_labels or {}),
}
"""By setting of a policy that limits texts: those of a config that it limits."""
