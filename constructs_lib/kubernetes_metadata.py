"""The `metadata` of Kubernetes resources, in the form that the bindings in use take it."""

import sys
from collections.abc import Mapping
from typing import Any


def metadata_of(resource: type, fields: Mapping[str, Any]) -> Any:
    """
    Return *fields* as the argument `metadata` of *resource*; Terraform reads one block and a list of one alike.

    The bindings of kubernetes 2 take one block. Those of kubernetes 3 take a list for the classes whose code the
    provider has moved to its plugin framework: `NamespaceV1` and `RoleV1` in 3.4.0. Such a class has a sibling with
    `MetadataList` at the end of its name, by which they are known.

    Args:
        resource: A class of the kubernetes bindings, such as `NamespaceV1`.
        fields: What the metadata holds, such as `{"name": "inference"}`.
    """
    takes_list = hasattr(sys.modules[resource.__module__], f"{resource.__name__}MetadataList")
    return [fields] if takes_list else fields
