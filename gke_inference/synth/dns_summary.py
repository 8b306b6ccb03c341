"""Where names of DNS lead, and when their clients leave what is down, as lines of the summary."""

from __future__ import annotations

from collections.abc import Iterator

from constructs_lib.specs import DnsHealthCheckSpec, RecordSpec
from platform_config.config import Config
from platform_config.dns_plan import (
    SEED_DOWNTIME_SEC,
    asks_endpoints,
    detection_sec,
    leave_sec,
    never_leaves,
    probe_path,
    probe_port,
    protocol,
    targets_of,
)


def dns_summary(config: Config) -> Iterator[str]:
    """Yield the zone, each name with its policy and targets, and the seconds until its clients leave a dead one."""
    if config.dns is None:
        return
    zone = config.dns.zone
    whose = "exists, and is used as it is" if zone.existing else "is the platform's"
    yield f"The {zone.visibility} zone of {zone.domain} {whose}."
    for record in config.dns.records.values():
        yield f"{record.host} leads to {_policy(config, record)}."
        if never_leaves(record):
            yield "  A client stays at a dead one: geofence keeps it in its region."
            continue
        yield (
            f"  A client leaves a dead one after {leave_sec(config, record)} s: {_detection(config, record)}, and "
            f"{record.ttl_sec} s of TTL; the failover of seed 004 was measured with {SEED_DOWNTIME_SEC} s."
        )


def _policy(config: Config, record: RecordSpec) -> str:
    keys = [target.key for target in targets_of(config, record)]
    if record.policy == "weighted":
        return "one of " + ", ".join(f"{key} ({record.weights.get(key, 1)})" for key in keys) + ", by shares"
    if record.policy == "geo":
        fence = ", even where it is down" if record.geofence else " that is up"
        return f"the nearest of {', '.join(keys)}{fence}"
    rest = ", ".join(key for key in keys if key not in record.primary)
    trickle = f", which get {record.trickle_percent} % at all times" if record.trickle_percent else ""
    fence = ", even where that is down" if record.geofence else ""
    return f"{' and '.join(record.primary)} while one is up, else to the nearest of {rest}{fence}{trickle}"


def _detection(config: Config, record: RecordSpec) -> str:
    seconds = detection_sec(config, record)
    if not asks_endpoints(config, record):
        return f"{seconds} s until the load balancer says that all its servers are gone"
    probe = config.dns.health_check if config.dns else DnsHealthCheckSpec()
    path = "" if protocol(config) == "TCP" else f" for {probe_path(config, record)}"
    return (
        f"{probe.interval_sec} s between probes by {protocol(config)} at port {probe_port(config)}{path} x "
        f"{probe.unhealthy_threshold} failures"
    )
