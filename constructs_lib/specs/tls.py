"""The settings of TLS at the gateway."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Literal

from constructs_lib.certificate_pem import certificate_hosts, wrong_certificate
from constructs_lib.google_names import LABEL, WORD, WORD_ALPHABET
from constructs_lib.specs.limits import Between, is_secret, refuse, wrong_settings, wrong_text

HTTPS_PORT = 443
_LABEL_TEXT = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
CERTIFICATE_HOST = rf"(\*\.)?({_LABEL_TEXT}\.)+[a-z]([a-z0-9-]{{0,61}}[a-z0-9])?"
"""A host name with a dot, or all names one label below one. Source: Certificate Manager API, managed.domains."""
CERTIFICATE_NAME = rf"(?=.{{1,63}}$){WORD}"
SECRET_NAME = r"[A-Za-z0-9_-]{1,255}"
"""Source: Secret Manager API, Secret ID."""
OBJECT_NAME = rf"(?=.{{1,253}}$){LABEL}(\.{LABEL})*"

Way = Literal["hosts", "certificates", "certificate_pem", "secret_name"]


@dataclass(frozen=True, kw_only=True)
class TlsSpec:
    """
    HTTPS at the gateway, with certificates that come in one of four ways.

    A spec alone may name no certificate, so that a config's rules can say so with its path; `Certificates` refuses it.

    Args:
        hosts: Host names, such as `llm.example.com` or `*.example.com`, for each of which Google makes a certificate
            and renews it; it asks DNS whether the domain is yours.
        await_active: Leaves the gateway as it is until Google has issued the certificate of each of `hosts`: the deploy
            waits ten minutes, and fails where one is not there by then; deploy again. With false, HTTPS may fail until
            it is there.
        dns_zone: Name of a managed zone of Cloud DNS, of the project, in which the records for that are written.
            Default: an output shows the records to write.
        certificates: Names of certificates of Certificate Manager that exist in each region of the gateway.
        certificate_pem: A certificate of your own, with its chain, in PEM form.
        private_key_secret: Secret of Secret Manager that holds its private key. It is read at each apply, and is in no
            plan and no state.
        secret_name: Kubernetes Secret of type kubernetes.io/tls that exists in the namespace, in each cluster that has
            a gateway.
        min_version: Oldest version of TLS that clients may use. 1.3 needs the profile RESTRICTED.
        profile: Which ciphers they may use.
        port: Port of HTTPS.
        redirect: Answers HTTP with a redirect to HTTPS; false closes the port of HTTP. No model is served there either
            way.

    Raises:
        ValueError: For all problems at once: two ways, a host that no certificate can be for, a text that is no
            certificate. No message quotes a private key.
    """

    hosts: tuple[str, ...] = ()
    await_active: bool = True
    dns_zone: str | None = None
    certificates: tuple[str, ...] = ()
    certificate_pem: str | None = None
    private_key_secret: str | None = None
    secret_name: str | None = None
    min_version: Literal["1.2", "1.3"] = "1.2"
    profile: Literal["COMPATIBLE", "MODERN", "RESTRICTED"] = "MODERN"
    port: Annotated[int, Between(1, 65535)] = HTTPS_PORT
    redirect: bool = True

    def __post_init__(self) -> None:
        refuse([*wrong_settings(self), *self._wrong_texts(), *self._wrong_ways(), *self._wrong_version()])

    @property
    def ways(self) -> tuple[Way, ...]:
        """How the certificate comes: the settings that say so."""
        given: dict[Way, object] = {
            "hosts": self.hosts,
            "certificates": self.certificates,
            "certificate_pem": self.certificate_pem,
            "secret_name": self.secret_name,
        }
        return tuple(way for way, value in given.items() if value)

    @property
    def known_hosts(self) -> tuple[str, ...] | None:
        """The host names that its certificates are for, `*.` for all one label below; None where only Google knows."""
        if self.certificate_pem:
            return certificate_hosts(self.certificate_pem)
        return self.hosts or None

    def _wrong_texts(self) -> Iterator[str]:
        hosts = self.hosts if isinstance(self.hosts, tuple) else ()
        names = self.certificates if isinstance(self.certificates, tuple) else ()
        must = "hold host names such as llm.example.com or *.example.com, without scheme, port or path"
        for host in hosts:
            yield from wrong_text("hosts", host, CERTIFICATE_HOST, must, _likely_host(host))
        for name in names:
            must = f"hold names of at most 63 characters: {WORD_ALPHABET}"
            yield from wrong_text("certificates", name, CERTIFICATE_NAME, must, _likely_name(name, CERTIFICATE_NAME))
        for setting, values in (("hosts", hosts), ("certificates", names)):
            for value in sorted({value for value in values if values.count(value) > 1}):
                yield f"{setting} must name each once, got '{value}' again"
        must = f"be the name of a managed zone, not its domain: {WORD_ALPHABET}"
        likely = _likely_name(self.dns_zone, CERTIFICATE_NAME)
        yield from wrong_text("dns_zone", self.dns_zone, CERTIFICATE_NAME, must, likely)
        must = "be the name of a secret: letters, digits, hyphens and underscores"
        likely = _likely_name(self.private_key_secret, SECRET_NAME)
        yield from wrong_text("private_key_secret", self.private_key_secret, SECRET_NAME, must, likely)
        must = "be the name of a Kubernetes Secret: lower case letters, digits, hyphens and dots"
        yield from wrong_text("secret_name", self.secret_name, OBJECT_NAME, must)
        if isinstance(self.certificate_pem, str) and (wrong := wrong_certificate(self.certificate_pem)):
            yield f"certificate_pem must {wrong}"

    def _wrong_ways(self) -> Iterator[str]:
        if len(self.ways) > 1:
            yield f"{self.ways[1]} must not stand beside {self.ways[0]}: a gateway gets its certificates in one way"
        if self.certificate_pem and not self.private_key_secret:
            yield "private_key_secret must name the secret with the private key of certificate_pem, got nothing"
        if self.private_key_secret and not self.certificate_pem:
            yield "certificate_pem must hold the certificate of private_key_secret, got nothing"
        if not self.await_active and not self.hosts:
            yield "await_active must stand beside hosts: other certificates are there before, got false"
        if self.dns_zone and not self.hosts:
            yield "dns_zone must stand beside hosts, whose records are written in it"

    def _wrong_version(self) -> Iterator[str]:
        # Source: hashicorp/terraform-provider-google, google_compute_region_ssl_policy, min_tls_version.
        if self.min_version == "1.3" and self.profile != "RESTRICTED":
            yield f"profile must be RESTRICTED where min_version is 1.3, got '{self.profile}'"


def _likely_host(text: object) -> str:
    """Return what to write for the host in *text*, such as that of an address; empty without one."""
    host = re.split(r"[/:?#]", re.sub(r"^\w+://", "", str(text).strip().lower()), maxsplit=1)[0].rstrip(".")
    is_right = not is_secret(text) and re.fullmatch(CERTIFICATE_HOST, host)
    return f"write {host}" if is_right else ""


def _likely_name(text: object, pattern: str) -> str:
    """Return what to write for a path such as `projects/p/secrets/NAME/versions/1`; empty without a name in one."""
    kinds = r"certificates|managedZones|secrets"
    found = re.search(rf"(?:^|/)(?:{kinds})/([^/]+)", text) if isinstance(text, str) else None
    return f"write {found[1]}" if found and re.fullmatch(pattern, found[1]) else ""
