"""Which parts of load balancers are proven to be of one network; only some of them name it."""

from __future__ import annotations

from collections.abc import Collection

from gke_inference.load_balancer import (
    CHECKS,
    GROUPS,
    MAPS,
    PROXIES,
    RULES,
    SERVICES,
    Parts,
    backends,
    of,
    reached,
    users,
    uses,
)


def proven(parts: Parts, inside: Collection[str], before: Collection[str]) -> set[str]:
    """
    Paths of the *parts* that are of the network.

    - Services: each backend is a group of the network. One without backends is if it is used, and by such maps alone:
      that is the one for requests that no route takes. Its name is the same for all Gateways of a project.
    - Maps: a forwarding rule of the network leads there; or a service with backends is of the network, and no other
      has a backend elsewhere.
    - Proxies: a forwarding rule of the network leads there, or the second is true of its map.
    - Health checks: they are used, and by such services alone.

    Args:
        inside: Forwarding rules and groups that name the network themselves.
        before: Parts that were proven when more of the chain was there; they need no user any more.
    """
    used_by, down = users(parts), {*reached(parts, of(inside, RULES)), *before}
    behind = {path: backends(parts[path]) for path in of(parts, SERVICES)}
    full = {path for path, groups in behind.items() if groups and groups <= of(inside, GROUPS)}
    empty = {path for path, groups in behind.items() if not groups}
    by_service = {path for path in of(parts, MAPS) if uses(parts[path]) & full and uses(parts[path]) <= full | empty}
    maps = by_service | of(down, MAPS)
    spare = {path for path in empty if used_by[path] <= maps | set(inside) and (used_by[path] or path in before)}
    services = full | spare
    proxies = of(down, *PROXIES) | {path for path in of(parts, *PROXIES) if uses(parts[path]) & by_service}
    checks = {path for path in of(parts, CHECKS) if used_by[path] <= services and (used_by[path] or path in before)}
    return {*inside, *proxies, *maps, *services, *checks}


def free(parts: Parts, going: Collection[str], inside: Collection[str]) -> set[str]:
    """
    Those of *going* that nothing else uses, so that they can go together.

    What names the network itself (*inside*) is not held back: Google refuses it, and tells who uses it.
    """
    used_by, left = users(parts), set(going)
    while held := {path for path in left - set(inside) if not used_by[path] <= left}:
        left -= held
    return left
