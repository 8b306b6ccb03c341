"""A fleet that exists: its feature with the config cluster, the agent's role, and memberships of existing clusters."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from constructs_lib.google_names import DISCOVERY_FEATURE, GATEWAY_FEATURE
from constructs_lib.google_roles import CONTROLLER_ROLE
from gke_inference.check import Check
from gke_inference.findings import Finding, good, judge, unknown, wrong
from gke_inference.preflight.fleet import place_of, short
from gke_inference.preflight.iam_roles import missing_roles, project_number
from gke_inference.preflight.target import Target

AGENT = "gcp-sa-multiclusteringress"
"""Google's account that controls the gateway. Source: Google, "Service agents"."""


def checks(target: Target) -> Iterator[Check]:
    """Yield those of the features where they are said to exist, and one per cluster that exists."""
    config = target.config
    if config.is_regional:
        return
    if config.existing.fleet_features:
        yield Check(
            id="FLEET-FEATURE", needed=f"{GATEWAY_FEATURE} is on, with the config cluster of this config",
            role="gkehub.features.get", ask=partial(_feature, target),
        )  # fmt: skip
        yield Check(
            id="FLEET-AGENT", needed=f"{CONTROLLER_ROLE} of the gateway's controller",
            role="resourcemanager.projects.getIamPolicy and resourcemanager.projects.get", ask=partial(_agent, target),
        )  # fmt: skip
        if config.service_discovery:
            yield Check(
                id="FLEET-SERVICES", needed=f"{DISCOVERY_FEATURE} is on", role="gkehub.features.get",
                ask=partial(_services, target),
            )  # fmt: skip
    for key in target.keys:
        if config.regions[key].existing.cluster is not None:
            yield Check(
                id="FLEET-MEMBER", needed="the cluster's membership, as the config has it", where=key,
                role="gkehub.memberships.get and container.clusters.get", ask=partial(_membership, target, key),
            )  # fmt: skip


def _feature(target: Target) -> Iterator[Finding]:
    name, own = target.names.gateway_feature, target.names.membership(target.config.config_region)
    found = target.google.find("gkehub", "v1", "projects.locations.features.get", name=name)
    needed = f"{GATEWAY_FEATURE} is on, and its config cluster is {short(own)}"
    if found is None:
        fix = "remove existing.fleet_features: an apply turns it on"
        yield wrong("FLEET-FEATURE", f"{GATEWAY_FEATURE} is off", needed, fix)
        return
    there = found.get("spec", {}).get(GATEWAY_FEATURE, {}).get("configMembership", "")
    problems = {}
    if place_of(there) != place_of(own):
        fix = f"make {short(there)} the region with config_cluster: true" if there else "have the config cluster chosen"
        problems[f"its config cluster is {there or 'not chosen'}"] = f"{fix}: a fleet has one"
    yield judge("FLEET-FEATURE", f"on, with {short(own)}", needed, problems)


def _agent(target: Target) -> Iterator[Finding]:
    agent = target.config.universe.service_agent(AGENT, project_number(target))
    needed = f"{CONTROLLER_ROLE} of {agent}"
    if missing_roles(target, target.project, f"serviceAccount:{agent}", [CONTROLLER_ROLE]):
        fix = f"look, then: gcloud projects add-iam-policy-binding {target.project} --role={CONTROLLER_ROLE} "
        found = f"{target.project} itself does not grant it; a folder may"
        yield unknown("FLEET-AGENT", found, needed, f"{fix}--member=serviceAccount:{agent}")
    else:
        yield good("FLEET-AGENT", "granted", needed)


def _services(target: Target) -> Iterator[Finding]:
    name = target.names.gateway_feature.replace(GATEWAY_FEATURE, DISCOVERY_FEATURE)
    found = target.google.find("gkehub", "v1", "projects.locations.features.get", name=name)
    problems = {} if found else {"it is off": "gcloud container fleet multi-cluster-services enable"}
    yield judge("FLEET-SERVICES", "on", f"{DISCOVERY_FEATURE} is on", problems)


def _membership(target: Target, key: str) -> Iterator[Finding]:
    """Compare the config with what the cluster itself says: it is in one fleet at most, and cannot change it."""
    names, stated = target.names, target.config.regions[key].existing.membership
    own, path = names.membership(key), names.cluster_path(key)
    cluster = target.google.find("container", "v1", "projects.locations.clusters.get", name=path)
    fleet = (cluster or {}).get("fleet", {}).get("membership", "").removeprefix("//gkehub.googleapis.com/")
    if stated is None:
        needed = f"{names.cluster(key)} is in no fleet yet, or is {short(own)} by this platform"
        problems = {}
        if fleet and place_of(fleet) != place_of(own):
            problems[f"it is {fleet}"] = f"add regions.{key}.existing.membership: {fleet}"
        elif not fleet:
            yield from _free(target, key, own, needed)
            return
        yield judge("FLEET-MEMBER", f"it is {short(own)}", needed, problems)
        return
    needed, problems = f"{own} is there, of {path}", dict[str, str]()
    found = target.google.find("gkehub", "v1", "projects.locations.memberships.get", name=own)
    link = (found or {}).get("endpoint", {}).get("gkeCluster", {}).get("resourceLink", "no GKE cluster")
    right = f"set regions.{key}.existing.membership to {fleet}" if fleet else "register the cluster, or remove it"
    if found is None:
        problems[f"there is no {own}"] = right
    elif place_of(link) != place_of(path):
        problems[f"it is of {place_of(link)}"] = right
    yield judge("FLEET-MEMBER", "there, of this cluster", needed, problems)


def _free(target: Target, key: str, own: str, needed: str) -> Iterator[Finding]:
    """Look whether the name that a new membership gets is free."""
    found = target.google.find("gkehub", "v1", "projects.locations.memberships.get", name=own)
    link = (found or {}).get("endpoint", {}).get("gkeCluster", {}).get("resourceLink", "no GKE cluster")
    fix = f"delete it: gcloud container fleet memberships delete {short(own)}"
    other = found is not None and not target.names.cluster_path(key).endswith(place_of(link))
    problems = {f"{short(own)} is there, of {place_of(link)}": fix} if other else {}
    yield judge("FLEET-MEMBER", "in no fleet yet", needed, problems)
