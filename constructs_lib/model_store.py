"""A bucket that holds model weights for every cluster."""

from collections.abc import Sequence

from cdktf import ITerraformDependable
from cdktf_cdktf_provider_google.provider import GoogleProvider
from cdktf_cdktf_provider_google.storage_bucket import StorageBucket
from constructs import Construct

from constructs_lib.google_names import report_wrong, wrong_bucket, wrong_project
from constructs_lib.specs import BucketSpec
from constructs_lib.specs.limits import refuse

SECONDS_PER_DAY = 86400


class ModelStore(Construct):
    """
    Model weights in one place. Private, with uniform access; nobody can read it until a `WorkloadIdentity` is granted.

    Args:
        google: Provider of the project.
        project: Project ID.
        name: Bucket name, unique in all of Google Cloud.
        spec: Location, soft delete, versions, and whether a destroy may take the weights too.
        after: What must exist first: the storage API.

    Raises:
        ValueError: Google takes no bucket or project of that name.

    Attributes:
        name: The bucket's name (known at synth).
        url: Its `gs://` address (known at synth).
        bucket: The bucket, for what comes after it.
    """

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
        self.name = name
        self.url = f"gs://{name}"
        self.bucket: ITerraformDependable = StorageBucket(
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
