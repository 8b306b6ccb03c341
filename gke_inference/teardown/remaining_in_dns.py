"""What is left of the platform's names: its zones, its records in a zone of others, and what asks public addresses."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from gke_inference.api_error import ApiError
from gke_inference.findings import Finding
from gke_inference.load_balancer import Part
from gke_inference.teardown.findings import Remaining, search, still_there
from gke_inference.teardown.network import Network, exists
from platform_config.config import Config
from platform_config.names import Names
from platform_config.stack_graph import DNS_STACK

VIEWER = "roles/dns.reader"
FIX = f"destroy {DNS_STACK}, see above"
OF_EVERY_ZONE = ("SOA", "NS")
"""Types of the records at the top of each zone, which Google makes."""


@dataclass(frozen=True, kw_only=True)
class RemainingInDns:
    """
    Searches for zones and health checks by their names, and for records by their hosts.

    Attributes:
        network: The platform's network, with the paths that are in Terraform's states.
        config: The platform.
    """

    network: Network
    config: Config

    def findings(self) -> list[Finding]:
        """Return one per thing that is left, and one per kind of which there is none; nothing without names."""
        if self.config.dns is None:
            return []
        kinds = search("ZONE", VIEWER, self._zones)
        if self.config.dns.zone.existing:
            kinds += search("RECORD", VIEWER, self._records)
        return [*kinds, *search("DNS-CHECK", "roles/compute.viewer", self._checks)]

    def others(self) -> Iterator[tuple[str, str]]:
        """
        Yield each record of the platform's own zone that is in no state, as name and type, while the zone is in one.

        Google deletes no zone that has them.

        Raises:
            ApiError: Google did not say.
        """
        dns, names = self.config.dns, Names(self.config)
        if dns is None or dns.zone.existing or not self._in_state(f"managedZones/{names.dns_zone}"):
            return
        for one in self._record_sets(names.dns_zone):
            name, kind = str(one["name"]), str(one["type"])
            at_top = name == f"{dns.zone.domain}." and kind in OF_EVERY_ZONE
            if not at_top and not self._in_state(f"managedZones/{names.dns_zone}/rrsets/{name}/{kind}"):
                yield name, kind

    def _zones(self) -> Iterator[Remaining]:
        dns, names = self.config.dns, Names(self.config)
        own = [names.dns_zone] if dns is not None and not dns.zone.existing else []
        own += [names.external_dns_zone] if self.config.external_dns is not None else []
        for zone in own:
            if exists(self.network.google, "dns", "v1", "managedZones.get", project=self._project, managedZone=zone):
                fix = self._fix(f"managedZones/{zone}", f"gcloud dns managed-zones delete {zone}")
                yield still_there("ZONE", f"DNS zone {zone}", "small", fix)

    def _records(self) -> Iterator[Remaining]:
        zone, hosts = Names(self.config).dns_zone, self._hosts
        try:
            sets = list(self._record_sets(zone))
        except ApiError as error:
            if not error.missing:
                raise
            return
        for one in sets:
            name, kind = str(one["name"]), str(one["type"])
            if name in hosts and "routingPolicy" in one:
                command = f"gcloud dns record-sets delete {name} --type={kind} --zone={zone}"
                fix = self._fix(f"managedZones/{zone}/rrsets/{name}/{kind}", command)
                yield still_there("RECORD", f"record {name} of the zone {zone}", "none", fix)

    def _checks(self) -> Iterator[Remaining]:
        names, records = Names(self.config), self.config.dns.records if self.config.dns else ()
        for check in map(names.endpoint_check, records):
            if exists(
                self.network.google, "compute", "v1", "healthChecks.get", project=self._project, healthCheck=check
            ):
                fix = self._fix(f"healthChecks/{check}", f"gcloud compute health-checks delete {check} --global")
                yield still_there("DNS-CHECK", f"health check {check}", "small", fix)

    @property
    def _hosts(self) -> set[str]:
        return {f"{record.host}." for record in self.config.dns.records.values()} if self.config.dns else set()

    @property
    def _project(self) -> str:
        return self.config.project

    def _record_sets(self, zone: str) -> Iterator[Part]:
        yield from self.network.google.pages(
            "dns", "v1", "resourceRecordSets.list", items="rrsets", project=self._project, managedZone=zone
        )

    def _in_state(self, end: str) -> bool:
        return any(path.endswith(f"/{end}") for path in self.network.state_paths)

    def _fix(self, end: str, command: str) -> str:
        return FIX if self._in_state(end) else f"look, then: {command}"
