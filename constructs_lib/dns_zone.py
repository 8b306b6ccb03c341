"""A managed zone of Cloud DNS, of the platform or of others."""

from __future__ import annotations

from collections.abc import Sequence

from cdktf import ITerraformDependable
from cdktf_cdktf_provider_google.data_google_dns_managed_zone import DataGoogleDnsManagedZone
from cdktf_cdktf_provider_google.dns_managed_zone import (
    DnsManagedZone,
    DnsManagedZoneDnssecConfig,
    DnsManagedZonePrivateVisibilityConfig,
    DnsManagedZonePrivateVisibilityConfigNetworks,
)
from cdktf_cdktf_provider_google.dns_record_set import DnsRecordSet
from cdktf_cdktf_provider_google.provider import GoogleProvider
from constructs import Construct

from constructs_lib.fixed_value import FixedValue
from constructs_lib.postconditions import refuse_unless, shown
from constructs_lib.specs import ZoneSpec

CAA_TTL_SEC = 3600


class DnsZone(Construct):
    """
    A zone, and who may issue certificates for its names.

    A private zone answers in one network alone. A zone that holds records of others is not deleted: Google refuses
    that. Its domain and who sees it cannot change: a plan that changes them is refused.

    Args:
        google: Provider of the project.
        project: Project ID.
        name: Name of the zone.
        spec: Domain, visibility, DNSSEC, authorities.
        network: Path of the VPC in the Compute Engine API, in which a private zone answers.
        delete_records: Whether a destroy deletes the records of the zone that Terraform did not make.
        after: What must exist first: the project's services.

    Attributes:
        name: The zone's name (known at synth).
        name_servers: Its name servers, for the records of its parent (known after apply).
        ready: What depends on the zone waits for these (known at synth).
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        google: GoogleProvider,
        project: str,
        name: str,
        spec: ZoneSpec,
        network: str,
        delete_records: bool = False,
        after: Sequence[ITerraformDependable] = (),
    ) -> None:
        super().__init__(scope, id_)
        self.name = name
        self._google, self._project, self._spec = google, project, spec
        self.ready: list[ITerraformDependable] = []
        self._zone = self._find() if spec.existing else self._add(network, delete_records=delete_records, after=after)
        self.name_servers = self._zone.name_servers
        self.ready.append(self._zone)
        if spec.visibility == "public" and not spec.existing and spec.certificate_authorities:
            self._add_authorities(spec.certificate_authorities)

    def _find(self) -> DataGoogleDnsManagedZone:
        """Read the zone that is there, which must be the one that the spec describes."""
        name, spec = self.name, self._spec
        fits = {
            f'self.dns_name == "{spec.domain}."': f"Zone {name} must be that of {spec.domain}, as dns.zone.domain "
            f"says, got {shown('self.dns_name')}",
            f'self.visibility == "{spec.visibility}"': f"Zone {name} must be {spec.visibility}, as dns.zone.visibility "
            f"says, got {shown('self.visibility')}",
        }
        return DataGoogleDnsManagedZone(
            self, "Default", provider=self._google, project=self._project, name=name, lifecycle=refuse_unless(fits)
        )

    def _add(self, network: str, *, delete_records: bool, after: Sequence[ITerraformDependable]) -> DnsManagedZone:
        spec, private = self._spec, self._spec.visibility == "private"
        answers_in = DnsManagedZonePrivateVisibilityConfigNetworks(network_url=network)
        zone = DnsManagedZone(
            self,
            "Default",
            provider=self._google,
            project=self._project,
            name=self.name,
            dns_name=f"{spec.domain}.",
            description=f"Names below {spec.domain} that lead to inference gateways.",
            visibility=spec.visibility,
            private_visibility_config=DnsManagedZonePrivateVisibilityConfig(networks=[answers_in]) if private else None,
            # The state is stated either way: a block that leaves is no change to the provider.
            dnssec_config=None if private else DnsManagedZoneDnssecConfig(state="on" if spec.dnssec else "off"),
            force_destroy=delete_records,
            depends_on=list(after) or None,
        )
        place = f"{spec.visibility} zone {self.name} of {spec.domain}"
        refusal = (
            f"The zone is the {{was}}, and the config says {place}: Google would delete the zone, and every name in it "
            "would be gone until clients ask again. Make a second zone with another name for a second platform, or set "
            "dns.zone back; to give up the names, destroy this stack first."
        )
        FixedValue(self, "place", value=place, refusal=refusal, after=[zone])
        return zone

    def _add_authorities(self, authorities: Sequence[str]) -> None:
        """Say who may issue certificates. Source: RFC 8659; Google, "Certificate Manager", CAA records: pki.goog."""
        DnsRecordSet(
            self,
            "authorities",
            provider=self._google,
            project=self._project,
            managed_zone=self.name,
            name=f"{self._spec.domain}.",
            type="CAA",
            ttl=CAA_TTL_SEC,
            rrdatas=[f'0 issue "{authority}"' for authority in authorities],
            depends_on=self.ready,
        )
