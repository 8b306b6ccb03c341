"""Cases of the rules about the gateway."""

from __future__ import annotations

from tests.platform_config.rules.case import Case, More, regions

CASES: dict[str, Case] = {
    "GW-NEG-50": Case(
        {"regions": regions(50), "gateway__regions": ["r0"]},
        {"regions": regions(51), "gateway__regions": ["r0"]},
        "regions: must have at most 50 zones times ports in all, got 51 from 51 regions"
        " -> name fewer zones in regions.r0, or fewer regions",
    ),
    "GW-ADDRESS-16": Case(
        {"regions": regions(17), "gateway__regions": [f"r{n}" for n in range(16)]},
        {"regions": regions(17)},
        "gateway.regions: must be at most 16, got 17 -> name the 16 nearest to the clients",
    ),
    "GW-HEALTH-TIMEOUT": Case(
        {"gateway__health_check": {"interval_sec": 2, "timeout_sec": 2}},
        {"gateway__health_check": {"interval_sec": 2}},
        "gateway.health_check.timeout_sec: must be at most interval_sec (2), got 5 -> write 2",
    ),
    "GW-HEALTH-BUSY": Case(
        {"gateway__health_check": {"timeout_sec": 3}},
        {"gateway__health_check": {"interval_sec": 2, "timeout_sec": 2}},
        "gateway.health_check.timeout_sec: should be at least 3, since a busy server answers late, got 2"
        " -> write 3, and interval_sec: 3",
    ),
    "GW-HEALTH-PATH": Case(
        {"gateway__health_check": {"path": "/v1/health?deep=1"}},
        {"gateway__health_check": {"path": "/health check"}},
        "gateway.health_check.path: must be at most 2048 printable ASCII characters without spaces, "
        "got '/health check' -> write '/health'",
    ),
    "GW-CHART-REQUESTS": Case(
        {"inference_pool__chart_version": "v1.4.0"},
        {"inference_pool__chart_version": "v1.3.1"},
        "inference_pool.chart_version: should be v1.4.0 or later, whose endpoint picker asks for CPU and memory, "
        "got 'v1.3.1' -> write 'v1.5.0'",
    ),
    "GW-METRIC-45": Case(
        {"models__gemma__server__metric_export_name": "m" * 45},
        {"models__gemma__server__metric_export_name": "M" * 46},
        [
            f"models.gemma.server.metric_export_name: must be at most 45 characters, got 46: '{'M' * 46}' -> write 'kv-cache'",
            "models.gemma.server.metric_export_name: must hold lower case letters, digits and hyphens and begin with a letter"
            f", got '{'M' * 46}' -> write 'kv-cache'",
        ],
    ),
    "GW-CHART": Case(
        {"inference_pool__chart_version": "v1.0.1"},
        {"inference_pool__chart_version": "1.5.0"},
        "inference_pool.chart_version: must be one of v1.0.1, v1.1.0, v1.2.1, v1.3.1, v1.4.0, v1.5.0, got '1.5.0'"
        " -> write 'v1.5.0'",
    ),
    "GW-PRIORITY": Case(
        {"inference_pool__objective_priority": -1},
        {"inference_pool__objective_priority": 2**31},
        "inference_pool.objective_priority: must be between -2147483648 and 2147483647, got 2147483648 -> write 10",
    ),
    "GW-DRAINING": Case(
        {"gateway__draining_sec": 130},
        {"gateway__draining_sec": 131},
        "models.gemma.server.termination_grace_sec: should be at least gateway.draining_sec (131), got 130 -> write 141",
    ),
    "GW-BALANCE-ONE": Case(
        {"gateway__max_in_flight_requests": 8},
        {"gateway": {"max_in_flight_requests": 8, "max_utilization_percent": 60}},
        "gateway.max_in_flight_requests: must be the only limit, got 8 beside max_utilization_percent 60"
        " -> remove one of the two",
    ),
}

MORE: dict[str, More] = {
    "a region named twice": (
        "GW-ADDRESS-16",
        {"gateway__regions": ["us", "us"]},
        ["gateway.regions[1]: must be named once, got 'us' again -> remove it"],
    ),
}
