"""Heads, nulls and names of Kubernetes objects."""

from constructs_lib.manifests._objects import manifest, named_by_content, without_nulls


def test_an_object_has_only_what_was_given() -> None:
    """Labels, annotations and a namespace that nobody gave are no empty fields."""
    made = manifest("v1", "Thing", name="x", spec={"a": 1})

    assert made == {"apiVersion": "v1", "kind": "Thing", "metadata": {"name": "x"}, "spec": {"a": 1}}


def test_an_object_keeps_its_labels_and_annotations() -> None:
    """Labels and annotations reach the metadata."""
    made = manifest("v1", "Thing", name="x", namespace="n", spec={}, labels={"a": "b"}, annotations={"c": "d"})

    assert made["metadata"] == {"name": "x", "namespace": "n", "labels": {"a": "b"}, "annotations": {"c": "d"}}


def test_nulls_go_at_every_depth_and_empty_things_stay() -> None:
    """`emptyDir: {}` means something, `replicas: null` does not."""
    assert without_nulls({"a": None, "b": {"c": None}, "d": ({"e": None, "f": 0}, None)}) == {"b": {}, "d": [{"f": 0}]}


def test_a_name_follows_the_content_and_not_the_order_of_its_keys() -> None:
    """The same content has the same name, another has another."""
    assert named_by_content("x", {"a": 1, "b": 2}) == named_by_content("x", {"b": 2, "a": 1})
    assert named_by_content("x", {"a": 1}) != named_by_content("x", {"a": 2})
