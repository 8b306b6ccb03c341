"""What a drill does, the states it goes through, and what its options must not be."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from enum import IntEnum
from math import ceil
from typing import Any, Literal, get_args

from constructs_lib.specs import FailoverBudgetSpec, ObjectivesSpec
from gke_inference.openai import Endpoint
from platform_config.config import Config
from platform_config.errors import shown

Means = Literal["replicas", "drain", "cordon"]
"""How a region is taken down."""
MEANS: tuple[Means, ...] = get_args(Means)
SenderPlace = Literal["pod", "here"]
"""From where requests are sent: a pod in the region's cluster, or this machine."""
SENDER_PLACES: tuple[SenderPlace, ...] = get_args(SenderPlace)
RESERVE_SEC = 600
"""Time for the pod to start, and for all that is not planned."""
MOST_AT_ONCE = 500
"""Requests that may run at once where nothing answers: each takes a connection here, and a thread in a pod."""
DEFAULT_DOWNTIME_SEC = 30.0
"""Longest downtime that is good where neither an option nor an objective says so."""
DEFAULT_ERROR_RATE = 0.05
"""Failed requests per request that are good where no option says so: some fail until a region takes over."""
REGIONAL = "regional gateways"
FEWEST_REQUESTS = 10
"""Requests that a state needs for its figures to mean something."""


class State(IntEnum):
    """Which regions are up and which are down."""

    BASELINE = 1
    OUTAGE = 2
    DOUBLE_OUTAGE = 3
    SECOND_RECOVERY = 4
    RECOVERY = 5

    @property
    def title(self) -> str:
        """Number and name, as reports show them."""
        return f"{self.value} {self.name.lower().replace('_', ' ')}"


