"""A platform of regional gateways: what it has in place of a fleet, and what it has not."""

from __future__ import annotations

from pathlib import Path

import pytest

from platform_config.load import load
from platform_config.network_plan import region_ranges
from platform_config.stack_graph import (
    ACCESS_STACK,
    FLEET_STACK,
    GATEWAY_STACK,
    GATEWAY_STACKS,
    base_stack,
    needed_stacks,
    serving_stack,
)
from tests.configs import ALONE, REGIONAL, config
from tests.conftest import Platforms
from tests.synthesized import Synthesized, synthesize

POOL = {"group": "inference.networking.k8s.io", "kind": "InferencePool", "name": "gemma-pool"}
SERVICE = {"group": "", "kind": "Service", "name": "speech-server"}
KEYS = ("us", "eu")


@pytest.fixture
def regional(every_platform: Platforms) -> Synthesized:
    """Return the synth of tests/variants/regional.yaml."""
    return every_platform[ALONE.stem][1]


def test_the_graph_is_what_is_synthesized(regional: Synthesized) -> None:
    """The same stacks, with the same needs: no region waits for another's gateway."""
    made = {stack: regional.dependencies(stack) for stack in regional.stacks}

    assert made == {stack: set(needed) for stack, needed in needed_stacks(load(ALONE)).items()}
    assert made[f"{GATEWAY_STACKS}us"] == {serving_stack("us")}
    assert not {FLEET_STACK, GATEWAY_STACK} & set(made)


def test_nothing_of_a_fleet_is_made(regional: Synthesized) -> None:
    """No membership, feature or role of one, none of its APIs, no export, nothing imported."""
    kinds = {address.split(" ")[1].split(".")[0] for address in regional.addresses()}
    services = {one["service"].removesuffix(".googleapis.com") for one in regional.all("google_project_service")}
    files = [path.read_text() for path in Path(regional.outdir).rglob("cdk.tf.json")]

    assert not [kind for kind in kinds if "gke_hub" in kind]
    assert not {"gkehub", "multiclusteringress", "multiclusterservicediscovery", "trafficdirector"} & services
    assert regional.all("kubernetes_annotations") == []
    assert regional.objects("ServiceExport") == []
    for text in files:
        for word in ("networking.gke.io/export", "GCPInferencePoolImport", "ServiceImport", "net.gke.io"):
            assert word not in text


def test_workloads_have_their_roles_without_a_fleet(regional: Synthesized) -> None:
    """In a stack of their own: the servers' on the bucket."""
    assert "google_storage_bucket_iam_member" in regional.stacks[ACCESS_STACK]["resource"]
    assert not [kind for kind in regional.stacks[ACCESS_STACK]["resource"] if "hub" in kind]


@pytest.mark.parametrize("key", KEYS)
def test_each_gateway_is_in_its_own_cluster(regional: Synthesized, key: str) -> None:
    """With an address of its own, and routes to the pool and the Service of that cluster."""
    stack = f"{GATEWAY_STACKS}{key}"
    [cluster] = regional.stacks[stack]["data"]["google_container_cluster"].values()
    backends = [route["spec"]["rules"][0]["backendRefs"][0] for route in regional.objects("HTTPRoute", stack)]

    assert cluster["name"] == f"alone-{key}"
    assert regional.object("Gateway", stack)["spec"]["addresses"] == [
        {"type": "NamedAddress", "value": f"alone-gateway-{key}"}
    ]
    assert backends == [POOL, {**SERVICE, "port": 8880}]


@pytest.mark.parametrize("key", KEYS)
def test_each_target_has_one_policy_of_each_kind(regional: Synthesized, key: str) -> None:
    """Of two the older alone would count: the chart makes none, and so its metrics are read by an object of ours."""
    stack = f"{GATEWAY_STACKS}{key}"
    for kind in ("HealthCheckPolicy", "GCPBackendPolicy"):
        targets = [policy["spec"]["targetRef"] for policy in regional.objects(kind, stack)]
        assert targets == [POOL, SERVICE]
        assert regional.objects(kind, serving_stack(key)) == []
    [release] = regional.all("helm_release", serving_stack(key))
    watched = [one["metadata"]["name"] for one in regional.objects("PodMonitoring", serving_stack(key))]

    assert '"provider" = {"name" = "none"}' in str(release["values"])
    assert sorted(watched) == ["gemma-pool", "gemma-server"]


@pytest.mark.parametrize("key", KEYS)
def test_only_the_proxies_of_its_region_reach_servers(regional: Synthesized, key: str) -> None:
    """Another region's gateway never asks them."""
    proxies = [
        one for one in regional.objects("NetworkPolicy", base_stack(key)) if "proxies" in one["metadata"]["name"]
    ]

    assert [one["spec"]["ingress"][0]["from"] for one in proxies] == [
        [{"ipBlock": {"cidr": str(region_ranges(load(ALONE), key).proxy)}}]
    ]


def test_roles_of_googles_agent_are_left_to_others(tmp_path: Path) -> None:
    """Another platform of the project calls Model Armor by them: no plan makes them, and none takes them away."""
    made = synthesize(config(**REGIONAL, gateway__model_armor={"grant_roles": False}), tmp_path).stacks[ACCESS_STACK]
    granted = synthesize(config(**REGIONAL, gateway__model_armor={}), tmp_path / "granted").stacks[ACCESS_STACK]
    agent = {key for key, one in granted["resource"]["google_project_iam_member"].items() if "dep." in one["member"]}

    assert len(agent) == 4
    assert not agent & set(made["resource"].get("google_project_iam_member", {}))
    assert made["removed"] == [
        {"from": f"google_project_iam_member.{key}", "lifecycle": {"destroy": False}} for key in sorted(agent)
    ]
    assert made["terraform"]["required_version"] == ">= 1.7.0"
    assert "removed" not in granted
