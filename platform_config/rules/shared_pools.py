"""Rules about pools that several models run on: one order of choices, a number of pods each, and room for all."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil

from constructs_lib.serving_nodes import ServingNodes
from constructs_lib.specs import ModelSpec
from platform_config.config import Config
from platform_config.errors import Problem, shown
from platform_config.model import Model
from platform_config.rules.rule import Rule, models, serving_nodes, splits


@dataclass(frozen=True)
class User:
    """A model on the pools of one region that it may run on, by their path."""

    path: str
    model: Model
    nodes: ServingNodes

    @property
    def most(self) -> int | None:
        """Most pods that it has; None where it does not say, and would fill its pools alone."""
        spec = self.model.autoscaling
        return spec.max_replicas if spec else self.model.spec.replicas

    @property
    def pods_per_node(self) -> tuple[int, ...]:
        """Pods that a node of each pool holds; models with the same numbers have pods of one size."""
        return tuple(self.nodes.pods_per_node(plan) for plan in self.nodes.pools.values())


def users(config: Config, key: str) -> Iterator[User]:
    """Yield the models of region *key* whose pools are known."""
    for path, model in models(config):
        nodes = serving_nodes(model, key) if key in model.regions else None
        if nodes is not None:
            yield User(path, model, nodes)


def _one_list(config: Config) -> Iterator[Problem]:
    reported = set()
    for key in config.regions:
        first: dict[str, User] = {}
        for user in users(config, key):
            shared = next((pool for pool in user.nodes.pools if pool in first), None)
            if shared is not None and user.path not in reported:
                for problem in _other_list(first[shared], user, shared, key):
                    reported.add(user.path)
                    yield problem
            for pool in user.nodes.pools:
                first.setdefault(pool, user)


def _other_list(first: User, user: User, pool: str, key: str) -> Iterator[Problem]:
    """Yield what differs between two models that share *pool*, where one of them has a choice of pools."""
    if len(first.nodes.pools) == len(user.nodes.pools) == 1:
        return
    theirs, given = first.model.spec, user.model.spec
    if theirs.node_pools != given.node_pools:
        message = f"must be {_as_list(theirs)} as in {first.path}, which shares {pool} in {key}, got {_as_list(given)}"
        fix = "write the same list in both, or give one of them pools of its own"
        yield Problem(f"{user.path}.node_pools", message, fix)
    elif theirs.migrate_back != given.migrate_back:
        message = f"must be {shown(theirs.migrate_back)} as in {first.path}, which has the same pools, got "
        yield Problem(
            f"{user.path}.migrate_back", f"{message}{shown(given.migrate_back)}", "write the same in both models"
        )


def _as_list(spec: ModelSpec) -> str:
    return f"[{', '.join(spec.node_pools)}]"


def _numbers(config: Config) -> Iterator[Problem]:
    for key in config.regions:
        first: dict[str, User] = {}
        for user in users(config, key):
            for pool in user.nodes.pools:
                other = first.setdefault(pool, user)
                for one in (other, user) if other is not user else ():
                    if one.most is None:
                        message = f"must be given for {pool}, on which several models run, got nothing"
                        fix = "write replicas or autoscaling: without them it takes the whole pool"
                        yield Problem(f"{one.path}.replicas", message, fix)


def _room(config: Config) -> Iterator[Problem]:
    regions: dict[tuple[str, str], list[str]] = {}
    for key in config.regions:
        groups: dict[tuple[str, ...], list[User]] = {}
        for user in users(config, key):
            groups.setdefault(tuple(user.nodes.pools), []).append(user)
        for pools, group in groups.items():
            if len(group) > 1 and _should_fit(group) and not _fits(group):
                asked = " and ".join(f"{user.most} of {user.model.key}" for user in group)
                regions.setdefault((" and ".join(pools), f"{asked}, got {_given(group)}"), []).append(key)
    for (path, given), keys in regions.items():
        message = f"must hold the most pods of all its models in {' and '.join(keys)}, {given}"
        yield Problem(path, message, "allow more nodes, or write fewer replicas")


def _should_fit(group: list[User]) -> bool:
    """Return whether every model says how many pods it has, and each fits alone: other rules report the others."""
    return all(
        user.most is not None and user.most <= user.nodes.most_replicas and splits(user.model, user.nodes)
        for user in group
    )


def _fits(group: list[User]) -> bool:
    """
    Return whether the pools hold the most pods of all models.

    Pods of one size fill every node. Those of several sizes are counted on nodes of their own, the largest first:
    Kubernetes moves no small pods together so that a node is free for a large one.
    """
    free = {path: plan.nodes for path, plan in group[0].nodes.pools.items()}
    for size in sorted({user.pods_per_node for user in group}):
        waiting = sum(user.most or 0 for user in group if user.pods_per_node == size)
        for pool, pods in zip(free, size, strict=True):
            taken = min(free[pool], ceil(waiting / pods)) if pods else 0
            free[pool] -= taken
            waiting = max(0, waiting - taken * pods)
        if waiting:
            return False
    return True


def _given(group: list[User]) -> str:
    """Return what the pools of *group* have, as a message says it."""
    if len({user.pods_per_node for user in group}) == 1:
        return f"room for {group[0].nodes.most_replicas}"
    nodes = sum(plan.nodes for plan in group[0].nodes.pools.values())
    return f"{nodes} {'node' if nodes == 1 else 'nodes'}, each for pods of one size"


RULES = (
    Rule(
        "SHARE-LIST",
        "Models that share one of several pools have the same list of pools, and `migrate_back` alike",
        "The nodes of a pool belong to one ComputeClass, which is one list; no other pods get onto them.",
        "Google, About custom compute classes",
        _one_list,
    ),
    Rule(
        "SHARE-REPLICAS",
        "Each model on a pool that several models use has `replicas` or `autoscaling`",
        "Without them a model has as many pods as the pool holds, and leaves no room for another.",
        "this library",
        _numbers,
    ),
    Rule(
        "SHARE-ROOM",
        "A pool holds the most pods of all its models together",
        "More stay pending. Pods of several sizes are counted on nodes of their own: nothing moves the small ones "
        "together so that a node is free for a large one.",
        "Kubernetes, Kubernetes Scheduler",
        _room,
    ),
)
