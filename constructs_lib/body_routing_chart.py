"""The body-based-routing chart: which versions there are, what they take, and what their pods need."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

REPOSITORY = "oci://registry.k8s.io/gateway-api-inference-extension/charts"
CHART = "body-based-routing"
IMAGE = "registry.k8s.io/gateway-api-inference-extension/bbr"
"""Its tag is the version of the chart, in every version."""

NAME = "body-based-router"
"""
Release, Deployment, Service and GCPRoutingExtension: the chart's own default.

One of them has room in a namespace: the chart's HealthCheckPolicy has the same name in every release.
"""
LABELS = {"app": NAME}
"""Labels of its pods."""
EXT_PROC_PORT = 9004
GRPC_HEALTH_PORT = 9005

MODEL_HEADER = "X-Gateway-Model-Name"
"""What the body names: a model or an adapter."""
BASE_MODEL_HEADER = "X-Gateway-Base-Model-Name"
"""The model that has it; empty for a name that no ConfigMap has."""
MANAGED_LABEL = "inference.networking.k8s.io/bbr-managed"
"""Of the ConfigMaps that are read."""


@dataclass(frozen=True, kw_only=True)
class ChartVersion:
    """
    What differs between versions, read from the templates and the program at each tag.

    The values that are set here are the same in all of them. Others are not: the image is `hub`, `name` and `tag` up to
    v1.4.0, and `registry`, `repository` and `tag` in v1.5.0; `plugins` came with v1.4.0, and `tracing` with v1.5.0.

    Attributes:
        status_of_no_json: What a body that is no JSON gets: older ones end the call, and the load balancer answers 500.
    """

    status_of_no_json: int


# v1.3 is the first whose answers to the load balancer are cut into parts (#2056), so that a body may be larger than
# 128 KB, and the first with the header of the base model. v1.5.0 is the last: llm-d's payload processor follows.
VERSIONS: Mapping[str, ChartVersion] = {
    "v1.3.1": ChartVersion(status_of_no_json=500),
    "v1.4.0": ChartVersion(status_of_no_json=500),
    "v1.5.0": ChartVersion(status_of_no_json=400),
}


def chart_version(version: str) -> ChartVersion:
    """
    Return what is special about *version*.

    Raises:
        ValueError: It is not known, so that its values could be wrong without anybody noticing.
    """
    found = VERSIONS.get(version)
    if found is None:
        raise ValueError(f"chart_version must be one of {', '.join(VERSIONS)}, got '{version}'")
    return found


def values(version: str, *, gateway: str, replicas: int) -> dict[str, Any]:
    """
    Return the chart's values.

    Args:
        version: Version of the chart, such as `v1.5.0`.
        gateway: Name of the Gateway whose requests are read.
        replicas: Pods that read them.

    Raises:
        ValueError: The version is not known.
    """
    chart_version(version)
    # From 4 on, the program writes whole bodies into its log.
    router = {"name": NAME, "replicas": replicas, "flags": {"v": "1"}}
    return {"provider": {"name": "gke"}, "inferenceGateway": {"name": gateway}, "bbr": router}
