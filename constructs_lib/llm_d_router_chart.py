"""
The llm-d-router-gateway chart, which continues inferencepool: which versions there are, and what they take.

Rendered, it makes the objects of inferencepool v1.5.0, each under its name, with other labels of the picker's pods; so
ports, container and names are facts of that chart. Source: llm-d/llm-d-router v0.10.0, config/charts, and
hack/push-chart.sh for the address and the "v" of the version.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from constructs_lib import vllm
from constructs_lib.picker_config import config_values, picker_resources
from constructs_lib.server_process import ServerMetrics

REPOSITORY = "oci://ghcr.io/llm-d/charts"
CHART = "llm-d-router-gateway"
VERSIONS = ("v0.10.0",)
PICKER_LABEL = "llm-d-router-gateway"
"""Label of the endpoint picker's pods, whose value is its name."""
CONFIG_VERSION = "llm-d.ai/v1alpha1"
"""API version of the endpoint picker's configuration."""
PARSERS = ("openai-parser", "anthropic-parser", "vllmhttp-parser", "passthrough-parser")
"""
What reads the bodies of requests: its own, and last one that lets other paths pass, such as `/rerank`.

Without it v0.10.0 answers 400 to a path that it does not know (pkg/epp/handlers/parsers.go); later it is one of its own
(llm-d/llm-d-router#2507).
"""
REQUESTS = (4, 8)
"""
CPUs and GiB of memory that one endpoint picker asks for, as with inferencepool.

The chart's own 8 CPUs are for prompts of 100,000 tokens (docs/operations.md there), and would need larger nodes of the
system pool. Without a limit it may use more.
"""


def values(
    version: str,
    *,
    labels: Mapping[str, str],
    port: int,
    replicas: int,
    metrics: ServerMetrics,
    autopilot: bool = False,
    local: bool = False,
) -> dict[str, Any]:
    """
    Return the values, which are the same for each version; the arguments are those of `inferencepool_chart.values`.

    A flag that names a metric stops the picker (pkg/epp/server/options.go): metrics of other servers are in its file,
    which the picker of v0.10.0 was seen to take.
    """
    picker: dict[str, Any] = {
        "replicas": replicas,
        "parsers": list(PARSERS),
        "flags": {"v": "1"},
        "resources": picker_resources(*REQUESTS),
    }
    if metrics != vllm.metrics_with(vllm.KV_CACHE_METRIC):
        picker |= config_values(metrics, api_version=CONFIG_VERSION, parsers=PARSERS)
    router = {
        "epp": picker,
        "modelServers": {"type": "vllm", "matchLabels": dict(labels), "targetPorts": [{"number": port}]},
        "monitoring": _NO_MONITORING if local else _managed_prometheus(autopilot=autopilot),
    }
    return {"provider": {"name": "none"} if local else _GKE, "router": router}


_GKE = {
    "name": "gke",
    # Its pickers that are preferred are in Services of their own, which have to be put before the load balancer by hand
    # (llm-d/llm-d-router#1681); without it, pickers elect one of them, and the others wait.
    "gke": {"preferredBackends": {"enabled": False}},
}
_NO_MONITORING = {"prometheus": {"enabled": False, "auth": {"enabled": False}}}
"""No monitoring by the chart, and no token for metrics, which the platform has read itself then."""


def _managed_prometheus(*, autopilot: bool) -> dict[str, Any]:
    provider = {"name": "gmp", "gmp": {"autopilot": autopilot}}
    return {"prometheus": {"enabled": True}, "provider": provider}
