"""Drained, weighted and preferred regions: whether the config cluster takes what they are made of."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from gke_inference.backend_policy import FIX, NEEDED, PATH, refusal
from gke_inference.check import Check
from gke_inference.cluster_api import ClusterApi
from gke_inference.findings import Finding, good, wrong
from gke_inference.preflight.target import Target
from platform_config.stack_graph import GATEWAY_STACK


def checks(target: Target) -> Iterator[Check]:
    """One, where the config has such regions."""
    if target.config.scoped_regions:
        yield Check(
            id="SCOPES", needed=NEEDED, where=target.config.config_region, ask=partial(_scopes, target),
            role="container.clusters.get, container.clusters.connect and container.customResourceDefinitions.get",
        )  # fmt: skip


def _scopes(target: Target) -> Iterator[Finding]:
    key = target.config.config_region
    if not target.has_cluster(key):
        yield good("SCOPES", f"the cluster is not there yet: ask again when it is, before {GATEWAY_STACK}", NEEDED)
        return
    why = refusal(ClusterApi.of(target.google, target.names.cluster_path(key)).get(PATH))
    yield wrong("SCOPES", f"refused: {why}", NEEDED, FIX) if why else good("SCOPES", "taken", NEEDED)
