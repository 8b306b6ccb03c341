"""The gateway, its routes and its policies."""

from typing import Any

import pytest

from constructs_lib.gateway_class import CROSS_REGION, REGIONAL_EXTERNAL, REGIONAL_INTERNAL, GatewayClass
from constructs_lib.manifests import gateway
from constructs_lib.manifests.gateway import Backend, Balancing
from constructs_lib.manifests.gateway_policy import gcp_gateway_policy
from constructs_lib.manifests.http_route import http_route
from constructs_lib.specs import AddressSpec, GatewaySpec, HealthCheckSpec, RegionSpec
from tests.checks.kubernetes_objects import problems
from tests.manifests.examples import NAMESPACE

POOL = {"group": "networking.gke.io", "kind": "GCPInferencePoolImport", "name": "gemma-pool"}
SERVICE = {"group": "net.gke.io", "kind": "ServiceImport", "name": "kokoro-server"}
GEMMA = Backend(name="gemma-pool")
KOKORO = Backend(name="kokoro-server", service_port=8880)
FILL = Balancing(timeout_sec=600, export_name="kv-cache", max_utilization_percent=60)


def route(*backends: tuple[Backend, int | None], address: AddressSpec | None = None) -> dict[str, Any]:
    """Make a route to *backends*, or to one pool."""
    given = backends or ((GEMMA, None),)
    return http_route(name="gemma-route", namespace=NAMESPACE, gateway="gemma", backends=given, address=address)


def backend_policy(
    backend: Backend = GEMMA,
    balancing: Balancing = FILL,
    regions: tuple[RegionSpec, ...] = (),
    spec: GatewaySpec | None = None,
) -> dict[str, Any]:
    """Make the policy of *backend*."""
    return gateway.gcp_backend_policy(
        name="gemma-backend", namespace=NAMESPACE, backend=backend, balancing=balancing, spec=spec or GatewaySpec(),
        regions=regions,
    )  # fmt: skip


HTTP = [{"name": "http", "protocol": "HTTP", "port": 80}]


def test_a_gateway_has_one_listener_and_an_address_per_region() -> None:
    """Reserved addresses go by name, the others by region."""
    made = gateway.gateway(
        name="gemma",
        namespace=NAMESPACE,
        gateway_class=CROSS_REGION,
        listeners=HTTP,
        addresses=[("us-east5", "gemma-gateway-us"), ("europe-west4", None)],
    )

    assert made["spec"]["gatewayClassName"] == "gke-l7-cross-regional-internal-managed-mc"
    assert made["spec"]["listeners"] == HTTP
    assert made["spec"]["addresses"] == [
        {
            "type": "networking.gke.io/named-address-with-region",
            "value": "regions/us-east5/addresses/gemma-gateway-us",
        },
        {"type": "networking.gke.io/ephemeral-ipv4-address/europe-west4", "value": "europe-west4"},
    ]
    assert problems(made) == []


@pytest.mark.parametrize("kind", [REGIONAL_INTERNAL, REGIONAL_EXTERNAL], ids=lambda kind: kind.name)
def test_a_regional_gateway_has_its_reserved_address_by_name_alone(kind: GatewayClass) -> None:
    """It is in one region; without a reserved address GKE gives it one, and an empty list would be refused."""
    settings: dict[str, Any] = {"name": "gemma", "namespace": NAMESPACE, "gateway_class": kind, "listeners": HTTP}
    named = gateway.gateway(**settings, addresses=[("us-east5", "gemma-gateway-us")])
    ephemeral = gateway.gateway(**settings, addresses=[("us-east5", None)])

    assert named["spec"]["gatewayClassName"] == kind.name
    assert named["spec"]["addresses"] == [{"type": "NamedAddress", "value": "gemma-gateway-us"}]
    assert "addresses" not in ephemeral["spec"]
    assert problems(named) == problems(ephemeral) == []


@pytest.mark.parametrize(
    ("backend", "expected"),
    [
        (
            Backend(name="gemma-pool", imported=False),
            {"group": "inference.networking.k8s.io", "kind": "InferencePool", "name": "gemma-pool"},
        ),
        (
            Backend(name="kokoro-server", service_port=8880, imported=False),
            {"group": "", "kind": "Service", "name": "kokoro-server"},
        ),
    ],
    ids=["pool", "Service"],
)
def test_a_regional_gateway_sends_requests_to_its_own_cluster(backend: Backend, expected: dict[str, str]) -> None:
    """And both policies have the same target; a region that is alone is never full, so nothing measures that."""
    port = {} if backend.service_port is None else {"port": backend.service_port}
    made = route((backend, None))
    policy = backend_policy(backend, Balancing(timeout_sec=600))
    check = gateway.health_check_policy(
        name="gemma-health", namespace=NAMESPACE, backend=backend, port=8000, path="/health", spec=HealthCheckSpec()
    )

    assert made["spec"]["rules"] == [{"backendRefs": [{**expected, **port}]}]
    assert policy["spec"]["targetRef"] == check["spec"]["targetRef"] == expected
    assert {"balancingMode", "trafficDuration", "customMetrics"}.isdisjoint(policy["spec"]["default"])
    assert problems(made) == problems(policy) == problems(check) == []


