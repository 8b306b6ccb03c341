"""Proxies of a cluster that lead a gateway to servers outside all clusters."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from cdktf_cdktf_provider_kubernetes.provider import KubernetesProvider

from constructs_lib.remote_proxy import RemoteProxy
from constructs_lib.specs import AddressSpec, HealthCheckSpec, RemoteSpec
from tests.checks.kubernetes_objects import stack_problems
from tests.conftest import Synth
from tests.synthesized import Block, Synthesized

ADDRESS = AddressSpec(path="/farm")
BY_NAME = RemoteSpec(endpoints=("farm.example.com",), address=ADDRESS)
BY_ADDRESS = RemoteSpec(endpoints=("192.0.2.10", "192.0.2.11"), address=ADDRESS, port=8000, tls=False)
AUTHORITIES = "/etc/ssl/certs/ca-certificates.crt"
"""Where the image of Envoy has the authorities that it trusts."""


def build(spec: RemoteSpec = BY_NAME, **changes: Any) -> Callable[[Any], RemoteProxy]:
    """Build proxies for *spec* in a bare stack."""
    settings: dict[str, Any] = {"name": "farm-remote", "namespace": "inference", "timeout_sec": 600}
    return lambda stack: RemoteProxy(
        stack, "farm", kubernetes=KubernetesProvider(stack, "kubernetes"), spec=spec, **(settings | changes)
    )


def pod(app: Synthesized) -> Block:
    """Return the pod of the proxies."""
    found: Block = app.object("Deployment")["spec"]["template"]["spec"]
    return found


def envoy(app: Synthesized) -> Block:
    """Return the configuration of the proxies."""
    found: Block = json.loads(app.object("ConfigMap")["data"]["envoy.json"])["static_resources"]
    return found


def upstream(app: Synthesized) -> Block:
    """Return the only group of servers that the proxies send to."""
    [cluster] = envoy(app)["clusters"]
    found: Block = cluster
    return found


@pytest.mark.parametrize("spec", [BY_NAME, BY_ADDRESS], ids=["by name", "by address"])
def test_kubernetes_takes_every_object(synth: Synth, spec: RemoteSpec) -> None:
    """As the API server keeps it, so that no plan shows a change."""
    assert stack_problems(synth(build(spec, exported=True)).stacks["test"]) == []


def test_the_service_has_pods_of_its_own(synth: Synth) -> None:
    """A Service without a selector gives GKE's load balancers an empty endpoint group, and clients 502."""
    app = synth(build())
    service, proxies = app.object("Service")["spec"], app.object("Deployment")["spec"]
    [port], [container] = service["ports"], pod(app)["containers"]

    assert service["selector"]
    assert service["selector"].items() <= proxies["template"]["metadata"]["labels"].items()
    assert service["selector"] == proxies["selector"]["matchLabels"]
    assert port["targetPort"] in {named["containerPort"] for named in container["ports"]}


def test_the_proxies_are_as_many_as_given_and_take_no_accelerator(synth: Synth) -> None:
    """They run on any node, and one is always left."""
    app = synth(build(RemoteSpec(endpoints=("farm.example.com",), address=ADDRESS, replicas=3)))
    [container] = pod(app)["containers"]

    assert app.object("Deployment")["spec"]["replicas"] == 3
    assert {*container["resources"]["requests"], *container["resources"]["limits"]} == {
        *("cpu", "memory", "ephemeral-storage"),
    }
    assert "nodeSelector" not in pod(app)
    assert app.object("PodDisruptionBudget")["spec"]["maxUnavailable"] == 1


def test_the_proxies_have_no_privilege(synth: Synth) -> None:
    """A user of their own, files that cannot be changed, no capability."""
    proxies = pod(synth(build()))
    [container] = proxies["containers"]

    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert proxies["securityContext"]["runAsNonRoot"] is True


def test_the_certificate_of_the_servers_is_checked(synth: Synth) -> None:
    """Signed by a public authority, and of the host that is asked: anybody else would read prompts and answers."""
    tls = upstream(synth(build()))["transport_socket"]["typed_config"]
    checked = tls["common_tls_context"]["validation_context"]

    assert tls["sni"] == "farm.example.com"
    assert checked == {
        "trusted_ca": {"filename": AUTHORITIES},
        "match_typed_subject_alt_names": [{"san_type": "DNS", "matcher": {"exact": "farm.example.com"}}],
    }


