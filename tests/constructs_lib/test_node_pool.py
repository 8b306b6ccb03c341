"""Node pools: size, capacity, placement, accelerators and interfaces of each kind."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from cdktf_cdktf_provider_google.provider import GoogleProvider

from constructs_lib.accelerators import machines
from constructs_lib.cluster_plan import ClusterPlan
from constructs_lib.gke_cluster import GkeCluster
from constructs_lib.specs import (
    CapacitySpec,
    ClusterSpec,
    GpuSharingSpec,
    NodeAutoscalingSpec,
    NodePoolSpec,
    SystemPoolSpec,
)
from tests.conftest import Synth
from tests.synthesized import Block, Synthesized

POOLS = "google_container_node_pool"
ONE_ZONE = ("us-east5-b",)
TWO_ZONES = ("us-east5-a", "us-east5-b")
CAPACITY_KEYS = ("reservation_affinity", "spot", "flex_start", "max_run_duration")
CAPACITY: dict[str, tuple[CapacitySpec, Block]] = {
    "on_demand": (CapacitySpec(on_demand=True), {}),
    "spot": (CapacitySpec(spot=True), {"spot": True}),
    "flex_start": (
        CapacitySpec(flex_start=True),
        {
            "flex_start": True,
            "max_run_duration": "604800s",
            "reservation_affinity": {"consume_reservation_type": "NO_RESERVATION"},
        },
    ),
    "reservation": (
        CapacitySpec(reservation="tpu-block"),
        {
            "reservation_affinity": {
                "consume_reservation_type": "SPECIFIC_RESERVATION",
                "key": "compute.googleapis.com/reservation-name",
                "values": ["tpu-block"],
            }
        },
    ),
    "queued": (
        CapacitySpec(queued=True),
        {"reservation_affinity": {"consume_reservation_type": "NO_RESERVATION"}},
    ),
}
"""What each way to get machines adds to the nodes."""
WAITING = ("flex_start", "queued")


def cluster(stack: Any, zones: tuple[str, ...] = ONE_ZONE, spec: ClusterSpec | None = None) -> GkeCluster:
    """Add a cluster to a bare stack."""
    google = GoogleProvider(stack, "google", project="my-project")
    plan = ClusterPlan(
        name="gemma-us",
        project="my-project",
        region="us-east5",
        location="us-east5",
        zones=zones,
        network="gemma-vpc",
        subnetwork="gemma-nodes-us",
        node_service_account="nodes@my-project.iam.gserviceaccount.com",
        version_floor="1.34.1-gke.1829001",
    )
    return GkeCluster(stack, "cluster", google=google, plan=plan, spec=spec or ClusterSpec())


def with_pool(
    machine_type: str = "ct6e-standard-4t", zones: tuple[str, ...] = ONE_ZONE, **settings: Any
) -> Callable[[Any], object]:
    """Build a cluster with one accelerator pool."""
    spec = NodePoolSpec(machine_type=machine_type, **settings)
    return lambda stack: cluster(stack, zones).add_accelerator_pool("tpu", spec)


def pool(app: Synthesized, name: str = "tpu") -> Block:
    """Find the pool of that name."""
    [found] = [block for block in app.all(POOLS) if block["name"] == name]
    return found


@pytest.mark.parametrize(
    ("settings", "bounds", "start"),
    [
        ({"autoscaling": NodeAutoscalingSpec(max_nodes=8)}, (0, 8, "BALANCED"), 0),
        (
            {"autoscaling": NodeAutoscalingSpec(min_nodes=3, max_nodes=8), "capacity": CapacitySpec(spot=True)},
            (3, 8, "ANY"),
            2,
        ),
        (
            {"autoscaling": NodeAutoscalingSpec(max_nodes=8, location_policy="ANY")},
            (0, 8, "ANY"),
            0,
        ),
    ],
)
def test_a_pool_that_grows_moves_between_its_bounds(
    synth: Synth, settings: dict[str, Any], bounds: tuple[int, int, str], start: int
) -> None:
    """In all zones together; spot nodes are taken where there are some. The size is the autoscaler's after that."""
    made = pool(synth(with_pool("g2-standard-8", zones=TWO_ZONES, **settings)))

    assert made["autoscaling"] == dict(
        zip(("total_min_node_count", "total_max_node_count", "location_policy"), bounds, strict=True)
    )
    assert made["initial_node_count"] == start
    assert "initial_node_count" in made["lifecycle"]["ignore_changes"]
    assert made["upgrade_settings"] == {"strategy": "SURGE", "max_surge": 0, "max_unavailable": 1}
    assert "node_count" not in made


