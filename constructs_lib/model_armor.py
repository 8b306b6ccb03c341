"""Model Armor's templates, and the service agent in whose name load balancers call their extensions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cdktf import ITerraformDependable, TerraformResourceLifecycle
from cdktf_cdktf_provider_google.model_armor_template import (
    ModelArmorTemplate,
    ModelArmorTemplateFilterConfigRaiSettingsRaiFilters,
)
from cdktf_cdktf_provider_google.project_iam_member import ProjectIamMember
from cdktf_cdktf_provider_google.provider import GoogleProvider
from cdktf_cdktf_provider_google_beta.google_project_service_identity import GoogleProjectServiceIdentity
from cdktf_cdktf_provider_google_beta.provider import GoogleBetaProvider
from cdktf_cdktf_provider_time.provider import TimeProvider
from cdktf_cdktf_provider_time.sleep import Sleep
from constructs import Construct

from constructs_lib.manifests.model_armor import template_path
from constructs_lib.release_wait import ReleaseWait
from constructs_lib.resource_address import resource_address
from constructs_lib.specs import ModelArmorFiltersSpec, ModelArmorSpec, UniverseSpec
from constructs_lib.universe import PUBLIC

IDENTITY_SEC = 60
"""IAM refuses a service agent for a while after Google has made it, and the provider does not ask again."""
GRANT_SEC = 120
"""What IAM mostly needs to apply a role. Source: Google, "Access change propagation"."""
AGENT_ROLES = (
    "roles/container.admin",
    "roles/modelarmor.calloutUser",
    "roles/modelarmor.user",
    "roles/serviceusage.serviceUsageConsumer",
)
"""Source: Google, "Customize the GKE Inference Gateway", AI security and safety checks."""


class ModelArmorTemplates(Construct):
    """
    Our own templates of Model Armor in one region: one for all models, and one for each with filters of its own.

    Settings of the folder or organization that are a floor for all templates are left alone; Google refuses a template
    below them. A template outlives its use by two minutes, since Google deletes none that a load balancer uses.

    Args:
        google: Provider of the project.
        time: Provider of the wait after the last use.
        project: Project ID.
        region: Region of the templates: that of the gateway.
        templates: Filters of each template, by its ID.
        spec: What happens with what is found, and what is logged.

    Attributes:
        paths: Full name of each template, by its ID (known at synth).
        ready: What must be there before an object names a template, and must go after it (known at synth).
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        google: GoogleProvider,
        time: TimeProvider,
        project: str,
        region: str,
        templates: Mapping[str, ModelArmorFiltersSpec],
        spec: ModelArmorSpec,
    ) -> None:
        super().__init__(scope, id_)
        self.paths = {name: template_path(project, region, name) for name in templates}
        self.ready: list[ITerraformDependable] = []
        # Whoever named a template changes before it goes: Terraform does so for what is created before it is destroyed.
        keep = TerraformResourceLifecycle(create_before_destroy=True)
        for name, filters in templates.items():
            template = ModelArmorTemplate(
                self,
                name,
                provider=google,
                project=project,
                location=region,
                template_id=name,
                filter_config=_filter_config(filters),
                template_metadata={
                    "enforcement_type": spec.enforcement,
                    "log_template_operations": True,
                    "log_sanitize_operations": spec.log_prompts,
                },
                lifecycle=keep,
            )
            self.ready.append(ReleaseWait(self, f"{name}-used", time=time, released=[template], name=name))


class ServiceExtensionsAgent(Construct):
    """
    The roles of the service agent in whose name load balancers call extensions, granted before anything is called.

    Without them every request is denied, `fail_open` or not. Google makes the agent with the identity of
    networkservices.googleapis.com, whose answer does not name it: it is not the API's first agent. So its name is built
    from the project's number.

    Args:
        google: Provider of the project.
        google_beta: Provider of the identity, which only google-beta can make.
        time: Provider of the waits: a minute until IAM knows the agent, and two until it applies the roles.
        project: Project ID.
        project_number: Number of the project, which may be known after apply.
        universe: The universe of the project, which the agent's address ends with. Default: the public cloud.

    Attributes:
        email: E-mail address of the agent (known at synth if the project's number is).
        granted: The wait after the roles, for what comes after it (known at synth).
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        google: GoogleProvider,
        google_beta: GoogleBetaProvider,
        time: TimeProvider,
        project: str,
        project_number: str,
        universe: UniverseSpec = PUBLIC,
    ) -> None:
        super().__init__(scope, id_)
        self.email = universe.service_agent("gcp-sa-dep", project_number)
        identity = GoogleProjectServiceIdentity(
            self, "identity", provider=google_beta, project=project, service="networkservices.googleapis.com"
        )
        known = Sleep(self, "known", provider=time, create_duration=f"{IDENTITY_SEC}s", depends_on=[identity])
        roles = [
            ProjectIamMember(
                self,
                _role_id(role),
                provider=google,
                project=project,
                role=role,
                member=f"serviceAccount:{self.email}",
                depends_on=[known],
            )
            for role in AGENT_ROLES
        ]
        self.granted: ITerraformDependable = Sleep(
            self, "granted", provider=time, create_duration=f"{GRANT_SEC}s", depends_on=roles
        )


def agent_role_addresses(agent: str) -> list[str]:
    """Return the address of each role of a `ServiceExtensionsAgent` with the id *agent*, which its stack itself has."""
    return [resource_address("google_project_iam_member", agent, _role_id(role)) for role in AGENT_ROLES]


def _role_id(role: str) -> str:
    return role.removeprefix("roles/").replace(".", "-")


def _filter_config(filters: ModelArmorFiltersSpec) -> dict[str, Any]:
    """Return the filters that are on: some regions refuse a template that names what they lack, even turned off."""
    harms = [
        ModelArmorTemplateFilterConfigRaiSettingsRaiFilters(filter_type=kind, confidence_level=confidence)
        for kind, confidence in filters.harms.items()
        if confidence != "OFF"
    ]
    on = {"filter_enforcement": "ENABLED"}
    injection = {**on, "confidence_level": filters.prompt_injection} if filters.prompt_injection != "OFF" else None
    return {
        "rai_settings": {"rai_filters": harms} if harms else None,
        "pi_and_jailbreak_filter_settings": injection,
        "malicious_uri_filter_settings": on if filters.malicious_urls else None,
        "sdp_settings": {"basic_config": on} if filters.sensitive_data else None,
    }
