"""The lowest GKE version that a cluster may have, where Terraform looks at the cluster."""

from typing import Any

from cdktf import Postcondition

from constructs_lib.gke_version import GkeVersion


def reaches_floor(cluster: str, floor: str, *, fix: str) -> dict[str, Any]:
    """
    The `lifecycle` of a data source of *cluster* that stops what depends on it while the version is below *floor*.

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