def test_a_pool_of_a_compute_class_is_for_its_pods_alone(synth: Synth) -> None:
    """Label and taint of the class; a pool that was there without the label is refused, for it stays as it was."""

    def build(stack: Any) -> None:
        spec = NodePoolSpec(machine_type="g2-standard-8", autoscaling=NodeAutoscalingSpec(max_nodes=2))
        cluster(stack).add_accelerator_pool("spot", spec, compute_class="llama-server")

    made = pool(synth(build), "spot")
    [check] = made["lifecycle"]["postcondition"]

    assert made["node_config"]["labels"] == {"cloud.google.com/compute-class": "llama-server"}
    assert made["node_config"]["taint"] == [
        {"key": "cloud.google.com/compute-class", "value": "llama-server", "effect": "NO_SCHEDULE"}
    ]
    assert "give it another key" in check["error_message"]


@pytest.mark.parametrize(
    ("machine_type", "count"),
    [("a3-highgpu-2g", 4), ("a4x-highgpu-4g", 4), ("g2-standard-8", 0), ("ct6e-standard-4t", 0)],
)
def test_the_ssds_that_a_machine_comes_with_hold_the_weights(synth: Synth, machine_type: str, count: int) -> None:
    """All of them, said so: GKE uses them anyway, and a plan that does not know would replace the pool."""
    config = pool(synth(with_pool(machine_type)))["node_config"]

    assert config.get("ephemeral_storage_local_ssd_config") == ({"local_ssd_count": count} if count else None)


def test_local_ssds_that_are_chosen_hold_the_weights(synth: Synth) -> None:
    """GKE adds none that the configuration does not count."""
    config = pool(synth(with_pool("g2-standard-24", local_ssds=2)))["node_config"]

    assert config["ephemeral_storage_local_ssd_config"] == {"local_ssd_count": 2}


@pytest.mark.parametrize(("strategy", "sent"), [("time_sharing", "TIME_SHARING"), ("mps", "MPS")])
def test_gpus_can_be_shared(synth: Synth, strategy: Any, sent: str) -> None:
    """Strategy and number of pods as the API calls them; the GPU is whole."""
    made = pool(synth(with_pool("g2-standard-8", gpu_sharing=GpuSharingSpec(strategy=strategy, max_clients=3))))

    [gpu] = made["node_config"]["guest_accelerator"]
    assert gpu["gpu_sharing_config"] == {"gpu_sharing_strategy": sent, "max_shared_clients_per_gpu": 3}
    assert "gpu_partition_size" not in gpu


def test_gpus_can_be_divided(synth: Synth) -> None:
    """The node has all of its GPUs, each in parts of one size; the network stays the GPU's own to nobody."""
    made = pool(synth(with_pool("a4-highgpu-8g", gpu_partition="1g.45gb")))

    [gpu] = made["node_config"]["guest_accelerator"]
    assert (gpu["type"], gpu["count"], gpu["gpu_partition_size"]) == ("nvidia-b200", 8, "1g.45gb")
    assert "gpu_sharing_config" not in gpu
    assert made["network_config"] == {"enable_private_nodes": True}


def test_each_partition_can_be_shared(synth: Synth) -> None:
    """Both blocks are on one GPU."""
    sharing = GpuSharingSpec(strategy="mps", max_clients=2)
    made = pool(synth(with_pool("a3-highgpu-8g", gpu_partition="3g.40gb", gpu_sharing=sharing)))

    [gpu] = made["node_config"]["guest_accelerator"]
    assert gpu["gpu_partition_size"] == "3g.40gb"
    assert gpu["gpu_sharing_config"]["max_shared_clients_per_gpu"] == 2


