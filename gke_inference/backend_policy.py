"""
The gateway's GCPBackendPolicy: which regions it drains, and whether a cluster takes scopes in it.

A drained, weighted or preferred region is such a scope. Google documents them for `GCPInferencePoolImport` ("Customize
backends for a multi-cluster GKE Inference Gateway"); the definition of GKE 1.33 has a rule that refuses them there
(datreeio/CRDs-catalog bb634203) and takes them for a `ServiceImport`, and no newer one is public. So the cluster itself
is asked.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

PATH = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/gcpbackendpolicies.networking.gke.io"
TARGET = "GCPInferencePoolImport"
SERVICE_TARGET = "ServiceImport"
"""What the policies of models without an InferencePool have as their target."""
NEEDED = f"the config cluster's GCPBackendPolicy takes scopes for a {TARGET}"
FIX = "upgrade the config cluster; until then leave capacity_percent at 100 and no region preferred"
REGION_LABEL = "gke.io/region"


def refusal(definition: Mapping[str, Any], target: str = TARGET) -> str:
    """Return why the *definition* of the policies refuses scopes for that kind of *target*; empty where it does not."""
    [schema] = [one["schema"]["openAPIV3Schema"] for one in definition["spec"]["versions"] if one["name"] == "v1"]
    spec = schema["properties"]["spec"]
    if "scopes" not in spec["properties"]["default"]["properties"]:
        return "it has no field spec.default.scopes"
    for rule in _rules(schema, spec):
        text = rule["rule"]
        if "scopes" in text and "targetRef.kind" in text and target not in text:
            return f"it has the rule '{rule.get('message') or text}'"
    return ""


def drained_regions(policy: Mapping[str, Any]) -> set[str]:
    """Return Google's names of the regions that get no requests by *policy*: those with a scope of capacity 0."""
    scopes = policy["spec"].get("default", {}).get("scopes") or []
    return {scope["selector"].get(REGION_LABEL, "") for scope in scopes if scope.get("capacityScalerPercent") == 0}


def _rules(*schemas: Mapping[str, Any]) -> Iterator[dict[str, str]]:
    for schema in schemas:
        yield from schema.get("x-kubernetes-validations", [])
