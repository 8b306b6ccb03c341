"""A bucket for model weights, and the right to read it for the pods of one Kubernetes service account."""

import fast_synth

fast_synth.enable()  # optional: seconds instead of half a minute

from cdktf import App, LocalBackend, TerraformStack
from cdktf_cdktf_provider_google.provider import GoogleProvider

from constructs_lib.model_store import ModelStore
from constructs_lib.specs import BucketSpec
from constructs_lib.workload_identity import WorkloadIdentity

PROJECT, PROJECT_NUMBER = "my-project-id", "123456789012"

app = App()
stack = TerraformStack(app, "weights")
LocalBackend(stack, path="../../../weights.tfstate")  # beside this file
google = GoogleProvider(stack, "google", project=PROJECT)

store = ModelStore(
    stack,
    "weights",
    google=google,
    project=PROJECT,
    name=f"{PROJECT}-weights",
    spec=BucketSpec(location="US", soft_delete_days=0),
)
reader = WorkloadIdentity(
    stack,
    "reader",
    google=google,
    project=PROJECT,
    project_number=PROJECT_NUMBER,
    namespace="inference",
    service_account="model-server",
)
reader.grant_read(store.name, after=store.ready)
app.synth()
