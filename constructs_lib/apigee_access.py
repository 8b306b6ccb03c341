"""The Google account that Apigee's operator acts as, and what it may do."""

from __future__ import annotations

from cdktf_cdktf_provider_google.project_iam_member import ProjectIamMember
from cdktf_cdktf_provider_google.provider import GoogleProvider
from cdktf_cdktf_provider_google.service_account import ServiceAccount
from cdktf_cdktf_provider_google.service_account_iam_member import ServiceAccountIamMember
from constructs import Construct

from constructs_lib.google_names import report_wrong, wrong_account, wrong_project
from constructs_lib.manifests.apigee import ACCOUNT, NAMESPACE
from constructs_lib.specs.limits import refuse

ROLES = {
    "apigee": "roles/apigee.admin",
    "extensions": "roles/networkservices.serviceExtensionsAdmin",
    "network": "roles/compute.networkAdmin",
    "load-balancer": "roles/compute.loadBalancerAdmin",
}
"""Source: Google, "Install the Apigee Operator for Kubernetes", credentials."""


class ApigeeAccess(Construct):
    """
    A Google service account with the roles that Google asks for, which the operator alone may act as.

    The operator takes no `principal://` of its own: its chart annotates its Kubernetes account with this one. Google's
    guide lets that account act as every account of the project; here it is this one alone. The pool exists once the
    project has its first cluster with Workload Identity, so this belongs in a stack after that cluster.

    Args:
        google: Provider of the project.
        project: Project ID.
        account_id: The part of the e-mail address before the @, 6 to 30 characters.
        workload_pool: Workload Identity pool of the project, such as `my-project.svc.id.goog`.

    Raises:
        ValueError: IAM takes no such account ID, or Google no such project.

    Attributes:
        account_id: The account ID (known at synth).
        email: E-mail address (known after apply).
    """

    def __init__(
        self, scope: Construct, id_: str, *, google: GoogleProvider, project: str, account_id: str, workload_pool: str
    ) -> None:
        refuse(
            [
                *report_wrong("project", project, wrong_project(project)),
                *report_wrong("account_id", account_id, wrong_account(account_id)),
            ]
        )
        super().__init__(scope, id_)
        account = ServiceAccount(
            self,
            "Default",
            provider=google,
            project=project,
            account_id=account_id,
            display_name="Apigee operator of the inference platform",
        )
        self.account_id = account_id
        self.email = account.email
        for key, role in ROLES.items():
            ProjectIamMember(self, key, provider=google, project=project, role=role, member=account.member)
        ServiceAccountIamMember(
            self,
            "operator",
            provider=google,
            service_account_id=account.name,
            role="roles/iam.workloadIdentityUser",
            member=f"serviceAccount:{workload_pool}[{NAMESPACE}/{ACCOUNT}]",
        )
