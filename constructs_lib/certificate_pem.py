"""What is in a certificate in PEM form, read with the standard library: its form, and the hosts that it is for."""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator
from ssl import PEM_cert_to_DER_cert

from constructs_lib.specs.limits import NEW_KEY, PRIVATE_KEY

CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----\s.+?\s-----END CERTIFICATE-----", re.DOTALL)

_SEQUENCE, _OCTETS, _DNS_NAME = 0x30, 0x04, 0x82
"""Tags of DER. Source: RFC 5280, GeneralName; X.690."""
_ALTERNATIVE_NAMES = bytes.fromhex("0603551d11")
"""The extension subjectAltName, 2.5.29.17, in DER."""


def wrong_certificate(pem: str) -> str:
    """Return what a certificate in PEM form must do that *pem* does not; empty where it is right. It quotes nothing."""
    if PRIVATE_KEY.search(pem):
        return f"hold certificates alone, got a private key: {NEW_KEY}"
    blocks = CERTIFICATE.findall(pem)
    if not blocks:
        return "begin with -----BEGIN CERTIFICATE-----, got no certificate in PEM form"
    broken = [str(number) for number, block in enumerate(blocks, start=1) if not _is_sequence(_der(block))]
    return f"hold whole certificates, got one that cannot be read: number {', '.join(broken)}" if broken else ""


def certificate_hosts(pem: str) -> tuple[str, ...]:
    """
    Return the host names that the first certificate of *pem* is for, lower case, in its order.

    Clients look at its alternative names alone (RFC 9110, section 4.3.4), so a common name counts for nothing.
    """
    found = CERTIFICATE.search(pem)
    der = _der(found.group()) if found else b""
    _, known, rest = der.partition(_ALTERNATIVE_NAMES)
    if not known:
        return ()
    for tag, content in _values(rest):
        if tag == _OCTETS:
            names = (value for outer, inner in _values(content) if outer == _SEQUENCE for value in _values(inner))
            return tuple(name.decode("ascii", "replace").lower() for kind, name in names if kind == _DNS_NAME)
    return ()


def covers(certificate_host: str, host: str) -> bool:
    """Return whether a certificate for *certificate_host* is right for *host*: a `*` stands for one label."""
    if certificate_host.startswith("*."):
        label, dot, parent = host.partition(".")
        return bool(label and dot) and parent == certificate_host[2:]
    return certificate_host == host


def _der(block: str) -> bytes:
    try:
        return PEM_cert_to_DER_cert(block)
    except (ValueError, binascii.Error):
        return b""


def _is_sequence(der: bytes) -> bool:
    """Return whether *der* is one sequence from its first to its last byte, as a certificate is."""
    values = list(_values(der))
    return [tag for tag, _ in values] == [_SEQUENCE]


def _values(der: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield tag and content of each value in *der*, up to the first that is cut off."""
    at = 0
    while at + 2 <= len(der):
        tag, length, start = der[at], der[at + 1], at + 2
        if length & 0x80:
            start += length & 0x7F
            length = int.from_bytes(der[at + 2 : start], "big")
        at = start + length
        if at > len(der):
            return
        yield tag, der[start:at]
