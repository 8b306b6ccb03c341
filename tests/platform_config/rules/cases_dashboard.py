"""Cases of the rules about the dashboard."""

from __future__ import annotations

from platform_config.rules.dashboard import KINDS
from tests.platform_config.rules.case import Case, More

ALL = ", ".join(KINDS)
CUSTOM = {
    "kind": "custom",
    "image": "ghcr.io/me/speech:v1",
    "port": 8880,
    "health_path": "/health",
}

CASES: dict[str, Case] = {
    "DASH-NAME": Case(
        {"observability__panels": ["kv-cache", "requests"]},
        {"observability__panels": ["kv-cash", "requests"]},
        f"observability.panels[0]: must be one of {ALL}, got 'kv-cash' -> did you mean 'kv-cache'?",
    ),
    "DASH-OFF": Case(
        {"observability__dashboard": False},
        {"observability__dashboard": False, "observability__panels": ["requests"]},
        "observability.panels: should be left out where observability.dashboard is false, got 1 -> remove it, or write "
        "dashboard: true",
    ),
    "DASH-METRIC": Case(
        {"observability__panels": ["tpu-busy"]},
        {"observability__panels": ["tpu-busy", "gpu-busy"]},
        "observability.panels[1]: must be of a metric that the platform has, got 'gpu-busy', which needs a model on "
        "GPUs -> remove it",
    ),
}

MORE: dict[str, More] = {
    "a panel by another tool's name": (
        "DASH-NAME",
        {"observability__panels": ["ttft"]},
        [f"observability.panels[0]: must be one of {ALL}, got 'ttft' -> did you mean 'first-token'?"],
    ),
    "a panel named twice": (
        "DASH-NAME",
        {"observability__panels": ["queue", "requests", "queue"]},
        ["observability.panels[2]: must be named once, got 'queue' again -> remove it"],
    ),
    "a panel that no name is like": (
        "DASH-NAME",
        {"observability__panels": ["weather"]},
        [f"observability.panels[0]: must be one of {ALL}, got 'weather' -> remove it"],
    ),
    "panels of a server without metrics": (
        "DASH-METRIC",
        {
            "models__gemma__server": CUSTOM,
            "service_discovery": True,
            "observability__panels": ["queue", "kv-cache", "model-names", "replicas"],
        },
        [
            f"observability.panels[{index}]: must be of a metric that the platform has, got '{name}', which needs "
            f"{KINDS[name].needs} -> remove it"
            for index, name in enumerate(("queue", "kv-cache", "model-names"))
        ],
    ),
    "a panel of an objective that nobody has": (
        "DASH-METRIC",
        {"observability__panels": ["availability"]},
        [
            "observability.panels[0]: must be of a metric that the platform has, got 'availability', which needs a "
            "model with objectives.availability_percent -> remove it"
        ],
    ),
    "a panel of logs that nobody counts": (
        "DASH-METRIC",
        {"observability__panels": ["proxy-errors"], "observability__log_metrics": False},
        [
            "observability.panels[0]: must be of a metric that the platform has, got 'proxy-errors', which needs "
            "observability.log_metrics, and gateway.log_sample_percent above 0 -> remove it"
        ],
    ),
}
