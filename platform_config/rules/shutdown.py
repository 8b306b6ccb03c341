"""Rules about how servers end."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from typing import Any

from constructs_lib.specs import GatewaySpec, ServerSpec
from platform_config.config import Config
from platform_config.errors import Problem
from platform_config.rules.rule import Rule, models
from platform_config.shutdown import FAST_GRACE_SEC


def _own_times(config: Config) -> Iterator[Problem]:
    """Say which times stand beside `shutdown: fast`, which sets them."""
    if config.shutdown != "fast":
        return
    given = [("gateway.draining_sec", config.gateway.draining_sec, _default(GatewaySpec, "draining_sec"))]
    for path, model in models(config):
        grace = _default(ServerSpec, "termination_grace_sec")
        given.append((f"{path}.server.termination_grace_sec", model.spec.server.termination_grace_sec, grace))
    for path, value, default in given:
        if value != default:
            message = f"must be left out for shutdown: fast, which makes it {FAST_GRACE_SEC}, got {value}"
            yield Problem(path, message, "remove the line, or write shutdown: graceful")


def _long_requests(config: Config) -> Iterator[Problem]:
    if config.shutdown == "fast" and config.gateway.timeout_sec > FAST_GRACE_SEC:
        message = (
            f"should be graceful where requests may take {config.gateway.timeout_sec} s: what runs longer than "
            f"{FAST_GRACE_SEC} s is cut when a pod goes, got fast"
        )
        yield Problem("shutdown", message, "write graceful; or set gateway.timeout_sec to what requests take")


def _default(spec: type[GatewaySpec | ServerSpec], name: str) -> Any:
    return next(field.default for field in fields(spec) if field.name == name)


RULES = (
    Rule(
        "SHUTDOWN-TIMES",
        "`shutdown: fast` sets the times in which a server ends",
        "Two settings for one time: nobody could say which counts.",
        "by design",
        _own_times,
    ),
    Rule(
        "SHUTDOWN-CUT",
        "Servers that end fast have short requests",
        "An answer that is half given is lost, and its client must ask again.",
        "Kubernetes, Pod Lifecycle; seed 004",
        _long_requests,
        severity="warning",
    ),
)
