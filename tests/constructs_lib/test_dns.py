"""Zones and names of Cloud DNS: what each policy becomes, who is asked how, and what a plan refuses."""

from __future__ import annotations

from typing import Any

import pytest
from cdktf_cdktf_provider_google.provider import GoogleProvider

from constructs_lib.dns_zone import DnsZone
from constructs_lib.routed_record import EndpointProbe, InternalTarget, PublicTarget, RecordTarget, RoutedRecord
from constructs_lib.specs import DnsHealthCheckSpec, RecordSpec, ZoneSpec
from tests.conftest import Synth
from tests.synthesized import Block, Synthesized

ZONE, RECORD, CHECK = "google_dns_managed_zone", "google_dns_record_set", "google_compute_health_check"
NETWORK = "projects/p/global/networks/vpc"
HOST = "llm.ai.example.com"


def zone(synth: Synth, **settings: Any) -> Synthesized:
    """Return a stack with a zone of *settings*."""

    def build(stack: Any) -> None:
        google = GoogleProvider(stack, "google", project="p")
        spec = ZoneSpec(domain="ai.example.com", **settings)
        DnsZone(stack, "zone", google=google, project="p", name="ai", spec=spec, network=NETWORK)

    return synth(build)


def internal(place: str, kind: Any = "regionalL7ilb") -> InternalTarget:
    """Return a load balancer in *place*."""
    return InternalTarget(address=f"${{{place}}}", location=place, port=443, network=NETWORK, project="p", kind=kind)


def record(synth: Synth, targets: dict[str, RecordTarget], **settings: Any) -> tuple[Block, Synthesized]:
    """Return the record of *settings* that leads to *targets*, and its stack."""
    probe = EndpointProbe(
        name="gemma-dns-llm", protocol="HTTPS", port=443, host=HOST, path="/health", spec=DnsHealthCheckSpec()
    )

    def build(stack: Any) -> None:
        google = GoogleProvider(stack, "google", project="p")
        spec = RecordSpec(host=HOST, **settings)
        RoutedRecord(stack, "llm", google=google, project="p", zone="ai", spec=spec, targets=targets, probe=probe)

    app = synth(build)
    return app.one(RECORD), app


def test_a_private_zone_answers_in_its_network_alone(synth: Synth) -> None:
    """It is not signed, and names no authorities: nobody outside sees it."""
    app = zone(synth)

    assert app.one(ZONE)["private_visibility_config"] == {"networks": [{"network_url": NETWORK}]}
    assert app.one(ZONE)["visibility"] == "private"
    assert "dnssec_config" not in app.one(ZONE)
    assert app.all(RECORD) == []


def test_a_public_zone_is_signed_and_says_who_may_issue_certificates(synth: Synth) -> None:
    """Google's authority alone, at the zone itself."""
    app = zone(synth, visibility="public")

    assert app.one(ZONE)["dnssec_config"] == {"state": "on"}
    assert "private_visibility_config" not in app.one(ZONE)
    assert (app.one(RECORD)["type"], app.one(RECORD)["name"]) == ("CAA", "ai.example.com.")
    assert app.one(RECORD)["rrdatas"] == ['0 issue "pki.goog"']


def test_a_zone_with_records_of_others_is_not_deleted(synth: Synth) -> None:
    """Google refuses it, since nothing forces it."""
    assert zone(synth).one(ZONE)["force_destroy"] is False


def test_another_domain_of_a_zone_is_refused(synth: Synth) -> None:
    """Google would delete the zone with every name in it."""
    [fixed] = zone(synth, visibility="public").all("terraform_data")
    [check] = fixed["lifecycle"]["postcondition"]

    assert fixed["input"] == {"value": "public zone ai of ai.example.com"}
    assert "every name in it would be gone" in check["error_message"]


def test_an_existing_zone_is_read_and_must_fit(synth: Synth) -> None:
    """Nothing of it is made: neither the zone nor who may issue certificates."""
    app = zone(synth, existing=True, visibility="public")
    [found] = app.stacks["test"]["data"][ZONE].values()

    assert (app.all(ZONE), app.all(RECORD)) == ([], [])
    assert [check["condition"] for check in found["lifecycle"]["postcondition"]] == [
        '${self.dns_name == "ai.example.com."}',
        '${self.visibility == "public"}',
    ]


