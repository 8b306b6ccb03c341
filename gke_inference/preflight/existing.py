"""What the config says exists: whether it is there and fits, as the plan's postconditions check it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from constructs_lib.google_roles import NODE_ROLES, STREAMING_ROLES
from gke_inference.check import Check
from gke_inference.findings import Finding, judge, unknown, wrong
from gke_inference.preflight import existing_cluster, existing_firewall, existing_fleet, existing_network, existing_vpc
from gke_inference.preflight.iam_roles import missing_roles
from gke_inference.preflight.own_bucket import GRANTS
from gke_inference.preflight.target import Target
from platform_config.requirements import streams_images


def checks(target: Target) -> Iterator[Check]:
    """Yield those of the network, of each cluster, of the fleet, and of the bucket and the nodes' account."""
    for topic in (existing_network, existing_firewall, existing_vpc, existing_cluster, existing_fleet):
        yield from topic.checks(target)
    existing = target.config.existing
    if existing.bucket is not None:
        yield Check(
            id="EXISTING-BUCKET", needed=_bucket_needed(target), role="storage.buckets.get",
            ask=partial(_bucket, target, existing.bucket),
        )  # fmt: skip
    if existing.node_service_account is not None:
        yield Check(
            id="EXISTING-NODE-ACCOUNT", needed=f"{existing.node_service_account} is there and enabled",
            role="iam.serviceAccounts.get", ask=partial(_account, target, existing.node_service_account),
        )  # fmt: skip
        yield Check(
            id="EXISTING-NODE-ROLES", needed=f"its roles: {', '.join(node_roles(target))}",
            role="resourcemanager.projects.getIamPolicy", ask=partial(_roles, target, existing.node_service_account),
        )  # fmt: skip


def _bucket_needed(target: Target) -> str:
    location = target.config.bucket.location.upper() if target.config.bucket else "its location"
    return f"{target.names.bucket} is in {location}, with uniform access, and the caller may let servers read it"


def _bucket(target: Target, name: str) -> Iterator[Finding]:
    """Look at its place and at how access to it is given; what it holds is not read."""
    id_, needed = "EXISTING-BUCKET", _bucket_needed(target)
    found = target.google.find("storage", "v1", "buckets.get", bucket=name)
    if found is None:
        yield wrong(id_, f"there is no bucket {name}", needed, "correct existing.bucket, or remove it")
        return
    location, problems = str(found.get("location", "nowhere")).upper(), {}
    if target.config.bucket and location != target.config.bucket.location.upper():
        problems[f"it is in {location}"] = f"set bucket.location to {location}"
    if not found.get("iamConfiguration", {}).get("uniformBucketLevelAccess", {}).get("enabled"):
        fix = f"gcloud storage buckets update gs://{name} --uniform-bucket-level-access"
        problems["it has no uniform bucket-level access, which grants to Kubernetes accounts need"] = fix
    answer = target.google.call("storage", "v1", "buckets.testIamPermissions", bucket=name, permissions=list(GRANTS))
    if missing := sorted(set(GRANTS) - set(answer.get("permissions", []))):
        fix = f"be granted roles/storage.admin on gs://{name}, or apply with other credentials"
        problems[f"the caller lacks {', '.join(missing)}"] = fix
    yield judge(id_, f"there, in {location}, with uniform access", needed, problems)


def _account(target: Target, email: str) -> Iterator[Finding]:
    id_, needed = "EXISTING-NODE-ACCOUNT", f"{email} is there and enabled"
    name = f"projects/-/serviceAccounts/{email}"
    found = target.google.find("iam", "v1", "projects.serviceAccounts.get", name=name)
    if found is None:
        fix = "correct existing.node_service_account: `gcloud iam service-accounts list` shows those that there are"
        yield wrong(id_, f"there is no {email}", needed, fix)
        return
    problems = {"it is disabled": f"gcloud iam service-accounts enable {email}"} if found.get("disabled") else {}
    yield judge(id_, "there", needed, problems)


def node_roles(target: Target) -> list[str]:
    """Return the roles that the nodes' account needs on the project."""
    return sorted({**NODE_ROLES, **(STREAMING_ROLES if streams_images(target.config) else {})}.values())


def _roles(target: Target, email: str) -> Iterator[Finding]:
    id_, project = "EXISTING-NODE-ROLES", target.project
    needed = f"its roles: {', '.join(node_roles(target))}"
    missing = missing_roles(target, project, f"serviceAccount:{email}", node_roles(target))
    if missing:
        found = f"{project} itself does not grant {', '.join(missing)} to {email}; a folder, a group or a role with "
        fix = f"`gcloud projects add-iam-policy-binding {project} --member=serviceAccount:{email} --role=ROLE` for each"
        yield unknown(id_, f"{found}the same permissions may", needed, f"look, then: {fix}")
    else:
        yield judge(id_, "it has them", needed, {})
