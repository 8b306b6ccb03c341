"""The settings of Cloud Armor: who may call the gateway, and how often."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_network
from typing import Annotated

from constructs_lib.specs.limits import Between, masked, refuse, wrong_settings


@dataclass(frozen=True, kw_only=True)
class ClientLimitsSpec:
    """
    A Cloud Armor policy in front of the servers.

    The defaults stop what no client of a language model does by mistake. 600 requests a minute from one address are ten
    a second for hours, more than a server of most models answers. 10 MiB hold a prompt of two million tokens, or some
    pictures beside it.

    Args:
        enabled: false takes it away, from a public gateway too.
        requests_per_minute: Requests that one client address may send in a minute; the next ones are answered with 429.
            All clients behind one NAT share an address.
        allowed_ranges: Address ranges of clients, such as `203.0.113.0/24`; others are answered with 403. Default: all.
        max_body_mib: Largest body of a request, in MiB, by its Content-Length; a larger one is answered with 403. A
            body that is sent in chunks has no such header, and passes.
        preview: Logs what would be refused, and refuses nothing.

    Raises:
        ValueError: For all problems at once, such as a range that is no network.
    """

    enabled: bool = True
    requests_per_minute: Annotated[int, Between(1, 1_000_000)] = 600
    allowed_ranges: tuple[str, ...] = ()
    max_body_mib: Annotated[int, Between(1, 1024)] = 10
    preview: bool = False

    def __post_init__(self) -> None:
        refuse([*wrong_settings(self), *_wrong_ranges(self.allowed_ranges)])


def _wrong_ranges(ranges: tuple[str, ...]) -> Iterator[str]:
    given = ranges if isinstance(ranges, tuple) else ()
    for text in given:
        try:
            ip_network(text)
        except ValueError:
            yield f"allowed_ranges must hold networks such as 203.0.113.0/24, got '{masked(text)}'{_likely(text)}"
    for text in sorted({text for text in given if given.count(text) > 1}):
        yield f"allowed_ranges must name each range once, got '{text}' again"


def _likely(text: str) -> str:
    try:
        return f": write {ip_network(text, strict=False)}"
    except ValueError:
        return ""
