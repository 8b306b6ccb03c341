"""A type of resource that can be imported: where one is, how an import names it, and what would replace it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network
from typing import Any, Protocol

from gke_inference.load_balancer import path_of

Values = Mapping[str, Any]
NOTHING: Any = object()
"""In place of a default."""


class Fixed(Protocol):
    """What of a resource cannot change while it is there."""

    def difference(self, planned: Values, live: Values) -> str:
        """Return how *live* differs from *planned*; empty where it does not, or where only an apply can say."""


@dataclass(frozen=True, kw_only=True)
class FixedArgument:
    """
    An argument whose change replaces the resource.

    Attributes:
        argument: Its path in Terraform.
        field: Its path in Google's API.
        default: What a missing one stands for, on both sides. Without it, Terraform keeps what is there.
        absent: What a missing one stands for in the API alone.
    """

    argument: str
    field: str
    default: Any = NOTHING
    absent: Any = None

    def difference(self, planned: Values, live: Values) -> str:
        """Return how *live* differs from *planned*."""
        wanted, found = value_at(planned, self.argument), value_at(live, self.field)
        if wanted is None and self.default is NOTHING:
            return ""
        wanted = self.default if wanted is None else wanted
        if found is None:
            found = self.absent if self.default is NOTHING else self.default
        if "${" in str(wanted) or _plain(wanted) == _plain(found):
            return ""
        return f"{self.argument} is {_shown(found)}, and the config makes it {_shown(wanted)}"


class FixedRanges:
    """The ranges of a subnet: the first may grow, and a secondary one may neither change nor go while it is used."""

    def difference(self, planned: Values, live: Values) -> str:
        """Return how *live* differs from *planned*."""
        wanted, found = planned["ip_cidr_range"], live["ipCidrRange"]
        if not IPv4Network(found).subnet_of(IPv4Network(wanted)):
            return f"ip_cidr_range is {found}, and the config makes it {wanted}"
        ranges = {one["range_name"]: one["ip_cidr_range"] for one in planned.get("secondary_ip_range", ())}
        lost = {
            one["rangeName"]: one["ipCidrRange"] for one in live.get("secondaryIpRanges", ())
        }.items() - ranges.items()
        shown = ", ".join(f"{name} {cidr}" for name, cidr in sorted(lost))
        return f"secondary_ip_range has {shown}, which the config lacks" if lost else ""


@dataclass(frozen=True, kw_only=True)
class Importable:
    """
    A type of resource that can be imported.

    Attributes:
        noun: What it is, for people.
        path: Its full name in Google's API, of its arguments in Terraform.
        method: Service, version and method that read it.
        arguments: Parameters of the method, of its arguments in Terraform; `{path}` is its full name.
        import_id: What an import takes. Default: the full name.
        fixed: What replaces it.
        part: Field of the answer that lists such resources by name, where it has no method of its own.
        listed: Field of the list with such resources, whose names are Google's: they are found by what they are called
            for people. Empty for all others.
        has_endpoints: Whether its API has an endpoint for each region, of which the client has no document.
    """

    noun: str
    path: str
    method: tuple[str, str, str]
    arguments: Mapping[str, str]
    import_id: str = "{path}"
    fixed: Sequence[Fixed] = ()
    part: str = ""
    listed: str = ""
    has_endpoints: bool = False

    def path_of(self, values: Values) -> str:
        """Return the full name of the resource with the arguments *values*."""
        return self.path.format(**_words(values))

    def id_of(self, values: Values) -> str:
        """Return what an import of it takes."""
        return self.import_id.format(**_words(values) | {"path": self.path_of(values)})

    def question(self, values: Values) -> dict[str, str]:
        """Return the parameters that the method reads it with."""
        words = _words(values) | {"path": self.path_of(values)}
        return {name: text.format(**words) for name, text in self.arguments.items()}

    def differences(self, planned: Values, live: Values) -> list[str]:
        """Return each argument that would replace it, with what is there and what the config makes."""
        return [found for one in self.fixed if (found := one.difference(planned, live))]


def find_called(planned: Values, listed: Iterable[Values]) -> Values | None:
    """Return the only one of *listed* that is called as *planned* is and has its labels; None where there is none."""
    labels = (planned.get("user_labels") or {}).items()
    found = [
        one for one in listed
        if one.get("displayName") == planned.get("display_name") and labels <= one.get("userLabels", {}).items()
    ]  # fmt: skip
    return found[0] if len(found) == 1 else None


def value_at(values: Any, path: str) -> Any:
    """Return the value at *path*, through blocks, of which the first counts; None where there is none."""
    for step in path.split("."):
        if isinstance(values, list):
            values = values[0] if values else None
        values = values.get(step) if isinstance(values, Mapping) else None
    return values


def _words(values: Values) -> dict[str, str]:
    words = {name: value for name, value in values.items() if isinstance(value, str)}
    if "cluster" in words:
        words["cluster"] = words["cluster"].rpartition("/")[2]
    return words


def _plain(value: Any) -> Any:
    """Return *value* so that two of one meaning are equal: paths for links, one order for lists, text for numbers."""
    if isinstance(value, list):
        return sorted(map(str, value))
    if isinstance(value, bool | Mapping):
        return value
    text = str(value)
    return path_of(text) if re.match(r"https?://", text) else text


def _shown(value: Any) -> str:
    if isinstance(value, str):
        return path_of(value) if value.startswith("http") else value or "empty"
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "empty"
    return "not set" if value is None else str(value).lower()
