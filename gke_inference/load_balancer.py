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
"""The way of a request; each uses the next. They can be deleted in this order too: Compute Engine keeps what is used
(resourceInUseByAnotherResource)."""
CHAIN = (*FRONT, CHECKS, GROUPS)
"""All of it: services use checks and groups."""
NO_RESULTS = "NO_RESULTS_ON_PAGE"
"""A warning of no concern: the place has nothing of the kind."""
RESOURCES = {
    (RULES, "global"): "globalForwardingRules",
    (RULES, "regions"): "forwardingRules",
    (GROUPS, "global"): "globalNetworkEndpointGroups",
}
"""Names of the API's own discovery document that do not follow the rule in `method_target`."""


def parts_of(google: GoogleApi, collections: Iterable[str]) -> dict[str, Part]:
    """
    Return everything of *collections* in the project, in all places.

    Raises:
        ApiError: One of them may not be listed, or not all of it is known.
    """
    return {path_of(part["selfLink"]): part for name in collections for part in list_everywhere(google, name)}


def list_everywhere(google: GoogleApi, collection: str, project: str = "") -> Iterator[Part]:
    """
    Return everything of *collection*, one of Compute Engine's that has an `aggregatedList`.

    *project* is another one than the platform's, where a Shared VPC has it.

    Raises:
        ApiError: It may not be listed, or the answer of a zone or region is missing.
    """
    for page in google.whole_pages("compute", "v1", f"{collection}.aggregatedList", project=project or google.project):
        scopes = page.get("items", {})
        require_complete(page, *scopes.values())
        for scope in scopes.values():
            yield from scope.get(collection, [])


def require_complete(page: Mapping[str, Any], *scopes: Mapping[str, Any]) -> None:
    """
    Check that nothing is missing in *page* of a list and its *scopes*.

    Raises:
        ApiError: A place could not be reached, so something may be there that is not in the list.
    """
    missing = [*page.get("unreachables", ()), *page.get("unreachable", ()), *page.get("missingZones", ())]
    warnings = [answer["warning"] for answer in (page, *scopes) if answer.get("warning")]
    missing += [f"{one.get('code')}: {one.get('message', '')}" for one in warnings if one.get("code") != NO_RESULTS]
    if missing:
        raise ApiError(
            status=None, reason="incompleteAnswer", message=f"the list is not complete: {', '.join(missing)}"
        )


def path_of(link: str) -> str:
    """Return *link* without the host and the API's version in front of `projects/`."""
    return f"projects/{link.partition('projects/')[2]}"


def collection_of(path: str) -> str:
    """Return what kind of thing is at *path*, by the API's name, such as `urlMaps`."""
    return path.split("/")[-2]


def method_target(path: str) -> tuple[str, dict[str, str]]:
    """Return the API's resource whose methods are for what is at *path*, and the parameters that name it."""
    _, project, scope, *where, collection, name = path.split("/")
    regional = f"region{collection[0].upper()}{collection[1:]}"
    resource = RESOURCES.get((collection, scope), regional if scope == "regions" else collection)
    parameter = re.sub("ies$", "y", collection).removesuffix("s")
    place = {scope.removesuffix("s"): where[0]} if where else {}
    return resource, {"project": project, parameter: name, **place}


def select(paths: Iterable[str], *collections: str) -> set[str]:
    """Return those of *paths* that are of *collections*."""
    return {path for path in paths if collection_of(path) in collections}


def backend_groups(service: Part) -> set[str]:
    """Return the paths of the groups behind *service*, of endpoints or of instances."""
    return {path_of(backend.get("group", "")) for backend in service.get("backends", ())}


def used_parts(part: Part) -> set[str]:
    """Return the paths of the parts that *part* uses directly."""
    links = [part.get("target"), part.get("backendService"), part.get("urlMap"), *part.get("healthChecks", ())]
    if f"/{MAPS}/" in part["selfLink"]:
        # It names services by default, path, route, weight and mirror, at any depth.
        links += re.findall(rf'"([^"]*/{SERVICES}/[^"]*)"', json.dumps(part))
    return {path_of(link) for link in links if link} | backend_groups(part)


def users_of_each(parts: Parts) -> Mapping[str, set[str]]:
    """Return for each path the paths of those among *parts* that use it directly."""
    users: defaultdict[str, set[str]] = defaultdict(set)
    for path, part in parts.items():
        for used in used_parts(part):
            users[used].add(path)
    return users


def reached(parts: Parts, starts: Iterable[str]) -> set[str]:
    """Return *starts*, and all of *parts* that they use directly or through others."""
    found: set[str] = set()
    to_visit = list(starts)
    while to_visit:
        path = to_visit.pop()
        if path in parts and path not in found:
            found.add(path)
            to_visit += used_parts(parts[path])
    return found
