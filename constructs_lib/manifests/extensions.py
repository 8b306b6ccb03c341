"""What a gateway calls for each request: services that see requests and answers, and may change or end them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, get_args

from constructs_lib.google_names import report_wrong, wrong_word
from constructs_lib.manifests._objects import Manifest, manifest
from constructs_lib.manifests.gateway import GKE_NETWORKING_API
from constructs_lib.specs.limits import Between, refuse, wrong_settings

Event = Literal[
    "RequestHeaders", "RequestBody", "RequestTrailers", "ResponseHeaders", "ResponseBody", "ResponseTrailers"
]
EVENTS: tuple[Event, ...] = get_args(Event)
REQUEST_EVENTS = EVENTS[:3]

# Source of all of these: CRD gcptrafficextensions.networking.gke.io, spec.extensionChains[].extensions.
MOST_EXTENSIONS = 3
"""Of one chain. A gateway may have 5 chains, and a request goes through the first that matches: we write one."""
MOST_METADATA_KEYS = 16
LONGEST_METADATA_KEY = 63
LONGEST_METADATA = 1023
"""Characters of one value."""
METADATA_ALPHABET = r"""[A-Za-z0-9/\-._~%!$&'()*+,;=:"\s\[\]{}]*"""
METADATA_KEY_ALPHABET = r"[A-Za-z0-9/\-._~%!$&'()*+,;=:\s\[\]{}]+"
GOOGLE_API = r"[a-z0-9.-]+\.googleapis\.com"
EVERY_REQUEST = 'request.path.startsWith("/")'
"""The match of a chain. `true` is none that the CRD takes."""


@dataclass(frozen=True, kw_only=True)
class Extension:
    """
    One service that the gateway calls for each request. All known at synth.

    Attributes:
        name: Its name in the chain.
        events: The parts of a request and of its answer that it is called for.
        timeout_ms: Milliseconds that each call may take.
        fail_open: Lets a request pass where the service does not answer; else it ends with an error.
        google_api: Name of the Google API that it is, such as `modelarmor.us-east5.rep.googleapis.com`.
        backend: The object that it is, as `backendRef` has it. One of the two is given.
        metadata: What each call says to it.

    Raises:
        ValueError: For all problems at once: what the CRD would refuse.
    """

    name: str
    events: tuple[Event, ...] = EVENTS
    timeout_ms: Annotated[int, Between(10, 10_000)] = 1000
    fail_open: bool = False
    google_api: str | None = None
    backend: Mapping[str, Any] | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        refuse(
            [
                *wrong_settings(self),
                *report_wrong("name", self.name, wrong_word(self.name)),
                *self._wrong_service(),
                *self._wrong_events(),
                *wrong_metadata(self.metadata),
            ]
        )

    @property
    def kind(self) -> str:
        """What it calls: a gateway calls one of a kind."""
        return self.google_api.partition(".")[0] if self.google_api else str((self.backend or {}).get("kind"))

    def _wrong_service(self) -> Iterator[str]:
        if (self.google_api is None) == (self.backend is None):
            yield f"give one of google_api and backend, got {'none' if self.backend is None else 'both'}"
        if self.google_api is not None and not re.fullmatch(GOOGLE_API, self.google_api):
            yield f"google_api must be the name of an API below googleapis.com, got '{self.google_api}'"

    def _wrong_events(self) -> Iterator[str]:
        if not self.events:
            yield "events must name at least one event, got none"
        unknown = [event for event in self.events if event not in EVENTS]
        if unknown:
            yield f"events must be among {', '.join(EVENTS)}, got {', '.join(unknown)}"

    def entry(self) -> dict[str, Any]:
        """Return it as an entry of a chain."""
        return {
            "name": self.name,
            "supportedEvents": list(self.events),
            "timeout": f"{self.timeout_ms}ms",
            "failOpen": self.fail_open,
            "googleAPIServiceName": self.google_api,
            "backendRef": dict(self.backend) if self.backend else None,
            "metadata": dict(self.metadata) or None,
        }


def wrong_metadata(metadata: Mapping[str, str]) -> Iterator[str]:
    """Yield what the CRD refuses in what a call says to a service."""
    if len(metadata) > MOST_METADATA_KEYS:
        yield f"metadata must have at most {MOST_METADATA_KEYS} keys, got {len(metadata)}"
    for key, value in metadata.items():
        if len(key) > LONGEST_METADATA_KEY or not re.fullmatch(METADATA_KEY_ALPHABET, key):
            yield f"metadata must have keys of at most {LONGEST_METADATA_KEY} plain characters, got '{key}'"
        if not 1 <= len(value) <= LONGEST_METADATA:
            yield f"metadata.{key} must have 1 to {LONGEST_METADATA} characters, got {len(value)}"
        if not_allowed := refused_characters(value):
            yield f"metadata.{key} must hold none of the characters {not_allowed}, got '{value}'"


def refused_characters(value: str) -> str:
    """Return the characters of *value* that metadata may not have, each once."""
    return "".join(dict.fromkeys(char for char in value if not re.fullmatch(METADATA_ALPHABET, char)))


def traffic_extension(*, name: str, namespace: str, gateway: str, extensions: Sequence[Extension]) -> Manifest:
    """
    Call *extensions* for every request of *gateway*, one after the other; answers go through them in reverse order.

    A gateway has one such object, whose load balancer takes no second one: so all are in one chain. Who may not call
    comes first: what Apigee refuses is not screened by Model Armor, and not paid for.

    Args:
        name: Name of the object.
        namespace: Namespace of the gateway, and of what the extensions name.
        gateway: Name of the Gateway.
        extensions: What is called, in this order: 1 to 3, each of another kind.

    Raises:
        ValueError: For all problems at once: none, more than a chain takes, two of a kind or of a name.
    """
    kinds, names = [extension.kind for extension in extensions], [extension.name for extension in extensions]
    refuse(
        [
            *([] if extensions else ["extensions must name at least one, got none"]),
            *_too_many(extensions),
            *(f"extensions must call one of each kind, got two of {kind}" for kind in _repeated(kinds)),
            *(f"extensions must have different names, got '{one}' twice" for one in _repeated(names)),
        ]
    )
    chain = {
        "name": "every-request",
        "matchCondition": {"celExpressions": [{"celMatcher": EVERY_REQUEST}]},
        "extensions": [extension.entry() for extension in extensions],
    }
    target = {"group": "gateway.networking.k8s.io", "kind": "Gateway", "name": gateway}
    spec = {"targetRefs": [target], "extensionChains": [chain]}
    return manifest(GKE_NETWORKING_API, "GCPTrafficExtension", name=name, namespace=namespace, spec=spec)


def extension_name(gateway: str) -> str:
    """Return the name of the one GCPTrafficExtension of *gateway*."""
    return f"{gateway}-extension"


def _too_many(extensions: Sequence[Extension]) -> list[str]:
    count = len(extensions)
    return [f"extensions must be at most {MOST_EXTENSIONS}, got {count}"] if count > MOST_EXTENSIONS else []


def _repeated(texts: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(text for text in texts if texts.count(text) > 1))
