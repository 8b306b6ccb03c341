"""Examples of docs/constructs.md: clusters."""

from __future__ import annotations

from cdktf import TerraformStack
from cdktf_cdktf_provider_google.provider import GoogleProvider
from cdktf_cdktf_provider_google_beta.provider import GoogleBetaProvider
from cdktf_cdktf_provider_time.provider import TimeProvider

from constructs_lib.autopilot_cluster import AutopilotCluster
from constructs_lib.cluster_plan import ClusterPlan
from constructs_lib.fleet import Fleet, FleetMember
from constructs_lib.gke_cluster import GkeCluster
from constructs_lib.node_pool import NodePool
from constructs_lib.provider_versions import pin_google
from constructs_lib.specs import CapacitySpec, ClusterSpec, NodeAutoscalingSpec, NodePoolSpec, SystemPoolSpec
from constructs_lib.system_pool import SystemPool

CLUSTER = ClusterPlan(
    name="acme-us",
    project="my-project",
    region="us-east5",
    location="us-east5",
    zones=("us-east5-b",),
    network="acme-vpc",
    subnetwork="acme-nodes-us",
    node_service_account="acme-nodes@my-project.iam.gserviceaccount.com",
    version_floor="1.35.1-gke.1396000",
)


def gke_cluster(stack: TerraformStack, google: GoogleProvider) -> GkeCluster:
    """Make a cluster with a system pool and a pool of TPUs."""
    pin_google(stack)
    cluster = GkeCluster(stack, "cluster", google=google, plan=CLUSTER, spec=ClusterSpec())
    cluster.add_system_pool("system", machine_type="e2-standard-8")
    cluster.add_accelerator_pool("tpu", NodePoolSpec(machine_type="ct6e-standard-4t"))
    return cluster


def autopilot_cluster(stack: TerraformStack, google: GoogleProvider) -> AutopilotCluster:
    """Make a cluster whose nodes Google makes as pods ask for them."""
    pin_google(stack)
    return AutopilotCluster(stack, "cluster", google=google, plan=CLUSTER, spec=ClusterSpec(mode="autopilot"))


def node_pool(stack: TerraformStack, google: GoogleProvider) -> NodePool:
    """Add a pool of Spot GPUs that grows to a cluster that another team manages."""
    cluster = GkeCluster.from_existing(stack, "cluster", google=google, plan=CLUSTER, spec=ClusterSpec())
    spec = NodePoolSpec(
        machine_type="g2-standard-12",
        capacity=CapacitySpec(spot=True),
        autoscaling=NodeAutoscalingSpec(max_nodes=4),
    )
    return NodePool(stack, "pool", cluster=cluster, name="l4", spec=spec)


def system_pool(stack: TerraformStack, google: GoogleProvider) -> SystemPool:
    """Add ordinary nodes to a cluster that another team manages."""
    cluster = GkeCluster.from_existing(stack, "cluster", google=google, plan=CLUSTER, spec=ClusterSpec())
    spec = SystemPoolSpec(machine_type="e2-standard-8", max_nodes_per_zone=5)
    return SystemPool(stack, "pool", cluster=cluster, name="system", spec=spec)


def fleet(stack: TerraformStack, google: GoogleProvider, google_beta: GoogleBetaProvider, time: TimeProvider) -> Fleet:
    """Make two clusters one fleet; the gateway's objects are in the first."""
    return Fleet(
        stack,
        "fleet",
        google=google,
        google_beta=google_beta,
        time=time,
        project="my-project",
        members={
            "us": FleetMember(cluster="acme-us", location="us-east5"),
            "eu": FleetMember(cluster="acme-eu", location="europe-west4"),
        },
        config_member="us",
    )
