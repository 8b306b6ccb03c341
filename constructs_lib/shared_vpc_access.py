"""What Google's agents need in the project of a Shared VPC, so that clusters of another project can use its subnets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from cdktf import ITerraformDependable
from cdktf_cdktf_provider_google.compute_subnetwork_iam_member import ComputeSubnetworkIamMember
from cdktf_cdktf_provider_google.project_iam_member import ProjectIamMember
from cdktf_cdktf_provider_google.provider import GoogleProvider
from cdktf_cdktf_provider_google_beta.google_project_service_identity import GoogleProjectServiceIdentity
from cdktf_cdktf_provider_google_beta.provider import GoogleBetaProvider
from cdktf_cdktf_provider_time.provider import TimeProvider
from cdktf_cdktf_provider_time.sleep import Sleep
from constructs import Construct

from constructs_lib.google_roles import HOST_ROLE, SUBNET_ROLE
from constructs_lib.resource_address import resource_address
from constructs_lib.specs import UniverseSpec
from constructs_lib.universe import PUBLIC

AGENTS = ("gke", "apis")
GRANT_SEC = 120
"""Until IAM applies a role. Source: Google, "Access change propagation": two minutes, up to seven."""


class SharedVpcAccess(Construct):
    """
    The roles of GKE's agent and of Google's APIs agent on node subnets, and of GKE's agent in the host project.

    No role lets GKE write firewall rules there: `GlobalNetwork` makes those that a platform needs. GKE then reports an
    event "Firewall change required by security admin", which is of no consequence. Source: Google, "Setting up clusters
    with Shared VPC".

    Args:
        google: Provider of the project.
        google_beta: Provider of GKE's agent, which only google-beta can make.
        time: Provider of the wait until IAM applies the roles.
        project: Project ID of the clusters.
        project_number: Its number, which may be known after apply.
        host_project: Project ID of the network.
        subnets: Region and name of each node subnet whose roles are granted here, by the key of the region.
        in_host: Whether GKE's agent is granted its role in the host project here, too. It belongs to the project of the
            clusters, all of them: a destroy takes it away. Default: yes.
        universe: The universe of the project. Default: the public cloud.
        after: What must exist first: the container API, and the subnets.

    Attributes:
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
        host_project: str,
        subnets: Mapping[str, tuple[str, str]],
        in_host: bool = True,
        universe: UniverseSpec = PUBLIC,
        after: Sequence[ITerraformDependable] = (),
    ) -> None:
        super().__init__(scope, id_)
        agent = GoogleProjectServiceIdentity(
            self, "agent", provider=google_beta, project=project, service="container.googleapis.com"
        )
        first = [agent, *after]
        gke, apis = (
            universe.service_agent("container-engine-robot", project_number),
            universe.apis_agent(project_number),
        )
        members = dict(zip(AGENTS, (f"serviceAccount:{gke}", f"serviceAccount:{apis}"), strict=True))
        grants: list[ITerraformDependable] = []
        if in_host:
            member, role = members["gke"], HOST_ROLE
            grants.append(
                ProjectIamMember(
                    self, "host", provider=google, project=host_project, role=role, member=member, depends_on=first
                )
            )
        for key, (region, subnet) in subnets.items():
            for who, member in members.items():
                grants.append(
                    ComputeSubnetworkIamMember(
                        self,
                        f"{who}-{key}",
                        provider=google,
                        project=host_project,
                        region=region,
                        subnetwork=subnet,
                        role=SUBNET_ROLE,
                        member=member,
                        depends_on=first,
                    )
                )
        self.granted: ITerraformDependable = Sleep(
            self, "granted", provider=time, create_duration=f"{GRANT_SEC}s", depends_on=grants
        )


def role_addresses(access: str, keys: Iterable[str]) -> list[str]:
    """Return the address of each role of a `SharedVpcAccess` with the id *access*, which its stack itself has."""
    subnets = [f"{who}-{key}" for key in keys for who in AGENTS]
    return [
        resource_address("google_project_iam_member", access, "host"),
        *(resource_address("google_compute_subnetwork_iam_member", access, each) for each in subnets),
    ]