@dataclass(frozen=True, kw_only=True)
class DrillPlan:
    """
    One drill.

    Attributes:
        endpoint: Where requests go and what they ask; without an address until the gateway's has been looked up.
        gateways: Where they go in each region, by its key, where each region has a gateway of its own; else none.
        model: Key of the model that is asked.
        models_down: Keys of the models whose servers go down, that model first.
        region_in_answers: Whether it is known which region served, by its answers or by the gateway that was asked:
            else downtime and errors are measured alone.
        sender: From where requests are sent.
        region: Key of the region that is taken down.
        second: Key of a region that is taken down as well, while the first is down; None for none.
        means: How a region is taken down.
        region_names: Name of each region that serves the model, as answers have it, by key.
        rate_per_sec: Requests sent per second, however many still run.
        baseline_sec: Length of the state before the outage.
        outage_sec: Length of each outage.
        recovery_sec: How long a region may take to answer again.
        slow_sec: A good answer that takes longer is counted as slow.
        objectives: What the model's owner promises.
        budget: What the loss of a region may cost; None without such a bound.
        max_downtime_sec: Longest downtime that is still good: by the option, else by objective and budget, else 30.
        max_error_rate: Failed requests per request, 0 to 1, that are still good.
        restore_timeout_sec: How long restoring is tried again where it fails.
    """

    endpoint: Endpoint
    model: str
    models_down: tuple[str, ...]
    region_in_answers: bool
    sender: SenderPlace
    region: str
    second: str | None
    means: Means
    region_names: Mapping[str, str]
    rate_per_sec: float
    baseline_sec: float
    outage_sec: float
    recovery_sec: float
    slow_sec: float
    objectives: ObjectivesSpec
    max_downtime_sec: float
    max_error_rate: float
    restore_timeout_sec: float
    gateways: Mapping[str, Endpoint] = field(default_factory=dict)
    budget: FailoverBudgetSpec | None = None

    @property
    def is_regional(self) -> bool:
        """Whether each region has a gateway of its own, so that no region takes over."""
        return bool(self.gateways)

    @property
    def endpoints(self) -> Mapping[str, Endpoint]:
        """Where requests go, by the key of the region that sends them."""
        return self.gateways or {self.region: self.endpoint}

    def at(self, endpoints: Mapping[str, Endpoint]) -> DrillPlan:
        """Return the same drill with requests that go to *endpoints*."""
        return replace(self, endpoint=endpoints[self.region], gateways=endpoints if self.is_regional else {})

    @property
    def asked_at(self) -> str:
        """Where requests go, as reports show it."""
        if not self.is_regional:
            return self.endpoint.url
        return ", ".join(f"{endpoint.url} ({key})" for key, endpoint in self.gateways.items())

    @property
    def counted_states(self) -> tuple[State, ...]:
        """States whose failures count: while the drill itself keeps every region down, failures are expected."""
        none_left = self.second is not None and len(self.region_names) == 2
        return (State.OUTAGE, State.RECOVERY) if none_left else tuple(State)[1:]

    def counts(self, state: State, region: str) -> bool:
        """Return whether failures in *state* count; of regional gateways, those of the other *region* alone do."""
        return state in self.counted_states and not (self.is_regional and region == self.region_names[self.region])

    @property
    def others(self) -> Mapping[str, str]:
        """Names of the regions that stay up, by key."""
        return {key: name for key, name in self.region_names.items() if key not in self.regions_down}

    @property
    def regions_down(self) -> tuple[str, ...]:
        """Keys of the regions that are taken down, the first one first."""
        return (self.region, self.second) if self.second else (self.region,)

    @property
    def max_duration_sec(self) -> int:
        """Longest time that the drill may take; a pod that sends requests ends itself then."""
        outages = 2 if self.second else 1
        states = self.baseline_sec + outages * (self.outage_sec + self.recovery_sec)
        return ceil(states + self.restore_timeout_sec + self.endpoint.timeout_sec) + RESERVE_SEC

    def describe(self) -> dict[str, Any]:
        """Return the plan as the report prints it, without the token; of secret headers it has the names alone."""
        return {
            "url": self.endpoint.url,
            "gateways": {key: endpoint.url for key, endpoint in self.gateways.items()} or None,
            "model": self.endpoint.model,
            "path": self.endpoint.path or None,
            "secret_headers": list(self.endpoint.secret_headers),
            "model_key": self.model,
            "models_down": self.models_down,
            "region_in_answers": self.region_in_answers,
            "sender": self.sender,
            "region": self.region,
            "second_region": self.second,
            "means": self.means,
            "rate_per_sec": self.rate_per_sec,
            "baseline_sec": self.baseline_sec,
            "outage_sec": self.outage_sec,
            "recovery_sec": self.recovery_sec,
            "slow_sec": self.slow_sec,
            "timeout_sec": self.endpoint.timeout_sec,
            "objectives": asdict(self.objectives),
            "max_downtime_sec": self.max_downtime_sec,
            "max_error_rate": self.max_error_rate,
            "restore_timeout_sec": self.restore_timeout_sec,
        }


def longest_good_downtime_sec(
    given: float | None, objectives: ObjectivesSpec, budget: FailoverBudgetSpec | None = None
) -> float:
    """Return the longest downtime that is good: as *given*, else as promised or budgeted, the shorter, else 30 s."""
    wanted = (objectives.failover_downtime_sec, budget.downtime_sec if budget else None)
    limits = [limit for limit in wanted if limit is not None]
    return given if given is not None else min(limits, default=DEFAULT_DOWNTIME_SEC)


def highest_good_error_rate(config: Config, given: float | None) -> float:
    """
    Return the share of failed requests that is good: as *given*, else none where no region depends on another.

    Else what the budget of a failover says, or 5 %.
    """
    if given is not None or config.is_regional:
        return given or 0.0
    budget = config.failover_budget.error_percent if config.failover_budget else None
    return DEFAULT_ERROR_RATE if budget is None else budget / 100


def plan_problems(config: Config, plan: DrillPlan) -> list[str]:
    """Return why *plan* cannot be carried out on the platform of *config*; no cluster is asked for that."""
    alone = _gateway_problems(config, plan) if config.is_regional else _fail_over_problems(config, plan)
    return [*_region_problems(config, plan), *alone, *_request_problems(plan)]


