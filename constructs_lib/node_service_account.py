"""The identity of the nodes, with what a GKE node needs and no more."""

from __future__ import annotations

import re
from collections.abc import Sequence

from cdktf import ITerraformDependable
from cdktf_cdktf_provider_google.data_google_service_account import DataGoogleServiceAccount
from cdktf_cdktf_provider_google.project_iam_member import ProjectIamMember
from cdktf_cdktf_provider_google.provider import GoogleProvider
from cdktf_cdktf_provider_google.service_account import ServiceAccount
from constructs import Construct

from constructs_lib.google_names import report_wrong, wrong_account
from constructs_lib.google_roles import NODE_ROLES, STREAMING_ROLES
from constructs_lib.postconditions import refuse_unless
from constructs_lib.specs.limits import refuse


class NodeServiceAccount(Construct):
    """
    A service account for nodes with three roles, in place of the Compute Engine default one, which may edit everything.

    Args:
        google: Provider of the project.
        project: Project ID.
        account_id: The part of the e-mail address before the @, 6 to 30 characters.
        image_streaming: Adds the role that nodes need to stream images. Default: no.
        after: What must exist first: the IAM API.

    Raises:
        ValueError: IAM takes no such account ID.

    Attributes:
        account_id: The account ID (known at synth).
        email: E-mail address (known after apply; known at synth for an existing account).
        member: The account as an IAM member (known after apply; known at synth for an existing account).
    """

    account_id: str
    email: str
    member: str

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        google: GoogleProvider,
        project: str,
        account_id: str,
        image_streaming: bool = False,
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
        self.account_id = account_id
        self.email = account.email
        self.member = account.member
        for key, role in {**NODE_ROLES, **(STREAMING_ROLES if image_streaming else {})}.items():
            ProjectIamMember(self, key, provider=google, project=project, role=role, member=account.member)

    @classmethod
    def from_existing(
        cls, scope: Construct, id_: str, *, email: str, google: GoogleProvider | None = None
    ) -> NodeServiceAccount:
        """
        Return an account that is managed elsewhere, for networks and clusters here.

        Nothing of it is managed, and it is given no role: it needs those in `NODE_ROLES` of
        `constructs_lib.google_roles`, and those in `STREAMING_ROLES` where nodes stream images.

        Args:
            email: E-mail address of the account.
            google: Provider that looks it up: a plan fails where there is none, or where it is disabled. Default: it is
                not looked up.

        Raises:
            ValueError: *email* is no e-mail address.
        """
        account = _ExistingAccount(scope, id_, email=email)
        if google is not None:
            enabled = {"!coalesce(self.disabled, false)": f"Service account {email} must be enabled"}
            DataGoogleServiceAccount(
                account, "found", provider=google, account_id=email, lifecycle=refuse_unless(enabled)
            )
        return account


class _ExistingAccount(NodeServiceAccount):
    """An account that is managed elsewhere: its address in place of the resource."""

    def __init__(self, scope: Construct, id_: str, *, email: str) -> None:
        refuse(report_wrong("email", email, "" if re.fullmatch(r"[^@\s]+@[^@\s]+", email) else "be an e-mail address"))
        Construct.__init__(self, scope, id_)
        self.account_id = email.partition("@")[0]
        self.email = email
        self.member = f"serviceAccount:{email}"
