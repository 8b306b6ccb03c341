"""The settings of Apigee, which manages who may call and how often."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from constructs_lib.specs.limits import Between, refuse, wrong_settings


@dataclass(frozen=True, kw_only=True)
class ApigeeOrganizationSpec:
    """
    An Apigee organization with an environment and an instance, where the project has none.

    Args:
        analytics_region: Region of the analytics data.
        billing_type: How Apigee is paid for.
        environment_type: Kind of the environment; BASE has no extensions.
    """

    analytics_region: str
    billing_type: Literal["SUBSCRIPTION", "PAYG"] = "PAYG"
    environment_type: Literal["INTERMEDIATE", "COMPREHENSIVE"] = "INTERMEDIATE"

    def __post_init__(self) -> None:
        refuse(wrong_settings(self))


@dataclass(frozen=True, kw_only=True)
class ApigeeSpec:
    """
    Has Apigee ask each request at the gateway for a key.

    Args:
        environment: Name of the Apigee environment.
        enabled: false takes the extension away and leaves the operator: the step before the section is removed.
        organization: Name of the Apigee organization. Default: the project's.
        operator_version: Version of the operator's charts.
        create: Creates organization, environment and instance. Default: they exist.
        fail_open: Lets requests through while Apigee does not answer.
        timeout_ms: Longest time that it may take, 10 to 10000 milliseconds.
    """

    environment: str
    enabled: bool = True
    organization: str | None = None
    operator_version: str = "1.1.1"
    create: ApigeeOrganizationSpec | None = None
    fail_open: bool = False
    # Source: CRD gcptrafficextensions.networking.gke.io, timeout.
    timeout_ms: Annotated[int, Between(10, 10_000)] = 1000

    def __post_init__(self) -> None:
        refuse(wrong_settings(self))
