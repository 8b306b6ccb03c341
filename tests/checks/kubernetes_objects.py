"""Every Kubernetes object of a stack, held against its CRD or the schemas of Kubernetes itself."""

import re
from collections.abc import Iterator
from typing import Any

import kubernetes_validate

from tests.checks.crds import Reference, crds, told
from tests.checks.quantities import canonical, quantities
from tests.checks.schemas import HOW_TO_ADD, blocks
from tests.checks.terraform_values import is_expression

KUBERNETES = "1.34"
NAME = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
# RBAC names are path segments: `system:auth-delegator` is a good one.
FREELY_NAMED = {"ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding"}
CLUSTER_SCOPED = {
    *("APIService", "CSIDriver", "ClusterRole", "ClusterRoleBinding", "CustomResourceDefinition", "DeviceClass"),
    *("IngressClass", "MutatingWebhookConfiguration", "Namespace", "Node", "PersistentVolume", "PriorityClass"),
    *("RuntimeClass", "StorageClass", "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"),
    "ValidatingWebhookConfiguration",
}


def objects(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield (address, manifest) of each `kubernetes_manifest`, its text as Kubernetes gets it (`$${` is `${` again)."""
    for name, body in document.get("resource", {}).get("kubernetes_manifest", {}).items():
        manifest = body.get("manifest")
        if isinstance(manifest, dict):
            yield f"kubernetes_manifest.{name}", _as_sent(manifest)


def stack_problems(document: dict[str, Any]) -> list[str]:
    """List the problems of a stack's objects and of the quantities in its typed resources, each after its address."""
    found = [f"{address}: {problem}" for address, manifest in objects(document) for problem in problems(manifest)]
    for address, kind, body in blocks(document):
        if kind == "kubernetes_manifest" and not isinstance(body.get("manifest"), dict):
            found.append(f"{address}: manifest: not an object that is known at synth, so it cannot be checked")
        elif kind.startswith("kubernetes_") and kind != "kubernetes_manifest":
            found += [f"{address}: {path}: {wrong}" for path, wrong in _quantities(_as_sent(body))]
    return found


def _as_sent(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _as_sent(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_as_sent(item) for item in value]
    if is_expression(value):
        return Reference(value)
    return value.replace("$${", "${").replace("%%{", "%{") if isinstance(value, str) else value


def problems(manifest: dict[str, Any]) -> list[str]:
    """
    Say what the API server would refuse, drop without a word, or rewrite in one Kubernetes object.

    Each problem reads `Kind namespace/name: path: what is wrong; what is allowed`.
    """
    metadata = manifest.get("metadata") or {}
    who = "/".join(str(metadata[key]) for key in ("namespace", "name") if metadata.get(key))
    checks = (_shape, _identity, _nulls, _quantities)
    found = (f"{manifest.get('kind')} {who}: {path}: {wrong}" for check in checks for path, wrong in check(manifest))
    return list(dict.fromkeys(found))


def _shape(manifest: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Check an object with the schemas of its kind; a problem in only some of their versions names these."""
    version, kind = str(manifest.get("apiVersion")), str(manifest.get("kind"))
    known = crds().get((version, kind))
    if known is None:
        yield from _built_in(manifest, version, kind)
        return
    seen: dict[tuple[str, str], list[str]] = {}
    for crd in known:
        for problem in dict.fromkeys(crd.problems(manifest)):
            seen.setdefault(problem, []).append(crd.label)
    for (path, wrong), labels in seen.items():
        yield path, wrong if len(labels) == len(known) else f"{wrong} (by {', '.join(labels)})"


def _built_in(manifest: dict[str, Any], version: str, kind: str) -> Iterator[tuple[str, str]]:
    group = version.rpartition("/")[0]
    try:
        # The package looks at the first word of a group only: `apps.example.com` would pass for `apps`.
        if "." in group and not group.endswith(".k8s.io"):
            raise kubernetes_validate.SchemaNotFoundError(kind, KUBERNETES, version)
        kubernetes_validate.validate(manifest, KUBERNETES, strict=True)
    except kubernetes_validate.ValidationError as error:
        yield from told(error)
    except kubernetes_validate.SchemaNotFoundError:
        yield "kind", f"no schema of {version} {kind} is stored in tests/data/crds; {HOW_TO_ADD}"


def _identity(manifest: dict[str, Any]) -> Iterator[tuple[str, str]]:
    kind, metadata = str(manifest.get("kind")), manifest.get("metadata") or {}
    known = crds().get((str(manifest.get("apiVersion")), kind))
    scoped = known[0].scope == "Namespaced" if known else kind not in CLUSTER_SCOPED
    name, namespace = metadata.get("name"), metadata.get("namespace")
    if scoped and not namespace:
        yield "metadata.namespace", f"missing; {kind} lives in a namespace"
    if not scoped and namespace:
        yield "metadata.namespace", f"{namespace!r} given; {kind} lives in no namespace"
    for path, value, rule in (("name", name, NAME), ("namespace", namespace, LABEL)):
        free = isinstance(value, Reference) or (path == "name" and kind in FREELY_NAMED)
        if isinstance(value, str) and not free and (len(value) > 253 or not rule.fullmatch(value)):
            yield f"metadata.{path}", f"{value!r} is not a DNS-1123 name; allowed: a-z, 0-9, '-', ends alphanumeric"


def _nulls(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    if value is None:
        yield path, "null; leave the field out"
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in pairs:
        step = f"[{key}]" if isinstance(key, int) else f".{key}" if path else key
        yield from _nulls(item, path + step)


def _quantities(manifest: dict[str, Any]) -> Iterator[tuple[str, str]]:
    if manifest.get("kind") == "CustomResourceDefinition":  # it describes such fields, it has none
        return
    for path, value in quantities(manifest):
        right = canonical(value) if isinstance(value, str) else canonical(str(value))
        if isinstance(value, Reference) or value is None or value == right:
            continue
        yield path, f"{value!r} is not canonical; " + (f"write {right!r}" if right else "not a quantity")
