"""The project: is it there and paid for, may the caller change it, are its APIs on."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from constructs_lib.accelerators import PoolPlan
from constructs_lib.specs import TlsSpec
from gke_inference.api_error import ApiError
from gke_inference.check import Check
from gke_inference.findings import Finding, good, unknown, wrong
from gke_inference.preflight.target import Target
from platform_config.config import Config
from platform_config.dns_plan import asks_endpoints, endpoint_records
from platform_config.model_armor import own_templates
from platform_config.requirements import project_services

PERMISSIONS = (
    "container.clusterRoles.create", "container.clusters.connect", "container.clusters.update",
    "iam.serviceAccounts.actAs", "resourcemanager.projects.setIamPolicy", "serviceusage.services.enable",
)  # fmt: skip
"""
What every apply makes, one permission for each kind; those of its settings come on top.

Firewall rules need `compute.networks.updatePolicy`, too, and node pools `container.clusters.update`; the roles of Jobs
in the clusters are what a Kubernetes Engine Developer may not make. Sources: Google, "Compute Engine API",
firewalls.insert; "GKE API permissions"; "Google Kubernetes Engine roles and permissions".
"""

ARGO_CD_PERMISSIONS = (
    "container.clusterRoleBindings.create", "container.clusterRoles.bind", "container.secrets.create",
    "iam.serviceAccounts.create", "iam.serviceAccounts.setIamPolicy",
)  # fmt: skip
"""What letting Argo CD into the clusters takes: its account, who acts as it, and its role in each of them."""


def checks(target: Target) -> Iterator[Check]:
    """Yield those of the project as a whole."""
    google, project = target.google, target.project

    def exists() -> Iterator[Finding]:
        needed = "a project that is active"
        fix = "correct `project` in the config, or choose credentials that may see it"
        try:
            found = google.call("cloudresourcemanager", "v3", "projects.get", name=f"projects/{project}")
        except ApiError as error:
            if error.missing:
                yield wrong("PROJECT", f"{project} is not there", needed, fix)
            elif error.denied and not error.turned_off:
                # Google answers 403 for a project that does not exist, too.
                yield unknown("PROJECT", f"{project} is not there, or the caller may not see it", needed, fix)
            else:
                raise
            return
        state, number = found.get("state", "in no state"), found["name"].rpartition("/")[2]
        seen = f"{project} is {state}, number {number}"
        yield good("PROJECT", seen, needed) if state == "ACTIVE" else wrong("PROJECT", seen, needed, fix)

    def billed() -> Iterator[Finding]:
        info = google.call("cloudbilling", "v1", "projects.getBillingInfo", name=f"projects/{project}")
        needed = "an open billing account"
        if info.get("billingEnabled"):
            yield good("BILLING", info.get("billingAccountName", "on"), needed)
        else:
            yield wrong("BILLING", "billing is off", needed, f"gcloud billing projects link {project}")

    yield Check(id="PROJECT", needed="a project that is active", role="resourcemanager.projects.get", ask=exists)
    yield Check(id="BILLING", needed="an open billing account", role="resourcemanager.projects.get", ask=billed)
    yield Check(
        id="PERMISSIONS", needed="every permission that an apply needs", role="resourcemanager.projects.get",
        ask=partial(_permissions, target),
    )  # fmt: skip
    yield Check(
        id="APIS", needed="Service Usage, which turns the other APIs on", role="serviceusage.services.list",
        ask=partial(_apis, target),
    )  # fmt: skip


def permissions(target: Target) -> list[str]:
    """Return the permissions that the caller of an apply must have on the project."""
    config = target.config
    extra = [*_own_permissions(target)]
    if any(_workload_policy(pool) for key in target.keys for pool in target.made_pools(key).values()):
        extra.append("compute.resourcePolicies.create")
    extra += _gateway_permissions(target)
    if config.bucket:
        # Of a bucket that exists, EXISTING-BUCKET asks.
        extra += ["storage.buckets.create", "storage.buckets.setIamPolicy"] if config.existing.bucket is None else []
    if config.loads_in_cloud_run:
        extra += ["iam.serviceAccounts.create", "run.jobs.create", "run.jobs.run", "storage.objects.list"]
    if config.token_secrets:
        extra.append("secretmanager.secrets.setIamPolicy")
    if config.observability.log_metrics:
        extra.append("logging.logMetrics.create")
    if config.observability.dashboard:
        extra.append("monitoring.dashboards.create")
    extra += _dns_permissions(config)
    extra += ARGO_CD_PERMISSIONS if config.gitops is not None and config.gitops.argo_cd is not None else ()
    if config.observability.alerting:
        extra.append("monitoring.alertPolicies.create")
        extra += ["monitoring.notificationChannels.create"] if config.observability.channels else []
    return sorted({*PERMISSIONS, *extra})


def _dns_permissions(config: Config) -> Iterator[str]:
    """Yield those of names, of what asks public addresses, and of the account of ExternalDNS."""
    if config.dns is None:
        return
    yield from ("dns.changes.create", "dns.resourceRecordSets.create")
    if not config.dns.zone.existing or config.external_dns is not None:
        yield "dns.managedZones.create"
    if not config.dns.zone.existing and config.dns.zone.visibility == "private" and config.existing.network is None:
        yield "dns.networks.bindPrivateDNSZone"
    if any(asks_endpoints(config, record) for record in config.dns.records.values()):
        yield "compute.healthChecks.create"
    if config.observability.alerting and endpoint_records(config):
        yield "monitoring.uptimeCheckConfigs.create"


def _own_permissions(target: Target) -> Iterator[str]:
    """Yield those of what may exist already: of a Shared VPC, SHARED-VPC-PERMISSIONS asks in its project."""
    existing = target.config.existing
    if target.names.network_project == target.project:
        yield from network_permissions(target)
    if any(map(target.makes_cluster, target.keys)):
        yield "container.clusters.create"
    if existing.node_service_account is None:
        yield "iam.serviceAccounts.create"


def network_permissions(target: Target) -> Iterator[str]:
    """Yield the permissions that an apply needs in the network's project for what it makes there."""
    existing = target.config.existing
    if existing.network is None:
        yield "compute.networks.create"
    if not existing.firewall:
        yield from ("compute.firewalls.create", "compute.networks.updatePolicy")
    if target.makes_subnets:
        yield "compute.subnetworks.create"
    if target.makes_routers:
        # NAT is a part of its router.
        yield from ("compute.routers.create", "compute.routers.update")


