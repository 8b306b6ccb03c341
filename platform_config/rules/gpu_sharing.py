"""Rules about GPUs that several pods use: partitions, time-sharing, MPS, and what they exclude."""

from __future__ import annotations

from collections.abc import Iterator
from math import floor

from constructs_lib.accelerators import PoolPlan, machines
from constructs_lib.manifests import gcs_fuse
from constructs_lib.node_room import cpus_left, memory_left_gib
from platform_config.config import Config
from platform_config.errors import Problem, nearest, shown
from platform_config.model import Model
from platform_config.partial_config import has_unknown
from platform_config.rules.rule import Rule, per_model, pool_plans, pool_specs, serving_plans

LEAST_CPUS, LEAST_MEMORY_GIB = 1, 1
"""What a server asks for at least, beside the sidecar that reads the bucket."""


def _gpus(config: Config) -> Iterator[Problem]:
    for path, _, spec in pool_specs(config):
        machine = machines().get(spec.machine_type)
        if machine is None or machine.kind == "gpu":
            continue
        for name, given in (("gpu_sharing", spec.gpu_sharing), ("gpu_partition", spec.gpu_partition)):
            if given is not None:
                got = shown(given) if isinstance(given, str) else "a map"
                message = f"must be left out for {spec.machine_type}, which has TPUs, got {got}"
                yield Problem(f"{path}.{name}", message, "remove it, or choose a machine with GPUs")


def _divisible(config: Config) -> Iterator[Problem]:
    able = ", ".join(name for name, machine in machines().items() if machine.partitions)
    for path, _, spec in pool_specs(config):
        machine = machines().get(spec.machine_type)
        if spec.gpu_partition is not None and machine and machine.kind == "gpu" and not machine.partitions:
            message = f"must be left out for {spec.machine_type}: GKE does not divide its GPUs, {machine.label_value}"
            fix = f"write gpu_sharing instead, or choose one of {able}"
            yield Problem(f"{path}.gpu_partition", f"{message}, got {shown(spec.gpu_partition)}", fix)


def _partition(config: Config) -> Iterator[Problem]:
    for path, _, spec in pool_specs(config):
        machine = machines().get(spec.machine_type)
        sizes = machine.partitions if machine else {}
        if sizes and spec.gpu_partition is not None and spec.gpu_partition not in sizes:
            message = f"must be one of {', '.join(sizes)} for {spec.machine_type}, got {shown(spec.gpu_partition)}"
            fix = nearest(spec.gpu_partition.lower(), sizes, otherwise="remove the line to have whole GPUs")
            yield Problem(f"{path}.gpu_partition", message, fix)


def _dranet(config: Config) -> Iterator[Problem]:
    for path, plan in pool_plans(config):
        if plan.shared and plan.dranet and plan.machine.dra_device_class:
            yield Problem(f"{path}.dranet", "must be false where GPUs are shared, got true", "remove the line")


def _parallel(at: str, model: Model) -> Iterator[Problem]:
    size = model.server.tensor_parallel_size
    for path, plan in _shared(model).items() if size not in (None, 1) else ():
        if has_unknown((plan.spec.gpu_sharing, plan.spec.gpu_partition)):
            continue  # First the sharing itself is made right, or removed.
        message = f"must be 1 on the shared GPUs of {path}, got {size}"
        fix = "remove the line, or use a pool with whole GPUs"
        yield Problem(f"{at}.server.tensor_parallel_size", message, fix)


def _room(_: str, model: Model) -> Iterator[Problem]:
    weights = model.weights
    mounts = weights is not None and (weights.reads_bucket or weights.own_buckets)
    sidecar_cpus, sidecar_gib = (gcs_fuse.CPUS, gcs_fuse.MEMORY_GIB) if mounts else (0, 0)
    for path, plan in _shared(model).items():
        machine, devices = plan.machine, plan.devices_per_node
        pods = min(
            floor(cpus_left(machine.cpus) / (LEAST_CPUS + sidecar_cpus)),
            floor(memory_left_gib(machine.host_memory_gib) / (LEAST_MEMORY_GIB + sidecar_gib)),
        )
        if pods < devices:
            clients = pods * plan.clients // devices
            setting = "gpu_sharing.max_clients" if plan.spec.gpu_sharing else "gpu_partition"
            room = f"a node of {machine.machine_type} has room for {pods}"
            message = f"must leave each pod a CPU and a GiB of memory: {room}, got {devices}"
            fix = f"write {clients}, or choose" if clients > 1 else "choose"
            yield Problem(f"{path}.{setting}", message, f"{fix} a larger machine")


