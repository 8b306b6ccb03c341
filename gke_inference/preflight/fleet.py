"""The fleet: a project has one, with one config cluster; whose it is, the names in it, and what its gateway can do."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from constructs_lib.google_names import GATEWAY_FEATURE
from gke_inference import backend_policy
from gke_inference.check import Check
from gke_inference.cluster_api import ClusterApi
from gke_inference.findings import Finding, good, wrong
from gke_inference.preflight.target import Target
from platform_config.stack_graph import GATEWAY_STACK


def checks(target: Target) -> Iterator[Check]:
    """
    Yield one for the feature, one per membership, and one for the scopes of drained or preferred regions.

    None for a platform of regional gateways, which has no fleet; what the config says exists is in `existing_fleet`.
    """
    if target.config.is_regional:
        return
    if not target.config.existing.fleet_features:
        yield Check(
            id="FLEET-FEATURE", needed="no other config cluster in the project's fleet",
            role="gkehub.features.get", ask=partial(_feature, target),
        )  # fmt: skip
    for key in target.keys:
        if target.config.regions[key].existing.cluster is not None:
            continue
        yield Check(
            id="FLEET-MEMBER", needed="a membership of the platform's own cluster, or none yet", where=key,
            role="gkehub.memberships.get", ask=partial(_membership, target, key),
        )  # fmt: skip
    if target.config.scoped_regions:
        yield Check(
            id="SCOPES", needed=backend_policy.NEEDED, where=target.config.config_region, ask=partial(_scopes, target),
            role="container.clusters.get, container.clusters.connect and container.customResourceDefinitions.get",
        )  # fmt: skip


def _feature(target: Target) -> Iterator[Finding]:
    name = target.names.gateway_feature
    found = target.google.find("gkehub", "v1", "projects.locations.features.get", name=name)
    own = target.names.membership(target.config.config_region)
    needed = f"{GATEWAY_FEATURE} is off, or its config cluster is {short(own)}"
    there = (found or {}).get("spec", {}).get(GATEWAY_FEATURE, {}).get("configMembership")
    if there is None:
        yield good("FLEET-FEATURE", "on, without a config cluster" if found else "off", needed)
    elif place_of(there) == place_of(own):
        yield good("FLEET-FEATURE", f"on, with {short(own)}", needed)
    else:
        fix = "a fleet has one config cluster: add existing.fleet_features: true and make "
        fix += f"{short(there)} the region with config_cluster: true, or use another project"
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
    if place_of(link) == cluster:
        yield good("FLEET-MEMBER", "there, of this cluster", needed)
    else:
        fix = f"change `name`, or delete it: gcloud container fleet memberships delete {short(name)}"
        yield wrong("FLEET-MEMBER", f"there, of {place_of(link)}", needed, fix)


def _scopes(target: Target) -> Iterator[Finding]:
    needed, key = backend_policy.NEEDED, target.config.config_region
    if not target.has_cluster(key):
        yield good("SCOPES", f"the cluster is not there yet: ask again when it is, before {GATEWAY_STACK}", needed)
        return
    cluster = ClusterApi.of(target.google, target.names.cluster_path(key))
    if why := backend_policy.refusal(cluster.get(backend_policy.PATH)):
        yield wrong("SCOPES", f"refused: {why}", needed, backend_policy.FIX)
    else:
        yield good("SCOPES", "taken", needed)


def short(membership: str) -> str:
    """Return the last part of a full name."""
    return membership.rpartition("/")[2]


def place_of(name: str) -> str:
    """Return *name* from its location on: before it stands the project, by its ID or by its number."""
    start = name.find("locations/")
    return name[max(0, start) :].replace("/zones/", "/locations/")
