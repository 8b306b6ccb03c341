"""The certificates of a region's gateway, and which versions and ciphers of TLS it takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from cdktf import ITerraformDependable, Postcondition, TerraformResourceLifecycle, TerraformStack
from cdktf_cdktf_provider_google.certificate_manager_certificate import (
    CertificateManagerCertificate,
    CertificateManagerCertificateManaged,
    CertificateManagerCertificateSelfManaged,
)
from cdktf_cdktf_provider_google.certificate_manager_dns_authorization import CertificateManagerDnsAuthorization
from cdktf_cdktf_provider_google.compute_region_ssl_policy import ComputeRegionSslPolicy
from cdktf_cdktf_provider_google.data_google_certificate_manager_certificates import (
    DataGoogleCertificateManagerCertificates,
)
from cdktf_cdktf_provider_google.data_google_dns_managed_zone import DataGoogleDnsManagedZone
from cdktf_cdktf_provider_google.data_google_secret_manager_secret_version import DataGoogleSecretManagerSecretVersion
from cdktf_cdktf_provider_google.dns_record_set import DnsRecordSet
from cdktf_cdktf_provider_google.provider import GoogleProvider
from cdktf_cdktf_provider_time.provider import TimeProvider
from constructs import Construct

from constructs_lib.manifests._objects import named_by_content
from constructs_lib.postconditions import refuse_unless, shown
from constructs_lib.release_wait import ReleaseWait
from constructs_lib.specs import TlsSpec
from constructs_lib.specs.limits import refuse

WRITE_ONLY_KEY_PROVIDER = ">= 7.45.0, < 8.0.0"
"""The google providers that take a certificate's private key as a write-only argument. Source:
hashicorp/terraform-provider-google, CHANGELOG, 7.45.0."""
RECORD_TTL_SEC = 300
ISSUE_WAIT_SEC = 600
"""Before it is asked whether Google has issued a certificate: Terraform can wait for a time, and not for a state."""
_MADE_FIRST = TerraformResourceLifecycle(create_before_destroy=True)


def refuse_until_active(certificate: CertificateManagerCertificate, host: str, record: DnsRecord) -> dict[str, Any]:
    """
    Return the `lifecycle` of a list of certificates that stops what depends on it until *certificate* is ACTIVE.

    Terraform does not stop a destroy for it.

    Args:
        certificate: A certificate that Google makes, which the list has.
        host: What it is for.
        record: The DNS record that Google looks for.
    """
    listed = f'self.certificates : found.managed[0].state if endswith(found.name, "/{certificate.name_input}")'
    states = f"[for found in {listed}]"
    message = (
        f"Google has not issued the certificate of {host} yet: its state must be ACTIVE, and is "
        f'${{try({states}[0], "unknown")}}. The gateway and its routes are as before. See that public DNS has the '
        f"record {record.name} CNAME {record.data}, and deploy again: it takes up to an hour. To go on at once, with "
        f"HTTPS failing until then, set gateway.tls.await_active to false."
    )
    return {"postcondition": [Postcondition(condition=f'${{contains({states}, "ACTIVE")}}', error_message=message)]}


@dataclass(frozen=True, kw_only=True)
class DnsRecord:
    """
    The CNAME record by which Certificate Manager sees that a domain is yours.

    Attributes:
        name: Full name of the record (known after apply).
        data: What it points to (known after apply).
    """

    name: str
    data: str


class Certificates(Construct):
    """
    The certificates of the gateway of one region, and its TLS policy.

    A certificate is regional and has no scope: proxies of a region refuse others. Each host has a certificate of its
    own, so that one more host changes no certificate in use. What a certificate cannot change is in the hash of its
    name: the next one is made before the gateway names it, and the last one goes after that. Google issues a
    certificate some time after it was asked for: what comes after `ready` fails until it has. A certificate of your own
    needs Terraform 1.11, and a provider of `WRITE_ONLY_KEY_PROVIDER`.

    Args:
        google: Provider of the project.
        time: Provider of the wait until the load balancer has let go.
        project: Project ID; it has the secret and the managed zone, too.
        region: Region of the gateway.
        name: How the names of all parts begin, such as `voice-eu-tls`.
        spec: Where certificates come from, and what clients may use.

    Attributes:
        names: Names of the certificates, for the gateway's listener; none for a Kubernetes Secret (known at synth).
        ssl_policy: Name of the TLS policy, for the gateway's policy (known at synth).
        records: The DNS records to write by hand, by domain: none where a managed zone is given (known after apply).
        ready: What must exist before a Kubernetes object names any of these (known at synth).

    Raises:
        ValueError: `spec` names no certificate.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        google: GoogleProvider,
        time: TimeProvider,
        project: str,
        region: str,
        name: str,
        spec: TlsSpec,
    ) -> None:
        super().__init__(scope, id_)
        refuse([] if spec.ways else ["spec must have hosts, certificates, certificate_pem or secret_name, got none"])
        self._google = google
        self._time = time
        self._project = project
        self._region = region
        self._name = name
        self.records: dict[str, DnsRecord] = {}
        self.ready: list[ITerraformDependable] = []
        self._authorized: dict[str, tuple[str, DnsRecord, list[ITerraformDependable]]] = {}
        for certificate in spec.certificates:
            self._find(certificate)
        if spec.dns_zone is not None:
            self._find_zone(spec.dns_zone, spec.hosts)
        self.names = list(spec.certificates) + [self._add_managed(host, spec) for host in spec.hosts]
        if spec.certificate_pem and spec.private_key_secret:
            self.names.append(self._add_self_managed(spec.certificate_pem, spec.private_key_secret))
        self.ssl_policy = self._add_ssl_policy(spec)

    def _find(self, certificate: str) -> None:
        """Read a certificate that is there; a plan fails where it is not, such as where it is in another region."""
        path = f"projects/{self._project}/locations/{self._region}/certificates/{certificate}"
        listed = "[for found in self.certificates : found.name]"
        there = {f'contains({listed}, "{path}")': f"Certificate {certificate} must be in {self._region}: {path}"}
        found = DataGoogleCertificateManagerCertificates(
            self,
            f"found-{certificate}",
            provider=self._google,
            region=self._region,
            filter=f'name:"{path}"',
            lifecycle=refuse_unless(there),
        )
        self.ready.append(found)

    def _find_zone(self, zone: str, hosts: Sequence[str]) -> None:
        """Read the managed zone, which must be that of all *hosts*."""
        holds = {
            f'endswith(".{host.removeprefix("*.")}.", ".${{self.dns_name}}")': f"Zone {zone} must hold {host}, got "
            f"{shown('self.dns_name')}"
            for host in hosts
        }
        DataGoogleDnsManagedZone(
            self, "zone", provider=self._google, project=self._project, name=zone, lifecycle=refuse_unless(holds)
        )

    def _add_managed(self, host: str, spec: TlsSpec) -> str:
        """Have Google make and renew a certificate for *host*, wait for it, and return its name."""
        domain = host.removeprefix("*.")
        if domain not in self._authorized:
            self._authorized[domain] = self._authorize(domain, spec.dns_zone)
        authorization, record, after = self._authorized[domain]
        certificate = CertificateManagerCertificate(
            self,
            f"host-{host.replace('*', 'any')}",
            provider=self._google,
            project=self._project,
            location=self._region,
            name=named_by_content(self._name, ["managed", host]),
            description=f"For {host}, made and renewed by Google.",
            managed=CertificateManagerCertificateManaged(domains=[host], dns_authorizations=[authorization]),
            depends_on=after,
            lifecycle=_MADE_FIRST,
        )
        name = certificate.name_input or ""
        if not spec.await_active:
            return self._released(certificate, name)
        self._released(certificate, name, create_wait_sec=ISSUE_WAIT_SEC)
        # Quoted: the ID of a project may have a colon.
        issued = DataGoogleCertificateManagerCertificates(
            self,
            f"issued-{host.replace('*', 'any')}",
            provider=self._google,
            region=self._region,
            filter=f'name:"{certificate.id}"',
            depends_on=[self.ready[-1]],
            lifecycle=refuse_until_active(certificate, host, record),
        )
        self.ready.append(issued)
        return name

    def _authorize(self, domain: str, zone: str | None) -> tuple[str, DnsRecord, list[ITerraformDependable]]:
        """Prove that *domain* is ours; return the proof's ID, its record, and what is there before Google looks."""
        authorization = CertificateManagerDnsAuthorization(
            self,
            f"domain-{domain}",
            provider=self._google,
            project=self._project,
            location=self._region,
            name=named_by_content(self._name, ["domain", domain]),
            description=f"For {domain} and all names one label below.",
            domain=domain,
            type="PER_PROJECT_RECORD",
            lifecycle=_MADE_FIRST,
        )
        record = authorization.dns_resource_record.get(0)
        needed = DnsRecord(name=record.name, data=record.data)
        if zone is None:
            self.records[domain] = needed
            return authorization.id, needed, []
        written = DnsRecordSet(
            self,
            f"record-{domain}",
            provider=self._google,
            project=self._project,
            managed_zone=zone,
            name=record.name,
            type=record.type,
            ttl=RECORD_TTL_SEC,
            rrdatas=[record.data],
        )
        return authorization.id, needed, [written]

    def _add_self_managed(self, pem: str, secret: str) -> str:
        """Upload the certificate *pem* with the latest private key in *secret*, and return its name."""
        latest = DataGoogleSecretManagerSecretVersion(
            self,
            "private-key",
            provider=self._google,
            project=self._project,
            secret=secret,
            # Its number alone: the secret itself would be in the state.
            fetch_secret_data=False,
        )
        # The bindings know neither ephemeral blocks nor write-only arguments: cdktf 0.21 is older.
        block = f"{latest.terraform_resource_type}.{latest.friendly_unique_id}"
        read = {"provider": self._google.fqn, "project": self._project, "secret": secret, "version": latest.version}
        TerraformStack.of(self).add_override(f"ephemeral.{block}", read)
        certificate = CertificateManagerCertificate(
            self,
            "own",
            provider=self._google,
            project=self._project,
            location=self._region,
            name=named_by_content(self._name, ["own", pem]),
            description="Your own.",
            self_managed=CertificateManagerCertificateSelfManaged(pem_certificate=pem),
            lifecycle=_MADE_FIRST,
        )
        certificate.add_override("self_managed.pem_private_key_wo", f"${{ephemeral.{block}.secret_data}}")
        certificate.add_override("self_managed.pem_private_key_wo_version", latest.version)
        return self._released(certificate, certificate.name_input or "")

    def _add_ssl_policy(self, spec: TlsSpec) -> str:
        policy = ComputeRegionSslPolicy(
            self,
            "policy",
            provider=self._google,
            project=self._project,
            region=self._region,
            name=self._name,
            profile=spec.profile,
            min_tls_version=f"TLS_{spec.min_version.replace('.', '_')}",
            lifecycle=_MADE_FIRST,
        )
        return self._released(policy, policy.name_input or "")

    def _released(
        self, used: CertificateManagerCertificate | ComputeRegionSslPolicy, name: str, *, create_wait_sec: int = 0
    ) -> str:
        """Have *used*, which is called *name*, outlive the last object that names it, and return *name*."""
        wait = ReleaseWait(
            used, "release", time=self._time, released=[used], name=name, create_wait_sec=create_wait_sec
        )
        self.ready.append(wait)
        return name
