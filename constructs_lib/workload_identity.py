"""A Kubernetes service account as a principal of Google Cloud, and what it may do."""

from collections.abc import Sequence

from cdktf import ITerraformDependable
from cdktf_cdktf_provider_google.dns_managed_zone_iam_member import DnsManagedZoneIamMember
from cdktf_cdktf_provider_google.project_iam_member import ProjectIamMember
from cdktf_cdktf_provider_google.provider import GoogleProvider
from cdktf_cdktf_provider_google.secret_manager_secret_iam_member import SecretManagerSecretIamMember
from cdktf_cdktf_provider_google.storage_bucket_iam_member import StorageBucketIamMember
from constructs import Construct

from constructs_lib.google_names import report_wrong, wrong_label, wrong_project
from constructs_lib.resource_address import resource_address
from constructs_lib.specs import UniverseSpec
from constructs_lib.specs.limits import refuse
from constructs_lib.universe import PUBLIC

READ = "read"
"""Id of the grant that `grant_read` makes."""


class WorkloadIdentity(Construct):
    """
    A principal for one Kubernetes service account, the same in every cluster of the project (identity sameness).

    Bound directly as `principal://`: no Google service account between, no annotation, no key. The pool exists once the
    project has its first cluster with Workload Identity, so grants belong in a stack after that cluster.

    Args:
        google: Provider of the project.
        project: Project ID.
        project_number: Project number; it may be known after apply only.
        namespace: Kubernetes namespace.
        service_account: Kubernetes service account.
        universe: The universe of the project. Default: the public cloud.

    Raises:
        ValueError: Kubernetes or Google refuse one of the names, or the project number is no number.

    Attributes:
        namespace: Kubernetes namespace (known at synth).
        service_account: Kubernetes service account (known at synth).
        principal: The IAM member (known at synth where the project number is).
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        google: GoogleProvider,
        project: str,
        project_number: str,
        namespace: str,
        service_account: str,
        universe: UniverseSpec = PUBLIC,
    ) -> None:
        number = "" if str(project_number).isdigit() else "be the project's number, not its ID"
        refuse(
            [
                *report_wrong("project_number", str(project_number), number),
                *report_wrong("namespace", namespace, wrong_label(namespace)),
                *report_wrong("service_account", service_account, wrong_label(service_account)),
                *report_wrong("project", project, wrong_project(project)),
            ]
        )
        super().__init__(scope, id_)
        self.namespace = namespace
        self.service_account = service_account
        self._google = google
        self._project = project
        self.principal = (
            f"principal://iam.googleapis.com/projects/{project_number}/locations/global/workloadIdentityPools/"
            f"{universe.workload_pool(project)}/subject/ns/{namespace}/sa/{service_account}"
        )

    def grant_read(
        self, bucket: str, *, id_: str = READ, after: Sequence[ITerraformDependable] = ()
    ) -> StorageBucketIamMember:
        """
        Let it list and read objects of *bucket* (`roles/storage.objectViewer`).

        Args:
            bucket: Name of the bucket.
            id_: Names a second grant of the kind.
            after: What must exist first: the bucket, where the same stack makes it.
        """
        return self._grant_on_bucket(id_, bucket, "roles/storage.objectViewer", after)

    @staticmethod
    def read_grant_address(id_: str) -> str:
        """Return the address of what `grant_read` makes, for an identity that is *id_* in its stack."""
        return resource_address("google_storage_bucket_iam_member", id_, READ)

    def grant_write(self, bucket: str, *, after: Sequence[ITerraformDependable] = ()) -> StorageBucketIamMember:
        """
        Let it read, write and delete objects of *bucket* (`roles/storage.objectUser`).

        Args:
            bucket: Name of the bucket.
            after: What must exist first: the bucket, where the same stack makes it.
        """
        return self._grant_on_bucket("write", bucket, "roles/storage.objectUser", after)

    def grant_secret(self, secret: str) -> SecretManagerSecretIamMember:
        """Let it read the versions of *secret* (`roles/secretmanager.secretAccessor`)."""
        return SecretManagerSecretIamMember(
            self,
            "secret",
            provider=self._google,
            project=self._project,
            secret_id=secret,
            role="roles/secretmanager.secretAccessor",
            member=self.principal,
        )

    def grant_monitoring(self) -> ProjectIamMember:
        """Let it read the project's metrics (`roles/monitoring.viewer`); there is no smaller scope than the project."""
        return ProjectIamMember(
            self,
            "monitoring",
            provider=self._google,
            project=self._project,
            role="roles/monitoring.viewer",
            member=self.principal,
        )

    def grant_dns(self, zone: str) -> DnsManagedZoneIamMember:
        """
        Let it change the records of *zone* (`roles/dns.admin` on it alone), and find it (`roles/dns.reader`).

        Zones are listed by project: there is no smaller scope for the second role. Source:
        kubernetes-sigs/external-dns, docs/tutorials/gke.md.
        """
        ProjectIamMember(
            self,
            "dns-reader",
            provider=self._google,
            project=self._project,
            role="roles/dns.reader",
            member=self.principal,
        )
        return DnsManagedZoneIamMember(
            self,
            "dns-admin",
            provider=self._google,
            project=self._project,
            managed_zone=zone,
            role="roles/dns.admin",
            member=self.principal,
        )

    def _grant_on_bucket(
        self, id_: str, bucket: str, role: str, after: Sequence[ITerraformDependable]
    ) -> StorageBucketIamMember:
        return StorageBucketIamMember(
            self,
            id_,
            provider=self._google,
            bucket=bucket,
            role=role,
            member=self.principal,
            depends_on=list(after) or None,
        )
