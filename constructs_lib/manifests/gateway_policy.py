"""What a gateway itself is set to, beside what is behind it."""

from __future__ import annotations

from constructs_lib.manifests._objects import Manifest, manifest
from constructs_lib.manifests.gateway import GKE_NETWORKING_API


def gcp_gateway_policy(
    *, name: str, namespace: str, gateway: str, global_access: bool, ssl_policy: str | None = None
) -> Manifest:
    """
    Return the one policy of *gateway*: of two only the older counts.

    Args:
        name: Name of the policy.
        namespace: Namespace of both.
        gateway: Name of the Gateway.
        global_access: Whether clients in other regions of the VPC reach an internal gateway.
        ssl_policy: Name of the TLS policy of its region. Default: Google's own, which takes TLS 1.0.
    """
    spec = {
        "targetRef": {"group": "gateway.networking.k8s.io", "kind": "Gateway", "name": gateway},
        "default": {"allowGlobalAccess": True if global_access else None, "sslPolicy": ssl_policy},
    }
    return manifest(GKE_NETWORKING_API, "GCPGatewayPolicy", name=name, namespace=namespace, spec=spec)
