"""The settings of what runs in each cluster: the model server and the InferencePool before it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from constructs_lib.specs.image import wrong_image
from constructs_lib.specs.limits import Between, refuse, wrong_settings, wrong_text


@dataclass(frozen=True, kw_only=True)
class ModelServerSpec:
    """
    vLLM, one pod per accelerator node, or several where a pod takes some of a node's GPUs.

    Args:
        image: Container image of vLLM with a tag or digest; of a tag that moves, such as `nightly`, you are warned.
        vllm_version: vLLM's version, such as `0.11.0`. Default: the tag of vllm/vllm-openai, vllm/vllm-tpu and mirrors
            whose path ends so. Needed for other images, digests and moving tags.
        node_pool: Key of the pool it runs on. Default: the only pool.
        fallback_node_pools: Keys of the pools that are tried in this order when the first has no machines. A cluster
            uses those of them that its region has.
        migrate_back: Moves pods back to an earlier choice when there are machines again; running requests drain.
        replicas: Pods in each cluster. Default: as many as the pool holds. Not together with `autoscaling`.
        port: HTTP port.
        tensor_parallel_size: Chips that hold the model together; fewer GPUs than a node has let several pods share it.
            Default: the chips of one node, of the smallest machine where there are several pools.
        max_model_len: Longest context in tokens. Default: what the model allows, which may not fit in memory.
        extra_args: More arguments for vLLM, as they are.
        max_lora_rank: Highest rank of the model's adapters. Default: vLLM's own, 16.
        file_cache_gib: GiB of the node's disk that hold the weights. Default: weights and a tenth.
        cpus: CPUs that a pod asks for. Default: half of its share of the node, of the smallest machine.
        memory_gib: GiB of memory that a pod asks for, beside its sidecar. Default: four fifths of its share of the
            node, of the smallest machine. There is no limit.
        read_only_root_filesystem: Whether the image's own files cannot be changed; home and temporary files are on
            volumes then. Default: on for vllm/vllm-openai and vllm/vllm-tpu where GKE installs the driver.
        startup_timeout_sec: Seconds in which the weights must be loaded and compiled.
        termination_grace_sec: Seconds for running requests to end when a pod goes.
        metric_export_name: Name under which the KV-cache metric reaches the load balancer.
    """

    image: str
    vllm_version: str | None = None
    node_pool: str | None = None
    fallback_node_pools: tuple[str, ...] = ()
    migrate_back: bool = False
    replicas: Annotated[int | None, Between(0, 10_000)] = None
    port: Annotated[int, Between(1, 65535)] = 8000
    tensor_parallel_size: int | None = None
    max_model_len: int | None = None
    extra_args: tuple[str, ...] = ()
    max_lora_rank: int | None = None
    file_cache_gib: int | None = None
    # No machine of docs/machines.md has as many; SRV-ROOM knows what each has.
    cpus: Annotated[int | None, Between(1, 512)] = None
    memory_gib: Annotated[int | None, Between(1, 8192)] = None
    read_only_root_filesystem: bool | None = None
    startup_timeout_sec: int = 1800
    termination_grace_sec: int = 130
    metric_export_name: str = "kv-cache"

    def __post_init__(self) -> None:
        texts = [
            *wrong_text("vllm_version", self.vllm_version, r"\d+\.\d+(\.\d+)?", "read like 0.11.0"),
            *wrong_image(self.image),
        ]
        refuse([*wrong_settings(self), *texts])


@dataclass(frozen=True, kw_only=True)
class InferencePoolSpec:
    """
    The model servers of one cluster as one pool, with the endpoint picker that chooses among them.

    Args:
        chart_version: Version of the inferencepool chart: v1.0.1, v1.1.0, v1.2.1, v1.3.1, v1.4.0 or v1.5.0.
        endpoint_picker_replicas: 2 for a standby: one is active, the other waits.
        objective_name: What requests send as `x-gateway-inference-objective` to have the priority. Default:
            `<name>-server-objective`.
        objective_priority: Priority of such requests; higher goes first when the pool is full.
    """

    chart_version: str = "v1.5.0"
    endpoint_picker_replicas: Annotated[int, Between(1, 5)] = 1
    objective_name: str | None = None
    objective_priority: int = 10

    def __post_init__(self) -> None:
        refuse(wrong_settings(self))
