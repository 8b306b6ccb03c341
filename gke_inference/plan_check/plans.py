"""The plans of a platform together: what is there, what goes, and what is known to be gone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from gke_inference.plan_check.graph import Graph
from gke_inference.plan_check.plan import Plan, Resource
from platform_config.stack_graph import GATEWAY_STACK, cluster_stack, region_key

CLUSTER, POOL = "google_container_cluster", "google_container_node_pool"


@dataclass(frozen=True, kw_only=True)
class Plans:
    """
    All plans that are checked together.

    Attributes:
        plans: Each by the id of its stack; of a stack that is not planned, its state.
        graph: The stacks of the config, with those that each needs; empty without a config.
        allow_destroy: Whether stacks may be destroyed.
        max_age_min: How old a plan may be, in minutes; None for any age.
        now: When this runs.
    """

    plans: Mapping[str, Plan]
    graph: Graph = field(default_factory=dict)
    allow_destroy: bool = False
    max_age_min: int | None = None
    now: datetime

    @cached_property
    def resources(self) -> tuple[Resource, ...]:
        """Every resource of every plan."""
        return tuple(one for plan in self.plans.values() for one in plan.resources)

    @property
    def not_given(self) -> list[str]:
        """Stacks of the config without a plan."""
        return [stack for stack in self.graph if stack not in self.plans or self.plans[stack].is_state]

    def there(self, *kinds: str) -> Iterator[Resource]:
        """Yield the resources of *kinds* that are there, whatever the plans do to them."""
        yield from (one for one in self.resources if one.kind in kinds and one.is_there)

    def objects(self, kind: str) -> Iterator[Resource]:
        """Yield the Kubernetes objects of *kind* that are there, whatever the plans do to them."""
        yield from (one for one in self.resources if one.is_object(kind))

    def is_gone(self, stack: str) -> bool:
        """Return whether a plan shows that *stack* has been destroyed."""
        return stack in self.plans and self.plans[stack].is_empty

    def goes_first(self, stack: str) -> bool:
        """Return whether *stack* is gone, or is destroyed by its plan here, which a destroy applies first."""
        return self.is_gone(stack) or (stack in self.plans and self.plans[stack].destroys)

    def why_not_gone(self, stack: str) -> str:
        """Return, as a part of a message, why *stack* does not count as gone."""
        if stack not in self.plans:
            return f"no plan of {stack} shows that it is gone"
        return f"{stack} is still there"

    def prove_gone(self, *stacks: str) -> str:
        """Return how a pipeline shows that *stacks* have been destroyed."""
        return (
            f"destroy {' and '.join(stacks)} first; then `terraform show -json` there, as <stack>.state.json beside "
            "this plan, shows that it is gone"
        )

    def gateway_stacks(self) -> list[str]:
        """Return the stacks with a gateway that are in the config or have a plan; at least that of all regions."""
        found = [stack for stack in {**self.graph, **self.plans} if stack.startswith(GATEWAY_STACK)]
        return found or [GATEWAY_STACK]

    def standing_gateways(self, *, destroying: bool = False) -> list[str]:
        """
        Return the stacks with a gateway that are not known to be gone.

        Args:
            destroying: Whether plans that destroy them count, since they are applied before this one.
        """
        is_over = self.goes_first if destroying else self.is_gone
        return [stack for stack in self.gateway_stacks() if not is_over(stack)]

    def key_of_cluster(self, name: str) -> str:
        """Return the key of the region whose cluster is called *name*; empty where no plan shows it."""
        keys = [region_key(one.stack) for one in self.there(CLUSTER) if one.before.get("name") == name]
        named = sorted((key for key in self.keys if name.endswith(f"-{key}")), key=len)
        return (keys or named[-1:] or [""])[0]

    @cached_property
    def keys(self) -> set[str]:
        """Keys of the regions that have a stack in the config or a plan."""
        return {key for stack in (*self.graph, *self.plans) if (key := region_key(stack))}

    def clusters_in(self, place: str) -> list[str]:
        """Return the stacks with a cluster, or pools of one, in the Google Cloud region *place* or a zone of it."""
        found = {one.stack: str(one.before.get("location")) for one in self.there(CLUSTER, POOL)}
        return [stack for stack, location in found.items() if location == place or location.startswith(f"{place}-")]

    def cluster_is_gone(self, key: str) -> bool:
        """Return whether a plan shows that the cluster of region *key* has been destroyed."""
        return self.is_gone(cluster_stack(key))
