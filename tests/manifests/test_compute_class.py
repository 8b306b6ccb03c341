"""The order of node pools, and of machines."""

from __future__ import annotations

from typing import Any

import pytest

from constructs_lib.accelerators import PoolPlan
from constructs_lib.manifests.compute_class import CRD_NAME, NODE_LABEL, compute_class, machine_class, toleration
from constructs_lib.specs import CapacitySpec, GpuSharingSpec, NodePoolSpec
from tests.checks.crds import crds
from tests.checks.kubernetes_objects import problems


def made(*pools: str, **settings: Any) -> dict[str, Any]:
    """Make a class of *pools*."""
    return compute_class(name="demo-server", node_pools=pools or ("reserved", "spot"), **settings)


def test_pools_are_taken_in_the_order_given() -> None:
    """One rule a pool: the pools of one rule have no order."""
    assert made("reserved", "spot", "flex")["spec"]["priorities"] == [
        {"nodepools": ["reserved"]},
        {"nodepools": ["spot"]},
        {"nodepools": ["flex"]},
    ]


def test_no_other_pool_is_taken_or_made() -> None:
    """A pod that finds no machine in the pools named waits for one."""
    spec = made()["spec"]

    assert spec["whenUnsatisfiable"] == "DoNotScaleUp"
    assert spec["nodePoolAutoCreation"] == {"enabled": False}


@pytest.mark.parametrize("migrate_back", [False, True])
def test_pods_move_to_an_earlier_pool_only_where_asked(migrate_back: bool) -> None:
    """A move evicts pods that serve."""
    assert made(migrate_back=migrate_back)["spec"]["activeMigration"] == {"optimizeRulePriority": migrate_back}


def test_pods_stay_where_they_are_by_default() -> None:
    """Nothing is evicted unasked."""
    assert made()["spec"]["activeMigration"] == {"optimizeRulePriority": False}


def test_gke_accepts_the_class() -> None:
    """By its own definition, CEL rules included; a class belongs to the cluster."""
    assert problems(made()) == []
    assert "namespace" not in made()["metadata"]


def test_a_rule_names_pools_or_machines_but_not_both() -> None:
    """GKE refuses a rule with both, and so do the checks."""
    both = made()
    both["spec"]["priorities"][0]["machineType"] = "a3-highgpu-8g"

    [problem] = problems(both)
    assert "Nodepool field cannot be set along with other nodepool configuration fields" in problem


def test_the_definition_is_the_one_that_is_waited_for() -> None:
    """The name of a CRD is its plural and its group."""
    plural, _, group = CRD_NAME.partition(".")
    [definition] = crds()["cloud.google.com/v1", "ComputeClass"]

    assert (plural, group, definition.scope) == ("computeclasses", "cloud.google.com", "Cluster")


def test_a_pod_tolerates_the_taint_of_its_class_alone() -> None:
    """The taint's key is the label's, its value the name of the class."""
    assert toleration("demo-server") == {
        "key": NODE_LABEL,
        "operator": "Equal",
        "value": "demo-server",
        "effect": "NoSchedule",
    }
    assert NODE_LABEL == "cloud.google.com/compute-class"


ZONES = ("us-east4-a", "us-east4-c")


def machines_of(*specs: NodePoolSpec, **settings: Any) -> dict[str, Any]:
    """Make a class of machines for pools of *specs*, in two zones."""
    pools = [PoolPlan(spec=spec, zones=len(ZONES)) for spec in specs]
    return machine_class(name="serving-l4", pools=pools, zones=ZONES, **settings)


def rule(machine_type: str = "g2-standard-24", **settings: Any) -> dict[str, Any]:
    """Return the only rule of a class for one pool."""
    made = machines_of(NodePoolSpec(machine_type=machine_type, **settings))
    assert problems(made) == []
    [found] = made["spec"]["priorities"]
    return dict(found)


def test_gke_makes_nodes_of_the_machines_in_the_order_given() -> None:
    """Of these alone: a pod that finds none of them waits."""
    made = machines_of(
        NodePoolSpec(machine_type="g2-standard-24"), NodePoolSpec(machine_type="g2-standard-48"), migrate_back=True
    )

    assert [one["machineType"] for one in made["spec"]["priorities"]] == ["g2-standard-24", "g2-standard-48"]
    assert made["spec"]["nodePoolAutoCreation"] == {"enabled": True}
    assert made["spec"]["whenUnsatisfiable"] == "DoNotScaleUp"
    assert made["spec"]["activeMigration"] == {"optimizeRulePriority": True}
    assert "nodePoolConfig" not in made["spec"]


def test_a_rule_of_gpus_names_machine_accelerator_disk_and_zones() -> None:
    """Everything that a node pool of the same settings has."""
    assert rule(disk_gib=300, gpu_driver_version="LATEST") == {
        "machineType": "g2-standard-24",
        "gpu": {"type": "nvidia-l4", "count": 2, "driverVersion": "latest"},
        "location": {"zones": ["us-east4-a", "us-east4-c"], "locationPolicy": "BALANCED"},
        "storage": {"bootDiskType": "pd-balanced", "bootDiskSize": 300},
    }
    assert rule(zones=("us-east4-c",))["location"]["zones"] == ["us-east4-c"]


def test_a_rule_of_tpus_names_chips_and_slice() -> None:
    """Together they are one machine; with managed DRANET for its interfaces, which the class turns on."""
    made = machines_of(NodePoolSpec(machine_type="ct6e-standard-4t"))
    [found] = made["spec"]["priorities"]

    assert problems(made) == []
    assert found["tpu"] == {"type": "tpu-v6e-slice", "count": 4, "topology": "2x2"}
    assert found["acceleratorNetworkProfile"] == "auto"
    assert made["spec"]["nodePoolConfig"] == {"dra": {"networking": {"enabled": True}}}
    assert not {"machineType", "gpu"} & set(found)


@pytest.mark.parametrize(
    ("capacity", "expected"),
    [
        ({"on_demand": True}, {}),
        ({"spot": True}, {"spot": True}),
        ({"flex_start": True}, {"flexStart": {"enabled": True}, "maxRunDurationSeconds": 604800}),
        ({"reservation": "l4"}, {"reservations": {"affinity": "Specific", "specific": [{"name": "l4"}]}}),
        (
            {"reservation": "projects/other/reservations/l4/reservationBlocks/block-1"},
            {
                "reservations": {
                    "affinity": "Specific",
                    "specific": [{"name": "l4", "project": "other", "reservationBlock": {"name": "block-1"}}],
                }
            },
        ),
    ],
)
def test_a_rule_gets_its_machines_as_the_pool_says(capacity: dict[str, Any], expected: dict[str, Any]) -> None:
    """Each way but queued provisioning, which no class has."""
    found = rule(capacity=CapacitySpec(**capacity))

    assert {key: found[key] for key in found if key not in ("machineType", "gpu", "location", "storage")} == expected


def test_shared_gpus_are_shared_on_the_nodes_of_a_class_too() -> None:
    """By time or in parts."""
    sharing = GpuSharingSpec(strategy="time_sharing", max_clients=3)

    assert rule(gpu_sharing=sharing)["gpu"]["gpuSharing"] == {
        "sharingStrategy": "TIME_SHARING",
        "maxSharedClientsPerGPU": 3,
    }
    assert rule("a2-highgpu-1g", gpu_partition="1g.5gb")["gpu"]["gpuSharing"] == {"gpuPartitionSize": "1g.5gb"}
