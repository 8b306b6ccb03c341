"""Firewall rules that somebody else makes: whether proxies and health checks reach the servers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from ipaddress import IPv4Network, ip_network
from typing import Any

from gke_inference.check import Check
from gke_inference.findings import Finding, judge, unknown
from gke_inference.preflight.target import Target
from platform_config.network_plan import proxy_regions, region_ranges, server_ports

ID = "EXISTING-FIREWALL"


def checks(target: Target) -> Iterator[Check]:
    """Yield one where the config says that the rules exist."""
    if target.config.existing.firewall:
        where = f"in {target.names.network_project}"
        yield Check(
            id=ID, needed=_needed(target), role=f"compute.networks.getEffectiveFirewalls {where}",
            ask=partial(_rules, target),
        )  # fmt: skip


@dataclass(frozen=True)
class _Rule:
    """
    A rule that lets packets in, of the network or of a policy above it.

    Attributes:
        sources: Ranges that they may come from.
        ports: First and last of each range of TCP ports; none are all of them.
        targets: Accounts or tags of the only machines that it is for; none for all of them.
    """

    sources: tuple[IPv4Network, ...]
    ports: tuple[tuple[int, int], ...]
    targets: tuple[str, ...]

    def allows(self, source: IPv4Network, port: int) -> bool:
        """Return whether it lets packets in from all of *source* to *port*."""
        inside = any(source.subnet_of(each) for each in self.sources)
        return inside and (not self.ports or any(first <= port <= last for first, last in self.ports))


def _sources(target: Target) -> dict[str, IPv4Network]:
    proxies = {f"proxies of {key}": region_ranges(target.config, key).proxy for key in proxy_regions(target.config)}
    checks_ = {f"health checks ({text})": IPv4Network(text) for text in target.config.universe.health_check_ranges}
    return {**checks_, **proxies}


def _needed(target: Target) -> str:
    ports = ", ".join(map(str, server_ports(target.config)))
    return f"rules that let {', '.join(map(str, _sources(target).values()))} reach TCP {ports} of nodes and pods"


def _rules(target: Target) -> Iterator[Finding]:
    """Look for rules that allow; one that denies before them is not looked for."""
    names = target.names
    answer = target.google.call(
        "compute", "v1", "networks.getEffectiveFirewalls", project=names.network_project, network=names.network
    )
    rules = [*_of_network(answer), *_of_policies(answer)]
    nodes = names.node_service_account_email
    problems: dict[str, str] = {}
    doubts: list[str] = []
    for what, source in _sources(target).items():
        closed, targeted = [], set[str]()
        for port in server_ports(target.config):
            fitting = [rule for rule in rules if rule.allows(source, port)]
            if not fitting:
                closed.append(str(port))
            elif not any(not rule.targets or nodes in rule.targets for rule in fitting):
                targeted.update(name for rule in fitting for name in rule.targets)
        if closed:
            fix = f"have a rule made that lets {source} reach TCP {','.join(closed)} in {names.network_path}"
            problems[f"no rule lets {what} reach TCP {', '.join(closed)}"] = f"{fix}, or remove existing.firewall"
        if targeted:
            doubts.append(f"rules let {what} reach nodes with {', '.join(sorted(targeted))} alone")
    if doubts and not problems:
        yield unknown(ID, "; ".join(doubts), _needed(target), "look whether the nodes have these accounts or tags")
    else:
        yield judge(ID, "the rules are there", _needed(target), problems)


def _of_network(answer: Mapping[str, Any]) -> Iterator[_Rule]:
    for rule in answer.get("firewalls", []):
        if rule.get("disabled") or rule.get("direction", "INGRESS") != "INGRESS":
            continue
        targets = (*rule.get("targetServiceAccounts", ()), *rule.get("targetTags", ()))
        for allowed in rule.get("allowed", []):
            if allowed["IPProtocol"] in ("tcp", "6", "all"):
                yield _Rule(_ranges(rule.get("sourceRanges", [])), _ports(allowed.get("ports", [])), targets)


def _of_policies(answer: Mapping[str, Any]) -> Iterator[_Rule]:
    for rule in (rule for policy in answer.get("firewallPolicys", []) for rule in policy.get("rules", [])):
        if rule.get("disabled") or rule.get("direction") != "INGRESS" or rule.get("action") != "allow":
            continue
        tags = [tag["name"] for tag in rule.get("targetSecureTags", [])]
        match = rule.get("match", {})
        for allowed in match.get("layer4Configs", []):
            if allowed["ipProtocol"] in ("tcp", "6", "all"):
                targets = (*rule.get("targetServiceAccounts", ()), *tags)
                yield _Rule(_ranges(match.get("srcIpRanges", [])), _ports(allowed.get("ports", [])), targets)


def _ranges(texts: list[str]) -> tuple[IPv4Network, ...]:
    return tuple(each for text in texts if isinstance(each := ip_network(text), IPv4Network))


def _ports(texts: list[str]) -> tuple[tuple[int, int], ...]:
    return tuple((int(first), int(last or first)) for first, _, last in (text.partition("-") for text in texts))
