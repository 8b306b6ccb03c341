"""The fleet: clusters that know each other, and the features that make one gateway of them."""

from cdktf import ITerraformDependable
from cdktf_cdktf_provider_google.gke_hub_feature import GkeHubFeature
from cdktf_cdktf_provider_google.gke_hub_membership import GkeHubMembership
from cdktf_cdktf_provider_google.project_iam_member import ProjectIamMember
from cdktf_cdktf_provider_google.provider import GoogleProvider
from cdktf_cdktf_provider_google_beta.google_project_service_identity import GoogleProjectServiceIdentity
from cdktf_cdktf_provider_google_beta.provider import GoogleBetaProvider
from cdktf_cdktf_provider_time.provider import TimeProvider
from cdktf_cdktf_provider_time.sleep import Sleep
from constructs import Construct

SETTLE_SEC = 120
"""A feature turned on right after its members joined fails now and then; turned off, its controllers go on for a while
and would write firewall rules back. Google's own samples wait as long on both sides."""


class Fleet(Construct):
    """
    Members first, then features: and the other way round on destroy, which Google insists on.

    Args:
        google: Provider of the project.
        google_beta: Provider of the service agent, which only google-beta can make.
        time: Provider of the waits.
        project: Fleet host project ID, the clusters' own.
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
    ) -> None:
        super().__init__(scope, id_)
        self._google = google
        self._google_beta = google_beta
        self._time = time
        self._project = project
        self._members: dict[str, GkeHubMembership] = {}

    def add_member(self, key: str, *, cluster: str, location: str) -> None:
        """Register the cluster named *cluster*; the membership has the same name."""
        self._members[key] = GkeHubMembership(
            self,
            f"member-{key}",
            provider=self._google,
            project=self._project,
            location="global",
            membership_id=cluster,
            endpoint={
                "gke_cluster": {
                    "resource_link": f"//container.googleapis.com/projects/{self._project}/locations/{location}"
                    f"/clusters/{cluster}"
                }
            },
        )

    def enable_features(self, *, config_member: str, service_discovery: bool) -> None:
        """
        Turn on the multi-cluster gateway controller with one config cluster, and multi-cluster Services if wanted.

        Call it after every `add_member`. The features wait for all members and for the controller's role.
        """
        agent = self._add_controller_agent()
        settled = Sleep(
            self,
            "settle",
            provider=self._time,
            create_duration=f"{SETTLE_SEC}s",
            destroy_duration=f"{SETTLE_SEC}s",
            depends_on=[*self._members.values(), agent],
        )
        self._add_feature(
            "multiclusteringress",
            settled,
            spec={"multiclusteringress": {"config_membership": self._members[config_member].id}},
        )
        if service_discovery:
            self._add_importer_role()
            self._add_feature("multiclusterservicediscovery", settled)

    def _add_controller_agent(self) -> ProjectIamMember:
        """
        The gateway controller's service agent with `roles/container.admin`, which it needs to read every member.

        Source: Google, "Set up the multi-cluster GKE Inference Gateway", required roles.
        """
        agent = GoogleProjectServiceIdentity(
            self,
            "agent",
            provider=self._google_beta,
            project=self._project,
            service="multiclusteringress.googleapis.com",
        )
        return ProjectIamMember(
            self,
            "agent-role",
            provider=self._google,
            project=self._project,
            role="roles/container.admin",
            member=agent.member,
        )

    def _add_importer_role(self) -> None:
        """
        `roles/compute.networkViewer` for the controller that imports Services into the members.

        Source: Google, "Configuring multi-cluster Services", authentication.
        """
        ProjectIamMember(
            self,
            "importer-role",
            provider=self._google,
            project=self._project,
            role="roles/compute.networkViewer",
            member=f"serviceAccount:{self._project}.svc.id.goog[gke-mcs/gke-mcs-importer]",
        )

    def _add_feature(
        self, name: str, settled: ITerraformDependable, spec: dict[str, dict[str, str]] | None = None
    ) -> None:
        GkeHubFeature(
            self,
            name,
            provider=self._google,
            project=self._project,
            location="global",
            name=name,
            spec=spec,
            timeouts={"create": "30m", "update": "30m", "delete": "30m"},
            depends_on=[settled],
        )
