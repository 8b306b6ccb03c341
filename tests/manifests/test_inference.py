"""The InferenceObjective and its CRD."""

import pytest

from constructs_lib.manifests.inference import GROUP, ROUTER_GROUP, inference_objective, inference_objective_crd
from tests.checks.kubernetes_objects import problems
from tests.manifests.examples import NAMESPACE


@pytest.mark.parametrize("group", [GROUP, ROUTER_GROUP])
def test_an_objective_names_its_pool(group: str) -> None:
    """The pool's group is the stable one, not the objective's own."""
    made = inference_objective(name="gemma", namespace=NAMESPACE, pool="gemma-pool", priority=-10, group=group)

    assert made["spec"]["priority"] == -10
    assert made["spec"]["poolRef"] == {
        "group": "inference.networking.k8s.io",
        "kind": "InferencePool",
        "name": "gemma-pool",
    }
    assert problems(made) == []


@pytest.mark.parametrize("group", [GROUP, ROUTER_GROUP])
def test_the_crd_serves_the_version_that_objectives_use(group: str) -> None:
    """Terraform refuses a manifest with `status`, so it is left out."""
    crd = inference_objective_crd(group)
    objective = inference_objective(name="gemma", namespace=NAMESPACE, pool="gemma-pool", priority=1, group=group)
    [version] = crd["spec"]["versions"]

    assert crd["metadata"]["name"] == f"inferenceobjectives.{group}"
    assert f"{crd['spec']['group']}/{version['name']}" == objective["apiVersion"]
    assert "status" not in crd
    assert problems(crd) == []
