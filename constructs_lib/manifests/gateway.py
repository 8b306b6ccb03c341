"""The one gateway of all regions: its addresses, its route, and how the load balancer treats the pools behind it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from constructs_lib.manifests._objects import Manifest, manifest
from constructs_lib.specs import GatewaySpec, HealthCheckSpec, RegionSpec

GATEWAY_API = "gateway.networking.k8s.io/v1"
GKE_NETWORKING_API = "networking.gke.io/v1"
NAMED_METRIC_PREFIX = "gke.named_metrics."
ALL_REQUESTS = 1_000_000
ALL_CAPACITY = 100


def route_name(gateway: str) -> str:
    """Return the name of the HTTPRoute of *gateway*."""
    return f"{gateway}-route"


def health_check_name(gateway: str) -> str:
    """Return the name of the HealthCheckPolicy behind *gateway*."""
    return f"{gateway}-health"


def backend_policy_name(gateway: str) -> str:
    """Return the name of the GCPBackendPolicy behind *gateway*."""
    return f"{gateway}-backend"


def gateway(
    *, name: str, namespace: str, gateway_class: str, port: int, addresses: Sequence[tuple[str, str | None]]
) -> Manifest:
    """
    Return a Gateway with one HTTP listener and an address in each region.

    Args:
        name: Name of the Gateway.
        namespace: Namespace; routes of other namespaces are not accepted.
        gateway_class: Class, such as `gke-l7-cross-regional-internal-managed-mc`.
        port: Port of the listener.
        addresses: (region, name of a reserved address in it), or (region, None) for one that Google chooses and that
            goes with the Gateway. Each region needs a proxy-only subnet.
    """
    spec = {
        "gatewayClassName": gateway_class,
        "addresses": [_address(region, reserved) for region, reserved in addresses],
        "listeners": [{"name": "http", "protocol": "HTTP", "port": port}],
    }
    return manifest(GATEWAY_API, "Gateway", name=name, namespace=namespace, spec=spec)


def http_route(*, name: str, namespace: str, gateway: str, pool: str) -> Manifest:
    """
    Route every request of *gateway* to the pool *pool* of all clusters.

    No port: the imported pool knows its own. No timeout: the backend policy has it.
    """
    spec = {
        "parentRefs": [{"kind": "Gateway", "name": gateway}],
        "rules": [{"backendRefs": [_imported_pool(pool)]}],
    }
    return manifest(GATEWAY_API, "HTTPRoute", name=name, namespace=namespace, spec=spec)


def health_check_policy(*, name: str, namespace: str, pool: str, port: int, spec: HealthCheckSpec) -> Manifest:
    """
    Probe the model servers. By default the load balancer asks for `/`, gets 404 and takes every server out.

    The newest CRD refuses a port without `USE_FIXED_PORT`, older ones accept it.
    """
    probe = {"portSpecification": "USE_FIXED_PORT", "port": port, "requestPath": spec.path}
    default = {
        "checkIntervalSec": spec.interval_sec,
        "timeoutSec": spec.timeout_sec,
        "healthyThreshold": spec.healthy_threshold,
        "unhealthyThreshold": spec.unhealthy_threshold,
        "config": {"type": "HTTP", "httpHealthCheck": probe},
    }
    return _policy("HealthCheckPolicy", name=name, namespace=namespace, pool=pool, default=default)


def gcp_backend_policy(
    *,
    name: str,
    namespace: str,
    pool: str,
    spec: GatewaySpec,
    export_name: str,
    regions: Sequence[RegionSpec] = (),
) -> Manifest:
    """
    Set times, logging and balancing of the pool in one object: of two for one target only the older counts.

    Requests go to a preferred region, or else to the closest one, until it is full; then they spread over the others.
    It is full when its metric *export_name* reaches the limit, or when its servers have the requests they may have at
    once. `trafficDuration` and IN_FLIGHT have no public schema; they are on Google's multi-cluster page (GKE 1.34).

    Each of *regions* that is preferred, or uses less than all of its capacity, gets a scope; capacity 0 drains it.
    """
    balanced = _balanced_by_requests(spec) or _balanced_by_metric(export_name, spec.spill_over_percent)
    default = {
        "timeoutSec": spec.timeout_sec,
        "connectionDraining": {"drainingTimeoutSec": spec.draining_sec},
        "logging": _logging(spec.log_sample_percent),
        "trafficDuration": "LONG",
        **balanced,
        "scopes": [scope for region in regions if (scope := _scope(region))] or None,
    }
    return _policy("GCPBackendPolicy", name=name, namespace=namespace, pool=pool, default=default)


def _policy(kind: str, *, name: str, namespace: str, pool: str, default: dict[str, Any]) -> Manifest:
    spec = {"targetRef": _imported_pool(pool), "default": default}
    return manifest(GKE_NETWORKING_API, kind, name=name, namespace=namespace, spec=spec)


def _imported_pool(pool: str) -> dict[str, str]:
    """Refer to the pool in the config cluster: imported from every cluster that exports one of this name."""
    return {"group": "networking.gke.io", "kind": "GCPInferencePoolImport", "name": pool}


def _address(region: str, reserved: str | None) -> dict[str, str]:
    if reserved is None:
        return {"type": f"networking.gke.io/ephemeral-ipv4-address/{region}", "value": region}
    return {
        "type": "networking.gke.io/named-address-with-region",
        "value": f"regions/{region}/addresses/{reserved}",
    }


def _logging(percent: float) -> dict[str, Any]:
    """Log a sample of the requests: the API counts in millionths."""
    rate = round(percent * ALL_REQUESTS / 100)
    return {"enabled": True, "sampleRate": rate} if rate else {"enabled": False}


def _balanced_by_requests(spec: GatewaySpec) -> dict[str, Any]:
    if spec.max_in_flight_requests is None:
        return {}
    return {"balancingMode": "IN_FLIGHT", "maxInFlightRequestsPerEndpoint": spec.max_in_flight_requests}


def _balanced_by_metric(export_name: str, limit_percent: int | None) -> dict[str, Any]:
    metric = {"name": NAMED_METRIC_PREFIX + export_name, "maxUtilizationPercent": limit_percent, "dryRun": False}
    return {"balancingMode": "CUSTOM_METRICS", "customMetrics": [metric]}


def _scope(region: RegionSpec) -> dict[str, Any] | None:
    """Return what is different in *region*, in one scope: of two that match only the first counts."""
    differs: dict[str, Any] = {}
    if region.preferred:
        differs["backendPreference"] = "PREFERRED"
    if region.capacity_percent < ALL_CAPACITY:
        differs["capacityScalerPercent"] = region.capacity_percent
    return {"selector": {"gke.io/region": region.region}, **differs} if differs else None
