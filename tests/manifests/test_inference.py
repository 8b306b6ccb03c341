"""The InferenceObjective and its CRD."""

from constructs_lib.manifests.inference import CRD_NAME, inference_objective, inference_objective_crd
from tests.checks.kubernetes_objects import problems
from tests.manifests.examples import NAMESPACE


def test_an_objective_names_its_pool() -> None:
    """The pool's group is the stable one, not the objective's own."""
    made = inference_objective(name="gemma", namespace=NAMESPACE, pool="gemma-pool", priority=-10)

    assert made["spec"]["priority"] == -10
    assert made["spec"]["poolRef"] == {
        "group": "inference.networking.k8s.io",
        "kind": "InferencePool",
        "name": "gemma-pool",
    }
    assert problems(made) == []


def test_the_crd_serves_the_version_that_objectives_use() -> None:
    """Terraform refuses a manifest with `status`, so it is left out."""
    crd = inference_objective_crd()
    objective = inference_objective(name="gemma", namespace=NAMESPACE, pool="gemma-pool", priority=1)
    [version] = crd["spec"]["versions"]

    assert crd["metadata"]["name"] == CRD_NAME
    assert f"{crd['spec']['group']}/{version['name']}" == objective["apiVersion"]
    assert "status" not in crd
    assert problems(crd) == []