def test_geo_answers_with_the_nearest(synth: Synth) -> None:
    """Each place once, in the order of the names; its load balancers say themselves whether they are up."""
    made, app = record(synth, {"us": internal("us-east5"), "eu": internal("europe-west4")}, policy="geo", geofence=True)
    policy = made["routing_policy"]

    assert [item["location"] for item in policy["geo"]] == ["europe-west4", "us-east5"]
    assert policy["enable_geo_fencing"] is True
    assert policy["geo"][1]["health_checked_targets"] == {
        "internal_load_balancers": [
            {
                "load_balancer_type": "regionalL7ilb",
                "ip_address": "${us-east5}",
                "port": "443",
                "ip_protocol": "tcp",
                "network_url": NETWORK,
                "project": "p",
                "region": "us-east5",
            }
        ]
    }
    assert "health_check" not in policy
    assert app.all(CHECK) == []


def test_a_load_balancer_across_regions_has_no_region(synth: Synth) -> None:
    """Its type says so, and is always written: without it each plan would differ."""
    made, _ = record(synth, {"us": internal("us-east5", "globalL7ilb")}, policy="geo")
    [target] = made["routing_policy"]["geo"][0]["health_checked_targets"]["internal_load_balancers"]

    assert target["load_balancer_type"] == "globalL7ilb"
    assert "region" not in target


def test_failover_has_a_primary_and_a_backup_by_place(synth: Synth) -> None:
    """What is not primary takes over, the nearest first; a share of answers may name it at all times."""
    targets: dict[str, RecordTarget] = {
        "us": PublicTarget(address="203.0.113.1", location="us-east4"),
        "hk": PublicTarget(address="203.0.113.2", location="asia-east2"),
        "farm": PublicTarget(address="203.0.113.3", location="asia-east2"),
    }
    made, _ = record(synth, targets, policy="failover", primary=("us",), trickle_percent=10)
    policy = made["routing_policy"]["primary_backup"]

    assert policy["primary"] == {"external_endpoints": ["203.0.113.1"]}
    assert policy["backup_geo"] == [
        {
            "location": "asia-east2",
            "health_checked_targets": {"external_endpoints": ["203.0.113.2", "203.0.113.3"]},
        }
    ]
    assert (policy["trickle_ratio"], policy["enable_geo_fencing_for_backups"]) == (0.1, False)


def test_public_addresses_are_asked_by_a_check_of_their_own(synth: Synth) -> None:
    """By three regions, at a fixed port, with the host by which an Ingress finds its servers."""
    made, app = record(synth, {"us": PublicTarget(address="203.0.113.1", location="us-east4")}, policy="geo")
    check = app.one(CHECK)

    assert made["routing_policy"]["health_check"].endswith(".id}")
    assert check["https_health_check"] == {
        "port": 443,
        "port_specification": "USE_FIXED_PORT",
        "host": HOST,
        "request_path": "/health",
    }
    assert (check["check_interval_sec"], check["unhealthy_threshold"], len(check["source_regions"])) == (30, 2, 3)
    assert check["name"] == "gemma-dns-llm"


def test_shares_are_equal_unless_given(synth: Synth) -> None:
    """One item for each target, in the order of the file."""
    targets: dict[str, RecordTarget] = {"us": internal("us-east5"), "eu": internal("europe-west4")}

    for weights, expected in (({}, [1, 1]), ({"us": 9, "eu": 0}, [9, 0])):
        made, _ = record(synth, targets, policy="weighted", weights=weights)
        assert [item["weight"] for item in made["routing_policy"]["wrr"]] == expected


@pytest.mark.parametrize("kinds", [{}, {"us": internal("us-east5"), "farm": PublicTarget(address="203.0.113.7")}])
def test_targets_of_two_kinds_are_refused(synth: Synth, kinds: dict[str, RecordTarget]) -> None:
    """The provider would send the internal ones alone, and say nothing of the others."""
    with pytest.raises(ValueError, match=f"all internal or all public, got {len(kinds)} kinds for {HOST}"):
        record(synth, kinds, policy="weighted")
