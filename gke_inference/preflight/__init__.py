"""What must hold before an apply: one file per topic, each of which returns checks."""

from collections.abc import Iterator

from gke_inference.check import Check
from gke_inference.preflight import (
    capacity,
    fleet,
    images,
    model,
    model_files,
    network,
    project,
    quota,
    reservations,
)
from gke_inference.preflight.target import Target

__all__ = ["all_checks"]


def all_checks(target: Target) -> Iterator[Check]:
    """Yield every check of *target*; none of them has run yet."""
    for topic in (project, quota, capacity, reservations, network, fleet, images, model, model_files):
        yield from topic.checks(target)
