"""The lowest GKE version that a cluster may have, where Terraform looks at the cluster."""

from collections.abc import Iterator
from typing import Any

from cdktf import Postcondition

from constructs_lib.gke_version import GkeVersion


def reaches_floor(cluster: str, floor: str, *, fix: str) -> dict[str, Any]:
    """
    Return the `lifecycle` of a data source that stops what depends on it while the version is below *floor*.

    It is for a data source and never for the cluster itself: a plan that upgrades a cluster still knows the old
    version, and a create that failed knows none. Terraform does not stop a destroy for it.

    Args:
        cluster: Name of the cluster, for the message.
        floor: A complete version.
        fix: What to do, as a sentence without its end.
    """
    condition = GkeVersion.parse(floor).reached_by("self.master_version")
    found = f"{cluster} has GKE ${{self.master_version}}, which is older than {floor}"
    message = f"{found}, the floor of the features in use: {fix}."
    return {"postcondition": [Postcondition(condition=f"${{{condition}}}", error_message=message)]}


def wrong_version(asked: str | None, floor: str) -> Iterator[str]:
    """Yield what is wrong with the GKE version that is asked for: no version, or one without the features in use."""
    if asked is None:
        return
    try:
        version = GkeVersion.parse(asked)
    except ValueError as error:
        yield f"gke_version {error}"
        return
    if not version.reaches(GkeVersion.parse(floor)):
        yield f"gke_version must reach {floor}, the floor of the features in use, got {asked}"
