"""The requests that a gateway sends to the servers of one model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from constructs_lib.manifests._objects import Manifest, manifest
from constructs_lib.manifests.gateway import GATEWAY_API, Backend
from constructs_lib.specs import AddressSpec


def route_name(model: str) -> str:
    """Return the name of the HTTPRoute of *model*."""
    return f"{model}-route"


def http_route(
    *,
    name: str,
    namespace: str,
    gateway: str,
    backends: Sequence[tuple[Backend, int | None]],
    address: AddressSpec | None = None,
    paths: Sequence[str] = (),
    listener: str | None = None,
) -> Manifest:
    """
    Route the requests of one model from *gateway* to its servers.

    No timeout: GKE refuses it on a route, and the backend policy has it.

    Args:
        name: Name of the route.
        namespace: Namespace of all objects.
        gateway: Name of the Gateway.
        backends: What gets the requests, each with its weight; None for the only one.
        address: Which requests: those that fit all of it. None for every request.
        paths: Prefixes of the servers' paths that clients may ask for. Default: all that the servers have.
        listener: Name of the one listener at which it is served. None for all of the Gateway's.
    """
    spec = {
        "parentRefs": [{"kind": "Gateway", "name": gateway, "sectionName": listener}],
        "hostnames": [address.host] if address and address.host else None,
        "rules": [
            {
                "matches": [_match(address, path)] if path or (address and (address.path or address.headers)) else None,
                "filters": [_without_prefix(path)] if address and address.path else None,
                "backendRefs": [backend.route_reference(weight) for backend, weight in backends],
            }
            for path in paths or ("",)
        ],
    }
    return manifest(GATEWAY_API, "HTTPRoute", name=name, namespace=namespace, spec=spec)


def _match(address: AddressSpec | None, path: str) -> dict[str, Any]:
    given = address.headers if address else {}
    headers = [{"type": "Exact", "name": name, "value": value} for name, value in given.items()]
    prefix = f"{address.path or '' if address else ''}{path}"
    return {"path": {"type": "PathPrefix", "value": prefix} if prefix else None, "headers": headers or None}


def _without_prefix(path: str) -> dict[str, Any]:
    """Return the filter that leaves *path* of the match, without the model's own prefix: servers know nothing of it."""
    rewritten = {"type": "ReplacePrefixMatch", "replacePrefixMatch": path or "/"}
    return {"type": "URLRewrite", "urlRewrite": {"path": rewritten}}
