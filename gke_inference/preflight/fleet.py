"""The fleet: a project has one, with one config cluster; who holds it, and the names in it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from gke_inference.check import Check
from gke_inference.findings import Finding, good, wrong
from gke_inference.preflight.target import Target

FEATURE = "multiclusteringress"


def checks(target: Target) -> Iterator[Check]:
    """One for the feature, one per membership."""
    yield Check(
        id="FLEET-FEATURE", needed="no other config cluster in the project's fleet",
        role="gkehub.features.get", ask=partial(_feature, target),
    )  # fmt: skip
    for key in target.keys:
        yield Check(
            id="FLEET-MEMBER", needed="a membership of the platform's own cluster, or none yet", where=key,
            role="gkehub.memberships.get", ask=partial(_membership, target, key),
        )  # fmt: skip


def _feature(target: Target) -> Iterator[Finding]:
    name = f"projects/{target.project}/locations/global/features/{FEATURE}"
    found = target.google.find("gkehub", "v1", "projects.locations.features.get", name=name)
    ours = target.names.membership(target.config.config_region)
    needed = f"{FEATURE} is off, or its config cluster is {short(ours)}"
    there = (found or {}).get("spec", {}).get(FEATURE, {}).get("configMembership")
    if there is None:
        yield good("FLEET-FEATURE", "on, without a config cluster" if found else "off", needed)
    elif _place(there) == _place(ours):
        yield good("FLEET-FEATURE", f"on, with {short(ours)}", needed)
    else:
        fix = "use another project: a fleet has one config cluster; or turn the feature off if nothing uses it"
        yield wrong("FLEET-FEATURE", f"on, with {short(there)} of some other platform", needed, fix)


def _membership(target: Target, key: str) -> Iterator[Finding]:
    name = target.names.membership(key)
    found = target.google.find("gkehub", "v1", "projects.locations.memberships.get", name=name)
    cluster = f"locations/{target.names.cluster_location(key)}/clusters/{target.names.cluster(key)}"
    needed = f"{short(name)} is not there yet, or is of {cluster}"
    if found is None:
        yield good("FLEET-MEMBER", "not there yet", needed)
        return
    link = found.get("endpoint", {}).get("gkeCluster", {}).get("resourceLink", "no GKE cluster")
    if _place(link) == cluster:
        yield good("FLEET-MEMBER", "there, of this cluster", needed)
    else:
        fix = f"change `name`, or delete it: gcloud container fleet memberships delete {short(name)}"
        yield wrong("FLEET-MEMBER", f"there, of {_place(link)}", needed, fix)


def short(membership: str) -> str:
    """The last part of a full name."""
    return membership.rpartition("/")[2]


def _place(name: str) -> str:
    """From the location on: the project before it is told by its ID or by its number."""
    start = name.find("locations/")
    return name[max(0, start) :].replace("/zones/", "/locations/")
