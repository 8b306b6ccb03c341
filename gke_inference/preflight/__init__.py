"""What must hold before an apply: one file per topic, each of which returns checks."""

from collections.abc import Iterator

from google.auth.credentials import AnonymousCredentials

from gke_inference.check import Check
from gke_inference.google_api import GoogleApi
from gke_inference.preflight import (
    argo_cd,
    capacity,
    channels,
    dns,
    existing,
    fleet,
    https,
    images,
    model,
    model_files,
    network,
    organization_policy,
    outside,
    own_bucket,
    project,
    quota,
    reservations,
)
from gke_inference.preflight.target import Target
from platform_config.config import Config

__all__ = ["all_checks", "check_ids"]


def all_checks(target: Target) -> Iterator[Check]:
    """Yield every check of *target*; none of them has run yet."""
    topics = (
        *(project, organization_policy, quota, capacity, reservations, network, fleet, existing),
        *(images, model, model_files, own_bucket, channels, https, dns, outside, argo_cd),
    )
    for topic in topics:
        yield from topic.checks(target)


def check_ids(config: Config, keys: tuple[str, ...]) -> list[str]:
    """Return the id of every check of the regions *keys*; nothing is asked."""
    nobody = GoogleApi(project=config.project, credentials=AnonymousCredentials())  # type: ignore[no-untyped-call]
    return list(dict.fromkeys(check.id for check in all_checks(Target(config=config, keys=keys, google=nobody))))
