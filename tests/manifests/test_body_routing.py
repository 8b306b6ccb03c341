"""The names that belong to each model, as body-based routing reads them."""

import yaml

from constructs_lib.manifests.body_routing import model_names
from tests.checks.kubernetes_objects import problems
from tests.manifests.examples import NAMESPACE


def test_a_model_is_mapped_to_itself_with_its_adapters() -> None:
    """Adapters are a YAML list in a text."""
    made = model_names(name="llama", namespace=NAMESPACE, model="Llama-3.1", adapters=["sql", "chat"])

    assert made["metadata"]["labels"] == {"inference.networking.k8s.io/bbr-managed": "true"}
    assert made["data"]["baseModel"] == "Llama-3.1"
    assert yaml.safe_load(made["data"]["adapters"]) == ["sql", "chat"]
    assert problems(made) == []


def test_a_model_without_adapters_has_a_map_too() -> None:
    """Without one, requests for it get no header, and 404."""
    made = model_names(name="llama", namespace=NAMESPACE, model="Llama-3.1")

    assert made["data"] == {"baseModel": "Llama-3.1"}
    assert problems(made) == []


def test_other_names_are_another_object() -> None:
    """The program reads the model of a ConfigMap once: a new name in the old object would be missed."""
    objects = [
        model_names(name="llama", namespace=NAMESPACE, model="Llama-3.1"),
        model_names(name="llama", namespace=NAMESPACE, model="Llama-3.3"),
        model_names(name="llama", namespace=NAMESPACE, model="Llama-3.1", adapters=["sql"]),
    ]

    assert len({made["metadata"]["name"] for made in objects}) == 3