def _gateway_permissions(target: Target) -> Iterator[str]:
    """Yield the permissions that the gateway needs, and what it has beside its routes."""
    config = target.config
    gateway, regions = config.gateway, config.regions
    kind = gateway.gateway_class
    if kind.multi_cluster:
        if not config.existing.fleet_features:
            yield "gkehub.features.create"
        if any(regions[key].existing.membership is None for key in target.keys):
            yield "gkehub.memberships.create"
    made = [key for key in config.gateway_regions if regions[key].existing.gateway_address is None]
    if gateway.addresses == "named" and made:
        yield "compute.addresses.create" if kind.public else "compute.addresses.createInternal"
    if gateway.tls is not None and kind.regional_certificates:
        yield from _tls_permissions(gateway.tls)
    if gateway.limits is not None:
        yield "compute.regionSecurityPolicies.create"
    if own_templates(config):
        yield "modelarmor.templates.create"
    if gateway.apigee is not None:
        yield "iam.serviceAccounts.setIamPolicy"
        yield "iam.serviceAccounts.create"
        if gateway.apigee.create is not None:
            yield "apigee.organizations.create"


def _tls_permissions(tls: TlsSpec) -> Iterator[str]:
    """Yield the permissions that HTTPS needs at a regional gateway."""
    yield "compute.regionSslPolicies.create"
    if tls.hosts or tls.certificate_pem:
        yield "certificatemanager.certs.create"
    if tls.hosts:
        yield "certificatemanager.dnsauthorizations.create"
    if tls.dns_zone:
        yield "dns.changes.create"


def _workload_policy(pool: PoolPlan) -> bool:
    """Return whether a policy of its own, and not the pool itself, says where the pool's machines are."""
    machine = pool.machine
    return pool.compact_placement and (machine.generation == "v7" or machine.workload_policy_topology is not None)


def _permissions(target: Target) -> Iterator[Finding]:
    asked = permissions(target)
    answer = target.google.call(
        "cloudresourcemanager", "v3", "projects.testIamPermissions",
        resource=f"projects/{target.project}", body={"permissions": asked},
    )  # fmt: skip
    missing = sorted(set(asked) - set(answer.get("permissions", [])))
    needed = f"the {len(asked)} permissions that an apply needs"
    if missing:
        fix = "be granted a role with them, or apply with other credentials"
        yield wrong("PERMISSIONS", f"{len(missing)} are missing: {', '.join(missing)}", needed, fix)
    else:
        yield good("PERMISSIONS", "the caller has all of them", needed)


def _apis(target: Target) -> Iterator[Finding]:
    parent = f"projects/{target.project}"
    wanted = project_services(target.config)
    names = [f"{parent}/services/{name}.googleapis.com" for name in wanted]
    needed = "Service Usage, which turns the other APIs on"
    try:
        answer = target.google.call("serviceusage", "v1", "services.batchGet", parent=parent, names=names)
    except ApiError as error:
        if not error.turned_off:
            raise
        fix = f"gcloud services enable serviceusage.googleapis.com --project={target.project}"
        yield wrong("APIS", "Service Usage itself is off", needed, fix)
        return
    on = {entry["name"].rpartition("/")[2] for entry in answer.get("services", []) if entry["state"] == "ENABLED"}
    off = [name for name in wanted if f"{name}.googleapis.com" not in on]
    rest = f", an apply turns on: {', '.join(off)}" if off else ""
    yield good("APIS", f"{len(wanted) - len(off)} of {len(wanted)} are on{rest}", needed)
