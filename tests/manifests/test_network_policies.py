"""Who may talk to the platform's pods and to whom they may, as a table of connections."""

from __future__ import annotations

from dataclasses import replace

import pytest

from constructs_lib.manifests.network_policies import (
    DOWNLOAD_LABELS,
    GATE_LABELS,
    SENDER_LABELS,
    ModelPeers,
    NetworkPolicyPlan,
    RouterPeers,
    adapter_policy,
    network_policies,
    shared_policies,
)
from tests.checks.kubernetes_objects import problems
from tests.checks.network_policies import Peer, Pod, connects
from tests.manifests.examples import LABELS, NAMESPACE

GEMMA = ModelPeers(server_labels=LABELS, server_port=8000, picker_labels={"inferencepool": "gemma-pool-epp"})
NEXT = ModelPeers(server_labels={"app": "next"}, server_port=8000, picker_labels={"inferencepool": "next-pool-epp"})
KOKORO = ModelPeers(server_labels={"app": "kokoro"}, server_port=8880, picker_labels=None)
PLAN = NetworkPolicyPlan(
    namespace=NAMESPACE,
    models={"gemma": GEMMA, "next": NEXT, "kokoro": KOKORO},
    server_ports=(8000, 8880),
    picker_ports=(9002, 9003),
    picker_metrics_port=9090,
    proxies={"us": "10.2.32.0/23", "eu": "10.4.32.0/23"},
    gateway_port=80,
    router=RouterPeers(labels={"app": "body-based-router"}, ports=(9004, 9005)),
)
POLICIES = list(network_policies(PLAN).values())
SERVER = Pod(namespace=NAMESPACE, labels=LABELS)
PICKER = Pod(namespace=NAMESPACE, labels=GEMMA.picker_labels or {})
NEXT_SERVER = Pod(namespace=NAMESPACE, labels=NEXT.server_labels)
NEXT_PICKER = Pod(namespace=NAMESPACE, labels=NEXT.picker_labels or {})
SPEECH = Pod(namespace=NAMESPACE, labels=KOKORO.server_labels)
GATE = Pod(namespace=NAMESPACE, labels=GATE_LABELS)
DOWNLOAD = Pod(namespace=NAMESPACE, labels=DOWNLOAD_LABELS)
SENDER = Pod(namespace=NAMESPACE, labels=SENDER_LABELS)
ROUTER = Pod(namespace=NAMESPACE, labels={"app": "body-based-router"})
STRANGER = Pod(namespace=NAMESPACE, labels={"app": "notebook"})
OTHER_TEAM = Pod(namespace="default", labels=LABELS)
SYSTEM = Pod(namespace="kube-system", labels={"k8s-app": "kube-dns"})
COLLECTOR = Pod(namespace="gmp-system", labels={"app": "managed-prometheus-collector"})
PROXY_US, PROXY_EU, PROBE = "10.2.32.7", "10.4.33.9", "35.191.0.1"
VM, BUCKET, CONTROL_PLANE, METADATA = "10.2.0.9", "142.250.1.1", "10.2.0.2", "169.254.169.254"

ALLOWED: dict[str, tuple[Peer, Peer, int]] = {
    "the gateway's proxies of the region to the server": (PROXY_US, SERVER, 8000),
    "the proxies of the other region, which spill over": (PROXY_EU, SERVER, 8000),
    "health checks to the server": (PROBE, SERVER, 8000),
    "the load balancer to the picker": (PROXY_EU, PICKER, 9002),
    "health checks to the picker": (PROBE, PICKER, 9003),
    "the picker to the server, whose metrics it reads": (PICKER, SERVER, 8000),
    "a metrics collector to the server": (COLLECTOR, SERVER, 8000),
    "a metrics collector to the picker": (COLLECTOR, PICKER, 9090),
    "the server to the bucket": (SERVER, BUCKET, 443),
    "the server to the metadata server": (SERVER, METADATA, 80),
    "the server to the metadata server, address rewritten": (SERVER, "169.254.169.252", 988),
    "the download to Hugging Face": (DOWNLOAD, BUCKET, 443),
    "the download to the metadata server": (DOWNLOAD, METADATA, 80),
    "a gate to the Kubernetes API": (GATE, CONTROL_PLANE, 443),
    "the picker to the Kubernetes API": (PICKER, CONTROL_PLANE, 443),
    "the API server, by its agents, to the drill's pod": (SYSTEM, SENDER, 8080),
    "the drill's pod to the gateway": (SENDER, VM, 80),
    "the gateway's proxies to a server behind a Service": (PROXY_EU, SPEECH, 8880),
    "health checks to a server behind a Service": (PROBE, SPEECH, 8880),
    "a server behind a Service to the registry of its weights": (SPEECH, BUCKET, 443),
    "the load balancer to what reads bodies": (PROXY_EU, ROUTER, 9004),
    "health checks to what reads bodies": (PROBE, ROUTER, 9005),
    "what reads bodies to the Kubernetes API": (ROUTER, CONTROL_PLANE, 443),
}
REFUSED: dict[str, tuple[Peer, Peer, int]] = {
    "another team to the server": (OTHER_TEAM, SERVER, 8000),
    "a pod of the namespace that is none of ours to the server": (STRANGER, SERVER, 8000),
    "a VM of the VPC to the server": (VM, SERVER, 8000),
    "the gateway's proxies to another port of the server": (PROXY_US, SERVER, 22),
    "the drill's pod to the server, past the gateway": (SENDER, SERVER, 8000),
    "another team to the picker": (OTHER_TEAM, PICKER, 9002),
    "the server to a machine of the VPC": (SERVER, VM, 443),
    "the server to a machine behind a VPN": (SERVER, "192.168.1.1", 443),
    "the server to the internet without encryption": (SERVER, BUCKET, 80),
    "the server to another pod": (SERVER, OTHER_TEAM, 443),
    "the download to the Kubernetes API": (DOWNLOAD, CONTROL_PLANE, 443),
    "a gate to the metadata server, and so to the node's identity": (GATE, METADATA, 80),
    "a pod that nobody named to the internet": (STRANGER, BUCKET, 443),
    "a metrics collector to the drill's pod": (COLLECTOR, SENDER, 8080),
    "the picker of one model to the server of another": (PICKER, NEXT_SERVER, 8000),
    "the server of one model to that of another": (SERVER, SPEECH, 8880),
    "a picker to a server behind a Service": (NEXT_PICKER, SPEECH, 8880),
    "a metrics collector to a server without metrics": (COLLECTOR, SPEECH, 8880),
    "another team to a server behind a Service": (OTHER_TEAM, SPEECH, 8880),
    "a pod of the namespace to what reads bodies": (STRANGER, ROUTER, 9004),
    "what reads bodies to a server": (ROUTER, SERVER, 8000),
    "what reads bodies to the metadata server": (ROUTER, METADATA, 80),
}


