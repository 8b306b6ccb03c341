"""The project's Apigee organization, with an instance in one region and an environment that takes extensions."""

from __future__ import annotations

from cdktf import TerraformResourceLifecycle
from cdktf_cdktf_provider_google.apigee_environment import (
    ApigeeEnvironment,
    ApigeeEnvironmentProperties,
    ApigeeEnvironmentPropertiesProperty,
)
from cdktf_cdktf_provider_google.apigee_instance import ApigeeInstance
from cdktf_cdktf_provider_google.apigee_instance_attachment import ApigeeInstanceAttachment
from cdktf_cdktf_provider_google.apigee_organization import ApigeeOrganization as Organization
from cdktf_cdktf_provider_google.provider import GoogleProvider
from constructs import Construct

from constructs_lib.google_names import report_wrong, wrong_project, wrong_region, wrong_word
from constructs_lib.specs import ApigeeOrganizationSpec
from constructs_lib.specs.limits import refuse

EXTENSION_PROPERTY = "apigee-service-extension-enabled"
"""Property of an environment that gateways may call. Source: Google, "Install the Apigee Operator for Kubernetes"."""
INSTANCE_LENGTH = 32
"""Source: Apigee API, organizations.instances, name."""


class ApigeeOrganization(Construct):
    """
    An Apigee organization without a VPC of its own: gateways reach it by private endpoints.

    A project has one organization, of the project's name. Making it and the instance takes up to an hour. What is
    protected is refused to every plan that would delete or replace it, a destroy too.

    Args:
        google: Provider of the project.
        project: Project ID.
        instance: Name of the instance, at most 32 characters.
        region: Region of the instance: that of the gateway.
        environment: Name of the environment.
        spec: How it is paid for, and whether it is protected.

    Raises:
        ValueError: For all names that Google refuses.

    Attributes:
        name: Name of the organization: that of the project (known at synth).
        environment: Name of the environment (known at synth).
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        google: GoogleProvider,
        project: str,
        instance: str,
        region: str,
        environment: str,
        spec: ApigeeOrganizationSpec,
    ) -> None:
        refuse(
            [
                *report_wrong("project", project, wrong_project(project)),
                *report_wrong("instance", instance, wrong_word(instance, INSTANCE_LENGTH)),
                *report_wrong("region", region, wrong_region(region)),
                *report_wrong("environment", environment, wrong_word(environment, INSTANCE_LENGTH)),
            ]
        )
        super().__init__(scope, id_)
        self.name = project
        self.environment = environment
        keep = TerraformResourceLifecycle(prevent_destroy=True) if spec.deletion_protection else None
        organization = Organization(
            self,
            "Default",
            provider=google,
            project_id=project,
            analytics_region=spec.analytics_region,
            billing_type=spec.billing_type,
            runtime_type="CLOUD",
            disable_vpc_peering=True,
            lifecycle=keep,
        )
        made = ApigeeInstance(
            self,
            "instance",
            provider=google,
            org_id=organization.id,
            name=instance,
            location=region,
            consumer_accept_list=[project],
            lifecycle=keep,
        )
        # Terraform reads the name off the resource, so that the attachment waits for it.
        attached = ApigeeEnvironment(
            self,
            "environment",
            provider=google,
            org_id=organization.id,
            name=environment,
            # An organization with a subscription takes no type: its contract has it.
            type=spec.environment_type if spec.billing_type == "PAYG" else None,
            deployment_type="PROXY",
            api_proxy_type="PROGRAMMABLE",
            properties=ApigeeEnvironmentProperties(
                property=[ApigeeEnvironmentPropertiesProperty(name=EXTENSION_PROPERTY, value="true")]
            ),
            lifecycle=keep,
        )
        ApigeeInstanceAttachment(self, "attachment", provider=google, instance_id=made.id, environment=attached.name)
