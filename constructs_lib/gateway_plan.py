"""Where a gateway is, and which models it sends requests to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from constructs_lib.google_names import report_wrong, wrong_label
from constructs_lib.manifests.extensions import Extension
from constructs_lib.manifests.gateway import Backend, Balancing
from constructs_lib.specs import AddressSpec, RegionSpec
from constructs_lib.specs.limits import Between, refuse, wrong_settings, wrong_types


@dataclass(frozen=True, kw_only=True)
class ModelRoute:
    """
    One model behind the gateway. All known at synth.

    Attributes:
        backend: What gets its requests.
        port: Port that health checks ask.
        health_path: Path that they ask.
        balancing: How long its requests may take, and when a region is full.
        address: Which requests are its own; None for every request.
        paths: Prefixes of its servers' paths that clients may ask for. Default: all that the servers have.
        canary: Another model that answers a part of its requests, and the part in percent.
        routed: Whether it has a route of its own: not while it leaves, nor where it only answers for another.
        regions: The regions that serve it, for what is different in some of them.
    """

    backend: Backend
    port: Annotated[int, Between(1, 65535)]
    health_path: str
    balancing: Balancing
    address: AddressSpec | None = None
    paths: tuple[str, ...] = ()
    canary: tuple[Backend, int] | None = None
    routed: bool = True
    regions: tuple[RegionSpec, ...] = ()

    def __post_init__(self) -> None:
        wrong = report_wrong("backend", self.backend.name, wrong_label(self.backend.name))
        refuse([*wrong_settings(self), *wrong])

    @property
    def backends(self) -> list[tuple[Backend, int | None]]:
        """What gets the requests, with the weight of each."""
        if self.canary is None:
            return [(self.backend, None)]
        other, percent = self.canary
        return [(self.backend, 100 - percent), (other, percent)]


@dataclass(frozen=True, kw_only=True)
class GatewayPlan:
    """
    Where the gateway is and what it routes to. All known at synth.

    Attributes:
        name: Name of the Gateway.
        namespace: Namespace of all objects.
        addresses: Region and name of its reserved address, or None for an ephemeral one; one pair per region, and one
            alone for a regional gateway.
        models: The models behind it, by key; the names of a model's route and policies begin with the key.
        extensions: What it calls for every request, in this order. Default: nothing.
        certificates: Names of certificates of Certificate Manager for HTTPS, in the gateway's region.
        ssl_policy: Name of the TLS policy, in the gateway's region; None for Google's own.
        security_policy: Name of the Cloud Armor policy, in the gateway's region; None for no policy.
        autopilot: Whether its cluster is an Autopilot one.

    Raises:
        ValueError: For all problems at once: no address, no model, names that Kubernetes refuses.
    """

    name: str
    namespace: str
    addresses: list[tuple[str, str | None]]
    models: Mapping[str, ModelRoute]
    extensions: tuple[Extension, ...] = ()
    certificates: tuple[str, ...] = ()
    ssl_policy: str | None = None
    security_policy: str | None = None
    autopilot: bool = False

    def __post_init__(self) -> None:
        refuse(wrong_types(self))
        texts = {"name": self.name, "namespace": self.namespace, **{f"models.{key}": key for key in self.models}}
        none = [] if self.addresses else ["addresses must name at least one region, got none"]
        none += [] if self.models else ["models must name at least one model, got none"]
        named = (wrong for key, text in texts.items() for wrong in report_wrong(key, text, wrong_label(text)))
        refuse([*wrong_settings(self), *none, *named])
