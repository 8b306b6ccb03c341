"""The project's Apigee organization, where it has none yet."""

from cdktf import TerraformOutput
from constructs import Construct

from constructs_lib.apigee_organization import ApigeeOrganization
from platform_config.config import Config

from .base import BaseStack


class InfraApigeeStack(BaseStack):
    """
    Organization, instance and environment of Apigee: slow to make, and a destroy loses API products, clients and keys.

    Outputs: the organization and the environment, for those who manage API products.

    Raises:
        ValueError: The config makes no organization.
    """

    def __init__(self, scope: Construct, id_: str, *, config: Config) -> None:
        super().__init__(scope, id_, config=config)
        apigee = config.gateway.apigee
        if apigee is None or apigee.create is None:
            raise ValueError("gateway.apigee.create must be given, got none")
        [key] = config.gateway_regions
        organization = ApigeeOrganization(
            self,
            "apigee",
            google=self.google,
            project=config.project,
            instance=self.names.apigee_instance,
            region=config.regions[key].region,
            environment=apigee.environment,
            spec=apigee.create,
        )
        TerraformOutput(self, "organization", value=organization.name, description="Apigee organization.")
        TerraformOutput(self, "environment", value=organization.environment, description="Apigee environment.")
