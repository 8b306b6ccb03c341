"""What a failover depends on: of a config, and of seed 004 for comparison."""

from __future__ import annotations

from dataclasses import dataclass, replace

from constructs_lib.specs import RecordSpec
from platform_config.config import Config
from platform_config.dns_plan import asks_endpoints, never_leaves

PROBERS_OF_ENDPOINTS = 3
"""Regions of Google that ask a public address."""
SPREAD_SEC = 5.0
"""Until all name servers, or all proxies of a load balancer, do what was decided: an assumption."""
PAUSE_SEC, BROKEN_SEC = 10.0, 58.0
"""How long whoever breaks things waits after each failover, and leaves nothing up: assumptions, the same for all."""
SEED_SPREAD_SEC = 12.0
"""The same of the seed's traffic manager, whose name servers belong to another service: an assumption."""
LATENCY_SEC = 0.24
"""Of a good answer, as seed 004 measured: 244 ms."""


@dataclass(frozen=True, kw_only=True)
class FailoverSettings:
    """
    The parts of one way to fail over.

    Attributes:
        title: What it is.
        interval_sec: Seconds between two probes of a prober.
        probe_timeout_sec: Seconds that a probe waits.
        unhealthy_threshold: Bad probes in a row that take a target out.
        healthy_threshold: Good ones that bring it back.
        probers: How many ask, each at times of its own; most of them decide.
        ttl_sec: Seconds that a resolver keeps an answer; 0 where clients keep their address.
        spread_sec: Seconds until what was decided is done everywhere.
        start_sec: Seconds until a server that was started again is ready.
        pause_sec: Seconds between two steps of the person who breaks things.
        broken_sec: Seconds for which nothing at all is up.
        assumed: What is not a setting, as sentences.
    """

    title: str
    interval_sec: float
    probe_timeout_sec: float
    unhealthy_threshold: int
    healthy_threshold: int
    probers: int
    ttl_sec: float
    spread_sec: float = SPREAD_SEC
    start_sec: float = 5.0
    pause_sec: float = PAUSE_SEC
    broken_sec: float = BROKEN_SEC
    assumed: tuple[str, ...] = ()

    @property
    def detection_sec(self) -> float:
        """Seconds until a dead target is taken out, at most, as the settings say it."""
        return self.interval_sec * self.unhealthy_threshold


SPREAD = f"what a health check decided is done everywhere after {SPREAD_SEC:g} s"
COMMON = (
    "a server that is started again is ready after 5 s; a model server takes minutes, which only the return needs",
    f"whoever breaks things waits {PAUSE_SEC:g} s after each failover, and leaves nothing up for {BROKEN_SEC:g} s",
    "with nothing up clients get any address, as Cloud DNS and load balancers answer then",
    "each check takes 1 s and the latency of its answer, 0.24 s as in seed 004",
)
SEED = FailoverSettings(
    title="seed 004: another cloud's traffic manager",
    interval_sec=15,
    probe_timeout_sec=2,
    unhealthy_threshold=2,
    healthy_threshold=2,
    probers=1,
    ttl_sec=60,
    spread_sec=SEED_SPREAD_SEC,
    assumed=(
        "15 s between probes x 2 failures, which the seed calls a detection of about 30 s; its article names no others",
        "60 s of TTL, the first value that the seed advises",
        f"what a health check decided is answered everywhere after {SEED_SPREAD_SEC:g} s",
        *COMMON,
    ),
)
"""What the article says of its own test, and what it leaves open."""


PROBERS_SAY = "a public address is down when two of its three regions of probers say so"


def gateway_settings(config: Config) -> FailoverSettings:
    """Return how the cross-region gateway of *config* fails over: inside the load balancer, at one address."""
    probe = config.gateway.health_check
    return FailoverSettings(
        title="the cross-region gateway",
        interval_sec=probe.interval_sec,
        probe_timeout_sec=probe.timeout_sec,
        unhealthy_threshold=probe.unhealthy_threshold,
        healthy_threshold=probe.healthy_threshold,
        probers=PROBERS_OF_ENDPOINTS,
        ttl_sec=0,
        assumed=("three probers ask each server, as Google's health checks do", SPREAD, *COMMON),
    )


def record_settings(config: Config, record: RecordSpec) -> FailoverSettings:
    """Return how clients of *record* fail over: by names, whose targets are asked by Google or by load balancers."""
    of_gateway = gateway_settings(config)
    all_there = (
        f"all requests go to the targets that go down: shares and nearness of `{record.policy}` are not followed"
    )
    by_name = replace(
        of_gateway, title=f"DNS, {record.host}", ttl_sec=record.ttl_sec, assumed=(*of_gateway.assumed, all_there)
    )
    if config.dns is None or not asks_endpoints(config, record):
        return by_name
    probe = config.dns.health_check
    return replace(
        by_name,
        interval_sec=probe.interval_sec,
        probe_timeout_sec=probe.timeout_sec,
        unhealthy_threshold=probe.unhealthy_threshold,
        healthy_threshold=probe.healthy_threshold,
        assumed=(
            "a public address is down when two of its three regions of probers say so",
            SPREAD,
            *COMMON,
            all_there,
        ),
    )


def ways_to_fail_over(config: Config) -> tuple[FailoverSettings, ...]:
    """Return each way that *config* has: its gateway across regions, and each name whose clients leave at all."""
    gateway = () if config.is_regional else (gateway_settings(config),)
    records = config.dns.records.values() if config.dns else ()
    return (*gateway, *(record_settings(config, record) for record in records if not never_leaves(record)))
