"""Every rule: a config that it lets pass, near its limit, and one that it stops, in its exact words."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import pytest

from constructs_lib.accelerators import machines
from constructs_lib.specs import NodePoolSpec
from stacks.errors import Problem
from stacks.rules import RULES, check
from stacks.rules.weights import disk_leaves_gib
from tests.configs import config

Changes = dict[str, Any]


@dataclass(frozen=True)
class Case:
    """
    What a rule says about the example with some keys changed.

    Attributes:
        passing: Changes that the rule lets pass.
        failing: Changes that it stops.
        says: Each problem that it then tells, with its fix after ` -> `.
    """

    passing: Changes
    failing: Changes
    says: str | list[str]


def regions(count: int, **settings: Any) -> Changes:
    """The example with *count* regions in place of its own."""
    one = {"number": 0, "region": "us-east0", "zones": ["us-east0-b"], "config_cluster": True}
    return {
        f"r{n}": {**one, "number": n, "region": f"us-east{n}", "zones": [f"us-east{n}-b"], "config_cluster": n == 0}
        | settings
        for n in range(count)
    }


def pool(machine_type: str = "ct6e-standard-4t", **settings: Any) -> Changes:
    """The one pool of the example, made anew."""
    return {"node_pools": {"tpu": {"machine_type": machine_type, **settings}}}


def cidrs(**given: str) -> Changes:
    """Ranges given by hand for `eu`, far from the others."""
    ranges = {"nodes": "10.96.0.0/20", "pods": "10.97.0.0/16", "services": "10.98.0.0/20", "proxy": "10.99.0.0/23"}
    return {"regions__eu__cidrs": {**ranges, **given}}


LABELS = {f"key-{n}": "" for n in range(65)}
OTHER = {"other": {"machine_type": "ct6e-standard-1t"}}

CASES: dict[str, Case] = {
    # text
    "TEXT-TOKEN": Case(
        {"model__hugging_face_token": {"secret_manager": "hf_token"}},
        {"model__hugging_face_token": {"secret_manager": "hf_abcdefghijklmnop"}},
        "model.hugging_face_token.secret_manager: must hold no Hugging Face token, got one"
        " -> revoke it, put the new one into Secret Manager, and write the secret's name",
    ),
    "TEXT-TEMPLATE": Case(
        {"model_server__extra_args": ["--generation-config={}", "$HOME"]},
        {"model_server__extra_args": ["--seed=${var.seed}"]},
        "model_server.extra_args[0]: must be plain text without ${ or %{, got '--seed=${var.seed}'"
        " -> write the value itself",
    ),
    # names
    "NAME-WORD": Case(
        {"name": "g4"},
        {"name": "Gemma_3"},
        "name: must hold only lower case letters, digits and hyphens, begin with a letter and not end with a hyphen, "
        "got 'Gemma_3' -> write 'gemma-3'",
    ),
    "NAME-PROJECT": Case(
        {"project": "abc-12"},
        {"project": "123456789012"},
        "project: must be a project ID of 6 to 30 characters, got '123456789012'"
        " -> write the project ID, not its number or name: `gcloud projects list` shows it",
    ),
    "NAME-COMPUTE-63": Case(
        {"name": "n" * 39},
        {"name": "n" * 40},
        f"name: must give a firewall rule of at most 63 characters, got 64: '{'n' * 40}-vpc-allow-health-checks'"
        " -> shorten name by 1",
    ),
    "NAME-CLUSTER-30": Case(
        {"name": "n" * 27},
        {"name": "n" * 28, "regions__eu": None},
        f"regions.us: must give a cluster of at most 30 characters, got 31: '{'n' * 28}-us'"
        " -> shorten name or the key by 1",
    ),
    "NAME-ACCOUNT-30": Case(
        {"name": "n" * 24},
        {"name": "n" * 25},
        f"name: must give a service account ID of at most 30 characters, got 31: '{'n' * 25}-nodes'"
        " -> shorten name by 1",
    ),
    "NAME-RELEASE-53": Case(
        {"name": "n" * 48},
        {"name": "n" * 49},
        f"name: must give a chart release of at most 53 characters, got 54: '{'n' * 49}-pool' -> shorten name by 1",
    ),
    "NAME-POOL-40": Case(
        {"node_pools": {"p" * 40: {"machine_type": "ct6e-standard-4t"}}},
        {"node_pools": {"p" * 41: {"machine_type": "ct6e-standard-4t"}, "system": {"machine_type": "g2-standard-4"}}},
        [
            f"node_pools.{'p' * 41}: must give a node pool of at most 40 characters, got 41: '{'p' * 41}'"
            " -> shorten name or the key by 1",
            "node_pools.system: must not be called system or default-pool, got 'system' -> write 'tpu' or 'gpu'",
        ],
    ),
    "NAME-NAMESPACE": Case(
        {"namespace": "1-ns"},
        {"namespace": "kube-system"},
        "namespace: must be a namespace of our own, got 'kube-system' -> write 'inference'",
    ),
    "NAME-LABEL": Case(
        {"labels": {"größe_1": "", "k" * 63: "v" * 63}},
        {"labels": {**LABELS, "Team": "ML Ops"}},
        [
            "labels: must be at most 64, got 66 -> remove some",
            "labels.Team: must have a key of 1 to 63 lower case letters, digits, _ and -, beginning with a letter but "
            "not goog, got 'Team' -> write 'team'",
            "labels.Team: must be at most 63 lower case letters, digits, _ and -, got 'ML Ops' -> write 'ml-ops'",
        ],
    ),
    # regions
    "REG-NONE": Case(
        {"regions__eu": None},
        {"regions": {}},
        "regions: must hold at least one region, got none -> take one from config/example.yaml",
    ),
    "REG-CONFIG-1": Case(
        {"regions__us__config_cluster": None, "regions__eu__config_cluster": True},
        {"regions__us__config_cluster": None},
        "regions: must have config_cluster: true in exactly one region, got none -> add it to regions.us",
    ),
    "REG-NAME": Case(
        {"regions__us__region": "northamerica-northeast1"},
        {"regions__us__region": "us-east5-b"},
        "regions.us.region: must be a region such as us-east5, got 'us-east5-b'"
        " -> write 'us-east5': zones go under zones",
    ),
    "REG-ZONE": Case(
        {"regions__us__zones": ["us-east5-a", "us-east5-ai1a"]},
        {"regions__us__zones": ["us-east5-a", "us-east4-a"]},
        "regions.us.zones[1]: must be a zone of us-east5, got 'us-east4-a' -> write one such as us-east5-a",
    ),
    "REG-ZONE-TWICE": Case(
        {"regions__us__zones": ["us-east5-a", "us-east5-b"]},
        {"regions__us__zones": ["us-east5-a", "us-east5-a"]},
        "regions.us.zones: must name each zone once, got 'us-east5-a' 2 times -> keep one",
    ),
    "REG-TWICE": Case(
        {"regions__eu__region": "europe-west1"},
        {"regions__eu__region": "us-east5"},
        "regions.eu.region: must differ from that of us (one proxy-only subnet each), got 'us-east5' in both"
        " -> give each cluster a region of its own",
    ),
    "REG-NUMBER": Case(
        {"regions__eu__number": 0},
        {"regions__eu__number": 1},
        "regions.eu.number: must differ from that of us (one block each), got 1 in both"
        " -> give the newer region a free number",
    ),
    "REG-KEY": Case(
        {"gateway__regions": ["eu"], "model__download_region": "eu"},
        {"gateway": {"regions": ["us", "europe"]}, "model__download_region": "ue"},
        [
            "gateway.regions[1]: must be a key of regions (us, eu), got 'europe' -> write one of us, eu",
            "model.download_region: must be a key of regions (us, eu), got 'ue' -> write one of us, eu",
        ],
    ),
    "REG-DRAINED": Case(
        {"regions__us__capacity_percent": 0},
        {"regions__us__capacity_percent": 0, "regions__eu__capacity_percent": 0},
        "regions.us.capacity_percent: must be above 0 in at least one region, got 0 in all -> leave one region at 100",
    ),
    "REG-SCOPES-16": Case(
        {"regions": regions(16, capacity_percent=50)},
        {"regions": regions(17, capacity_percent=50)},
        "regions.r16.capacity_percent: must be below 100 in at most 16 regions, got 17 -> leave the others at 100",
    ),
    "REG-ALONE": Case(
        {},
        {"regions__eu": None},
        "regions: should be two or more for failover, got only us -> add a region",
    ),
    # network
    "NET-CIDR": Case(
        cidrs(nodes="10.96.16.0/20"),
        cidrs(nodes="10.96.16.1/20", pods="10.97.0.0", services="fd00::/64", proxy="x"),
        [
            "regions.eu.cidrs.nodes: must be an IPv4 range such as 10.8.0.0/16, got '10.96.16.1/20'"
            " -> write '10.96.16.0/20'",
            "regions.eu.cidrs.pods: must be an IPv4 range such as 10.8.0.0/16, got '10.97.0.0'"
            " -> add its size, such as /16",
            "regions.eu.cidrs.services: must be an IPv4 range such as 10.8.0.0/16, got 'fd00::/64'"
            " -> only IPv4 is supported",
            "regions.eu.cidrs.proxy: must be an IPv4 range such as 10.8.0.0/16, got 'x' -> write address/size",
        ],
    ),
    "NET-BLOCK": Case(
        {"regions__eu__number": 127},
        {"regions__eu__number": 128},
        "regions.eu.number: must be between 0 and 127 (blocks of /15 in 10.0.0.0/8), got 128"
        " -> choose a free number, or give cidrs",
    ),
    "NET-OVERLAP": Case(
        cidrs(proxy="10.99.0.0/23"),
        cidrs(proxy="10.2.0.0/23"),
        "regions.eu.cidrs.proxy: must be apart from nodes of us (10.2.0.0/20), got proxy of eu (10.2.0.0/23)"
        " -> choose a free range",
    ),
    "NET-PROHIBITED": Case(
        {"network__supernet": "240.0.0.0/5"},
        {"network__supernet": "127.0.0.0/8"},
        "network.supernet: must not overlap 127.0.0.0/8, got '127.0.0.0/8' -> take a range of 10.0.0.0/8",
    ),
    "NET-PUBLIC": Case(
        {"network__supernet": "172.16.0.0/12", "regions__eu__number": 0},
        {"network__supernet": "100.64.0.0/10"},
        "network.supernet: should be in 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, got '100.64.0.0/10'"
        " -> take a range of 10.0.0.0/8",
    ),
    "NET-NAT": Case(
        {"network__nat": False, "cluster__private_nodes": False},
        {"network__nat": False},
        "network.nat: should be true with private nodes, got false: images and the model must come another way"
        " -> remove the line, or mirror images and weights inside Google Cloud",
    ),
    # 3 system nodes, one more in an upgrade, 1 accelerator node
    "NET-NODES-29": Case(
        cidrs(nodes="10.96.0.0/28"),
        cidrs(nodes="10.96.0.0/29"),
        "regions.eu.cidrs.nodes: must be /28 or larger for 5 nodes, got '10.96.0.0/29' -> write a /28",
    ),
    "NET-PODS-24": Case(
        cidrs(pods="10.97.0.0/21"),
        cidrs(pods="10.97.0.0/22"),
        "regions.eu.cidrs.pods: must be /21 or larger for 5 nodes of a /24 each, got '10.97.0.0/22' -> write a /21",
    ),
    "NET-SERVICES-27": Case(
        cidrs(services="10.98.0.0/27"),
        cidrs(services="10.98.0.0/28"),
        "regions.eu.cidrs.services: must be /27 or larger, got '10.98.0.0/28' -> write a /27",
    ),
    "NET-PROXY-26": Case(
        cidrs(proxy="10.99.0.0/26"),
        cidrs(proxy="10.99.0.0/27"),
        "regions.eu.cidrs.proxy: must be /26 or larger, got '10.99.0.0/27' -> write a /26",
    ),
    "NET-PROXY-23": Case(
        cidrs(proxy="10.99.0.0/23"),
        cidrs(proxy="10.99.0.0/24"),
        "regions.eu.cidrs.proxy: should be /23 or larger, got '10.99.0.0/24' -> write a /23",
    ),
    # clusters
    "GKE-VERSION": Case(
        {"cluster__gke_version": "1.35"},
        {"cluster__gke_version": "latest"},
        "cluster.gke_version: must read like 1.35 or 1.35.2-gke.1842000, got 'latest'"
        " -> leave it out: the floor of the features in use is taken",
    ),
    "GKE-FLOOR": Case(
        {"cluster__gke_version": "1.34.1-gke.1829001"},
        {"cluster__gke_version": "1.34.1-gke.1127000"},
        "cluster.gke_version: must reach 1.34.1-gke.1829001 for managed DRANET, got '1.34.1-gke.1127000'"
        " -> write '1.34' or newer, or leave it out",
    ),
    "GKE-DRANET-V2": Case(
        {"cluster__dataplane_v2": False, **pool(dranet=False)},
        {"cluster__dataplane_v2": False},
        "cluster.dataplane_v2: must be true for managed DRANET in node_pools.tpu, got false"
        " -> remove the line, or set dranet: false in the pools",
    ),
    "GKE-SYSTEM-MACHINE": Case(
        {"cluster__system_pool": {"machine_type": "n2-custom-8-32768"}},
        {"cluster__system_pool": {"machine_type": "n4-standard-8"}},
        "cluster.system_pool.machine_type: must boot from pd-balanced, got 'n4-standard-8' that takes only Hyperdisk"
        " -> write 'e2-standard-8' or 'n2-standard-8'",
    ),
    "GKE-SYSTEM-DISK": Case(
        {"cluster__system_pool": {"disk_gib": 30}},
        {"cluster__system_pool": {"disk_gib": 29}},
        "cluster.system_pool.disk_gib: must be between 30 and 65536, got 29 -> write 100",
    ),
    "GKE-SYSTEM-PICKER": Case(
        {"cluster__system_pool": {"machine_type": "n1-standard-8"}},
        {"cluster__system_pool": {"machine_type": "e2-standard-4"}},
        "cluster.system_pool.machine_type: must have 6 vCPU and 13 GiB for the endpoint picker of v1.5.0, "
        "got 'e2-standard-4' -> leave it out, or write 'e2-standard-8'",
    ),
    "GKE-ZONAL": Case(
        {"cluster__control_plane": "regional"},
        {"cluster__control_plane": "zonal"},
        "cluster.control_plane: should be regional in production, got zonal -> remove the line",
    ),
    "GKE-PROTECTED": Case(
        {"cluster__deletion_protection": True},
        {"cluster__deletion_protection": False},
        "cluster.deletion_protection: should be true until you tear down, got false -> remove the line",
    ),
    # pools
    "POOL-NONE": Case(
        {"node_pools": {}, "regions__us__node_pools": OTHER, "regions__eu__node_pools": OTHER},
        {"node_pools": {}, "regions__us__node_pools": OTHER},
        "node_pools: must hold at least one pool for region eu, got none -> add one, or give regions.eu.node_pools",
    ),
    "POOL-MACHINE": Case(
        pool("a4x-maxgpu-4g-metal"),
        pool("ct6e-standard-4"),
        f"node_pools.tpu.machine_type: must be one of {', '.join(machines())}, got 'ct6e-standard-4'"
        " -> did you mean 'ct6e-standard-4t'?",
    ),
    "POOL-TOPOLOGY": Case(
        pool(topology="16x16"),
        pool(topology="4x2"),
        "node_pools.tpu.topology: must be one of 2x2, 2x4, 4x4, 4x8, 8x8, 8x16, 16x16 for ct6e-standard-4t, got '4x2'"
        " -> write '2x4'",
    ),
    "POOL-DRANET": Case(
        pool("ct5lp-hightpu-4t", dranet=False),
        pool("ct5lp-hightpu-4t", dranet=True),
        "node_pools.tpu.dranet: must be false for ct5lp-hightpu-4t, got true -> remove the line, or take one of "
        "ct6e-standard-1t, ct6e-standard-4t, ct6e-standard-8t, tpu7x-standard-4t, a3-ultragpu-8g, a4-highgpu-8g, "
        "a4x-highgpu-4g, a4x-maxgpu-4g-metal",
    ),
    "POOL-PLACEMENT-SINGLE": Case(
        pool("a4-highgpu-8g", compact_placement=True),
        pool(compact_placement=True),
        "node_pools.tpu.compact_placement: must be false for the single-host slice 2x2 of ct6e-standard-4t, got true"
        " -> remove the line",
    ),
    "POOL-PLACEMENT-MULTI": Case(
        pool(topology="4x4", compact_placement=True),
        pool(topology="4x4", compact_placement=False),
        "node_pools.tpu.compact_placement: must be true for the slice 4x4 of 4 nodes, got false -> remove the line",
    ),
    "POOL-PLACEMENT-ZONE": Case(
        {**pool(), "regions__us__zones": ["us-east5-a", "us-east5-b"]},
        {**pool(topology="4x4"), "regions__us__zones": ["us-east5-a", "us-east5-b"]},
        "regions.us.zones: must name one zone for pool tpu, whose nodes are side by side, got us-east5-a, us-east5-b"
        " -> keep one zone, or change node_pools.tpu.topology",
    ),
    "POOL-SLICE-NODES": Case(
        pool(topology="4x4", nodes_per_zone=4),
        pool(topology="4x4", nodes_per_zone=2),
        "node_pools.tpu.nodes_per_zone: must be 4, the nodes of a 4x4 slice, got 2"
        " -> remove the line: the topology decides",
    ),
    "POOL-NODES-1000": Case(
        pool(nodes_per_zone=1000),
        pool(nodes_per_zone=1001),
        "node_pools.tpu.nodes_per_zone: must be at most 1000, got 1001 -> add a pool, or a region",
    ),
    "POOL-DISK-TYPE": Case(
        pool(disk_type="pd-ssd"),
        pool(disk_type="ssd"),
        "node_pools.tpu.disk_type: must be one of hyperdisk-balanced, hyperdisk-extreme, pd-balanced, pd-extreme, "
        "pd-ssd, pd-standard, got 'ssd' -> remove the line: the machine's own is taken",
    ),
    "POOL-DISK-ODD": Case(
        pool("g2-standard-96", disk_type="pd-ssd"),
        pool(disk_type="pd-ssd"),
        "node_pools.tpu.disk_type: should be hyperdisk-balanced for ct6e-standard-4t, got 'pd-ssd' -> remove the line",
    ),
    "POOL-UNUSED": Case(
        {"model_server__node_pool": "tpu"},
        {"model_server__node_pool": "tpu", "regions__us__node_pools": OTHER},
        "regions.us.node_pools.other: should be used by something, got 'tpu' as model_server.node_pool"
        " -> remove the pool",
    ),
    # capacity
    "CAP-ONE": Case(
        pool(capacity={"spot": True}),
        pool(capacity={"spot": True, "reservation": "mine"}),
        "node_pools.tpu.capacity: must choose exactly one of on_demand, spot, flex_start, reservation, queued, "
        "got spot and reservation -> keep spot",
    ),
    "CAP-RESERVATION": Case(
        pool(capacity={"reservation": "projects/other-1/reservations/mine/reservationBlocks/block-1"}),
        pool(capacity={"reservation": "My_Reservation"}),
        "node_pools.tpu.capacity.reservation: must be a reservation's name or projects/<project>/reservations/<name>, "
        "got 'My_Reservation' -> `gcloud compute reservations list` shows them",
    ),
    "CAP-QUEUED": Case(
        {
            "node_pools": {
                "tpu": {"machine_type": "ct6e-standard-4t"},
                "jobs": OTHER["other"] | {"capacity": {"queued": True}},
            },
            "model_server__node_pool": "tpu",
        },
        pool(capacity={"queued": True}),
        "node_pools.tpu.capacity: must not be queued under a model server, got queued: true"
        " -> write flex_start: true, or reservation: <name>",
    ),
    "CAP-TRANSIENT": Case(
        pool(capacity={"reservation": "mine"}),
        pool(capacity={"flex_start": True}),
        "node_pools.tpu.capacity: should be on_demand or reservation under a model server, "
        "got flex_start: nodes go after seven days -> make sure that another region can carry the load",
    ),
    "CAP-A3-SMALL": Case(
        pool("a3-highgpu-2g", capacity={"spot": True}),
        pool("a3-highgpu-2g"),
        "node_pools.tpu.capacity: should be spot or flex_start for a3-highgpu-2g, got on_demand -> write spot: true",
    ),
    # the model server
    "SRV-POOL": Case(
        {"regions__us__node_pools": OTHER, "model_server__node_pool": "tpu"},
        {"regions__us__node_pools": OTHER, "model_server__node_pool": "other"},
        "model_server.node_pool: must be a pool of every region, got 'other', not in eu -> write 'tpu'",
    ),
    "SRV-MULTI-HOST": Case(
        pool("ct6e-standard-8t"),
        pool(topology="2x4"),
        "node_pools.tpu.topology: must be a slice of one node under a model server, got '2x4' of 2 nodes"
        " -> write '2x2', or choose a larger machine",
    ),
    "SRV-REPLICAS": Case(
        {**pool(nodes_per_zone=2), "model_server__replicas": 2},
        {**pool(nodes_per_zone=2), "model_server__replicas": 3, "regions__eu": None},
        "model_server.replicas: must be at most 2, the nodes of node_pools.tpu in us, got 3"
        " -> remove the line, or raise node_pools.tpu.nodes_per_zone",
    ),
    "SRV-PARALLEL": Case(
        {"model_server__tensor_parallel_size": 4},
        {"model_server__tensor_parallel_size": 8},
        "model_server.tensor_parallel_size: must be one of 1, 2, 4, the divisors of the 4 chips of a node of "
        "node_pools.tpu, got 8 -> remove the line: all chips of a node are used",
    ),
    "SRV-ARGS": Case(
        {"model_server__extra_args": ["--max-num-seqs=256", "--enable-prefix-caching"]},
        {"model_server__extra_args": ["--max_model_len=8192", "--api-key", "secret"]},
        [
            "model_server.extra_args[0]: must not set --max-model-len, got '--max-model-len'"
            " -> write model_server.max_model_len",
            "model_server.extra_args[1]: must not set --api-key, got '--api-key'"
            " -> it would be in plan and state: protect the gateway instead",
        ],
    ),
    "SRV-NUMBERS": Case(
        {"model_server__startup_timeout_sec": 60},
        {"model_server__startup_timeout_sec": 59},
        "model_server.startup_timeout_sec: must be between 60 and 86400, got 59 -> write 60, or remove the line",
    ),
    "SRV-IDLE": Case(
        {"model_server__tensor_parallel_size": 4},
        {"model_server__tensor_parallel_size": 2},
        "model_server.tensor_parallel_size: should be 4, the chips of a node of node_pools.tpu, got 2: the rest is idle"
        " -> remove the line",
    ),
    "SRV-NONE": Case(
        {"model_server__replicas": 1},
        {"model_server__replicas": 0},
        "model_server.replicas: should be 1 or more to serve at all, got 0 -> remove the line",
    ),
    "SRV-IMAGE": Case(
        {**pool("g2-standard-96"), "model_server__image": "docker.io/vllm/vllm-openai:v0.27.0"},
        pool("g2-standard-96"),
        "model_server.image: should be an image for GPUs in node_pools.tpu, got 'docker.io/vllm/vllm-tpu:v0.27.0'"
        " -> write docker.io/vllm/vllm-openai with its version",
    ),
    "SRV-ARM": Case(
        pool("a4-highgpu-8g"),
        pool("a4x-highgpu-4g"),
        "model_server.image: should be an image for ARM64 in node_pools.tpu, got 'docker.io/vllm/vllm-tpu:v0.27.0'"
        " -> check that it is, or change machine_type",
    ),
    # weights
    "CACHE-DISK": Case(
        {"model_server__file_cache_gib": 93},
        {"model_server__file_cache_gib": 100},
        "model_server.file_cache_gib: must be at most 93, what GKE leaves of 200 GiB of disk, got 100"
        " -> write 93, or node_pools.tpu.disk_gib: 220",
    ),
    "MODEL-SECRET": Case(
        {"model__hugging_face_token": {"kubernetes_secret": {"name": "hf-secret", "key": "hf_token"}}},
        {"model__hugging_face_token": {"secret_manager": "projects/1/secrets/hf/versions/latest"}},
        "model.hugging_face_token.secret_manager: must be a secret's name of letters, digits, _ and -, "
        "got 'projects/1/secrets/hf/versions/latest' -> write 'hf'",
    ),
    "CACHE-SMALL": Case(
        {"model_server__file_cache_gib": 56},
        {"model_server__file_cache_gib": 55},
        "model_server.file_cache_gib: should be at least 56, the size of the weights, got 55 -> remove the line",
    ),
    "MODEL-DOWNLOAD-60": Case(
        {"model__download_timeout_minutes": 61, "kubernetes_auth": "exec"},
        {"model__download_timeout_minutes": 61},
        "model.download_timeout_minutes: should be at most 60 with kubernetes_auth: token, got 61"
        " -> write kubernetes_auth: exec",
    ),
    # buckets
    "BUCKET-NAME": Case(
        {"bucket__name": "gemma_weights-1"},
        {"bucket__name": "my-g00gle-weights", "state_bucket": "State"},
        [
            "bucket.name: must neither begin with goog nor contain google or a close misspelling, "
            "got 'my-g00gle-weights' -> give it a name of your own",
            "state_bucket: must hold only lower case letters, digits, -, _ and ., and begin and end with a letter or "
            "digit, got 'State' -> give it a name of your own",
        ],
    ),
    "BUCKET-LOCATION": Case(
        {"bucket__location": "eur4"},
        {"bucket__location": "Europe"},
        "bucket.location: must be US, EU, ASIA, ASIA1, NAM4, EUR4, EUR5, EUR7, EUR8 or a region such as us-east5, "
        "got 'Europe' -> write 'US' or 'EU', or a cluster's region",
    ),
    "BUCKET-STATE": Case(
        {"state_bucket": "my-project-id-state"},
        {"state_bucket": "my-project-id-gemma-weights"},
        "state_bucket: must not be the model bucket, got 'my-project-id-gemma-weights'"
        " -> make a bucket for the state by hand",
    ),
    "BUCKET-FAR": Case(
        {"bucket__location": "europe-west1"},
        {"bucket__location": "ASIA"},
        "bucket.location: should be near a cluster (us-east5, europe-west4), got 'ASIA'"
        " -> choose a location on the continent of a cluster",
    ),
    "BUCKET-FORCE": Case(
        {"bucket__force_destroy": False},
        {"bucket__force_destroy": True, "bucket__soft_delete_days": 0},
        "bucket.force_destroy: should be false, got true: a destroy deletes the weights, which are then gone at once"
        " -> remove the line",
    ),
    # the gateway
    "GW-NEG-50": Case(
        {"regions": regions(50), "gateway__regions": ["r0"]},
        {"regions": regions(51), "gateway__regions": ["r0"]},
        "regions: must have at most 50 zones times ports in all, got 51 from 51 regions"
        " -> name fewer zones in regions.r0, or fewer regions",
    ),
    "GW-ADDRESS-16": Case(
        {"regions": regions(17), "gateway__regions": [f"r{n}" for n in range(16)]},
        {"regions": regions(17)},
        "gateway.regions: must be at most 16, got 17 -> name the 16 nearest to the clients",
    ),
    "GW-HEALTH-TIMEOUT": Case(
        {"gateway__health_check": {"interval_sec": 2, "timeout_sec": 2}},
        {"gateway__health_check": {"interval_sec": 2}},
        "gateway.health_check.timeout_sec: must be at most interval_sec (2), got 5 -> write 2",
    ),
    "GW-HEALTH-PATH": Case(
        {"gateway__health_check": {"path": "/v1/health?deep=1"}},
        {"gateway__health_check": {"path": "/health check"}},
        "gateway.health_check.path: must be at most 2048 printable ASCII characters without spaces, "
        "got '/health check' -> write '/health'",
    ),
    "GW-METRIC-45": Case(
        {"model_server__metric_export_name": "m" * 45},
        {"model_server__metric_export_name": "M" * 46},
        [
            f"model_server.metric_export_name: must be at most 45 characters, got 46: '{'M' * 46}' -> write 'kv-cache'",
            "model_server.metric_export_name: must hold lower case letters, digits and hyphens and begin with a letter"
            f", got '{'M' * 46}' -> write 'kv-cache'",
        ],
    ),
    "GW-CHART": Case(
        {"inference_pool__chart_version": "v1.0.1"},
        {"inference_pool__chart_version": "1.5.0"},
        "inference_pool.chart_version: must be one of v1.0.1, v1.1.0, v1.2.1, v1.3.1, v1.4.0, v1.5.0, got '1.5.0'"
        " -> write 'v1.5.0'",
    ),
    "GW-PRIORITY": Case(
        {"inference_pool__objective_priority": -1},
        {"inference_pool__objective_priority": 2**31},
        "inference_pool.objective_priority: must be between -2147483648 and 2147483647, got 2147483648 -> write 10",
    ),
    "GW-DRAINING": Case(
        {"gateway__draining_sec": 130},
        {"gateway__draining_sec": 131},
        "model_server.termination_grace_sec: should be at least gateway.draining_sec (131), got 130 -> write 141",
    ),
}


def told(rule: str, changes: Changes) -> list[str]:
    """What *rule* says about the example with *changes*."""
    found = [problem for some in check(config(**changes)) for problem in some]
    return [f"{problem.path}: {problem.message} -> {problem.fix}" for problem in found if problem.rule == rule]


def test_every_rule_has_a_passing_and_a_failing_case() -> None:
    """A rule without both cases cannot be added; ids are unique."""
    assert sorted(rule.id for rule in RULES) == sorted(CASES)


@pytest.mark.parametrize("rule", CASES)
def test_a_rule_lets_pass_what_is_within_its_limit(rule: str) -> None:
    """Near the limit nothing is said."""
    assert told(rule, CASES[rule].passing) == []


@pytest.mark.parametrize("rule", CASES)
def test_a_rule_stops_what_is_beyond_its_limit(rule: str) -> None:
    """Path, what must hold, what was given, fix: in these words."""
    says = CASES[rule].says

    assert told(rule, CASES[rule].failing) == ([says] if isinstance(says, str) else says)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_messages_tell_what_must_hold_and_what_was_given(rule: Any) -> None:
    """Errors say must, warnings say should; each names path, given value and fix, and ends without a period."""
    errors, warnings = check(config(**CASES[rule.id].failing))
    found = [problem for problem in (errors if rule.severity == "error" else warnings) if problem.rule == rule.id]

    assert found
    for problem in found:
        assert all((problem.path, problem.fix))
        assert re.search(rf"\b{'must' if rule.severity == 'error' else 'should'} .*, got ", problem.message)
        assert not f"{problem.message}\n{problem.fix}".endswith((".", ".\n"))


def test_rules_explain_themselves() -> None:
    """Each rule has an id in capitals, a title without a period, a reason that is a sentence, and a source."""
    for rule in RULES:
        assert re.fullmatch(r"[A-Z]+(-[A-Z0-9]+)+", rule.id)
        assert re.fullmatch(r".*[^.]", rule.title)
        assert rule.reason.endswith(".")
        assert rule.source


def test_the_example_is_beyond_doubt() -> None:
    """config/example.yaml has no problem and no warning."""
    assert check(config()) == ([], [])


# ---- more words of rules that have several


MORE: dict[str, tuple[str, Changes, list[str]]] = {
    "a region key": (
        "NAME-WORD",
        {"regions": {"US East": {"number": 1, "region": "us-east5", "zones": ["us-east5-b"], "config_cluster": True}}},
        [
            "regions.US East: must hold only lower case letters, digits and hyphens, begin with a letter and not end "
            "with a hyphen, got 'US East' -> write 'us-east'"
        ],
    ),
    "a long region key": (
        "NAME-COMPUTE-63",
        {"regions": {"k" * 40: {"number": 1, "region": "us-east5", "zones": ["us-east5-b"], "config_cluster": True}}},
        [
            f"regions.{'k' * 40}: must give a network resource of at most 63 characters, got 64: "
            f"'gemma-vpc-allow-proxies-{'k' * 40}' -> shorten name or the key by 1"
        ],
    ),
    "a namespace that is no label": (
        "NAME-NAMESPACE",
        {"namespace": "Inference"},
        ["namespace: must be 1 to 63 lower case letters, digits and hyphens, got 'Inference' -> write 'inference'"],
    ),
    "two config clusters": (
        "REG-CONFIG-1",
        {"regions__eu__config_cluster": True},
        ["regions: must have config_cluster: true in exactly one region, got us and eu -> keep it in us only"],
    ),
    "a country for a region": (
        "REG-NAME",
        {"regions__us__region": "US"},
        ["regions.us.region: must be a region such as us-east5, got 'US' -> `gcloud compute regions list` shows all"],
    ),
    "a supernet smaller than a block": (
        "NET-BLOCK",
        {"network__supernet": "10.0.0.0/16"},
        [
            "network.region_prefix_length: must be at least 16, the size of the supernet 10.0.0.0/16, got 15"
            " -> choose a larger supernet, such as 10.0.0.0/8"
        ],
    ),
    "a supernet that cannot be read leaves the numbers alone": ("NET-BLOCK", {"network__supernet": "10.0.0.0"}, []),
    "ranges of one region that overlap": (
        "NET-OVERLAP",
        cidrs(pods="10.96.0.0/16"),
        [
            "regions.eu.cidrs.pods: must be apart from nodes of eu (10.96.0.0/20), got pods of eu (10.96.0.0/16)"
            " -> choose a free range"
        ],
    ),
    "the same number is told once, by its own rule": ("NET-OVERLAP", {"regions__eu__number": 1}, []),
    "blocks that are too small for the nodes": (
        "NET-PODS-24",
        {"network__region_prefix_length": 18, "cluster__system_pool": {"max_nodes_per_zone": 31}, "regions__eu": None},
        [
            "network.region_prefix_length: pods of us must be /18 or larger for 33 nodes of a /24 each, got "
            "'10.0.96.0/19' -> give regions.us.cidrs, or make the blocks larger"
        ],
    ),
    "a machine's own floor": (
        "GKE-FLOOR",
        {**pool("a4x-maxgpu-4g-metal"), "cluster__gke_version": "1.34.1-gke.1829001"},
        [
            "cluster.gke_version: must reach 1.34.3-gke.1318000 for a4x-maxgpu-4g-metal, got '1.34.1-gke.1829001'"
            " -> write '1.34' or newer, or leave it out"
        ],
    ),
    "the floor of the gateway alone": (
        "GKE-FLOOR",
        {**pool("g2-standard-96"), "cluster__gke_version": "1.33"},
        [
            "cluster.gke_version: must reach 1.34.1-gke.1127000 for multi-cluster inference gateway, got '1.33'"
            " -> write '1.34' or newer, or leave it out"
        ],
    ),
    "a system machine that is none": (
        "GKE-SYSTEM-MACHINE",
        {"cluster__system_pool": {"machine_type": "large"}},
        [
            "cluster.system_pool.machine_type: must be a machine type, got 'large'"
            " -> leave it out, or write 'e2-standard-8'"
        ],
    ),
    "a system machine with little memory": (
        "GKE-SYSTEM-PICKER",
        {"cluster__system_pool": {"machine_type": "e2-highcpu-8"}},
        [
            "cluster.system_pool.machine_type: must have 6 vCPU and 13 GiB for the endpoint picker of v1.5.0, "
            "got 'e2-highcpu-8' -> leave it out, or write 'e2-standard-8'"
        ],
    ),
    "a shared core": (
        "GKE-SYSTEM-PICKER",
        {"cluster__system_pool": {"machine_type": "e2-medium"}, "inference_pool__chart_version": "v1.3.1"},
        [
            "cluster.system_pool.machine_type: must have 3 vCPU and 7 GiB for the endpoint picker of v1.3.1, "
            "got 'e2-medium' -> leave it out, or write 'e2-standard-8'"
        ],
    ),
    "a machine that is like no other": (
        "POOL-MACHINE",
        pool("xyz"),
        [
            f"node_pools.tpu.machine_type: must be one of {', '.join(machines())}, got 'xyz'"
            " -> docs/machines.md describes them"
        ],
    ),
    "a topology of a GPU": (
        "POOL-TOPOLOGY",
        pool("g2-standard-48", topology="2x2"),
        [
            "node_pools.tpu.topology: must be left out for g2-standard-48, which is not a TPU, got '2x2'"
            " -> remove the line"
        ],
    ),
    "many topologies": (
        "POOL-TOPOLOGY",
        pool("ct5p-hightpu-4t", topology="9x9x9"),
        [
            "node_pools.tpu.topology: must be one of 2x2x1, 2x2x2, 2x2x4, 2x4x4, 4x4x4, 4x4x8, 4x4x12, 4x8x8, 4x4x20, "
            "4x8x12, 4x4x28, 8x8x8 or 84 larger ones for ct5p-hightpu-4t, got '9x9x9'"
            " -> docs/machines.md lists them all"
        ],
    ),
    "no capacity": (
        "CAP-ONE",
        pool(capacity={}),
        [
            "node_pools.tpu.capacity: must choose exactly one of on_demand, spot, flex_start, reservation, queued, "
            "got none -> write on_demand: true"
        ],
    ),
    "a pool that is not there": (
        "SRV-POOL",
        {"model_server__node_pool": "gpu"},
        ["model_server.node_pool: must be a pool of every region, got 'gpu', not in us and eu -> did you mean 'tpu'?"],
    ),
    "several pools and none named": (
        "SRV-POOL",
        {"regions__us__node_pools": OTHER},
        ["model_server.node_pool: must name a pool, got nothing and several pools: tpu, other -> write 'tpu'"],
    ),
    "a disk that is too small": (
        "CACHE-DISK",
        pool(disk_gib=100),
        [
            "node_pools.tpu.disk_gib: must leave 62 GiB for the file cache, got 100 of which GKE leaves 43"
            " -> write 140, or a smaller model_server.file_cache_gib"
        ],
    ),
    "a Kubernetes secret": (
        "MODEL-SECRET",
        {"model__hugging_face_token": {"kubernetes_secret": {"name": "HF_Secret", "key": "a key"}}},
        [
            "model.hugging_face_token.kubernetes_secret.name: must be a Secret's name of lower case letters, digits, - "
            "and ., got 'HF_Secret' -> `kubectl get secrets` shows them",
            "model.hugging_face_token.kubernetes_secret.key: must be a key of letters, digits, ., _ and -, got 'a key'"
            " -> `kubectl describe secret` shows them",
        ],
    ),
    "a default bucket name that Google refuses": (
        "BUCKET-NAME",
        {"project": "my-google-project"},
        [
            "project: the default bucket name made from it must neither begin with goog nor contain google or a close "
            "misspelling, got 'my-google-project-gemma-weights' -> give bucket.name a name of your own"
        ],
    ),
    "a wrong project is told by its own rule": ("BUCKET-NAME", {"project": "My_Project"}, []),
    "a bucket that looks like an address": (
        "BUCKET-NAME",
        {"bucket__name": "192.168.5.4"},
        ["bucket.name: must not be an IP address, got '192.168.5.4' -> give it a name of your own"],
    ),
    "a bucket with a dot": (
        "BUCKET-NAME",
        {"bucket__name": "weights.example.com"},
        [
            "bucket.name: must hold no dots, which need a verified domain, got 'weights.example.com'"
            " -> give it a name of your own"
        ],
    ),
    "a long bucket": (
        "BUCKET-NAME",
        {"bucket__name": "w" * 64},
        [f"bucket.name: must have 3 to 63 characters, got '{'w' * 64}' -> give it a name of your own"],
    ),
    "a bucket in a zone": (
        "BUCKET-LOCATION",
        {"bucket__location": "us-east5-b"},
        [
            "bucket.location: must be US, EU, ASIA, ASIA1, NAM4, EUR4, EUR5, EUR7, EUR8 or a region such as us-east5, "
            "got 'us-east5-b' -> write 'us-east5'"
        ],
    ),
    "a region named twice": (
        "GW-ADDRESS-16",
        {"gateway__regions": ["us", "us"]},
        ["gateway.regions[1]: must be named once, got 'us' again -> remove it"],
    ),
    "an image for GPUs on TPUs": (
        "SRV-IMAGE",
        {"model_server__image": "docker.io/vllm/vllm-openai:v0.27.0"},
        [
            "model_server.image: should be an image for TPUs in node_pools.tpu, "
            "got 'docker.io/vllm/vllm-openai:v0.27.0'"
            " -> write docker.io/vllm/vllm-tpu with its version"
        ],
    ),
    "spot under a model server": (
        "CAP-TRANSIENT",
        pool(capacity={"spot": True}),
        [
            "node_pools.tpu.capacity: should be on_demand or reservation under a model server, got spot: nodes go at "
            "any time -> make sure that another region can carry the load"
        ],
    ),
}


@pytest.mark.parametrize("name", MORE)
def test_other_words(name: str) -> None:
    """What rules with several sides say about the other ones."""
    rule, changes, says = MORE[name]

    assert told(rule, changes) == says


def test_one_cause_is_told_by_one_rule() -> None:
    """An unknown machine does not set off the rules that would need its facts."""
    changes = pool("h100", dranet=True, compact_placement=True, disk_gib=10)
    errors, warnings = check(config(**changes, cluster__gke_version="1.35"))

    assert [problem.rule for problem in errors] == ["POOL-MACHINE"]
    assert warnings == []


def test_what_gke_leaves_of_a_disk_is_googles_own_number() -> None:
    """100 GB of boot disk leave 47060071478 bytes, printed in Google's page on node sizes."""
    assert disk_leaves_gib(100) == 47060071478 // 2**30
    assert [disk_leaves_gib(size) for size in (10, 200, 300)] == [3, 93, 154]


def test_problems_read_well() -> None:
    """Path, message, rule in brackets, fix on a line of its own."""
    problem = Problem("network.mtu", "must be 1, got 2", "write 1", "NET-X")

    assert str(problem) == "network.mtu: must be 1, got 2 [NET-X]\n    fix: write 1"
    assert str(Problem("", "must exist, got nothing")) == "must exist, got nothing"


def test_every_machine_and_slice_is_accepted_or_refused_for_a_reason() -> None:
    """Single-host slices and GPUs can serve; a larger slice is refused only because a server cannot span it."""
    example = config()
    for machine in machines().values():
        for topology in machine.topologies or (None,):
            spec = NodePoolSpec(machine_type=machine.machine_type, topology=topology)
            refused = {problem.rule for problem in check(example.model_copy(update={"node_pools": {"tpu": spec}}))[0]}
            expected = {"SRV-MULTI-HOST"} if machine.topologies.get(topology or "", 1) > 1 else set()

            assert refused - {"NET-NODES-29", "NET-PODS-24"} == expected, (machine.machine_type, topology)
