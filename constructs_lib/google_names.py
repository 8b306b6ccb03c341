"""
Names of Google Cloud and Kubernetes: those that a construct and a check both need, and what a name may hold.

Constructs refuse other names, and so do the rules of the config.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from ipaddress import IPv4Address

REGION = r"[a-z]+(?:-[a-z]+)+[0-9]+"
WORD = r"[a-z]([a-z0-9-]*[a-z0-9])?"
"""Source: RFC 1035; Google, Compute Engine naming conventions."""
WORD_ALPHABET = "lower case letters, digits and hyphens, begin with a letter and not end with a hyphen"
LABEL = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
"""Source: Kubernetes, Object names and IDs, RFC 1123 label names."""
PROJECT = r"([a-z0-9.-]+:)?[a-z][a-z0-9-]{4,28}[a-z0-9]"
"""Source: Google, Creating and managing projects; the part before the colon is that of a domain-scoped one."""
BUCKET_ALPHABET = r"[a-z0-9]([a-z0-9_.-]*[a-z0-9])?"

CLUSTER_LENGTH = 40
"""Of clusters and node pools. Source: GKE API, Cluster.name, NodePool.name."""
COMPUTE_LENGTH = 63
ACCOUNT_LENGTHS = (6, 30)
"""Source: IAM API, ServiceAccount, account ID."""

GATEWAY_FEATURE = "multiclusteringress"
"""Feature of the fleet, and its API, that controls multi-cluster gateways; a fleet has it once, with one config
cluster."""
DISCOVERY_FEATURE = "multiclusterservicediscovery"
"""Feature of the fleet, and its API, for multi-cluster Services; a fleet has it once, for all its members."""


def cluster_path(project: str, location: str, cluster: str) -> str:
    """Return how Google's APIs and Terraform's states name *cluster*; *location* is a region or a zone."""
    return f"projects/{project}/locations/{location}/clusters/{cluster}"


def health_check_firewall(prefix: str) -> str:
    """Return the name of the firewall rule that lets Google's health checks in."""
    return f"{prefix}-allow-health-checks"


def proxy_firewall(prefix: str, key: str) -> str:
    """Return the name of the firewall rule that lets the gateway's proxies of region *key* in."""
    return f"{prefix}-allow-proxies-{key}"


def node_firewall(prefix: str, key: str) -> str:
    """Return the name of the firewall rule that lets nodes and pods of region *key* reach each other."""
    return f"{prefix}-allow-nodes-{key}"


def wrong_word(text: str, longest: int = COMPUTE_LENGTH) -> str:
    """Return what a name of a resource must do that *text* does not; empty where it is right."""
    if not re.fullmatch(WORD, text):
        return f"hold only {WORD_ALPHABET}"
    return "" if len(text) <= longest else f"have at most {longest} characters"


def likely_word(text: str, first: str) -> str:
    """Return the word of at most 20 characters that *text* stands for, begun with letter *first* if it needs one."""
    word = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
    return (f"{first}-{word}" if word[:1].isdigit() else word)[:20].strip("-")


def wrong_region(text: str) -> str:
    """Return what a region must do that *text* does not."""
    return "" if re.fullmatch(REGION, text) else "be a region such as us-east5"


def wrong_zone(text: str, region: str) -> str:
    """Return what a zone of *region* must do that *text* does not: end in a letter, or as an AI zone in `ai1a`."""
    return "" if re.fullmatch(rf"{re.escape(region)}-(ai\d+)?[a-z]", text) else f"be a zone of {region}"


def wrong_project(text: str) -> str:
    """Return what a project ID must do that *text* does not."""
    return "" if re.fullmatch(PROJECT, text) else "be a project ID of 6 to 30 characters"


def wrong_label(text: str) -> str:
    """Return what the name of a Kubernetes namespace or service account must do that *text* does not."""
    return "" if re.fullmatch(LABEL, text) else "be 1 to 63 lower case letters, digits and hyphens"


def wrong_account(text: str) -> str:
    """Return what the ID of a Google Cloud service account must do that *text* does not."""
    least, most = ACCOUNT_LENGTHS
    right = re.fullmatch(WORD, text) and least <= len(text) <= most
    return "" if right else f"be {least} to {most} characters, and hold only {WORD_ALPHABET}"


def wrong_bucket(name: str) -> str:
    """Return what a bucket name must do that *name* does not. Source: Google, About Cloud Storage buckets, names."""
    if not re.fullmatch(BUCKET_ALPHABET, name):
        return "hold only lower case letters, digits, -, _ and ., and begin and end with a letter or digit"
    if _is_address(name):
        return "not be an IP address"
    if "." in name:
        return "hold no dots, which need a verified domain"
    if not 3 <= len(name) <= 63:
        return "have 3 to 63 characters"
    # 0 for o, 1 for l, 3 for e, 9 for g: the close misspellings.
    if name.startswith("goog") or "google" in name.translate(str.maketrans("0139", "oleg")):
        return "neither begin with goog nor contain google or a close misspelling"
    return ""


def wrong_location(text: str, region: str, zones: Sequence[str]) -> str:
    """Return what a cluster's location must be that *text* is not: the region, or the zone of a zonal cluster."""
    return "" if text in (region, *zones) else f"be {region} or one of its zones ({', '.join(zones)})"


def report_wrong(name: str, value: str, must: str) -> Iterator[str]:
    """Yield the problem of the setting *name*, where there is one; a token, known after apply, has none yet."""
    if must and "${" not in value:
        yield f"{name} must {must}, got '{value}'"


def _is_address(name: str) -> bool:
    try:
        return bool(IPv4Address(name))
    except ValueError:
        return False


def uptime_check_title(platform: str, key: str) -> str:
    """Return the title of the uptime check of the endpoint *key*: it has no name of its own."""
    return f"{platform}: {key} outside"
