"""The table of machines, and what a pool of each becomes."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from typing import Any

import pytest

from constructs_lib.accelerators import PoolPlan, machines
from constructs_lib.gke_version import MULTI_CLUSTER_INFERENCE_GATEWAY, GkeVersion
from constructs_lib.gpu_sharing import partition_data, partition_memory_gb
from constructs_lib.specs import GpuSharingSpec, NodePoolSpec

HOSTS = {
    "ct4p-hightpu-4t": (240, 407), "ct5lp-hightpu-1t": (24, 48), "ct5lp-hightpu-4t": (112, 192),
    "ct5lp-hightpu-8t": (224, 384), "ct5p-hightpu-4t": (208, 448), "ct6e-standard-1t": (44, 176),
    "ct6e-standard-4t": (180, 720), "ct6e-standard-8t": (180, 1440), "tpu7x-standard-4t": (224, 992),
    "a2-megagpu-16g": (96, 1360), "a3-ultragpu-8g": (224, 2952), "a4-highgpu-8g": (224, 3968),
    "a4x-highgpu-4g": (140, 884), "a4x-maxgpu-4g-metal": (144, 960), "g2-standard-24": (23, 96),
}  # fmt: skip
"""CPUs and GiB of memory where they are not in proportion to the chips: GKE's autoscaler at 7d25050."""
PER_CHIP = {"a2-highgpu": (12, 85), "a2-ultragpu": (12, 170), "a3-highgpu": (26, 234), "a3-megagpu": (26, 234)}
SMALL_CUBES = {"2x2x1", "2x2x2", "2x2x4", "2x4x4"}
FLAT = {"2x2", "2x4", "4x4", "4x8", "8x8", "8x16", "16x16"}
TPUS: dict[str, tuple[str, int, str, bool, set[str] | int]] = {
    "ct4p-hightpu-4t": ("v4", 4, "tpu-v4-podslice", False, 64),
    "ct5lp-hightpu-1t": ("v5e", 1, "tpu-v5-lite-podslice", False, {"1x1"}),
    "ct5lp-hightpu-4t": ("v5e", 4, "tpu-v5-lite-podslice", False, FLAT),
    "ct5lp-hightpu-8t": ("v5e", 8, "tpu-v5-lite-podslice", False, {"2x4"}),
    "ct5p-hightpu-4t": ("v5p", 4, "tpu-v5p-slice", False, 140),
    "ct6e-standard-1t": ("v6e", 1, "tpu-v6e-slice", True, {"1x1"}),
    "ct6e-standard-4t": ("v6e", 4, "tpu-v6e-slice", True, FLAT),
    "ct6e-standard-8t": ("v6e", 8, "tpu-v6e-slice", True, {"2x4"}),
    "tpu7x-standard-4t": ("v7", 4, "tpu7x", True, 144),
}
"""Generation, chips, label, managed DRANET, and the slices: all of them, or the most 4x4x4 cubes that one may have."""
GPUS: dict[str, tuple[str, bool, dict[str, int]]] = {
    "nvidia-tesla-a100": (
        "pd", False,
        {"a2-highgpu-1g": 1, "a2-highgpu-2g": 2, "a2-highgpu-4g": 4, "a2-highgpu-8g": 8, "a2-megagpu-16g": 16},
    ),
    "nvidia-a100-80gb": (
        "pd", False, {"a2-ultragpu-1g": 1, "a2-ultragpu-2g": 2, "a2-ultragpu-4g": 4, "a2-ultragpu-8g": 8},
    ),
    "nvidia-h100-80gb": (
        "pd", False, {"a3-highgpu-1g": 1, "a3-highgpu-2g": 2, "a3-highgpu-4g": 4, "a3-highgpu-8g": 8},
    ),
    "nvidia-h100-mega-80gb": ("pd", False, {"a3-megagpu-8g": 8}),
    "nvidia-h200-141gb": ("hyperdisk", True, {"a3-ultragpu-8g": 8}),
    "nvidia-b200": ("hyperdisk", True, {"a4-highgpu-8g": 8}),
    "nvidia-gb200": ("hyperdisk", True, {"a4x-highgpu-4g": 4}),
    "nvidia-gb300": ("hyperdisk", True, {"a4x-maxgpu-4g-metal": 4}),
    "nvidia-l4": (
        "pd", False,
        {
            "g2-standard-4": 1, "g2-standard-8": 1, "g2-standard-12": 1, "g2-standard-16": 1, "g2-standard-24": 2,
            "g2-standard-32": 1, "g2-standard-48": 4, "g2-standard-96": 8,
        },
    ),
    "nvidia-rtx-pro-6000": (
        "hyperdisk", False, {"g4-standard-48": 1, "g4-standard-96": 2, "g4-standard-192": 4, "g4-standard-384": 8},
    ),
}  # fmt: skip
"""For each GPU: the disk that its machines boot from, managed DRANET, and the GPUs of each machine."""
MEMORY_GB = {
    "v4": 32, "v5e": 16, "v5p": 95, "v6e": 32, "v7": 192,
    "A100 40GB": 40, "A100 80GB": 80, "H100 80GB": 80, "H100 80GB Mega": 80, "H200 141GB": 141,
    "B200": 180, "GB200": 186, "GB300": 279, "L4": 24, "RTX PRO 6000": 96,
}  # fmt: skip
LOCAL_SSDS = {
    "a2-ultragpu-1g": 1, "a2-ultragpu-2g": 2, "a2-ultragpu-4g": 4, "a2-ultragpu-8g": 8,
    "a3-highgpu-1g": 2, "a3-highgpu-2g": 4, "a3-highgpu-4g": 8, "a3-highgpu-8g": 16, "a3-megagpu-8g": 16,
    "a3-ultragpu-8g": 32, "a4-highgpu-8g": 32, "a4x-highgpu-4g": 4, "a4x-maxgpu-4g-metal": 4,
}  # fmt: skip
GPU_MACHINES = {name: gpu for gpu, (_, _, counts) in GPUS.items() for name, count in counts.items()}
SLICES = [(name, topology) for name, machine in machines().items() for topology in machine.topologies]


