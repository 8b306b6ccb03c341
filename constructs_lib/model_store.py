"""A bucket that holds model weights for every cluster."""

from __future__ import annotations

from collections.abc import Sequence

from cdktf import ITerraformDependable
from cdktf_cdktf_provider_google.data_google_storage_bucket import DataGoogleStorageBucket
from cdktf_cdktf_provider_google.provider import GoogleProvider
from cdktf_cdktf_provider_google.storage_bucket import StorageBucket
from constructs import Construct

from constructs_lib.google_names import report_wrong, wrong_bucket, wrong_project
from constructs_lib.postconditions import refuse_unless
from constructs_lib.specs import BucketSpec
from constructs_lib.specs.limits import refuse

SECONDS_PER_DAY = 86400


class ModelStore(Construct):
    """
    A private bucket with uniform access. Nobody can read it until a `WorkloadIdentity` is granted access.

    Args:
        google: Provider of the project.
        project: Project ID.
        name: Bucket name, unique in all of Google Cloud.
        spec: Location, days of soft delete, versions, and whether a destroy may take the weights too.
        after: What must exist first: the storage API.

    Raises:
        ValueError: Google takes no bucket or project of that name.

    Attributes:
        name: The bucket's name (known at synth).
        url: Its `gs://` address (known at synth).
        ready: The bucket, for what comes after it (known at synth); nothing for an existing one.
    """

    ready: list[ITerraformDependable]

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        google: GoogleProvider,
        project: str,
        name: str,
        spec: BucketSpec,
        after: Sequence[ITerraformDependable] = (),
    ) -> None:
        refuse(
            [*report_wrong("project", project, wrong_project(project)), *report_wrong("name", name, wrong_bucket(name))]
        )
        super().__init__(scope, id_)
        self._describe(name)
        bucket = StorageBucket(
            self,
            "Default",
            provider=google,
            project=project,
            name=name,
            location=spec.location.upper(),
            storage_class="STANDARD",
            uniform_bucket_level_access=True,
            public_access_prevention="enforced",
            force_destroy=spec.force_destroy,
            versioning={"enabled": spec.versioning},
            soft_delete_policy={"retention_duration_seconds": spec.soft_delete_days * SECONDS_PER_DAY},
            depends_on=list(after) or None,
        )
        self.ready = [bucket]

    @classmethod
    def from_existing(
        cls, scope: Construct, id_: str, *, name: str, google: GoogleProvider | None = None, location: str = ""
    ) -> ModelStore:
        """
        Return a bucket that is managed elsewhere, for grants, downloads and servers here. Nothing of it is managed.

        Args:
            name: Bucket name.
            google: Provider that looks it up: a plan fails where there is none, where it has no uniform access, which
                grants to Kubernetes accounts need, or where it is not in *location*. Default: it is not looked up.
            location: Where it must be, such as `US`.

        Raises:
            ValueError: Google takes no bucket of that name.
        """
        store = _ExistingStore(scope, id_, name=name)
        if google is not None:
            store.ready = [_find(store, google, location)]
        return store

    def _describe(self, name: str) -> None:
        """Set the attributes that are known at synth."""
        self.name = name
        self.url = f"gs://{name}"


def _find(store: ModelStore, google: GoogleProvider, location: str) -> DataGoogleStorageBucket:
    """Read the bucket while Terraform plans. Source: Google, "Uniform bucket-level access", principals."""
    fits = {
        "coalesce(self.uniform_bucket_level_access, false)": f"Bucket {store.name} must have uniform "
        "bucket-level access: without it, Kubernetes accounts cannot be granted access",
        f'upper(self.location) == "{location.upper()}"': f"Bucket {store.name} must be in {location.upper()}, as "
        "bucket.location says, got ${self.location}",
    }
    return DataGoogleStorageBucket(store, "found", provider=google, name=store.name, lifecycle=refuse_unless(fits))


class _ExistingStore(ModelStore):
    """A bucket that is managed elsewhere: its name in place of the resource."""

    def __init__(self, scope: Construct, id_: str, *, name: str) -> None:
        refuse(report_wrong("name", name, wrong_bucket(name)))
        Construct.__init__(self, scope, id_)
        self._describe(name)
        self.ready = []
