"""The ports of a gateway: HTTP, HTTPS with its certificates, and the redirect from one to the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from constructs_lib.manifests._objects import Manifest, manifest
from constructs_lib.manifests.gateway import GATEWAY_API, HTTP_LISTENER
from constructs_lib.specs import GatewaySpec

HTTPS_LISTENER = "https"
CERTIFICATES_OPTION = "networking.gke.io/cert-manager-certs"
"""Option of a listener with names of certificates of Certificate Manager. Source: Google, "Secure a Gateway"."""


@dataclass(frozen=True, kw_only=True)
class Listeners:
    """
    The ports of a Gateway, at one of which models are served. All known at synth.

    Attributes:
        http_port: Port of HTTP; None where there is HTTPS alone.
        https_port: Port of HTTPS; None where there is HTTP alone.
        certificates: Names of certificates of Certificate Manager, in the gateway's region.
        secret_name: Secret with a certificate, in the Gateway's namespace.
    """

    http_port: int | None
    https_port: int | None = None
    certificates: Sequence[str] = ()
    secret_name: str | None = None

    @classmethod
    def of(cls, spec: GatewaySpec, certificates: Sequence[str]) -> Listeners:
        """Return the ports that *spec* asks for, with the names of *certificates*."""
        tls = spec.tls
        if tls is None:
            return cls(http_port=spec.port)
        return cls(
            http_port=spec.port if tls.redirect else None,
            https_port=tls.port,
            certificates=certificates,
            secret_name=tls.secret_name,
        )

    @property
    def serving(self) -> str:
        """Name of the listener that models are served at."""
        return HTTP_LISTENER if self.https_port is None else HTTPS_LISTENER

    @property
    def redirects(self) -> bool:
        """Whether HTTP is answered with a redirect to HTTPS."""
        return None not in (self.http_port, self.https_port)

    @property
    def blocks(self) -> list[dict[str, Any]]:
        """The listeners, as a Gateway has them."""
        found: list[dict[str, Any]] = []
        if self.http_port is not None:
            found.append({"name": HTTP_LISTENER, "protocol": "HTTP", "port": self.http_port})
        if self.https_port is not None:
            found.append(
                {"name": HTTPS_LISTENER, "protocol": "HTTPS", "port": self.https_port, "tls": self._certificates()}
            )
        return found

    def _certificates(self) -> dict[str, Any]:
        if self.secret_name is not None:
            return {"mode": "Terminate", "certificateRefs": [{"kind": "Secret", "name": self.secret_name}]}
        return {"mode": "Terminate", "options": {CERTIFICATES_OPTION: ",".join(self.certificates)}}


def redirect_route(*, name: str, namespace: str, gateway: str) -> Manifest:
    """
    Answer all that comes by HTTP with a redirect to HTTPS.

    No port: GKE refuses one, so clients go to port 443. Source: Google, "Deploying Gateways".

    Args:
        name: Name of the route.
        namespace: Namespace of the Gateway.
        gateway: Name of the Gateway.
    """
    redirect = {"type": "RequestRedirect", "requestRedirect": {"scheme": "https", "statusCode": 301}}
    spec = {
        "parentRefs": [{"kind": "Gateway", "name": gateway, "sectionName": HTTP_LISTENER}],
        "rules": [{"filters": [redirect]}],
    }
    return manifest(GATEWAY_API, "HTTPRoute", name=name, namespace=namespace, spec=spec)
