"""`preflight` of platforms whose regions have a gateway each: no fleet, and what their load balancers need."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from platform_config.requirements import project_services
from tests.configs import REGIONAL, REGIONAL_PUBLIC, changed, config
from tests.gke_inference.conftest import InferenceOps
from tests.gke_inference.google_stand_in import Fault, GoogleStandIn
from tests.gke_inference.model_configs import write_config
from tests.gke_inference.preflight_answers import GLOBAL, found, quotas
from tests.gke_inference.preflight_answers import REGIONAL as LIMITS
from tests.gke_inference.test_preflight import READS

ORG_POLICY = "cloudresourcemanager.projects.getEffectiveOrgPolicy"
HTTPS = {"gateway__tls": {"secret_name": "llm-tls"}}


def region(**limits: int) -> dict[str, Any]:
    """Return a region with these limits."""
    return {"compute.regions.get": {"quotas": quotas(LIMITS | limits)}}


def project(**limits: int) -> dict[str, Any]:
    """Return a project with these limits."""
    return {"compute.projects.get": {"quotas": quotas(GLOBAL | limits)}}


@pytest.mark.parametrize("changes", [REGIONAL, REGIONAL_PUBLIC])
def test_where_nothing_stands_in_the_way_all_is_good(google: GoogleStandIn, changes: dict[str, Any]) -> None:
    """And the fleet is not asked, which is not there."""
    google.requests.clear()
    findings = found(google, config(**changes))

    assert [finding for finding in findings.values() if finding.status.value != "good"] == []
    assert not [id_ for _, id_ in findings if id_.startswith(("FLEET", "SCOPES"))]
    assert not [request for request in google.requests if request.method.startswith("gkehub")]


def test_apis_of_a_fleet_are_not_wanted(google: GoogleStandIn) -> None:
    """Those that are counted are those that an apply turns on."""
    platform = config(**REGIONAL)
    finding = found(google, platform)["", "APIS"]

    assert finding.found == f"{len(project_services(platform))} of {len(project_services(platform))} are on"
    assert "gkehub" not in project_services(platform)


CASES: list[tuple[dict[str, Any], str, str, dict[str, Any], str]] = [
    (REGIONAL, "us", "QUOTA-BACKEND-SERVICES", region(REGIONAL_INTERNAL_MANAGED_BACKEND_SERVICES=0), "wrong"),
    (REGIONAL, "us", "QUOTA-BACKEND-SERVICES", region(REGIONAL_INTERNAL_MANAGED_BACKEND_SERVICES=1), "good"),
    (REGIONAL, "us", "QUOTA-BACKEND-SERVICES", project(GLOBAL_INTERNAL_MANAGED_BACKEND_SERVICES=0), "good"),
    (REGIONAL_PUBLIC, "us", "QUOTA-BACKEND-SERVICES", region(REGIONAL_EXTERNAL_MANAGED_BACKEND_SERVICES=0), "wrong"),
    (REGIONAL, "us", "QUOTA-ADDRESS", region(INTERNAL_ADDRESSES=0), "wrong"),
    (REGIONAL_PUBLIC, "us", "QUOTA-ADDRESS", region(INTERNAL_ADDRESSES=0), "good"),
    (REGIONAL_PUBLIC, "us", "QUOTA-ADDRESS", region(STATIC_ADDRESSES=0), "wrong"),
    (REGIONAL_PUBLIC, "us", "QUOTA-PUBLIC-ADDRESS", region(IN_USE_ADDRESSES=0), "wrong"),
    (REGIONAL, "", "QUOTA-TARGET-PROXIES", project(TARGET_HTTP_PROXIES=1), "wrong"),
    (REGIONAL, "", "QUOTA-TARGET-PROXIES", project(TARGET_HTTP_PROXIES=2), "good"),
    (REGIONAL, "", "QUOTA-URL-MAPS", project(URL_MAPS=1), "wrong"),
    (REGIONAL, "", "QUOTA-HEALTH-CHECKS", project(HEALTH_CHECKS=1), "wrong"),
    (REGIONAL | HTTPS, "", "QUOTA-HTTPS-PROXIES", project(TARGET_HTTPS_PROXIES=1), "wrong"),
    (REGIONAL | HTTPS, "", "QUOTA-HTTPS-PROXIES", project(TARGET_HTTPS_PROXIES=2), "good"),
]


@pytest.mark.parametrize(("changes", "where", "id_", "answers", "status"), CASES)
def test_each_region_s_load_balancer_must_have_room(
    google: GoogleStandIn, changes: dict[str, Any], where: str, id_: str, answers: dict[str, Any], status: str
) -> None:
    """Two regions have two proxies, URL maps and health checks, and each its own backend services and address."""
    finding = found(google, config(**changes), **answers)[where, id_]

    assert finding.status.value == status, finding
    assert bool(finding.fix) == (status != "good")


def test_public_addresses_and_those_of_nodes_count_together(google: GoogleStandIn) -> None:
    """Three system nodes, one TPU node and the gateway are charged to one quota."""
    platform = config(**REGIONAL_PUBLIC, cluster__private_nodes=False)
    few, enough = (
        found(google, platform, **region(IN_USE_ADDRESSES=limit))["us", "QUOTA-PUBLIC-ADDRESS"] for limit in (4, 5)
    )

    assert (few.status.value, enough.status.value) == ("wrong", "good")


def test_a_region_without_a_gateway_needs_no_address(google: GoogleStandIn) -> None:
    """It is left out of gateway.regions."""
    findings = found(google, config(**REGIONAL_PUBLIC, gateway__regions=["us"]), **project(URL_MAPS=1))

    assert ("eu", "QUOTA-ADDRESS") not in findings
    assert findings["", "QUOTA-URL-MAPS"].status.value == "good"


POLICIES: list[tuple[dict[str, Any], str, str]] = [
    ({}, "good", "allowed"),
    ({"listPolicy": {"allValues": "ALLOW"}}, "good", "allowed"),
    ({"listPolicy": {"allowedValues": ["in:EXTERNAL"]}}, "good", "allowed"),
    ({"listPolicy": {"allowedValues": ["INTERNAL_HTTP_HTTPS", "EXTERNAL_MANAGED_HTTP_HTTPS"]}}, "good", "allowed"),
    ({"listPolicy": {"deniedValues": ["EXTERNAL_HTTP_HTTPS"]}}, "good", "allowed"),
    ({"listPolicy": {"allowedValues": ["in:INTERNAL"]}}, "wrong", "allowed: in:INTERNAL"),
    ({"listPolicy": {"deniedValues": ["in:EXTERNAL"]}}, "wrong", "denied: in:EXTERNAL"),
    ({"listPolicy": {"deniedValues": ["EXTERNAL_MANAGED_HTTP_HTTPS"], "allValues": "ALLOW"}}, "wrong", "denied: "),
    ({"listPolicy": {"allValues": "DENY"}}, "wrong", "all types are denied"),
]


@pytest.mark.parametrize(("policy", "status", "words"), POLICIES)
def test_an_organization_that_refuses_public_load_balancers_is_known_before(
    google: GoogleStandIn, policy: dict[str, Any], status: str, words: str
) -> None:
    """A list of what is allowed, or of what is denied, by type or by group; the fix names the setting."""
    finding = found(google, config(**REGIONAL_PUBLIC), **{ORG_POLICY: policy})["", "ORG-POLICY"]

    assert (finding.status.value, words in finding.found) == (status, True), finding
    assert ("gateway.public" in finding.fix) == (status == "wrong")


def test_the_policy_of_an_organization_may_be_closed_to_the_caller(google: GoogleStandIn) -> None:
    """Then it is unknown, with the permission; internal gateways do not ask."""
    refused = {ORG_POLICY: Fault(403, "Permission denied")}

    finding = found(google, config(**REGIONAL_PUBLIC), **refused)["", "ORG-POLICY"]
    assert (finding.status.value, "orgpolicy.policy.get" in finding.fix) == ("unknown", True)
    assert ("", "ORG-POLICY") not in found(google, config(**REGIONAL))


def test_nothing_is_written(good_google: GoogleStandIn, inference_ops: InferenceOps, tmp_path: Path) -> None:
    """The two POSTs are questions: which permissions there are, and which policy holds."""
    path = write_config(tmp_path / "public.yaml", changed(**REGIONAL_PUBLIC))
    ran = inference_ops("--config", str(path), "--output", "json", "preflight")

    assert ran.document["outcome"] == "good"
    posts = {request.method for request in good_google.requests if request.http_method != "GET"}
    assert posts == {"cloudresourcemanager.projects.testIamPermissions", ORG_POLICY}
    assert {request.method.rpartition(".")[2] for request in good_google.requests} <= READS | {"getEffectiveOrgPolicy"}