def test_a_pool_can_be_in_some_zones_of_its_region(synth: Synth) -> None:
    """Its nodes are counted there, and the other pools stay in all zones."""

    def build(stack: Any) -> None:
        made = cluster(stack, TWO_ZONES)
        made.add_accelerator_pool("one", NodePoolSpec(machine_type="g2-standard-8", zones=("us-east5-b",)))
        made.add_accelerator_pool("all", NodePoolSpec(machine_type="g2-standard-8"))

    app = synth(build)

    assert (pool(app, "one")["node_locations"], pool(app, "one")["node_count"]) == (["us-east5-b"], 1)
    assert pool(app, "all")["node_locations"] == list(TWO_ZONES)


def test_a_pool_is_in_no_zone_that_its_cluster_does_not_have(synth: Synth) -> None:
    """The region's system nodes would not be there."""
    spec = NodePoolSpec(machine_type="g2-standard-8", zones=("us-east5-b", "us-east5-c"))

    with pytest.raises(ValueError, match=r"^zones must be some of us-east5-b, got us-east5-c$"):
        synth(lambda stack: cluster(stack).add_accelerator_pool("tpu", spec))


@pytest.mark.parametrize(
    ("given", "config"),
    [
        ({}, {}),
        ({"image_streaming": False}, {"gcfs_config": {"enabled": False}}),
        ({"image_streaming": True}, {"image_type": "COS_CONTAINERD", "gcfs_config": {"enabled": True}}),
        (
            {"image_streaming": True, "preloaded_image_disk": "projects/p/global/images/vllm-1"},
            {
                "image_type": "COS_CONTAINERD",
                "gcfs_config": {"enabled": True},
                "secondary_boot_disks": [
                    {"disk_image": "projects/p/global/images/vllm-1", "mode": "CONTAINER_IMAGE_CACHE"}
                ],
            },
        ),
    ],
)
def test_images_can_be_streamed_and_preloaded(synth: Synth, given: dict[str, Any], config: Block) -> None:
    """On Container-Optimized OS; turned off again only by saying so, which the provider needs."""
    made = pool(synth(with_pool("g2-standard-8", **given)))["node_config"]

    names = ("image_type", "gcfs_config", "secondary_boot_disks")
    assert {name: made[name] for name in names if name in made} == config


@pytest.mark.parametrize(
    ("machine_type", "settings", "message"),
    [
        ("g2-standard-8", {"local_ssds": 2}, "local_ssds must be a number that g2-standard-8 takes, got 2"),
        (
            "g2-standard-8",
            {"preloaded_image_disk": "projects/p/global/images/one"},
            "image_streaming must be true for preloaded_image_disk",
        ),
        (
            "a4-highgpu-8g",
            {"gpu_partition": "1g.45gb", "dranet": True},
            "dranet must not be true where GPUs are shared",
        ),
    ],
)
def test_what_gke_refuses_is_refused_before(
    synth: Synth, machine_type: str, settings: dict[str, Any], message: str
) -> None:
    """With the setting that is wrong."""
    with pytest.raises(ValueError, match=f"^{message}$"):
        synth(with_pool(machine_type, **settings))


def test_the_gpu_driver_can_be_chosen(synth: Synth) -> None:
    """GKE's own unless told."""
    made = pool(synth(with_pool("g2-standard-8", gpu_driver_version="LATEST")))

    [gpu] = made["node_config"]["guest_accelerator"]
    assert gpu["gpu_driver_installation_config"] == {"gpu_driver_version": "LATEST"}


def test_a4x_is_placed_by_a_workload_policy(synth: Synth) -> None:
    """The network between its GPUs is made by one, also for a single node."""
    app = synth(with_pool("a4x-highgpu-4g"))

    assert app.one("google_compute_resource_policy")["workload_policy"] == {
        "type": "HIGH_THROUGHPUT",
        "accelerator_topology": "1x72",
    }


