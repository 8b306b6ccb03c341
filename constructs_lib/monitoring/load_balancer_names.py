"""
What GKE calls the parts of a load balancer that it makes for a Gateway, as patterns of PromQL.

A URL map is `<prefix>-<namespace>-<gateway>-<hash>`, a backend service `<prefix>-<namespace>-<backend>-<port>-<hash>`,
where the prefix is `gkemcg1` for a multi-cluster Gateway, and `gkegw1-` with four letters of the cluster for any other;
the service that GKE makes of an InferencePool has `-ip-<hash>` behind the pool's name. Of a name that Compute Engine
would refuse, namespace and name are shortened in proportion to their lengths, and the rest stays. Sources: Google,
Deploy a multi-cluster Gateway; kubernetes/ingress-gce, pkg/utils/namer; names in public reports are like both.
"""

from __future__ import annotations

from collections.abc import Iterable

from constructs_lib.gateway_class import GatewayClass
from constructs_lib.google_names import COMPUTE_LENGTH

HASH_LENGTH = 12
PORT_LENGTH = 5
POOL_SUFFIX_LENGTH = len("-ip-01234567")
HASH = "[a-z0-9]+"
ANY = "[a-z0-9-]*"


def url_map_room(kind: GatewayClass) -> int:
    """Return how many letters namespace and Gateway may have together, so that the URL map's name is not shortened."""
    return COMPUTE_LENGTH - kind.object_prefix_length - len("---") - HASH_LENGTH


def backend_room(kind: GatewayClass) -> int:
    """Return how many letters namespace and pool or Service may have together, likewise."""
    return url_map_room(kind) - len("-") - PORT_LENGTH


def url_map_pattern(kind: GatewayClass, namespace: str, gateway: str) -> str:
    """Return a pattern of the name of the URL map of *gateway*, and of no Gateway whose name begins with it."""
    return f"{kind.object_prefix}-{'-'.join(_kept(namespace, gateway, url_map_room(kind), 0))}-{HASH}"


def backend_pattern(kind: GatewayClass, namespace: str, *backends: str) -> str:
    """
    Return a pattern of the names of the backend services of *backends*.

    Its first group is the backend; where its name is shortened, what is left of it.
    """
    parts = [_kept(namespace, backend, backend_room(kind), POOL_SUFFIX_LENGTH) for backend in backends]
    names = "|".join(name for _, name in parts)
    return f"{kind.object_prefix}-{_shortest(space for space, _ in parts)}-({names})(-ip-{HASH})?-[0-9]+-{HASH}"


def _shortest(spaces: Iterable[str]) -> str:
    """Return the pattern that the others begin with: each is the namespace, or less of it and anything."""
    return min(spaces, key=lambda space: (ANY not in space, len(space)))


def _kept(namespace: str, name: str, room: int, suffix_length: int) -> tuple[str, str]:
    """Return patterns of *namespace* and *name*: themselves where they fit, else what is left of them at least."""
    if len(namespace) + len(name) <= room:
        return namespace, name
    kept = [_shares(room, len(namespace), len(name) + more) for more in (0, suffix_length)]
    space_kept, name_kept = (max(1, min(lengths)) for lengths in zip(*kept, strict=True))
    return f"{namespace[:space_kept]}{ANY}", f"{name[:name_kept]}{ANY}"


def _shares(room: int, *lengths: int) -> list[int]:
    """Return how many letters texts of these *lengths* keep at least, so that all of them fit into *room*."""
    return [length - length * (sum(lengths) - room) // sum(lengths) - 1 for length in lengths]
