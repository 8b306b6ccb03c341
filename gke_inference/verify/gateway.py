"""What the config cluster tells of the gateway, judged."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from gke_inference.live_platform import gateway_addresses
from gke_inference.scopes import refusal
from gke_inference.verify.check import Seen, unmet

Object = Mapping[str, Any]
REGION_LABEL = "gke.io/region"


def imported_pool(found: Object, *, clusters: Iterable[str]) -> Seen:
    """
    Whether the pool has come from all *clusters*, as far as its status names them.

    No schema of it is public: any text in the status that ends in the name of a cluster counts.
    """
    names = list(clusters)
    told = {text.rpartition("/")[2] for text in _texts(found.get("status", {}))}
    if not told.intersection(names):
        return Seen(found="it is there; its status names no cluster, so from which ones it comes is not told")
    missing = [name for name in names if name not in told]
    problems = (f"nothing comes from {', '.join(missing)}",) if missing else ()
    return Seen(found=f"from {', '.join(names)}", problems=problems)


def gateway(found: Object, *, addresses: int) -> Seen:
    """Whether the load balancer is made, with an address in each region that shall have one."""
    status = found.get("status", {})
    problems = [*_outdated(found, status.get("conditions", []))]
    problems += unmet(status.get("conditions", []), "Accepted", "Programmed")
    given = gateway_addresses(found)
    if len(given) != addresses:
        problems.append(f"{len(given)} of {addresses} addresses: {', '.join(given) or 'none'}")
    return Seen(found=f"programmed, {', '.join(given)}", problems=tuple(problems))


def route(found: Object) -> Seen:
    """Whether the gateway has taken the route, and the route has found the pool."""
    parents = found.get("status", {}).get("parents", [])
    problems = [] if parents else ["no gateway has taken it"]
    for parent in parents:
        problems += _outdated(found, parent.get("conditions", []))
        problems += unmet(parent.get("conditions", []), "Accepted", "ResolvedRefs")
    return Seen(found="accepted, its pool is found", problems=tuple(problems))


def policy(found: Object) -> Seen:
    """Whether the load balancer has taken the policy over; told for the policy, or for each gateway that it is of."""
    status = found.get("status", {})
    told = [status.get("conditions") or [], *(entry.get("conditions", []) for entry in status.get("ancestors", []))]
    lists = [conditions for conditions in told if conditions] or [[]]
    problems = [problem for conditions in lists for problem in unmet(conditions, "Attached")]
    drained = ", ".join(sorted(drained_regions(found)))
    return Seen(found=f"attached{f'; drained: {drained}' if drained else ''}", problems=tuple(dict.fromkeys(problems)))


def scopes(definition: Object) -> Seen:
    """Whether the *definition* of backend policies takes what drained, weighted and preferred regions are made of."""
    why = refusal(dict(definition))
    return Seen(found="taken", problems=(why,) if why else ())


def drained_regions(backend_policy: Object) -> set[str]:
    """Google's names of the regions that get no requests: those with a scope of capacity 0."""
    scopes = backend_policy["spec"].get("default", {}).get("scopes") or []
    return {scope["selector"].get(REGION_LABEL, "") for scope in scopes if scope.get("capacityScalerPercent") == 0}


def _outdated(found: Object, conditions: Iterable[Object]) -> list[str]:
    """Where the controller has not seen the newest version yet."""
    generation = found["metadata"].get("generation", 0)
    seen = [condition["observedGeneration"] for condition in conditions if "observedGeneration" in condition]
    return ["its last change has not been taken over yet"] if seen and max(seen) < generation else []


def _texts(value: Any) -> Iterator[str]:
    """Every text in *value*, at any depth."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, entry in value.items():
            yield key
            yield from _texts(entry)
    elif isinstance(value, list):
        for entry in value:
            yield from _texts(entry)