def plan(machine_type: str = "ct6e-standard-4t", zones: int = 1, **settings: Any) -> PoolPlan:
    """Plan a pool of one machine type."""
    return PoolPlan(spec=NodePoolSpec(machine_type=machine_type, **settings), zones=zones)


def sides(topology: str) -> list[int]:
    """Split a topology into the lengths of its sides."""
    return [int(side) for side in topology.split("x")]


def test_these_machines_are_known() -> None:
    """Nine TPU machines and every accelerator-optimized GPU machine, each once."""
    assert set(machines()) == {*TPUS, *GPU_MACHINES}


@pytest.mark.parametrize("name", TPUS)
def test_a_tpu_machine_is_what_google_says(name: str) -> None:
    """Generation, chips of one node, resource, label, and interfaces of its own from v6e on."""
    machine = machines()[name]
    generation, chips, label_value, dranet, _ = TPUS[name]

    assert (machine.kind, machine.generation, machine.chips) == ("tpu", generation, chips)
    assert (machine.resource, machine.label) == ("google.com/tpu", "cloud.google.com/gke-tpu-accelerator")
    assert machine.label_value == label_value
    assert machine.dra_device_class == ("netdev.google.com" if dranet else None)
    assert machine.boot_disk_type == ("hyperdisk-balanced" if dranet else "pd-balanced")
    assert machine.sources


@pytest.mark.parametrize("name", TPUS)
def test_the_slices_of_a_tpu_machine_are_those_of_its_generation(name: str) -> None:
    """Flat ones are all listed; of the others, the small ones and cuboids of whole cubes, shortest side first."""
    topologies = set(machines()[name].topologies)
    slices = TPUS[name][-1]

    if isinstance(slices, set):
        assert topologies == slices
        return
    assert topologies >= SMALL_CUBES
    for topology in topologies - SMALL_CUBES:
        lengths = sides(topology)
        assert lengths == sorted(lengths)
        assert len(lengths) == 3
        assert all(length % 4 == 0 and length <= 256 for length in lengths)
        assert math.prod(lengths) // 64 <= slices


@pytest.mark.parametrize("name", GPU_MACHINES)
def test_a_gpu_machine_is_what_google_says(name: str) -> None:
    """GPUs of one node, resource, label, disk, and RDMA interfaces from a3-ultragpu on."""
    machine = machines()[name]
    disk, dranet, counts = GPUS[GPU_MACHINES[name]]

    assert (machine.kind, machine.chips) == ("gpu", counts[name])
    assert (machine.resource, machine.label) == ("nvidia.com/gpu", "cloud.google.com/gke-accelerator")
    assert machine.label_value == GPU_MACHINES[name]
    assert machine.dra_device_class == ("mrdma.google.com" if dranet else None)
    assert machine.boot_disk_type == f"{disk}-balanced"
    assert (dict(machine.topologies), machine.single_host_topology) == ({}, None)
    assert machine.sources


