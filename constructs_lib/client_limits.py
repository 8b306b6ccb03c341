"""Who may call a region's gateway, and how often: a Cloud Armor policy for its servers."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import Any

from cdktf import ITerraformDependable, TerraformResourceLifecycle
from cdktf_cdktf_provider_google.compute_region_security_policy import (
    ComputeRegionSecurityPolicy,
    ComputeRegionSecurityPolicyRules,
    ComputeRegionSecurityPolicyRulesMatch,
    ComputeRegionSecurityPolicyRulesMatchConfig,
    ComputeRegionSecurityPolicyRulesMatchExpr,
    ComputeRegionSecurityPolicyRulesRateLimitOptions,
    ComputeRegionSecurityPolicyRulesRateLimitOptionsRateLimitThreshold,
)
from cdktf_cdktf_provider_google.provider import GoogleProvider
from cdktf_cdktf_provider_time.provider import TimeProvider
from constructs import Construct

from constructs_lib.release_wait import ReleaseWait
from constructs_lib.specs import ClientLimitsSpec

RANGES_PER_RULE = 10
"""Source: hashicorp/terraform-provider-google, google_compute_region_security_policy, src_ip_ranges."""
EVERYONE = ["*"]
DENY = "deny(403)"
TOO_MANY = "deny(429)"
FIRST_PRIORITY, PRIORITY_STEP = 1000, 10
DEFAULT_PRIORITY = 2**31 - 1
"""Of the rule for all that no other matches. Source: the same page, rules."""


class ClientLimits(Construct):
    """
    A regional Cloud Armor policy; its rules are tried in order, and the first that matches a request decides.

    1. A body above the limit, by its Content-Length, is refused.
    2. A client of an allowed range, or any client where no range is given, gets as many requests a minute as the spec
       says, and 429 for the next ones.
    3. Where ranges are given, everyone else is refused.

    Args:
        google: Provider of the project.
        time: Provider of the wait until the load balancer has let go.
        project: Project ID.
        region: Region of the gateway.
        name: Name of the policy.
        spec: The limits.

    Attributes:
        name: Name of the policy, for the backend policies (known at synth).
        ready: What must exist before a Kubernetes object names it (known at synth).
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        google: GoogleProvider,
        time: TimeProvider,
        project: str,
        region: str,
        name: str,
        spec: ClientLimitsSpec,
    ) -> None:
        super().__init__(scope, id_)
        policy = ComputeRegionSecurityPolicy(
            self,
            "Default",
            provider=google,
            project=project,
            region=region,
            name=name,
            description="Who may call the gateway, and how often.",
            type="CLOUD_ARMOR",
            rules=[*_numbered(_rules(spec), preview=spec.preview), _default_rule(spec)],
            lifecycle=TerraformResourceLifecycle(create_before_destroy=True),
        )
        self.name = name
        self.ready: list[ITerraformDependable] = [
            ReleaseWait(self, "release", time=time, released=[policy], name=name),
        ]


def _rules(spec: ClientLimitsSpec) -> Iterator[dict[str, Any]]:
    """Yield what is different in each rule but the last, in order."""
    yield {
        "action": DENY,
        "description": f"Bodies above {spec.max_body_mib} MiB",
        "match": _expression(_larger_than(spec.max_body_mib)),
    }
    for ranges in _chunks(spec.allowed_ranges) if spec.allowed_ranges else [EVERYONE]:
        yield {
            "action": "throttle",
            "description": f"{spec.requests_per_minute} requests a minute for each address",
            "match": _from(ranges),
            "rate_limit_options": _rate(spec.requests_per_minute),
        }
    if spec.allowed_ranges and spec.preview:
        # The last rule cannot only log, so this one does, and the last one lets everyone pass.
        yield {"action": DENY, "description": "Addresses outside of the allowed ranges", "match": _from(EVERYONE)}


def _larger_than(mib: int) -> str:
    """Return the expression that is true for a request whose body is larger than *mib* MiB, by its own header."""
    header = "request.headers['content-length']"
    return f"has({header}) && int({header}) > {mib * 1024 * 1024}"


def _numbered(rules: Iterator[dict[str, Any]], *, preview: bool) -> Iterator[ComputeRegionSecurityPolicyRules]:
    for priority, rule in zip(count(FIRST_PRIORITY, PRIORITY_STEP), rules, strict=False):
        yield ComputeRegionSecurityPolicyRules(priority=priority, preview=preview, **rule)


def _default_rule(spec: ClientLimitsSpec) -> ComputeRegionSecurityPolicyRules:
    refuses = bool(spec.allowed_ranges) and not spec.preview
    return ComputeRegionSecurityPolicyRules(
        priority=DEFAULT_PRIORITY,
        action=DENY if refuses else "allow",
        description="Everyone else",
        match=_from(EVERYONE),
        preview=False,
    )


def _from(ranges: list[str]) -> ComputeRegionSecurityPolicyRulesMatch:
    """Match the clients of *ranges*."""
    config = ComputeRegionSecurityPolicyRulesMatchConfig(src_ip_ranges=ranges)
    return ComputeRegionSecurityPolicyRulesMatch(versioned_expr="SRC_IPS_V1", config=config)


def _expression(text: str) -> ComputeRegionSecurityPolicyRulesMatch:
    return ComputeRegionSecurityPolicyRulesMatch(expr=ComputeRegionSecurityPolicyRulesMatchExpr(expression=text))


def _rate(requests_per_minute: int) -> ComputeRegionSecurityPolicyRulesRateLimitOptions:
    threshold = ComputeRegionSecurityPolicyRulesRateLimitOptionsRateLimitThreshold(
        count=requests_per_minute, interval_sec=60
    )
    return ComputeRegionSecurityPolicyRulesRateLimitOptions(
        rate_limit_threshold=threshold, conform_action="allow", exceed_action=TOO_MANY, enforce_on_key="IP"
    )


def _chunks(ranges: tuple[str, ...]) -> Iterator[list[str]]:
    """Yield *ranges* in a fixed order, as many at once as fit into a rule."""
    ordered = sorted(ranges)
    for first in range(0, len(ordered), RANGES_PER_RULE):
        yield ordered[first : first + RANGES_PER_RULE]
