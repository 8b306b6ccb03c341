"""Apigee's organization, the account of its operator, the operator, and the connection of a gateway."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from cdktf_cdktf_provider_google.provider import GoogleProvider
from cdktf_cdktf_provider_helm.provider import HelmProvider
from cdktf_cdktf_provider_kubernetes.provider import KubernetesProvider
from cdktf_cdktf_provider_time.provider import TimeProvider

from constructs_lib.apigee_access import ApigeeAccess
from constructs_lib.apigee_connection import ApigeeConnection
from constructs_lib.apigee_operator import ApigeeOperator
from constructs_lib.apigee_organization import ApigeeOrganization
from constructs_lib.specs import ApigeeOrganizationSpec, ApigeeSpec
from tests.conftest import Synth


def organization(**settings: Any) -> Callable[[Any], ApigeeOrganization]:
    """Build an organization."""
    names = {"project": "my-project", "instance": "acme-apigee", "region": "us-east5", "environment": "prod"}
    given = {key: settings.pop(key, value) for key, value in names.items()}
    spec = ApigeeOrganizationSpec(**{"analytics_region": "us-east1", **settings})
    return lambda stack: ApigeeOrganization(
        stack, "apigee", google=GoogleProvider(stack, "google", project="my-project"), spec=spec, **given
    )


def access(**settings: Any) -> Callable[[Any], ApigeeAccess]:
    """Build the account."""
    given = {
        "project": "my-project",
        "account_id": "acme-apigee",
        "workload_pool": "my-project.svc.id.goog",
        **settings,
    }
    return lambda stack: ApigeeAccess(
        stack, "apigee", google=GoogleProvider(stack, "google", project="my-project"), **given
    )


def operator(**settings: Any) -> Callable[[Any], ApigeeOperator]:
    """Build the operator."""
    given = {
        "project": "my-project", "organization": "my-project", "version": "1.1.1",
        "account": "acme-apigee@my-project.iam.gserviceaccount.com", **settings,
    }  # fmt: skip
    return lambda stack: ApigeeOperator(
        stack,
        "apigee",
        kubernetes=KubernetesProvider(stack, "kubernetes"),
        helm=HelmProvider(stack, "helm"),
        **given,
    )


def connection(stack: Any) -> ApigeeConnection:
    """Build the connection of a gateway."""
    return ApigeeConnection(
        stack,
        "apigee",
        kubernetes=KubernetesProvider(stack, "kubernetes"),
        time=TimeProvider(stack, "time"),
        gateway="acme-gateway",
        namespace="inference",
        environment="prod",
        region="us-east5",
        network="projects/my-project/global/networks/acme-vpc",
        subnetwork="projects/my-project/regions/us-east5/subnetworks/acme-nodes-us",
    )


def test_the_environment_takes_extensions(synth: Synth) -> None:
    """By its property; its proxies are programmable ones, and it is attached to the instance of the region."""
    app = synth(organization())
    environment = app.one("google_apigee_environment")

    assert environment["properties"]["property"] == [{"name": "apigee-service-extension-enabled", "value": "true"}]
    assert (environment["deployment_type"], environment["api_proxy_type"]) == ("PROXY", "PROGRAMMABLE")
    assert app.one("google_apigee_instance")["location"] == "us-east5"
    assert app.one("google_apigee_instance_attachment")["environment"].endswith(".name}")
    assert app.one("google_apigee_organization")["disable_vpc_peering"] is True


@pytest.mark.parametrize(
    ("billing", "kind"), [("PAYG", "INTERMEDIATE"), ("PAYG", "COMPREHENSIVE"), ("SUBSCRIPTION", None)]
)
def test_an_environment_has_the_type_that_its_contract_lacks(synth: Synth, billing: str, kind: str | None) -> None:
    """An organization with a subscription takes none."""
    app = synth(organization(billing_type=billing, **({"environment_type": kind} if kind else {})))

    assert app.one("google_apigee_environment").get("type") == kind
    assert app.one("google_apigee_organization")["billing_type"] == billing


@pytest.mark.parametrize("protected", [True, False])
def test_what_would_be_lost_is_protected(synth: Synth, protected: bool) -> None:
    """Terraform itself refuses a plan that deletes it, until that is turned off."""
    app = synth(organization(**({} if protected else {"deletion_protection": False})))
    kinds = ("google_apigee_organization", "google_apigee_instance", "google_apigee_environment")
    kept = [app.one(kind).get("lifecycle") for kind in kinds]

    assert kept == [{"prevent_destroy": True} if protected else None] * 3
    assert "lifecycle" not in app.one("google_apigee_instance_attachment")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"instance": "x" * 33}, "instance must have at most 32 characters"),
        ({"region": "us"}, "region must be a region such as us-east5, got 'us'"),
        ({"environment": "Prod"}, "environment must hold only lower case letters"),
        ({"project": "p"}, "project must be a project ID"),
    ],
)
def test_names_that_google_refuses_are_refused(synth: Synth, settings: dict[str, Any], message: str) -> None:
    """Before anything is applied, which takes an hour."""
    with pytest.raises(ValueError, match=message):
        synth(organization(**settings))


def test_the_operator_alone_acts_as_its_account(synth: Synth) -> None:
    """On that one account, not on all of the project, as Google's guide has it."""
    app = synth(access())
    grant = app.one("google_service_account_iam_member")

    assert grant["member"] == "serviceAccount:my-project.svc.id.goog[apim/apim-ksa]"
    assert grant["role"] == "roles/iam.workloadIdentityUser"
    assert grant["service_account_id"] == "${google_service_account.apigee.name}"
    assert {one["role"] for one in app.all("google_project_iam_member")} == {
        "roles/apigee.admin", "roles/compute.loadBalancerAdmin", "roles/compute.networkAdmin",
        "roles/networkservices.serviceExtensionsAdmin",
    }  # fmt: skip