def test_a_tpu_pool_has_a_fixed_size_and_its_own_interfaces(synth: Synth) -> None:
    """By default: one node in each zone, managed DRANET with its label, no placement, no taking of reservations."""
    made = pool(synth(with_pool()))

    assert made["node_count"] == 1
    assert made["node_locations"] == ["us-east5-b"]
    assert made["network_config"] == {"accelerator_network_profile": "auto", "enable_private_nodes": True}
    assert made["upgrade_settings"] == {"strategy": "SURGE", "max_surge": 0, "max_unavailable": 1}
    assert not {"autoscaling", "initial_node_count", "placement_policy", "queued_provisioning"} & set(made)
    assert made["node_config"]["machine_type"] == "ct6e-standard-4t"
    assert (made["node_config"]["disk_type"], made["node_config"]["disk_size_gb"]) == ("hyperdisk-balanced", 200)
    assert made["node_config"]["labels"] == {"cloud.google.com/gke-networking-dra-driver": "true"}
    assert "guest_accelerator" not in made["node_config"]


def test_a_pool_follows_its_cluster_by_name_and_place(synth: Synth) -> None:
    """Without a place the provider would look in its own region; a path would replace what is imported."""
    app = synth(with_pool())
    [key] = app.named("google_container_cluster")

    address = f"google_container_cluster.{key.removeprefix('test/')}"
    assert pool(app)["cluster"] == f"${{{address}.name}}"
    assert (pool(app)["project"], pool(app)["location"], pool(app)["provider"]) == ("my-project", "us-east5", "google")
    assert f"{address}.id" in pool(app)["lifecycle"]["replace_triggered_by"]


@pytest.mark.parametrize("name", ["tpu", "system"])
def test_nodes_have_their_own_identity_and_hide_the_metadata_server(synth: Synth, name: str) -> None:
    """In both kinds of pool: the given account, GKE's metadata server, no read-only kubelet port, integrity checks."""

    def build(stack: Any) -> None:
        made = cluster(stack)
        made.add_system_pool("system", machine_type="e2-standard-8")
        made.add_accelerator_pool("tpu", NodePoolSpec(machine_type="ct6e-standard-4t"))

    nodes = pool(synth(build), name)["node_config"]

    assert nodes["service_account"] == "nodes@my-project.iam.gserviceaccount.com"
    assert nodes["workload_metadata_config"] == {"mode": "GKE_METADATA"}
    assert nodes["metadata"] == {"disable-legacy-endpoints": "true"}
    assert nodes["kubelet_config"] == {"insecure_kubelet_readonly_port_enabled": "FALSE"}
    assert nodes["shielded_instance_config"]["enable_integrity_monitoring"] is True
    assert pool(synth(build), name)["management"]["auto_upgrade"] is True


@pytest.mark.parametrize("mode", CAPACITY)
def test_each_way_to_get_machines_says_so_and_nothing_of_the_others(synth: Synth, mode: str) -> None:
    """The arguments of exactly one way are on the nodes; only a queued pool is queued."""
    capacity, expected = CAPACITY[mode]
    made = pool(synth(with_pool(capacity=capacity)))

    assert {key: made["node_config"][key] for key in CAPACITY_KEYS if key in made["node_config"]} == expected
    assert made.get("queued_provisioning") == ({"enabled": True} if mode == "queued" else None)


@pytest.mark.parametrize("mode", CAPACITY)
def test_a_pool_has_a_number_of_nodes_or_grows_from_none(synth: Synth, mode: str) -> None:
    """Fixed per zone where machines are there at once; from none to all where they are waited for. Never both."""
    made = pool(synth(with_pool(zones=TWO_ZONES, nodes_per_zone=3, capacity=CAPACITY[mode][0])))

    if mode in WAITING:
        assert made["autoscaling"] == {"total_min_node_count": 0, "total_max_node_count": 6, "location_policy": "ANY"}
        assert made["initial_node_count"] == 0
        assert "node_count" not in made
    else:
        assert made["node_count"] == 3
        assert not {"autoscaling", "initial_node_count"} & set(made)


