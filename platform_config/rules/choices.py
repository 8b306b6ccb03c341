"""Rules about an ordered list of pools: each of them can run the model, and can grow."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from constructs_lib.accelerators import PoolPlan
from constructs_lib.serving_nodes import ServingNodes
from platform_config.config import Config
from platform_config.errors import Problem
from platform_config.model import Model
from platform_config.rules.rule import Rule, fixed_pools, models, per_model, serving_nodes

SMALLER_WEIGHTS = ("--quantization", "-q", "--cpu-offload-gb", "--dtype")
"""Arguments that make the weights smaller in memory than they are on disk."""
MEMORY_SHARE = 0.9
"""Share of a chip's memory that vLLM uses by default, and SGLang at most."""


def _grows(config: Config) -> Iterator[Problem]:
    if config.cluster.autopilot:  # There each pool grows.
        return
    several = (nodes for _, model in models(config) for nodes in _with_choices(model))
    for path, fix in fixed_pools(several).items():
        yield Problem(f"{path}.autoscaling", "must be given for a pool that is one of several, got nothing", fix)


def _same_device(_: str, model: Model) -> Iterator[Problem]:
    for nodes in _with_choices(model):
        (first_path, first), *others = nodes.pools.items()
        for path, plan in others:
            if plan.pod_form == first.pod_form or plan.multi_host or first.multi_host:
                continue
            message = (
                f"must be a machine on which the pods of {first_path} can run ({', '.join(first.pod_form)}), "
                f"got '{plan.machine.machine_type}' ({', '.join(plan.pod_form)})"
            )
            fix = "choose another machine"
            if _without_interfaces(plan) == _without_interfaces(first):
                fix = f"write {path if plan.dranet else first_path}.dranet: false"
            yield Problem(f"{path}.machine_type", message, f"{fix}, or remove the pool from the list")


def _without_interfaces(plan: PoolPlan) -> tuple[str, ...]:
    """Return the form of a pod that claims no network interfaces."""
    return replace(plan, spec=replace(plan.spec, dranet=False)).pod_form


def _with_choices(model: Model) -> Iterator[ServingNodes]:
    for key in model.regions:
        nodes = serving_nodes(model, key)
        if nodes and len(nodes.pools) > 1:
            yield nodes


def _memory(_: str, model: Model) -> Iterator[Problem]:
    weights, server = model.weights, model.server
    flags = [re.split(r"[=\s]", arg, maxsplit=1)[0].replace("_", "-") for arg in server.extra_args]
    if weights is None or server.kind == "custom" or set(flags) & set(SMALLER_WEIGHTS):
        return
    share = server.gpu_memory_percent / 100 if server.gpu_memory_percent else MEMORY_SHARE
    for key in model.regions:
        nodes = serving_nodes(model, key)
        for path, plan in nodes.pools.items() if nodes else ():
            chips = min(nodes.split, plan.machine.chips) if nodes else 0
            part = share if server.gpu_memory_percent else plan.gpu_memory_share or share
            if weights.gib > part * chips * plan.device_memory_gb:
                yield _too_heavy(model, weights.gib, path, plan, chips, part)


def _custom_memory(at: str, model: Model) -> Iterator[Problem]:
    needed = model.server.gpu_memory_gib
    for key in model.regions if needed is not None and model.server.kind == "custom" else ():
        nodes = serving_nodes(model, key)
        for path, plan in nodes.pools.items() if nodes else ():
            chips = min(nodes.split, plan.machine.chips) if nodes else 0
            most = chips * plan.device_memory_gb // plan.clients
            if needed is not None and needed > most:
                what = f"{chips} chips" if chips > 1 else "chip"
                message = f"must be at most {most}, the memory of a pod's {what} of {path}, got {needed}"
                yield Problem(f"{at}.server.gpu_memory_gib", message, "choose a larger machine, or correct the number")


def _too_heavy(model: Model, weights_gib: int, path: str, plan: PoolPlan, chips: int, share: float) -> Problem:
    message = (
        f"must hold {weights_gib} GiB of weights in {share:.0%} of the memory of a pod's "
        f"{f'{chips} chips' if chips > 1 else 'chip'}, got '{plan.machine.machine_type}' "
        f"with {chips * plan.device_memory_gb} GB"
    )
    most = plan.most_devices_per_pod
    few = model.server.tensor_parallel_size is not None and chips < most
    few = few and weights_gib <= share * most * plan.device_memory_gb
    fix = f"write a larger models.{model.key}.server.tensor_parallel_size" if few else "choose a larger machine"
    return Problem(f"{path}.machine_type", message, f"{fix}, or correct models.{model.key}.weights.size_gib")


RULES = (
    Rule(
        "CHOICE-GROWS",
        "Each of several pools grows",
        "A ComputeClass chooses where nodes are added: a pool of fixed size costs the same and adds none.",
        "Google, About custom compute classes",
        _grows,
    ),
    Rule(
        "CHOICE-POD",
        "Each of several pools can run the same pod",
        "One Deployment asks for one resource, network interface and processor, and on TPUs for one kind of chip and "
        "slice. GPUs of several types are one resource: SRV-MEMORY checks the model against each.",
        "Kubernetes, Assigning Pods to Nodes; Google, Plan TPUs in GKE",
        per_model(_same_device),
    ),
    Rule(
        "SRV-MEMORY",
        "The weights fit in the memory of a pod's chips",
        "The server ends with out of memory after it has loaded most of them.",
        "vLLM, engine arguments, --gpu-memory-utilization; constructs_lib/data/machines.json",
        per_model(_memory),
    ),
    Rule(
        "SRV-GPU-MEMORY",
        "A custom server finds the GPU memory that it needs",
        "Nothing limits the memory that a server takes: it ends with out of memory, or another one on its GPU does.",
        "Google, About GPU sharing strategies; constructs_lib/data/machines.json",
        per_model(_custom_memory),
    ),
)