def _memory(at: str, model: Model) -> Iterator[Problem]:
    percent = model.server.gpu_memory_percent
    for path, plan in _shared(model).items():
        share = plan.gpu_memory_share
        if share is not None and percent is not None and percent > 100 * share:
            message = f"must be at most {floor(100 * share)}, a pod's part of a GPU of {path}, got {percent}"
            yield Problem(f"{at}.server.gpu_memory_percent", message, "remove the line: its part is planned for")


def _driver(config: Config) -> Iterator[Problem]:
    for path, plan in pool_plans(config):
        if plan.shared and plan.spec.gpu_driver_version == "INSTALLATION_DISABLED":
            message = "should be DEFAULT or LATEST where GPUs are shared, got 'INSTALLATION_DISABLED'"
            fix = "remove the line, or make sure that your own installer divides the GPUs and starts MPS as GKE's does"
            yield Problem(f"{path}.gpu_driver_version", message, fix)


def _shared(model: Model) -> dict[str, PoolPlan]:
    """Return the pools with shared GPUs that *model* runs on in some region, by path."""
    plans = {path: plan for key in model.regions for path, plan in serving_plans(model, key)}
    return {path: plan for path, plan in plans.items() if plan.shared}


RULES = (
    Rule(
        "GPU-SHARE",
        "Only GPUs are shared",
        "A TPU pod gets all chips of its node.",
        "Google, Plan TPUs in GKE; GKE API, AcceleratorConfig",
        _gpus,
    ),
    Rule(
        "GPU-MIG",
        "`gpu_partition` is for GPUs that can be divided",
        "The node's installer fails, and no pod starts.",
        "Google, Running multi-instance GPUs; constructs_lib/data/gpu_partitions.json, which names its sources",
        _divisible,
    ),
    Rule(
        "GPU-PARTITION",
        "`gpu_partition` is a size of that GPU",
        "GKE's partitioner and its device plugin know a fixed list, and no pod starts on a node with another size.",
        "constructs_lib/data/gpu_partitions.json, which names its sources",
        _partition,
    ),
    Rule(
        "GPU-DRANET",
        "Shared GPUs have no managed DRANET",
        "A claim takes all interfaces of a node, which then has no second pod.",
        "Google, Allocate network resources using GKE managed DRANET",
        _dranet,
    ),
    Rule(
        "GPU-PARALLEL",
        "A model is not split over parts of GPUs",
        "A container may ask for one shared GPU, and partitions cannot exchange data as GPUs do.",
        "GoogleCloudPlatform/container-engine-accelerators, pkg/gpu/nvidia/gpusharing; NVIDIA, MIG user guide",
        per_model(_parallel),
    ),
    Rule(
        "GPU-ROOM",
        "A node has CPUs and memory for all pods that share its GPUs",
        "The pods that find no room stay pending, and their part of the GPU is idle.",
        "Google, Plan GKE node sizes",
        per_model(_room),
    ),
    Rule(
        "GPU-MEMORY",
        "A server plans for no more than its part of a shared GPU",
        "Time-sharing limits no memory, and the server that starts last finds none; MPS limits each to its part.",
        "Google, About GPU sharing strategies; vLLM, engine arguments, --gpu-memory-utilization",
        per_model(_memory),
    ),
    Rule(
        "GPU-DRIVER",
        "GKE installs the driver where GPUs are shared",
        "GKE's own installer divides the GPUs and starts the MPS daemon.",
        "GoogleCloudPlatform/container-engine-accelerators, nvidia-driver-installer/cos/daemonset-nvidia-mig.yaml",
        _driver,
        severity="warning",
    ),
)
