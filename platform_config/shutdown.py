"""How servers end: as each section says, or within seconds for `shutdown: fast`."""

from __future__ import annotations

from dataclasses import replace

from constructs_lib.specs import GatewaySpec, ServerSpec
from platform_config.config import Config

FAST_GRACE_SEC = 10
"""The most that seed 004 advises for `terminationGracePeriodSeconds`."""


def served_gateway(config: Config) -> GatewaySpec:
    """Return the gateway with the time that running requests have when a server goes."""
    return replace(config.gateway, draining_sec=FAST_GRACE_SEC) if config.shutdown == "fast" else config.gateway


def served_server(config: Config, spec: ServerSpec) -> ServerSpec:
    """Return the server *spec* with the seconds that a pod has to end."""
    return replace(spec, termination_grace_sec=FAST_GRACE_SEC) if config.shutdown == "fast" else spec
