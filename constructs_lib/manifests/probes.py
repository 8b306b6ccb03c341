"""How the kubelet asks a model server for its health: soon taken out, late restarted."""

from __future__ import annotations

from math import ceil
from typing import Any

from constructs_lib.specs import HealthCheckSpec

PORT_NAME = "http"

STARTUP_PERIOD_SEC = 10
STARTUP_TIMEOUT_SEC = 5

# A busy server answers late: 1 to 2 s were missed by healthy ones (scaleapi/llm-engine#255, gonka-ai/gonka#1421), and
# llm-d waits 15 s (llm-d/llm-d-benchmark#1734).
LIVENESS_TIMEOUT_SEC = 20
LIVENESS_PERIOD_SEC = 30
# A restart loads the weights again, which takes minutes: it must be rarer than what it repairs.
LIVENESS_SEC = 300
# A server that failed its probes has no requests to finish.
FAILED_GRACE_SEC = 10


def probes(*, path: str, startup_timeout_sec: int, health_check: HealthCheckSpec) -> dict[str, Any]:
    """
    Return the three probes of a container whose port is called `PORT_NAME`.

    Readiness is the gateway's own health check, so that the endpoint picker, which reads it, and the load balancer let
    go of a server at the same time. Liveness comes far later: a server that is out of the way has time to work off its
    load, and only one that hangs is restarted.

    Args:
        path: Path that answers once the server is ready.
        startup_timeout_sec: Seconds in which the server must have started; until then the others do not ask.
        health_check: How the gateway finds dead servers.
    """
    failed = {"terminationGracePeriodSeconds": FAILED_GRACE_SEC}
    return {
        "startupProbe": _get(path, STARTUP_TIMEOUT_SEC)
        | {"periodSeconds": STARTUP_PERIOD_SEC, "failureThreshold": ceil(startup_timeout_sec / STARTUP_PERIOD_SEC)}
        | failed,
        "readinessProbe": _get(path, health_check.timeout_sec)
        | {"periodSeconds": health_check.interval_sec, "failureThreshold": health_check.unhealthy_threshold},
        "livenessProbe": _get(path, LIVENESS_TIMEOUT_SEC)
        | {"periodSeconds": LIVENESS_PERIOD_SEC, "failureThreshold": ceil(hung_sec(health_check) / LIVENESS_PERIOD_SEC)}
        | failed,
    }


def hung_sec(health_check: HealthCheckSpec) -> int:
    """Return the seconds without an answer after which a server is restarted: twice what the gateway takes, or more."""
    return max(LIVENESS_SEC, 2 * health_check.detection_sec)


def _get(path: str, timeout_sec: int) -> dict[str, Any]:
    return {"httpGet": {"path": path, "port": PORT_NAME}, "timeoutSeconds": timeout_sec}
