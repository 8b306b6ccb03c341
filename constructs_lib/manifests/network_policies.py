"""Which traffic the platform's pods may have, in and out: all other is refused inside the cluster too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from constructs_lib.manifests._objects import Manifest, manifest
from constructs_lib.universe import PUBLIC

Rule = dict[str, Any]

NAMESPACE_LABEL = "kubernetes.io/metadata.name"
KUBERNETES = "kube-system"
COLLECTORS = ("gke-gmp-system", "gke-managed-system", "gmp-system", KUBERNETES)
"""Namespaces of GKE's metrics collectors. One that is in its node's own network needs no rule: a node reaches its pods
whatever policies say (Kubernetes, "Network Policies")."""
COMPONENT = "app.kubernetes.io/component"
GATE_LABELS = {COMPONENT: "gate"}
DOWNLOAD_LABELS = {COMPONENT: "weights-download"}
SENDER_LABELS = {"app.kubernetes.io/managed-by": "inference-ops"}
"""Of the pod that `gke-inference drill` sends requests from."""
SENDER_PORT = 8080

PROXIES = "proxies"
"""What the names of the policies of the regions' proxies begin with."""
DNS_PORT = 53
DNS_ADDRESSES = ("169.254.20.10/32", "169.254.169.254/32")
"""NodeLocal DNSCache, and Cloud DNS for GKE, which is at the metadata server's address."""
METADATA = {"169.254.169.254/32": (80,), "169.254.169.252/32": (987, 988)}
"""Dataplane V2 judges a request to the metadata server as it was sent; other dataplanes after its address and port were
rewritten. Sources: Google, "Control communication between Pods and Services using network policies", requirements;
gke-labs/kube-agents#747."""
HTTPS_PORT = 443
NOT_PUBLIC = ("10.0.0.0/8", "100.64.0.0/10", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16")


@dataclass(frozen=True, kw_only=True)
class ModelPeers:
    """
    The pods of one model.

    Attributes:
        server_labels: Labels of the model server's pods.
        server_port: Their port.
        picker_labels: Labels of the endpoint picker's pods; None for a model behind a Service, whose servers have no
            metrics to read.
    """

    server_labels: Mapping[str, str]
    server_port: int
    picker_labels: Mapping[str, str] | None


@dataclass(frozen=True, kw_only=True)
class RouterPeers:
    """
    The pods that read the bodies of all requests.

    Attributes:
        labels: Their labels.
        ports: Ports that the load balancer and its health checks call.
    """

    labels: Mapping[str, str]
    ports: Sequence[int]


@dataclass(frozen=True, kw_only=True)
class NetworkPolicyPlan:
    """
    Who is who in one cluster's namespace. All known at synth.

    Attributes:
        namespace: The namespace; pods in it that no policy names may ask DNS and nothing else.
        models: The pods of each model in this cluster, by its key.
        server_ports: Ports of the servers of every model: a model that comes to another cluster, or leaves this one,
            changes no policy that all pods share.
        picker_ports: Ports of the endpoint pickers that the load balancer and its health checks call.
        picker_metrics_port: Where their metrics are read.
        proxies: Range of the load balancer's proxies in each region, by the region's key.
        gateway_port: Port of the gateway at which models are served, for the drill's requests.
        router: The pods of body-based routing; None without it.
        health_check_ranges: Where Google's health checks come from. Default: as in the public cloud.
    """

    namespace: str
    models: Mapping[str, ModelPeers]
    server_ports: Sequence[int]
    picker_ports: Sequence[int]
    picker_metrics_port: int
    proxies: Mapping[str, str]
    gateway_port: int
    router: RouterPeers | None = None
    health_check_ranges: Sequence[str] = PUBLIC.health_check_ranges

    @property
    def served_ports(self) -> list[int]:
        """Ports that the load balancer and its health checks reach."""
        return [*sorted(set(self.server_ports)), *self.picker_ports]


def network_policies(plan: NetworkPolicyPlan) -> dict[str, Manifest]:
    """Return every policy of the namespace, by a stable id."""
    made = shared_policies(plan) | router_policies(plan)
    for key in plan.models:
        made |= model_policies(plan, key)
    return made


def shared_policies(plan: NetworkPolicyPlan) -> dict[str, Manifest]:
    """
    Return the policies that belong to no single model, by a stable id.

    Policies add up: what one allows, no other forbids, so others may open more with one of their own. Each region's
    proxies have a policy of their own, so that a new region changes none that is there; so have each model's servers.
    Those of the proxies and health checks list the ports of all models: a model with another port adds it there.
    Google's APIs have no fixed addresses, so what needs them may open HTTPS connections to any public address.
    """
    served = plan.served_ports
    made = {
        "default": _policy(plan, "default", {}, ingress=[], egress=[dns_egress()]),
        "health-checks": _policy(
            plan, "health-checks", {}, ingress=[_from([_range(each) for each in plan.health_check_ranges], served)]
        ),
        "gates": _policy(plan, "gates", GATE_LABELS, egress=[_kubernetes_api()]),
        "weights-download": _policy(plan, "weights-download", DOWNLOAD_LABELS, egress=[*_metadata(), _public_https()]),
        "drill": _policy(
            plan,
            "drill",
            SENDER_LABELS,
            ingress=[_from([_namespaces(KUBERNETES)], [SENDER_PORT])],
            egress=[{"ports": _ports([plan.gateway_port])}],
        ),
    }
    for key, proxies in plan.proxies.items():
        name = f"{PROXIES}-{key}"
        made[name] = _policy(plan, name, {}, ingress=[_from([_range(proxies)], served)])
    return made


def router_policies(plan: NetworkPolicyPlan) -> dict[str, Manifest]:
    """Return the policies of the pods that read bodies, by a stable id: they read names from the Kubernetes API."""
    if plan.router is None:
        return {}
    callers = [_range(each) for each in (*plan.health_check_ranges, *plan.proxies.values())]
    ingress = [_from(callers, plan.router.ports)]
    name = "body-routing"
    return {name: _policy(plan, name, plan.router.labels, ingress=ingress, egress=[_kubernetes_api()])}


def model_policies(plan: NetworkPolicyPlan, key: str) -> dict[str, Manifest]:
    """Return the policies of the servers of model *key*, and of their picker where they have one, by a stable id."""
    model = plan.models[key]
    server, picker = f"{key}-server", f"{key}-picker"
    egress = [*_metadata(), _public_https()]
    if model.picker_labels is None:
        return {server: _policy(plan, server, model.server_labels, ingress=[], egress=egress)}
    readers = [_pods(model.picker_labels), _namespaces(*COLLECTORS)]
    return {
        server: _policy(
            plan, server, model.server_labels, ingress=[_from(readers, [model.server_port])], egress=egress
        ),
        picker: _policy(
            plan,
            picker,
            model.picker_labels,
            ingress=[_from([_namespaces(*COLLECTORS)], [plan.picker_metrics_port])],
            egress=[_to([_pods(model.server_labels)], [model.server_port]), _kubernetes_api()],
        ),
    }


def adapter_policy(*, name: str, namespace: str, labels: Mapping[str, str], port: int) -> Manifest:
    """
    Return a policy for a metrics API server: the API server calls it, and it calls that and Cloud Monitoring.

    The API server's calls come from GKE's konnectivity agents, pods of kube-system (tigera/operator#5212).
    """
    spec = {
        "podSelector": {"matchLabels": dict(labels)},
        "policyTypes": ["Ingress", "Egress"],
        "ingress": [_from([_namespaces(KUBERNETES)], [port])],
        "egress": [dns_egress(), *_metadata(), _kubernetes_api()],
    }
    return manifest("networking.k8s.io/v1", "NetworkPolicy", name=name, namespace=namespace, spec=spec)


def operator_policy(*, name: str, namespace: str) -> Manifest:
    """
    Return a policy for an operator in a namespace of its own.

    The API server calls its webhooks, and it calls the API server and Google's APIs.
    """
    spec = {
        "podSelector": {},
        "policyTypes": ["Ingress", "Egress"],
        "ingress": [{"from": [_namespaces(KUBERNETES)]}],
        "egress": [dns_egress(), *_metadata(), _kubernetes_api()],
    }
    return manifest("networking.k8s.io/v1", "NetworkPolicy", name=name, namespace=namespace, spec=spec)


def _policy(
    plan: NetworkPolicyPlan,
    name: str,
    labels: Mapping[str, str],
    *,
    ingress: list[Rule] | None = None,
    egress: list[Rule] | None = None,
) -> Manifest:
    """Return a policy for the pods with *labels*, for all where there are none."""
    directions = {"Ingress": ingress, "Egress": egress}
    spec = {
        "podSelector": {"matchLabels": dict(labels)} if labels else {},
        "policyTypes": [direction for direction, rules in directions.items() if rules is not None],
        "ingress": ingress or None,
        "egress": egress or None,
    }
    return manifest("networking.k8s.io/v1", "NetworkPolicy", name=name, namespace=plan.namespace, spec=spec)


def _from(peers: list[Rule], ports: Sequence[int]) -> Rule:
    return {"from": peers, "ports": _ports(ports)}


def _to(peers: list[Rule], ports: Sequence[int]) -> Rule:
    return {"to": peers, "ports": _ports(ports)}


def _ports(ports: Sequence[int], *protocols: str) -> list[Rule]:
    return [{"protocol": protocol, "port": port} for port in ports for protocol in protocols or ("TCP",)]


def _range(cidr: str, *, without: Sequence[str] = ()) -> Rule:
    return {"ipBlock": {"cidr": cidr, "except": list(without) or None}}


def _pods(labels: Mapping[str, str]) -> Rule:
    return {"podSelector": {"matchLabels": dict(labels)}}


def _namespaces(*names: str) -> Rule:
    expression = {"key": NAMESPACE_LABEL, "operator": "In", "values": list(names)}
    return {"namespaceSelector": {"matchExpressions": [expression]}}


def dns_egress() -> Rule:
    """Return the rule that lets pods ask DNS."""
    peers = [_namespaces(KUBERNETES), *(_range(address) for address in DNS_ADDRESSES)]
    return {"to": peers, "ports": _ports([DNS_PORT], "UDP", "TCP")}


def _metadata() -> list[Rule]:
    return [_to([_range(address)], ports) for address, ports in METADATA.items()]


def _public_https() -> Rule:
    """Allow Google's APIs and Hugging Face, but nothing in the VPC or in networks that it reaches."""
    return _to([_range("0.0.0.0/0", without=NOT_PUBLIC)], [HTTPS_PORT])


def _kubernetes_api() -> Rule:
    """
    Allow HTTPS to anywhere: to Dataplane V2 the control plane is neither a pod nor an address.

    Sources: cilium/cilium#20550, #33525: an `ipBlock` with the API server's address may match nothing.
    """
    return {"ports": _ports([HTTPS_PORT])}
