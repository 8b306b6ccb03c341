"""Whether each resource that the stacks would make exists already, and whether it can be adopted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from gke_inference.adopt.found import Found, Verdict
from gke_inference.adopt.google_types import BUCKET, CLUSTER, FEATURE, IMPORTABLE
from gke_inference.adopt.importable import Importable, find_called
from gke_inference.adopt.planned import PlannedResource
from gke_inference.adopt.settings import existing_settings
from gke_inference.api_error import ApiError, remedy
from gke_inference.concurrency import Once
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
    judge = _Judge(config=config, google=google)
    with ThreadPoolExecutor(WORKERS) as pool:
        found = list(pool.map(judge.judge, asked))
    return [one for one in found if one is not None]


@dataclass(frozen=True, kw_only=True)
class _Judge:
    """
    Asks Google for one resource after another.

    Attributes:
        config: The platform.
        google: Google's APIs.
    """

    config: Config
    google: GoogleApi
    _lists: dict[str, Once[list[Live]]] = field(default_factory=dict)

    def judge(self, planned: PlannedResource) -> Found | None:
        """Return what becomes of the resource that *planned* would make; None where there is none."""
        kind, where = IMPORTABLE[planned.type], _where(self.config, planned)
        about = partial(Found, noun=kind.noun, where=where)
        try:
            live = self._read(planned)
        except ApiError as error:
            why = f"{error.summary}; {remedy(error, kind.method[2])}"
            return about(verdict=Verdict.UNKNOWN, path=kind.path_of(planned.values), why=why)
        if live is None:
            return None
        about = partial(about, path=str(live["name"]) if kind.listed else kind.path_of(planned.values))
        reasons = kind.differences(planned.values, live)
        if planned.type == BUCKET and (owner := self._other_project(live)):
            why = f"it belongs to the project with the number {owner}: give yours another name with bucket.name"
            return about(verdict=Verdict.REFUSED, why=why)
        if not reasons:
            id_ = str(live["name"]) if kind.listed else kind.id_of(planned.values)
            return about(
                verdict=Verdict.ADOPTED, stack=planned.stack, address=planned.address, import_id=id_,
                why=_advice(planned),
            )  # fmt: skip
        if planned.type == CLUSTER and all(reason.startswith(OF_NETWORK) for reason in reasons):
            # The settings for its VPC and its subnet are offered, and with them it can be adopted.
            return about(verdict=Verdict.EXISTING, why="; ".join(reasons))
        settings = existing_settings(self.config, planned.type, where, live)
        verdict = Verdict.EXISTING if settings else Verdict.REFUSED
        return about(verdict=verdict, why="; ".join(reasons), settings=settings)

    def _read(self, planned: PlannedResource) -> Live | None:
        """Return the resource as Google has it; None where there is none, or where its API was never turned on."""
        kind = IMPORTABLE[planned.type]
        question = kind.question(planned.values)
        try:
            if kind.listed:
                ask = partial(self._listed, kind, question)
                return find_called(planned.values, self._lists.setdefault(planned.type, Once(ask))())
            if kind.has_endpoints:
                service, version, _ = kind.method
                return self.google.get_regional(service, planned.values["location"], f"{version}/{question['name']}")
            live = self.google.find(*kind.method, **question)
        except ApiError as error:
            if error.turned_off or error.missing:
                return None
            raise
        if live is None or not kind.part:
            return live
        return next((one for one in live.get(kind.part, ()) if one.get("name") == planned.values["name"]), None)

    def _listed(self, kind: Importable, question: Mapping[str, str]) -> list[Live]:
        return list(self.google.pages(*kind.method, items=kind.listed, **question))

    def _other_project(self, bucket: Live) -> str:
        """Return the number of the project that *bucket* belongs to; empty where that is the platform's."""
        project = self.google.call("cloudresourcemanager", "v1", "projects.get", projectId=self.config.project)
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
