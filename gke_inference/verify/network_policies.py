"""Verdict on network policies: whether they let through what serving needs; those of others are named."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network

from constructs_lib.manifests.network_policies import HTTPS_PORT, NetworkPolicyPlan
from gke_inference.verify.verdict import Object, Verdict

ANYWHERE = "203.0.113.0/24"
"""Stands for any public address: no host has one of these (RFC 5737)."""


@dataclass(frozen=True, kw_only=True)
class Connection:
    """
    A connection that serving cannot do without.

    Attributes:
        name: What it is, for people.
        labels: Labels of its pods.
        direction: `Ingress` to these pods, or `Egress` from them.
        peer: Range of addresses at the other end.
        port: The TCP port.
    """

    name: str
    labels: Mapping[str, str]
    direction: str
    peer: str
    port: int


def connections(plan: NetworkPolicyPlan) -> Iterator[Connection]:
    """Yield what serving cannot do without: the load balancer reaches the pods, the servers reach their weights."""
    pods: dict[str, tuple[Mapping[str, str], list[int]]] = {}
    for key, model in plan.models.items():
        of = f" of {key}" if len(plan.models) > 1 else ""
        pods[f"the servers{of}"] = (model.server_labels, [model.server_port])
        if model.picker_labels:
            pods[f"the endpoint picker{of}"] = (model.picker_labels, list(plan.picker_ports))
    if plan.router:
        pods["body-based routing"] = (plan.router.labels, list(plan.router.ports))
    callers = {f"the gateway's proxies of {key}": proxies for key, proxies in plan.proxies.items()}
    callers |= {f"Google's health checks from {peer}": peer for peer in plan.health_check_ranges}
    for called, (labels, ports) in pods.items():
        for caller, peer in callers.items():
            for port in ports:
                yield Connection(
                    name=f"{called} from {caller}", labels=labels, direction="Ingress", peer=peer, port=port
                )
    for key, model in plan.models.items():
        name = f"Cloud Storage and Hugging Face from the servers{f' of {key}' if len(plan.models) > 1 else ''}"
        yield Connection(name=name, labels=model.server_labels, direction="Egress", peer=ANYWHERE, port=HTTPS_PORT)


def judge_network_policies(
    policies: Collection[Object], denying: Iterable[Object], *, needed: Iterable[Connection], own: Collection[str]
) -> Verdict:
    """
    Judge whether all *needed* connections get through the NetworkPolicies *policies* of the namespace.

    Policies add up: pods that no policy selects are open, and for the others one that lets a connection through is
    enough.

    Args:
        policies: All of the namespace.
        denying: Policies of the whole cluster that deny and may select the platform's pods.
        needed: What serving cannot do without.
        own: Names of the policies that the platform makes.
    """
    problems = [problem for connection in needed if (problem := _problem(policies, connection, own))]
    problems += [
        f"CiliumClusterwideNetworkPolicy {name} denies, and may select the platform's pods" for name in _names(denying)
    ]
    others = sorted(set(_names(policies)) - set(own))
    beside = f", {len(others)} of others ({', '.join(others)})" if others else ""
    return Verdict(found=f"{len(policies) - len(others)} policies of the platform{beside}", problems=tuple(problems))


def denying_policies(policies: Iterable[Object], *, namespace: str) -> Iterator[Object]:
    """Yield those CiliumClusterwideNetworkPolicies of *policies* that deny and are not for another namespace."""
    for policy in policies:
        for spec in (policy.get("spec"), *policy.get("specs", [])):
            selected = ((spec or {}).get("endpointSelector") or {}).get("matchLabels") or {}
            namespaces = [value for key, value in selected.items() if key.endswith("io.kubernetes.pod.namespace")]
            if spec and namespaces in ([], [namespace]) and (spec.get("ingressDeny") or spec.get("egressDeny")):
                yield policy
                break


def _problem(policies: Collection[Object], connection: Connection, own: Collection[str]) -> str:
    """Return which policies cut *connection* off; empty where it gets through."""
    selecting = [policy for policy in policies if _is_for(policy["spec"], connection)]
    if not selecting or any(_lets_through(policy["spec"], connection) for policy in selecting):
        return ""
    others = sorted(set(_names(selecting)) - set(own))
    by = f"NetworkPolicy {', '.join(others)}" if others else "the platform's own, of which one is changed or gone"
    return f"{connection.name} (port {connection.port}) is cut off by {by}"


def _is_for(spec: Object, connection: Connection) -> bool:
    types = spec.get("policyTypes") or ["Ingress", *(["Egress"] if spec.get("egress") else [])]
    return connection.direction in types and _selects(spec.get("podSelector") or {}, connection.labels)


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


def _lets_through(spec: Object, connection: Connection) -> bool:
    rules = spec.get(connection.direction.lower()) or []
    end = "from" if connection.direction == "Ingress" else "to"
    return any(
        _opens(rule.get("ports"), connection.port) and _reaches(rule.get(end), connection.peer) for rule in rules
    )


def _opens(ports: Collection[Object] | None, port: int) -> bool:
    """Return whether *port* is open. No ports are all ports; a pod's named port is not known: it counts as another."""
    return not ports or any(
        entry.get("protocol", "TCP") == "TCP" and ("port" not in entry or _in_range(entry, port)) for entry in ports
    )


def _in_range(entry: Object, port: int) -> bool:
    first = entry["port"]
    return isinstance(first, int) and first <= port <= entry.get("endPort", first)


def _reaches(peers: Collection[Object] | None, wanted: str) -> bool:
    """Return whether *wanted* is among *peers*. No peers are everybody; pod selectors mean no address outside."""
    blocks = [peer["ipBlock"] for peer in peers or [] if peer.get("ipBlock")]
    return not peers or any(_covers(block, IPv4Network(wanted)) for block in blocks)


def _covers(block: Object, wanted: IPv4Network) -> bool:
    if ":" in block["cidr"]:  # The platform has no IPv6.
        return False
    excepted = any(wanted.overlaps(IPv4Network(text)) for text in block.get("except", []))
    return wanted.subnet_of(IPv4Network(block["cidr"])) and not excepted


def _names(policies: Iterable[Object]) -> list[str]:
    return [policy["metadata"]["name"] for policy in policies]
