"""The table of models in the summary of a synth: what is worth knowing of each."""

from __future__ import annotations

from collections import defaultdict

from rich.markup import escape
from rich.table import Table

from constructs_lib.model_servers import describe
from constructs_lib.specs import AddressSpec
from gke_inference.tables import make_table
from platform_config.config import Config
from platform_config.model import Model, models_of


def models_table(config: Config) -> Table:
    """Return a table with a block of rows per model: as columns, they would be too narrow to read."""
    table = make_table("Models", "model", "", "")
    for model in models_of(config):
        first, *rest = _facts(model).items()
        table.add_row(model.key, *map(escape, first))
        for fact in rest:
            table.add_row("", *map(escape, fact))
    return table


def _facts(model: Model) -> dict[str, str]:
    """Return what is worth knowing of *model*: some of it is derived from its image, some follows from other models."""
    return {
        "sent as": model.name,
        "address": _address(model),
        "server": describe(model.server),
        "image": model.server.image,
        "servers": _servers(model),
        **({"scales": _scaling(model)} if model.autoscaling else {}),
        **({"full at": full_at} if (full_at := model.balancing.full_at) else {}),
    }


def _address(model: Model) -> str:
    address, canary = model.spec.address, model.spec.canary
    if model.spec.drain:
        return "none: it is drained, and can be removed after a deploy"
    if not model.is_routed:
        return "none: it answers a part of the requests of another model"
    parts = address_parts(address) if address else []
    shared = f"; {canary.percent} % of them to {canary.model}" if canary else ""
    if model.by_name:
        parts = [f"every request whose body names {' or '.join(model.names)}"]
    return f"{', '.join(parts) or 'every request'}{shared}"


def address_parts(address: AddressSpec) -> list[str]:
    """Return which requests *address* is of: host, path and headers, each where there is one."""
    host, path = (
        [f"{name} {value}"] if value else [] for name, value in (("host", address.host), ("path", address.path))
    )
    return [*host, *path, *(f"header {name}: {value}" for name, value in address.headers.items())]


def _servers(model: Model) -> str:
    """Return how many servers there are in each region, and on which pools, in the order in which they are tried."""
    regions: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for key in model.regions:
        fewest, most = model.server_counts(key)
        count = str(fewest) if fewest == most else f"{fewest} to {most}"
        regions[count, ", then ".join(model.pool_keys(key))].append(key)
    return "; ".join(
        f"{count} in {'each of ' if len(keys) > 1 else ''}{', '.join(keys)} (pool {pools})"
        for (count, pools), keys in regions.items()
    )


def _scaling(model: Model) -> str:
    spec = model.autoscaling
    return f"at {spec.target_percent} % of its gauge, by the {model.metric_source} metric" if spec else ""
