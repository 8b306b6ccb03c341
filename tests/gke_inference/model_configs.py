"""Configs with several models, for commands that measure one of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from platform_config.config import Config
from tests.configs import EXAMPLE, changed

GEMMA: dict[str, Any] = changed()["models"]["gemma"]
SMALL: dict[str, Any] = {
    "address": {"path": "/small", "host": "small.example.com", "headers": {"x-tier": "free"}},
    "weights": {**GEMMA["weights"], "repository": "google/gemma-3-4b-it", "size_gib": 9,
                "lora_adapters": {"reviews": {"repository": "owner/reviews"}}},
    "server": {**GEMMA["server"], "max_lora_rank": 8},
    "node_pools": ["tpu-small"],
}  # fmt: skip
SPEECH: dict[str, Any] = {
    "address": {"path": "/speech"},
    "server": {"kind": "custom", "image": "ghcr.io/remsky/kokoro-fastapi-gpu:v0.2.4", "port": 8880,
               "health_path": "/health", "gpu_memory_gib": 8},
    "node_pools": ["l4"],
    "traffic": {"max_in_flight_requests": 4},
}  # fmt: skip
"""Kokoro-FastAPI: a custom server without a metric, so it is behind a Service, and its answers name no region."""


def several_models() -> dict[str, Any]:
    """Return the example with two more models, each on a pool of its own."""
    return changed(
        EXAMPLE,
        service_discovery=True,
        models__gemma__address={"path": "/gemma"},
        models__gemma__node_pools=["tpu"],
        models__small=SMALL,
        models__speech=SPEECH,
        **{"node_pools__tpu-small": {"machine_type": "ct6e-standard-1t", "topology": "1x1"}},
        node_pools__l4={"machine_type": "g2-standard-8"},
    )


def several_models_config() -> Config:
    """Return that as a Config."""
    return Config.model_validate(several_models())


def write_config(path: Path, settings: dict[str, Any]) -> Path:
    """Write *settings* as a config file."""
    path.write_text(yaml.safe_dump(settings, sort_keys=False))
    return path
