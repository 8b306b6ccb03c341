"""The order of stacks: exactly what stacks/platform.py draws, also with many regions."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import stacks.platform
from platform_config.config import Config
from platform_config.errors import ConfigError
from tests.configs import changed
from tests.synthesized import Synthesized

Edges = set[tuple[str, str]]
STACKS = (
    *("InfraApigeeStack", "InfraClusterStack", "InfraFleetStack", "InfraNetworkStack", "InfraObservabilityStack"),
    *("WorkloadBaseStack", "WorkloadGatewayStack", "WorkloadServingStack", "WorkloadWeightsStack"),
)


def drawn(regions: list[str], download: str) -> Edges:
    """List the arrows of the drawing in stacks/platform.py: what comes later, and what it needs."""
    edges = {("workload-weights", f"workload-base-{download}"), ("infra-observability", "infra-fleet")}
    for key in regions:
        edges |= {
            (f"infra-cluster-{key}", "infra-network"),
            ("infra-fleet", f"infra-cluster-{key}"),
            (f"workload-base-{key}", f"infra-cluster-{key}"),
            (f"workload-serving-{key}", f"workload-base-{key}"),
            (f"workload-serving-{key}", "workload-weights"),
            (f"workload-serving-{key}", "infra-fleet"),
            ("workload-gateway", f"workload-serving-{key}"),
        }
    return edges


def many(count: int, download: str) -> Config:
    """Make the example in *count* regions; the first holds the gateway."""
    data = changed(bucket__download_region=download)
    data["regions"] = {
        f"r{number}": {
            "number": number, "region": "us-east5", "zones": ["us-east5-b"], "config_cluster": number == 0,
        }
        for number in range(count)
    }  # fmt: skip
    return Config.model_validate(data)


@pytest.fixture
def edges(monkeypatch: pytest.MonkeyPatch) -> Edges:
    """Replace the stacks by empty ones, and collect the dependencies that `add_platform` adds between them."""
    told: Edges = set()

    class Empty:
        def __init__(self, _app: object, id_: str, **_: Any) -> None:
            self.id = id_

        def add_dependency(self, other: Empty) -> None:
            assert (self.id, other.id) not in told, "told twice"
            told.add((self.id, other.id))

    for name in STACKS:
        monkeypatch.setattr(stacks.platform, name, Empty)
    return told


def test_the_example_s_stacks_need_what_is_drawn(platform: Synthesized) -> None:
    """And nothing else."""
    made = {(name, needed) for name in platform.stacks for needed in platform.dependencies(name)}

    assert made == drawn(["us", "eu"], "us")
    assert set(platform.stacks) == {"infra-network"} | {name for name, _ in made}


@pytest.mark.parametrize(("count", "download"), [(1, "r0"), (3, "r0"), (3, "r2"), (64, "r5")])
def test_any_number_of_regions_needs_what_is_drawn(edges: Edges, count: int, download: str) -> None:
    """The weights come from the region that downloads them, wherever the gateway is."""
    stacks.platform.add_platform(object(), many(count, download))  # type: ignore[arg-type]

    assert edges == drawn([f"r{number}" for number in range(count)], download)


def test_no_stack_names_what_it_needs_through_another(edges: Edges) -> None:
    """
    Cdktf walks dependencies without memory: at 64 regions each spare one would cost.

    One is drawn on purpose: the servers of the region that downloads need their own base, which the weights need too.
    """
    stacks.platform.add_platform(object(), many(64, "r5"))  # type: ignore[arg-type]
    spare = {(name, needed) for name, needed in edges if any(needed in far for far in beyond(name, edges))}

    assert spare == {("workload-serving-r5", "workload-base-r5")}
    assert len(edges) == 7 * 64 + 2


def beyond(name: str, edges: Edges) -> Iterator[set[str]]:
    """Return for each stack that *name* needs all that this one needs, near and far."""
    for stack, needed in edges:
        if stack == name:
            far: set[str] = set()
            near = {needed}
            while near:
                near = {target for source, target in edges if source in near} - far
                far |= near
            yield far


def test_the_policy_that_a_variable_names_holds_for_any_app(
    edges: Edges, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also for a config that was made in Python, and never loaded from a file; no stack is made then."""
    (tmp_path / "central.yaml").write_text("allowed_projects: [acme-*]\n")
    monkeypatch.setenv("INFERENCE_POLICY", str(tmp_path / "central.yaml"))

    with pytest.raises(ConfigError, match=r"project: must begin with acme-, got .* \[allowed_projects"):
        stacks.platform.add_platform(object(), many(2, "r0"))  # type: ignore[arg-type]
    assert edges == set()
