"""What every Kubernetes object has: its head, no nulls, a name that follows its content where it cannot change."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

Manifest = dict[str, Any]

HASH_DIGITS = 8


def manifest(
    api_version: str,
    kind: str,
    *,
    name: str,
    spec: Mapping[str, Any] | None = None,
    namespace: str | None = None,
    labels: Mapping[str, str] | None = None,
    annotations: Mapping[str, str] | None = None,
) -> Manifest:
    """
    Return one Kubernetes object; a field that is None is left out at every depth.

    Terraform keeps a null that it is given and then finds another value in the cluster, so none may get there.
    """
    metadata = {
        "name": name,
        "namespace": namespace,
        "labels": dict(labels) if labels else None,
        "annotations": dict(annotations) if annotations else None,
    }
    made: Manifest = without_nulls({"apiVersion": api_version, "kind": kind, "metadata": metadata, "spec": spec})
    return made


def without_nulls(value: Any) -> Any:
    """Copy *value* as plain dicts and lists without the entries that are None. Empty ones stay: `emptyDir: {}`."""
    if isinstance(value, Mapping):
        return {key: without_nulls(item) for key, item in value.items() if item is not None}
    if isinstance(value, (list, tuple)):
        return [without_nulls(item) for item in value if item is not None]
    return value


def gibibytes(count: int) -> str:
    """Write *count* GiB as the API server does, `1Ti` for 1024: Terraform takes another form for drift."""
    return f"{count}Gi" if count % 1024 else f"{count // 1024}Ti"


def named_by_content(name: str, content: Any) -> str:
    """
    Return *name* with a short hash of *content*, for objects that cannot be changed.

    Another content is then another object, made before the old one goes, instead of `field is immutable` at apply.
    """
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return f"{name}-{hashlib.sha256(text.encode()).hexdigest()[:HASH_DIGITS]}"
