"""What Terraform leaves to Git: the objects of clusters, which it forgets without deleting them."""

from __future__ import annotations

from cdktf import TerraformDataSource, TerraformElement, TerraformOutput, TerraformResource

from .base import BaseStack

IN_CLUSTERS = ("kubernetes_", "helm_")
"""How the types of objects in clusters begin."""


def leave_to_git(stack: BaseStack) -> None:
    """
    Take every object of a cluster out of *stack*, and have the next apply forget those that an earlier one made.

    What Google has stays: certificates, limits, grants. The providers stay too: Terraform needs them to forget.
    """
    forgotten = []
    for node in stack.node.find_all():
        if isinstance(node, TerraformResource | TerraformDataSource) and _is_in_cluster(node.terraform_resource_type):
            if isinstance(node, TerraformResource):
                forgotten.append(f"{node.terraform_resource_type}.{node.friendly_unique_id}")
            _remove(node)
        elif isinstance(node, TerraformOutput) and "kubectl" in str(node.value):
            _remove(node)
    gone = set(forgotten)
    for node in stack.node.find_all():
        if isinstance(node, TerraformResource) and node.depends_on:
            node.depends_on = [needed for needed in node.depends_on if needed not in gone]
    stack.forget(sorted(forgotten))


def _is_in_cluster(kind: str) -> bool:
    return kind.startswith(IN_CLUSTERS)


def _remove(node: TerraformElement) -> None:
    scope = node.node.scope
    if scope is not None:
        scope.node.try_remove_child(node.node.id)
