"""What is managed elsewhere can be used here: other constructs take it, and nothing of it is managed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from cdktf import TerraformOutput
from cdktf_cdktf_provider_google.provider import GoogleProvider
from cdktf_cdktf_provider_time.provider import TimeProvider

from constructs_lib.gke_cluster import GkeCluster
from constructs_lib.global_network import GlobalNetwork
from constructs_lib.model_store import ModelStore
from constructs_lib.network_plan import NetworkPlan
from constructs_lib.node_service_account import NodeServiceAccount
from constructs_lib.specs import ClusterSpec, NetworkSpec, NodePoolSpec
from constructs_lib.workload_identity import WorkloadIdentity
from tests.conftest import Synth
from tests.constructs_lib.test_alone import PLAN, US
from tests.synthesized import Synthesized


def existing_account(stack: Any) -> NodeServiceAccount:
    """Refer to the nodes' account of somebody else's stack."""
    return NodeServiceAccount.from_existing(stack, "nodes", email="gemma-nodes@my-project.iam.gserviceaccount.com")


def existing_network(stack: Any) -> GlobalNetwork:
    """Refer to a VPC of somebody else's stack."""
    google = GoogleProvider(stack, "google", project="my-project")
    plan = NetworkPlan(
        project="my-project", name="shared", node_service_account=existing_account(stack).email, ports=(8000,)
    )
    return GlobalNetwork.from_existing(
        stack, "network", google=google, time=TimeProvider(stack, "time"), plan=plan, spec=NetworkSpec()
    )


def existing_cluster(stack: Any, spec: ClusterSpec | None = None) -> GkeCluster:
    """Refer to a cluster of somebody else's stack."""
    google = GoogleProvider(stack, "google", project="my-project")
    return GkeCluster.from_existing(stack, "cluster", google=google, plan=PLAN, spec=spec or ClusterSpec())


def existing_store(stack: Any) -> ModelStore:
    """Refer to a bucket of somebody else's stack."""
    return ModelStore.from_existing(stack, "weights", name="their-weights")


def resources(app: Synthesized) -> set[str]:
    """List the types of all resources that Terraform would manage."""
    return set(app.stacks["test"].get("resource", {}))


@pytest.mark.parametrize("existing", [existing_account, existing_network, existing_cluster, existing_store])
def test_what_exists_is_not_managed(synth: Synth, existing: Callable[[Any], object]) -> None:
    """There is no resource and no check of it in the stack: an apply changes nothing, a destroy leaves it."""
    app = synth(existing)

    assert resources(app) == set()
    assert "check" not in app.stacks["test"]


def test_a_region_is_added_to_an_existing_network(synth: Synth) -> None:
    """Subnets, rules and router name its path; the wait on destroy is for the subnets alone."""
    app = synth(lambda stack: existing_network(stack).add_region("us", US))
    [wait] = app.all("time_sleep")

    assert "google_compute_network" not in resources(app)
    for kind in ("subnetwork", "firewall", "router"):
        assert {block["network"] for block in app.all(f"google_compute_{kind}")} == {
            "projects/my-project/global/networks/shared"
        }
    assert {rule["target_service_accounts"][0] for rule in app.all("google_compute_firewall")} == {
        "gemma-nodes@my-project.iam.gserviceaccount.com"
    }
    assert [address.split(".")[0] for address in wait["depends_on"]] == ["google_compute_subnetwork"] * 2


def test_pools_are_added_to_an_existing_cluster(synth: Synth) -> None:
    """By the cluster's name and place, after its version was read: nothing of the cluster is changed."""

    def build(stack: Any) -> None:
        cluster = existing_cluster(stack)
        cluster.add_system_pool("system", machine_type="e2-standard-8")
        cluster.add_accelerator_pool("tpu", NodePoolSpec(machine_type="ct6e-standard-4t"))

    app = synth(build)
    pools = {block["name"]: block for block in app.all("google_container_node_pool")}
    [version] = app.stacks["test"]["data"]["google_container_cluster"].items()

    assert "google_container_cluster" not in resources(app)
    assert {(block["project"], block["location"], block["cluster"]) for block in pools.values()} == {
        ("my-project", "us-east5", "gemma-us")
    }
    assert pools["tpu"]["depends_on"] == [f"data.google_container_cluster.{version[0]}"]
    assert (version[1]["name"], version[1]["location"]) == ("gemma-us", "us-east5")
    assert "1.34.1-gke.1829001" in version[1]["lifecycle"]["postcondition"][0]["error_message"]


def test_an_existing_cluster_without_dataplane_v2_takes_no_dranet_pool(synth: Synth) -> None:
    """What its spec says of it is believed."""

    def build(stack: Any) -> None:
        cluster = existing_cluster(stack, ClusterSpec(dataplane_v2=False))
        cluster.add_accelerator_pool("tpu", NodePoolSpec(machine_type="ct6e-standard-4t"))

    with pytest.raises(ValueError, match="dataplane_v2 must be true for managed DRANET"):
        synth(build)


def test_the_endpoint_of_an_existing_cluster_is_read(synth: Synth) -> None:
    """It is known after apply, as that of one that is made here."""
    app = synth(lambda stack: TerraformOutput(stack, "endpoint", value=existing_cluster(stack).dns_endpoint))
    [key] = app.stacks["test"]["data"]["google_container_cluster"]

    assert app.stacks["test"]["output"]["endpoint"]["value"] == (
        f"${{data.google_container_cluster.{key}.control_plane_endpoints_config[0].dns_endpoint_config[0].endpoint}}"
    )


def test_an_existing_bucket_is_granted_on(synth: Synth) -> None:
    """A reader of this stack gets its role there."""

    def build(stack: Any) -> None:
        google = GoogleProvider(stack, "google", project="my-project")
        store = existing_store(stack)
        WorkloadIdentity(
            stack, "reader", google=google, project="my-project", project_number="123456789012",
            namespace="inference", service_account="model-server",
        ).grant_read(store.name)  # fmt: skip
        assert store.url == "gs://their-weights"

    app = synth(build)

    assert resources(app) == {"google_storage_bucket_iam_member"}
    assert app.one("google_storage_bucket_iam_member")["bucket"] == "their-weights"


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda stack: ModelStore.from_existing(stack, "store", name="gs://x"), "name must hold only"),
        (
            lambda stack: NodeServiceAccount.from_existing(stack, "nodes", email="gemma-nodes"),
            "email must be an e-mail address, got 'gemma-nodes'",
        ),
    ],
)
def test_a_name_that_nothing_can_have_is_refused(synth: Synth, build: Any, message: str) -> None:
    """As where it is made."""
    with pytest.raises(ValueError, match=f"^{message}"):
        synth(build)
