"""The GKE version of a cluster: which one is asked for, and a stop where it is below what the platform needs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from cdktf import ITerraformDependable, Postcondition
from cdktf_cdktf_provider_google.data_google_container_cluster import DataGoogleContainerCluster
from cdktf_cdktf_provider_google.data_google_container_engine_versions import DataGoogleContainerEngineVersions
from cdktf_cdktf_provider_google.provider import GoogleProvider
from constructs import Construct

from constructs_lib.cluster_plan import ClusterPlan
from constructs_lib.gke_version import GkeVersion
from constructs_lib.specs import ClusterSpec


def asked_version(scope: Construct, *, google: GoogleProvider, plan: ClusterPlan, spec: ClusterSpec) -> str:
    """
    Return the version that *spec* names, or one that is right when the cluster is made.

    That is the channel's own default where it has every feature in use, else the newest of the floor's minor version:
    exact versions are offered for weeks and minor versions for a year, so neither can stand in a file for long.
    """
    if spec.gke_version:
        return spec.gke_version
    offered = DataGoogleContainerEngineVersions(
        scope, "versions", provider=google, project=plan.project, location=plan.location
    )
    default = offered.release_channel_default_version.lookup(spec.release_channel)
    floor = GkeVersion.parse(plan.version_floor)
    return f'${{{floor.reached_by(default)} ? null : "{floor.minor}"}}'


def check_version(
    scope: Construct,
    *,
    google: GoogleProvider,
    plan: ClusterPlan,
    after: Sequence[ITerraformDependable] = (),
) -> DataGoogleContainerCluster:
    """
    Read the cluster as it is, and stop what depends on it while its version is below the plan's floor.

    Terraform reads it while it plans, where it plans to leave *after* alone; else once it has changed that.

    Args:
        after: The cluster, where it is managed in the same stack.
    """
    return DataGoogleContainerCluster(
        scope,
        "version",
        provider=google,
        project=plan.project,
        name=plan.name,
        location=plan.location,
        depends_on=list(after) or None,
        lifecycle=reaches_floor(plan.name, plan.version_floor, fix=_upgrade(plan.version_floor)),
    )


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


def _upgrade(floor: str) -> str:
    minor = GkeVersion.parse(floor).minor
    return (
        f"set cluster.gke_version to '{minor}' or a newer minor version. Where the cluster is on {minor} already, "
        f"only a complete version moves it, one that its release channel offers"
    )
