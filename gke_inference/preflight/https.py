"""HTTPS of the gateways: are the certificates, the DNS zone and the secret there that the config names."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from constructs_lib.specs import TlsSpec
from gke_inference.check import Check
from gke_inference.findings import Finding, good, wrong
from gke_inference.preflight.channels import judge_secret
from gke_inference.preflight.target import Target

CERTIFICATE, ZONE, KEY = "TLS-CERTIFICATE", "TLS-ZONE", "TLS-KEY"
"""Ids of the checks."""


def checks(target: Target) -> Iterator[Check]:
    """Yield one for each region with certificates by name, one for the zone, and one for the private key."""
    tls = target.config.gateway.tls
    if tls is None:
        return
    for key in target.keys if tls.certificates else ():
        yield Check(
            id=CERTIFICATE, needed=_needed(target, key), role="certificatemanager.certs.get", where=key,
            ask=partial(_certificates, target, tls, key),
        )  # fmt: skip
    if tls.dns_zone and not _is_made(target, tls.dns_zone):
        needed = f"a public zone {tls.dns_zone} that has the hosts"
        yield Check(
            id=ZONE, needed=needed, role="dns.managedZones.get", ask=partial(_zone, target, tls, tls.dns_zone, needed)
        )
    if tls.private_key_secret:
        secret = tls.private_key_secret
        yield Check(
            id=KEY, needed=f"the secret {secret}, for the caller to read", role="secretmanager.versions.get",
            ask=partial(judge_secret, target, KEY, secret),
        )  # fmt: skip


def _is_made(target: Target, zone: str) -> bool:
    """Return whether *zone* is that of `dns`, which the platform makes: DNS-ZONE looks at it."""
    dns = target.config.dns
    return dns is not None and not dns.zone.existing and zone == target.names.dns_zone


def _needed(target: Target, key: str) -> str:
    return f"certificates that work in {target.config.regions[key].region}"


def _certificates(target: Target, tls: TlsSpec, key: str) -> Iterator[Finding]:
    """Look at each certificate by its name: regional, without a scope, and made if Google makes it."""
    region, needed = target.config.regions[key].region, _needed(target, key)
    problems = []
    for name in tls.certificates:
        path = f"projects/{target.project}/locations/{region}/certificates/{name}"
        found = target.google.find("certificatemanager", "v1", "projects.locations.certificates.get", name=path)
        state = (found or {}).get("managed", {}).get("state", "ACTIVE")
        scope = (found or {}).get("scope", "DEFAULT")
        if found is None:
            problems.append(f"there is no {name} in {region}")
        elif scope != "DEFAULT":
            problems.append(f"{name} has the scope {scope}, which no regional gateway takes")
        elif state != "ACTIVE":
            problems.append(f"{name} is {state}")
    if problems:
        fix = f"`gcloud certificate-manager certificates list --location={region}` shows those that there are"
        yield wrong(CERTIFICATE, "; ".join(problems), needed, fix)
    else:
        yield good(CERTIFICATE, f"there: {', '.join(tls.certificates)}", needed)


def _zone(target: Target, tls: TlsSpec, zone: str, needed: str) -> Iterator[Finding]:
    found = target.google.find("dns", "v1", "managedZones.get", project=target.project, managedZone=zone)
    if found is None:
        yield wrong(ZONE, f"there is no {zone}", needed, "`gcloud dns managed-zones list` shows those that there are")
        return
    domain = str(found.get("dnsName", "")).rstrip(".")
    others = [host for host in tls.hosts if not f".{host.removeprefix('*.')}".endswith(f".{domain}")]
    if found.get("visibility", "public") != "public":
        fix = "name a public zone: Google looks for the record from outside of the VPC"
        yield wrong(ZONE, f"{zone} is {found['visibility']}", needed, fix)
    elif others:
        fix = "name the zone that has them; or leave dns_zone out, and write what the output dns_records shows"
        yield wrong(ZONE, f"{zone} has {domain}, and not {', '.join(others)}", needed, fix)
    else:
        yield good(ZONE, f"{zone} has {domain}", needed)
