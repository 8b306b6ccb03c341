"""The organization's policy of load balancers: a public gateway that it refuses would never get an address."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from gke_inference.check import Check
from gke_inference.findings import Finding, good, wrong
from gke_inference.preflight.target import Target

CONSTRAINT = "constraints/compute.restrictLoadBalancerCreationForTypes"
TYPE, GROUP = "EXTERNAL_MANAGED_HTTP_HTTPS", "in:EXTERNAL"
"""What a public regional gateway is, and the group that it is in. Source: Google, "Organization policy constraints for
Cloud Load Balancing"."""


def checks(target: Target) -> Iterator[Check]:
    """Yield one for a platform with public gateways: internal ones are what such policies leave."""
    if target.config.gateway.gateway_class.public:
        yield Check(
            id="ORG-POLICY", needed=_needed(), role="orgpolicy.policy.get", ask=partial(_load_balancers, target)
        )


def _needed() -> str:
    return f"{CONSTRAINT} allows {TYPE}"


def _load_balancers(target: Target) -> Iterator[Finding]:
    answer = target.google.call(
        "cloudresourcemanager", "v1", "projects.getEffectiveOrgPolicy",
        resource=f"projects/{target.project}", body={"constraint": CONSTRAINT},
    )  # fmt: skip
    policy = answer.get("listPolicy", {})
    if _allows(policy):
        yield good("ORG-POLICY", "allowed", _needed())
    else:
        fix = "have it allowed for this project, or leave gateway.public out: an internal gateway is another type"
        yield wrong("ORG-POLICY", _shown(policy), _needed(), fix)


def _allows(policy: dict[str, Any]) -> bool:
    """Return whether the effective list *policy* allows the type; what is denied wins, and no list allows all."""
    denied, allowed = policy.get("deniedValues", []), policy.get("allowedValues", [])
    if policy.get("allValues") == "DENY" or {TYPE, GROUP} & set(denied):
        return False
    return policy.get("allValues") == "ALLOW" or not allowed or bool({TYPE, GROUP} & set(allowed))


def _shown(policy: dict[str, Any]) -> str:
    if policy.get("allValues") == "DENY":
        return "all types are denied"
    lists = {"denied": policy.get("deniedValues", []), "allowed": policy.get("allowedValues", [])}
    return "; ".join(f"{name}: {', '.join(values)}" for name, values in lists.items() if values)
