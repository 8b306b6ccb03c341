"""What does not fit stops the plan with its reason, and what is handed over to others, or taken over, is not lost."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from platform_config.stack_graph import FLEET_STACK, NETWORK_STACK, base_stack, cluster_stack
from tests.configs import EXAMPLE, EXISTING, config
from tests.rig.cloud import Key
from tests.terraform.configs import Worlds
from tests.terraform.runs import Outcome
from tests.terraform.world import World

NETWORK, SHARED, CLUSTERS = EXISTING
CLUSTER, SUBNET = "google_container_cluster", "google_compute_subnetwork"
FLEET = ("membership", "membership_id", "membership_location", "membership_type", "pre_registered", "project")
Copy = Callable[[Path], World]


@pytest.fixture
def copied(deployed_of: Worlds, tmp_path: Path) -> Iterator[Copy]:
    """Copy the deployed platform of a config, to change it."""
    made: list[World] = []

    def get(path: Path) -> World:
        made.append(deployed_of(path).copy(tmp_path))
        return made[-1]

    yield get
    for world in made:
        world.stop()


def printed(outcome: Outcome) -> str:
    """Return what Terraform printed, without the frame and the ends of its lines."""
    return " ".join(outcome.text.replace("│", " ").split())


def held(world: World, kind: str, name: str) -> dict[str, Any]:
    """Return the object of the cloud, of a type and with a name that its ID ends with, to change it."""
    [key] = [key for key in world.rig.cloud.objects if key[0] == kind and key[2].endswith(name)]
    return world.rig.cloud.objects[key]


def test_a_network_that_does_not_fit_stops_the_plan(copied: Copy) -> None:
    """Every reason at once, with what was found: ranges, proxies, access to buckets, account, address, router."""
    world = copied(SHARED)
    subnet, eu = held(world, SUBNET, "/team-us"), held(world, SUBNET, "/team-eu")
    subnet |= {"ip_cidr_range": "10.99.0.0/20", "private_ip_google_access": False}
    subnet["secondary_ip_range"][0]["range_name"] = "others"
    eu["network"] = "https://www.googleapis.com/compute/v1/projects/net-host-1/global/networks/other"
    held(world, SUBNET, "/proxies-us")["purpose"] = "REGIONAL_MANAGED_PROXY"
    held(world, "google_storage_bucket", "team-weights").update(location="EU", uniform_bucket_level_access=False)
    held(world, "google_service_account", "gke-nodes@my-project-id.iam.gserviceaccount.com")["disabled"] = True
    held(world, "google_compute_address", "/team-gateway-us")["address_type"] = "EXTERNAL"
    held(world, "google_compute_router", "/nat-eu")["network"] = "projects/net-host-1/global/networks/other"

    outcome = world.folder(NETWORK_STACK).run("plan", "-input=false")
    text = printed(outcome)

    assert outcome.code == 1
    for reason in (
        "The range of subnet team-us must be 10.64.0.0/20, as cidrs.nodes says, got 10.99.0.0/20",
        "Subnet team-us must have Private Google Access",
        "must have the secondary range team-us-pods with 10.80.0.0/14, got others 10.80.0.0/14",
        "Subnet team-eu must be in projects/net-host-1/global/networks/shared, got https://www.googleapis.com/compute/v1/",
        "us-east5 must have a proxy-only subnet proxies-us for GLOBAL_MANAGED_PROXY with range 10.64.32.0/23",
        "Bucket team-weights must be in US, as bucket.location says, got EU",
        "Bucket team-weights must have uniform bucket-level access",
        "gke-nodes@my-project-id.iam.gserviceaccount.com must be enabled",
        "Address team-gateway-us must be INTERNAL, got EXTERNAL",
        "Router nat-eu must be in projects/net-host-1/global/networks/shared",
    ):
        assert reason in text


def test_a_cluster_that_cannot_serve_stops_the_plan(copied: Copy) -> None:
    """Every reason at once, with the command that mends it where there is one."""
    world = copied(CLUSTERS)
    held(world, CLUSTER, "/gke-us").update(
        master_version="1.33.5-gke.1000000",
        network="projects/my-project-id/global/networks/default",
        datapath_provider="LEGACY_DATAPATH",
        enable_autopilot=True,
        **{
            part: []
            for part in (
                *("workload_identity_config", "gateway_api_config", "addons_config", "ip_allocation_policy"),
                *("control_plane_endpoints_config", "monitoring_config", "secret_manager_config"),
            )
        },
    )
    pool = held(world, "google_container_node_pool", "/v6e")
    pool["node_config"][0] |= {"machine_type": "ct5lp-hightpu-4t", "workload_metadata_config": []}
    pool["placement_policy"] = [{"type": "COMPACT", "policy_name": "", "tpu_topology": "4x4"}]
    pool["network_config"] = []

    outcome = world.folder(cluster_stack("us")).run("plan", "-input=false")
    text = printed(outcome)

    assert outcome.code == 1
    for reason in (
        "gke-us has GKE 1.33.5-gke.1000000, which is older than",
        "gke-us must be in projects/my-project-id/global/networks/corp, got projects/my-project-id/global/",
        "gke-us must have Dataplane V2, as cluster.dataplane_v2 says, got LEGACY_DATAPATH",
        "gke-us must be Standard, as cluster.mode says",
        "gke-us must be VPC-native, with its pods in the secondary range corp-us-pods",
        "gke-us must have Workload Identity with my-project-id.svc.id.goog: run `gcloud container",
        "gke-us must have the Gateway API: run",
        "gke-us must have the Cloud Storage FUSE driver: run",
        "gke-us must have the Secret Manager add-on: run",
        "gke-us must have managed Prometheus: run",
        "--enable-dns-access`",
        "gke-us must have a node pool v6e of ct6e-standard-4t, got v6e ct5lp-hightpu-4t",
        "Node pool v6e of gke-us must give pods their own identity",
        "Node pool v6e of gke-us must have topology 2x2, got 4x4",
        "Node pool v6e of gke-us must have managed DRANET, got none",
    ):
        assert reason in text


def test_a_fleet_with_another_config_cluster_stops_the_plan(copied: Copy) -> None:
    """So does a membership that is another cluster's."""
    world = copied(CLUSTERS)
    feature = held(world, "google_gke_hub_feature", "/multiclusteringress")
    feature["spec"][0]["multiclusteringress"][0]["config_membership"] = "projects/1/locations/global/memberships/other"
    endpoint = held(world, "google_gke_hub_membership", "us-east5/memberships/gke-us")["endpoint"][0]
    endpoint["gke_cluster"][0]["resource_link"] = "//container.googleapis.com/projects/p/locations/l/clusters/gke-eu"

    text = printed(world.folder(FLEET_STACK).run("plan", "-input=false"))

    assert "must be gke-us, as config_cluster says, got projects/1/locations/global/memberships/other" in text
    assert "Membership gke-us must be that of projects/my-project-id/locations/us-east5/clusters/gke-us, got" in text


