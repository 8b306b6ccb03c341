"""The stack of a gateway with HTTPS and limits: its objects name what is made beside them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from platform_config.requirements import project_services
from platform_config.stack_graph import gateway_stack
from tests.certificates import OWN
from tests.configs import REGIONAL, REGIONAL_PUBLIC, config
from tests.synthesized import Synthesized

CERTIFICATE, POLICY = "google_certificate_manager_certificate", "google_compute_region_ssl_policy"
LIMITS = "google_compute_region_security_policy"
MANAGED = {"hosts": ["llm.example.com", "*.example.com"], "dns_zone": "example"}
OWN_ONE = {"certificate_pem": OWN, "private_key_secret": "tls-key"}


def alone(folder: Path, **changes: Any) -> Synthesized:
    """Synthesize the stack of the gateway in us by itself, of the example with keys changed."""
    from cdktf import App

    from stacks.workload_gateway import WorkloadGatewayStack

    made = config(**changes)
    app = App(outdir=str(folder))
    WorkloadGatewayStack(app, gateway_stack(made, "us"), config=made, key="us")
    app.synth()
    return Synthesized(folder)


def listeners(app: Synthesized) -> dict[str, Any]:
    """Return the Gateway's listeners by name."""
    return {one["name"]: one for one in app.object("Gateway")["spec"]["listeners"]}


def test_the_gateway_names_its_certificates_and_policies(tmp_path: Path) -> None:
    """All in the gateway's region, with names of this platform and region."""
    app = alone(tmp_path, **REGIONAL_PUBLIC, gateway__tls=MANAGED)
    made = {block["name"] for block in app.all(CERTIFICATE)}
    options = listeners(app)["https"]["tls"]["options"]

    assert set(options["networking.gke.io/cert-manager-certs"].split(",")) == made
    assert app.object("GCPGatewayPolicy")["spec"]["default"] == {"sslPolicy": app.one(POLICY)["name"]}
    assert app.object("GCPBackendPolicy")["spec"]["default"]["securityPolicy"] == app.one(LIMITS)["name"]
    for name in (*made, app.one(POLICY)["name"], app.one(LIMITS)["name"]):
        assert name.startswith("gemma-us-")


def test_models_are_served_by_https_alone(tmp_path: Path) -> None:
    """The route of HTTP redirects, and has no model."""
    routes = {made["metadata"]["name"]: made["spec"] for made in alone(
        tmp_path, **REGIONAL, gateway__tls=MANAGED
    ).objects("HTTPRoute")}  # fmt: skip

    assert {name: spec["parentRefs"][0]["sectionName"] for name, spec in routes.items()} == {
        "gemma-route": "https", "gemma-gateway-redirect": "http",
    }  # fmt: skip
    assert "backendRefs" not in routes["gemma-gateway-redirect"]["rules"][0]


def test_an_internal_gateway_keeps_its_clients_of_other_regions(tmp_path: Path) -> None:
    """Of two policies for one Gateway only the older would count, so one has both."""
    policy = alone(tmp_path, **REGIONAL, gateway__tls=MANAGED).object("GCPGatewayPolicy")

    assert policy["spec"]["default"] == {"allowGlobalAccess": True, "sslPolicy": "gemma-us-tls"}


def test_http_alone_needs_no_section_of_its_route(tmp_path: Path) -> None:
    """Without HTTPS nothing else is made, and no route names a listener."""
    app = alone(tmp_path, **REGIONAL)

    assert list(listeners(app)) == ["http"]
    assert "sectionName" not in app.object("HTTPRoute")["spec"]["parentRefs"][0]
    assert not any(app.all(kind) for kind in (CERTIFICATE, POLICY, LIMITS))


def test_a_secret_works_across_regions(tmp_path: Path) -> None:
    """Google makes nothing for it: neither a certificate nor a TLS policy."""
    app = alone(tmp_path, gateway__tls={"secret_name": "tls"})

    assert listeners(app)["https"]["tls"]["certificateRefs"] == [{"kind": "Secret", "name": "tls"}]
    assert app.objects("GCPGatewayPolicy") == []
    assert not any(app.all(kind) for kind in (CERTIFICATE, POLICY, LIMITS))


@pytest.mark.parametrize(
    ("tls", "terraform", "google"),
    [(MANAGED, ">= 1.10.0", ">= 7.31.0, < 8.0.0"), (OWN_ONE, ">= 1.11.0", ">= 7.45.0, < 8.0.0")],
)
def test_only_a_private_key_needs_newer_programs(
    tmp_path: Path, tls: dict[str, Any], terraform: str, google: str
) -> None:
    """Write-only arguments are younger than all else."""
    [document] = alone(tmp_path, **REGIONAL, gateway__tls=tls).stacks.values()

    assert document["terraform"]["required_version"] == terraform
    assert document["terraform"]["required_providers"]["google"]["version"] == google


def test_google_8_has_write_only_keys_from_the_start(tmp_path: Path) -> None:
    """The constraint of the platform is enough then."""
    app = alone(tmp_path, **REGIONAL, gateway__tls=OWN_ONE, providers__google=8)
    [document] = app.stacks.values()

    assert document["terraform"]["required_providers"]["google"]["version"] == ">= 8.0.0, < 9.0.0"


@pytest.mark.parametrize(("zone", "shown"), [({}, True), ({"dns_zone": "example"}, False)])
def test_records_to_write_by_hand_are_an_output(tmp_path: Path, zone: dict[str, str], shown: bool) -> None:
    """By domain, as a person types them."""
    tls = {"hosts": MANAGED["hosts"], **zone}
    [document] = alone(tmp_path, **REGIONAL, gateway__tls=tls).stacks.values()
    output = document["output"].get("dns_records", {}).get("value", {})

    assert set(output) == ({"llm.example.com", "example.com"} if shown else set())
    assert all(" CNAME " in record for record in output.values())


def test_identity_aware_proxy_is_a_setting_of_each_model(tmp_path: Path) -> None:
    """With the names of client and Secret; the client's secret is in no file."""
    iap = {"client_id": "1-a.apps.googleusercontent.com", "secret_name": "iap"}
    app = alone(tmp_path, **REGIONAL, gateway__tls=MANAGED, gateway__iap=iap)

    assert app.object("GCPBackendPolicy")["spec"]["default"]["iap"] == {
        "enabled": True, "clientID": iap["client_id"], "oauth2ClientSecret": {"name": "iap"},
    }  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "services"),
    [
        ({**REGIONAL}, set()),
        ({"gateway__tls": {"secret_name": "tls"}}, set()),
        ({**REGIONAL, "gateway__tls": MANAGED}, {"certificatemanager", "dns"}),
        ({**REGIONAL, "gateway__tls": OWN_ONE}, {"certificatemanager"}),
        (
            {
                **REGIONAL,
                "gateway__tls": {"secret_name": "tls"},
                "gateway__iap": {"client_id": "1-a.apps.googleusercontent.com", "secret_name": "iap"},
            },
            {"iap"},
        ),
    ],
)
def test_what_is_used_is_turned_on(changes: dict[str, Any], services: set[str]) -> None:
    """The APIs of certificates, records and identities, where something asks for them."""
    assert {"certificatemanager", "dns", "iap"} & set(project_services(config(**changes))) == services