def test_one_chip_has_the_memory_that_its_maker_says() -> None:
    """By generation: a pool's memory is what tells whether a model fits."""
    found = {(machine.generation, machine.memory_gb) for machine in machines().values()}

    assert len(found) == len(MEMORY_GB)
    assert dict(found) == MEMORY_GB


@pytest.mark.parametrize("name", machines())
def test_a_machine_has_the_local_ssds_that_it_always_comes_with(name: str) -> None:
    """Of 375 GiB, in A4X of 3000; none where one may choose, as with G2, G4 and the small A2."""
    machine = machines()[name]
    count = LOCAL_SSDS.get(name, 0)

    assert machine.local_ssds == count
    assert machine.local_ssd_gib == count * (3000 if name.startswith("a4x") else 375)


def test_only_the_grace_machines_run_arm64() -> None:
    """GB200 and GB300; an image for amd64 does not start there."""
    assert [n for n, machine in machines().items() if machine.architecture == "arm64"] == [
        "a4x-highgpu-4g",
        "a4x-maxgpu-4g-metal",
    ]


def test_only_one_machine_needs_a_newer_gke_than_the_gateway_and_a_label_of_its_own() -> None:
    """The GB300 machine, by Google's table of managed DRANET; what other machines need, the gateway needs too."""
    gateway = GkeVersion.parse(MULTI_CLUSTER_INFERENCE_GATEWAY.version)
    floors = {name: machine.min_gke_version for name, machine in machines().items() if machine.min_gke_version}

    assert [name for name, floor in floors.items() if not gateway.reaches(GkeVersion.parse(floor))] == [
        "a4x-maxgpu-4g-metal"
    ]
    assert floors["a4x-maxgpu-4g-metal"] == "1.34.3-gke.1318000"
    assert {name: machine.node_labels for name, machine in machines().items() if machine.node_labels} == {
        "a4x-maxgpu-4g-metal": {"cloud.google.com/gke-dpv2-unified-cni": "cni-migration"}
    }


def test_the_table_is_read_once_and_cannot_be_changed() -> None:
    """Every caller sees the same facts."""
    assert machines() is machines()
    with pytest.raises(TypeError):
        machines()["ct6e-standard-4t"] = machines()["ct6e-standard-1t"]  # type: ignore[index]


@pytest.mark.parametrize(("name", "topology"), SLICES)
def test_a_slice_has_as_many_nodes_as_its_chips_need(name: str, topology: str) -> None:
    """Nodes are the product of the sides by the chips of a node; only more than one node are placed together."""
    made = plan(name, topology=topology)
    nodes = math.prod(sides(topology)) // machines()[name].chips

    assert (made.slice_nodes, made.nodes, made.chips) == (nodes, nodes, math.prod(sides(topology)))
    assert made.multi_host == made.compact_placement == (nodes > 1)
    assert made.node_selector == {
        "cloud.google.com/gke-tpu-accelerator": TPUS[name][2],
        "cloud.google.com/gke-tpu-topology": topology,
    }


@pytest.mark.parametrize("name", machines())
def test_a_pool_takes_from_its_machine_what_is_not_given(name: str) -> None:
    """One node, the single-host slice, DRANET and its label only where there is a device class, the machine's disk."""
    machine, made = machines()[name], plan(name)
    labels = {"cloud.google.com/gke-networking-dra-driver": "true"} if machine.dra_device_class else {}

    assert (made.nodes, made.chips, made.multi_host) == (1, machine.chips, False)
    assert made.compact_placement == (machine.workload_policy_topology is not None)
    assert made.topology == machine.single_host_topology
    assert (made.topology is None) == (machine.kind == "gpu")
    assert made.dranet == (machine.dra_device_class is not None)
    assert made.node_labels == {**machine.node_labels, **labels}
    assert made.disk_type == machine.boot_disk_type
    assert made.node_selector[machine.label] == machine.label_value


@pytest.mark.parametrize("gpu", partition_data()["partitions"])
def test_the_parts_of_a_gpu_fit_into_it(gpu: str) -> None:
    """Of memory and of seven compute units (four on RTX PRO 6000): as many parts as are listed, and no more."""
    [machine, *_] = [machine for machine in machines().values() if machine.label_value == gpu]
    units = 4 if gpu == "nvidia-rtx-pro-6000" else 7

    for size, count in machine.partitions.items():
        computing, memory = int(size[0]), partition_memory_gb(size)
        assert count * computing <= units
        assert count * memory <= machine.memory_gb + 3
    whole = list(machine.partitions)[-1]
    assert (machine.partitions[whole], int(whole[0])) == (1, units)


