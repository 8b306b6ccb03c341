"""One Kubernetes object, applied on the server side and repaired when somebody changes it."""

from collections.abc import Sequence
from typing import Any

from cdktf import ITerraformDependable
from cdktf_cdktf_provider_kubernetes.manifest import Manifest
from cdktf_cdktf_provider_kubernetes.provider import KubernetesProvider
from constructs import Construct

DEFAULT_OTHERS = ("metadata.labels", "metadata.annotations")
"""What the provider leaves to other managers where an object says nothing."""


class KubernetesObject(Manifest):
    """
    A `kubernetes_manifest` that takes its fields back from other managers.

    Args:
        kubernetes: Provider of the cluster.
        manifest: The object, as the functions of `constructs_lib.manifests` make it.
        after: What must exist first.
        replaced: It is named by its content, and never changed: the next one is made before this one goes.
        others: Fields, as paths such as `metadata.annotations`, that other managers may add to: every apply fails on an
            entry that somebody else added to a map (hashicorp/kubernetes 2.38, tried).
        wait: Condition to wait for, in the provider's form. Never on a Gateway: a wait that times out taints the
            object, and the next apply would replace it.
        timeouts: Longest create, update and delete, such as `{"create": "20m"}`. Default: the provider's, 10 minutes.

    Attributes:
        kind: Kind of the object (known at synth).
        name: Name of the object (known at synth).
        namespace: Its namespace (known at synth); None where the kind has none.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        kubernetes: KubernetesProvider,
        manifest: dict[str, Any],
        after: Sequence[ITerraformDependable] = (),
        replaced: bool = False,
        others: Sequence[str] = (),
        wait: dict[str, Any] | None = None,
        timeouts: dict[str, str] | None = None,
    ) -> None:
        super().__init__(
            scope,
            id_,
            provider=kubernetes,
            manifest=escape_templates(manifest),
            field_manager={"force_conflicts": True},
            computed_fields=list(others) or None,
            wait=wait,
            timeouts=timeouts,
            depends_on=list(after) or None,
            lifecycle={"create_before_destroy": True} if replaced else None,
        )
        self.kind: str = manifest["kind"]
        self.name: str = manifest["metadata"]["name"]
        self.namespace: str | None = manifest["metadata"].get("namespace")


def escape_templates(value: Any) -> Any:
    """Return *value* with each `${` and `%{` in its texts made literal: Terraform reads every text as a template."""
    if isinstance(value, str):
        return value.replace("${", "$${").replace("%{", "%%{")
    if isinstance(value, dict):
        return {escape_templates(key): escape_templates(entry) for key, entry in value.items()}
    if isinstance(value, list):
        return [escape_templates(entry) for entry in value]
    return value
