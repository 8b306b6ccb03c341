"""The universes of Google Cloud that are known here: a small table with its sources."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Literal

from constructs_lib.specs.universe import Feature, UniverseSpec

UniverseName = Literal["public", "s3ns", "berlin"]

PUBLIC = UniverseSpec(
    api_domain="googleapis.com",
    agent_domain="iam.gserviceaccount.com",
    registry_host="pkg.dev",
    console_host="console.cloud.google.com",
    health_check_ranges=("130.211.0.0/22", "35.191.0.0/16"),
)
"""Google Cloud. Source of the ranges: Google, "Health checks overview", probe IP ranges."""

UNIVERSES: Mapping[str, UniverseSpec] = {
    "public": PUBLIC,
    "s3ns": UniverseSpec(
        api_domain="s3nsapis.fr",
        project_prefix="s3ns",
        agent_domain="s3ns-system.iam.gserviceaccount.com",
        registry_host="s3nsregistry.fr",
        console_host="console.cloud.s3nscloud.fr",
        health_check_ranges=(
            *("177.222.80.0/23", "177.222.87.0/26", "177.222.87.64/26"),
            *("136.124.104.0/22", "136.124.108.0/22"),
        ),
        regions=("u-france-east1",),
        lacks=("cross_region_gateways", "promql", "standard_clusters", "tpu"),
    ),
    "berlin": UniverseSpec(
        api_domain="apis-berlin-build0.goog",
        project_prefix="eu0",
        agent_domain="eu0-system.iam.gserviceaccount.com",
        registry_host="pkg-berlin-build0.goog",
        console_host="console.cloud.berlin-build0.goog",
        health_check_ranges=(
            *("34.3.144.0/23", "34.3.151.0/26", "34.3.151.64/26"),
            *("136.124.104.0/22", "136.124.108.0/22"),
        ),
        regions=("u-germany-northeast1",),
        machines=("a3-edgegpu-8g-nolssd",),
        lacks=(
            *("cloud_run", "cross_region_gateways", "fleets", "network_policies", "performance_hpa", "spot"),
            *("standard_clusters", "tpu", "workload_metrics"),
        ),
    ),
}
"""
By the name that a config has. A universe that is not here can be described by hand.

Sources: cloud-foundation-fabric, fast/stages/0-org-setup/README-GCD.md, modules/project/service-agents.tf and
modules/artifact-registry (domains, prefixes, agents, registries, regions); the probe ranges of each universe's page
"Firewall rules" of Cloud Load Balancing, as openshift/hypershift has them too; what is lacking: SOURCES.
"""

S3NS_DIFFERENCES = "S3NS, Key differences between Cloud de Confiance and Google Cloud (2026-07-17)"
S3NS_GATEWAYS = "S3NS, GKE Gateway classes"
S3NS_MONITORING = "S3NS, Cloud Monitoring API: the query methods of PromQL are unavailable"
BERLIN_DIFFERENCES = "Google Cloud Dedicated in Germany, GKE differences (2026-07-09)"
BERLIN_CLOUD_RUN = "no public page says that it is there (2026-11-28)"
SOURCES: Mapping[str, Mapping[Feature, str]] = {
    "s3nsapis.fr": {
        "cross_region_gateways": S3NS_GATEWAYS,
        "promql": S3NS_MONITORING,
        "standard_clusters": S3NS_DIFFERENCES,
        "tpu": S3NS_DIFFERENCES,
    },
    "apis-berlin-build0.goog": {
        **dict.fromkeys(UNIVERSES["berlin"].lacks, BERLIN_DIFFERENCES),
        "cloud_run": BERLIN_CLOUD_RUN,
    },
}
"""Who says that a universe lacks something, by its API domain."""


def universe_named(given: object) -> object:
    """
    Return the universe that is called *given*; whatever is no text is returned as it is: parts by hand.

    Lists of those become tuples, which is all that a strict check of Python's values takes.

    Raises:
        ValueError: None is called so.
    """
    if isinstance(given, dict):
        return {name: tuple(value) if isinstance(value, list) else value for name, value in given.items()}
    if not isinstance(given, str):
        return given
    if given not in UNIVERSES:
        likely = _likely_universe(given)
        fix = f": write {likely}" if likely else ""
        raise ValueError(f"must be one of {', '.join(UNIVERSES)}, or a map of its parts, got '{given}'{fix}")
    return UNIVERSES[given]


def _likely_universe(text: str) -> str:
    """Return the name of the universe that *text* is nearly, or a domain or a prefix of; empty for none."""
    word = text.strip().strip(":").lower()
    for name, known in UNIVERSES.items():
        if word in (known.project_prefix, *known.regions) or word.endswith(known.api_domain):
            return name
    return next(iter(get_close_matches(word, UNIVERSES, n=1)), "")


def universe_of_region(region: str) -> str:
    """Return the name of the universe whose few regions *region* is one of; empty for any other."""
    return next((name for name, known in UNIVERSES.items() if region in known.regions), "")


def universe_name(universe: UniverseSpec) -> str:
    """Return what *universe* is called: as in the table, else by the domain of its APIs."""
    return next((name for name, known in UNIVERSES.items() if known == universe), universe.api_domain)


def source_of(universe: UniverseSpec, feature: Feature) -> str:
    """Return who says that *universe* lacks *feature*."""
    return SOURCES.get(universe.api_domain, {}).get(feature, "universe.lacks")
