"""Where a model server may run: chips of a pod, pods of a node, and how a pod finds its nodes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from constructs_lib.accelerators import PoolPlan
from constructs_lib.manifests.compute_class import NODE_LABEL
from constructs_lib.serving_nodes import ServingNodes
from constructs_lib.specs import CapacitySpec, GpuSharingSpec, NodeAutoscalingSpec, NodePoolSpec

CLASS = "gemma-server"


def planned(machine_type: str, *, zones: int = 1, **settings: Any) -> PoolPlan:
    """Plan a pool of the machine."""
    return PoolPlan(spec=NodePoolSpec(machine_type=machine_type, **settings), zones=zones)


def nodes(*machine_types: str, split: int | None = None, compute_class: str | None = None) -> ServingNodes:
    """Plan one pool of each machine, in this order."""
    pools = {f"p{n}": planned(machine_type) for n, machine_type in enumerate(machine_types)}
    return ServingNodes(pools=pools, tensor_parallel_size=split, compute_class=compute_class)


@pytest.mark.parametrize(
    ("machine_types", "split", "chips_per_pod", "split_over"),
    [
        (["ct6e-standard-4t"], None, 4, 4),
        (["ct6e-standard-4t"], 2, 4, 2),
        (["ct6e-standard-1t"], None, 1, 1),
        (["a3-highgpu-8g"], None, 8, 8),
        (["a3-highgpu-8g"], 2, 2, 2),
        (["a3-highgpu-8g", "g2-standard-48"], None, 4, 4),
        (["g2-standard-48", "a3-highgpu-8g"], None, 4, 4),
        (["a3-highgpu-8g", "g2-standard-48"], 2, 2, 2),
    ],
)
def test_a_pod_asks_for_whole_tpu_nodes_and_for_as_many_gpus_as_it_uses(
    machine_types: list[str], split: int | None, chips_per_pod: int, split_over: int
) -> None:
    """Of several machines the smallest decides, wherever it is in the order."""
    made = nodes(*machine_types, split=split)

    assert (made.chips_per_pod, made.split) == (chips_per_pod, split_over)
    assert made.accelerator.count == chips_per_pod


@pytest.mark.parametrize(
    ("machine_types", "split", "pods"),
    [
        (["ct6e-standard-4t"], 2, [1]),
        (["a3-highgpu-8g"], None, [1]),
        (["a3-highgpu-8g"], 2, [4]),
        (["a3-highgpu-8g", "a3-highgpu-2g"], None, [4, 1]),
        (["a3-highgpu-8g", "a3-highgpu-2g"], 1, [8, 2]),
    ],
)
def test_a_node_of_gpus_holds_several_pods(machine_types: list[str], split: int | None, pods: list[int]) -> None:
    """As many as its GPUs allow; a TPU node holds one."""
    made = nodes(*machine_types, split=split)

    assert [made.pods_per_node(pool) for pool in made.pools.values()] == pods


@pytest.mark.parametrize(
    ("machine_types", "split", "cpus", "memory_gib"),
    [
        (["ct6e-standard-4t"], None, 89, 540),
        (["g2-standard-4"], None, 1, 8),
        (["a3-highgpu-8g"], None, 103, 1415),
        (["a3-highgpu-8g"], 2, 25, 353),
        (["a3-highgpu-8g", "g2-standard-48"], 4, 23, 138),
    ],
)
def test_a_pod_asks_for_its_share_of_the_smallest_machine(
    machine_types: list[str], split: int | None, cpus: int, memory_gib: int
) -> None:
    """Half of the CPUs and four fifths of the memory that GKE leaves, divided by the pods of a node."""
    made = nodes(*machine_types, split=split)

    assert (made.accelerator.cpus, made.accelerator.memory_gib) == (cpus, memory_gib)
    for pool in made.pools.values():
        assert made.pods_per_node(pool) * memory_gib < pool.machine.host_memory_gib * 0.8


def test_a_pod_asks_for_what_it_is_told_to() -> None:
    """In place of its share."""
    made = replace(nodes("ct6e-standard-4t"), cpus=8, memory_gib=64)

    assert (made.accelerator.cpus, made.accelerator.memory_gib) == (8, 64)


def test_the_first_choice_decides_how_many_run_and_all_choices_how_many_can() -> None:
    """Pods fill the first pool; the others hold what it has no machines for."""
    first = planned("a3-highgpu-8g", zones=2, nodes_per_zone=3)
    second = planned("g2-standard-48", zones=2, autoscaling=NodeAutoscalingSpec(max_nodes=5))
    made = ServingNodes(pools={"first": first, "second": second}, tensor_parallel_size=4)

    assert made.first is first
    assert made.replicas == 6 * 2
    assert made.most_replicas == 6 * 2 + 5 * 1


def test_a_pool_that_grows_counts_with_its_most_nodes() -> None:
    """Whether bounds are given or nodes come when they are needed."""
    bounded = planned("ct6e-standard-4t", zones=2, autoscaling=NodeAutoscalingSpec(max_nodes=7))
    flexible = planned("ct6e-standard-4t", zones=2, capacity=CapacitySpec(flex_start=True))

    assert ServingNodes(pools={"tpu": bounded}).most_replicas == 7
    assert ServingNodes(pools={"tpu": flexible}).most_replicas == 2


@pytest.mark.parametrize(
    ("machine_type", "selector"),
    [
        (
            "ct6e-standard-4t",
            {"cloud.google.com/gke-tpu-accelerator": "tpu-v6e-slice", "cloud.google.com/gke-tpu-topology": "2x2"},
        ),
        ("a3-highgpu-8g", {"cloud.google.com/gke-accelerator": "nvidia-h100-80gb"}),
        ("a4x-highgpu-4g", {"cloud.google.com/gke-accelerator": "nvidia-gb200", "kubernetes.io/arch": "arm64"}),
    ],
)
def test_a_pod_finds_its_only_pool_by_its_labels(machine_type: str, selector: dict[str, str]) -> None:
    """Chip, slice, processor, and the pool's name, since others may have the same machines; it tolerates nothing."""
    accelerator = nodes(machine_type).accelerator

    assert accelerator.node_selector == selector | {"cloud.google.com/gke-nodepool": "p0"}
    assert accelerator.tolerations == ()


