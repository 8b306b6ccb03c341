"""Rules about what reaches nobody, or reaches it twice: webhooks inside a network, tokens in paths, channels again."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import fields
from ipaddress import ip_address

from constructs_lib.specs import ChannelSpec
from platform_config.config import Config
from platform_config.errors import Problem, shown
from platform_config.partial_config import has_unknown
from platform_config.rules.channels import HIDE, has_secret, per_channel
from platform_config.rules.rule import Rule

PRIVATE = (".local", ".internal", ".svc", ".localhost", ".lan", ".corp", ".home.arpa")
"""How names end that only a network of its own knows."""
TOKEN_SIZE = 20
"""Characters from which on a part of a path with letters and digits is likely a token."""


def _private(at: str, spec: ChannelSpec) -> Iterator[Problem]:
    found = re.match(r"https://(?:[^/@]*@)?(\[[^\]/]*\]|[^/:?#]*)", spec.url or "")
    host = found[1].lower().strip("[].") if found else ""
    if host and _is_private(host):
        message = f"must be an address that Google can reach from outside, got {shown(host)}"
        fix = "write a public address, or a channel of kind existing that is one of Pub/Sub"
        yield Problem(f"{at}.url", message, fix)


def _is_private(host: str) -> bool:
    try:
        return not ip_address(host).is_global
    except ValueError:
        return "." not in host or host.endswith(PRIVATE)


def _token(at: str, spec: ChannelSpec) -> Iterator[Problem]:
    path = re.sub(r"^\w+://[^/]*", "", spec.url or "").partition("?")[0]
    if spec.url and not has_secret(spec.url) and any(map(_is_random, path.split("/"))):
        yield Problem(f"{at}.url", "should hold no token, got a part of its path that looks like one", HIDE)


def _is_random(part: str) -> bool:
    """Return whether *part* of a path looks drawn by lot: hexadecimal, or letters of both sizes."""
    if len(part) < TOKEN_SIZE or not re.fullmatch(r"[\w-]+=*", part):
        return False
    is_hexadecimal = bool(re.fullmatch(r"[0-9a-f-]+", part, re.IGNORECASE)) and bool(re.search(r"[0-9]", part))
    return is_hexadecimal or (part != part.lower() and part != part.upper() and bool(re.search(r"[0-9]", part)))


def _twice(config: Config) -> Iterator[Problem]:
    seen: dict[tuple[object, ...], str] = {}
    for key, spec in config.observability.channels.items():
        if has_unknown(spec):
            continue
        who = tuple(getattr(spec, setting.name) for setting in fields(spec) if setting.name != "severities")
        if who in seen:
            message = f"must be a channel of its own, got the same as {shown(seen[who])}"
            yield Problem(f"observability.channels.{key}", message, f"remove it, or add severities to {seen[who]}")
        seen.setdefault(who, key)


RULES = (
    Rule(
        "CHANNEL-PUBLIC",
        "A webhook can be reached from outside",
        "Cloud Monitoring posts from Google's network, not from the platform's.",
        "Google, Create and manage notification channels, webhooks: a public endpoint",
        per_channel(_private),
    ),
    Rule(
        "CHANNEL-TOKEN",
        "No part of a webhook's path looks like a token",
        "Whoever has the address could post; it is in plan, state and version control.",
        "this library",
        per_channel(_token),
        severity="warning",
    ),
    Rule(
        "CHANNEL-TWICE",
        "No two channels are the same",
        "Each alert would be sent twice, and a policy names a channel once.",
        "Monitoring API, AlertPolicy.notificationChannels",
        _twice,
    ),
)
