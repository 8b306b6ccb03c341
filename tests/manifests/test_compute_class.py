"""The order of node pools."""

from __future__ import annotations

from typing import Any

import pytest

from constructs_lib.manifests.compute_class import CRD_NAME, NODE_LABEL, compute_class, toleration
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
