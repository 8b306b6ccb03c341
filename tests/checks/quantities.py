"""Kubernetes quantities as the API server writes them back."""

import re
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

QUANTITY = re.compile(r"([+-]?)(\d+(?:\.\d*)?|\.\d+)([KMGTPE]i|[numkMGTPE]?)")
DECIMAL = {"n": -3, "u": -2, "m": -1, "": 0, "k": 1, "M": 2, "G": 3, "T": 4, "P": 5, "E": 6}
BINARY = {"": 0, "Ki": 1, "Mi": 2, "Gi": 3, "Ti": 4, "Pi": 5, "Ei": 6}

# Fields that hold quantities, as Kubernetes calls them and as the typed resources of the Terraform provider do.
MAPS = {"limits", "requests", "capacity", "hard"}
SCALARS = {"sizeLimit", "averageValue", "divisor", "size_limit", "average_value"}


def canonical(text: str) -> str | None:
    """Write *text* in the API server's own form (`1000m` is `1`, `4096Mi` is `4Gi`); None when it is not a quantity."""
    parts = QUANTITY.fullmatch(text)
    if not parts:
        return None
    sign, digits, suffix = parts.groups()
    base, units = (1024, BINARY) if suffix.endswith("i") else (1000, DECIMAL)
    value = Fraction(digits) * Fraction(base) ** units[suffix]
    if value == 0:
        return "0"
    for unit, power in sorted(units.items(), key=lambda item: -item[1]):
        mantissa = value / Fraction(base) ** power
        if mantissa.denominator == 1:
            return f"{'-' if sign == '-' else ''}{mantissa}{unit}"
    return None


def quantities(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield every quantity of a Kubernetes object with its path, found by the names of the fields that hold them."""
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from quantities(item, f"{path}[{index}]")
    if not isinstance(value, dict):
        return
    for key, item in value.items():
        where = f"{path}.{key}" if path else key
        if key in MAPS and isinstance(item, dict) and not any(isinstance(v, (dict, list)) for v in item.values()):
            yield from ((f"{where}.{name}", quantity) for name, quantity in item.items())
        elif key in SCALARS or (key == "value" and path.endswith("target")):
            yield where, item
        else:
            yield from quantities(item, where)
