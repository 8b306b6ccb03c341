"""Whether each resource that the stacks would make exists already, and whether it can be adopted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from gke_inference.adopt.found import Found, Verdict
from gke_inference.adopt.google_types import BUCKET, CLUSTER, FEATURE, IMPORTABLE
from gke_inference.adopt.planned import PlannedResource
from gke_inference.adopt.settings import existing_settings
from gke_inference.api_error import ApiError, remedy
from gke_inference.google_api import GoogleApi
from platform_config.config import Config
from platform_config.stack_graph import region_key

WORKERS = 8
"""Questions that are asked at once."""
OF_NETWORK = ("network ", "subnetwork ", "ip_allocation_policy.")
"""How the differences of a cluster begin that are those of its VPC and its subnet."""
PARTS_OF_REGIONS = ("region", "allow", "member")
"""How the ids of constructs begin that a stack of all regions has for each."""
Live = Mapping[str, Any]


def judge_all(config: Config, google: GoogleApi, resources: Iterable[PlannedResource]) -> list[Found]:
    """Return what exists of *resources*, in their order, with what becomes of each."""
    asked = [one for one in resources if one.type in IMPORTABLE]
    with ThreadPoolExecutor(WORKERS) as pool:
        found = list(pool.map(partial(_judge, config, google), asked))
    return [one for one in found if one is not None]


def _judge(config: Config, google: GoogleApi, planned: PlannedResource) -> Found | None:
    """Return what becomes of the resource that *planned* would make; None where there is none."""
    kind = IMPORTABLE[planned.type]
    path, where = kind.path_of(planned.values), _where(config, planned)
    about = partial(Found, noun=kind.noun, path=path, where=where)
    try:
        live = _read(google, planned)
    except ApiError as error:
        return about(verdict=Verdict.UNKNOWN, why=f"{error.summary}; {remedy(error, kind.method[2])}")
    if live is None:
        return None
    reasons = kind.differences(planned.values, live)
    if planned.type == BUCKET and (owner := _other_project(google, live)):
        why = f"it belongs to the project with the number {owner}: give yours another name with bucket.name"
        return about(verdict=Verdict.REFUSED, why=why)
    if not reasons:
        return about(
            verdict=Verdict.ADOPTED, stack=planned.stack, address=planned.address,
            import_id=kind.id_of(planned.values), why=_advice(planned),
        )  # fmt: skip
    if planned.type == CLUSTER and all(reason.startswith(OF_NETWORK) for reason in reasons):
        # The settings for its VPC and its subnet are offered, and with them it can be adopted.
        return about(verdict=Verdict.EXISTING, why="; ".join(reasons))
    settings = existing_settings(config, planned.type, where, live)
    verdict = Verdict.EXISTING if settings else Verdict.REFUSED
    return about(verdict=verdict, why="; ".join(reasons), settings=settings)


def _read(google: GoogleApi, planned: PlannedResource) -> Live | None:
    """Return the resource as Google has it; None where there is none, or where its API was never turned on."""
    kind = IMPORTABLE[planned.type]
    try:
        live = google.find(*kind.method, **kind.question(planned.values))
    except ApiError as error:
        if error.turned_off:
            return None
        raise
    if live is None or not kind.part:
        return live
    return next((one for one in live.get(kind.part, ()) if one.get("name") == planned.values["name"]), None)


def _other_project(google: GoogleApi, bucket: Live) -> str:
    """Return the number of the project that *bucket* belongs to; empty where that is the platform's."""
    project = google.call("cloudresourcemanager", "v1", "projects.get", projectId=google.project)
    owner = str(bucket.get("projectNumber", ""))
    return owner if owner != str(project.get("projectNumber", "")) else ""


def _where(config: Config, planned: PlannedResource) -> str:
    """Return the key of the region that *planned* is for; empty where it is for all."""
    if key := region_key(planned.stack):
        return key
    for key in config.regions:
        if {f"{part}-{key}" for part in PARTS_OF_REGIONS} & {*planned.constructs}:
            return key
    return ""


def _advice(planned: PlannedResource) -> str:
    """Return what the caller should know of the adoption."""
    if planned.type == FEATURE:
        return "a destroy of the platform turns it off for the whole fleet"
    if planned.type == BUCKET and not planned.values.get("force_destroy"):
        return "a destroy leaves it while anything is in it"
    return ""