def test_gpus_that_gke_divides() -> None:
    """A100, H100, H200, B200, GB200 and RTX PRO 6000; no L4, and no TPU."""
    assert {machine.label_value for machine in machines().values() if machine.partitions} == {
        "nvidia-tesla-a100", "nvidia-a100-80gb", "nvidia-h100-80gb", "nvidia-h200-141gb", "nvidia-b200",
        "nvidia-gb200", "nvidia-rtx-pro-6000",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("machine_type", "partition", "clients", "devices", "memory_gb", "share"),
    [
        ("g2-standard-48", None, None, 4, 24, None),
        ("g2-standard-48", None, 3, 12, 24, 0.3),
        ("a2-highgpu-1g", "1g.5gb", None, 7, 5, None),
        ("a3-highgpu-8g", "3g.40gb", None, 16, 40, None),
        ("a3-highgpu-8g", "3g.40gb", 2, 32, 40, 0.45),
        ("g4-standard-96", "2g.48gb", 48, 192, 48, 0.018),
    ],
)
def test_a_node_offers_each_part_of_its_gpus_to_several_pods(
    machine_type: str, partition: str | None, clients: int | None, devices: int, memory_gb: int, share: float | None
) -> None:
    """GPUs by parts by pods; a pod sees the memory of a part, of which an LLM server plans for its share of 90 %."""
    sharing = GpuSharingSpec(strategy="time_sharing", max_clients=clients) if clients else None
    made = plan(machine_type, gpu_partition=partition, gpu_sharing=sharing)

    assert (made.devices_per_node, made.device_memory_gb, made.gpu_memory_share) == (devices, memory_gb, share)
    assert made.chips == machines()[machine_type].chips
    assert made.most_devices_per_pod == (1 if partition or clients else made.chips)


def test_pods_on_mps_need_the_ipc_namespace_of_the_node() -> None:
    """Those with time-sharing do not."""
    mps, time_sharing = (GpuSharingSpec(strategy=strategy, max_clients=2) for strategy in ("mps", "time_sharing"))

    assert plan("g2-standard-8", gpu_sharing=mps).host_ipc
    assert not plan("g2-standard-8", gpu_sharing=time_sharing).host_ipc
    assert not plan("g2-standard-8").host_ipc


def test_shared_gpus_have_no_interfaces_of_their_own() -> None:
    """Unless somebody says so, which is refused elsewhere."""
    assert plan("a4-highgpu-8g").dranet
    assert not plan("a4-highgpu-8g", gpu_partition="1g.45gb").dranet
    assert plan("a4-highgpu-8g", gpu_partition="1g.45gb", dranet=True).dranet


@pytest.mark.parametrize(
    ("machine_type", "settings", "message"),
    [
        ("ct6e-standard-4t", {"gpu_sharing": GpuSharingSpec(strategy="mps", max_clients=2)},
         "gpu_sharing must be left out for ct6e-standard-4t, which has no GPU"),
        ("a2-highgpu-1g", {"gpu_partition": "1g.10gb"},
         "gpu_partition of a2-highgpu-1g must be one of 1g.5gb, 2g.10gb, 3g.20gb, 7g.40gb, got '1g.10gb'"),
        ("g2-standard-8", {"gpu_partition": "1g.5gb"},
         "gpu_partition of g2-standard-8 must be one of none: it has no GPU that can be divided, got '1g.5gb'"),
    ],
)  # fmt: skip
def test_parts_that_a_gpu_does_not_have_are_refused(machine_type: str, settings: dict[str, Any], message: str) -> None:
    """With those that it has."""
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        plan(machine_type, **settings)


@pytest.mark.parametrize(
    ("machine_type", "chosen", "count", "gib"),
    [("g2-standard-48", 4, 4, 1500), ("g2-standard-48", None, 0, 0), ("a3-highgpu-8g", None, 16, 6000)],
)
def test_local_ssds_are_those_of_the_machine_or_the_chosen_ones(
    machine_type: str, chosen: int | None, count: int, gib: int
) -> None:
    """375 GiB each where one may choose."""
    made = plan(machine_type, local_ssds=chosen)

    assert (made.local_ssds, made.local_ssd_gib) == (count, gib)


