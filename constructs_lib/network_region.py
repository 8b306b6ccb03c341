"""What the network has in one region."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Network
from itertools import combinations

from constructs_lib.google_names import report_wrong, wrong_region, wrong_word
from constructs_lib.specs.limits import refuse, wrong_types


@dataclass(frozen=True, kw_only=True)
class NetworkRegion:
    """
    What the network has in one region. All known at synth.

    Attributes:
        gateway_address: Name of the reserved address; None where the gateway takes an ephemeral one or none.
        nat: Name of the router and its NAT; None without NAT.
    """

    region: str
    node_subnet: str
    proxy_subnet: str
    nodes: IPv4Network
    pods: IPv4Network
    services: IPv4Network
    proxy: IPv4Network
    gateway_address: str | None
    nat: str | None

    def __post_init__(self) -> None:
        refuse(wrong_types(self))
        refuse([*self._wrong_names(), *self._wrong_ranges()])

    @property
    def ranges(self) -> dict[str, IPv4Network]:
        """The four ranges by what they are for."""
        return {"nodes": self.nodes, "pods": self.pods, "services": self.services, "proxy": self.proxy}

    def _wrong_names(self) -> Iterator[str]:
        yield from report_wrong("region", self.region, wrong_region(self.region))
        for setting in ("node_subnet", "proxy_subnet", "gateway_address", "nat"):
            if name := getattr(self, setting):
                yield from report_wrong(setting, name, wrong_word(name))

    def _wrong_ranges(self) -> Iterator[str]:
        for name, given in self.ranges.items():
            if not isinstance(given, IPv4Network):
                yield f"{name} must be an IPv4Network, got {given!r}: write IPv4Network('10.2.0.0/20')"
                return
        for (name, given), (other, taken) in combinations(self.ranges.items(), 2):
            if given.overlaps(taken):
                yield f"{other} must be apart from {name} ({given}), got {taken}"
