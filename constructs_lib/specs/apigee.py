"""The settings of Apigee, which asks each client for a key."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, Literal

from constructs_lib.google_names import report_wrong, wrong_region
from constructs_lib.specs.limits import Between, refuse, wrong_settings, wrong_text

ENVIRONMENT = r"[a-z]([a-z0-9-]{0,30}[a-z0-9])?"
"""Narrower than the API, which takes dots and capitals: the operator's objects are named after it."""
ORGANIZATION = r"[^/\s]+"


@dataclass(frozen=True, kw_only=True)
class ApigeeOrganizationSpec:
    """
    The project's Apigee organization with one instance and one environment, made by the platform.

    A project has one organization; making it takes up to an hour, and each hour of the environment is paid for.

    Args:
        analytics_region: Region where Apigee keeps what it counts; it can never change.
        billing_type: `PAYG` is paid by use, `SUBSCRIPTION` by a contract that exists. Extensions need one of the two.
        environment_type: Kind of a `PAYG` environment; the third kind, `BASE`, takes no extensions.
        deletion_protection: Refuses every plan that deletes organization, instance or environment: the API products,
            clients and keys in them would be lost.
    """

    analytics_region: str
    billing_type: Literal["SUBSCRIPTION", "PAYG"] = "PAYG"
    environment_type: Literal["INTERMEDIATE", "COMPREHENSIVE"] = "INTERMEDIATE"
    deletion_protection: bool = True

    def __post_init__(self) -> None:
        region = self.analytics_region if isinstance(self.analytics_region, str) else ""
        wrong = report_wrong("analytics_region", region, wrong_region(region)) if region else ()
        refuse([*wrong_settings(self), *wrong])


@dataclass(frozen=True, kw_only=True)
class ApigeeSpec:
    """
    Has Apigee check each request at a regional gateway: without a key of an API product it is refused.

    Args:
        environment: Name of the Apigee environment, with the property `apigee-service-extension-enabled`; it is
            attached to an instance in the region of the gateway.
        enabled: False takes Apigee off the gateway and keeps its operator: the step before this section is removed.
        organization: Name of the Apigee organization. Default: that of the project, which has the same name.
        operator_version: Version of the operator's two charts.
        create: Makes organization, instance and environment. Default: they exist.
        fail_open: Lets requests pass unchecked while Apigee does not answer; False refuses them.
        timeout_ms: Milliseconds to wait for Apigee at each step of a request, 10 to 10000.
    """

    environment: str
    enabled: bool = True
    organization: str | None = None
    operator_version: str = "1.1.1"
    create: ApigeeOrganizationSpec | None = None
    fail_open: bool = False
    # Source: CRD gcptrafficextensions.networking.gke.io, extensions[].timeout.
    timeout_ms: Annotated[int, Between(10, 10_000)] = 1000

    def __post_init__(self) -> None:
        must = "be 1 to 32 lower case letters, digits and hyphens, and begin with a letter"
        both = self.organization is not None and self.create is not None
        refuse(
            [
                *wrong_settings(self),
                *wrong_text("environment", self.environment, ENVIRONMENT, must),
                *wrong_text("organization", self.organization, ORGANIZATION, "be a name alone", self._likely_name()),
                *(["organization must not be given with create, which makes the project's own"] if both else []),
            ]
        )

    def _likely_name(self) -> str:
        """Return what to write for the path of an organization; empty where that is not clear."""
        name = self.organization.rstrip("/").rpartition("/")[2] if isinstance(self.organization, str) else ""
        return f"write {name}" if re.fullmatch(ORGANIZATION, name) else ""
