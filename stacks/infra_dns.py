"""Names that lead to the gateways of all regions, and elsewhere when one is down."""

from __future__ import annotations

from cdktf import Fn, TerraformOutput
from cdktf_cdktf_provider_google.data_google_compute_address import DataGoogleComputeAddress
from cdktf_cdktf_provider_google.dns_record_set import DnsRecordSet
from constructs import Construct

from constructs_lib.dns_zone import DnsZone
from constructs_lib.routed_record import InternalTarget, PublicTarget, RecordTarget, RoutedRecord
from constructs_lib.specs import DnsSpec, RecordSpec, ZoneSpec
from platform_config.config import Config
from platform_config.dns_plan import Target, asks_endpoints, targets_of

from .base import BaseStack
from .endpoint_probe import endpoint_probe

DELEGATION_TTL_SEC = 3600


class InfraDnsStack(BaseStack):
    """
    The zone, and each name with its routing policy. Gateways' addresses are looked up by name.

    Outputs: the name servers of a public zone, which the owner of its parent writes there; the names.
    """

    def __init__(self, scope: Construct, id_: str, *, config: Config, dns: DnsSpec) -> None:
        super().__init__(scope, id_, config=config)
        self._addresses: dict[str, str] = {}
        self._zone = DnsZone(
            self,
            "zone",
            google=self.google,
            project=config.project,
            name=self.names.dns_zone,
            spec=dns.zone,
            network=self.names.network_path,
        )
        for key, record in dns.records.items():
            self._add_record(key, record)
        if config.external_dns is not None:
            self._add_subzone(dns, config.external_dns.subdomain)
        if dns.zone.visibility == "public":
            TerraformOutput(
                self,
                "name_servers",
                value=Fn.join(" ", self._zone.name_servers),
                description=f"NS records that the zone above {dns.zone.domain} must have.",
            )
        hosts = [record.host for record in dns.records.values()]
        TerraformOutput(self, "names", value=" ".join(hosts), description="What clients call.")

    def _add_record(self, key: str, record: RecordSpec) -> None:
        config = self.config
        targets = {target.key: self._target(target, record) for target in targets_of(config, record)}
        RoutedRecord(
            self,
            f"record-{key}",
            google=self.google,
            project=config.project,
            zone=self._zone.name,
            spec=record,
            targets=targets,
            probe=endpoint_probe(config, key, record) if asks_endpoints(config, record) else None,
            after=self._zone.ready,
        )

    def _add_subzone(self, dns: DnsSpec, subdomain: str) -> None:
        """Add the zone of ExternalDNS, and lead to it. Its records are the cluster's: a destroy deletes them too."""
        domain = f"{subdomain}.{dns.zone.domain}"
        spec = ZoneSpec(
            domain=domain,
            visibility=dns.zone.visibility,
            dnssec=dns.zone.dnssec,
            certificate_authorities=dns.zone.certificate_authorities,
        )
        zone = DnsZone(
            self,
            "external-dns",
            google=self.google,
            project=self.config.project,
            name=self.names.external_dns_zone,
            spec=spec,
            network=self.names.network_path,
            delete_records=True,
            after=self._zone.ready,
        )
        if dns.zone.visibility == "public":
            DnsRecordSet(
                self,
                "delegation",
                provider=self.google,
                project=self.config.project,
                managed_zone=self._zone.name,
                name=f"{domain}.",
                type="NS",
                ttl=DELEGATION_TTL_SEC,
                rrdatas=zone.name_servers,
            )

    def _target(self, target: Target, record: RecordSpec) -> RecordTarget:
        config = self.config
        if not target.is_gateway:
            return PublicTarget(address=target.address or "", location=target.location or "")
        address, location = self._gateway_address(target.key), config.regions[target.key].region
        if asks_endpoints(config, record):
            return PublicTarget(address=address, location=location)
        return InternalTarget(
            address=address,
            location=location,
            port=config.gateway.serving_port,
            network=self.names.network_path,
            project=config.project,
            kind="regionalL7ilb" if config.is_regional else "globalL7ilb",
        )

    def _gateway_address(self, key: str) -> str:
        """Return the address that is reserved for the gateway of region *key*, whoever reserved it."""
        if key not in self._addresses:
            self._addresses[key] = DataGoogleComputeAddress(
                self,
                f"gateway-{key}",
                provider=self.google,
                project=self.config.project,
                region=self.config.regions[key].region,
                name=self.names.gateway_address(key),
            ).address
        return self._addresses[key]