def test_an_account_that_cannot_be_is_refused(synth: Synth) -> None:
    """Each name with what it must be."""
    with pytest.raises(ValueError, match=r"project must be a project ID(?s:.*)account_id must be 6 to 30"):
        synth(access(project="p", account_id="a"))


def test_the_kinds_come_before_the_operator(synth: Synth) -> None:
    """Of one version, from Google's registry; with its policy and resources before it starts."""
    app = synth(operator())
    charts = {block["chart"]: (name, block) for name, block in app.named("helm_release").items()}
    (kinds, crds), (_, made) = charts["apigee-apim-operator-crds"], charts["apigee-apim-operator-helm"]

    assert {one["version"] for one in (crds, made)} == {"1.1.1"}
    assert {one["namespace"] for one in (crds, made)} == {"apim"}
    assert f"helm_release.{kinds.removeprefix('test/')}" in made["depends_on"]
    assert len([one for one in made["depends_on"] if one.startswith("kubernetes_manifest.")]) == 2
    assert '"generateEnv" = "FALSE"' in made["values"][0]
    assert "values" not in crds
    assert app.one("kubernetes_namespace_v1")["metadata"]["labels"] == {
        "pod-security.kubernetes.io/enforce": "baseline"
    }


def test_a_version_that_nobody_knows_is_refused(synth: Synth) -> None:
    """Its values could be others."""
    with pytest.raises(ValueError, match=r"version must be one of 1\.1\.1, got '1\.1\.2'"):
        synth(operator(version="1.1.2"))


def test_a_gateway_waits_for_its_connection_and_lets_go_of_it(synth: Synth) -> None:
    """The gate looks at the operator's own status, for a bounded time; on destroy there is a pause before it."""
    app = synth(connection)
    [job] = app.all("kubernetes_job_v1")
    [container] = job["spec"]["template"]["spec"]["container"]
    sleep = app.one("time_sleep")

    assert container["args"] == [
        "wait", "--for=jsonpath={.status.currentState}=CREATED", "--timeout=900s", "--namespace=inference",
        "apigeebackendservices.apim.googleapis.com/acme-gateway-apigee",
    ]  # fmt: skip
    assert sleep["destroy_duration"] == "120s"
    assert sleep["depends_on"] == ["kubernetes_manifest.apigee"]
    assert "kubernetes_manifest.apigee" in job["depends_on"]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"environment": "Prod Env"}, "environment must be 1 to 32 lower case letters, digits and hyphens"),
        ({"environment": "p", "timeout_ms": 9}, "timeout_ms must be between 10 and 10000, got 9"),
        (
            {"environment": "p", "organization": "o", "create": ApigeeOrganizationSpec(analytics_region="us-east1")},
            "organization must not be given with create",
        ),
    ],
)
def test_settings_that_cannot_be_are_refused(settings: dict[str, Any], message: str) -> None:
    """With what they must be."""
    with pytest.raises(ValueError, match=message):
        ApigeeSpec(**settings)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"analytics_region": "europe"}, "analytics_region must be a region such as us-east5, got 'europe'"),
        (
            {"analytics_region": "us-east1", "environment_type": "BASE"},
            "environment_type must be one of INTERMEDIATE, COMPREHENSIVE, got 'BASE'",
        ),
        (
            {"analytics_region": "us-east1", "billing_type": "EVALUATION"},
            "billing_type must be one of SUBSCRIPTION, PAYG, got 'EVALUATION'",
        ),
    ],
)
def test_an_organization_without_extensions_is_refused(settings: dict[str, Any], message: str) -> None:
    """Base environments and evaluations take none."""
    with pytest.raises(ValueError, match=message):
        ApigeeOrganizationSpec(**settings)
