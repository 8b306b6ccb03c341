"""Rules about sovereign universes of Google Cloud: how projects are called there, and what is lacking."""

from __future__ import annotations

from collections.abc import Iterator

from constructs_lib.monitoring.alerts import ALERTS
from constructs_lib.specs.universe import Feature, project_name
from constructs_lib.universe import PUBLIC, SOURCES, UNIVERSES, source_of, universe_name, universe_of_region
from platform_config.config import Config
from platform_config.errors import Problem, nearest, shown
from platform_config.rules.rule import Rule, models, pool_plans, pool_specs

TABLE = "constructs_lib/universe.py, which names its sources"
DIFFERENCES = "; ".join(dict.fromkeys(source for sources in SOURCES.values() for source in sources.values()))


def _lacking(config: Config, feature: Feature) -> str:
    """Return that the universe of *config* lacks *feature*, with who says so, as the end of a message."""
    universe = config.universe
    return f"which the universe {universe_name(universe)} lacks ({source_of(universe, feature)})"


def _project(config: Config) -> Iterator[Problem]:
    prefix, given = config.universe.project_prefix, config.project.rpartition(":")[0]
    if prefix is not None and given != prefix:
        message = (
            f"must begin with {prefix}: in the universe {universe_name(config.universe)}, got {shown(config.project)}"
        )
        yield Problem("project", message, f"write '{prefix}:{project_name(config.project)}'")
    elif prefix is None and given:
        names = {known.project_prefix: name for name, known in UNIVERSES.items()}
        if name := names.get(given):
            message = f"must be a project of the public cloud without universe, got {shown(config.project)}"
            yield Problem("project", message, f"write universe: {name}")


def _known(config: Config) -> Iterator[Problem]:
    given = config.universe
    names = {known.api_domain: name for name, known in UNIVERSES.items()}
    name = names.get(given.api_domain)
    if name and given != UNIVERSES[name]:
        message = f"should be {name}, whose APIs these are: what it lacks is known then, and refused in time, got parts"
        yield Problem("universe", message, f"write universe: {name}")


def _regions(config: Config) -> Iterator[Problem]:
    known = config.universe.regions
    for key, region in config.regions.items() if config.universe == PUBLIC else ():
        if name := universe_of_region(region.region):
            message = f"must be a region of the public cloud without universe, got {shown(region.region)}"
            yield Problem(f"regions.{key}.region", message, f"write universe: {name}")
    if not known:
        return
    for key, region in config.regions.items():
        if region.region not in known:
            name = universe_name(config.universe)
            message = f"must be one of {', '.join(known)} in the universe {name}, got {shown(region.region)}"
            yield Problem(f"regions.{key}.region", message, nearest(region.region, known, f"write '{known[0]}'"))
    if len(config.regions) > len(known):
        message = f"must be at most {len(known)} in the universe {universe_name(config.universe)}, got "
        message += f"{len(config.regions)}: it has {', '.join(known)} alone"
        yield Problem("regions", message, "remove the others")


def _bucket(config: Config) -> Iterator[Problem]:
    known = config.universe.regions
    if config.bucket is not None and known and config.bucket.location.lower() not in known:
        name, given = universe_name(config.universe), shown(config.bucket.location)
        message = f"must be one of {', '.join(known)} in the universe {name}, got {given}"
        yield Problem("bucket.location", message, f"write '{known[0]}'")


def _gateway(config: Config) -> Iterator[Problem]:
    lacking: tuple[Feature, ...] = ("cross_region_gateways", "fleets")
    if not config.is_regional and (missing := [one for one in lacking if not config.universe.has(one)]):
        message = f"must be regional, got cross_region, {_lacking(config, missing[0])}"
        yield Problem("gateway.scope", message, "write gateway.scope: regional")


def _clusters(config: Config) -> Iterator[Problem]:
    if config.cluster.mode == "standard" and not config.universe.has("standard_clusters"):
        message = f"must be autopilot, got standard, {_lacking(config, 'standard_clusters')}"
        yield Problem("cluster.mode", message, "write cluster.mode: autopilot")


def _machines(config: Config) -> Iterator[Problem]:
    allowed = config.universe.machines
    for path, plan in pool_plans(config):
        machine = plan.machine
        if machine.kind == "tpu" and not config.universe.has("tpu"):
            message = (
                f"must be a machine with GPUs, got {shown(machine.machine_type)} with TPUs, {_lacking(config, 'tpu')}"
            )
            yield Problem(f"{path}.machine_type", message, "docs/machines.md lists those with GPUs")
        elif allowed and machine.machine_type not in allowed:
            name = universe_name(config.universe)
            message = f"must be one of {', '.join(allowed)} in the universe {name}, got {shown(machine.machine_type)}"
            yield Problem(f"{path}.machine_type", message, f"write '{allowed[0]}'")


