"""The ports of a gateway, the redirect to HTTPS, and the policy of its load balancer's front."""

from __future__ import annotations

from typing import Any

import pytest

from constructs_lib.gateway_class import REGIONAL_EXTERNAL
from constructs_lib.manifests.gateway import gateway
from constructs_lib.manifests.gateway_policy import gcp_gateway_policy
from constructs_lib.manifests.http_route import http_route
from constructs_lib.manifests.listeners import Listeners, redirect_route
from constructs_lib.specs import GatewaySpec, TlsSpec
from tests.checks.kubernetes_objects import problems
from tests.manifests.examples import NAMESPACE


def entry(*certificates: str, tls: TlsSpec | None = None, port: int = 80) -> dict[str, Any]:
    """Make a Gateway with the ports of *tls*, and check it by its CRD."""
    made = gateway(
        name="voice",
        namespace=NAMESPACE,
        gateway_class=REGIONAL_EXTERNAL,
        listeners=Listeners.of(GatewaySpec(port=port, tls=tls), certificates).blocks,
        addresses=[("europe-west4", "voice-gateway-eu")],
    )
    assert problems(made) == []
    return made


def test_without_tls_there_is_http_alone() -> None:
    """Models are served there, and nothing is redirected."""
    found = Listeners.of(GatewaySpec(port=8080), ())

    assert entry(port=8080)["spec"]["listeners"] == [{"name": "http", "protocol": "HTTP", "port": 8080}]
    assert (found.serving, found.redirects) == ("http", False)


def test_certificates_are_named_in_the_listener() -> None:
    """All in one option, with commas; HTTP stays for the redirect."""
    http, https = entry("a", "b", tls=TlsSpec(certificates=("a", "b")))["spec"]["listeners"]

    assert http == {"name": "http", "protocol": "HTTP", "port": 80}
    assert https == {
        "name": "https",
        "protocol": "HTTPS",
        "port": 443,
        "tls": {"mode": "Terminate", "options": {"networking.gke.io/cert-manager-certs": "a,b"}},
    }


def test_a_secret_is_referred_to() -> None:
    """It stands where the names of certificates would."""
    *_, https = entry(tls=TlsSpec(secret_name="tls"))["spec"]["listeners"]

    assert https["tls"] == {"mode": "Terminate", "certificateRefs": [{"kind": "Secret", "name": "tls"}]}


def test_without_a_redirect_http_is_closed() -> None:
    """Nobody sends a prompt in plain text by mistake."""
    tls = TlsSpec(secret_name="tls", redirect=False, port=8443)
    found = Listeners.of(GatewaySpec(tls=tls), ())

    assert [one["port"] for one in entry(tls=tls)["spec"]["listeners"]] == [8443]
    assert (found.serving, found.redirects) == ("https", False)


def test_the_redirect_answers_http_and_serves_no_model() -> None:
    """With 301 and no port, which GKE refuses."""
    route = redirect_route(name="voice-redirect", namespace=NAMESPACE, gateway="voice")

    assert problems(route) == []
    assert route["spec"] == {
        "parentRefs": [{"kind": "Gateway", "name": "voice", "sectionName": "http"}],
        "rules": [
            {
                "filters": [
                    {"type": "RequestRedirect", "requestRedirect": {"scheme": "https", "statusCode": 301}},
                ]
            }
        ],
    }


@pytest.mark.parametrize("listener", [None, "https"])
def test_a_model_is_served_at_one_listener(listener: str | None) -> None:
    """At that of HTTPS, where there is one; a route without a name of a listener is served at all of them."""
    route = http_route(name="a", namespace=NAMESPACE, gateway="voice", backends=[], listener=listener)

    assert route["spec"]["parentRefs"][0].get("sectionName") == listener


@pytest.mark.parametrize(
    ("settings", "default"),
    [
        ({"global_access": True}, {"allowGlobalAccess": True}),
        ({"global_access": False, "ssl_policy": "voice-tls"}, {"sslPolicy": "voice-tls"}),
        ({"global_access": True, "ssl_policy": "voice-tls"}, {"allowGlobalAccess": True, "sslPolicy": "voice-tls"}),
    ],
)
def test_one_policy_has_all_about_the_front(settings: dict[str, Any], default: dict[str, Any]) -> None:
    """Of two for one Gateway only the older counts."""
    policy = gcp_gateway_policy(name="voice-policy", namespace=NAMESPACE, gateway="voice", **settings)

    assert problems(policy) == []
    assert policy["spec"]["default"] == default
    assert policy["spec"]["targetRef"] == {"group": "gateway.networking.k8s.io", "kind": "Gateway", "name": "voice"}
