"""A load balancer of Compute Engine as a chain of parts, and which of them uses which."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from gke_inference.api_error import ApiError
from gke_inference.google_api import GoogleApi

Part = Mapping[str, Any]
Parts = Mapping[str, Part]
"""By path, such as `projects/p/global/urlMaps/name`."""

RULES, SERVICES, CHECKS = "forwardingRules", "backendServices", "healthChecks"
MAPS, GROUPS = "urlMaps", "networkEndpointGroups"
PROXIES = ("targetHttpProxies", "targetHttpsProxies")
FRONT = (RULES, *PROXIES, MAPS, SERVICES)
"""The way of a request; each uses the next. What Compute Engine deletes goes in this order too: it keeps what is used
(resourceInUseByAnotherResource)."""
NO_RESULTS = "NO_RESULTS_ON_PAGE"
"""A warning that is none: the place has nothing of the kind."""
CHAIN = (*FRONT, CHECKS, GROUPS)
"""All of it: services use checks and groups."""

RESOURCES = {
    (RULES, "global"): "globalForwardingRules",
    (RULES, "regions"): "forwardingRules",
    (GROUPS, "global"): "globalNetworkEndpointGroups",
}
"""What the API's own discovery document calls otherwise than by the rule in `addressed`."""


def parts_of(google: GoogleApi, collections: Iterable[str]) -> dict[str, Part]:
    """
    Everything of *collections* in the project, in all places.

    Raises:
        ApiError: One of them may not be listed, or not all of it is known.
    """
    return {path_of(part["selfLink"]): part for name in collections for part in listed(google, name)}


def listed(google: GoogleApi, collection: str) -> Iterator[Part]:
    """
    Everything of *collection*, one of Compute Engine's that has an `aggregatedList`.

    Raises:
        ApiError: It may not be listed, or a zone or region does not tell what it has.
    """
    for page in google.whole_pages("compute", "v1", f"{collection}.aggregatedList", project=google.project):
        scopes = page.get("items", {})
        refuse_gaps(page, *scopes.values())
        for scope in scopes.values():
            yield from scope.get(collection, [])


def refuse_gaps(page: Mapping[str, Any], *scopes: Mapping[str, Any]) -> None:
    """
    Nothing, where *page* of a list and its *scopes* tell all that there is.

    Raises:
        ApiError: Something could not be reached, so what is not told may be there all the same.
    """
    missing = [*page.get("unreachables", ()), *page.get("unreachable", ()), *page.get("missingZones", ())]
    warnings = [told["warning"] for told in (page, *scopes) if told.get("warning")]
    missing += [f"{one.get('code')}: {one.get('message', '')}" for one in warnings if one.get("code") != NO_RESULTS]
    if missing:
        raise ApiError(status=None, reason="incompleteAnswer", message=f"not all was told: {', '.join(missing)}")


def path_of(link: str) -> str:
    """*link* without the host and the API's version in front of `projects/`."""
    return f"projects/{link.partition('projects/')[2]}"


def collection_of(path: str) -> str:
    """What kind of thing is at *path*, in the API's word."""
    return path.split("/")[-2]


def addressed(path: str) -> tuple[str, dict[str, str]]:
    """The API's resource whose methods are for what is at *path*, and the parameters that name it."""
    _, project, scope, *where, collection, name = path.split("/")
    regional = f"region{collection[0].upper()}{collection[1:]}"
    resource = RESOURCES.get((collection, scope), regional if scope == "regions" else collection)
    parameter = re.sub("ies$", "y", collection).removesuffix("s")
    place = {scope.removesuffix("s"): where[0]} if where else {}
    return resource, {"project": project, parameter: name, **place}


def of(paths: Iterable[str], *collections: str) -> set[str]:
    """Those of *paths* that are of *collections*."""
    return {path for path in paths if collection_of(path) in collections}


def backends(service: Part) -> set[str]:
    """Paths of the groups behind *service*, of endpoints or of instances."""
    return {path_of(backend.get("group", "")) for backend in service.get("backends", ())}


def uses(part: Part) -> set[str]:
    """Paths of the parts that *part* uses itself."""
    links = [part.get("target"), part.get("backendService"), part.get("urlMap"), *part.get("healthChecks", ())]
    if f"/{MAPS}/" in part["selfLink"]:
        # It names services by default, path, route, weight and mirror, at any depth.
        links += re.findall(rf'"([^"]*/{SERVICES}/[^"]*)"', json.dumps(part))
    return {path_of(link) for link in links if link} | backends(part)


def users(parts: Parts) -> Mapping[str, set[str]]:
    """Paths of those among *parts* that use it themselves, by path."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for path, part in parts.items():
        for used in uses(part):
            found[used].add(path)
    return found


def reached(parts: Parts, starts: Iterable[str]) -> set[str]:
    """*starts*, and all of *parts* that they use themselves or through others."""
    found: set[str] = set()
    todo = list(starts)
    while todo:
        path = todo.pop()
        if path in parts and path not in found:
            found.add(path)
            todo += uses(parts[path])
    return found