@pytest.mark.parametrize(
    ("machine_types", "selector"),
    [
        (["a3-highgpu-8g", "g2-standard-96"], {}),
        (["a4x-highgpu-4g", "a4x-maxgpu-4g-metal"], {"kubernetes.io/arch": "arm64"}),
        (
            ["ct6e-standard-4t", "ct6e-standard-4t"],
            {"cloud.google.com/gke-tpu-accelerator": "tpu-v6e-slice", "cloud.google.com/gke-tpu-topology": "2x2"},
        ),
    ],
)
def test_a_pod_finds_several_pools_by_their_class(machine_types: list[str], selector: dict[str, str]) -> None:
    """No GPU is named, so that any choice will do; TPU pods name their slice, and Arm pods their processor."""
    accelerator = nodes(*machine_types, compute_class=CLASS).accelerator

    assert accelerator.node_selector == {NODE_LABEL: CLASS, **selector}
    assert [(each["key"], each["value"]) for each in accelerator.tolerations] == [(NODE_LABEL, CLASS)]


TIME_SHARING = GpuSharingSpec(strategy="time_sharing", max_clients=3)
MPS = GpuSharingSpec(strategy="mps", max_clients=4)


@pytest.mark.parametrize(
    ("machine_type", "settings", "pods", "labels"),
    [
        (
            "g2-standard-48", {"gpu_sharing": TIME_SHARING}, 12,
            {"gke-gpu-sharing-strategy": "time-sharing", "gke-max-shared-clients-per-gpu": "3"},
        ),
        ("a2-highgpu-1g", {"gpu_partition": "1g.5gb"}, 7, {"gke-gpu-partition-size": "1g.5gb"}),
        (
            "a3-highgpu-8g", {"gpu_partition": "3g.40gb", "gpu_sharing": MPS}, 64,
            {
                "gke-gpu-sharing-strategy": "mps", "gke-max-shared-clients-per-gpu": "4",
                "gke-gpu-partition-size": "3g.40gb",
            },
        ),
    ],
)  # fmt: skip
def test_pods_fill_the_parts_of_shared_gpus(
    machine_type: str, settings: dict[str, Any], pods: int, labels: dict[str, str]
) -> None:
    """Each asks for one device, and for nodes whose GPUs are shared in exactly this way."""
    pool = planned(machine_type, **settings)
    made = ServingNodes(pools={"gpu": pool})
    accelerator = made.accelerator

    assert (made.chips_per_pod, made.split, made.pods_per_node(pool)) == (1, 1, pods)
    assert (made.replicas, made.most_replicas) == (pods, pods)
    assert (accelerator.resource, accelerator.count) == ("nvidia.com/gpu", 1)
    assert accelerator.node_selector == {
        "cloud.google.com/gke-accelerator": pool.machine.label_value,
        "cloud.google.com/gke-nodepool": "gpu",
        **{f"cloud.google.com/{label}": value for label, value in labels.items()},
    }
    assert pods * accelerator.cpus <= pool.machine.cpus
    assert pods * accelerator.memory_gib <= pool.machine.host_memory_gib


@pytest.mark.parametrize(
    ("settings", "host_ipc", "share"),
    [
        ({}, False, None),
        ({"gpu_sharing": TIME_SHARING}, False, 0.3),
        ({"gpu_sharing": MPS}, True, 0.225),
        ({"gpu_partition": "1g.10gb"}, False, None),
    ],
)
def test_a_pod_knows_what_sharing_asks_of_it(settings: dict[str, Any], host_ipc: bool, share: float | None) -> None:
    """The node's IPC namespace for MPS, and a limit to the memory that its server plans for."""
    accelerator = ServingNodes(pools={"gpu": planned("a2-ultragpu-1g", **settings)}).accelerator

    assert (accelerator.host_ipc, accelerator.gpu_memory_share) == (host_ipc, share)


def test_a_model_is_not_split_over_parts_of_gpus() -> None:
    """The device plugin refuses a second one."""
    made = ServingNodes(pools={"gpu": planned("g2-standard-48", gpu_sharing=TIME_SHARING)}, tensor_parallel_size=2)

    assert list(made.wrong_for_serving()) == ["tensor_parallel_size must be 1 on the shared GPUs of gpu, got 2"]


@pytest.mark.parametrize("settings", [{}, {"gpu_sharing": MPS}, {"gpu_partition": "1g.10gb"}])
def test_all_choices_share_their_gpus_in_one_way(settings: dict[str, Any]) -> None:
    """Else a pod would plan for more memory than the second choice gives it."""
    first = planned("a2-ultragpu-1g", gpu_sharing=TIME_SHARING)
    made = ServingNodes(pools={"a": first, "b": planned("a2-ultragpu-1g", **settings)}, compute_class=CLASS)

    assert list(made.wrong_for_serving()) == [
        "nodes must run the same pod, got other accelerators in b than in the first pool"
    ]
    assert made.accelerator.node_selector == {NODE_LABEL: CLASS}