def test_clients_of_all_regions_reach_an_internal_regional_gateway() -> None:
    """By the one policy that a Gateway has."""
    made = gcp_gateway_policy(name="gemma-policy", namespace=NAMESPACE, gateway="gemma", global_access=True)

    assert made["spec"]["targetRef"] == {"group": "gateway.networking.k8s.io", "kind": "Gateway", "name": "gemma"}
    assert made["spec"]["default"] == {"allowGlobalAccess": True}


def test_the_route_sends_everything_to_the_imported_pool() -> None:
    """Without a port, which the import knows."""
    made = route()

    assert made["spec"]["rules"] == [{"backendRefs": [POOL]}]
    assert made["spec"]["parentRefs"] == [{"kind": "Gateway", "name": "gemma"}]
    assert problems(made) == []


def test_the_health_check_says_which_port_it_means() -> None:
    """The newest CRD refuses a port without USE_FIXED_PORT."""
    made = gateway.health_check_policy(
        name="gemma-health", namespace=NAMESPACE, backend=GEMMA, port=8000, path="/health", spec=HealthCheckSpec()
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
    made = backend_policy()

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
        (0.0001, {"enabled": True, "sampleRate": 1}),
        (0.29, {"enabled": True, "sampleRate": 2900}),
        (100, {"enabled": True, "sampleRate": 1_000_000}),
    ],
)
def test_the_share_of_logged_requests_is_counted_in_millionths(percent: float, logging: dict[str, object]) -> None:
    """None of them means that logging is off."""
    made = backend_policy(spec=GatewaySpec(log_sample_percent=percent))

    assert made["spec"]["default"]["logging"] == logging
    assert problems(made) == []


@pytest.mark.parametrize("rate", [1, 2, 999, 2_900, 999_999])
def test_no_share_that_is_allowed_is_rounded_away(rate: int) -> None:
    """Each whole rate of the API can be written as a percentage."""
    made = backend_policy(spec=GatewaySpec(log_sample_percent=rate / 10_000))

    assert made["spec"]["default"]["logging"] == {"enabled": True, "sampleRate": rate}


def test_optional_fields_are_in_the_entries_that_are_asked_for() -> None:
    """Those and no others, beside the fields that each entry has."""
    made = backend_policy(spec=GatewaySpec(log_fields=("orca_load_report", "tls.cipher")))

    assert made["spec"]["default"]["logging"] == {
        "enabled": True,
        "sampleRate": 10_000,
        "optionalMode": "CUSTOM",
        "optionalFields": ["orca_load_report", "tls.cipher"],
    }
    assert problems(made) == []


def region(name: str, **settings: object) -> RegionSpec:
    """Make a region with one zone."""
    return RegionSpec(number=1, region=name, zones=(f"{name}-a",), **settings)  # type: ignore[arg-type]


def test_what_is_different_in_a_region_is_one_scope() -> None:
    """Of two that match, the first would win; a region like the others is not named, so that nothing changes for it."""
    policy = backend_policy(
        regions=(
            region("us-east5", capacity_percent=0),
            region("europe-west4"),
            region("asia-east1", capacity_percent=30, preferred=True),
            region("us-east4", preferred=True),
        )
    )

    assert policy["spec"]["default"]["scopes"] == [
        {"selector": {"gke.io/region": "us-east5"}, "capacityScalerPercent": 0},
        {"selector": {"gke.io/region": "asia-east1"}, "backendPreference": "PREFERRED", "capacityScalerPercent": 30},
        {"selector": {"gke.io/region": "us-east4"}, "backendPreference": "PREFERRED"},
    ]
    assert problems(policy) == []


def test_requests_at_once_are_the_other_way_to_balance() -> None:
    """Then no metric is named: the two modes exclude each other."""
    made = backend_policy(balancing=Balancing(timeout_sec=600, max_in_flight_requests=64))
    policy = made["spec"]["default"]

    assert (policy["balancingMode"], policy["maxInFlightRequestsPerEndpoint"]) == ("IN_FLIGHT", 64)
    assert "customMetrics" not in policy
    assert problems(made) == []


def test_requests_a_second_are_a_third_way_to_balance() -> None:
    """For servers without a metric; no other measure is named."""
    made = backend_policy(KOKORO, Balancing(timeout_sec=60, max_requests_per_second=5))
    policy = made["spec"]["default"]

    assert made["spec"]["targetRef"] == SERVICE
    assert (policy["balancingMode"], policy["maxRatePerEndpoint"], policy["timeoutSec"]) == ("RATE", 5, 60)
    assert not policy.keys() & {"customMetrics", "maxInFlightRequestsPerEndpoint"}
    assert problems(made) == []