def test_addresses_have_the_certificate_of_the_host_that_is_given(synth: Synth) -> None:
    """It is sent as `Host` too."""
    spec = RemoteSpec(endpoints=("192.0.2.10",), address=ADDRESS, host="rack.example.com")
    app = synth(build(spec))
    manager = envoy(app)["listeners"][0]["filter_chains"][0]["filters"][0]["typed_config"]
    [host] = manager["route_config"]["virtual_hosts"]

    assert upstream(app)["transport_socket"]["typed_config"]["sni"] == "rack.example.com"
    assert host["routes"][0]["route"]["host_rewrite_literal"] == "rack.example.com"


def test_http_is_asked_only_where_tls_is_off(synth: Synth) -> None:
    """At the port that is given, of each address."""
    made = upstream(synth(build(BY_ADDRESS)))
    [group] = made["load_assignment"]["endpoints"]

    assert "transport_socket" not in made
    assert [one["endpoint"]["address"]["socket_address"] for one in group["lb_endpoints"]] == [
        {"address": "192.0.2.10", "port_value": 8000},
        {"address": "192.0.2.11", "port_value": 8000},
    ]


@pytest.mark.parametrize("spec", [BY_NAME, BY_ADDRESS], ids=["by name", "by address"])
def test_the_proxies_hold_no_secret(synth: Synth, spec: RemoteSpec) -> None:
    """No Secret, no variable, no key of their own, and no token of the cluster."""
    app = synth(build(spec))
    text = json.dumps(app.stacks["test"])

    assert app.objects("Secret") == []
    assert not [word for word in ("secretKeyRef", "secretName", "private_key", "envFrom") if word in text]
    assert {key for volume in pod(app)["volumes"] for key in volume} == {"name", "configMap"}
    assert "env" not in pod(app)["containers"][0]
    assert pod(app)["automountServiceAccountToken"] is False


@pytest.mark.parametrize(
    ("spec", "to"),
    [
        (BY_ADDRESS, ["192.0.2.10/32", "192.0.2.11/32"]),
        (BY_NAME, ["0.0.0.0/0"]),
    ],
    ids=["by address", "by name"],
)
def test_the_proxies_reach_the_endpoints_and_dns_alone(synth: Synth, spec: RemoteSpec, to: list[str]) -> None:
    """Of a name no address is known: any public one, at its port, and none inside the network."""
    _, egress = synth(build(spec)).object("NetworkPolicy")["spec"]["egress"]

    assert [peer["ipBlock"]["cidr"] for peer in egress["to"]] == to
    assert egress["ports"] == [{"protocol": "TCP", "port": spec.port}]
    if spec.by_name:
        assert {"10.0.0.0/8", "169.254.0.0/16"} <= set(egress["to"][0]["ipBlock"]["except"])


def test_a_proxy_is_ready_while_the_servers_are(synth: Synth) -> None:
    """It asks them for their health as the gateway does, so that both let go of it together."""
    check = HealthCheckSpec(interval_sec=7, timeout_sec=3, unhealthy_threshold=4)
    spec = RemoteSpec(endpoints=("farm.example.com",), address=ADDRESS, health_path="/healthz")
    [container] = pod(synth(build(spec, health_check=check)))["containers"]

    assert container["readinessProbe"] == {
        "httpGet": {"path": "/healthz", "port": "http"},
        "timeoutSeconds": 3,
        "periodSeconds": 7,
        "failureThreshold": 4,
    }


@pytest.mark.parametrize("draining_sec", [10, 120])
def test_a_proxy_that_goes_lets_its_requests_end(synth: Synth, draining_sec: int) -> None:
    """Envoy would end them at SIGTERM: it comes after the load balancer has left and they had their time."""
    proxies = pod(synth(build(draining_sec=draining_sec)))
    [container] = proxies["containers"]

    assert container["lifecycle"]["preStop"]["sleep"]["seconds"] == 30 + draining_sec
    assert proxies["terminationGracePeriodSeconds"] > 30 + draining_sec


def test_proxies_get_a_changed_configuration(synth: Synth) -> None:
    """Its name follows its content, so a change of it is a change of the Deployment."""
    first, second = (synth(build(timeout_sec=seconds)) for seconds in (600, 601))
    names = [app.object("ConfigMap")["metadata"]["name"] for app in (first, second)]

    assert names[0] != names[1]
    assert [pod(app)["volumes"][0]["configMap"]["name"] for app in (first, second)] == names


@pytest.mark.parametrize("exported", [True, False])
def test_another_cluster_s_gateway_finds_it_where_it_is_exported(synth: Synth, exported: bool) -> None:
    """A ServiceExport under the name of the Service."""
    names = [found["metadata"]["name"] for found in synth(build(exported=exported)).objects("ServiceExport")]

    assert names == ["farm-remote"] * exported