def _capacity(config: Config) -> Iterator[Problem]:
    for path, _, spec in pool_specs(config):
        if spec.capacity.spot and not config.universe.has("spot"):
            message = f"must be left out, got true: spot machines, {_lacking(config, 'spot')}"
            yield Problem(f"{path}.capacity.spot", message, "write capacity: {on_demand: true}")


def _policies(config: Config) -> Iterator[Problem]:
    if config.cluster.network_policies and not config.universe.has("network_policies"):
        message = f"must be false, got true: policies, {_lacking(config, 'network_policies')}"
        yield Problem("cluster.network_policies", message, "write network_policies: false")


def _autoscaling(config: Config) -> Iterator[Problem]:
    for path, model in models(config):
        if model.autoscaling and not config.universe.has("workload_metrics"):
            message = f"must be left out, got an autoscaler by a metric of pods, {_lacking(config, 'workload_metrics')}"
            yield Problem(f"{path}.autoscaling", message, "write replicas in its place")


def _promql(config: Config) -> Iterator[Problem]:
    watched = config.observability
    if config.universe.has("promql"):
        return
    if watched.dashboard:
        message = f"must be false, got true: each of its panels is a query in PromQL, {_lacking(config, 'promql')}"
        yield Problem("observability.dashboard", message, "write dashboard: false")
    without = {kind.name for kind in ALERTS if kind.thresholds is None}
    for name, spec in watched.alerts.items() if watched.alerting else ():
        if name in without and spec.enabled:
            message = f"must be left out, got settings of an alert by PromQL, {_lacking(config, 'promql')}"
            there = ", ".join(kind.name for kind in ALERTS if kind.thresholds)
            yield Problem(f"observability.alerts.{name}", message, f"remove it; these are there: {there}")


def _objectives(config: Config) -> Iterator[Problem]:
    for path, model in models(config):
        if config.observability.alerting and not config.universe.has("promql") and model.spec.objectives.is_promised:
            message = f"should be watched, got objectives, whose alerts need PromQL, {_lacking(config, 'promql')}"
            yield Problem(f"{path}.objectives", message, "let the drill alone judge them, or watch them elsewhere")


RULES = (
    Rule(
        "UNIV-PROJECT",
        "A project ID begins with the prefix of its universe",
        "The names of pools, accounts and images are made of it; another universe knows no such project.",
        TABLE,
        _project,
    ),
    Rule(
        "UNIV-KNOWN",
        "A universe that is known is called by its name",
        "Parts by hand say nothing of what it lacks unless they are complete: an apply fails where a check would have.",
        TABLE,
        _known,
        severity="warning",
    ),
    Rule(
        "UNIV-REGION",
        "A platform has regions of its universe, as far as they are known",
        "The first subnet in another one fails.",
        TABLE,
        _regions,
    ),
    Rule(
        "UNIV-BUCKET",
        "In a universe with few regions the bucket is in one of them",
        "It has none of the public cloud's multi-regions and dual-regions.",
        TABLE,
        _bucket,
    ),
    Rule(
        "UNIV-GATEWAY",
        "A universe without fleets or classes of cross-region gateways has regional ones",
        "The class is not installed, and the Gateway is never programmed.",
        DIFFERENCES,
        _gateway,
    ),
    Rule(
        "UNIV-CLUSTER",
        "A universe without standard clusters has Autopilot clusters",
        "GKE refuses the cluster.",
        DIFFERENCES,
        _clusters,
    ),
    Rule(
        "UNIV-MACHINE",
        "Pools are of machines that the universe has",
        "No node would ever come.",
        DIFFERENCES,
        _machines,
    ),
    Rule(
        "UNIV-CAPACITY",
        "Pools get their machines in a way that the universe has",
        "No node would ever come.",
        DIFFERENCES,
        _capacity,
    ),
    Rule(
        "UNIV-POLICIES",
        "A universe without network policies has none",
        "They would be accepted and not enforced, or refused.",
        DIFFERENCES,
        _policies,
    ),
    Rule(
        "UNIV-AUTOSCALING",
        "A universe without metrics of workloads has no autoscaler by them",
        "The autoscaler reads no value and changes nothing.",
        DIFFERENCES,
        _autoscaling,
    ),
    Rule(
        "UNIV-PROMQL",
        "A universe without PromQL has no dashboard, and the alerts that need none",
        "Its API has no method that evaluates a query: nothing would be drawn, and no alert would fire.",
        DIFFERENCES,
        _promql,
    ),
    Rule(
        "UNIV-OBJECTIVES",
        "Objectives are watched by PromQL",
        "Their alerts are left out of such a universe: nobody hears of a broken promise between two drills.",
        DIFFERENCES,
        _objectives,
        severity="warning",
    ),
)