def test_a_service_is_named_with_its_port_and_a_policy_without() -> None:
    """An import of a Service has several ports, one of an InferencePool knows its own."""
    made = route((KOKORO, None))
    check = gateway.health_check_policy(
        name="kokoro-health", namespace=NAMESPACE, backend=KOKORO, port=8880, path="/health", spec=HealthCheckSpec()
    )

    assert made["spec"]["rules"] == [{"backendRefs": [SERVICE | {"port": 8880}]}]
    assert check["spec"]["targetRef"] == SERVICE
    assert problems(made) == problems(check) == []


ADDRESSES: dict[str, tuple[AddressSpec, list[str] | None, dict[str, Any] | None]] = {
    "a path": (AddressSpec(path="/gemma"), None, {"path": {"type": "PathPrefix", "value": "/gemma"}}),
    "a host": (AddressSpec(host="gemma.example.com"), ["gemma.example.com"], None),
    "headers": (
        AddressSpec(headers={"x-model": "gemma", "x-size": "27b"}),
        None,
        {
            "headers": [
                {"type": "Exact", "name": "x-model", "value": "gemma"},
                {"type": "Exact", "name": "x-size", "value": "27b"},
            ]
        },
    ),
    "all of them": (
        AddressSpec(path="/gemma/v2", host="ai.example.com", headers={"x-model": "gemma"}),
        ["ai.example.com"],
        {
            "path": {"type": "PathPrefix", "value": "/gemma/v2"},
            "headers": [{"type": "Exact", "name": "x-model", "value": "gemma"}],
        },
    ),
}


@pytest.mark.parametrize("name", ADDRESSES)
def test_a_request_fits_all_that_an_address_names(name: str) -> None:
    """In one match, so that nothing less is enough; the host is the whole route's."""
    address, hosts, match = ADDRESSES[name]
    made = route(address=address)
    [rule] = made["spec"]["rules"]

    assert made["spec"].get("hostnames") == hosts
    assert rule.get("matches") == (None if match is None else [match])
    assert problems(made) == []


def test_servers_get_the_path_without_the_prefix() -> None:
    """They know nothing of it; where no prefix is matched nothing is rewritten."""
    [with_path] = route(address=AddressSpec(path="/gemma"))["spec"]["rules"]
    [without] = route(address=AddressSpec(host="gemma.example.com"))["spec"]["rules"]

    assert with_path["filters"] == [
        {"type": "URLRewrite", "urlRewrite": {"path": {"type": "ReplacePrefixMatch", "replacePrefixMatch": "/"}}}
    ]
    assert "filters" not in without


def test_a_canary_gets_its_weight_in_the_rule_of_the_other_model() -> None:
    """Nothing else of the route changes with it; no route has a timeout, which GKE refuses."""
    address = AddressSpec(path="/gemma")
    alone, canary = route(address=address), route((GEMMA, 90), (Backend(name="next-pool"), 10), address=address)
    [rule] = canary["spec"]["rules"]

    assert rule["backendRefs"] == [POOL | {"weight": 90}, POOL | {"name": "next-pool", "weight": 10}]
    assert "timeouts" not in rule
    assert problems(canary) == []
    rule["backendRefs"] = [POOL]
    assert canary == alone


def test_a_public_route_takes_the_paths_that_it_names_alone() -> None:
    """What else a server has, such as its metrics, is not for the internet."""
    made = http_route(
        name="gemma-route", namespace=NAMESPACE, gateway="gemma", backends=[(GEMMA, None)], paths=["/v1", "/rerank"]
    )

    assert [rule["matches"] for rule in made["spec"]["rules"]] == [
        [{"path": {"type": "PathPrefix", "value": "/v1"}}],
        [{"path": {"type": "PathPrefix", "value": "/rerank"}}],
    ]
    assert not any("filters" in rule for rule in made["spec"]["rules"])
    assert problems(made) == []


def test_a_public_route_keeps_a_path_behind_the_models_own_prefix() -> None:
    """`/gemma/v1/models` becomes `/v1/models`, and `/gemma/metrics` fits no rule; headers count too."""
    made = http_route(
        name="gemma-route",
        namespace=NAMESPACE,
        gateway="gemma",
        backends=[(GEMMA, None)],
        address=AddressSpec(path="/gemma", headers={"x-team": "a"}),
        paths=["/v1"],
    )

    [rule] = made["spec"]["rules"]
    assert rule["matches"] == [
        {
            "path": {"type": "PathPrefix", "value": "/gemma/v1"},
            "headers": [{"type": "Exact", "name": "x-team", "value": "a"}],
        }
    ]
    assert rule["filters"] == [
        {"type": "URLRewrite", "urlRewrite": {"path": {"type": "ReplacePrefixMatch", "replacePrefixMatch": "/v1"}}}
    ]
    assert problems(made) == []
