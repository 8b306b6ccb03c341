"""The identity of the nodes, with what a GKE node needs and no more."""

from collections.abc import Sequence

from cdktf import ITerraformDependable
from cdktf_cdktf_provider_google.project_iam_member import ProjectIamMember
from cdktf_cdktf_provider_google.provider import GoogleProvider
from cdktf_cdktf_provider_google.service_account import ServiceAccount
from constructs import Construct

from constructs_lib.google_names import report_wrong, wrong_account
from constructs_lib.specs.limits import refuse

ROLES = {
    "node": "roles/container.defaultNodeServiceAccount",
    "custom-metrics": "roles/autoscaling.metricsWriter",
    "images": "roles/artifactregistry.reader",
}
"""Logs and metrics; the metric that the load balancer balances on; images of the project. Sources: Google, "Harden your
cluster's security" and "Expose custom metrics for autoscaling"."""


class NodeServiceAccount(Construct):
    """
    A service account for nodes in place of the Compute Engine default one, which may edit the whole project.

    Args:
        google: Provider of the project.
        project: Project ID.
        account_id: 6 to 30 characters; the e-mail address follows from it, so it is known at synth.
        after: What must exist first: the IAM API.

    Raises:
        ValueError: The account ID is none that IAM takes.

    Attributes:
        email: E-mail address (known after apply here; `<account_id>@<project>.iam.gserviceaccount.com` elsewhere).
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        google: GoogleProvider,
        project: str,
        account_id: str,
        after: Sequence[ITerraformDependable] = (),
    ) -> None:
        refuse(report_wrong("account_id", account_id, wrong_account(account_id)))
        super().__init__(scope, id_)
        account = ServiceAccount(
            self,
            "Default",
            provider=google,
            project=project,
            account_id=account_id,
            display_name="GKE nodes of the inference platform",
            depends_on=list(after) or None,
        )
        self.email = account.email
        for key, role in ROLES.items():
            ProjectIamMember(self, key, provider=google, project=project, role=role, member=account.member)
