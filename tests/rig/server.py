"""Providers that Terraform attaches to, in threads of this process."""

import json
import os
import re
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import grpc

from tests.checks.schemas import Provider, providers
from tests.rig.cloud import Cloud, RefusedError
from tests.rig.provider import RigProvider, problems
from tests.rig.wire import PROTOCOL, decode, encode

HOST = "127.0.0.1"
METHODS = [message.removesuffix(".Request") for message in PROTOCOL if message.endswith(".Request")]


class Rig:
    """
    A cloud, and the providers that change it, each on a port of its own. Stop it when done.

    Args:
        attach: The providers by source. Default: those that a config without `providers` asks for.

    Attributes:
        cloud: What Terraform works on.
        environment: For `terraform`: these providers, and no setting of the user's own.
    """

    def __init__(self, attach: Mapping[str, Provider] | None = None) -> None:
        self.cloud = Cloud()
        self._servers = []
        attached: dict[str, Any] = {}
        for source, provider in (attach or providers()).items():
            server = grpc.server(ThreadPoolExecutor(32))
            server.add_generic_rpc_handlers([_handlers(RigProvider(provider, self.cloud))])
            address = {"Network": "tcp", "String": f"{HOST}:{server.add_insecure_port(f'{HOST}:0')}"}
            told = {"Protocol": "grpc", "ProtocolVersion": 6, "Pid": os.getpid(), "Test": True, "Addr": address}
            # OpenTofu has a registry of its own, where the same name is another address.
            attached |= {f"registry.{host}/{source}": told for host in ("terraform.io", "opentofu.org")}
            server.start()
            self._servers.append(server)
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith("TF_")} | {
            "CHECKPOINT_DISABLE": "1",
            "GOGC": "off",  # each run is over before there is garbage worth collecting
            "TF_CLI_CONFIG_FILE": os.devnull,
            "TF_REATTACH_PROVIDERS": json.dumps(attached),
        }

    def stop(self) -> None:
        """Answer nothing more."""
        for server in self._servers:
            server.stop(grace=None)


def _handlers(provider: RigProvider) -> Any:
    """Handle each method: bytes in, bytes out."""
    handler = grpc.unary_unary_rpc_method_handler
    methods: dict[str, Any] = {method: handler(partial(_answer, provider, method)) for method in METHODS}
    return grpc.method_handlers_generic_handler("tfplugin6.Provider", methods)


def _answer(provider: RigProvider, method: str, request: bytes, context: Any) -> bytes:
    """Answer a request with the provider's method; without such a method the answer is empty."""
    answer = getattr(provider, re.sub(r"(?<!^)(?=[A-Z])", "_", method).lower(), None)
    try:
        # Terraform has a connection of its own for each configured provider, aliases included.
        told = answer(context.peer(), decode(f"{method}.Request", request)) if answer else {}
    except RefusedError as refused:
        told = problems(str(refused))
    return told if isinstance(told, bytes) else encode(f"{method}.Response", told)
