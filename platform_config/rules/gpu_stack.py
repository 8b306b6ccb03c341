"""Rules about what gives out GPUs in place of the cluster's own way: NVIDIA's GPU Operator, HAMi, Alibaba Cloud's."""

from __future__ import annotations

from collections.abc import Iterator

from constructs_lib.specs import OutsideModelSpec, OutsideSpec
from platform_config.config import Config
from platform_config.errors import Problem
from platform_config.outside_plan import outside_models
from platform_config.rules.rule import Rule, pool_plans, region_plans

NVIDIA_GKE = "NVIDIA/cloud-native-docs, gpu-operator/google-gke.rst"
ALIBABA = "Alibaba Cloud, Enable scheduling features"


def _pools(config: Config) -> Iterator[Problem]:
    for path, plan in pool_plans(config):
        spec = plan.spec
        if spec.gpu_operator is None:
            continue
        if plan.machine.kind != "gpu":
            message = f"must be left out for {plan.machine.machine_type}, which has no GPUs, got one"
            yield Problem(f"{path}.gpu_operator", message, "remove it")
        if config.cluster.autopilot:
            yield Problem(f"{path}.gpu_operator", "must be left out in Autopilot clusters, got one", "remove it")
        if not spec.gpu_operator.driver:
            message = "must be true on GKE: nothing else installs one for the operator there, got false"
            yield Problem(f"{path}.gpu_operator.driver", message, "remove the line")
        others = {
            "gpu_sharing": spec.gpu_sharing is not None,
            "gpu_partition": spec.gpu_partition is not None,
            "gpu_driver_version": spec.gpu_driver_version is not None,
            "image_streaming": bool(spec.image_streaming),
        }
        for setting in (name for name, given in others.items() if given):
            message = "must be left out beside gpu_operator, which takes the place of GKE's own way, got one"
            yield Problem(f"{path}.{setting}", message, "remove one of the two")


def _one_operator(config: Config) -> Iterator[Problem]:
    for key in config.regions:
        plans = region_plans(config, key)
        first: tuple[str, object] | None = None
        for path, plan in plans.values():
            given = plan.spec.gpu_operator
            if given is None:
                continue
            if first is not None and first[1] != given:
                message = f"must be the same as that of {first[0]}: a cluster has one operator, got another"
                yield Problem(f"{path}.gpu_operator", message, f"copy it from {first[0]}")
            first = first or (path, given)


def _mig(config: Config) -> Iterator[Problem]:
    for key, cluster in config.outside.items():
        if cluster.hami is not None and cluster.gpu_operator is not None and cluster.gpu_operator.mig != "none":
            message = f"must be none where HAMi divides GPUs, got {cluster.gpu_operator.mig}"
            yield Problem(f"outside.{key}.gpu_operator.mig", message, "remove the line, or HAMi")


def _one_way(config: Config) -> Iterator[Problem]:
    for key, cluster in config.outside.items():
        path = f"outside.{key}"
        if cluster.gpu_sharing is not None and cluster.preset != "ack":
            message = f"must be left out for a cluster of the kind {cluster.preset}: the label is Alibaba Cloud's, got "
            yield Problem(f"{path}.gpu_sharing", message + cluster.gpu_sharing, "remove it, or write hami")
        for setting in ("gpu_operator", "hami") if cluster.preset == "ack" else ():
            if getattr(cluster, setting) is not None:
                message = "must be left out for Alibaba Cloud, whose AI suite gives out GPUs, got one"
                yield Problem(f"{path}.{setting}", message, "write gpu_sharing: cgpu")


def _parts(config: Config) -> Iterator[Problem]:
    for key, cluster in config.outside.items():
        for model, pods in outside_models(config, key).items():
            path = f"outside.{key}.models.{model}"
            if pods.gpus:
                yield from _wrong_parts(path, cluster, pods)
            elif pods.gpu_memory_gib is not None or pods.gpu_cores_percent is not None:
                message = "must be 1 or more for a part of a GPU, got 0"
                yield Problem(f"{path}.gpus", message, "write 1; or remove gpu_memory_gib and gpu_cores_percent")
            if cluster.gpu_sharing == "share" and _plans_for_all(config, model):
                message = "must be given for GPUs that share without limits: the server would take all memory, got none"
                yield Problem(f"models.{model}.server.gpu_memory_percent", message, "write its part, such as 40")


def _wrong_parts(path: str, cluster: OutsideSpec, pods: OutsideModelSpec) -> Iterator[Problem]:
    alibaba = cluster.gpu_sharing not in (None, "default")
    if pods.gpu_memory_gib is not None and not (alibaba or cluster.hami):
        message = f"must be left out where GPUs are whole, got {pods.gpu_memory_gib}"
        yield Problem(f"{path}.gpu_memory_gib", message, "remove it; or write hami, or gpu_sharing of the cluster")
    if pods.gpu_cores_percent is not None and not (cluster.gpu_sharing == "core_mem" or cluster.hami):
        message = f"must be left out where nothing limits compute, got {pods.gpu_cores_percent}"
        yield Problem(f"{path}.gpu_cores_percent", message, "remove it; or write hami, or gpu_sharing: core_mem")
    if alibaba and pods.gpu_memory_gib is None:
        message = f"must be given with gpu_sharing: {cluster.gpu_sharing}, which counts GiB, got none"
        yield Problem(f"{path}.gpu_memory_gib", message, "write the GiB that the server needs")
    if alibaba and pods.gpus > 1:
        message = f"must be 1 with gpu_sharing: {cluster.gpu_sharing}, got {pods.gpus}"
        yield Problem(f"{path}.gpus", message, "write 1, or gpu_sharing: default")
    if cluster.hami is not None and pods.gpu_memory_gib is None and pods.gpu_cores_percent is not None:
        message = "must be given beside gpu_cores_percent: without it a pod gets the whole GPU, got none"
        yield Problem(f"{path}.gpu_memory_gib", message, "write the GiB that the server needs")


def _plans_for_all(config: Config, model: str) -> bool:
    server = config.models[model].server
    return server.kind != "custom" and server.gpu_memory_percent is None


RULES = (
    Rule(
        "GPU-OPERATOR",
        "NVIDIA's GPU Operator has a pool's GPUs to itself, with its own driver on Ubuntu",
        "Two device plugins would give out one GPU twice; its driver is built for Ubuntu, which streams no images.",
        NVIDIA_GKE,
        _pools,
    ),
    Rule(
        "GPU-ONE-OPERATOR",
        "A cluster has one GPU Operator",
        "Its driver and plugin run on all nodes that are left to it.",
        NVIDIA_GKE,
        _one_operator,
    ),
    Rule(
        "GPU-HAMI-MIG",
        "HAMi divides whole GPUs",
        "Parts that MIG makes would be divided once more, by memory that they do not have.",
        "Project-HAMi/HAMi 2.7.1, charts/hami/values.yaml, migStrategy",
        _mig,
    ),
    Rule(
        "GPU-ONE-WAY",
        "One thing gives out the GPUs of a cluster",
        "Each counts the GPUs for itself.",
        f"{ALIBABA}; Project-HAMi/HAMi#646",
        _one_way,
    ),
    Rule(
        "GPU-PARTS",
        "Parts of a GPU are asked for where something gives them out",
        "A pod would wait for a resource that no node has, or get a whole GPU.",
        f"{ALIBABA}; Project-HAMi/HAMi 2.7.1, pkg/device/nvidia",
        _parts,
    ),
)
