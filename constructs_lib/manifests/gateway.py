"""A gateway: its addresses, its routes, and how the load balancer treats the servers behind it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from constructs_lib.gateway_class import GatewayClass
from constructs_lib.manifests._objects import Manifest, manifest
from constructs_lib.specs import GatewaySpec, HealthCheckSpec, IapSpec, RegionSpec

GATEWAY_API = "gateway.networking.k8s.io/v1"
GKE_NETWORKING_API = "networking.gke.io/v1"
HTTP_LISTENER = "http"
"""Name of the listener of HTTP."""
NAMED_METRIC_PREFIX = "gke.named_metrics."
ALL_REQUESTS = 1_000_000
ALL_CAPACITY = 100


def health_check_name(model: str) -> str:
    """Return the name of the HealthCheckPolicy of the servers of *model*."""
    return f"{model}-health"


def backend_policy_name(model: str) -> str:
    """Return the name of the GCPBackendPolicy of the servers of *model*."""
    return f"{model}-backend"


def gateway_policy_name(gateway: str) -> str:
    """Return the name of the GCPGatewayPolicy of *gateway*."""
    return f"{gateway}-policy"


def redirect_name(gateway: str) -> str:
    """Return the name of the HTTPRoute that sends clients of *gateway* from HTTP to HTTPS."""
    return f"{gateway}-redirect"


@dataclass(frozen=True, kw_only=True)
class Backend:
    """
    What a gateway sends requests to: the servers of one model, in all clusters or in the gateway's own.

    Attributes:
        name: Name of the InferencePool or the Service.
        service_port: Port of the Service; None for a pool, which knows its own.
        imported: Whether it comes from all clusters, which export it, into the config cluster.
    """

    name: str
    service_port: int | None = None
    imported: bool = True

    @property
    def reference(self) -> dict[str, Any]:
        """The object, as a policy names its target."""
        if self.service_port is not None:
            group, kind = ("net.gke.io", "ServiceImport") if self.imported else ("", "Service")
        elif self.imported:
            group, kind = "networking.gke.io", "GCPInferencePoolImport"
        else:
            group, kind = "inference.networking.k8s.io", "InferencePool"
        return {"group": group, "kind": kind, "name": self.name}

    def route_reference(self, weight: int | None = None) -> dict[str, Any]:
        """Return the object as a route names it, with its *weight* where there are several."""
        return {**self.reference, "port": self.service_port, "weight": weight}


def gateway(
    *,
    name: str,
    namespace: str,
    gateway_class: GatewayClass,
    listeners: Sequence[Mapping[str, Any]],
    addresses: Sequence[tuple[str, str | None]],
) -> Manifest:
    """
    Return a Gateway with its listeners and an address in each of its regions.

    Args:
        name: Name of the Gateway.
        namespace: Namespace; routes of other namespaces are not accepted.
        gateway_class: Class, which decides how addresses are written.
        listeners: Its ports, as `Listeners.blocks` has them.
        addresses: (region, name of a reserved address in it), or (region, None) for one that Google chooses and that
            goes with the Gateway. Each region needs a proxy-only subnet.
    """
    if gateway_class.multi_cluster:
        written = [_address(region, reserved) for region, reserved in addresses]
    else:
        # Without any, GKE gives the gateway an address of its own.
        written = [{"type": "NamedAddress", "value": reserved} for _, reserved in addresses if reserved]
    spec = {
        "gatewayClassName": gateway_class.name,
        "addresses": written or None,
        "listeners": list(listeners),
    }
    return manifest(GATEWAY_API, "Gateway", name=name, namespace=namespace, spec=spec)


def health_check_policy(
    *, name: str, namespace: str, backend: Backend, port: int, path: str, spec: HealthCheckSpec
) -> Manifest:
    """
    Probe the model servers. By default the load balancer asks for `/`, gets 404 and takes every server out.

    The newest CRD refuses a port without `USE_FIXED_PORT`, older ones accept it.
    """
    probe = {"portSpecification": "USE_FIXED_PORT", "port": port, "requestPath": path}
    default = {
        "checkIntervalSec": spec.interval_sec,
        "timeoutSec": spec.timeout_sec,
        "healthyThreshold": spec.healthy_threshold,
        "unhealthyThreshold": spec.unhealthy_threshold,
        "config": {"type": "HTTP", "httpHealthCheck": probe},
    }
    return _policy("HealthCheckPolicy", name=name, namespace=namespace, backend=backend, default=default)


def gcp_backend_policy(
    *,
    name: str,
    namespace: str,
    backend: Backend,
    balancing: Balancing,
    spec: GatewaySpec,
    regions: Sequence[RegionSpec] = (),
    security_policy: str | None = None,
) -> Manifest:
    """
    Set times, logging and balancing of the servers in one object: of two for one target only the older counts.

    Requests go to a preferred region, or else to the closest one, until it is full; then they spread over the others.
    *balancing* says when it is full; a gateway of one region needs no measure. `trafficDuration` and IN_FLIGHT have no
    public schema; they are on Google's multi-cluster page (GKE 1.34).

    Each of *regions* that is preferred, or uses less than all of its capacity, gets a scope; capacity 0 drains it.
    *security_policy* is the name of a Cloud Armor policy of the gateway's region.
    """
    default = {
        "timeoutSec": balancing.timeout_sec,
        "connectionDraining": {"drainingTimeoutSec": spec.draining_sec},
        "logging": _logging(spec),
        "trafficDuration": "LONG" if balancing.fields else None,
        **balancing.fields,
        "scopes": _scopes(regions) or None,
        "securityPolicy": security_policy,
        "iap": _iap(spec.iap) if spec.iap else None,
    }
    return _policy("GCPBackendPolicy", name=name, namespace=namespace, backend=backend, default=default)


@dataclass(frozen=True, kw_only=True)
class Balancing:
    """
    How long a request may take, and when a region is full: by one of three measures, or by none where it is alone.

    Attributes:
        timeout_sec: Longest request in seconds.
        export_name: Name under which the servers' metric reaches the load balancer.
        max_utilization_percent: Fill of that metric.
        max_in_flight_requests: Requests that one server has at once.
        max_requests_per_second: Requests that one server gets in a second.
        measure: What the metric shows the fill of, as a phrase for people.
    """

    timeout_sec: int
    export_name: str = ""
    max_utilization_percent: int | None = None
    max_in_flight_requests: int | None = None
    max_requests_per_second: int | None = None
    measure: str = "the KV cache"

    @property
    def fields(self) -> dict[str, Any]:
        """The measure, as the backend policy has it."""
        if self.max_in_flight_requests is not None:
            return {
                "balancingMode": "IN_FLIGHT",
                "maxInFlightRequestsPerEndpoint": self.max_in_flight_requests,
            }
        if self.max_requests_per_second is not None:
            return {"balancingMode": "RATE", "maxRatePerEndpoint": self.max_requests_per_second}
        if self.max_utilization_percent is None:
            return {}
        metric = {
            "name": NAMED_METRIC_PREFIX + self.export_name,
            "maxUtilizationPercent": self.max_utilization_percent,
            "dryRun": False,
        }
        return {"balancingMode": "CUSTOM_METRICS", "customMetrics": [metric]}

    @property
    def full_at(self) -> str:
        """What makes a region full, as a phrase for people; empty where it is alone."""
        if self.max_in_flight_requests is not None:
            return f"{self.max_in_flight_requests} requests at once per server"
        if self.max_requests_per_second is not None:
            return f"{self.max_requests_per_second} requests a second per server"
        if self.max_utilization_percent is None:
            return ""
        return f"{self.max_utilization_percent} % of {self.measure}"


def _policy(kind: str, *, name: str, namespace: str, backend: Backend, default: dict[str, Any]) -> Manifest:
    spec = {"targetRef": backend.reference, "default": default}
    return manifest(GKE_NETWORKING_API, kind, name=name, namespace=namespace, spec=spec)


def _address(region: str, reserved: str | None) -> dict[str, str]:
    if reserved is None:
        return {"type": f"networking.gke.io/ephemeral-ipv4-address/{region}", "value": region}
    return {
        "type": "networking.gke.io/named-address-with-region",
        "value": f"regions/{region}/addresses/{reserved}",
    }


def _logging(spec: GatewaySpec) -> dict[str, Any]:
    """Log a sample of the requests, which the API counts in millionths, with the optional fields that are asked for."""
    if spec.log_sample_percent == 0:
        return {"enabled": False}
    fields = {"optionalMode": "CUSTOM", "optionalFields": list(spec.log_fields)} if spec.log_fields else {}
    return {"enabled": True, "sampleRate": round(spec.log_sample_percent * ALL_REQUESTS / 100), **fields}


def _iap(spec: IapSpec) -> dict[str, Any]:
    return {"enabled": True, "clientID": spec.client_id, "oauth2ClientSecret": {"name": spec.secret_name}}


def _scopes(regions: Sequence[RegionSpec]) -> list[dict[str, Any]]:
    """Return a scope for each region of Google Cloud that is not as the others: several clusters in one share it."""
    first: dict[str, RegionSpec] = {}
    for region in regions:
        first.setdefault(region.region, region)
    return [scope for region in first.values() if (scope := _scope(region))]


def _scope(region: RegionSpec) -> dict[str, Any] | None:
    """Return what is different in *region*, in one scope: of two that match only the first counts."""
    differs: dict[str, Any] = {}
    if region.preferred:
        differs["backendPreference"] = "PREFERRED"
    if region.capacity_percent < ALL_CAPACITY:
        differs["capacityScalerPercent"] = region.capacity_percent
    return {"selector": {"gke.io/region": region.region}, **differs} if differs else None
