"""Cases of the rules about names of DNS."""

from __future__ import annotations

from typing import Any

from tests.configs import REGIONAL_PUBLIC
from tests.platform_config.rules.case import Case, Changes, More

PRIVATE: Changes = {"domain": "ai.example.internal"}
PUBLIC: Changes = {"domain": "ai.example.com", "visibility": "public"}
FARM: Changes = {"farm": {"address": "203.0.113.7", "near": "us-east4"}}
OUTSIDE: Changes = {"preset": "plain", "kubeconfig": "hk.yaml", "context": "hk", "ingress_class": "nginx"}


def dns(zone: Changes = PRIVATE, endpoints: Changes | None = None, **record: Any) -> Changes:
    """Return changes that give the example a zone, and one record that has *record*."""
    host = f"llm.{zone.get('domain')}"
    given = {"zone": zone, "records": {"llm": {"host": host, "policy": "geo", **record}}}
    return {"dns": {**given, "external_endpoints": endpoints or {}}}


def public(endpoints: Changes | None = None, **record: Any) -> Changes:
    """Return changes that give the example public gateways, a public zone, and one record that has *record*."""
    return {**REGIONAL_PUBLIC, **dns(PUBLIC, endpoints, **record)}


def probed(**settings: Any) -> Changes:
    """Return changes that give the example public gateways whose record is checked with *settings*."""
    base = public()
    return {**base, "dns": {**base["dns"], "health_check": settings}}


