"""`preflight` and HTTPS: the certificates, the DNS zone and the private key that a config names."""

from __future__ import annotations

from typing import Any

import pytest

from tests.certificates import OWN
from tests.configs import REGIONAL, config
from tests.gke_inference.google_stand_in import Fault, GoogleStandIn
from tests.gke_inference.preflight_answers import found

CERTIFICATE, ZONE = "certificatemanager.projects.locations.certificates.get", "dns.managedZones.get"
VERSION = "secretmanager.projects.secrets.versions.get"
BY_NAME = {"certificates": ["llm", "other"]}
MANAGED = {"hosts": ["llm.example.com", "*.example.com"], "dns_zone": "zone"}
OWN_ONE = {"certificate_pem": OWN, "private_key_secret": "tls-key"}

CASES: list[tuple[dict[str, Any], tuple[str, str], dict[str, Any], str, str]] = [
    (BY_NAME, ("us", "TLS-CERTIFICATE"), {}, "good", "there: llm, other"),
    (BY_NAME, ("us", "TLS-CERTIFICATE"), {CERTIFICATE: Fault(404)}, "wrong", "there is no llm in us-east5"),
    (BY_NAME, ("eu", "TLS-CERTIFICATE"), {CERTIFICATE: {"scope": "ALL_REGIONS"}}, "wrong", "the scope ALL_REGIONS"),
    (
        BY_NAME,
        ("eu", "TLS-CERTIFICATE"),
        {CERTIFICATE: {"managed": {"state": "PROVISIONING"}}},
        "wrong",
        "llm is PROVISIONING; other is PROVISIONING",
    ),
    (BY_NAME, ("us", "TLS-CERTIFICATE"), {CERTIFICATE: Fault(403)}, "unknown", "could not be checked"),
    (MANAGED, ("", "TLS-ZONE"), {}, "good", "zone has example.com"),
    (MANAGED, ("", "TLS-ZONE"), {ZONE: Fault(404)}, "wrong", "there is no zone"),
    (MANAGED, ("", "TLS-ZONE"), {ZONE: {"dnsName": "example.com.", "visibility": "private"}}, "wrong", "is private"),
    (MANAGED, ("", "TLS-ZONE"), {ZONE: {"dnsName": "llm.example.com."}}, "wrong", "and not *.example.com"),
    (MANAGED, ("", "TLS-ZONE"), {ZONE: {"dnsName": "ample.com."}}, "wrong", "and not llm.example.com, *.example.com"),
    (OWN_ONE, ("", "TLS-KEY"), {}, "good", "version 3 can be read"),
    (OWN_ONE, ("", "TLS-KEY"), {VERSION: Fault(404)}, "wrong", "there is no version of tls-key"),
]


@pytest.mark.parametrize(("tls", "id_", "changed", "status", "words"), CASES)
def test_what_a_config_names_is_there(
    google: GoogleStandIn, tls: dict[str, Any], id_: tuple[str, str], changed: dict[str, Any], status: str, words: str
) -> None:
    """In each region; what is not good comes with a fix."""
    finding = found(google, config(**REGIONAL, gateway__tls=tls), **changed)[id_]

    assert (finding.status.value, words in finding.found) == (status, True), finding
    assert bool(finding.fix) == (status != "good")


@pytest.mark.parametrize("tls", [None, {"secret_name": "tls"}, {"hosts": ["llm.example.com"]}])
def test_what_nothing_names_is_not_looked_at(google: GoogleStandIn, tls: dict[str, Any] | None) -> None:
    """A Secret is in a cluster that is not there yet; a record is written by hand."""
    findings = found(google, config(**REGIONAL, gateway__tls=tls))

    assert [id_ for _, id_ in findings if id_.startswith("TLS")] == []
