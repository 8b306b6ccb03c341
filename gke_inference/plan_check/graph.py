"""Which stacks need another one: from a config, and from the ids of stacks that no config has any more."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from platform_config.stack_graph import (
    ACCESS_STACK,
    APIGEE_STACK,
    BASE_STACKS,
    CLUSTER_STACKS,
    DNS_STACK,
    FLEET_STACK,
    GATEWAY_STACK,
    GATEWAY_STACKS,
    GITOPS_STACK,
    LOAD_STACK,
    NETWORK_STACK,
    OBSERVABILITY_STACK,
    OUTSIDE_STACKS,
    SERVING_STACKS,
    WEIGHTS_STACK,
    base_stack,
    region_key,
    serving_stack,
)

ONCE = (
    NETWORK_STACK, FLEET_STACK, ACCESS_STACK, APIGEE_STACK, OBSERVABILITY_STACK, DNS_STACK, LOAD_STACK,
    WEIGHTS_STACK, GATEWAY_STACK, GITOPS_STACK,
)  # fmt: skip
"""Stacks that a platform has once, however many regions it has."""
Graph = Mapping[str, Collection[str]]
"""Each stack with those that it needs."""


def is_stack(name: str) -> bool:
    """Return whether *name* is the id of a stack of a platform."""
    return name in ONCE or bool(region_key(name)) or name.startswith(OUTSIDE_STACKS)


def users(stack: str, known: Collection[str], graph: Graph) -> list[str]:
    """
    Return the stacks that need *stack* and must be destroyed before it.

    What a platform has once stays while one of its regions goes, so for a stack of a region it is not among them.
    Neither is what needs the download: the weights stay when it goes.

    Args:
        stack: The stack.
        known: Ids of the stacks with a plan.
        graph: The stacks of the config, with those that each needs; empty without a config.
    """
    if stack in (WEIGHTS_STACK, LOAD_STACK):
        return []
    by_id = _users_by_id(stack, known)
    found = {*_users_in(graph, stack), *(by_id & set(known))} if stack in graph else by_id
    if region_key(stack):
        found = {user for user in found if region_key(user) == region_key(stack)}
    return sorted(found)


def _users_in(graph: Graph, stack: str) -> set[str]:
    direct = {user for user, needed in graph.items() if stack in needed}
    return direct.union(*(_users_in(graph, user) for user in direct))


def _users_by_id(stack: str, known: Collection[str]) -> set[str]:
    """Return the users that every platform has, and those among *known* that some have."""
    key = region_key(stack)
    gateway = {f"{GATEWAY_STACKS}{key}"} & set(known)
    if stack.startswith(CLUSTER_STACKS):
        return {base_stack(key), serving_stack(key)} | gateway
    if stack.startswith(BASE_STACKS):
        return {serving_stack(key)} | gateway
    if stack.startswith(SERVING_STACKS):
        return gateway
    others = {one for one in known if one != stack and not one.startswith(OUTSIDE_STACKS)}
    if stack == NETWORK_STACK:
        return others
    if stack in (FLEET_STACK, ACCESS_STACK):
        return {one for one in others if one.startswith((SERVING_STACKS, BASE_STACKS, GATEWAY_STACK))}
    return set()


def cluster_stacks(stacks: Collection[str]) -> list[str]:
    """Return those of *stacks* with a cluster."""
    return [stack for stack in stacks if stack.startswith(CLUSTER_STACKS)]
