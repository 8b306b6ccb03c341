"""What body-based routing reads from the cluster: the names that belong to each model."""

from __future__ import annotations

import json
from collections.abc import Sequence

from constructs_lib.body_routing_chart import MANAGED_LABEL
from constructs_lib.manifests._objects import Manifest, named_by_content

ROUTING_EXTENSIONS = "gcproutingextensions.networking.gke.io"


def model_names(*, name: str, namespace: str, model: str, adapters: Sequence[str] = ()) -> Manifest:
    """
    Map the names that clients send to the *model* that answers to them.

    A model without adapters needs it too: the header of one that is in no ConfigMap is empty, and no route fits.

    The object is named by its content and never changed. The program takes the model of a ConfigMap once, when it sees
    the ConfigMap first, and an adapter that moves from one to another may be lost. Source:
    gateway-api-inference-extension v1.5.0, pkg/bbr/plugins/basemodelextractor/adapters_store.go.

    Args:
        name: How the name of the ConfigMap begins.
        namespace: Namespace of the program that reads it.
        model: The name that the model's route asks for.
        adapters: Names of its adapters.
    """
    data = {"baseModel": model, **({"adapters": json.dumps(list(adapters))} if adapters else {})}
    metadata = {"name": named_by_content(name, data), "namespace": namespace, "labels": {MANAGED_LABEL: "true"}}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}
