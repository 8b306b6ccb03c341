"""Verdicts on a gateway, its routes and its policies, as its cluster has them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Any

from gke_inference.api_error import ApiError
from gke_inference.backend_policy import drained_regions, refusal
from gke_inference.live_platform import gateway_addresses
from gke_inference.verify.verdict import Object, Verdict, unmet_conditions

CONFLICTED = "Conflicted"
"""Reason of a policy whose target has an older one. Source: GoogleCloudPlatform/gke-gateway-api, shared types."""
HELM_RELEASE = "meta.helm.sh/release-name"
"""The annotation by which Helm knows what it has made."""
LISTENER_CONDITIONS = ("Accepted", "Programmed", "ResolvedRefs")


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
    problems = [*outdated(found, status.get("conditions", []))]
    problems += unmet_conditions(status.get("conditions", []), "Accepted", "Programmed")
    problems += _refused_listeners(status.get("listeners", []))
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
        problems += outdated(found, parent.get("conditions", []))
        conditions = parent.get("conditions", [])
        own = ["Reconciled"] if any(condition.get("type") == "Reconciled" for condition in conditions) else []
        problems += unmet_conditions(conditions, "Accepted", "ResolvedRefs", *own)
    return Verdict(found="accepted, where it leads is found", problems=tuple(problems))


def judge_policy(found: Object, *, others: Callable[[], Iterable[Object]] = list) -> Verdict:
    """
    Judge whether the load balancer applies the policy; conditions stand in its status, or in one per gateway.

    Args:
        found: The policy.
        others: Returns all policies of its kind; asked where an older one of the same target is in its way.
    """
    status = found.get("status", {})
    stated = [status.get("conditions") or [], *(entry.get("conditions", []) for entry in status.get("ancestors", []))]
    lists = [conditions for conditions in stated if conditions] or [[]]
    problems = [problem for conditions in lists for problem in unmet_conditions(conditions, "Attached")]
    if any(condition.get("reason") == CONFLICTED for conditions in lists for condition in conditions):
        problems += _rivals(found, others)
    drained = ", ".join(sorted(drained_regions(found)))
    return Verdict(
        found=f"attached{f'; drained: {drained}' if drained else ''}", problems=tuple(dict.fromkeys(problems))
    )


def _rivals(policy: Object, others: Callable[[], Iterable[Object]]) -> Iterator[str]:
    """Yield each of *others* with the target of *policy*, and of which Helm release it is."""
    own, target = policy["metadata"]["name"], _target(policy)
    try:
        rivals = [one["metadata"] for one in others() if _target(one) == target and one["metadata"]["name"] != own]
    except ApiError:
        return
    for meta in rivals:
        release = (meta.get("annotations") or {}).get(HELM_RELEASE)
        yield f"{meta['name']}{f' of the Helm release {release}' if release else ''} has the same target"


def _target(policy: Object) -> tuple[str, str, str]:
    given = policy["spec"]["targetRef"]
    return given.get("group", ""), given["kind"], given["name"]


def _refused_listeners(listeners: Iterable[Object]) -> Iterator[str]:
    """Yield what the controller has refused of each listener, such as a certificate that is not there."""
    for listener in listeners:
        stated = [entry for entry in listener.get("conditions", []) if entry.get("status") == "False"]
        refused = [entry["type"] for entry in stated if entry.get("type") in LISTENER_CONDITIONS]
        for problem in unmet_conditions(stated, *refused):
            yield f"listener {listener.get('name')}: {problem}"


def judge_scopes(definition: Object) -> Verdict:
    """Judge whether the *definition* of backend policies takes scopes: drained, weighted and preferred regions."""
    why = refusal(definition)
    return Verdict(found="taken", problems=(why,) if why else ())


def outdated(found: Object, conditions: Iterable[Object]) -> list[str]:
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
