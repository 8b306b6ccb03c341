"""Regions come and go without touching each other."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from platform_config.stack_graph import (
    FLEET_STACK,
    GATEWAY_STACK,
    NETWORK_STACK,
    OBSERVABILITY_STACK,
    base_stack,
    cluster_stack,
    serving_stack,
)
from tests.configs import changed, config
from tests.synthesized import Block, Synthesized, synthesize

ASIA = {"number": 3, "region": "asia-northeast1", "zones": ["asia-northeast1-b"]}
"""A third region: with its key, four lines of YAML."""
SHARED_STACKS = {NETWORK_STACK, FLEET_STACK, GATEWAY_STACK}


def resources(app: Synthesized, stack: str) -> dict[str, Block]:
    """Read every resource of a stack by address, without the edges that only order it."""
    return {
        f"{kind}.{key}": {name: value for name, value in block.items() if name != "depends_on"}
        for kind, blocks in app.stacks[stack]["resource"].items()
        for key, block in blocks.items()
    }


def test_a_third_region_changes_nothing_that_belongs_to_the_others(platform: Synthesized, tmp_path: Path) -> None:
    """Stacks of the other regions are the same bytes, but for a policy for its proxies, whose requests spill over."""
    three = synthesize(config(regions__asia=ASIA), tmp_path)

    for stack in set(platform.stacks) - SHARED_STACKS - {OBSERVABILITY_STACK}:
        added = (
            three.stacks[stack]["resource"]["kubernetes_manifest"].pop("network-policy-proxies-asia", None)
            if (stack.startswith("workload-base"))
            else None
        )
        assert bool(added) == stack.startswith("workload-base")
        assert three.stacks[stack] == platform.stacks[stack]
    for stack in SHARED_STACKS:
        before, after = resources(platform, stack), resources(three, stack)
        changed_addresses = [address for address in before if after.get(address) != before[address]]
        expected = ["kubernetes_manifest.gateway"] if stack == GATEWAY_STACK else []
        assert changed_addresses == expected
    # Alerts name the clusters that they watch.
    watched, more = (resources(app, OBSERVABILITY_STACK) for app in (platform, three))
    assert watched.keys() == more.keys()
    assert set(three.stacks) - set(platform.stacks) == {
        cluster_stack("asia"), base_stack("asia"), serving_stack("asia"),
    }  # fmt: skip


def test_the_order_of_regions_in_the_file_does_not_matter(platform: Synthesized, tmp_path: Path) -> None:
    """Reordering changes no range, name or resource; only the Gateway lists its addresses in the order of the file."""
    data = changed()
    data["regions"] = dict(reversed(data["regions"].items()))
    turned = synthesize(_validated(data), tmp_path)

    for stack in set(platform.stacks) - {GATEWAY_STACK}:
        assert resources(turned, stack) == resources(platform, stack)


def test_every_new_region_takes_four_lines() -> None:
    """Key, number, region, zones."""
    assert len(ASIA) + 1 == 4


def _validated(data: dict[str, Any]) -> Any:
    from platform_config.config import Config

    return Config.model_validate(data)
