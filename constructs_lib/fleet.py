"""The fleet: clusters that know each other, and the features that make one gateway of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cdktf import ITerraformDependable
from cdktf_cdktf_provider_google.data_google_gke_hub_feature import DataGoogleGkeHubFeature
from cdktf_cdktf_provider_google.data_google_gke_hub_membership import DataGoogleGkeHubMembership
from cdktf_cdktf_provider_google.data_google_project import DataGoogleProject
from cdktf_cdktf_provider_google.gke_hub_feature import GkeHubFeature
from cdktf_cdktf_provider_google.gke_hub_membership import GkeHubMembership
from cdktf_cdktf_provider_google.project_iam_member import ProjectIamMember
from cdktf_cdktf_provider_google.provider import GoogleProvider
from cdktf_cdktf_provider_google_beta.google_project_service_identity import GoogleProjectServiceIdentity
from cdktf_cdktf_provider_google_beta.provider import GoogleBetaProvider
from cdktf_cdktf_provider_time.provider import TimeProvider
from cdktf_cdktf_provider_time.sleep import Sleep
from constructs import Construct

from constructs_lib.google_names import DISCOVERY_FEATURE, GATEWAY_FEATURE, cluster_path
from constructs_lib.google_roles import CONTROLLER_ROLE, DISCOVERY_ROLE
from constructs_lib.postconditions import ends_with, refuse_unless, shown
from constructs_lib.workload_identity import WorkloadIdentity

SETTLE_SEC = 120
"""A feature turned on right after its members joined fails now and then; turned off, its controllers go on for a while
and would write firewall rules back. Google's own samples wait as long on both sides."""


@dataclass(frozen=True, kw_only=True)
class FleetMember:
    """
    A cluster of a fleet. All known at synth.

    Attributes:
        cluster: Name of the cluster; the membership that is made for it has the same name.
        location: Region or zone of its control plane.
        membership: Full name of the membership that it has already, which is looked up and not managed. Default: none.
    """

    cluster: str
    location: str
    membership: str | None = None

    @property
    def name(self) -> str:
        """Name of the membership."""
        return (self.membership or self.cluster).rpartition("/")[2]


