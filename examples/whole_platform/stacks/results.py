"""A stack of the app: a bucket for what its users keep, with the provider version that the app is at."""

from cdktf import LocalBackend, TerraformStack
from cdktf_cdktf_provider_google.provider import GoogleProvider
from cdktf_cdktf_provider_google.storage_bucket import StorageBucket
from constructs import Construct


class ResultsStack(TerraformStack):
    """A bucket."""

    def __init__(self, scope: Construct, id_: str, *, project: str, bucket: str) -> None:
        super().__init__(scope, id_)
        LocalBackend(self, path="../../../results.tfstate")
        self.add_override("terraform.required_providers.google.version", "~> 6.50")
        google = GoogleProvider(self, "google", project=project, alias="results")
        StorageBucket(self, "results", provider=google, name=bucket, location="US", uniform_bucket_level_access=True)
