"""Verdicts on the gateway, its route and its policies, as the config cluster has them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from gke_inference.backend_policy import drained_regions, refusal
from gke_inference.live_platform import gateway_addresses
from gke_inference.verify.verdict import Object, Verdict, unmet_conditions


def judge_import(found: Object, *, clusters: Iterable[str], platform: Collection[str]) -> Verdict:
    """
    Judge whether a pool or Service comes from all *clusters*, as far as its status names clusters of the *platform*.

    No schema of a pool's import is public: any text in the status that ends in the name of a cluster counts.
    """
    names = list(clusters)
    named = {text.rpartition("/")[2] for text in _texts(found.get("status", {}))}
    if not named.intersection(platform):
        return Verdict(found="it is there; its status does not say from which clusters it comes")
    missing = [name for name in names if name not in named]
    problems = (f"nothing comes from {', '.join(missing)}",) if missing else ()
    return Verdict(found=f"from {', '.join(names)}", problems=problems)


def judge_gateway(found: Object, *, addresses: int) -> Verdict:
    """Judge whether the load balancer is made, with an address in each of the gateway's regions."""
    status = found.get("status", {})
    problems = [*_outdated(found, status.get("conditions", []))]
    problems += unmet_conditions(status.get("conditions", []), "Accepted", "Programmed")
    given = gateway_addresses(found)
    if len(given) != addresses:
        problems.append(f"{len(given)} of {addresses} addresses: {', '.join(given) or 'none'}")
    return Verdict(found=f"programmed, {', '.join(given)}", problems=tuple(problems))


def judge_route(found: Object) -> Verdict:
    """
    Judge whether the gateway has taken the route, and the route has found where it leads.

    Reconciled is a condition of GKE's own: a route is also judged by it where the controller has set it.
    """
    parents = found.get("status", {}).get("parents", [])
    problems = [] if parents else ["no gateway has taken it"]
    for parent in parents:
        problems += _outdated(found, parent.get("conditions", []))
        conditions = parent.get("conditions", [])
        own = ["Reconciled"] if any(condition.get("type") == "Reconciled" for condition in conditions) else []
        problems += unmet_conditions(conditions, "Accepted", "ResolvedRefs", *own)
    return Verdict(found="accepted, where it leads is found", problems=tuple(problems))


def judge_policy(found: Object) -> Verdict:
    """Judge whether the load balancer applies the policy; conditions stand in its status, or in one per gateway."""
    status = found.get("status", {})
    stated = [status.get("conditions") or [], *(entry.get("conditions", []) for entry in status.get("ancestors", []))]
    lists = [conditions for conditions in stated if conditions] or [[]]
    problems = [problem for conditions in lists for problem in unmet_conditions(conditions, "Attached")]
    drained = ", ".join(sorted(drained_regions(found)))
    return Verdict(
        found=f"attached{f'; drained: {drained}' if drained else ''}", problems=tuple(dict.fromkeys(problems))
    )


def judge_extension(found: Object) -> Verdict:
    """
    Judge whether the load balancer of each Gateway has taken the extension.

    The API server takes any extension: one that GKE cannot serve has a condition that is false, whichever it sets.
    """
    ancestors = found.get("status", {}).get("ancestors", [])
    problems = [] if ancestors else ["no gateway has taken it"]
    for ancestor in ancestors:
        conditions = ancestor.get("conditions", [])
        others = [entry["type"] for entry in conditions if entry.get("type") in ("ResolvedRefs", "Programmed")]
        problems += [*_outdated(found, conditions), *unmet_conditions(conditions, "Accepted", *others)]
    return Verdict(found="accepted", problems=tuple(dict.fromkeys(problems)))


def judge_body_routing(extension: Object, deployment: Object) -> Verdict:
    """Judge whether the *extension* is taken, and whether all pods of the *deployment* that it asks are ready."""
    wanted, ready = deployment["spec"].get("replicas", 1), deployment.get("status", {}).get("readyReplicas", 0)
    problems = judge_extension(extension).problems
    if ready < wanted:
        problems = (*problems, f"{ready} of {wanted} pods ready")
    return Verdict(found=f"accepted, {ready} of {wanted} pods ready", problems=problems)


def judge_scopes(definition: Object) -> Verdict:
    """Judge whether the *definition* of backend policies takes scopes: drained, weighted and preferred regions."""
    why = refusal(definition)
    return Verdict(found="taken", problems=(why,) if why else ())


def _outdated(found: Object, conditions: Iterable[Object]) -> list[str]:
    """Return the problem where the controller has not seen the newest version yet."""
    generation = found["metadata"].get("generation", 0)
    seen = [condition["observedGeneration"] for condition in conditions if "observedGeneration" in condition]
    return ["its last change is not applied yet"] if seen and max(seen) < generation else []


def _texts(value: Any) -> Iterator[str]:
    """Yield every text in *value*, at any depth."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, entry in value.items():
            yield key
            yield from _texts(entry)
    elif isinstance(value, list):
        for entry in value:
            yield from _texts(entry)
