"""Whether network policies let through what serving needs; those of others are named."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network
from typing import Any

from constructs_lib.manifests.network_policies import HEALTH_CHECK_RANGES, HTTPS_PORT, NetworkPolicyPlan
from gke_inference.verify.check import Seen

Object = Mapping[str, Any]

ANYWHERE = "203.0.113.0/24"
"""Stands for any public address: no host has one of these (RFC 5737)."""


@dataclass(frozen=True, kw_only=True)
class Need:
    """
    A connection that serving cannot do without.

    Attributes:
        words: What it is, for people.
        labels: Labels of the pods that it is of.
        direction: `Ingress` to these pods, or `Egress` from them.
        peer: Range of addresses at the other end.
        port: The TCP port.
    """

    words: str
    labels: Mapping[str, str]
    direction: str
    peer: str
    port: int


def needs(plan: NetworkPolicyPlan) -> Iterator[Need]:
    """What serving cannot do without: the load balancer's way in, and the servers' way to their weights."""
    pods = {"the servers": (plan.server_labels, [plan.server_port])}
    pods["the endpoint picker"] = (plan.picker_labels, list(plan.picker_ports))
    callers = {f"the gateway's proxies of {key}": proxies for key, proxies in plan.proxies.items()}
    callers |= {f"Google's health checks from {peer}": peer for peer in HEALTH_CHECK_RANGES}
    for called, (labels, ports) in pods.items():
        for caller, peer in callers.items():
            for port in ports:
                yield Need(words=f"{called} from {caller}", labels=labels, direction="Ingress", peer=peer, port=port)
    words, labels = "Cloud Storage and Hugging Face from the servers", plan.server_labels
    yield Need(words=words, labels=labels, direction="Egress", peer=ANYWHERE, port=HTTPS_PORT)


def admitted(
    policies: Collection[Object], denying: Iterable[Object], *, needs: Iterable[Need], ours: Collection[str]
) -> Seen:
    """
    Whether all *needs* get through the NetworkPolicies *policies* of the namespace.

    Policies add up: pods that none is for are open, and for the others it is enough that one lets a connection through.

    Args:
        denying: Policies of the whole cluster that may mean our pods, and deny.
        ours: Names of the policies that the platform makes.
    """
    problems = [problem for need in needs if (problem := _refused(policies, need, ours))]
    problems += [f"CiliumClusterwideNetworkPolicy {name} denies, and may mean our pods" for name in _names(denying)]
    others = sorted(set(_names(policies)) - set(ours))
    beside = f", {len(others)} of others ({', '.join(others)})" if others else ""
    return Seen(found=f"{len(policies) - len(others)} of ours{beside}", problems=tuple(problems))


def clusterwide_that_deny(policies: Iterable[Object], *, namespace: str) -> Iterator[Object]:
    """Those CiliumClusterwideNetworkPolicies of *policies* that deny, and that are not for another namespace."""
    for policy in policies:
        for spec in (policy.get("spec"), *policy.get("specs", [])):
            selected = ((spec or {}).get("endpointSelector") or {}).get("matchLabels") or {}
            meant = [value for key, value in selected.items() if key.endswith("io.kubernetes.pod.namespace")]
            if spec and meant in ([], [namespace]) and (spec.get("ingressDeny") or spec.get("egressDeny")):
                yield policy
                break


def _refused(policies: Collection[Object], need: Need, ours: Collection[str]) -> str:
    meant = [policy for policy in policies if _is_for(policy["spec"], need)]
    if not meant or any(_lets_through(policy["spec"], need) for policy in meant):
        return ""
    others = sorted(set(_names(meant)) - set(ours))
    by = f"NetworkPolicy {', '.join(others)}" if others else "our own policies, of which one is changed or gone"
    return f"{need.words} (port {need.port}) is cut off by {by}"


def _is_for(spec: Object, need: Need) -> bool:
    types = spec.get("policyTypes") or ["Ingress", *(["Egress"] if spec.get("egress") else [])]
    return need.direction in types and _selects(spec.get("podSelector") or {}, need.labels)


def _selects(selector: Object, labels: Mapping[str, str]) -> bool:
    exact = all(labels.get(key) == value for key, value in (selector.get("matchLabels") or {}).items())
    return exact and all(_holds(each, labels) for each in selector.get("matchExpressions") or [])


def _holds(expression: Object, labels: Mapping[str, str]) -> bool:
    key, values = expression["key"], expression.get("values") or []
    return {
        "In": labels.get(key) in values,
        "NotIn": labels.get(key) not in values,
        "Exists": key in labels,
        "DoesNotExist": key not in labels,
    }[expression["operator"]]


def _lets_through(spec: Object, need: Need) -> bool:
    rules = spec.get(need.direction.lower()) or []
    end = "from" if need.direction == "Ingress" else "to"
    return any(_opens(rule.get("ports"), need.port) and _reaches(rule.get(end), need.peer) for rule in rules)


def _opens(ports: Collection[Object] | None, port: int) -> bool:
    """No ports are all ports. One by name is a port of the pod: not known here, so it counts as another."""
    return not ports or any(
        entry.get("protocol", "TCP") == "TCP" and ("port" not in entry or _in_range(entry, port)) for entry in ports
    )


def _in_range(entry: Object, port: int) -> bool:
    first = entry["port"]
    return isinstance(first, int) and first <= port <= entry.get("endPort", first)


def _reaches(peers: Collection[Object] | None, wanted: str) -> bool:
    """No peers are everybody; selectors of pods mean no address outside the cluster."""
    blocks = [peer["ipBlock"] for peer in peers or [] if peer.get("ipBlock")]
    return not peers or any(_covers(block, IPv4Network(wanted)) for block in blocks)


def _covers(block: Object, wanted: IPv4Network) -> bool:
    if ":" in block["cidr"]:  # The platform has no IPv6.
        return False
    excepted = any(wanted.overlaps(IPv4Network(text)) for text in block.get("except", []))
    return wanted.subnet_of(IPv4Network(block["cidr"])) and not excepted


def _names(policies: Iterable[Object]) -> list[str]:
    return [policy["metadata"]["name"] for policy in policies]
