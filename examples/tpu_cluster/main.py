"""One cluster with a pool of TPUs in a network that exists: `network_only` makes one that fits."""

import fast_synth

fast_synth.enable()  # optional: seconds instead of half a minute

from cdktf import App, LocalBackend, TerraformStack
from cdktf_cdktf_provider_google.provider import GoogleProvider

from constructs_lib.cluster_plan import ClusterPlan
from constructs_lib.gke_cluster import GkeCluster
from constructs_lib.node_service_account import NodeServiceAccount
from constructs_lib.provider_versions import pin_google
from constructs_lib.specs import ClusterSpec, NodePoolSpec

PROJECT = "my-project-id"

app = App()
stack = TerraformStack(app, "cluster")
LocalBackend(stack, path="../../../cluster.tfstate")  # beside this file
pin_google(stack)  # managed DRANET needs a newer provider than the bindings ask for
google = GoogleProvider(stack, "google", project=PROJECT)

nodes = NodeServiceAccount(stack, "nodes", google=google, project=PROJECT, account_id="team-nodes")
cluster = GkeCluster(
    stack,
    "cluster",
    google=google,
    plan=ClusterPlan(
        name="team-us",
        project=PROJECT,
        region="us-east5",
        location="us-east5",
        zones=("us-east5-b",),
        network="team-vpc",
        subnetwork="team-nodes-us",
        node_service_account=nodes.email,
        version_floor="1.35.1-gke.1396000",  # docs/versions.md has the floor of each feature
    ),
    spec=ClusterSpec(deletion_protection=False),  # this one may be destroyed; leave it out for yours
)
cluster.add_system_pool("system", machine_type="e2-standard-8")
cluster.add_accelerator_pool("tpu", NodePoolSpec(machine_type="ct6e-standard-4t"))
app.synth()