@pytest.mark.parametrize("connection", ALLOWED.values(), ids=ALLOWED)
def test_what_serving_needs_gets_through(connection: tuple[Peer, Peer, int]) -> None:
    """Load balancer, picker, collectors, weights, gates and drill."""
    assert connects(POLICIES, *connection)


@pytest.mark.parametrize("connection", REFUSED.values(), ids=REFUSED)
def test_everything_else_is_refused(connection: tuple[Peer, Peer, int]) -> None:
    """Least privilege, in both directions."""
    assert not connects(POLICIES, *connection)


@pytest.mark.parametrize("pod", [SERVER, PICKER, GATE, DOWNLOAD, STRANGER])
@pytest.mark.parametrize("resolver", [SYSTEM, "169.254.20.10", METADATA], ids=["kube-dns", "NodeLocal", "Cloud DNS"])
def test_every_pod_may_ask_dns(pod: Pod, resolver: Peer) -> None:
    """Whichever of GKE's resolvers the cluster has."""
    assert connects(POLICIES, pod, resolver, 53, "UDP")
    assert connects(POLICIES, pod, resolver, 53)


def test_a_region_more_is_a_policy_more() -> None:
    """The policies that are there stay as they are."""
    more = shared_policies(replace(PLAN, proxies={**PLAN.proxies, "asia": "10.6.32.0/23"}))
    before = shared_policies(PLAN)

    assert set(more) - set(before) == {"proxies-asia"}
    assert {key: more[key] for key in before} == before


def test_a_model_more_on_a_known_port_is_its_own_policies_more() -> None:
    """Those of other models and of the namespace stay as they are, and so they do when it goes."""
    before = network_policies(replace(PLAN, models={"gemma": GEMMA, "kokoro": KOKORO}))
    more = network_policies(PLAN)

    assert set(more) - set(before) == {"next-server", "next-picker"}
    assert {key: more[key] for key in before} == before


def test_a_model_more_on_a_new_port_opens_it_to_the_load_balancer() -> None:
    """In the policies that all models share; the other models' own stay as they are."""
    before, more = (
        network_policies(replace(PLAN, models={"gemma": GEMMA, "next": NEXT}, server_ports=(8000,))),
        network_policies(PLAN),
    )
    changed = {key for key in before if more[key] != before[key]}

    assert set(more) - set(before) == {"kokoro-server"}
    assert changed == {"health-checks", "proxies-us", "proxies-eu"}
    for key in changed:
        [rule], [new] = before[key]["spec"]["ingress"], more[key]["spec"]["ingress"]
        assert new["from"] == rule["from"]
        assert [port for port in new["ports"] if port not in rule["ports"]] == [{"protocol": "TCP", "port": 8880}]
        assert [port for port in rule["ports"] if port not in new["ports"]] == []


def test_reading_bodies_is_one_policy_more() -> None:
    """None that all pods share changes: they are applied before the gateway, which still calls those pods."""
    without = network_policies(replace(PLAN, router=None))
    made = network_policies(PLAN)

    assert set(made) - set(without) == {"body-routing"}
    assert {key: made[key] for key in without} == without
    assert "body-routing" not in shared_policies(PLAN)


@pytest.mark.parametrize("policy", POLICIES, ids=[policy["metadata"]["name"] for policy in POLICIES])
def test_each_policy_is_one_that_kubernetes_takes(policy: dict[str, object]) -> None:
    """By the schema of the API."""
    assert problems(policy) == []


def test_the_metrics_adapter_hears_the_api_server_only() -> None:
    """And asks DNS, the metadata server, Kubernetes and Cloud Monitoring."""
    labels = {"app": "adapter"}
    policy = adapter_policy(name="adapter", namespace="custom-metrics", labels=labels, port=443)
    adapter = Pod(namespace="custom-metrics", labels=labels)

    assert problems(policy) == []
    assert connects([policy], SYSTEM, adapter, 443)
    assert connects([policy], adapter, METADATA, 80)
    assert connects([policy], adapter, BUCKET, 443)
    assert not connects([policy], OTHER_TEAM, adapter, 443)
    assert not connects([policy], adapter, VM, 8000)