class Fleet(Construct):
    """
    The memberships of all clusters, the multi-cluster gateway controller, and multi-cluster Services if wanted.

    Members come first, then the controller's role, then features; on destroy it is the other way round, which Google
    insists on. So all members are given at once: every feature waits for every member. Multi-cluster Services come
    before the gateway controller, whose routes may name them, and go after it.

    Args:
        google: Provider of the project.
        google_beta: Provider of the service agent, which only google-beta can make.
        time: Provider of the waits.
        project: Fleet host project ID, the clusters' own.
        members: The clusters, by key.
        config_member: Key of the member whose cluster holds the gateway's objects.
        service_discovery: Turns on multi-cluster Services, which the gateway does not need. Default: off.
        network_project: Project ID of the clusters' network, where another one shares it: the agent of multi-cluster
            Services gets its role there too. Default: the clusters' own.
        features_exist: Whether the features and the roles of their agents are managed elsewhere; a plan fails where the
            config cluster is another one. Default: no.

    Raises:
        ValueError: There is no member with the key *config_member*.

    Attributes:
        project: Fleet host project ID (known at synth).
        members: The memberships, by key; each has a `membership_id` (known at synth) and an `id` (known after apply).
        config_membership: Path of the config cluster's membership (known after apply; known at synth for one that it
            has already).
        features: The features, for what comes after them (known at synth); none where they are managed elsewhere.
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
        members: Mapping[str, FleetMember],
        config_member: str,
        service_discovery: bool = False,
        network_project: str | None = None,
        features_exist: bool = False,
    ) -> None:
        if config_member not in members:
            known = ", ".join(members) or "none: there are no members"
            raise ValueError(f"config_member must be one of {known}, got '{config_member}'")
        super().__init__(scope, id_)
        self.project = project
        self._google = google
        self._google_beta = google_beta
        self.members = {key: self._add_member(key, member) for key, member in members.items()}
        self.config_membership: str = members[config_member].membership or self.members[config_member].id
        self.features: list[GkeHubFeature] = []
        if features_exist:
            self._find_feature(members[config_member])
        else:
            shared = network_project if network_project != project else None
            self._add_features(time, service_discovery=service_discovery, network_project=shared)

    def _add_features(self, time: TimeProvider, *, service_discovery: bool, network_project: str | None) -> None:
        settled = Sleep(
            self,
            "settle",
            provider=time,
            create_duration=f"{SETTLE_SEC}s",
            destroy_duration=f"{SETTLE_SEC}s",
            depends_on=[*self.members.values(), self._add_controller_agent()],
        )
        config = {GATEWAY_FEATURE: {"config_membership": self.config_membership}}
        services: list[GkeHubFeature] = []
        if service_discovery:
            roles = [self._add_importer_role()]
            roles += [self._add_discovery_role(network_project)] if network_project else []
            services.append(self._add_feature(DISCOVERY_FEATURE, settled, *roles))
        self.features = [*services, self._add_feature(GATEWAY_FEATURE, settled, *services, spec=config)]

    def _find_feature(self, member: FleetMember) -> None:
        """Read the gateway controller's feature: a Gateway in another cluster than its config cluster stays unread."""
        held = "self.spec[0].multiclusteringress[0].config_membership"
        fits = {
            ends_with(held, f"/memberships/{member.name}"): f"The config cluster of the fleet's feature "
            f"{GATEWAY_FEATURE} must be {member.name}, as config_cluster says, got {shown(held)}",
        }
        DataGoogleGkeHubFeature(
            self,
            GATEWAY_FEATURE,
            provider=self._google,
            project=self.project,
            location="global",
            name=GATEWAY_FEATURE,
            lifecycle=refuse_unless(fits),
        )

    def _add_member(self, key: str, member: FleetMember) -> GkeHubMembership | DataGoogleGkeHubMembership:
        path = cluster_path(self.project, member.location, member.cluster)
        if member.membership is not None:
            held = "self.endpoint[0].gke_cluster[0].resource_link"
            fits = {
                ends_with(held, path): f"Membership {member.name} must be that of {path}, got {shown(held)}",
            }
            return DataGoogleGkeHubMembership(
                self,
                f"member-{key}",
                provider=self._google,
                project=self.project,
                location=member.membership.split("/")[3],
                membership_id=member.name,
                lifecycle=refuse_unless(fits),
            )
        return GkeHubMembership(
            self,
            f"member-{key}",
            provider=self._google,
            project=self.project,
            location="global",
            membership_id=member.cluster,
            endpoint={"gke_cluster": {"resource_link": f"//container.googleapis.com/{path}"}},
        )

    def _add_controller_agent(self) -> ProjectIamMember:
        """Give the gateway controller's service agent the role that it needs to read every member."""
        agent = GoogleProjectServiceIdentity(
            self,
            "agent",
            provider=self._google_beta,
            project=self.project,
            service=f"{GATEWAY_FEATURE}.googleapis.com",
        )
        return ProjectIamMember(
            self,
            "agent-role",
            provider=self._google,
            project=self.project,
            role=CONTROLLER_ROLE,
            member=agent.member,
        )

    def _add_importer_role(self) -> ProjectIamMember:
        """
        Give `roles/compute.networkViewer` to the controller that imports Services into the members.

        As a principal: named in the older form, `serviceAccount:<pool>[gke-mcs/gke-mcs-importer]`, it found no
        endpoints in 2026. Source: Google, "Configuring multi-cluster Services", authentication.
        """
        project = DataGoogleProject(self, "project", provider=self._google, project_id=self.project)
        importer = WorkloadIdentity(
            self,
            "importer",
            google=self._google,
            project=self.project,
            project_number=project.number,
            namespace="gke-mcs",
            service_account="gke-mcs-importer",
        )
        return ProjectIamMember(
            self,
            "importer-role",
            provider=self._google,
            project=self.project,
            role="roles/compute.networkViewer",
            member=importer.principal,
        )

    def _add_discovery_role(self, network_project: str) -> ProjectIamMember:
        """Give the agent of multi-cluster Services its role in the project of the Shared VPC."""
        agent = GoogleProjectServiceIdentity(
            self,
            "discovery-agent",
            provider=self._google_beta,
            project=self.project,
            service=f"{DISCOVERY_FEATURE}.googleapis.com",
        )
        return ProjectIamMember(
            self,
            "discovery-agent-role",
            provider=self._google,
            project=network_project,
            role=DISCOVERY_ROLE,
            member=agent.member,
        )

    def _add_feature(
        self, name: str, *after: ITerraformDependable, spec: dict[str, dict[str, str]] | None = None
    ) -> GkeHubFeature:
        return GkeHubFeature(
            self,
            name,
            provider=self._google,
            project=self.project,
            location="global",
            name=name,
            spec=spec,
            timeouts={"create": "30m", "update": "30m", "delete": "30m"},
            depends_on=list(after),
        )
