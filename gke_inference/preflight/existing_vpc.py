"""A Shared VPC: whether the project may use it, and whether Google's agents have their roles in its project."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from constructs_lib.google_names import DISCOVERY_FEATURE
from constructs_lib.google_roles import DISCOVERY_ROLE, HOST_ROLE, SUBNET_ROLE
from gke_inference.check import Check
from gke_inference.findings import Finding, judge, unknown
from gke_inference.preflight.iam_roles import granted, project_number, project_policy
from gke_inference.preflight.project import network_permissions
from gke_inference.preflight.target import Target
from platform_config.requirements import grants_in_host, shared_vpc_regions

ID = "SHARED-VPC"


def checks(target: Target) -> Iterator[Check]:
    """Yield those of a platform whose network is in another project."""
    names, host = target.names, target.names.network_project
    if host == target.project:
        return
    yield Check(
        id=ID, needed=f"{target.project} is a service project of {host}", role="compute.projects.get",
        ask=partial(_service_project, target),
    )  # fmt: skip
    yield Check(
        id=f"{ID}-PERMISSIONS", needed=_permissions_needed(target), role=f"resourcemanager.projects.get in {host}",
        ask=partial(_permissions, target),
    )  # fmt: skip
    granted_here = shared_vpc_regions(target.config)
    if not grants_in_host(target.config):
        yield Check(
            id=f"{ID}-ROLES", needed=f"{HOST_ROLE} of GKE's agent in {host}",
            role=f"resourcemanager.projects.getIamPolicy in {host}, resourcemanager.projects.get",
            ask=partial(_host_roles, target),
        )  # fmt: skip
    for key in (key for key in target.keys if key not in granted_here):
        yield Check(
            id=f"{ID}-ROLES", needed=f"{SUBNET_ROLE} of Google's agents on {names.node_subnet(key)}", where=key,
            role=f"compute.subnetworks.getIamPolicy and resourcemanager.projects.getIamPolicy in {host}",
            ask=partial(_subnet_roles, target, key),
        )  # fmt: skip


def _service_project(target: Target) -> Iterator[Finding]:
    host = target.names.network_project
    found = target.google.call("compute", "v1", "projects.getXpnHost", project=target.project).get("name", "")
    fix = f"gcloud compute shared-vpc associated-projects add {target.project} --host-project={host}"
    problems = {}
    if not found:
        problems["it is a service project of none"] = fix
    elif found != host:
        problems[f"it is one of {found}"] = f"correct existing.network: a project has one host ({fix})"
    yield judge(ID, f"it is one of {found}", f"{target.project} is a service project of {host}", problems)


def host_permissions(target: Target) -> list[str]:
    """Return the permissions that the caller of an apply must have in the project of the Shared VPC."""
    config, existing = target.config, target.config.existing
    asked = ["compute.networks.get", "compute.subnetworks.get", "compute.subnetworks.list"]
    asked += network_permissions(target)
    asked += ["compute.subnetworks.setIamPolicy"] if shared_vpc_regions(config) else []
    if grants_in_host(config) or (config.service_discovery and not existing.fleet_features):
        asked.append("resourcemanager.projects.setIamPolicy")
    return sorted(asked)


def _permissions_needed(target: Target) -> str:
    return f"the {len(host_permissions(target))} permissions that an apply needs in {target.names.network_project}"


def _permissions(target: Target) -> Iterator[Finding]:
    asked, host = host_permissions(target), target.names.network_project
    answer = target.google.call(
        "cloudresourcemanager", "v3", "projects.testIamPermissions", resource=f"projects/{host}",
        body={"permissions": asked},
    )  # fmt: skip
    missing = sorted(set(asked) - set(answer.get("permissions", [])))
    fix = f"be granted a role with them in {host}; existing.firewall and existing.shared_vpc_roles take some away"
    problems = {f"{len(missing)} are missing: {', '.join(missing)}": fix} if missing else {}
    yield judge(f"{ID}-PERMISSIONS", "the caller has all of them", _permissions_needed(target), problems)


def _agents(target: Target) -> dict[str, str]:
    """Return GKE's agent and that of Google's APIs, as IAM has them, by what they are."""
    number, universe = project_number(target), target.config.universe
    gke = universe.service_agent("container-engine-robot", number)
    return {"GKE's agent": f"serviceAccount:{gke}", "Google's APIs": f"serviceAccount:{universe.apis_agent(number)}"}


def _host_roles(target: Target) -> Iterator[Finding]:
    host, config = target.names.network_project, target.config
    policy, wanted = project_policy(target, host), [(HOST_ROLE, _agents(target)["GKE's agent"])]
    if config.service_discovery and config.existing.fleet_features:
        agent = config.universe.service_agent("gcp-sa-mcsd", project_number(target))
        wanted.append((DISCOVERY_ROLE, f"serviceAccount:{agent}"))
    missing = [f"{role} to {member}" for role, member in wanted if role not in granted(policy, member)]
    needed = f"{HOST_ROLE} of GKE's agent in {host}" + (f", and {DISCOVERY_FEATURE}'s" if len(wanted) > 1 else "")
    if missing:
        fix = f"look, then: gcloud projects add-iam-policy-binding {host}, or remove existing.shared_vpc_roles"
        yield unknown(f"{ID}-ROLES", f"{host} itself does not grant {', '.join(missing)}; a folder may", needed, fix)
    else:
        yield judge(f"{ID}-ROLES", "granted", needed, {})


def _subnet_roles(target: Target, key: str) -> Iterator[Finding]:
    """Look at the subnet, and at the project, whose roles hold for all subnets."""
    host, region, subnet = (
        target.names.network_project,
        target.config.regions[key].region,
        target.names.node_subnet(key),
    )
    needed = f"{SUBNET_ROLE} of Google's agents on {subnet}"
    policies = [
        target.google.call(
            "compute", "v1", "subnetworks.getIamPolicy", project=host, region=region, resource=subnet
        ),
        project_policy(target, host),
    ]  # fmt: skip
    missing = [
        f"{who} ({member.partition(':')[2]})"
        for who, member in _agents(target).items()
        if not any(SUBNET_ROLE in granted(policy, member) for policy in policies)
    ]
    if missing:
        fix = f"look, then: gcloud compute networks subnets add-iam-policy-binding {subnet} --project={host} "
        fix += f"--region={region} --role={SUBNET_ROLE} --member=..., or remove existing.shared_vpc_roles"
        found = f"neither {subnet} nor {host} grants it to {' and '.join(missing)}; a folder may"
        yield unknown(f"{ID}-ROLES", found, needed, fix)
    else:
        yield judge(f"{ID}-ROLES", "granted", needed, {})
