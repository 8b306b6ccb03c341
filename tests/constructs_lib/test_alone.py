"""Constructs without the config and its rules: what cannot work is refused when it is made, in plain words."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from ipaddress import IPv4Network
from typing import Any

import pytest
from cdktf import Token
from cdktf_cdktf_provider_google.data_google_project import DataGoogleProject
from cdktf_cdktf_provider_google.provider import GoogleProvider
from cdktf_cdktf_provider_time.provider import TimeProvider

from constructs_lib.cluster_plan import ClusterPlan
from constructs_lib.gateway_plan import GatewayPlan, ModelRoute
from constructs_lib.gke_cluster import GkeCluster
from constructs_lib.global_network import GlobalNetwork
from constructs_lib.manifests.gateway import Backend, Balancing
from constructs_lib.model_store import ModelStore
from constructs_lib.network_plan import NetworkPlan, NetworkRegionPlan
from constructs_lib.node_service_account import NodeServiceAccount
from constructs_lib.project_services import ProjectServices
from constructs_lib.provider_versions import GOOGLE, pin_google
from constructs_lib.specs import (
    AutoscalingSpec,
    BucketSpec,
    CapacitySpec,
    ClusterSpec,
    GatewaySpec,
    MaintenanceWindowSpec,
    NetworkSpec,
    NodeAutoscalingSpec,
    NodePoolSpec,
    RegionSpec,
    ServerSpec,
    SystemPoolSpec,
)
from constructs_lib.system_pool import SystemPool
from constructs_lib.workload_identity import WorkloadIdentity
from tests.conftest import Synth

PLAN = ClusterPlan(
    name="gemma-us",
    project="my-project",
    region="us-east5",
    location="us-east5",
    zones=("us-east5-b",),
    network="gemma-vpc",
    subnetwork="gemma-nodes-us",
    node_service_account="nodes@my-project.iam.gserviceaccount.com",
    version_floor="1.34.1-gke.1829001",
)
US = NetworkRegionPlan(
    region="us-east5",
    node_subnet="nodes-us",
    proxy_subnet="proxy-us",
    nodes=IPv4Network("10.2.0.0/20"),
    pods=IPv4Network("10.3.0.0/16"),
    services=IPv4Network("10.2.16.0/20"),
    proxy=IPv4Network("10.2.32.0/23"),
    gateway_address="gateway-us",
    nat="nat-us",
)
EU = replace(
    US,
    region="europe-west4",
    nodes=IPv4Network("10.4.0.0/20"),
    pods=IPv4Network("10.5.0.0/16"),
    services=IPv4Network("10.4.16.0/20"),
    proxy=IPv4Network("10.4.32.0/23"),
)
Build = Callable[[Any], object]


def google(stack: Any) -> GoogleProvider:
    """Add a Google provider with a project."""
    return GoogleProvider(stack, "google", project="my-project")


def cluster(stack: Any, **spec: Any) -> GkeCluster:
    """Add a cluster to a bare stack."""
    return GkeCluster(stack, "cluster", google=google(stack), plan=PLAN, spec=ClusterSpec(**spec))


def network(stack: Any, name: str = "gemma-vpc", **regions: NetworkRegionPlan) -> None:
    """Add a VPC with these regions."""
    plan = NetworkPlan(
        project="my-project", name=name, node_service_account="nodes@my-project.iam.gserviceaccount.com", ports=(8000,)
    )
    made = GlobalNetwork(
        stack, "network", google=google(stack), time=TimeProvider(stack, "time"), plan=plan, spec=NetworkSpec()
    )
    for key, region in regions.items():
        made.add_region(key, region)


def identity(stack: Any, **changes: Any) -> WorkloadIdentity:
    """Add a principal of Google Cloud."""
    given = {"project_number": "123456789012", "namespace": "inference", "service_account": "model-server", **changes}
    return WorkloadIdentity(stack, "reader", google=google(stack), project="my-project", **given)


def pool(**settings: Any) -> Build:
    """Build a cluster with a pool of TPUs."""
    spec = NodePoolSpec(machine_type="ct6e-standard-4t", **settings)
    return lambda stack: cluster(stack).add_accelerator_pool("tpu", spec)


SPECS: dict[str, tuple[type[Any], dict[str, Any], str]] = {
    "a channel": (
        ClusterSpec, {"release_channel": "FAST"}, "release_channel must be one of RAPID, REGULAR, STABLE, got 'FAST'",
    ),
    "a control plane": (
        ClusterSpec, {"control_plane": "global"}, "control_plane must be one of regional, zonal, got 'global'",
    ),
    "days": (
        MaintenanceWindowSpec, {"days": "SA"}, "days must be a list, got the text 'SA': write ['SA']",
    ),
    "zones": (
        RegionSpec, {"number": 0, "region": "us-east5", "zones": "us-east5-b"},
        "zones must be a list, got the text 'us-east5-b': write ['us-east5-b']",
    ),
    "arguments": (
        ServerSpec, {"image": "vllm/vllm-tpu:v0.27.0", "extra_args": "--swap-space=0"},
        "extra_args must be a list, got the text '--swap-space=0'",
    ),
    "a GPU driver": (
        NodePoolSpec, {"machine_type": "a3-highgpu-8g", "gpu_driver_version": "NEWEST"},
        "gpu_driver_version must be one of DEFAULT, LATEST, INSTALLATION_DISABLED, got 'NEWEST'",
    ),
    "a location policy": (
        NodeAutoscalingSpec, {"max_nodes": 2, "location_policy": "EVEN"},
        "location_policy must be one of ANY, BALANCED, got 'EVEN'",
    ),
    "addresses": (GatewaySpec, {"addresses": "static"}, "addresses must be one of named, ephemeral, got 'static'"),
    "a metric source": (
        AutoscalingSpec, {"max_replicas": 2, "metric_source": "keda"},
        "metric_source must be one of native, pods, external, got 'keda'",
    ),
    "a number for a text": (ClusterSpec, {"gke_version": 1.35}, "gke_version must be text, got 1.35"),
    "a text for a switch": (NetworkSpec, {"nat": "false"}, "nat must be true or false, got 'false'"),
    "a text for a number": (ServerSpec, {"image": "vllm/vllm-tpu:v0.27.0", "port": "8000"},
                            "port must be a whole number, got '8000'"),
    "a map for a spec": (
        ClusterSpec, {"maintenance_window": {"days": ["SA"]}},
        "maintenance_window must be MaintenanceWindowSpec, got {'days': ['SA']}",
    ),
    "logs of the NAT": (NetworkSpec, {"nat_logs": "SOME"}, "nat_logs must be one of NONE, ERRORS_ONLY"),
}  # fmt: skip

PLANS: dict[str, tuple[dict[str, Any], str]] = {
    "a text for the zones": ({"zones": "us-east5-b"}, "zones must be a list, got the text 'us-east5-b'"),
    "no zone": ({"zones": ()}, "zones must name at least one zone, got none"),
    "another region's zone": ({"zones": ("us-east4-a",)}, "zones must be a zone of us-east5, got 'us-east4-a'"),
    "a zone for the region": ({"region": "us-east5-b"}, "region must be a region such as us-east5, got 'us-east5-b'"),
    "another region's location": (
        {"location": "europe-west4"}, "location must be us-east5 or one of its zones (us-east5-b), got 'europe-west4'",
    ),
    "a name in capitals": ({"name": "Gemma"}, "name must hold only lower case letters, digits and hyphens"),
    "a long name": ({"name": "g" * 41}, "name must have at most 40 characters"),
    "a project's number": ({"project": "123456789012"}, "project must be a project ID of 6 to 30 characters"),
    "the VPC's path": ({"network": "projects/p/global/networks/n"}, "network must hold only lower case letters"),
    "no name": ({"name": None}, "name must be text, got None"),
    "no version": ({"version_floor": "latest"}, "version_floor must read like 1.35"),
    "no day": ({"maintenance_day": "Saturday"}, "maintenance_day must be one of MO, TU, WE, TH, FR, SA, SU"),
}  # fmt: skip

CONSTRUCTS: dict[str, tuple[Build, str]] = {
    "a version below the floor": (
        lambda stack: cluster(stack, gke_version="1.33"),
        "gke_version must reach 1.34.1-gke.1829001, the floor of the features in use, got 1.33",
    ),
    "no version": (lambda stack: cluster(stack, gke_version="latest"), "gke_version must read like 1.35"),
    "no machines": (
        pool(capacity=CapacitySpec()),
        "capacity must choose exactly one of on_demand, spot, flex_start, reservation, queued, got none",
    ),
    "machines from two places": (
        pool(capacity=CapacitySpec(on_demand=True, spot=True)),
        "capacity must choose exactly one of on_demand, spot, flex_start, reservation, queued, got on_demand and spot",
    ),
    "DRANET without Dataplane V2": (
        lambda stack: cluster(stack, dataplane_v2=False).add_accelerator_pool(
            "tpu", NodePoolSpec(machine_type="ct6e-standard-4t")
        ),
        "dataplane_v2 must be true for managed DRANET, got false",
    ),
    "two sizes of a pool": (
        pool(nodes_per_zone=3, autoscaling=NodeAutoscalingSpec(max_nodes=8)),
        "nodes_per_zone must not be given beside autoscaling, got 3",
    ),
    "a slice that grows by numbers": (
        pool(topology="4x4", autoscaling=NodeAutoscalingSpec(max_nodes=8)),
        "autoscaling must not be given for a slice of 4 nodes, which comes and goes whole",
    ),
    "a queue that keeps nodes": (
        pool(capacity=CapacitySpec(queued=True), autoscaling=NodeAutoscalingSpec(min_nodes=1, max_nodes=8)),
        "min_nodes must be 0 for queued, got 1",
    ),
    "no machine for the system": (
        lambda stack: SystemPool(stack, "pool", cluster=cluster(stack), name="system", spec=SystemPoolSpec()),
        "machine_type must be given, got none",
    ),
    "a pool's key": (
        lambda stack: cluster(stack).add_system_pool("System_1", machine_type="e2-standard-4"),
        "name must hold only lower case letters, digits and hyphens",
    ),
    "a VPC's name": (lambda stack: network(stack, name="my_vpc"), "name must hold only lower case letters"),
    "two regions in one place": (
        lambda stack: network(stack, us=US, too=replace(EU, region="us-east5")),
        "region of too must differ from that of us, got us-east5 in both",
    ),
    "a range of another region": (
        lambda stack: network(stack, us=US, eu=replace(EU, pods=US.pods)),
        "pods of eu must be apart from pods of us (10.3.0.0/16), got 10.3.0.0/16",
    ),
    "a bucket's address": (
        lambda stack: ModelStore(
            stack, "store", google=google(stack), project="my-project", name="gs://weights",
            spec=BucketSpec(location="US"),
        ),
        "name must hold only lower case letters, digits, -, _ and .",
    ),
    "a short account": (
        lambda stack: NodeServiceAccount(
            stack, "nodes", google=google(stack), project="my-project", account_id="nodes"
        ),
        "account_id must be 6 to 30 characters",
    ),
    "a project ID for its number": (
        lambda stack: identity(stack, project_number="my-project"),
        "project_number must be the project's number, not its ID, got 'my-project'",
    ),
    "a project's name for its ID": (
        lambda stack: ModelStore(
            stack, "store", google=google(stack), project="My Project", name="weights", spec=BucketSpec(location="US")
        ),
        "project must be a project ID of 6 to 30 characters, got 'My Project'",
    ),
    "a namespace": (
        lambda stack: identity(stack, namespace="Inference"), "namespace must be 1 to 63 lower case letters",
    ),
    "a service for services": (
        lambda stack: ProjectServices(
            stack, "services", google=google(stack), project="my-project", services="compute"
        ),
        "services must be a list, got the text 'compute': write ['compute']",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("spec", "given", "words"), SPECS.values(), ids=SPECS)
def test_a_spec_refuses_what_it_does_not_know(spec: type[Any], given: dict[str, Any], words: str) -> None:
    """With what is allowed, and what was given."""
    with pytest.raises(ValueError, match=f"^{re.escape(words)}"):
        spec(**given)


@pytest.mark.parametrize(("changes", "words"), PLANS.values(), ids=PLANS)
def test_a_plan_of_a_cluster_refuses_what_gke_would(changes: dict[str, Any], words: str) -> None:
    """Before anything is made."""
    with pytest.raises(ValueError, match=f"(?m)^{re.escape(words)}"):
        replace(PLAN, **changes)


def test_a_plan_tells_all_its_problems_at_once() -> None:
    """One line each."""
    with pytest.raises(ValueError, match=r"name must .*\nproject must .*\nlocation must "):
        replace(PLAN, name="A", project="x", location="eu")


@pytest.mark.parametrize(("build", "words"), CONSTRUCTS.values(), ids=CONSTRUCTS)
def test_a_construct_refuses_what_cannot_work(synth: Synth, build: Build, words: str) -> None:
    """It knows as much as the rules do of what is its own."""
    with pytest.raises(ValueError, match=f"^{re.escape(words)}"):
        synth(build)


@pytest.mark.parametrize("mode", [CapacitySpec(), CapacitySpec(spot=True, queued=True)])
def test_a_capacity_that_is_none_or_two_has_no_mode(mode: CapacitySpec) -> None:
    """It says which ways there are."""
    with pytest.raises(ValueError, match="capacity must choose exactly one of on_demand, spot"):
        assert mode.mode


def test_ranges_are_networks_and_apart() -> None:
    """A text in their place would fail deep inside."""
    with pytest.raises(ValueError, match=r"nodes must be an IPv4Network, got '10\.2\.0\.0/20'"):
        replace(US, nodes="10.2.0.0/20")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"proxy must be apart from nodes \(10\.2\.0\.0/20\), got 10\.2\.0\.0/23"):
        replace(US, proxy=IPv4Network("10.2.0.0/23"))


def test_a_gateway_has_an_address_and_a_model() -> None:
    """In at least one region, and behind it at least one model, on a port that there is."""
    with pytest.raises(ValueError, match="addresses must name at least one region, got none\nmodels must name"):
        GatewayPlan(name="gemma", namespace="inference", addresses=[], models={})
    with pytest.raises(ValueError, match="port must be between 1 and 65535, got 0"):
        ModelRoute(
            backend=Backend(name="gemma-pool"), port=0, health_path="/health", balancing=Balancing(timeout_sec=600)
        )


def test_what_is_known_after_apply_is_not_judged(synth: Synth) -> None:
    """A token is a text that does not look like what it will be."""

    def build(stack: Any) -> None:
        project = DataGoogleProject(stack, "project", provider=google(stack))
        WorkloadIdentity(
            stack, "reader", google=stack.node.find_child("google"), project="my-project",
            project_number=Token.as_string(project.number), namespace="inference", service_account="model-server",
        ).grant_read("weights")  # fmt: skip

    assert "${data.google_project.project.number}" in synth(build).one("google_storage_bucket_iam_member")["member"]


def test_one_call_pins_the_provider_that_managed_dranet_needs(synth: Synth) -> None:
    """The bindings ask for one that refuses the field."""

    def build(stack: Any) -> None:
        pin_google(stack)
        cluster(stack).add_accelerator_pool("tpu", NodePoolSpec(machine_type="ct6e-standard-4t"))

    required = synth(build).stacks["test"]["terraform"]["required_providers"]

    assert required["google"] == {"source": "hashicorp/google", "version": GOOGLE}
