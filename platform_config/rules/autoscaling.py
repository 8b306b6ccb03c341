"""Rules about autoscaling: its target is below the spill-over, its pods fit the pools, its metric can be read."""

from __future__ import annotations

from collections.abc import Iterator

from platform_config.config import Config
from platform_config.errors import Problem, shown
from platform_config.requirements import metric_source
from platform_config.rules.rule import Rule, serving_nodes


def _below_spill_over(config: Config) -> Iterator[Problem]:
    spec, limit = config.autoscaling, config.gateway.spill_over_percent
    if spec and limit is not None and spec.target_percent >= limit:
        message = f"must be below {limit}, the fill at which requests spill over, got {spec.target_percent}"
        lower = f"write {max(1, limit - 15)}, or " if limit > 1 else "write "
        fix = f"{lower}a higher gateway.max_utilization_percent"
        yield Problem("autoscaling.target_percent", message, fix)


def _room(config: Config) -> Iterator[Problem]:
    for key in config.regions if config.autoscaling else ():
        nodes = serving_nodes(config, key)
        if nodes and config.autoscaling and config.autoscaling.max_replicas > nodes.most_replicas:
            paths = " and ".join(nodes.pools)
            most, given = nodes.most_replicas, config.autoscaling.max_replicas
            message = f"must be at most {most}, the pods that {paths} can hold in {key}, got {given}"
            yield Problem("autoscaling.max_replicas", message, f"write {most}, or allow more nodes")


def _idle(config: Config) -> Iterator[Problem]:
    spec = config.autoscaling
    for key in config.regions if spec and spec.min_replicas < spec.max_replicas else ():
        nodes = serving_nodes(config, key)
        # Where there are several pools, CHOICE-GROWS refuses it.
        for path, plan in nodes.pools.items() if nodes and len(nodes.pools) == 1 else ():
            if not plan.grows and not plan.multi_host:
                fix = f"write autoscaling: {{max_nodes: {plan.nodes}}}"
                yield Problem(
                    f"{path}.autoscaling", "should be given for a pool whose pods are autoscaled, got nothing", fix
                )


def _replicas(config: Config) -> Iterator[Problem]:
    if config.autoscaling and config.model_server.replicas is not None:
        message = f"must be left out with autoscaling, got {config.model_server.replicas}"
        yield Problem("model_server.replicas", message, "write autoscaling.min_replicas and max_replicas")


def _adapter(config: Config) -> Iterator[Problem]:
    spec = config.autoscaling
    if spec and spec.install_adapter is not None and metric_source(config) == "native":
        message = (
            f"must be left out with metric_source native, which needs no adapter, got {shown(spec.install_adapter)}: "
            f"an adapter takes the cluster's one APIService of custom.metrics.k8s.io or external.metrics.k8s.io, which "
            f"KEDA or another may have"
        )
        yield Problem("autoscaling.install_adapter", message, "remove the line, or write metric_source: pods")


def _at_most(config: Config) -> Iterator[Problem]:
    if config.autoscaling or config.model_server.replicas is not None:
        return
    for key in config.regions:
        nodes = serving_nodes(config, key)
        for path, plan in nodes.pools.items() if nodes else ():
            if plan.spec.autoscaling and plan.min_nodes < plan.nodes:
                message = f"should be given for {path}, which grows, got nothing: {plan.nodes} nodes run all the time"
                yield Problem("autoscaling", message, "write autoscaling, or model_server.replicas")


RULES = (
    Rule(
        "HPA-BELOW-SPILL",
        "The autoscaler's target is below the spill-over",
        "At or above it requests go to another region before this one has grown.",
        "Google, Configure elastic cross-region high availability, key configuration principles",
        _below_spill_over,
    ),
    Rule(
        "HPA-ROOM",
        "The pools can hold `max_replicas` pods in every region",
        "The autoscaler asks for pods that then stay pending.",
        "Kubernetes, Horizontal Pod Autoscaling",
        _room,
    ),
    Rule(
        "HPA-REPLICAS",
        "With autoscaling there is no fixed number of replicas",
        "Each apply would set it back.",
        "Kubernetes, Horizontal Pod Autoscaling, migrating Deployments",
        _replicas,
    ),
    Rule(
        "HPA-ADAPTER",
        "`install_adapter` is given only where the metric comes through an adapter",
        "A cluster has one APIService per metrics API; a second adapter would take it from the first.",
        "Kubernetes, API aggregation layer; Google, Expose custom metrics for autoscaling",
        _adapter,
    ),
    Rule(
        "HPA-FIXED",
        "With autoscaling of pods the pools grow too",
        "Nodes without pods cost as much as busy ones.",
        "this library",
        _idle,
        severity="warning",
    ),
    Rule(
        "HPA-NONE",
        "Where pools grow, autoscaling or `replicas` sets the number of pods",
        "Without either, there is a pod for each node that a pool can have, so all of them run.",
        "this library",
        _at_most,
        severity="warning",
    ),
)
