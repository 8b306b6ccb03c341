"""Who may open a connection to whom under NetworkPolicies, as Kubernetes reads them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network
from typing import Any

Policy = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Pod:
    """A pod, by the namespace and the labels that policies know it by."""

    namespace: str
    labels: Mapping[str, str] = field(default_factory=dict)


Peer = Pod | str
"""A pod of the cluster, or an address outside of it."""


def connects(policies: Collection[Policy], source: Peer, target: Peer, port: int, protocol: str = "TCP") -> bool:
    """Return whether both ends let the connection through; an address outside has no policies."""
    return all(
        not isinstance(pod, Pod) or _allows(policies, pod, direction, other, port, protocol)
        for pod, direction, other in ((target, "Ingress", source), (source, "Egress", target))
    )


def _allows(policies: Collection[Policy], pod: Pod, direction: str, other: Peer, port: int, protocol: str) -> bool:
    meant = [
        policy["spec"]
        for policy in policies
        if policy["metadata"]["namespace"] == pod.namespace
        and direction in policy["spec"]["policyTypes"]
        and _matches(policy["spec"]["podSelector"], pod.labels)
    ]
    end = "from" if direction == "Ingress" else "to"
    rules = [rule for spec in meant for rule in spec.get(direction.lower(), [])]
    return not meant or any(
        {"protocol": protocol, "port": port} in rule["ports"]
        and (end not in rule or any(_is(peer, other, pod.namespace) for peer in rule[end]))
        for rule in rules
    )


def _is(peer: Mapping[str, Any], other: Peer, namespace: str) -> bool:
    if isinstance(other, str):
        block, address = peer.get("ipBlock", {"cidr": "0.0.0.0/32"}), ip_address(other)
        without = (ip_network(text) for text in block.get("except", []))
        return address in ip_network(block["cidr"]) and not any(address in each for each in without)
    if "ipBlock" in peer:
        return False
    there = {"kubernetes.io/metadata.name": other.namespace}
    selected = peer.get("namespaceSelector")
    near = other.namespace == namespace if selected is None else _matches(selected, there)
    return near and _matches(peer.get("podSelector", {}), other.labels)


def _matches(selector: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    exact = all(labels.get(key) == value for key, value in selector.get("matchLabels", {}).items())
    return exact and all(labels.get(each["key"]) in each["values"] for each in selector.get("matchExpressions", []))