def test_a_namespace_that_is_not_there_stops_the_plan(copied: Copy) -> None:
    """It is its owner's to create."""
    world = copied(CLUSTERS)
    for key in [key for key in world.rig.cloud.objects if key[0] == "kubernetes_namespace_v1"]:
        del world.rig.cloud.objects[key]

    outcome = world.folder(base_stack("us")).run("plan", "-input=false")

    assert outcome.code == 1
    assert "404" in outcome.text or "must have a namespace inference, as existing.namespace says" in printed(outcome)


def test_a_crd_of_others_is_theirs_to_install(copied: Copy) -> None:
    """With a CRD go all objects of its kind, so the platform neither makes nor deletes it in a cluster of others."""
    world = copied(CLUSTERS)
    for key in [key for key in world.rig.cloud.objects if "CustomResourceDefinition" in key[2]]:
        del world.rig.cloud.objects[key]

    outcome = world.folder(base_stack("us")).run("plan", "-input=false")

    assert outcome.code == 1
    assert "Cluster gke-us must have the CRD inferenceobjectives.inference" in printed(outcome)


def test_a_cluster_in_another_fleet_stops_the_plan(copied: Copy) -> None:
    """A cluster is in one fleet, and its membership is the one that the config says."""
    world = copied(CLUSTERS)
    fleet = {"membership": "//gkehub.googleapis.com/projects/7/locations/global/memberships/theirs"}
    held(world, CLUSTER, "/gke-eu")["fleet"] = [dict.fromkeys(FLEET) | fleet]

    text = printed(world.folder(cluster_stack("eu")).run("plan", "-input=false"))

    assert (
        "gke-eu must be in no fleet, or in this one as projects/my-project-id/locations/global/memberships/gke-eu"
        in text
    )
    assert "got //gkehub.googleapis.com/projects/7/locations/global/memberships/theirs" in text


HANDED_OVER: dict[str, tuple[Path, dict[str, Any], str, str]] = {
    "the network": (
        EXAMPLE,
        {"existing__network": "corp"},
        NETWORK_STACK,
        "a cluster cannot change its network",
    ),
    "the bucket": (
        EXAMPLE,
        {"existing__bucket": "my-project-id-gemma-weights"},
        NETWORK_STACK,
        "a bucket cannot be renamed or moved",
    ),
    "the namespace": (EXAMPLE, {"existing__namespace": True}, NETWORK_STACK, "Everything runs in the namespace"),
    "the fleet's features": (EXAMPLE, {"existing__fleet_features": True}, FLEET_STACK, "The fleet's config cluster is"),
    "a subnet": (
        SHARED,
        {
            "regions__eu__existing__subnet": "another",
            "regions__eu__existing__pods_range": "another-pods",
            "regions__eu__existing__services_range": "another-services",
        },
        NETWORK_STACK,
        "Project, region and ranges of eu are",
    ),
    "a proxy-only subnet": (
        SHARED,
        {"regions__eu__existing__proxy_subnet": None},
        NETWORK_STACK,
        "Project, region and ranges of eu are",
    ),
    "a cluster": (
        CLUSTERS,
        {"regions__eu__existing__cluster": "projects/my-project-id/locations/europe-west4-a/clusters/gke-other"},
        cluster_stack("eu"),
        "The cluster is made with",
    ),
    "a membership": (
        CLUSTERS,
        {"regions__us__existing__membership": None},
        cluster_stack("us"),
        "The cluster is made with",
    ),
}