@pytest.mark.parametrize("mode", WAITING)
def test_a_slice_that_is_waited_for_is_bounded_in_its_zone(synth: Synth, mode: str) -> None:
    """With a bound in total only, GKE answers: Maximum node count 0 is not a valid size of TPU pod slice."""
    made = pool(synth(with_pool(topology="4x4", capacity=CAPACITY[mode][0])))

    assert (made["autoscaling"]["min_node_count"], made["autoscaling"]["max_node_count"]) == (0, 4)
    assert not {"total_min_node_count", "total_max_node_count"} & set(made["autoscaling"])


def test_a_flex_start_pool_is_not_repaired(synth: Synth) -> None:
    """A repaired node would go back to the end of the queue; GKE refuses the two together."""
    assert pool(synth(with_pool(capacity=CapacitySpec(flex_start=True))))["management"]["auto_repair"] is False


def test_a_multi_host_slice_is_placed_together(synth: Synth) -> None:
    """Its nodes are one machine to TPU: as many as its topology needs, side by side."""
    made = pool(synth(with_pool(topology="4x4")))

    assert made["placement_policy"] == {"type": "COMPACT", "tpu_topology": "4x4"}
    assert made["node_count"] == 4


@pytest.mark.parametrize("machine_type", ["ct6e-standard-4t", "tpu7x-standard-4t", "a4-highgpu-8g"])
def test_a_single_host_has_no_placement(synth: Synth, machine_type: str) -> None:
    """GKE refuses a topology on a single-host slice, and has nothing to place."""
    app = synth(with_pool(machine_type))

    assert "placement_policy" not in pool(app)
    assert app.all("google_compute_resource_policy") == []


def test_ironwood_is_placed_by_a_workload_policy(synth: Synth) -> None:
    """A multi-host slice of tpu7x refers to a policy of its topology in the region of the cluster."""
    app = synth(with_pool("tpu7x-standard-4t", topology="2x2x2"))
    [key] = app.named("google_compute_resource_policy")
    policy = app.one("google_compute_resource_policy")

    assert policy["workload_policy"] == {"type": "HIGH_THROUGHPUT", "accelerator_topology": "2x2x2"}
    assert (policy["name"], policy["region"], policy["project"]) == ("gemma-us-tpu", "us-east5", "my-project")
    assert pool(app)["placement_policy"] == {
        "type": "",
        "policy_name": f"${{google_compute_resource_policy.{key.removeprefix('test/')}.name}}",
    }
    assert pool(app)["node_count"] == 2


def test_gpus_can_be_placed_together(synth: Synth) -> None:
    """Compact placement without a topology, which GPUs have not."""
    made = pool(synth(with_pool("a4-highgpu-8g", compact_placement=True)))

    assert made["placement_policy"] == {"type": "COMPACT"}


def test_every_machine_gets_its_accelerators_and_interfaces(synth: Synth) -> None:
    """GPUs by type and count from the table with GKE's driver; the network profile only where there is DRANET."""

    def build(stack: Any) -> None:
        made = cluster(stack)
        for name in machines():
            made.add_accelerator_pool(name, NodePoolSpec(machine_type=name))

    app = synth(build)

    for name, machine in machines().items():
        made = pool(app, name)
        driver = {"gpu_driver_version": "DEFAULT"}
        gpus = [{"type": machine.label_value, "count": machine.chips, "gpu_driver_installation_config": driver}]
        profile = {"accelerator_network_profile": "auto"} if machine.dra_device_class else {}
        assert made["node_config"]["machine_type"] == name
        assert made["node_config"]["disk_type"] == machine.boot_disk_type
        assert made["node_config"].get("guest_accelerator") == (gpus if machine.kind == "gpu" else None)
        assert made["network_config"] == {"enable_private_nodes": True, **profile}
        assert "labels" in made["node_config"] or not machine.dra_device_class


def test_dranet_can_be_left_out(synth: Synth) -> None:
    """Then neither profile nor label is there."""
    made = pool(synth(with_pool(dranet=False)))

    assert made["network_config"] == {"enable_private_nodes": True}
    assert "labels" not in made["node_config"]


