"""Settings that a config does not have: where what they hold was likely meant to stand."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from constructs_lib.specs.limits import plain_number
from platform_config.errors import Location, nearest
from platform_config.shape import hint_at, is_map, item_of, known_paths, settings_of

ANCHOR_KEYS = ("anchors", "anchor", "defaults", "templates", "definitions")
NAMES_OF_SECRETS = ("auth_token", "integration_key", "key", "password", "routing_key", "service_key", "token")
"""What other tools call what is secret in a channel, which they have in the file itself."""
OTHER_NAMES: Mapping[str, str] = {
    **{f"channels.<key>.{name}": "observability.channels.<key>.secret" for name in NAMES_OF_SECRETS},
    "adapters": "models.<key>.weights.lora_adapters",
    "alerts.<key>.duration": "observability.alerts.<key>.for_sec",
    "alerts.<key>.labels": "observability.alerts.<key>.severity",
    "alerts.<key>.notification_channels": "observability.alerts.<key>.channels",
    "alerts.<key>.receivers": "observability.alerts.<key>.channels",
    "alerts.<key>.window": "observability.alerts.<key>.window_sec",
    "args": "models.<key>.server.extra_args",
    "channels.<key>.email": "observability.channels.<key>.address",
    "channels.<key>.email_address": "observability.channels.<key>.address",
    "channels.<key>.channel_name": "observability.channels.<key>.channel",
    "channels.<key>.labels": "observability.channels.<key>.address",
    "channels.<key>.name": "observability.channels.<key>.id",
    "channels.<key>.severity": "observability.channels.<key>.severities",
    "channels.<key>.type": "observability.channels.<key>.kind",
    "environment": "models.<key>.server.env",
    "health_check.path": "models.<key>.server.health_path",
    "fallback_node_pools": "models.<key>.node_pools",
    "gpu_memory_utilization": "models.<key>.server.gpu_memory_percent",
    "hf_token": "models.<key>.weights.hugging_face_token",
    "hostname": "models.<key>.address.host",
    "install_adapter": "cluster.metrics_adapter",
    "log_optional_fields": "gateway.log_fields",
    "log_sample_rate": "gateway.log_sample_percent",
    "iap.client_secret": "gateway.iap.secret_name",
    "model": "models.<key>.weights",
    "model_id": "models.<key>.weights.repository",
    "model_name": "models.<key>.served_name",
    "model_path": "models.<key>.weights.bucket_path",
    "model_server": "models.<key>.server",
    "monitoring": "observability",
    "notification_channels": "observability.channels",
    "node_pool": "models.<key>.node_pools",
    "objective_name": "models.<key>.priorities",
    "objective_priority": "models.<key>.priorities",
    "optional_fields": "gateway.log_fields",
    "priority": "models.<key>.priorities",
    "sample_rate": "gateway.log_sample_percent",
    "served_model_name": "models.<key>.served_name",
    "sglang_version": "models.<key>.server.version",
    "slo": "models.<key>.objectives",
    "slos": "models.<key>.objectives",
    "storage_uri": "models.<key>.weights.bucket_path",
    "tls.private_key": "gateway.tls.private_key_secret",
    "ttft": "models.<key>.objectives.first_token_sec",
    "ttft_sec": "models.<key>.objectives.first_token_sec",
    "vllm": "models.<key>.server",
    "vllm_version": "models.<key>.server.version",
    "weights_gib": "models.<key>.weights.size_gib",
}
"""What other tools, and people, call a setting; with its section where the name alone can be another one."""

RARE = ("dns", "external_dns", "failover_budget", "gitops", "outside", "remotes")
"""Sections that few configs have: their settings are meant where no other is."""
NOT_CHOSEN: Mapping[str, str] = {
    **{
        f"channels.<key>.{name}": "write secret, and behind it the name of a secret in Secret Manager; replace what "
        "stood in the file, for it is known by now"
        for name in NAMES_OF_SECRETS
    },
    "channels.<key>.number": "write kind: existing, and as id the name of a channel that was made by hand",
    "iap.client_secret": "write secret_name, and behind it the name of a Kubernetes Secret with the key client_secret; "
    "replace what stood in the file, for it is known by now",
    "hugging_face_token.version": "remove it: the latest version of the secret is read",
    "kubernetes_secret.version": "remove it: a Secret has no versions",
    "tls.private_key": "write private_key_secret, and behind it the name of a secret in Secret Manager; replace what "
    "stood in the file, for it is known by now",
}
"""With its section: what is no setting here, although another section has one of that name."""


def suggest_setting(location: Location, value: Any = None) -> str:
    """
    Suggest the setting that was meant: one at another place, one of nearly that name, or all there are.

    Args:
        location: The unknown setting.
        value: What it holds; a map is meant for a section that has such settings.
    """
    name, known = str(location[-1]), settings_of(hint_at(location[:-1]))
    if holds_anchors(location):
        word = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
        return f"write 'x-{word}': keys that begin with x- may hold anchors"
    if not_chosen := _in_section(NOT_CHOSEN, location):
        return not_chosen
    if in_ms := _in_milliseconds(name, known, value):
        return in_ms
    near = get_close_matches(_snake(name), known, n=1)
    places = _places(location)
    places = [path for path in places if fits(_hint(path), value)] or places
    places = _without_rare(places, location, near)
    if near and (fits(known[near[0]], value) or _path((*location[:-1], near[0])) in places):
        places = []
    if places:
        if len(places) == 1 and places[0].rpartition(".")[0] == _path(location).rpartition(".")[0]:
            return f"did you mean '{places[0].split('.')[-1]}'?"
        check = ": check the indentation" if any(path.endswith(f".{_snake(name)}") for path in places) else ""
        return f"it belongs at {_any_of(places, location)}{check}"
    if near:
        return f"did you mean '{near[0]}'?"
    leaves = {path.split(".")[-1] for path in known_paths()}
    if near := get_close_matches(_snake(name), leaves, n=1, cutoff=0.8):
        return f"did you mean {_any_of(_elsewhere(near[0], location), location)}?"
    return nearest("", known)


def _without_rare(places: list[str], location: Location, near: list[str]) -> list[str]:
    """Return *places* without rare sections, unless nothing else is meant: neither a place nor a plural of the name."""
    if str(location[0]).startswith(RARE):
        return places
    common = [path for path in places if not path.startswith(RARE)]
    plural = bool(near) and near[0].removesuffix("s") == _snake(str(location[-1])).removesuffix("s")
    return common or ([] if plural else places)


def likely_meant(location: Location, settings: dict[str, Any]) -> Iterator[Location]:
    """Yield the locations that an unknown setting at *location* was likely meant for."""
    section = location[:-1]
    known = settings_of(hint_at(section)) if location else {}
    if not known or location[-1] in known or holds_anchors(location):
        return
    beside: Any = settings
    for part in section:
        beside = beside[part]
    if (near := get_close_matches(_snake(str(location[-1])), known, n=1)) and near[0] not in beside:
        yield (*section, near[0])
    for path in _places(location):
        yield from _expand(tuple(path.split(".")), settings)


def holds_anchors(location: Location) -> bool:
    """Return whether a key at the top is like those that other programs have for anchors."""
    name = str(location[0]) if len(location) == 1 else ""
    return bool(name) and (name.startswith(("_", ".")) or name.lower() in ANCHOR_KEYS)


def fits(hint: Any, value: Any) -> bool:
    """Return whether *value* is a map with settings of a section of type *hint*, or a map of such sections."""
    if not isinstance(value, dict):
        return False
    if is_map(hint):
        return any(fits(item_of(hint), inner) for inner in value.values())
    return bool(settings_of(hint).keys() & value.keys())


def _in_milliseconds(name: str, known: Mapping[str, Any], value: object) -> str:
    """Return what to write for a setting in seconds that a section has in milliseconds; empty for any other."""
    setting = f"{_snake(name).removesuffix('_sec')}_ms"
    if not _snake(name).endswith("_sec") or setting not in known:
        return ""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return f"write {setting}: {plain_number(value * 1000)}"
    return f"did you mean '{setting}'?"


def _places(location: Location) -> list[str]:
    """Return the paths of the settings with the name of the one at *location*, or that others call by it."""
    name = _snake(str(location[-1]))
    if own := _in_section(OTHER_NAMES, location):
        return [own]
    if _in_section(NOT_CHOSEN, location):
        return []
    other = OTHER_NAMES.get(name)
    return [*_elsewhere(name, location), *([other] if other else [])]


def _elsewhere(name: str, location: Location) -> list[str]:
    """Return the paths of all settings with this name; of pools in regions only for a *location* in a region."""
    paths = [path for path in known_paths() if path.split(".")[-1] == name]
    return [path for path in paths if location[0] == "regions" or not path.startswith("regions.<key>.node_pools.")]


def _any_of(paths: list[str], location: Location) -> str:
    """Return *paths* as a message says it, with the key of the map in which *location* is."""
    first = f"{location[0]}.<key>."
    own = f"{location[0]}.{location[1]}." if len(location) > 2 else first
    return " or ".join(own + path.removeprefix(first) if path.startswith(first) else path for path in paths)


def _path(location: Location) -> str:
    """Return the path of the setting at *location* as `known_paths` has it."""
    hints = [hint_at(location[:depth]) for depth in range(len(location))]
    return ".".join("<key>" if is_map(hint) else str(part) for hint, part in zip(hints, location, strict=True))


def _hint(path: str) -> Any:
    return hint_at(tuple(path.split(".")))


def _expand(path: tuple[str, ...], settings: Any) -> Iterator[Location]:
    """Yield *path* with each key of *settings* in place of `<key>`."""
    if not path:
        yield ()
        return
    first, *rest = path
    if first == "<key>" and not isinstance(settings, dict):
        yield ()
        return
    for name in settings if first == "<key>" else [first]:
        inner = settings.get(name) if isinstance(settings, dict) else None
        for end in _expand(tuple(rest), inner):
            yield (name, *end)


def _in_section(table: Mapping[str, str], location: Location) -> str:
    """Return what *table* has for the setting at *location* by its name behind that of its section; empty for none."""
    path = f".{_path(location).rpartition('.')[0]}.{_snake(str(location[-1]))}"
    return next((meant for name, meant in table.items() if "." in name and path.endswith(f".{name}")), "")


def _snake(name: str) -> str:
    """Return MachineType and machine-type as machine_type."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|-", "_", name).lower()