@pytest.mark.parametrize("case", HANDED_OVER)
def test_what_holds_others_is_not_handed_over_in_one_plan(copied: Copy, case: str) -> None:
    """The plan is refused with the steps: what the platform made would be deleted while it is used."""
    path, settings, stack, reason = HANDED_OVER[case]
    world = copied(path)
    _duplicate(world, "google_compute_network", "/gemma-vpc", "gemma-vpc", "corp")
    _duplicate(world, SUBNET, "/team-eu", "team-eu", "another")
    _duplicate(world, CLUSTER, "/gke-eu", "gke-eu", "gke-other")
    world.use(config(path, **settings))

    outcome = world.folder(stack).run("plan", "-input=false")

    assert outcome.code == 1
    assert reason in printed(outcome)


def test_roles_that_are_left_to_others_stay(copied: Copy) -> None:
    """They leave the state, and are granted as before."""
    world = copied(SHARED)
    world.use(config(SHARED, existing__shared_vpc_roles=True))
    before = {key for key in world.rig.cloud.objects if "iam_member" in key[0]}

    world.deploy([NETWORK_STACK])

    assert {key for key in world.rig.cloud.objects if "iam_member" in key[0]} == before
    assert not any("iam_member" in resource["type"] for resource in world.state(NETWORK_STACK))


def test_rules_router_and_address_of_others_replace_ours(copied: Copy) -> None:
    """What the platform made for the same goes, and nothing else."""
    world = copied(NETWORK)
    place = "projects/my-project-id/regions/us-east5"
    _duplicate(world, "google_compute_router", f"{place}/routers/gemma-nat-us", "gemma-nat-us", "corp-nat")
    _duplicate(world, "google_compute_address", f"{place}/addresses/gemma-gateway-us", "gemma-gateway-us", "front")
    there = {"router": "corp-nat", "gateway_address": "front"}
    world.use(config(NETWORK, existing__firewall=True, regions__us__existing=there))

    plan = world.folder(NETWORK_STACK).plan()

    assert {(address.split(".")[0], actions) for address, actions in plan.items()} == {
        (f"google_compute_{kind}", ("delete",)) for kind in ("firewall", "router", "router_nat", "address")
    } | {("time_sleep", ("update",))} & {(address.split(".")[0], actions) for address, actions in plan.items()}
    assert len([address for address in plan if "firewall" in address]) == 5


def test_a_pool_takes_the_place_of_anothers(copied: Copy) -> None:
    """Without the line the platform makes one of its own, in the same cluster."""
    world = copied(CLUSTERS)
    world.use(config(CLUSTERS, regions__us__existing__node_pools=None))

    plan = world.folder(cluster_stack("us")).plan()

    assert set(plan.values()) == {("create",)}
    assert [address.split(".")[0] for address in plan if "google" in address] == ["google_container_node_pool"]


def test_another_account_of_the_nodes_replaces_the_pools(copied: Copy) -> None:
    """Its e-mail address cannot change in place."""
    world = copied(EXAMPLE)
    _duplicate(world, "google_service_account", "@my-project-id.iam.gserviceaccount.com", "gemma-nodes", "gke")
    world.use(config(existing__node_service_account="gke@my-project-id.iam.gserviceaccount.com"))

    plan = world.folder(cluster_stack("us")).plan()

    assert {actions for address, actions in plan.items() if "node_pool" in address} == {("delete", "create")}


def _duplicate(world: World, kind: str, end: str, name: str, other: str) -> None:
    """Put a second object beside the one whose ID ends with *end*, called *other* in place of *name*."""
    objects = world.rig.cloud.objects
    for key in [key for key in objects if key[0] == kind and key[2].endswith(end)]:
        renamed: Key = (kind, key[1], key[2].replace(name, other))
        objects[renamed] = _renamed(copy.deepcopy(objects[key]), name, other)


def _renamed(value: Any, name: str, other: str) -> Any:
    if isinstance(value, dict):
        return {key: _renamed(inner, name, other) for key, inner in value.items()}
    if isinstance(value, list):
        return [_renamed(inner, name, other) for inner in value]
    return value.replace(name, other) if isinstance(value, str) else value
