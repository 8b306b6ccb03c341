"""What the table of effects says of a setting is what the real Terraform plans for exactly that change."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from platform_config.effects import EFFECTS, effect_of
from platform_config.load import load
from platform_config.network_plan import region_ranges
from platform_config.plan_refusals import BUCKET
from platform_config.stack_graph import (
    FLEET_STACK,
    GATEWAY_STACK,
    NETWORK_STACK,
    OBSERVABILITY_STACK,
    SERVING_STACKS,
    WEIGHTS_STACK,
    cluster_stack,
    serving_stack,
)
from tests.configs import ELASTIC, EXAMPLE, config
from tests.synthesized import Block, Synthesized, synthesize
from tests.terraform.configs import Worlds
from tests.terraform.world import World

TPU, GPU = {"machine_type": "ct6e-standard-4t"}, {"machine_type": "a3-highgpu-8g"}
L4, STREAMED = {"machine_type": "g2-standard-8"}, GPU | {"image_streaming": True}
TIME_SHARING = {"strategy": "time_sharing", "max_clients": 2}
SHARED = GPU | {"gpu_sharing": TIME_SHARING}
POOLS: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("machine_type", TPU, {"machine_type": "ct6e-standard-8t"}),
    ("machine_type", GPU, {"machine_type": "a3-ultragpu-8g"}),
    ("topology", TPU | {"topology": "4x4"}, TPU | {"topology": "4x8"}),
    ("nodes_per_zone", TPU, TPU | {"nodes_per_zone": 3}),
    ("autoscaling", TPU, TPU | {"autoscaling": {"max_nodes": 3}}),
    ("autoscaling", TPU | {"autoscaling": {"max_nodes": 3}}, TPU),
    ("autoscaling.max_nodes", TPU | {"autoscaling": {"max_nodes": 3}}, TPU | {"autoscaling": {"max_nodes": 4}}),
    ("capacity.spot", TPU, TPU | {"capacity": {"spot": True}}),
    ("capacity.reservation", TPU, TPU | {"capacity": {"reservation": "r"}}),
    ("capacity.flex_start", TPU, TPU | {"capacity": {"flex_start": True}}),
    ("capacity.queued", TPU, TPU | {"capacity": {"queued": True}}),
    ("capacity.on_demand", TPU | {"capacity": {"spot": True}}, TPU | {"capacity": {"on_demand": True}}),
    ("dranet", TPU, TPU | {"dranet": False}),
    ("dranet", TPU | {"dranet": False}, TPU),
    ("compact_placement", GPU, GPU | {"compact_placement": True}),
    ("disk_gib", TPU, TPU | {"disk_gib": 300}),
    ("disk_type", TPU, TPU | {"disk_type": "hyperdisk-extreme"}),
    ("gpu_driver_version", GPU, GPU | {"gpu_driver_version": "LATEST"}),
    ("gpu_sharing", GPU, SHARED),
    ("gpu_sharing", SHARED, GPU),
    ("gpu_sharing.strategy", SHARED, GPU | {"gpu_sharing": TIME_SHARING | {"strategy": "mps"}}),
    ("gpu_sharing.max_clients", SHARED, GPU | {"gpu_sharing": TIME_SHARING | {"max_clients": 4}}),
    ("gpu_partition", GPU, GPU | {"gpu_partition": "1g.10gb"}),
    ("gpu_partition", GPU | {"gpu_partition": "1g.10gb"}, GPU | {"gpu_partition": "3g.40gb"}),
    ("gpu_operator", L4, L4 | {"gpu_operator": {}}),
    ("local_ssds", L4, L4 | {"local_ssds": 1}),
    ("zones", TPU, TPU | {"zones": ["us-east5-b"]}),
    ("image_streaming", GPU, STREAMED),
    ("image_streaming", STREAMED, GPU | {"image_streaming": False}),
    ("preloaded_image_disk", STREAMED, STREAMED | {"preloaded_image_disk": "projects/p/global/images/one"}),
]
"""A setting of a pool, the pool before, and the pool after."""

ALERT = f"{OBSERVABILITY_STACK} google_monitoring_alert_policy"
GATEWAY, BACKEND, CHECK, ROUTE = (
    f"{GATEWAY_STACK} kubernetes_manifest.gateway{part}"
    for part in ("", "_gemma-backend", "_gemma-health", "_gemma-route")
)
SERVER, OBJECTIVE, METRIC = (
    f"{serving_stack('us')} kubernetes_manifest.model-gemma_{p}" for p in ("server", "obj", "metric")
)
CHART = f"{serving_stack('us')} helm_release.model-gemma_pool"
JOB = f"{WEIGHTS_STACK} kubernetes_job_v1.download-gemma_job"
CLUSTER, SYSTEM = (
    f"{cluster_stack('us')} google_container_" + rest for rest in ("cluster.cluster", "node_pool.cluster_pool-sys")
)
BUCKET, VPC, NAT = (
    f"{NETWORK_STACK} google_{rest}"
    for rest in (f"storage_bucket.{BUCKET}", "compute_network.network", "compute_router_nat.")
)
EXAMPLE_CHANGES: dict[str, tuple[Any, str, str]] = {
    "models.<key>.weights.repository": ("google/gemma-3-12b-it", JOB, "google/gemma-3-12b-it"),
    "models.<key>.weights.revision": ("a" * 40, JOB, "a" * 40),
    "models.<key>.weights.lora_adapters": ({"tone": {"repository": "me/tone", "revision": "b" * 40}}, JOB, "me/tone"),
    "models.<key>.weights.other_repositories": (
        {"tokenizer": {"repository": "me/words", "revision": "d" * 40}},
        JOB,
        "me/words",
    ),
    "models.<key>.address": ({"host": "gemma.example.com"}, ROUTE, "gemma.example.com"),
    "models.<key>.served_name": ("chat-7", SERVER, "chat-7"),
    "models.<key>.weights.files": (["*.json", "*.safetensors"], JOB, "*.safetensors"),
    "models.<key>.weights.size_gib": (44, SERVER, "49Gi"),
    "models.<key>.server.image": ("docker.io/vllm/vllm-tpu:v0.27.1", SERVER, "v0.27.1"),
    "models.<key>.replicas": (3, SERVER, '"replicas": 3'),
    "models.<key>.server.port": (8123, SERVER, "8123"),
    "models.<key>.server.cpus": (71, SERVER, '"cpu": "71"'),
    "models.<key>.server.memory_gib": (333, SERVER, '"memory": "333Gi"'),
    "models.<key>.server.max_model_len": (16001, SERVER, "--max-model-len=16001"),
    "models.<key>.server.extra_args": (["--seed=5"], SERVER, "--seed=5"),
    "models.<key>.server.max_lora_rank": (32, SERVER, "--max-lora-rank=32"),
    "models.<key>.server.startup_timeout_sec": (1700, SERVER, '"failureThreshold": 170'),
    "models.<key>.server.termination_grace_sec": (155, SERVER, '"terminationGracePeriodSeconds": 155'),
    "models.<key>.server.metric_export_name": ("cache-7", METRIC, "cache-7"),
    "bucket.soft_delete_days": (14, BUCKET, str(14 * 86400)),
    "bucket.versioning": (True, BUCKET, '"versioning": [{"enabled": true}]'),
    "bucket.force_destroy": (True, BUCKET, '"force_destroy": true'),
    "network.mtu": (1460, VPC, "1460"),
    "network.nat_logs": ("ALL", NAT, '"filter": "ALL"'),
    "network.flow_logs_percent": (25, f"{NETWORK_STACK} google_compute_subnetwork", "0.25"),
    "cluster.release_channel": ("RAPID", CLUSTER, "RAPID"),
    "cluster.gke_version": ("1.35", CLUSTER, '"1.35"'),
    "cluster.private_nodes": (False, SYSTEM, '"enable_private_nodes": false'),
    "cluster.deletion_protection": (False, CLUSTER, '"deletion_protection": false'),
    "cluster.maintenance_window": ({"start_hour_utc": 5, "days": ["SU"]}, CLUSTER, "BYDAY=SU"),
    "cluster.system_pool.machine_type": ("e2-standard-32", SYSTEM, "e2-standard-32"),
    "cluster.system_pool.min_nodes_per_zone": (2, SYSTEM, '"min_node_count": 2'),
    "cluster.system_pool.max_nodes_per_zone": (7, SYSTEM, '"max_node_count": 7'),
    "cluster.system_pool.disk_gib": (111, SYSTEM, '"disk_size_gb": 111'),
    "inference_pool.chart_version": ("v1.4.0", CHART, "v1.4.0"),
    "inference_pool.endpoint_picker_replicas": (2, CHART, r"replicas\": 2"),
    "models.<key>.priorities": ({"other": 3}, OBJECTIVE, '"priority": 3'),
    "gateway.paths": (["/v1", "/rerank"], ROUTE, "/rerank"),
    "gateway.port": (8081, GATEWAY + " ", "8081"),
    "gateway.regions": (["us"], GATEWAY + " ", 'gemma-gateway-us"}]'),
    "gateway.draining_sec": (121, BACKEND, "121"),
    "gateway.timeout_sec": (601, BACKEND, "601"),
    "gateway.max_utilization_percent": (71, BACKEND, "71"),
    "gateway.log_sample_percent": (11, BACKEND, "110000"),
    "gateway.log_fields": (["tls.cipher"], BACKEND, "tls.cipher"),
    "gateway.health_check.interval_sec": (9, CHECK, '"checkIntervalSec": 9'),
    "gateway.health_check.timeout_sec": (8, CHECK, '"timeoutSec": 8'),
    "gateway.health_check.healthy_threshold": (3, CHECK, '"healthyThreshold": 3'),
    "gateway.health_check.unhealthy_threshold": (4, CHECK, '"unhealthyThreshold": 4'),
    "models.<key>.server.health_path": ("/ok", CHECK, "/ok"),
    "regions.<key>.capacity_percent": (50, BACKEND, "50"),
    "regions.<key>.preferred": (True, BACKEND, "PREFERRED"),
    "regions.<key>.zones": (["us-east5-a", "us-east5-b"], CLUSTER, "us-east5-a"),
    "observability.runbook_url": ("https://example.com/runbooks", ALERT, "https://example.com/runbooks/"),
    "models.<key>.objectives": ({"availability_percent": 98}, f"{ALERT}.alert_gemma-availability-burn", "2 % of"),
    "service_discovery": (True, f"{FLEET_STACK} google_gke_hub_feature", "multiclusterservicediscovery"),
}
"""By setting: another value, the resource that carries it, and what is then planned there and was not before."""

MORE_CHANGES: dict[str, tuple[Any, str, str]] = {
    "models.<key>.weights.hugging_face_token.secret_manager": (
        "other-secret",
        f"{WEIGHTS_STACK} google_secret_manager",
        "other-secret",
    ),
    "models.<key>.traffic": ({"timeout_sec": 777}, BACKEND, '"timeoutSec": 777'),
    "models.<key>.inference_pool": ({"chart_version": "v1.3.1"}, CHART, "v1.3.1"),
    "models.<key>.weights.download_timeout_minutes": (77, JOB, '"active_deadline_seconds": 4620'),
    "models.<key>.server.file_cache_gib": (61, SERVER, "61Gi"),
    "models.<key>.server.version": ("0.9.2", METRIC, "gpu_cache_usage_perc"),
    "gateway.max_in_flight_requests": (64, BACKEND, "64"),
    "gateway.addresses": ("ephemeral", GATEWAY + " ", "ephemeral"),
    "cluster.maintenance_window.duration_hours": (13, CLUSTER, "T15:00:00Z"),
}
"""The same, for what does not go together with the others."""
AUTOSCALER, LLAMA_SERVER = (
    f"{serving_stack('us')} kubernetes_manifest.model-llama_{part}" for part in ("autoscaler", "server")
)
ELASTIC_CHANGES: dict[str, tuple[Any, str, str]] = {
    "models.<key>.autoscaling.max_replicas": (8, AUTOSCALER, '"maxReplicas": 8'),
    "models.<key>.autoscaling.min_replicas": (3, AUTOSCALER, '"minReplicas": 3'),
    "models.<key>.autoscaling.target_percent": (51, AUTOSCALER, "510m"),
    "models.<key>.autoscaling.scale_up_window_sec": (16, AUTOSCALER, '"stabilizationWindowSeconds": 16'),
    "models.<key>.autoscaling.scale_down_window_sec": (301, AUTOSCALER, '"stabilizationWindowSeconds": 301'),
    "models.<key>.autoscaling.scale_down_pods_per_minute": (2, AUTOSCALER, '"value": 2'),
    "models.<key>.server.tensor_parallel_size": (1, LLAMA_SERVER, "--tensor-parallel-size=1"),
}
"""The same, of config/h100-elastic.yaml."""

RANGES = {
    "regions.<key>.number": 9,
    "regions.<key>.cidrs": {
        "nodes": "10.96.0.0/20", "pods": "10.97.0.0/16", "services": "10.98.0.0/20", "proxy": "10.99.0.0/23",
    },
    "network.supernet": "172.16.0.0/12",
    "network.region_prefix_length": 16,
}  # fmt: skip
"""Settings that give a region other ranges; what a plan says of one, it says of all."""
REFUSED: list[tuple[dict[str, Any], str, list[str]]] = [
    (
        {"regions.<key>.number": 9, "bucket.location": "EU", "namespace": "other"},
        NETWORK_STACK,
        [
            "add a region with another key and number, and then take us away",
            "my-project-id-gemma-weights in US, and a bucket cannot be renamed or moved",
            f"1. Destroy {GATEWAY_STACK}, then all of {SERVING_STACKS}*",
        ],
    ),
    (
        {"project": "another-project", "bucket.name": "other-weights", "regions.<key>.region": "us-east4"},
        NETWORK_STACK,
        [
            "Project, region and ranges of us are my-project-id, us-east5, ",
            "Deploy all stacks with another bucket.name",
        ],
    ),
    (
        {"gateway.scope": "regional"},
        NETWORK_STACK,
        [
            "The network is made for one internal load balancer across regions, and gateway.scope and gateway.public "
            "choose an internal load balancer in each region",
            "make a second platform with another name, move the clients to it, and then destroy this one",
        ],
    ),
    ({"cluster.control_plane": "zonal"}, cluster_stack("us"), ["made with location us-east5 and Dataplane V2"]),
    ({"cluster.mode": "autopilot"}, cluster_stack("us"), ["made with location us-east5 and Dataplane V2"]),
    ({"cluster.dataplane_v2": False}, cluster_stack("us"), ["made with location us-east5 and Dataplane V2"]),
]
"""Changes, the stack that refuses them, and what its plan says."""
BESIDE: dict[str, dict[str, Any]] = {
    "regions.<key>.region": {"regions.<key>.zones": ["us-east4-a"]},
    "cluster.dataplane_v2": {"node_pools.tpu.dranet": False},
}
"""What must change with a setting, or the constructs would refuse it first."""
ELSEWHERE = {
    "name": "test_a_second_name_is_a_second_platform",
    "regions": "test_changes.py::test_a_region_comes_and_goes_without_touching_the_others",
    "regions.<key>.config_cluster": "test_moves.py::test_a_gateway_is_not_left_behind_by_its_config_cluster",
    "regions.<key>.node_pools": "as node_pools",
    **dict.fromkeys(
        (
            *("regions.<key>.serves", "regions.<key>.beside", "regions.<key>.existing"),
            *("regions.<key>.existing.router", "regions.<key>.existing.gateway_address"),
            *("regions.<key>.existing.node_pools", "existing.network", "existing.firewall", "existing.bucket"),
            *("existing.shared_vpc_roles", "existing.node_service_account", "existing.namespace"),
            "existing.fleet_features",
        ),
        "test_existing_changes.py",
    ),
    "node_pools": "a pool that comes or goes is made or deleted",
    "models.<key>.regions": "test_models.py::test_a_model_leaves_a_region_in_order",
    "models.<key>.canary": "test_models.py::test_a_canary_is_the_route_alone",
    "models.<key>.drain": "test_models.py::test_a_model_that_comes_and_goes_touches_no_other",
    "cluster.metrics_adapter": "test_workload_serving.py::test_an_adapter_that_is_there_is_not_installed_again",
    "models.<key>.weights.bucket_path": "test_weights_changes.py",
    "models.<key>.weights.loader": "test_cloud_run.py",
    "models.<key>.weights.source": "test_moves.py::test_a_bucket_goes_after_the_servers_have_left_it",
    "bucket.download_region": "test_moves.py::test_a_download_is_not_left_behind_by_its_region",
    "models.<key>.node_pools": "test_elastic.py::test_a_pool_that_was_there_does_not_join_a_compute_class",
    "models.<key>.server.kind": "tests/platform_config/test_names.py::test_a_model_is_behind_its_pool_or_its_service",
    "models.<key>.server.metric": "tests/platform_config/test_names.py::test_a_model_is_behind_its_pool_or_its_service",
    "models.<key>.migrate_back": "one field of the ComputeClass: tests/manifests/test_compute_class.py",
    "bucket": "test_moves.py::test_a_bucket_goes_after_the_servers_have_left_it",
    "inference_pool.chart": "test_picker_charts.py::test_a_picker_moves_to_the_other_chart_cluster_by_cluster",
    "gateway.body_routing": "test_guard_rails.py",
    "gateway.model_armor": "test_model_armor.py",
    "gateway.model_armor.grant_roles": "test_model_armor.py::test_roles_that_are_left_to_others_stay",
    "gateway.public": "test_regional.py::test_the_kind_of_gateways_stays",
    "gateway.apigee": "test_apigee.py",
    "gateway.apigee.environment": "test_apigee.py",
    "gateway.apigee.create": "test_apigee.py",
    "gateway.apigee.create.deletion_protection": "test_apigee.py",
    "network.nat": "test_nat_goes_alone",
    "gateway.tls": "test_gateway_tls.py",
    "gateway.tls.await_active": "test_gateway_tls.py",
    "gateway.client_limits": "test_gateway_tls.py",
    "cluster.network_policies": "tests/stacks/test_workload_base.py::test_network_policies_can_be_left_out",
    **dict.fromkeys(
        (
            *("dns", "dns.zone.domain", "dns.zone.name", "dns.zone.visibility", "external_dns"),
            *("external_dns.subdomain", "remotes", "outside", "shutdown"),
        ),
        "test_other_clouds.py",
    ),
    "failover_budget": "no resource knows of it",
    "workloads": "test_gitops.py",
    "gitops": "test_gitops.py",
    "kubernetes_auth": "test_no_resource_knows_of_it",
    "state_bucket": "test_no_resource_knows_of_it",
    "providers": "test_no_resource_knows_of_it",
    "universe": "another universe has other projects: as project",
    "labels": "the provider adds default_labels itself, and the rig does not: google 7.45.0, tpgresource.SetLabelsDiff",
}
"""Rows that no plan of this file shows, and what does."""


def given(changes: dict[str, Any], model: str = "gemma") -> dict[str, Any]:
    """Write *changes* of region us and of *model* as `config` takes them."""
    keys = {"regions.<key>": "regions.us", "models.<key>": f"models.{model}"}

    def path(setting: str) -> str:
        for place, key in keys.items():
            setting = setting.replace(place, key)
        return setting.replace(".", "__")

    return {path(setting): value for setting, value in changes.items()}


def planned(world: World, base: Path, changes: dict[str, tuple[Any, str, str]], stacks: Iterable[str]) -> Block:
    """Plan *stacks* with all *changes* made at once, and return what is planned by stack and address."""
    [model] = load(base).models
    world.use(config(base, **given({setting: value for setting, (value, _, _) in changes.items()}, model)))
    found = {}
    for stack in stacks:
        world.folder(stack).plan()
        told = json.loads(world.folder(stack).must("show", "-json", "plan").text)
        for one in told["resource_changes"]:
            if one["change"]["actions"] not in (["no-op"], ["read"]):
                found[f"{stack} {one['address']} "] = one["change"]
    return found


def carrier_of(plan: Block, carrier: str, mark: str) -> str | None:
    """Find the address below *carrier* where *mark* is planned and was not before."""
    for address, change in plan.items():
        before, after = json.dumps(change["before"]), json.dumps(change["after"])
        if address.startswith(carrier) and mark in after and mark not in before:
            return address
    return None


def wrong(changes: dict[str, tuple[Any, str, str]], plan: Block) -> list[str]:
    """List settings that are not planned as their row of the table says, and what is replaced without such a row."""
    found, replaced = [], set()
    anew = {address for address, change in plan.items() if change["actions"] == ["delete", "create"]}
    for setting, (_, carrier, mark) in changes.items():
        address, effect = carrier_of(plan, carrier, mark), effect_of(setting)
        if address is None:
            found.append(f"{setting}: not in the plan of {carrier}")
        elif effect is None or effect.kind != ("replaces" if address in anew else "in place"):
            found.append(f"{setting}: {plan[address]['actions']} of {address}, and the table says {effect}")
        elif address in anew:
            replaced.add(address.split(" ")[1])
    return found + [f"replaced: {address}" for address in anew if address.split(" ")[1] not in replaced]


def test_every_row_is_held_to_a_plan() -> None:
    """Or it is named where it is shown instead."""
    shown = {f"node_pools.<key>.{setting}" for setting, _, _ in POOLS} | set(RANGES)
    shown |= {*EXAMPLE_CHANGES, *MORE_CHANGES, *ELASTIC_CHANGES, *(name for some, _, _ in REFUSED for name in some)}
    rows = {row for row in EFFECTS if any(name == row or name.startswith(f"{row}.") for name in shown)}

    assert rows | set(ELSEWHERE) == set(EFFECTS)


def test_settings_of_a_pool(tmp_path: Path) -> None:
    """One plan of a cluster with a pool for each."""
    world = World(tmp_path)
    keys = [f"p{number}" for number in range(len(POOLS))]
    for at in (1, 2):
        pools = {key: row[at] for key, row in zip(keys, POOLS, strict=True)}
        zones = ["us-east5-a", "us-east5-b"]
        world.use(
            config(regions__eu=None, regions__us__zones=zones, node_pools=pools, models__gemma__node_pools=["p0"])
        )
        if at == 1:
            world.deploy([NETWORK_STACK, cluster_stack("us")])
    plan = {
        address.rpartition("_")[0]: actions for address, actions in world.folder(cluster_stack("us")).plan().items()
    }
    world.stop()

    kinds = [effect_of(f"node_pools.<key>.{setting}") for setting, _, _ in POOLS]
    expected = [("delete", "create") if kind and kind.kind == "replaces" else ("update",) for kind in kinds]
    assert [plan[f"google_container_node_pool.cluster_pool-{key}"] for key in keys] == expected


def test_settings_of_the_example(world: World) -> None:
    """All at once in one plan of each stack: every one at its resource, and nothing else is replaced."""
    assert wrong(EXAMPLE_CHANGES, planned(world, EXAMPLE, EXAMPLE_CHANGES, world.app.stacks)) == []


def test_settings_that_exclude_others(world: World) -> None:
    """The same, for what does not go together with those."""
    stacks = (cluster_stack("us"), WEIGHTS_STACK, serving_stack("us"), GATEWAY_STACK)

    assert wrong(MORE_CHANGES, planned(world, EXAMPLE, MORE_CHANGES, stacks)) == []


def test_settings_of_the_autoscaler(deployed_of: Worlds, tmp_path: Path) -> None:
    """The same, of the elastic example."""
    world = deployed_of(ELASTIC).copy(tmp_path)
    plan = planned(world, ELASTIC, ELASTIC_CHANGES, [serving_stack("us")])
    world.stop()

    assert wrong(ELASTIC_CHANGES, plan) == []


def test_what_cannot_change_is_refused_before_anything_goes(world: World) -> None:
    """Rules, pools and weights would be taken away first: by the plan, with what to do instead."""
    for changes, stack, told in REFUSED:
        assert {effect.kind for effect in map(effect_of, changes) if effect} == {"refused"}
        beside = {key: value for setting in changes for key, value in BESIDE.get(setting, {}).items()}
        world.use(config(**given(changes | beside)))
        refused = world.folder(stack).run("plan", "-input=false")
        text = " ".join(refused.text.replace("│", " ").split())
        assert refused.code == 1
        assert [line for line in told if line not in text] == []


def test_other_ranges_are_refused_whichever_setting_gives_them() -> None:
    """What the plan compares is the ranges."""
    for setting, value in RANGES.items():
        assert region_ranges(config(**given({setting: value})), "us") != region_ranges(config(), "us")
        assert effect_of(setting) == EFFECTS["cluster.dataplane_v2"]


def test_nat_goes_alone(world: World) -> None:
    """Of its own setting, and of no other: nothing else of the network changes."""
    world.use(config(network__nat=False))

    plan = world.folder(NETWORK_STACK).plan()

    assert {address.split(".")[0] for address in plan} == {"google_compute_router", "google_compute_router_nat"}
    assert set(plan.values()) == {("delete",)}


def test_no_resource_knows_of_it(platform: Synthesized, tmp_path: Path) -> None:
    """Where the state is, how Terraform signs in and what it downloads is between it and the providers."""
    newer = {"google": 8, "kubernetes": 3}
    other = synthesize(config(kubernetes_auth="exec", state_bucket="my-state", providers=newer), tmp_path)

    assert [held["resource"] for held in other.stacks.values()] == [
        held["resource"] for held in platform.stacks.values()
    ]


def test_a_second_name_is_a_second_platform(platform: Synthesized, tmp_path: Path) -> None:
    """No state of the first is touched."""
    other = synthesize(config(name="second"), tmp_path)
    first, second = (
        {held["terraform"]["backend"]["local"]["path"] for held in app.stacks.values()} for app in (platform, other)
    )

    assert not first & second
