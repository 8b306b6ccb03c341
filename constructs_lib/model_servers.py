"""The servers by their kind: the one place that knows which module is whose."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from constructs_lib import custom_server, sglang, vllm
from constructs_lib.server_process import Launch, ServerMetrics, ServerProcess
from constructs_lib.specs import ServerSpec


class ServerModule(Protocol):
    """What the module of a kind of server has."""

    CONTAINER: str

    def process(self, server: ServerSpec, launch: Launch) -> ServerProcess:
        """Return the process that *server* is in its container."""

    def metrics(self, server: ServerSpec) -> ServerMetrics | None:
        """Return the metrics that others read; None for a server that has none."""

    def describe(self, server: ServerSpec) -> str:
        """Return in one line which server it is, and what follows from its image."""


MODULES: Mapping[str, ServerModule] = {"vllm": vllm, "sglang": sglang, "custom": custom_server}


def process(server: ServerSpec, launch: Launch) -> ServerProcess:
    """
    Return the process that *server* is in its container.

    Raises:
        ValueError: The version of vLLM or SGLang is not known.
    """
    return MODULES[server.kind].process(server, launch)


def container(server: ServerSpec) -> str:
    """Return the name of the container that *server* runs in."""
    return MODULES[server.kind].CONTAINER


def metrics(server: ServerSpec) -> ServerMetrics | None:
    """
    Return the metrics of *server* that others read; None for one that has none.

    Raises:
        ValueError: The version of vLLM or SGLang is not known.
    """
    return MODULES[server.kind].metrics(server)


def gauge(server: ServerSpec) -> str | None:
    """
    Return the gauge, 0 to 1, that shows how full *server* is; None for one without.

    Raises:
        ValueError: The version of vLLM or SGLang is not known.
    """
    found = metrics(server)
    return found.gauge if found else None


def describe(server: ServerSpec) -> str:
    """
    Return in one line which server it is, and what the product derives from its image.

    Raises:
        ValueError: The version of vLLM or SGLang is not known.
    """
    return MODULES[server.kind].describe(server)
