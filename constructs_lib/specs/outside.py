"""A cluster that is not on Google Cloud: how it is reached, and what of the platform runs there."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Literal

from constructs_lib.specs.dns import wrong_address
from constructs_lib.specs.external_dns import OutsideExternalDnsSpec
from constructs_lib.specs.gpu_stack import GpuOperatorSpec, HamiSpec
from constructs_lib.specs.hugging_face import KubernetesSecretSpec
from constructs_lib.specs.limits import Between, refuse, wrong_settings

Preset = Literal["ack", "vks", "rke2", "k3s", "plain"]


@dataclass(frozen=True, kw_only=True)
class ExecSpec:
    """
    A program that signs in to a cluster.

    Args:
        command: The program.
        args: Its arguments; none is a secret.
        env: Its environment; none is a secret.
        api_version: Form of its answer.
    """

    command: str
    args: tuple[str, ...] = ()
    env: dict[str, str] = field(default_factory=dict)
    api_version: str = "client.authentication.k8s.io/v1"

    def __post_init__(self) -> None:
        refuse(wrong_settings(self))


@dataclass(frozen=True, kw_only=True)
class OutsideAutoscalingSpec:
    """
    How the servers of a model scale in a cluster outside, by what is measured there.

    Args:
        min_replicas: Fewest servers.
        max_replicas: Most servers.
        cpu_percent: Use of the CPUs that a pod asks for, 1 to 100.
    """

    max_replicas: Annotated[int, Between(1, 10_000)]
    min_replicas: Annotated[int, Between(1, 10_000)] = 1
    cpu_percent: Annotated[int, Between(1, 100)] = 70

    def __post_init__(self) -> None:
        refuse(wrong_settings(self))


@dataclass(frozen=True, kw_only=True)
class OutsideModelSpec:
    """
    One model in a cluster outside.

    Args:
        gpus: GPUs of a pod; 0 for none.
        cpus: CPUs that a pod asks for.
        memory_gib: GiB of memory that a pod asks for.
        gpu_memory_gib: GiB of memory of each GPU that a pod gets, where GPUs are shared. Default: all of it.
        gpu_cores_percent: Share of a GPU's compute that a pod gets, where GPUs are shared. Default: no limit.
        replicas: Pods. Not together with `autoscaling`.
        autoscaling: Lets the number of pods follow the load. Default: a fixed number.
    """

    gpus: Annotated[int, Between(0, 16)] = 1
    cpus: Annotated[int, Between(1, 512)] = 2
    memory_gib: Annotated[int, Between(1, 8192)] = 8
    gpu_memory_gib: Annotated[int | None, Between(1, 1024)] = None
    gpu_cores_percent: Annotated[int | None, Between(1, 100)] = None
    replicas: Annotated[int, Between(0, 10_000)] = 1
    autoscaling: OutsideAutoscalingSpec | None = None

    def __post_init__(self) -> None:
        refuse(wrong_settings(self))


@dataclass(frozen=True, kw_only=True)
class EndpointsSpec:
    """
    Fixed addresses behind a Service of the cluster.

    Args:
        addresses: IPv4 addresses.
        port: Their port, and the Service's.
    """

    addresses: tuple[str, ...]
    port: Annotated[int, Between(1, 65535)]

    def __post_init__(self) -> None:
        refuse(wrong_settings(self))


@dataclass(frozen=True, kw_only=True)
class TunnelSpec:
    """
    A Cloudflare Tunnel from the cluster to Cloudflare's edge: the cluster needs no address of its own.

    Args:
        secret: Secret in the platform's namespace that holds the tunnel's token.
        key: Key of the token in it.
        replicas: Pods that hold the tunnel open.
        image: Image of cloudflared.
    """

    secret: str
    key: str = "token"
    replicas: Annotated[int, Between(1, 25)] = 2
    image: str = "docker.io/cloudflare/cloudflared:2025.11.1"

    def __post_init__(self) -> None:
        refuse(wrong_settings(self))


@dataclass(frozen=True, kw_only=True)
class LoadBalancerControllerSpec:
    """
    The controller of VNG Cloud's load balancers, whose chart takes credentials as values alone.

    They come from Secret Manager at each apply, and are in no plan and no state of Terraform; the release in the
    cluster has them, as the chart's own Secret does.

    Args:
        chart_version: Version of its chart.
        cluster_id: ID of the cluster in VNG Cloud.
        region: Region of VNG Cloud, such as `hcm-3`.
        client_id: Secret of Secret Manager that holds the ID of the service account.
        client_secret: Secret of Secret Manager that holds its secret.
    """

    chart_version: str
    cluster_id: str
    region: str
    client_id: str
    client_secret: str

    def __post_init__(self) -> None:
        refuse(wrong_settings(self))


@dataclass(frozen=True, kw_only=True)
class OutsideSpec:
    """
    A cluster that is not on Google Cloud, with the same models.

    Args:
        preset: What kind of cluster it is: `ack` (Alibaba Cloud), `vks` (VNG Cloud), `rke2`, `k3s` or `plain`.
        kubeconfig: Path of a kubeconfig file on the machine that runs Terraform; nothing of the file is in state.
        context: Its context.
        host: Address of the API server, in place of a kubeconfig file.
        ca: Its certificate authority in PEM form.
        exec: The program that signs in.
        address: Static IPv4 address in front of its ingress: its target in DNS. Default: it is no target.
        near: Google Cloud region that it is nearest to, for the policy `geo`, and as a backup of `failover`.
        ingress_class: IngressClass of its servers. Default: that of the preset.
        ingress_annotations: Annotations of the Ingress, beside those of the preset.
        gateway: Gateway that exists there, as `namespace/name`, for an HTTPRoute in place of an Ingress.
        tls_secret: Secret of type kubernetes.io/tls there, for HTTPS of its Ingress. Default: HTTP alone.
        hugging_face_token: Secret there with the token, in the platform's namespace: each server downloads its weights.
        gpu_sharing: How its nodes share GPUs, as Alibaba Cloud labels them: `cgpu` with isolated memory, `core_mem`
            with isolated compute too, `share` with neither, `default` not at all.
        node_selector: Labels of the nodes for its servers, beside those of the preset.
        models: Models that it serves, by key. Default: every model that can run there.
        gpu_operator: NVIDIA's GPU Operator. Default: GPUs are given out as the cluster does.
        hami: HAMi. Default: none.
        load_balancer_controller: The controller of VNG Cloud's load balancers. Default: it is there, or not needed.
        monitoring: How Prometheus finds the servers: `service_monitor`, `annotations` or `none`.
        endpoints: Fixed addresses as Services of the cluster, by the Service's name.
        tunnel: A tunnel to Cloudflare's edge. Default: none.
        external_dns: ExternalDNS there. Default: none.
    """

    preset: Preset
    kubeconfig: str | None = None
    context: str | None = None
    host: str | None = None
    ca: str | None = None
    exec: ExecSpec | None = None
    address: str | None = None
    near: str | None = None
    ingress_class: str | None = None
    ingress_annotations: dict[str, str] = field(default_factory=dict)
    gateway: str | None = None
    tls_secret: str | None = None
    hugging_face_token: KubernetesSecretSpec | None = None
    gpu_sharing: Literal["default", "cgpu", "core_mem", "share"] | None = None
    node_selector: dict[str, str] = field(default_factory=dict)
    models: dict[str, OutsideModelSpec] = field(default_factory=dict)
    gpu_operator: GpuOperatorSpec | None = None
    hami: HamiSpec | None = None
    load_balancer_controller: LoadBalancerControllerSpec | None = None
    monitoring: Literal["none", "service_monitor", "annotations"] = "none"
    endpoints: dict[str, EndpointsSpec] = field(default_factory=dict)
    tunnel: TunnelSpec | None = None
    external_dns: OutsideExternalDnsSpec | None = None

    def __post_init__(self) -> None:
        refuse([*wrong_settings(self), *wrong_address(self.address)])
