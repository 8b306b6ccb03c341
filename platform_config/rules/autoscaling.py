"""Rules about autoscaling: its target is below the spill-over, its pods fit the pools, its metric can be read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from platform_config.config import Config
from platform_config.errors import Problem, shown
from platform_config.model import Model
from platform_config.requirements import ADAPTER_SOURCES
from platform_config.rules.rule import Rule, fixed_pools, models, per_model, serving_nodes
from platform_config.rules.serving import too_many_pods
from platform_config.rules.shared_pools import users


def _below_spill_over(at: str, model: Model) -> Iterator[Problem]:
    spec, limit = model.autoscaling, model.balancing.max_utilization_percent
    if spec and limit is not None and spec.target_percent >= limit:
        message = f"must be below {limit}, the fill at which requests spill over, got {spec.target_percent}"
        lower = f"write {max(1, limit - 15)}, or " if limit > 1 else "write "
        own = model.spec.traffic.max_utilization_percent is not None
        setting = f"{at}.traffic" if own else "gateway"
        fix = f"{lower}a higher {setting}.max_utilization_percent"
        yield Problem(f"{at}.autoscaling.target_percent", message, fix)


def _room(at: str, model: Model) -> Iterator[Problem]:
    if model.autoscaling:
        yield from too_many_pods(f"{at}.autoscaling.max_replicas", model, model.autoscaling.max_replicas)


def _idle(config: Config) -> Iterator[Problem]:
    if config.cluster.autopilot:  # There each pool grows.
        return
    # Where there are several pools, CHOICE-GROWS refuses it.
    alone = [
        nodes
        for _, model in models(config)
        if model.autoscaling and model.autoscaling.min_replicas < model.autoscaling.max_replicas
        for key in model.regions
        if (nodes := serving_nodes(model, key)) and len(nodes.pools) == 1
    ]
    for path, fix in fixed_pools(alone).items():
        message = "should be given for a pool whose pods are autoscaled, got nothing"
        yield Problem(f"{path}.autoscaling", message, fix)


def _replicas(at: str, model: Model) -> Iterator[Problem]:
    if model.autoscaling and model.spec.replicas is not None:
        message = f"must be left out with autoscaling, got {model.spec.replicas}"
        yield Problem(f"{at}.replicas", message, "write autoscaling.min_replicas and max_replicas")


def _adapter(config: Config) -> Iterator[Problem]:
    given, readers = config.cluster.metrics_adapter, [model for _, model in models(config) if model.autoscaling]
    if given is not None and not any(model.metric_source in ADAPTER_SOURCES for model in readers):
        message = (
            f"must be left out where no model is autoscaled by {' or '.join(ADAPTER_SOURCES)}, got {shown(given)}: "
            f"an adapter takes the cluster's one APIService of custom.metrics.k8s.io or external.metrics.k8s.io, which "
            f"KEDA or another may have"
        )
        yield Problem("cluster.metrics_adapter", message, "remove the line, or write metric_source: pods")


def _at_most(config: Config) -> Iterator[Problem]:
    for key in config.regions:
        here = list(users(config, key))
        times = Counter(path for user in here for path in user.nodes.pools)
        for user in here:
            for path, plan in user.nodes.pools.items() if user.most is None else ():
                # Where several models run on it, SHARE-REPLICAS refuses it.
                if times[path] == 1 and plan.spec.autoscaling and plan.min_nodes < plan.nodes:
                    message = (
                        f"should be given for {path}, which grows, got nothing: {plan.nodes} nodes run all the time"
                    )
                    yield Problem(f"{user.path}.autoscaling", message, "write autoscaling, or replicas")


def _metric(at: str, model: Model) -> Iterator[Problem]:
    if model.autoscaling and not model.has_metrics:
        message = "must be left out for a server without server.metric, got a map"
        yield Problem(f"{at}.autoscaling", message, "write replicas, or name the server's gauge from 0 to 1 as metric")


def _none(at: str, model: Model) -> Iterator[Problem]:
    if model.autoscaling and model.autoscaling.min_replicas == 0:
        message = "must be 1 or more: a region without servers gets no requests that could wake it, got 0"
        fix = "write 1, or name fewer regions for this model"
        yield Problem(f"{at}.autoscaling.min_replicas", message, fix)


def _alone(at: str, model: Model) -> Iterator[Problem]:
    spec, regions = model.autoscaling, model.regions
    if spec is None or spec.min_replicas != 1 or (len(regions) > 2 and not model.config.is_regional):
        return
    if model.config.is_regional:
        where, fix = "regions of which none helps another", ""
        why = "nothing answers in a region while its one server is replaced"
    elif len(regions) == 2:
        where, fix = "two regions", ", or serve it in a third region"
        why = "where one fails, one server of the other has all requests until more have started"
    else:
        where, fix = "one region", ", or serve it in a second region"
        why = "nothing answers while its one server is replaced"
    most = "" if spec.max_replicas > 1 else " and max_replicas: 2"
    message = f"should be 2 or more for a model in {where}, since {why}, got 1"
    yield Problem(f"{at}.autoscaling.min_replicas", message, f"write min_replicas: 2{most}{fix}")


RULES = (
    Rule(
        "HPA-BELOW-SPILL",
        "The autoscaler's target is below the spill-over",
        "At or above it requests go to another region before this one has grown.",
        "Google, Configure elastic cross-region high availability, key configuration principles",
        per_model(_below_spill_over),
    ),
    Rule(
        "HPA-ROOM",
        "The pools can hold `max_replicas` pods in every region",
        "The autoscaler asks for pods that then stay pending.",
        "Kubernetes, Horizontal Pod Autoscaling",
        per_model(_room),
    ),
    Rule(
        "HPA-REPLICAS",
        "With autoscaling there is no fixed number of replicas",
        "Each apply would set it back.",
        "Kubernetes, Horizontal Pod Autoscaling, migrating Deployments",
        per_model(_replicas),
    ),
    Rule(
        "HPA-METRIC",
        "Autoscaling has a metric to follow",
        "An autoscaler without one never changes the number of pods.",
        "Kubernetes, Horizontal Pod Autoscaling",
        per_model(_metric),
    ),
    Rule(
        "HPA-ZERO",
        "No region is scaled to zero",
        "Pods come back by a metric that exists without them. The load balancer sends nothing to a region without "
        "servers, so neither their own gauge nor the queue of the region's endpoint picker grows, and what Google "
        "documents is a queue outside of the cluster.",
        "Google, Scale GKE workloads to and from zero using HPA; Kubernetes v1.37: Scale Workloads to Zero with "
        "HorizontalPodAutoscaler",
        per_model(_none),
    ),
    Rule(
        "HPA-ADAPTER",
        "`metrics_adapter` is given only where the metric comes through an adapter",
        "A cluster has one APIService per metrics API; a second adapter would take it from the first.",
        "Kubernetes, API aggregation layer; Google, Expose custom metrics for autoscaling",
        _adapter,
    ),
    Rule(
        "HPA-ALONE",
        "Where one region would have to carry the load alone, it has two servers or more",
        "New servers need minutes: a node, an image, the weights. Until then one server has the requests of both "
        "regions, and where it is replaced nothing answers.",
        "Google, Customize GKE Inference Gateway configuration, autoscaling: above 1 for high availability",
        per_model(_alone),
        severity="warning",
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
