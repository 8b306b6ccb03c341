"""What one cluster outside Google Cloud has of one model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from constructs_lib.specs import (
    AddressSpec,
    HealthCheckSpec,
    HuggingFaceTokenSpec,
    OutsideModelSpec,
    OutsideSpec,
    ServerSpec,
    WeightsSpec,
)


@dataclass(frozen=True, kw_only=True)
class OutsidePlan:
    """
    One model in one cluster outside. All known at synth.

    Attributes:
        name: Name of the servers, the Service and what leads to it.
        model: The name that clients send as `model`.
        namespace: Namespace of all objects.
        place: What answers say as their region: the cluster's key.
        server: Image, arguments, times and sizes of the server.
        weights: Which weights; None where the image of a custom server brings them.
        disk_gib: GiB of the node's disk that hold the weights.
        cluster: The cluster: its kind, its way in, how its GPUs are given out.
        pods: GPUs, CPUs, memory and number of the pods.
        hosts: Host names that lead to it; empty for every host.
        address: Which requests, by path and headers; a Gateway alone can match by them.
        health_check: How dead servers are found.
    """

    name: str
    model: str
    namespace: str
    place: str
    server: ServerSpec
    weights: WeightsSpec | None
    disk_gib: int
    cluster: OutsideSpec
    pods: OutsideModelSpec
    hosts: Sequence[str] = ()
    address: AddressSpec | None = None
    health_check: HealthCheckSpec = field(default_factory=HealthCheckSpec)

    @property
    def downloaded(self) -> WeightsSpec | None:
        """The weights as servers outside get them: none reaches a bucket of Google Cloud, so each downloads."""
        if self.weights is None or not self.weights.repository:
            return self.weights
        secret = self.cluster.hugging_face_token
        token = HuggingFaceTokenSpec(kubernetes_secret=secret) if secret else None
        return replace(self.weights, source="hugging_face", hugging_face_token=token)