def _region_problems(config: Config, plan: DrillPlan) -> Iterator[str]:
    keys, serves = ", ".join(plan.region_names) or "none", plan.region_names
    which = _which(config, plan)
    for name, key in (("--region", plan.region), ("--double", plan.second)):
        if key is not None and key not in serves:
            idle = key in config.regions and not config.regions[key].serves
            why = f": regions.{key}.serves is false, so nothing in it can go down" if idle else ""
            yield f"{name}: must be one of {keys}{which}, got {shown(key) if key else 'none'}{why}"


def _fail_over_problems(config: Config, plan: DrillPlan) -> Iterator[str]:
    """Yield what forbids a drill of one gateway for all regions, where another region is to take over."""
    serves = plan.region_names
    if len(serves) < 2:
        yield f"regions: must be two or more{_which(config, plan)}, or nothing takes over, got {', '.join(serves)}"
    if plan.second and plan.second == plan.region:
        yield f"--double: must be another region than --region, got {shown(plan.second)} twice"
    if plan.second and plan.means == "drain" and len(serves) == 2:
        yield "--double: must leave a region that is not drained with --means drain, Google takes no less; got two of 2"
    yield from _drain_problems(config, plan)
    has_address = config.first_beside(plan.region) in config.gateway_regions if plan.region in serves else True
    if not plan.endpoint.url and not has_address:
        yield f"--url: must be given, the gateway has no address in {plan.region}"


def _drain_problems(config: Config, plan: DrillPlan) -> Iterator[str]:
    """Yield what forbids a drain: a scope of capacity is for a region of Google Cloud, with all its clusters."""
    for key in plan.regions_down if plan.means == "drain" else ():
        name = plan.region_names.get(key)
        beside = [other for other, its in plan.region_names.items() if its == name and other != key]
        if name is not None and beside:
            yield (
                f"--means: must be replicas or cordon for {key}: the gateway's capacity is that of all of {name}, so "
                f"{', '.join(beside)} would be drained too"
            )


def _gateway_problems(config: Config, plan: DrillPlan) -> Iterator[str]:
    """Yield what forbids a drill of regional gateways, where no region takes over."""
    if plan.second:
        yield f"--double: must be left out for {REGIONAL}: no region takes over, so drill one after the other"
    if plan.means == "drain":
        yield f"--means: must be replicas or cordon for {REGIONAL}: each has one region, and Google drains no last one"
    if plan.sender == "pod" and config.gateway.public and config.cluster.private_nodes and not config.network.nat:
        yield "--sender: must be here for public gateways: private nodes without network.nat do not reach them"


def _which(config: Config, plan: DrillPlan) -> str:
    if len(plan.region_names) == len(config.regions):
        return ""
    return f", which serve {plan.model}{' and have a gateway' if config.is_regional else ''}"


def _request_problems(plan: DrillPlan) -> Iterator[str]:
    # Each pod sends to one gateway; this machine sends to all of them.
    gateways = len(plan.endpoints) if plan.sender == "here" else 1
    at_once, timeout_sec = gateways * plan.rate_per_sec * plan.endpoint.timeout_sec, plan.endpoint.timeout_sec
    if at_once > MOST_AT_ONCE:
        yield (
            f"--rate-per-sec: times --timeout-sec must be at most {MOST_AT_ONCE}, for so many may wait at once, "
            f"got {plan.rate_per_sec:g} times {timeout_sec:g}{f' at {gateways} gateways' * (gateways > 1)}: "
            f"send fewer, or wait shorter"
        )
    for name, seconds in (("--baseline-sec", plan.baseline_sec), ("--outage-sec", plan.outage_sec)):
        if seconds * plan.rate_per_sec < FEWEST_REQUESTS:
            yield (
                f"{name}: must hold {FEWEST_REQUESTS} requests or more, "
                f"got {seconds:g} s at {plan.rate_per_sec:g} per second"
            )
