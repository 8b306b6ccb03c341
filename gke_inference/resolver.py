"""Look-ups of names in DNS."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Address

import dns.exception
import dns.rdatatype
import dns.resolver

from platform_config.errors import shown

HIGHEST_PORT = 65535
TIMEOUT_SEC = 2.0
"""As in the script of seed 004."""


class Resolver:
    """
    Asks a resolver for the IPv4 addresses of a name.

    Args:
        address: Address of the resolver, with `:port` where it is not 53. Default: those of this machine.
    """

    def __init__(self, address: str = "") -> None:
        self._resolver = dns.resolver.Resolver(configure=not address)
        self._resolver.cache = None
        self._resolver.lifetime = TIMEOUT_SEC
        if address:
            host, _, port = address.partition(":")
            self._resolver.nameservers = [host]
            self._resolver.port = int(port or 53)

    def ask(self, name: str) -> tuple[list[str], float]:
        """Return the addresses of *name*, and the seconds that they may be kept; none where there is no answer."""
        try:
            found = self._resolver.resolve(name, dns.rdatatype.A)
        except (dns.exception.DNSException, OSError):
            return [], 0.0
        return [str(record) for record in found], float(found.rrset.ttl if found.rrset else 0)

    def name_servers(self, domain: str) -> list[str]:
        """
        Return the name servers of *domain*, without the dot at their end; none where nothing leads to it.

        Raises:
            OSError: The resolver gives no answer.
        """
        try:
            found = self._resolver.resolve(domain, dns.rdatatype.NS)
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            return []
        except dns.exception.DNSException as error:
            raise OSError(f"no answer about {domain}: {type(error).__name__}") from None
        return sorted(str(record).rstrip(".") for record in found)


def _is_resolver(text: str) -> bool:
    host, _, port = text.partition(":")
    try:
        IPv4Address(host)
    except ValueError:
        return False
    return ":" not in text or (port.isdigit() and 0 < int(port) <= HIGHEST_PORT)


def resolver_problems(address: str) -> Iterator[str]:
    """Yield what is wrong with the *address* that --resolver gives; "" is right."""
    if address and not _is_resolver(address):
        yield f"--resolver: must be an IPv4 address, with :PORT where it is not 53, got {shown(address)}"
