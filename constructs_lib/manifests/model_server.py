"""A server as a Deployment: a pod takes the chips of a node, some of its GPUs, or a part of one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from constructs_lib.manifests import region_header
from constructs_lib.manifests._objects import Manifest, manifest
from constructs_lib.manifests.accelerator import Accelerator
from constructs_lib.manifests.probes import PORT_NAME, probes
from constructs_lib.manifests.served_weights import ServedWeights
from constructs_lib.server_process import ServerProcess
from constructs_lib.specs import HealthCheckSpec, ServerSpec
from constructs_lib.specs.mounts import CACHE, SHARED_MEMORY, TEMPORARY

CLAIM = "interfaces"
REQUESTS_LABEL = "gateway-requests"

# 16 GiB, as the vLLM TPU images are run in their own examples; the 64 MiB of a container stop its workers.
SHARED_MEMORY_LIMIT = "16Gi"
# What a server writes itself as a rule: compiled programs, logs, temporary files.
OWN_FILES_GIB = 5
# What it may write, by folder. A pod that writes more is evicted, so they are far above the rule.
WRITABLE = {"cache": (CACHE, "16Gi"), "temporary": (TEMPORARY, "8Gi")}
# Image pull (10 GB) and a new node, before the start-up itself.
BEFORE_START_SEC = 900

# Triton, Inductor, FlashInfer, CUDA and others write below the home folder (vllm-project/vllm#40275).
HOME = {"HOME": CACHE}


def request_labels(routed: bool) -> dict[str, str]:
    """Return the label of a Deployment that says whether the gateway has requests for its servers."""
    return {REQUESTS_LABEL: "yes" if routed else "no"}


def deployment(
    *,
    name: str,
    namespace: str,
    labels: Mapping[str, str],
    service_account: str,
    spec: ServerSpec,
    process: ServerProcess,
    mounted: ServedWeights,
    region: str,
    region_header_config: str,
    replicas: int | None,
    accelerator: Accelerator,
    claim_template: str | None,
    health_check: HealthCheckSpec,
    read_only: bool,
    routed: bool = True,
) -> Manifest:
    """
    Return the servers of one cluster.

    Args:
        name: Name of the Deployment.
        namespace: Namespace, with the service account and the claim template in it.
        labels: Labels of the Deployment and its pods; they select the pods, so they cannot change.
        service_account: Kubernetes service account that may read the bucket, or the token.
        spec: Image, port, times and the user's environment.
        process: Command, arguments and environment of the server's kind.
        mounted: How the pods have their weights.
        region: What the header `x-inference-region` of each answer says.
        region_header_config: ConfigMap with the code that adds it, for servers that can load it.
        replicas: Pods; None where something else scales (no `replicas` field, or each apply would reset the count).
        accelerator: Chips of one pod.
        claim_template: ResourceClaimTemplate with the DRANET interfaces; None without DRANET.
        health_check: How the gateway finds dead servers; the kubelet asks in the same way.
        read_only: Whether the image's own files cannot be changed; home and temporary files are then on volumes.
        routed: Whether the gateway has requests for it, which a label of the Deployment says.
    """
    pod = {
        "serviceAccountName": service_account,
        # The FUSE driver gets its own token from the kubelet; servers talk to no API server.
        "automountServiceAccountToken": False,
        # A Service called `vllm` would set VLLM_PORT, which vLLM reads.
        "enableServiceLinks": False,
        "hostIPC": accelerator.host_ipc or None,
        "runtimeClassName": accelerator.runtime_class,
        "schedulerName": accelerator.scheduler,
        "nodeSelector": dict(accelerator.node_selector) or None,
        "tolerations": [dict(toleration) for toleration in accelerator.tolerations] or None,
        "terminationGracePeriodSeconds": spec.termination_grace_sec,
        "securityContext": {"seccompProfile": {"type": "RuntimeDefault"}, "fsGroup": mounted.fs_group},
        "topologySpreadConstraints": _spread(labels),
        "resourceClaims": [{"name": CLAIM, "resourceClaimTemplateName": claim_template}] if claim_template else None,
        "initContainers": list(mounted.init_containers) or None,
        "containers": [
            _container(spec, process, mounted, region, read_only=read_only, host_ipc=accelerator.host_ipc)
            | {"resources": _resources(accelerator, mounted, claimed=claim_template is not None)}
            | probes(path=spec.ready_path, startup_timeout_sec=spec.startup_timeout_sec, health_check=health_check)
        ],
        # What all servers have is first, the header too, which not every kind mounts: the provider (kubernetes 2.38)
        # compares lists by position, and a volume that takes another's place is sent with what is left of that one,
        # which the API server refuses.
        "volumes": [
            {"name": "shared-memory", "emptyDir": {"medium": "Memory", "sizeLimit": SHARED_MEMORY_LIMIT}},
            *({"name": name, "emptyDir": {"sizeLimit": limit}} for name, (_, limit) in WRITABLE.items()),
            region_header.volume(region_header_config),
            *mounted.volumes,
        ],
    }
    annotations = {**mounted.annotations, **accelerator.annotations}
    template = {
        "metadata": {"labels": {**process.pod_labels, **labels}, "annotations": annotations or None},
        "spec": pod,
    }
    desired = {
        "replicas": replicas,
        "selector": {"matchLabels": dict(labels)},
        # Every accelerator is taken: a new pod gets one only when an old pod has gone.
        "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 0, "maxUnavailable": 1}},
        # The default of 10 minutes would call a healthy start-up failed.
        "progressDeadlineSeconds": start_sec(spec, mounted.download_sec),
        "template": template,
    }
    return manifest(
        "apps/v1",
        "Deployment",
        name=name,
        namespace=namespace,
        labels={**labels, **request_labels(routed)},
        spec=desired,
    )


def start_sec(spec: ServerSpec, download_sec: int) -> int:
    """Return the seconds until a server that takes another's place is ready, its node and *download_sec* included."""
    return spec.startup_timeout_sec + spec.termination_grace_sec + BEFORE_START_SEC + download_sec


