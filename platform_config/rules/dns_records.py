"""Rules about names with a routing policy: where they lead, and what each policy needs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from constructs_lib.places import places
from constructs_lib.specs import RecordSpec
from platform_config.config import Config
from platform_config.dns_plan import (
    Target,
    records,
    serving_targets,
    targets_of,
)
from platform_config.errors import Problem, shown
from platform_config.rules.rule import Rule

POLICIES = "Google, DNS routing policies and health checks"
PROVIDER = "hashicorp/terraform-provider-google 7.45.0"
MOST_WEIGHT = 1000
LEAST_TTL_SEC, MOST_TTL_SEC = 5, 60


def _targets(config: Config) -> Iterator[Problem]:
    for path, record, _ in records(config):
        if record.model is not None and record.model not in config.models:
            message = f"must be a model ({', '.join(config.models)}), got {shown(record.model)}"
            yield Problem(f"{path}.model", message, "write one of them, or remove the line")
            continue
        serving = serving_targets(config, record)
        for index, key in enumerate(record.targets):
            if key in record.targets[:index]:
                yield Problem(f"{path}.targets[{index}]", f"must name each target once, got '{key}' again", "remove it")
            elif key not in serving:
                what = f"a place that serves {record.model}" if record.model else "a region with a gateway, a cluster "
                what += "" if record.model else "outside that has an address, or an external endpoint"
                message = f"must be {what} ({', '.join(serving) or 'none'}), got {shown(key)}"
                yield Problem(f"{path}.targets[{index}]", message, "write one of them")
        if not targets_of(config, record) and not record.targets:
            yield Problem(f"{path}.targets", "must be at least one, got none", "name what the record leads to")


def _primary(config: Config) -> Iterator[Problem]:
    for path, record, _ in records(config):
        keys = [target.key for target in targets_of(config, record)]
        given = f"{path}.primary"
        if record.policy != "failover":
            if record.primary:
                message = f"must be left out for policy {record.policy}, got {', '.join(record.primary)}"
                yield Problem(given, message, "write policy: failover, or remove the line")
            continue
        if not record.primary:
            fix = f"write primary: [{keys[0]}]" if keys else ""
            yield Problem(given, "must name what answers while it is up, got none", fix)
        for index, key in enumerate(record.primary):
            if key in record.primary[:index]:
                yield Problem(f"{given}[{index}]", f"must name each target once, got '{key}' again", "remove it")
            elif key not in keys:
                message = f"must be a target of the record ({', '.join(keys)}), got {shown(key)}"
                yield Problem(f"{given}[{index}]", message, "write one of them")
        if record.primary and keys and set(keys) <= set(record.primary):
            message = f"must leave a target that takes over, got all of them: {', '.join(record.primary)}"
            yield Problem(given, message, "name the first choice alone, or write policy: geo")


def _weights(config: Config) -> Iterator[Problem]:
    for path, record, _ in records(config):
        given = f"{path}.weights"
        if record.weights and record.policy != "weighted":
            message = f"must be left out for policy {record.policy}: Cloud DNS joins no shares with another policy"
            yield Problem(given, f"{message}, got {len(record.weights)}", "write policy: weighted, or remove them")
            continue
        keys = [target.key for target in targets_of(config, record)]
        for key, weight in record.weights.items():
            if not 0 <= weight <= MOST_WEIGHT:
                yield Problem(f"{given}.{key}", f"must be between 0 and {MOST_WEIGHT}, got {weight}")
            if key not in keys:
                message = f"must name targets of the record ({', '.join(keys)}), got {shown(key)}"
                yield Problem(given, message, "write one of them")
        if record.weights and not any(record.weights.get(key) for key in keys):
            yield Problem(given, "must sum to more than 0, got 0: no answer would be left", "give a target a share")
        missing = [key for key in keys if key not in record.weights]
        if record.weights and missing:
            message = f"must have a share for each target, got none for {', '.join(missing)}"
            yield Problem(given, message, f"add {missing[0]}: 0, or more")


def _policy_settings(config: Config) -> Iterator[Problem]:
    for path, record, _ in records(config):
        if record.policy != "failover" and record.trickle_percent:
            message = f"must be left out for policy {record.policy}, got {record.trickle_percent}"
            yield Problem(f"{path}.trickle_percent", message, "write policy: failover, or remove the line")
        if not record.geofence:
            continue
        if record.policy == "weighted":
            message = "must be false for policy weighted, whose answers do not depend on who asks, got true"
            yield Problem(f"{path}.geofence", message, "write policy: geo, or remove the line")
            continue
        fenced = [one for one in targets_of(config, record) if one.key not in record.primary]
        if len({one.location for one in fenced}) < 2:
            message = "must be false where all answers are of one region: it would only switch failover off, got true"
            yield Problem(f"{path}.geofence", message, "remove the line, or add a target elsewhere")


def _near(config: Config) -> Iterator[Problem]:
    for path, near in _nears(config):
        if near not in places().regions and config.universe.api_domain == "googleapis.com":
            message = f"must be a region of Google Cloud, got {shown(near)}"
            yield Problem(path, message, "write the one nearest to it, such as asia-east2")
    missing: dict[str, str] = {}
    for path, record, _ in records(config):
        for target in targets_of(config, record) if record.policy != "weighted" else ():
            if target.location is None and target.key not in record.primary:
                missing.setdefault(target.key, path)
    for key, path in missing.items():
        where = f"outside.{key}" if key in config.outside else f"dns.external_endpoints.{key}"
        message = f"must be given: {path} answers with the target that is nearest to who asks, got none"
        yield Problem(f"{where}.near", message, "write the nearest region of Google Cloud, such as asia-east2")


def _nears(config: Config) -> Iterator[tuple[str, str]]:
    for key, endpoint in (config.dns.external_endpoints if config.dns else {}).items():
        if endpoint.near is not None:
            yield f"dns.external_endpoints.{key}.near", endpoint.near
    for key, cluster in config.outside.items():
        if cluster.near is not None:
            yield f"outside.{key}.near", cluster.near


def _signed(config: Config) -> Iterator[Problem]:
    for path, record, dns in records(config):
        if dns.zone.visibility != "public" or not dns.zone.dnssec:
            continue
        for names in _items(record, targets_of(config, record)):
            if len(names) > 1:
                message = f"must leave one address for each answer of a signed zone, got {', '.join(names)} in one"
                fix = "write dns.zone.dnssec: false; or name fewer targets, or other regions in near"
                yield Problem(f"{path}.targets", message, fix)


def _items(record: RecordSpec, targets: Sequence[Target]) -> Iterator[list[str]]:
    """Yield the keys of the targets that one answer names."""
    if record.policy == "weighted":
        return
    yield [one.key for one in targets if one.key in record.primary]
    rest = [one for one in targets if one.key not in record.primary]
    for location in dict.fromkeys(one.location for one in rest):
        yield [one.key for one in rest if one.location == location]


def _ttl(config: Config) -> Iterator[Problem]:
    for path, record, _ in records(config):
        if record.ttl_sec > MOST_TTL_SEC:
            message = (
                f"should be at most {MOST_TTL_SEC}, got {record.ttl_sec}: clients ask a target that is down as long"
            )
            yield Problem(f"{path}.ttl_sec", message, "write 30")
        if record.ttl_sec < LEAST_TTL_SEC:
            message = f"should be at least {LEAST_TTL_SEC}, got {record.ttl_sec}: nearly every request asks DNS first"
            yield Problem(f"{path}.ttl_sec", message, "write 30; the health check decides when a target leaves")


RULES = (
    Rule(
        "DNS-TARGET",
        "A record leads to places that serve its model",
        "Clients would get 404 from a place that is up.",
        "by design",
        _targets,
    ),
    Rule(
        "DNS-PRIMARY",
        "Failover has something that answers first, and something that takes over",
        "Both parts are required by Cloud DNS.",
        f"{POLICIES}; {PROVIDER}, primary_backup",
        _primary,
    ),
    Rule(
        "DNS-WEIGHT",
        "Shares are for the weighted policy, and some are more than 0",
        "Cloud DNS joins no policies; with all shares at 0 it has no answer.",
        POLICIES,
        _weights,
    ),
    Rule(
        "DNS-POLICY",
        "Geofence and trickle stand with a policy that has them",
        "The provider refuses a fence beside shares, and leaves out a trickle that no failover has; a fence around "
        "one region alone answers with it although it is down.",
        f"{PROVIDER}, resource_dns_record_set.go; {POLICIES}",
        _policy_settings,
    ),
    Rule(
        "DNS-NEAR",
        "What is answered by distance says where it is",
        "Geolocation items are named by regions of Google Cloud.",
        POLICIES,
        _near,
    ),
    Rule(
        "DNS-SIGNED",
        "In a signed zone each answer has one address",
        "Cloud DNS refuses more: it signs each answer beforehand.",
        POLICIES,
        _signed,
    ),
    Rule(
        "DNS-TTL",
        "Answers are kept for 5 to 60 seconds",
        "A client leaves a dead target when its answer has expired; very short times make each request wait for DNS.",
        "by design",
        _ttl,
        severity="warning",
    ),
)
