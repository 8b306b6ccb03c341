"""The servers by their kind: the one place that knows which module is whose."""

from __future__ import annotations

from constructs_lib import custom_server, sglang, vllm
from constructs_lib.server_process import Launch, ServerMetrics, ServerProcess
from constructs_lib.specs import ServerSpec


def process(server: ServerSpec, launch: Launch) -> ServerProcess:
    """
    Return the process that *server* is in its container.

    Raises:
        ValueError: The version of vLLM or SGLang is not known.
    """
    match server.kind:
        case "vllm":
            return vllm.process(server, launch)
        case "sglang":
            return sglang.process(server, launch)
        case "custom":
            return custom_server.process(server, launch)


def metrics(server: ServerSpec) -> ServerMetrics | None:
    """
    Return the metrics of *server* that others read; None for one that has none.

    Raises:
        ValueError: The version of vLLM or SGLang is not known.
    """
    match server.kind:
        case "vllm":
            return vllm.metrics(server)
        case "sglang":
            return sglang.metrics(server)
        case "custom":
            return custom_server.metrics(server)


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
    match server.kind:
        case "vllm":
            return vllm.describe(server)
        case "sglang":
            return sglang.describe(server)
        case "custom":
            return custom_server.describe(server)
