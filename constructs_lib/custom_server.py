"""Any other HTTP server: its image, command, arguments and port are the config's."""

from __future__ import annotations

from constructs_lib.server_process import OFFLINE, Launch, ServerMetrics, ServerProcess, leave_sec
from constructs_lib.specs import ServerSpec

CONTAINER = "server"
"""Name of the container of a server."""


def metrics(server: ServerSpec) -> ServerMetrics | None:
    """Return its gauge, if it has one."""
    return ServerMetrics(engine="custom", gauge=server.metric) if server.metric else None


def process(server: ServerSpec, launch: Launch) -> ServerProcess:
    """Return the process. What it does at SIGTERM is not known, so load balancer and picker let go of it before."""
    has_volume = launch.weights is not None and launch.weights.is_mounted
    return ServerProcess(
        container=CONTAINER,
        command=server.command,
        args=server.extra_args,
        env=OFFLINE if has_volume else {},
        wait_sec=leave_sec(server.termination_grace_sec),
    )


def describe(server: ServerSpec) -> str:
    """Return what is known of it."""
    behind = f"gauge {server.metric}" if server.metric else "no gauge, so it is behind a Service"
    return f"another server on port {server.http_port}: {behind}, ready at {server.ready_path}"
