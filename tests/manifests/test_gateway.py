"""The gateway, its route and its policies."""

import pytest

from constructs_lib.manifests import gateway
from constructs_lib.specs import GatewaySpec, HealthCheckSpec, RegionSpec
from tests.checks.kubernetes_objects import problems
from tests.manifests.examples import NAMESPACE

CLASS = "gke-l7-cross-regional-internal-managed-mc"
POOL = {"group": "networking.gke.io", "kind": "GCPInferencePoolImport", "name": "gemma-pool"}


def test_a_gateway_has_one_listener_and_an_address_per_region() -> None:
    """Reserved addresses go by name, the others by region."""
    made = gateway.gateway(
        name="gemma",
        namespace=NAMESPACE,
        gateway_class=CLASS,
        port=80,
        addresses=[("us-east5", "gemma-gateway-us"), ("europe-west4", None)],
    )

    assert made["spec"]["gatewayClassName"] == CLASS
    assert made["spec"]["listeners"] == [{"name": "http", "protocol": "HTTP", "port": 80}]
    assert made["spec"]["addresses"] == [
        {
            "type": "networking.gke.io/named-address-with-region",
            "value": "regions/us-east5/addresses/gemma-gateway-us",
        },
        {"type": "networking.gke.io/ephemeral-ipv4-address/europe-west4", "value": "europe-west4"},
    ]
    assert problems(made) == []


def test_the_route_sends_everything_to_the_imported_pool() -> None:
    """Without a port, which the import knows."""
    made = gateway.http_route(name="gemma", namespace=NAMESPACE, gateway="gemma", pool="gemma-pool")

    assert made["spec"]["rules"] == [{"backendRefs": [POOL]}]
    assert made["spec"]["parentRefs"] == [{"kind": "Gateway", "name": "gemma"}]
    assert problems(made) == []


def test_the_health_check_says_which_port_it_means() -> None:
    """The newest CRD refuses a port without USE_FIXED_PORT."""
    made = gateway.health_check_policy(
        name="gemma-health", namespace=NAMESPACE, pool="gemma-pool", port=8000, spec=HealthCheckSpec()
    )

    assert made["spec"]["targetRef"] == POOL
    assert made["spec"]["default"] == {
        "checkIntervalSec": 5,
        "timeoutSec": 5,
        "healthyThreshold": 2,
        "unhealthyThreshold": 2,
        "config": {
            "type": "HTTP",
            "httpHealthCheck": {"portSpecification": "USE_FIXED_PORT", "port": 8000, "requestPath": "/health"},
        },
    }
    assert problems(made) == []


def test_requests_spill_over_by_the_exported_metric() -> None:
    """Balancing, times and logs are in one object: of two for one target, one is ignored."""
    made = gateway.gcp_backend_policy(
        name="gemma-backend", namespace=NAMESPACE, pool="gemma-pool", spec=GatewaySpec(), export_name="kv-cache"
    )

    assert made["spec"]["targetRef"] == POOL
    assert made["spec"]["default"] == {
        "timeoutSec": 600,
        "connectionDraining": {"drainingTimeoutSec": 120},
        "logging": {"enabled": True, "sampleRate": 10_000},
        "trafficDuration": "LONG",
        "balancingMode": "CUSTOM_METRICS",
        "customMetrics": [{"name": "gke.named_metrics.kv-cache", "maxUtilizationPercent": 60, "dryRun": False}],
    }
    assert problems(made) == []


@pytest.mark.parametrize(
    ("percent", "logging"),
    [
        (0, {"enabled": False}),
        (0.00001, {"enabled": False}),
        (0.29, {"enabled": True, "sampleRate": 2900}),
        (100, {"enabled": True, "sampleRate": 1_000_000}),
    ],
)
def test_the_share_of_logged_requests_is_counted_in_millionths(percent: float, logging: dict[str, object]) -> None:
    """None of them means that logging is off."""
    made = gateway.gcp_backend_policy(
        name="gemma-backend",
        namespace=NAMESPACE,
        pool="gemma-pool",
        spec=GatewaySpec(log_sample_percent=percent),
        export_name="kv-cache",
    )

    assert made["spec"]["default"]["logging"] == logging
    assert problems(made) == []


def region(name: str, **settings: object) -> RegionSpec:
    """Make a region with one zone."""
    return RegionSpec(number=1, region=name, zones=(f"{name}-a",), **settings)  # type: ignore[arg-type]


def test_what_is_different_in_a_region_is_one_scope() -> None:
    """Of two that match, the first would win; a region like the others is not named, so that nothing changes for it."""
    policy = gateway.gcp_backend_policy(
        name="backend",
        namespace="inference",
        pool="gemma-pool",
        spec=GatewaySpec(),
        export_name="kv-cache",
        regions=[
            region("us-east5", capacity_percent=0),
            region("europe-west4"),
            region("asia-east1", capacity_percent=30, preferred=True),
            region("us-east4", preferred=True),
        ],
    )

    assert policy["spec"]["default"]["scopes"] == [
        {"selector": {"gke.io/region": "us-east5"}, "capacityScalerPercent": 0},
        {"selector": {"gke.io/region": "asia-east1"}, "backendPreference": "PREFERRED", "capacityScalerPercent": 30},
        {"selector": {"gke.io/region": "us-east4"}, "backendPreference": "PREFERRED"},
    ]
    assert problems(policy) == []


def test_requests_at_once_are_the_other_way_to_balance() -> None:
    """Then no metric is named: the two modes exclude each other."""
    policy = gateway.gcp_backend_policy(
        name="backend",
        namespace="inference",
        pool="gemma-pool",
        spec=GatewaySpec(max_in_flight_requests=64),
        export_name="kv-cache",
    )["spec"]["default"]

    assert (policy["balancingMode"], policy["maxInFlightRequestsPerEndpoint"]) == ("IN_FLIGHT", 64)
    assert "customMetrics" not in policy
