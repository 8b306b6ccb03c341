"""Drained, weighted and preferred regions: whether the config cluster takes what they are made of."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from gke_inference.cluster_api import ClusterApi
from gke_inference.findings import Finding
from gke_inference.preflight.check import Check, Subject, good, wrong
from gke_inference.scopes import FIX, NEEDED, PATH, refusal
from platform_config.stack_graph import GATEWAY_STACK


def checks(subject: Subject) -> Iterator[Check]:
    """One, where the config has such regions."""
    if subject.config.scoped_regions:
        yield Check(
            id="SCOPES", needed=NEEDED, where=subject.config.config_region, ask=partial(_scopes, subject),
            permission="container.clusters.get, container.clusters.connect and container.customResourceDefinitions.get",
        )  # fmt: skip


def _scopes(subject: Subject) -> Iterator[Finding]:
    key = subject.config.config_region
    if not subject.built(key):
        yield good("SCOPES", f"the cluster is not there yet: ask again when it is, before {GATEWAY_STACK}", NEEDED)
        return
    why = refusal(ClusterApi.of(subject.google, subject.names.cluster_path(key)).get(PATH))
    yield wrong("SCOPES", f"refused: {why}", NEEDED, FIX) if why else good("SCOPES", "taken", NEEDED)
