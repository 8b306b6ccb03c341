"""Plans written by hand, as `terraform show -json` prints them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

Document = dict[str, Any]
REMOVED = "delete_because_no_resource_config"
CHANGED = "replace_because_cannot_update"


def change(address: str, *actions: str, before: Document | None = None, **more: Any) -> Document:
    """
    Return one entry of `resource_changes`.

    Args:
        address: Type and name.
        actions: What is done; nothing for what stays.
        before: What is there.
        more: Parts of the change, such as `after`, and `action_reason`.
    """
    done = actions or ("no-op",)
    here = {"name": address.partition(".")[2]} if before is None and done != ("create",) else before
    left = done == ("delete",) or done == ("forget",)
    reason = more.pop("action_reason", REMOVED if left else CHANGED if len(done) > 1 else None)
    body = {"actions": list(done), "before": here, "after": None if left else here or {"name": "new"}, **more}
    entry = {"address": address, "mode": "managed", "type": address.partition(".")[0], "change": body}
    return entry | ({"action_reason": reason} if reason else {})


def destroyed(*addresses: str, **befores: Document) -> list[Document]:
    """Return the entries of a plan that was made with `-destroy`, for *addresses*."""
    return [change(address, "delete", action_reason=None, before=befores.get(address)) for address in addresses]


def document(*changes: Document, **more: Any) -> Document:
    """Return a whole plan with *changes*, and with other parts of it as given."""
    changed = any(one["change"]["actions"] != ["no-op"] for one in changes)
    return {
        "format_version": "1.2",
        "terraform_version": "1.11.4",
        "resource_changes": list(changes),
        "configuration": {"root_module": {}},
        "timestamp": "2026-11-28T02:00:00Z",
        "applyable": changed,
        "complete": True,
        "errored": False,
        **more,
    }


GONE = document()
"""The plan of a stack whose state is empty, made with `-destroy`."""


def kubernetes(address: str, *actions: str, manifest: Document, **more: Any) -> Document:
    """Return an entry for a Kubernetes object."""
    return change(f"kubernetes_manifest.{address}", *actions, before={"manifest": manifest}, **more)


def gateway(
    *actions: str, addresses: tuple[str, ...] = ("gemma-gateway-us", "gemma-gateway-eu"), **more: Any
) -> Document:
    """Return an entry for the Gateway that has *addresses*."""
    return kubernetes("gateway", *actions, manifest=gateway_manifest(*addresses), **more)


def gateway_manifest(*addresses: str) -> Document:
    """Return a Gateway that has *addresses*."""
    values = [{"value": f"regions/some/addresses/{name}"} for name in addresses]
    return {"kind": "Gateway", "metadata": {"name": "gemma-gateway"}, "spec": {"addresses": values}}


def server(*actions: str, requests: str = "yes", pool: str = "tpu", bucket: str = "weights") -> Document:
    """Return an entry for the servers of a model, on *pool*, with *bucket* mounted."""
    volume = {"csi": {"volumeAttributes": {"bucketName": bucket}}}
    pods = {
        "nodeSelector": {"cloud.google.com/gke-nodepool": pool},
        "volumes": [volume],
        "serviceAccountName": "gemma-server",
    }
    labels = {"app": "gemma-server", "gateway-requests": requests}
    manifest = {
        "kind": "Deployment",
        "metadata": {"name": "gemma-server", "labels": labels},
        "spec": {"template": {"spec": pods}},
    }
    return kubernetes("model-gemma_server_43C781EF", *actions, manifest=manifest)


def write_plans(folder: Path, plans: Mapping[str, Document]) -> Path:
    """Write *plans* into *folder*, each in a file that is named after its stack."""
    for stack, plan in plans.items():
        (folder / f"{stack}.json").write_text(json.dumps(plan))
    return folder
