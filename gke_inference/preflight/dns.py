"""Names in Cloud DNS: whether the zone is there or its name is free, and whether anything else has the names."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from constructs_lib.specs import DnsSpec, RecordSpec, ZoneSpec
from gke_inference.check import Check
from gke_inference.concurrency import Once
from gke_inference.findings import Finding, good, judge, unknown, wrong
from gke_inference.load_balancer import path_of
from gke_inference.preflight.target import Target

ZONE, SUBZONE, RECORD = "DNS-ZONE", "DNS-SUBZONE", "DNS-RECORD"
"""Ids of the checks; that of a record goes on with its key."""
ZONE_ROLE, RECORD_ROLE = "dns.managedZones.get", "dns.resourceRecordSets.list"
ADDRESS_TYPES = ("A", "CNAME")
"""What stands in the way of an A record. An AAAA record of others may stand beside it."""
Zone = dict[str, Any] | None


def checks(target: Target) -> Iterator[Check]:
    """Yield one for the zone, one for that of ExternalDNS, and one for each record."""
    dns, names = target.config.dns, target.names
    if dns is None:
        return
    zone = Once(partial(_get, target, names.dns_zone))
    needed = _needed(names.dns_zone, dns.zone)
    yield Check(
        id=ZONE, needed=needed, role=ZONE_ROLE, ask=partial(_zone, target, ZONE, names.dns_zone, dns.zone, needed, zone)
    )
    if target.config.external_dns is not None:
        spec = ZoneSpec(
            domain=f"{target.config.external_dns.subdomain}.{dns.zone.domain}", visibility=dns.zone.visibility
        )
        name = names.external_dns_zone
        needed = _needed(name, spec)
        subzone = Once(partial(_get, target, name))
        yield Check(
            id=SUBZONE, needed=needed, role=ZONE_ROLE, ask=partial(_zone, target, SUBZONE, name, spec, needed, subzone)
        )
    for key, record in dns.records.items():
        needed = f"nothing else of that zone answers for {record.host}"
        yield Check(
            id=f"{RECORD}-{key}", needed=needed, role=RECORD_ROLE, ask=partial(_record, target, dns, key, record, zone)
        )


def _needed(name: str, spec: ZoneSpec) -> str:
    if spec.existing:
        return f"a {spec.visibility} zone {name} of {spec.domain}"
    return f"{name} is not there yet, or is the platform's own: {spec.visibility}, of {spec.domain}"


def _get(target: Target, name: str) -> Zone:
    return target.google.find("dns", "v1", "managedZones.get", project=target.project, managedZone=name)


def _zone(
    target: Target, id_: str, name: str, spec: ZoneSpec, needed: str, answer: Once[Zone]
) -> Iterator[Finding]:  # fmt: skip
    found = answer()
    if found is None and spec.existing:
        fix = "correct dns.zone.name: `gcloud dns managed-zones list` shows those that there are"
        yield wrong(id_, f"there is no {name}", needed, fix)
        return
    if found is None:
        yield good(id_, "not there yet", needed)
        return
    domain, visibility = str(found.get("dnsName", "")).rstrip("."), found.get("visibility", "public")
    own = spec.existing
    other = "correct the setting" if own else "it is somebody else's: set dns.zone.name, or change `name` in the config"
    problems = {}
    if domain != spec.domain:
        problems[f"{name} has {domain}"] = f"set dns.zone.domain to {domain}" if own else other
    if visibility != spec.visibility:
        problems[f"{name} is {visibility}"] = f"set dns.zone.visibility to {visibility}" if own else other
    if not problems and visibility == "private" and not _answers_in_network(target, found):
        network = target.names.network
        problems[f"{name} does not answer in {network}"] = (
            f"gcloud dns managed-zones update {name} --networks=..., with {network} and those that it has"
            if own
            else other
        )
    yield judge(id_, f"there, {visibility}, of {domain}", needed, problems)


def _answers_in_network(target: Target, zone: dict[str, Any]) -> bool:
    """Return whether clients in the platform's network get answers of the private *zone*."""
    networks = zone.get("privateVisibilityConfig", {}).get("networks", [])
    return target.names.network_path in {path_of(str(one.get("networkUrl", ""))) for one in networks}


def _record(target: Target, dns: DnsSpec, key: str, record: RecordSpec, answer: Once[Zone]) -> Iterator[Finding]:
    id_, needed = f"{RECORD}-{key}", f"nothing else of that zone answers for {record.host}"
    if answer() is None:
        if dns.zone.existing:
            yield unknown(id_, "not looked at: its zone is not there", needed, f"see to {ZONE} first")
        else:
            yield good(id_, "not there yet", needed)
        return
    found = list(
        target.google.pages(
            "dns", "v1", "resourceRecordSets.list", items="rrsets",
            project=target.project, managedZone=target.names.dns_zone, name=f"{record.host}.",
        )
    )  # fmt: skip
    others = [one["type"] for one in found if one["type"] in ADDRESS_TYPES and "routingPolicy" not in one]
    if others:
        fix = f"see who uses it, and delete it; or set dns.records.{key}.host to another name"
        yield wrong(id_, f"there is a record of the type {', '.join(others)}, of others", needed, fix)
    elif any(one["type"] == "A" for one in found):
        yield good(id_, "there, with a routing policy, as the platform's own", needed)
    else:
        yield good(id_, "not there yet", needed)
