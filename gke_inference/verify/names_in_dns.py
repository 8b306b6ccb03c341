"""What `verify` looks at of names in DNS: the zone, who leads to it, each name's targets, and what it gives here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import httpx

from constructs_lib.specs import DnsSpec, RecordSpec
from gke_inference.api_error import ApiError
from gke_inference.check import Check
from gke_inference.concurrency import Once, Task
from gke_inference.google_api import GoogleApi
from gke_inference.resolver import Resolver
from gke_inference.verify import topics
from gke_inference.verify.completion import CONNECT_SEC
from gke_inference.verify.verdict import Object, Verdict
from platform_config.config import Config
from platform_config.dns_plan import endpoint_records, probe_path, probe_port, protocol, targets_of
from platform_config.names import Names

POLICIES = {"failover": "primaryBackup", "geo": "geo", "weighted": "wrr"}
"""How the API of Cloud DNS calls each routing policy."""


@dataclass(frozen=True, kw_only=True)
class NamesInDns:
    """
    The checks of the zone, of its names, and of the public addresses that they lead to.

    Attributes:
        config: The platform.
        google: Google's APIs.
        resolver: Asks for names as clients do.
    """

    config: Config
    google: GoogleApi
    resolver: Resolver

    def tasks(self) -> Iterator[Task]:
        """Return the checks as some of several that run side by side; none without names."""
        if self.config.dns is None:
            return
        for check in self._checks(self.config.dns):
            yield check.task()

    def _checks(self, dns: DnsSpec) -> Iterator[Check]:
        zone = Once(self._zone)
        yield topics.ZONE.check(lambda: judge_zone(zone(), dns))
        if dns.zone.visibility == "public":
            yield topics.NAME_SERVERS.check(lambda: self._name_servers(zone(), dns.zone.domain))
        for key, record in dns.records.items():
            addresses = Once(partial(self._addresses, record))
            in_zone = replace(topics.RECORD, id=f"{topics.RECORD.id}-{key}")
            yield in_zone.check(partial(self._record, record, addresses))
            here = replace(topics.NAME, id=f"{topics.NAME.id}-{key}")
            yield here.check(partial(self._name, dns, record, addresses))
        for key, (target, (_, record)) in endpoint_records(self.config).items():
            outside = key in self.config.outside
            topic = topics.ENDPOINT if outside else replace(topics.ENDPOINT, id=f"{topics.ENDPOINT.id}-{key}")
            yield topic.check(partial(self._endpoint, dns, record, target.address or ""), key if outside else "")

    def _zone(self) -> Object:
        return self.google.call(
            "dns", "v1", "managedZones.get", project=self.config.project, managedZone=Names(self.config).dns_zone
        )

    def _name_servers(self, zone: Object, domain: str) -> Verdict:
        wanted = sorted(str(name).rstrip(".") for name in zone.get("nameServers", []))
        try:
            found = self.resolver.name_servers(domain)
        except OSError as error:
            return Verdict(found=str(error), known=False)
        if found == wanted:
            return Verdict(found=", ".join(found))
        there = f"{domain} is led to {', '.join(found)}" if found else f"nothing leads to {domain}"
        return Verdict(found="", problems=(f"{there}; the zone's name servers are {', '.join(wanted)}",))

    def _addresses(self, record: RecordSpec) -> set[str]:
        """Return the address of each target; of a gateway the one that is reserved for it."""
        names, found = Names(self.config), set()
        for target in targets_of(self.config, record):
            if target.address is not None:
                found.add(target.address)
                continue
            region, name = self.config.regions[target.key].region, names.gateway_address(target.key)
            answer = self.google.call(
                "compute", "v1", "addresses.get", project=self.config.project, region=region, address=name
            )
            found.add(str(answer["address"]))
        return found

    def _record(self, record: RecordSpec, addresses: Once[set[str]]) -> Verdict:
        sets = self.google.pages(
            "dns", "v1", "resourceRecordSets.list", items="rrsets",
            project=self.config.project, managedZone=Names(self.config).dns_zone, name=f"{record.host}.", type="A",
        )  # fmt: skip
        found = next(iter(sets), None)
        if found is None:
            raise ApiError(status=404, reason="notFound", message=f"there is no record {record.host}")
        return judge_record(found, record, addresses())

    def _name(self, dns: DnsSpec, record: RecordSpec, addresses: Once[set[str]]) -> Verdict:
        found, _ = self.resolver.ask(record.host)
        if not found:
            why = " a private zone answers in its network alone" if dns.zone.visibility == "private" else ""
            return Verdict(found=f"{record.host} has no address here;{why or ' see NAME-SERVERS'}", known=False)
        if others := sorted(set(found) - addresses()):
            return Verdict(found="", problems=(f"{record.host} leads to {', '.join(others)}, no target of it",))
        return Verdict(found=f"{record.host} leads to {', '.join(sorted(found))}")

    def _endpoint(self, dns: DnsSpec, record: RecordSpec, address: str) -> Verdict:
        """Ask as Cloud DNS does, but check the certificate, as clients do."""
        scheme, host, port = protocol(self.config), dns.health_check.host or record.host, probe_port(self.config)
        if scheme == "TCP":
            return Verdict(found=f"{address}:{port} is asked by TCP, which only Google's probers do", known=False)
        url = f"{scheme.lower()}://{address}:{port}{probe_path(self.config, record)}"
        try:
            with httpx.Client(timeout=CONNECT_SEC, trust_env=False) as client:
                answer = client.get(url, headers={"Host": host}, extensions={"sni_hostname": host})
        except httpx.HTTPError as error:
            return Verdict(found="", problems=(f"{url} with Host {host}: {type(error).__name__}: {error}",))
        if answer.status_code != httpx.codes.OK:
            return Verdict(found="", problems=(f"{url} with Host {host} answers {answer.status_code}, not 200",))
        return Verdict(found=f"{url} with Host {host} answers 200")


def judge_zone(found: Object, dns: DnsSpec) -> Verdict:
    """Judge whether the zone has the domain, and answers whom it should."""
    domain, visibility = str(found.get("dnsName", "")).rstrip("."), found.get("visibility", "public")
    problems = []
    if domain != dns.zone.domain:
        problems.append(f"its domain is {domain}, the config says {dns.zone.domain}")
    if visibility != dns.zone.visibility:
        problems.append(f"it is {visibility}, the config says {dns.zone.visibility}")
    return Verdict(found=f"{visibility}, of {domain}", problems=tuple(problems))


def judge_record(found: Object, record: RecordSpec, addresses: set[str]) -> Verdict:
    """Judge whether the record has the policy, the time to live and the targets of the config."""
    policy = found.get("routingPolicy", {})
    kinds = [name for name, key in POLICIES.items() if key in policy]
    there = set(_addresses_in(policy))
    problems = []
    if kinds != [record.policy]:
        problems.append(f"its policy is {', '.join(kinds) or 'none'}, the config says {record.policy}")
    if found.get("ttl") != record.ttl_sec:
        problems.append(f"its TTL is {found.get('ttl')} s, the config says {record.ttl_sec} s")
    if missing := sorted(addresses - there):
        problems.append(f"it does not lead to {', '.join(missing)}")
    if others := sorted(there - addresses):
        problems.append(f"it leads to {', '.join(others)}, no target of the config")
    return Verdict(found=f"{record.policy}, TTL {record.ttl_sec} s, {len(there)} targets", problems=tuple(problems))


def _addresses_in(value: Any) -> Iterator[str]:
    """Yield each address of a routing policy, at any depth: of internal load balancers, and public ones."""
    if isinstance(value, dict):
        yield from (str(address) for address in value.get("externalEndpoints", []))
        if "ipAddress" in value:
            yield str(value["ipAddress"])
        value = list(value.values())
    if isinstance(value, list):
        for entry in value:
            yield from _addresses_in(entry)
