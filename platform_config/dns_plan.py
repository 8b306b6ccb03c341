"""Where each name of DNS leads, how its targets are asked, and when a client leaves one that is down."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from constructs_lib.specs import DnsSpec, RecordSpec
from platform_config.config import Config
from platform_config.model import MODELS_PATH, Model, models_of

SEED_DOWNTIME_SEC = 72
"""Mean downtime of the failovers that seed 004 measured, with health checks and DNS of another cloud."""
Protocol = Literal["HTTP", "HTTPS", "TCP"]


@dataclass(frozen=True, kw_only=True)
class Target:
    """
    One place that a name leads to.

    Attributes:
        key: Key of a region, a cluster outside or an external endpoint.
        location: Google Cloud region that it is in or near to; None where nobody said so.
        address: Its address; None for a gateway, whose address is known after apply.
    """

    key: str
    location: str | None
    address: str | None = None

    @property
    def is_gateway(self) -> bool:
        """Whether it is a gateway of the platform."""
        return self.address is None


def records(config: Config) -> Iterator[tuple[str, RecordSpec, DnsSpec]]:
    """Yield path and spec of each record of *config*, with the section that it is in."""
    if config.dns is not None:
        for key, record in config.dns.records.items():
            yield f"dns.records.{key}", record, config.dns


def known_targets(config: Config) -> dict[str, Target]:
    """Return every place that a name of *config* may lead to, by key: gateways, clusters outside, endpoints."""
    gateways = {key: Target(key=key, location=config.regions[key].region) for key in config.gateway_regions}
    outside = {
        key: Target(key=key, location=cluster.near, address=cluster.address)
        for key, cluster in config.outside.items()
        if cluster.address is not None
    }
    given = config.dns.external_endpoints if config.dns else {}
    endpoints = {key: Target(key=key, location=one.near, address=one.address) for key, one in given.items()}
    return {**gateways, **outside, **endpoints}


def serving_targets(config: Config, record: RecordSpec) -> dict[str, Target]:
    """Return the places that serve what *record* leads to, by key; which models an endpoint serves nobody knows."""
    known = known_targets(config)
    if record.model is None or record.model not in config.models:
        return known
    regions = Model(config, record.model).regions
    absent = {key for key in config.gateway_regions if config.is_regional and key not in regions}
    absent |= {key for key, one in config.outside.items() if one.models and record.model not in one.models}
    return {key: target for key, target in known.items() if key not in absent}


def targets_of(config: Config, record: RecordSpec) -> tuple[Target, ...]:
    """Return the places that *record* leads to, in the order given; keys that are none are left to a rule."""
    known = known_targets(config)
    keys = record.targets or tuple(serving_targets(config, record))
    return tuple(known[key] for key in keys if key in known)


def endpoint_records(config: Config) -> dict[str, tuple[Target, tuple[str, RecordSpec]]]:
    """
    Return each place outside that a name of *config* leads to, by its key in order, with its first record and its key.

    One record is enough to ask an address as Cloud DNS does: another asks the same server for another path.
    """
    found: dict[str, tuple[Target, tuple[str, RecordSpec]]] = {}
    for key, record in config.dns.records.items() if config.dns else ():
        for target in targets_of(config, record):
            if not target.is_gateway:
                found.setdefault(target.key, (target, (key, record)))
    return dict(sorted(found.items()))


def asks_endpoints(config: Config, record: RecordSpec) -> bool:
    """Return whether the targets of *record* are public addresses, which Google asks itself."""
    return config.gateway.gateway_class.public or any(not one.is_gateway for one in targets_of(config, record))


def protocol(config: Config) -> Protocol:
    """Return how public addresses are asked: as given, or as the gateways are."""
    given = config.dns.health_check.protocol if config.dns else None
    return given or ("HTTPS" if config.gateway.tls else "HTTP")


def probe_port(config: Config) -> int:
    """Return the port at which public addresses are asked: as given, or that of the gateways."""
    given = config.dns.health_check.port if config.dns else None
    return given or config.gateway.serving_port


def probe_path(config: Config, record: RecordSpec) -> str:
    """
    Return the path that public addresses are asked for.

    As given; or one that the gateway lets through to the model that *record* leads to, of several to the first.
    """
    if config.dns and config.dns.health_check.path is not None:
        return config.dns.health_check.path
    model = probed_model(config, record)
    if model is None:
        return "/"
    prefix = model.spec.address.path if model.spec.address and model.spec.address.path else ""
    ready = model.server.ready_path
    passes = not model.paths or any(ready == path or ready.startswith(f"{path}/") for path in model.paths)
    return f"{prefix}{ready if passes else MODELS_PATH}"


def probed_model(config: Config, record: RecordSpec) -> Model | None:
    """Return the model whose answer says that a target of *record* is up: its own, or the first with a route."""
    routed = [model for model in models_of(config) if model.is_routed]
    return next((model for model in routed if record.model in (None, model.key)), None)


def detection_sec(config: Config, record: RecordSpec) -> int:
    """Return the seconds after which DNS stops to answer with a target of *record* that is down."""
    if config.dns and asks_endpoints(config, record):
        probe = config.dns.health_check
        return probe.interval_sec * probe.unhealthy_threshold
    return config.gateway.health_check.detection_sec


def never_leaves(record: RecordSpec) -> bool:
    """Return whether clients of *record* stay at a target that is down: a fence of the policy `geo` keeps them."""
    return record.policy == "geo" and record.geofence


def leave_sec(config: Config, record: RecordSpec) -> int:
    """Return the seconds after which a client that honours the TTL leaves a target of *record* that is down."""
    return detection_sec(config, record) + record.ttl_sec