@pytest.mark.parametrize("private", [True, False])
def test_each_pool_says_itself_whether_its_nodes_are_private(synth: Synth, private: bool) -> None:
    """The cluster's setting reaches no pool that exists, and beside another one of its network silence means public."""

    def build(stack: Any) -> None:
        made = cluster(stack, spec=ClusterSpec(private_nodes=private))
        made.add_system_pool("system", machine_type="e2-standard-8")
        made.add_accelerator_pool("tpu", NodePoolSpec(machine_type="ct6e-standard-4t"))
        made.add_accelerator_pool("gpu", NodePoolSpec(machine_type="g2-standard-12"))

    app = synth(build)

    assert len(app.all(POOLS)) == 3
    assert {made["network_config"]["enable_private_nodes"] for made in app.all(POOLS)} == {private}


def test_disk_and_nodes_are_as_given(synth: Synth) -> None:
    """Size and type of the boot disk, nodes in each zone."""
    made = pool(synth(with_pool(disk_gib=500, disk_type="hyperdisk-extreme", nodes_per_zone=2, zones=TWO_ZONES)))

    assert (made["node_config"]["disk_size_gb"], made["node_config"]["disk_type"]) == (500, "hyperdisk-extreme")
    assert (made["node_count"], made["node_locations"]) == (2, list(TWO_ZONES))


def test_labels_that_gke_adds_are_left_alone(synth: Synth) -> None:
    """Else each plan would remove the accelerator's labels."""
    assert pool(synth(with_pool()))["lifecycle"]["ignore_changes"] == ["node_config[0].labels"]


def test_another_machine_or_slice_is_another_pool(synth: Synth) -> None:
    """The provider would change a TPU's machine type in place, and never send a topology."""
    app = synth(with_pool())
    [(key, shape)] = app.named("terraform_data").items()

    made = f"terraform_data.{key.removeprefix('test/')}"
    assert pool(app)["lifecycle"]["replace_triggered_by"] == ["google_container_cluster.cluster.id", made]
    assert shape["input"] == {"machine_type": "ct6e-standard-4t", "topology": "2x2"}


def test_the_system_pool_grows_between_its_bounds(synth: Synth) -> None:
    """In each zone; the autoscaler owns the size, and an upgrade brings a node before it takes one."""
    spec = ClusterSpec(system_pool=SystemPoolSpec(min_nodes_per_zone=2, max_nodes_per_zone=5, disk_gib=50))
    made = pool(
        synth(lambda stack: cluster(stack, spec=spec).add_system_pool("system", machine_type="e2-standard-8")), "system"
    )

    assert made["autoscaling"] == {"min_node_count": 2, "max_node_count": 5}
    assert made["initial_node_count"] == 2
    assert made["lifecycle"] == {
        "ignore_changes": ["initial_node_count"],
        "replace_triggered_by": ["google_container_cluster.cluster.id"],
    }
    assert made["upgrade_settings"] == {"strategy": "SURGE", "max_surge": 1, "max_unavailable": 0}
    assert (made["node_config"]["machine_type"], made["node_config"]["disk_size_gb"]) == ("e2-standard-8", 50)
    assert made["node_config"]["shielded_instance_config"]["enable_secure_boot"] is True
    assert "node_count" not in made


def test_pool_keys_are_free_to_choose(synth: Synth) -> None:
    """No key of one pool collides with a part of another."""

    def build(stack: Any) -> None:
        made = cluster(stack)
        slices = NodePoolSpec(machine_type="tpu7x-standard-4t", topology="2x2x2")
        made.add_accelerator_pool("b", slices)
        made.add_accelerator_pool("b-placement", NodePoolSpec(machine_type="ct6e-standard-4t"))

    assert len(synth(build).all(POOLS)) == 2


def test_every_pool_may_take_an_hour(synth: Synth) -> None:
    """Accelerators come late: the provider's half hour is not enough."""
    assert pool(synth(with_pool()))["timeouts"] == {"create": "60m", "update": "90m", "delete": "60m"}
