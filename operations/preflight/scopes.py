"""Drained, weighted and preferred regions: whether the config cluster takes what they are made of."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from operations.cluster_api import ClusterApi
from operations.findings import Finding
from operations.preflight.check import Check, Subject, good, wrong
from operations.scopes import FIX, NEEDED, PATH, refusal


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
        yield good("SCOPES", "the cluster is not there yet: ask again when it is, before workload-gateway", NEEDED)
        return
    location, name = subject.names.cluster_location(key), subject.names.cluster(key)
    why = refusal(ClusterApi.of(subject.google, location=location, name=name).get(PATH))
    yield wrong("SCOPES", f"refused: {why}", NEEDED, FIX) if why else good("SCOPES", "taken", NEEDED)