@pytest.mark.parametrize(
    ("machine_type", "count", "taken"),
    [
        ("g2-standard-32", 1, True), ("g2-standard-32", 2, False), ("g2-standard-96", 8, True),
        ("g4-standard-48", 3, True), ("a3-highgpu-8g", 16, False), ("ct6e-standard-4t", 1, False),
    ],
)  # fmt: skip
def test_a_machine_takes_certain_numbers_of_local_ssds(machine_type: str, count: int, taken: bool) -> None:
    """One number on G2, any on G4; none where they come with it, and none on TPUs."""
    assert machines()[machine_type].takes_local_ssds(count) is taken


def test_the_zones_of_a_pool_go_before_those_of_its_region() -> None:
    """Two nodes in each of its two zones, of three that the region has."""
    spec = NodePoolSpec(machine_type="g2-standard-8", nodes_per_zone=2, zones=("us-east5-a", "us-east5-b"))

    assert (PoolPlan(spec=spec, zones=3).zones, PoolPlan(spec=spec, zones=3).nodes) == (2, 4)


def test_nodes_are_counted_in_each_zone() -> None:
    """Three nodes in each of two zones are six, with four chips each."""
    made = plan(nodes_per_zone=3, zones=2)

    assert (made.nodes, made.chips) == (6, 24)


def test_a_multi_host_slice_decides_on_its_nodes() -> None:
    """A 4x4 slice of four chips a node has four nodes in each zone, whatever nodes_per_zone says."""
    assert plan(topology="4x4", nodes_per_zone=3, zones=2).nodes == 8


@pytest.mark.parametrize(
    ("setting", "value"),
    [("dranet", False), ("compact_placement", True), ("compact_placement", False), ("disk_type", "pd-ssd")],
)
def test_what_is_given_wins(setting: str, value: Any) -> None:
    """A setting of the spec goes before what the machine has."""
    assert getattr(plan(topology="2x4" if value is False else None, **{setting: value}), setting) == value


def test_without_dranet_the_driver_label_is_gone() -> None:
    """GKE would install the driver for nothing."""
    assert plan(dranet=False).node_labels == {}


def test_an_unknown_machine_is_refused_with_all_known_ones() -> None:
    """The message is the list."""
    known = ", ".join(sorted([*TPUS, *GPU_MACHINES]))

    with pytest.raises(ValueError, match=f"^machine_type must be one of {re.escape(known)}, got 'ct6e-standard-5t'$"):
        plan("ct6e-standard-5t")


@pytest.mark.parametrize("name", TPUS)
def test_a_slice_of_another_machine_is_refused_with_all_of_this_one(name: str) -> None:
    """The message is the list."""
    known = re.escape(", ".join(machines()[name].topologies))

    with pytest.raises(ValueError, match=f"^topology of {name} must be one of {known}, got '3x3'$"):
        plan(name, topology="3x3")


def test_a_gpu_machine_has_no_topology() -> None:
    """It is told, instead of an empty list."""
    message = "^topology of a4-highgpu-8g must be one of none: it is not a TPU, got '2x2'$"

    with pytest.raises(ValueError, match=message):
        plan("a4-highgpu-8g", topology="2x2")


@pytest.mark.parametrize("name", machines())
def test_cpus_and_memory_of_each_machine_are_those_of_gkes_autoscaler(name: str) -> None:
    """By the table, by the chip, or by the number in the name: G2 has 4 GiB for each CPU, G4 3.75."""
    machine = machines()[name]
    family, _, size = name.rpartition("-")
    if name in HOSTS:
        expected = HOSTS[name]
    elif family in PER_CHIP:
        cpus, memory_gib = PER_CHIP[family]
        expected = (cpus * machine.chips, memory_gib * machine.chips)
    else:
        expected = (int(size), int(int(size) * (4 if family == "g2-standard" else 3.75)))

    assert (machine.cpus, machine.host_memory_gib) == expected


def test_a_plan_has_a_zone() -> None:
    """Else it would have no node, whatever its spec asks for."""
    with pytest.raises(ValueError, match=r"^zones must be 1 or more, got 0$"):
        plan(zones=0)


def test_what_follows_from_the_machine_cannot_be_given() -> None:
    """A plan has two fields, so no other one can contradict them."""
    with pytest.raises(TypeError, match="nodes"):
        replace(plan(), nodes=7)  # type: ignore[call-arg]
