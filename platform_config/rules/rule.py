"""What a rule is, and the parts of a config that several rules check."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from constructs_lib.accelerators import PoolPlan
from constructs_lib.serving_nodes import ServingNodes
from constructs_lib.specs import NodePoolSpec
from platform_config.config import Config
from platform_config.errors import Problem
from platform_config.model import Model, models_of
from platform_config.partial_config import UNKNOWN, known_first


@dataclass(frozen=True)
class Rule:
    """
    A limit that no single setting can check by itself.

    Attributes:
        id: Stable name, such as `GW-NEG-50`.
        title: The rule as a sentence.
        reason: What happens without it.
        source: Where the reason is from.
        check: Yields the problems of a config whose shape is right, without those that other rules report.
        severity: A config with an `error` is refused; a `warning` is printed.
    """

    id: str
    title: str
    reason: str
    source: str
    check: Callable[[Config], Iterable[Problem]]
    severity: Literal["error", "warning"] = "error"


def pool_specs(config: Config) -> Iterator[tuple[str, str, NodePoolSpec]]:
    """Yield path, key and spec of each pool in the file: those of all regions first, and broken ones last."""
    specs = [(f"node_pools.{pool}", pool, spec) for pool, spec in config.node_pools.items()]
    for key, region in config.regions.items():
        specs += [(f"regions.{key}.node_pools.{pool}", pool, spec) for pool, spec in (region.node_pools or {}).items()]
    yield from known_first(specs)


def pool_plans(config: Config) -> Iterator[tuple[str, PoolPlan]]:
    """Yield path and plan, for one zone, of each pool in the file whose machine and topology are known."""
    for path, _, spec in pool_specs(config):
        try:
            yield path, PoolPlan(spec=spec, zones=1)
        except ValueError:
            continue


def region_plans(config: Config, key: str) -> dict[str, tuple[str, PoolPlan]]:
    """Return path and plan of the pools of region *key* whose machine and topology are known, by pool key."""
    region = config.regions[key]
    plans = {}
    for pool, spec in ({**config.node_pools, **(region.node_pools or {})} if region.serves else {}).items():
        own = f"regions.{key}." if pool in (region.node_pools or {}) else ""
        try:
            plans[pool] = f"{own}node_pools.{pool}", PoolPlan(spec=spec, zones=len(region.zones))
        except ValueError:
            continue
        except TypeError:  # The rule ends only where it needs this pool.
            plans[pool] = f"{own}node_pools.{pool}", UNKNOWN
    return plans


def models(config: Config) -> Iterator[tuple[str, Model]]:
    """Yield path and model of each model in the file."""
    for model in models_of(config):
        yield f"models.{model.key}", model


def per_model(check: Callable[[str, Model], Iterable[Problem]]) -> Callable[[Config], Iterator[Problem]]:
    """Return a check of a config that runs *check* for each of its models, with the path and the model."""

    def check_all(config: Config) -> Iterator[Problem]:
        for path, model in models(config):
            yield from check(path, model)

    return check_all


def serving_nodes(model: Model, key: str) -> ServingNodes | None:
    """
    Return the pools on which *model* runs in region *key*, in order, by their path; None if other rules refuse them.

    A `tensor_parallel_size` that does not fit their nodes counts as not given: SRV-PARALLEL refuses it.
    """
    plans = region_plans(model.config, key)
    if model.spec.node_pools:
        wanted = [plans[pool] for pool in model.spec.node_pools if pool in plans]
    else:
        wanted = list(plans.values()) if len(plans) == 1 else []
    size = model.server.tensor_parallel_size
    fits = size is not None and size > 0 and not any(plan.most_devices_per_pod % size for _, plan in wanted)
    return ServingNodes(pools=dict(wanted), tensor_parallel_size=size if fits else None) if wanted else None


def splits(model: Model, nodes: ServingNodes) -> bool:
    """Return whether *nodes* can split *model* as it says; SRV-PARALLEL and GPU-PARALLEL refuse it where not."""
    return nodes.tensor_parallel_size == model.server.tensor_parallel_size


def fixed_pools(nodes: Iterable[ServingNodes]) -> dict[str, str]:
    """Return what makes each pool of fixed size in *nodes* grow, by its path: to the most nodes that a region has."""
    sizes: dict[str, int] = {}
    in_place: dict[str, str] = {}
    for path, plan in (entry for each in nodes for entry in each.pools.items()):
        if not plan.grows and not plan.multi_host:
            sizes[path] = max(plan.nodes, sizes.get(path, 0))
            in_place[path] = " in place of nodes_per_zone" if plan.spec.nodes_per_zone is not None else ""
    return {path: f"write autoscaling: {{max_nodes: {size}}}{in_place[path]}" for path, size in sizes.items()}


def serving_plans(model: Model, key: str) -> list[tuple[str, PoolPlan]]:
    """Return path and plan of each pool on which *model* runs in region *key*, in order."""
    nodes = serving_nodes(model, key)
    return list(nodes.pools.items()) if nodes else []
