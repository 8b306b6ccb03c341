"""What both charts give an endpoint picker: its resources, and the file that names what it reads of the servers."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from constructs_lib.manifests._objects import named_by_content
from constructs_lib.server_process import ServerMetrics

SCORERS = {"queue-scorer": 2, "kv-cache-utilization-scorer": 2, "prefix-cache-scorer": 3}
"""Those of both charts' own files, with their weights."""


def config_values(metrics: ServerMetrics, *, api_version: str, parsers: Sequence[str] = ()) -> dict[str, Any]:
    """
    Return the values with which a chart gives its picker this file; another content has another name.

    Args:
        metrics: What the servers export.
        api_version: Of the file.
        parsers: What reads the bodies of requests, the first that knows the path. Default: the picker's own.
    """
    config = _config(metrics, api_version)
    if parsers:
        config["plugins"] += [{"type": name} for name in parsers]
        config["requestHandler"] = {"parsers": [{"pluginRef": name} for name in parsers]}
    text = json.dumps(config, indent=1)
    # The picker reads the file when it starts: with another content it starts anew.
    name = f"{named_by_content('server-metrics', text)}.yaml"
    return {"pluginsConfigFile": name, "pluginsCustomConfig": {name: text}}


def picker_resources(cpu: int, memory_gib: int) -> dict[str, Any]:
    """Return the requests, and twice the memory as limit, should it leak. As upstream, no CPU limit for its bursts."""
    return {
        "requests": {"cpu": str(cpu), "memory": f"{memory_gib}Gi", "ephemeral-storage": "256Mi"},
        "limits": {"memory": f"{2 * memory_gib}Gi"},
    }


def _config(metrics: ServerMetrics, api_version: str) -> dict[str, Any]:
    """
    Return the endpoint picker's configuration: its default one with the names of these *metrics*.

    Source: gateway-api-inference-extension v1.5.0, pkg/epp/framework/plugins/datalayer/extractor/metrics/factories.go
    and config/charts/epplib/templates/_config.yaml; llm-d-router v0.10.0 has the same names, and adds the source of
    metrics itself where a file names none (pkg/epp/config/loader/defaults.go).
    """
    names = {
        "queuedRequestsSpec": metrics.queued,
        "runningRequestsSpec": metrics.running,
        "kvUsageSpec": metrics.gauge,
        "loraSpec": metrics.lora,
        "cacheInfoSpec": metrics.cache_info,
        "cacheBlockSizeSpec": metrics.page_size,
        "cacheNumBlocksSpec": metrics.pages,
    }
    engine = {"name": metrics.engine, **{key: name for key, name in names.items() if name}}
    # The picker itself knows an SGLang that has the size of its cache as labels.
    engines = [] if metrics.engine == "sglang" and not metrics.pages else [engine]
    extractor = {
        "type": "core-metrics-extractor",
        "parameters": {"defaultEngine": metrics.engine, "engineConfigs": engines},
    }
    profile = {
        "name": "default",
        "plugins": [{"pluginRef": name, "weight": weight} for name, weight in SCORERS.items()],
    }
    return {
        "apiVersion": api_version,
        "kind": "EndpointPickerConfig",
        "plugins": [*({"type": name} for name in SCORERS), extractor],
        "schedulingProfiles": [profile],
    }
