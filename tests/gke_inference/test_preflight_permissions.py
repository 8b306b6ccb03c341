"""Permissions in `preflight`: one for each kind of thing that the stacks of a config make."""

from __future__ import annotations

from typing import Any

import pytest

from gke_inference.preflight.project import permissions
from gke_inference.preflight.target import Target
from tests.configs import ELASTIC, EXAMPLE, REGIONAL, REGIONAL_PUBLIC, config
from tests.gke_inference.google_stand_in import GoogleStandIn
from tests.gke_inference.preflight_answers import found

ON_CALL = {"oncall": {"kind": "email", "address": "oncall@example.com"}}
HOSTS: dict[str, Any] = {"gateway__tls": {"hosts": ["llm.example.com"]}}
ZONE: dict[str, Any] = {"gateway__tls": {"hosts": ["llm.example.com"], "dns_zone": "example-com"}}
SECRET: dict[str, Any] = {"gateway__tls": {"secret_name": "llm-tls"}}
APIGEE: dict[str, Any] = REGIONAL | {"gateway__regions": ["us"], "gateway__apigee": {"environment": "prod"}}
ORGANIZATION: dict[str, Any] = APIGEE | {"gateway__apigee__create": {"analytics_region": "us-east1"}}
IRONWOOD = {"node_pools__tpu__machine_type": "tpu7x-standard-4t", "node_pools__tpu__topology": "2x2x2"}


@pytest.mark.parametrize(
    ("base", "changes", "permission", "asked"),
    [
        (EXAMPLE, {}, "container.clusters.update", True),
        (EXAMPLE, {}, "compute.networks.updatePolicy", True),
        (EXAMPLE, {}, "container.clusterRoles.create", True),
        (EXAMPLE, {}, "compute.routers.update", True),
        (EXAMPLE, {"network__nat": False}, "compute.routers.update", False),
        (EXAMPLE, {}, "compute.addresses.createInternal", True),
        (ELASTIC, {}, "compute.addresses.createInternal", False),
        (EXAMPLE, {}, "storage.buckets.create", True),
        (ELASTIC, {}, "storage.buckets.create", False),
        (EXAMPLE, {}, "secretmanager.secrets.setIamPolicy", True),
        (EXAMPLE, {}, "logging.logMetrics.create", True),
        (EXAMPLE, {"observability": {"log_metrics": False}}, "logging.logMetrics.create", False),
        (EXAMPLE, {}, "compute.resourcePolicies.create", False),
        (EXAMPLE, IRONWOOD, "compute.resourcePolicies.create", True),
        (EXAMPLE, {}, "monitoring.alertPolicies.create", True),
        (EXAMPLE, {"observability__alerting": False}, "monitoring.alertPolicies.create", False),
        (EXAMPLE, {}, "monitoring.notificationChannels.create", False),
        (EXAMPLE, {"observability__channels": ON_CALL}, "monitoring.notificationChannels.create", True),
        (EXAMPLE, {}, "monitoring.dashboards.create", True),
        (EXAMPLE, {"observability__dashboard": False}, "monitoring.dashboards.create", False),
        (EXAMPLE, {}, "gkehub.memberships.create", True),
        (EXAMPLE, REGIONAL, "gkehub.memberships.create", False),
        (EXAMPLE, REGIONAL, "compute.addresses.createInternal", True),
        (EXAMPLE, REGIONAL_PUBLIC, "compute.addresses.createInternal", False),
        (EXAMPLE, REGIONAL_PUBLIC, "compute.addresses.create", True),
        (EXAMPLE, REGIONAL, "compute.regionSecurityPolicies.create", False),
        (EXAMPLE, REGIONAL_PUBLIC, "compute.regionSecurityPolicies.create", True),
        (EXAMPLE, REGIONAL, "compute.regionSslPolicies.create", False),
        (EXAMPLE, REGIONAL | HOSTS, "compute.regionSslPolicies.create", True),
        (EXAMPLE, REGIONAL | HOSTS, "certificatemanager.dnsauthorizations.create", True),
        (EXAMPLE, REGIONAL | SECRET, "certificatemanager.certs.create", False),
        (EXAMPLE, REGIONAL | HOSTS, "dns.changes.create", False),
        (EXAMPLE, REGIONAL | ZONE, "dns.changes.create", True),
        (EXAMPLE, SECRET, "compute.regionSslPolicies.create", False),
        (EXAMPLE, REGIONAL, "iam.serviceAccounts.setIamPolicy", False),
        (EXAMPLE, APIGEE, "iam.serviceAccounts.setIamPolicy", True),
        (EXAMPLE, APIGEE, "apigee.organizations.create", False),
        (EXAMPLE, ORGANIZATION, "apigee.organizations.create", True),
        (EXAMPLE, REGIONAL | {"gateway__model_armor": {}}, "modelarmor.templates.create", True),
        (EXAMPLE, REGIONAL | {"gateway__model_armor": {"template": "t"}}, "modelarmor.templates.create", False),
    ],
)
def test_a_permission_is_asked_for_where_the_config_needs_it(
    google: GoogleStandIn, base: Any, changes: dict[str, Any], permission: str, asked: bool
) -> None:
    """And not elsewhere: who applies has no more than is needed."""
    platform = config(base, **changes)
    wanted = permissions(Target(config=platform, keys=tuple(platform.regions), google=google.api()))

    assert (permission in wanted) == asked
    assert wanted == sorted(set(wanted))


def test_all_that_are_missing_are_named(google: GoogleStandIn) -> None:
    """With how many they are."""
    method = "cloudresourcemanager.projects.testIamPermissions"
    held = {method: lambda _, body: {"permissions": [one for one in body["permissions"] if "container" not in one]}}
    finding = found(google, config(), **held)["", "PERMISSIONS"]

    assert finding.status.value == "wrong"
    assert finding.found == (
        "4 are missing: container.clusterRoles.create, container.clusters.connect, container.clusters.create, "
        "container.clusters.update"
    )