CASES: dict[str, Case] = {
    "DNS-PROBE-TLS": Case(
        {**probed(), "gateway__tls": {"hosts": ["llm.ai.example.com"], "dns_zone": "gemma-zone"}},
        {
            **probed(protocol="HTTP", port=80),
            "gateway__tls": {"hosts": ["llm.ai.example.com"], "dns_zone": "gemma-zone"},
        },
        "dns.health_check.protocol: must be HTTPS, as the gateways: HTTP at port 80 is "
        "redirected or closed, got HTTP -> remove protocol and port",
    ),
    "DNS-PROOF": Case(
        {**public(), "gateway__tls": {"hosts": ["llm.ai.example.com"], "dns_zone": "gemma-zone"}},
        {**public(), "gateway__tls": {"hosts": ["llm.ai.example.com"]}},
        "gateway.tls.dns_zone: should be gemma-zone, where Google looks for the proof of "
        "llm.ai.example.com, got none -> write dns_zone: gemma-zone, unless the proof is written "
        "elsewhere",
    ),
    "DNS-ZONE": Case(
        dns({**PRIVATE, "existing": True, "name": "ai"}),
        dns({**PRIVATE, "existing": True}),
        "dns.zone.name: must be given for a zone that exists, got none -> write the name that "
        "`gcloud dns managed-zones list` shows",
    ),
    "DNS-KIND": Case(
        public(FARM),
        dns(PRIVATE, FARM),
        "dns.external_endpoints.farm.address: must be left out for a private zone, which checks "
        "internal load balancers alone, got 203.0.113.7 -> write dns.zone.visibility: public, "
        "and gateway.public: true",
    ),
    "DNS-PUBLIC-ADDRESS": Case(
        public(FARM),
        public({"farm": {"address": "10.0.0.7", "near": "us-east4"}}),
        "dns.external_endpoints.farm.address: must be an address of the internet, which Google "
        "can ask, got 10.0.0.7 -> write the address that clients outside reach",
    ),
    "DNS-KEY": Case(
        public(FARM),
        public({"us": {"address": "203.0.113.7", "near": "us-east4"}}),
        "dns.external_endpoints.us: must be a key that regions does not have, got 'us' in both "
        "-> choose another key for the newer one",
    ),
    "DNS-NAMED": Case(
        dns(),
        {**dns(), "gateway__addresses": "ephemeral"},
        "gateway.addresses: must be named for dns.records, which lead to addresses that outlive "
        "a gateway, got ephemeral -> write addresses: named, or remove the line",
    ),
    "DNS-HOST": Case(
        dns(),
        dns(host="llm.example.org"),
        "dns.records.llm.host: must be a name of the zone ai.example.internal, got "
        "'llm.example.org' -> write llm.ai.example.internal",
    ),
    "DNS-TARGET": Case(
        dns(targets=["eu", "us"]),
        dns(targets=["us", "asia", "us"], model="gemma"),
        [
            ("dns.records.llm.targets[1]: must be a place that serves gemma (us, eu), got 'asia' -> write one of them"),
            "dns.records.llm.targets[2]: must name each target once, got 'us' again -> remove it",
        ],
    ),
    "DNS-PRIMARY": Case(
        dns(policy="failover", primary=["us"]),
        dns(policy="failover"),
        "dns.records.llm.primary: must name what answers while it is up, got none -> write primary: [us]",
    ),
    "DNS-WEIGHT": Case(
        dns(policy="weighted", weights={"us": 9, "eu": 1}),
        dns(policy="weighted", weights={"us": 0, "eu": 0}),
        "dns.records.llm.weights: must sum to more than 0, got 0: no answer would be left -> give a target a share",
    ),
    "DNS-POLICY": Case(
        dns(geofence=True),
        dns(policy="weighted", geofence=True, trickle_percent=10),
        [
            (
                "dns.records.llm.trickle_percent: must be left out for policy weighted, got 10 -> write "
                "policy: failover, or remove the line"
            ),
            (
                "dns.records.llm.geofence: must be false for policy weighted, whose answers do not "
                "depend on who asks, got true -> write policy: geo, or remove the line"
            ),
        ],
    ),
    "DNS-NEAR": Case(
        public(FARM),
        public({"farm": {"address": "203.0.113.7"}}),
        "dns.external_endpoints.farm.near: must be given: dns.records.llm answers with the "
        "target that is nearest to who asks, got none -> write the nearest region of Google "
        "Cloud, such as asia-east2",
    ),
    "DNS-SIGNED": Case(
        public(FARM),
        public({"farm": {"address": "203.0.113.7", "near": "us-east5"}}),
        "dns.records.llm.targets: must leave one address for each answer of a signed zone, got "
        "us, farm in one -> write dns.zone.dnssec: false; or name fewer targets, or other "
        "regions in near",
    ),
    "DNS-TTL": Case(
        dns(ttl_sec=60),
        dns(ttl_sec=300),
        "dns.records.llm.ttl_sec: should be at most 60, got 300: clients ask a target that is down as long -> write 30",
    ),
    "DNS-CHECK": Case(
        probed(timeout_sec=30),
        probed(timeout_sec=31, source_regions=["us-east1", "us-east1", "moon-1"]),
        [
            ("dns.health_check.timeout_sec: must not be more than interval_sec (30), got 31 -> write 30 or less"),
            (
                "dns.health_check.source_regions: must be 3 different regions, got us-east1, us-east1, "
                "moon-1 -> write [us-east1, europe-west1, asia-southeast1]"
            ),
            (
                "dns.health_check.source_regions[2]: must be a region of Google Cloud, got 'moon-1' -> "
                "write one such as us-east1"
            ),
        ],
    ),
    "DNS-PROBE": Case(
        {**probed(protocol="TCP"), "gateway__client_limits": {"allowed_ranges": ["198.51.100.0/24"]}},
        {**probed(), "gateway__client_limits": {"allowed_ranges": ["198.51.100.0/24"]}},
        "dns.health_check.protocol: must be TCP with gateway.client_limits.allowed_ranges, which "
        "refuse probes, got HTTP -> write protocol: TCP",
    ),
    "DNS-PROBE-HOST": Case(
        {**probed(host="gemma.example.com"), "models__gemma__address": {"host": "gemma.example.com"}},
        {**probed(), "models__gemma__address": {"host": "gemma.example.com"}},
        "dns.records.llm.host: must be gemma.example.com, by which the gateways find gemma, got "
        "llm.ai.example.com -> write dns.health_check.host: gemma.example.com",
    ),
    "DNS-TLS": Case(
        {**public(), "gateway__tls": {"hosts": ["*.ai.example.com"]}},
        {**public(), "gateway__tls": {"hosts": ["llm.example.com"]}},
        "dns.records.llm.host: should be a host that a certificate of gateway.tls is for "
        "(llm.example.com), got 'llm.ai.example.com' -> add it to gateway.tls.hosts",
    ),
    "DNS-UNNAMED": Case(
        {**public(), "gateway__tls": {"hosts": ["*.ai.example.com", "llm.ai.example.com"]}},
        {**public(), "gateway__tls": {"hosts": ["gemma.ai.example.com"]}},
        "gateway.tls.hosts[0]: should have a record in dns.records, or clients do not find the "
        "gateways, got none for gemma.ai.example.com -> add a record with host: "
        "gemma.ai.example.com",
    ),
}