def _container(
    spec: ServerSpec,
    process: ServerProcess,
    mounted: ServedWeights,
    region: str,
    *,
    read_only: bool,
    host_ipc: bool,
) -> dict[str, Any]:
    header = region_header.env(region) if spec.answers_with_region else {}
    env = {**process.env, **(HOME if read_only else {}), **header}
    return {
        "name": process.container,
        "image": spec.image,
        "command": list(process.command) or None,
        "args": list(process.args) or None,
        "env": _variables(spec, env) or None,
        "ports": [{"name": PORT_NAME, "containerPort": spec.http_port}],
        # GKE gives TPUs and GPUs to containers without privileges or capabilities. The user is the image's own: for
        # another one vLLM must find a name (kserve/kserve#5666).
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True if read_only else None,
            "capabilities": {"drop": ["ALL"]},
        },
        "lifecycle": {"preStop": {"sleep": {"seconds": process.wait_sec}}} if process.wait_sec > 0 else None,
        "volumeMounts": [
            # With the node's IPC namespace a pod has the node's shared memory, by which it reaches the MPS daemon: a
            # volume would cover it (NVIDIA/k8s-device-plugin#647).
            *([] if host_ipc else [{"name": "shared-memory", "mountPath": SHARED_MEMORY}]),
            *({"name": name, "mountPath": path} for name, (path, _) in _writable(read_only)),
            *([region_header.mount()] if header else []),
            *mounted.mounts,
        ],
    }


def _spread(labels: Mapping[str, str]) -> list[dict[str, Any]]:
    """
    Spread the pods over zones, then over nodes, where there is a choice.

    Accelerator nodes are tainted: without `Honor` the nodes of other pools would count as empty ones. Only pods of the
    same revision count, or a rolling update would be uneven.
    """
    return [
        {
            "maxSkew": 1,
            "topologyKey": key,
            "whenUnsatisfiable": "ScheduleAnyway",
            "nodeTaintsPolicy": "Honor",
            "labelSelector": {"matchLabels": dict(labels)},
            "matchLabelKeys": ["pod-template-hash"],
        }
        for key in ("topology.kubernetes.io/zone", "kubernetes.io/hostname")
    ]


def _writable(read_only: bool) -> list[tuple[str, tuple[str, str]]]:
    """Return the node's folders that the server writes to: a writable image holds its temporary files itself."""
    return [(name, folder) for name, folder in WRITABLE.items() if read_only or name == "cache"]


def _resources(accelerator: Accelerator, weights: ServedWeights, *, claimed: bool) -> dict[str, Any]:
    """Set no limit of memory: it would count the pages of the weights that are read, and only throttle the reading."""
    return accelerator.resources(disk_gib=OWN_FILES_GIB + weights.disk_gib, claims=(CLAIM,) if claimed else ())


def _variables(spec: ServerSpec, env: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return the environment: the user's own goes last, so it wins."""
    plain = [{"name": key, "value": value} for key, value in {**env, **spec.env}.items()]
    secrets = [
        {"name": key, "valueFrom": {"secretKeyRef": {"name": secret.name, "key": secret.key}}}
        for key, secret in spec.secret_env.items()
    ]
    return [*plain, *secrets]
