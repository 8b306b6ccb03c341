"""Who Argo CD is in Google Cloud, and which clusters it may reach."""

from __future__ import annotations

from collections.abc import Sequence

from cdktf import ITerraformDependable
from cdktf_cdktf_provider_google.project_iam_member import ProjectIamMember
from cdktf_cdktf_provider_google.provider import GoogleProvider
from cdktf_cdktf_provider_google.service_account import ServiceAccount
from cdktf_cdktf_provider_google.service_account_iam_member import ServiceAccountIamMember
from constructs import Construct

from constructs_lib.specs.gitops import CONTROLLERS

ROLE = "roles/container.viewer"
"""
Reaches the DNS endpoints (`container.clusters.connect`), and writes nothing.

What Argo CD may write is bound in each cluster of the platform: a role of the project that makes cluster roles, as
charts do, is roles/container.admin, which deletes any cluster of the project too.
"""


class ArgoCdAccess(Construct):
    """
    A service account that Argo CD's controllers act as; it may look at all clusters of the project, and write to none.

    A Google service account, since a principal of its own is refused by other clusters (argoproj/argo-cd#20368). The
    owner of Argo CD annotates its service accounts with `iam.gke.io/gcp-service-account: <email>`.

    Args:
        google: Provider of the project.
        project: Project ID.
        account_id: Account ID of the service account.
        workload_pool: Workload Identity pool of the cluster that Argo CD runs in.
        namespace: Namespace that it runs in.
        after: What must exist first.

    Attributes:
        email: E-mail address of the service account (known after apply).
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        google: GoogleProvider,
        project: str,
        account_id: str,
        workload_pool: str,
        namespace: str,
        after: Sequence[ITerraformDependable] = (),
    ) -> None:
        super().__init__(scope, id_)
        account = ServiceAccount(
            self,
            "Default",
            provider=google,
            project=project,
            account_id=account_id,
            display_name="Argo CD of the inference platform",
            depends_on=list(after) or None,
        )
        self.email = account.email
        ProjectIamMember(self, "clusters", provider=google, project=project, role=ROLE, member=account.member)
        for controller in CONTROLLERS:
            ServiceAccountIamMember(
                self,
                controller,
                provider=google,
                service_account_id=account.name,
                role="roles/iam.workloadIdentityUser",
                member=f"serviceAccount:{workload_pool}[{namespace}/{controller}]",
            )