MORE: dict[str, More] = {
    "internal gateways in a public zone": (
        "DNS-KIND",
        dns(PUBLIC),
        [
            (
                "dns.zone.visibility: must be private for gateways inside the VPC, which a public zone "
                "cannot check, got public -> write visibility: private; or gateway.scope: regional and "
                "gateway.public: true"
            )
        ],
    ),
    "public gateways in a private zone": (
        "DNS-KIND",
        {**REGIONAL_PUBLIC, **dns()},
        [
            (
                "dns.zone.visibility: must be public for gateway.public: true, whose addresses a private "
                "zone cannot check, got private -> write visibility: public"
            )
        ],
    ),
    "one address twice": (
        "DNS-PUBLIC-ADDRESS",
        {**public(FARM), "outside": {"hk": {**OUTSIDE, "address": "203.0.113.7", "near": "asia-east2"}}},
        [
            (
                "outside.hk.address: must differ from dns.external_endpoints.farm.address, got "
                "203.0.113.7 in both -> remove one of the two"
            )
        ],
    ),
    "two records of one name": (
        "DNS-HOST",
        {
            "dns": {
                "zone": PRIVATE,
                "records": {key: {"host": "llm.ai.example.internal", "policy": "geo"} for key in "ab"},
            }
        },
        [
            (
                "dns.records.b.host: must differ from that of dns.records.a, got "
                "'llm.ai.example.internal' in both -> make one record of the two, or choose another name"
            )
        ],
    ),
    "a record in the zone of ExternalDNS": (
        "DNS-HOST",
        {**dns(host="llm.apps.ai.example.internal"), "external_dns": {"subdomain": "apps"}},
        [
            (
                "dns.records.llm.host: must not be below apps.ai.example.internal, which is a zone of "
                "ExternalDNS alone, got 'llm.apps.ai.example.internal' -> write llm.ai.example.internal"
            )
        ],
    ),
    "a model that is none": (
        "DNS-TARGET",
        dns(model="gamma"),
        [("dns.records.llm.model: must be a model (gemma), got 'gamma' -> write one of them, or remove the line")],
    ),
    "a region that does not serve the model": (
        "DNS-TARGET",
        {**public(model="gemma", targets=["us", "eu"]), "models__gemma__regions": ["us"]},
        [("dns.records.llm.targets[1]: must be a place that serves gemma (us), got 'eu' -> write one of them")],
    ),
    "everything is primary": (
        "DNS-PRIMARY",
        dns(policy="failover", primary=["us", "eu"]),
        [
            (
                "dns.records.llm.primary: must leave a target that takes over, got all of them: us, eu "
                "-> name the first choice alone, or write policy: geo"
            )
        ],
    ),
    "a primary that is no target": (
        "DNS-PRIMARY",
        dns(policy="failover", primary=["us", "farm", "us"]),
        [
            ("dns.records.llm.primary[1]: must be a target of the record (us, eu), got 'farm' -> write one of them"),
            "dns.records.llm.primary[2]: must name each target once, got 'us' again -> remove it",
        ],
    ),
    "a primary without failover": (
        "DNS-PRIMARY",
        dns(primary=["us"]),
        [
            (
                "dns.records.llm.primary: must be left out for policy geo, got us -> write policy: "
                "failover, or remove the line"
            )
        ],
    ),
    "a share without a target": (
        "DNS-WEIGHT",
        dns(policy="weighted", weights={"us": 1, "farm": 1}),
        [
            ("dns.records.llm.weights: must name targets of the record (us, eu), got 'farm' -> write one of them"),
            ("dns.records.llm.weights: must have a share for each target, got none for eu -> add eu: 0, or more"),
        ],
    ),
    "shares without the policy": (
        "DNS-WEIGHT",
        dns(weights={"us": 1, "eu": 1}),
        [
            (
                "dns.records.llm.weights: must be left out for policy geo: Cloud DNS joins no shares "
                "with another policy, got 2 -> write policy: weighted, or remove them"
            )
        ],
    ),
    "a fence around one region": (
        "DNS-POLICY",
        dns(geofence=True, targets=["us"]),
        [
            (
                "dns.records.llm.geofence: must be false where all answers are of one region: it would "
                "only switch failover off, got true -> remove the line, or add a target elsewhere"
            )
        ],
    ),
    "an unknown region nearby": (
        "DNS-NEAR",
        public({"farm": {"address": "203.0.113.7", "near": "hongkong"}}),
        [
            (
                "dns.external_endpoints.farm.near: must be a region of Google Cloud, got 'hongkong' -> "
                "write the one nearest to it, such as asia-east2"
            )
        ],
    ),
    "two primary addresses in a signed zone": (
        "DNS-SIGNED",
        public(FARM, policy="failover", primary=["us", "eu"]),
        [
            (
                "dns.records.llm.targets: must leave one address for each answer of a signed zone, got "
                "us, eu in one -> write dns.zone.dnssec: false; or name fewer targets, or other regions "
                "in near"
            )
        ],
    ),
    "no time to live": (
        "DNS-TTL",
        dns(ttl_sec=0),
        [
            (
                "dns.records.llm.ttl_sec: should be at least 5, got 0: nearly every request asks DNS "
                "first -> write 30; the health check decides when a target leaves"
            )
        ],
    ),
}
