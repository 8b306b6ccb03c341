"""Cases of the rules about the gateway."""

from __future__ import annotations

from typing import Any

from tests.platform_config.rules.case import Case, Changes, More, regions
from tests.platform_config.rules.cases_models import SPEECH, beside


def service(**settings: Any) -> Changes:
    """Return changes that give the example a second model, behind a multi-cluster Service."""
    model = {**SPEECH, "address": {"path": "/speech"}, **settings}
    return {"service_discovery": True, "models__gemma__address": {"path": "/gemma"}, "models__speech": model}


CASES: dict[str, Case] = {
    "GW-NEG-50": Case(
        {"regions": regions(50), "gateway__regions": ["r0"]},
        {"regions": regions(51), "gateway__regions": ["r0"]},
        "regions: must have at most 50 zones in all for each of gemma, got 51 in 51 regions"
        " -> name fewer zones in regions.r0, or fewer regions",
    ),
    "GW-NEG-ALL": Case(
        {"regions": regions(25), "gateway__regions": ["r0"], **beside({"path": "/next"})},
        {"regions": regions(26), "gateway__regions": ["r0"], **beside({"path": "/next"})},
        "models: should have at most 50 zones over all models, in case Google counts them together, got 52"
        " -> serve each model in fewer regions, or name fewer zones",
    ),
    "GW-PORT": Case(
        {"models__gemma__server__port": 9091},
        {"models__gemma__server__port": 9090},
        "models.gemma.server.port: must be none of the endpoint picker's ports (9002, 9003, 9090), got 9090"
        " -> have the server listen on another port, such as 8000",
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
        {"models__gemma__server__health_path": "/v1/health?deep=1"},
        {"models__gemma__server__health_path": "/health check"},
        "models.gemma.server.health_path: must be at most 2048 printable ASCII characters without spaces, "
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
            f"models.gemma.server.metric_export_name: must be at most 45 characters, got 46: '{'M' * 46}'"
            " -> write 'kv-cache'",
            "models.gemma.server.metric_export_name: must hold lower case letters, digits and hyphens and begin with a "
            f"letter, got '{'M' * 46}' -> write 'kv-cache'",
        ],
    ),
    "GW-CHART": Case(
        {"inference_pool__chart_version": "v1.0.1"},
        {"inference_pool__chart_version": "1.5.0"},
        "inference_pool.chart_version: must be one of v1.0.1, v1.1.0, v1.2.1, v1.3.1, v1.4.0, v1.5.0, got '1.5.0'"
        " -> write 'v1.5.0'",
    ),
    "GW-PRIORITY": Case(
        {"models__gemma__priorities": {"bulk": -1}},
        {"models__gemma__priorities": {"chat": 2**31}},
        "models.gemma.priorities.chat: must be between -2147483648 and 2147483647, got 2147483648 -> write 10",
    ),
    "GW-DRAINING": Case(
        {"gateway__draining_sec": 130},
        {"gateway__draining_sec": 131},
        "models.gemma.server.termination_grace_sec: should be at least gateway.draining_sec (131), got 130"
        " -> write 141",
    ),
    "GW-BALANCE-ONE": Case(
        {"gateway__max_in_flight_requests": 8},
        {"gateway": {"max_in_flight_requests": 8, "max_utilization_percent": 60}},
        "gateway.max_in_flight_requests: must be the only limit, got 8 beside max_utilization_percent 60"
        " -> remove one of the two",
    ),
    "LOG-FIELDS": Case(
        {"gateway": {"log_fields": ["tls.cipher"]}},
        {"gateway": {"log_fields": ["tls.cipher"], "log_sample_percent": 0}},
        "gateway.log_fields: must be left out where gateway.log_sample_percent is 0, since nothing is logged, got 1"
        " -> remove the line, or write gateway.log_sample_percent: 1.0",
    ),
    "LOG-NAMES": Case(
        {"gateway": {"log_fields": ["orca_load_report", "tls.protocol", "mtls.client_cert_present"]}},
        {"gateway": {"log_fields": ["orca", "request_headers"]}},
        [
            "gateway.log_fields[0]: should be a field that Google documents, got 'orca' -> did you mean "
            "'orca_load_report'?",
            "gateway.log_fields[1]: should be a field that Google documents, got 'request_headers' -> write one of "
            "orca_load_report, tls.protocol, tls.cipher",
        ],
    ),
    "LOG-METRIC": Case(
        {"gateway__log_sample_percent": 0, "observability": {"log_metrics": False}},
        {"gateway__log_sample_percent": 0},
        "gateway.log_sample_percent: should be above 0 where observability.log_metrics counts errors of the load "
        "balancer, since requests that reached a server are then in no log, got 0"
        " -> write 1.0, or observability.log_metrics: false",
    ),
    "SVC-MEASURE": Case(
        service(traffic={"max_requests_per_second": 5}),
        service(traffic={}),
        "models.speech.traffic: must be balanced by requests, since its server has no metric, got no limit of its own"
        " -> write max_in_flight_requests: 8, or max_requests_per_second",
    ),
    "SVC-DISCOVERY": Case(
        service(),
        service() | {"service_discovery": False},
        "service_discovery: must be on for speech, whose servers are behind a multi-cluster Service, got false"
        " -> write true",
    ),
    "SVC-POOL": Case(
        service(),
        service(priorities={"chat": 1}, inference_pool={"endpoint_picker_replicas": 2}),
        [
            f"models.speech.{name}: must be left out of a model without a metric, which is behind no InferencePool, "
            "got a map -> remove it, or name the metric under server.metric"
            for name in ("priorities", "inference_pool")
        ],
    ),
}

MORE: dict[str, More] = {
    "a version of llm-d-router for inferencepool": (
        "GW-CHART",
        {"inference_pool__chart_version": "v0.10.0"},
        [
            "inference_pool.chart_version: must be one of v1.0.1, v1.1.0, v1.2.1, v1.3.1, v1.4.0, v1.5.0 of the chart "
            "inferencepool, got 'v0.10.0' of llm-d-router -> write 'v1.5.0', or chart: llm-d-router"
        ],
    ),
    "a version of inferencepool for llm-d-router, of one model": (
        "GW-CHART",
        {"models__gemma__inference_pool": {"chart": "llm-d-router", "chart_version": "v1.3.1"}},
        [
            "models.gemma.inference_pool.chart_version: must be v0.10.0 of the chart llm-d-router, got 'v1.3.1' of "
            "inferencepool -> write 'v0.10.0', or chart: inferencepool"
        ],
    ),
    "llm-d-router without a version": (
        "GW-CHART",
        {"inference_pool__chart": "llm-d-router"},
        [
            "inference_pool.chart_version: must be v0.10.0 of the chart llm-d-router, got 'v1.5.0' of inferencepool, "
            "the default -> write 'v0.10.0', or chart: inferencepool"
        ],
    ),
    "a version of llm-d-router as its images have it": (
        "GW-CHART",
        {"inference_pool__chart": "llm-d-router", "inference_pool__chart_version": "0.10.0"},
        ["inference_pool.chart_version: must be v0.10.0 of the chart llm-d-router, got '0.10.0' -> write 'v0.10.0'"],
    ),
    "llm-d-router, whose picker asks for CPU and memory": (
        "GW-CHART-REQUESTS",
        {"inference_pool__chart": "llm-d-router", "inference_pool__chart_version": "v0.10.0"},
        [],
    ),
    "a model in a few of many regions": (
        "GW-NEG-50",
        {"regions": regions(51), "gateway__regions": ["r0"], "models__gemma__regions": ["r0", "r1"]},
        [],
    ),
    "several models in too many zones": (
        "GW-NEG-50",
        {"regions": regions(51), "gateway__regions": ["r0"], **beside({"path": "/next"})},
        [
            "regions: must have at most 50 zones in all for each of gemma, next, got 51 in 51 regions"
            " -> name fewer zones in regions.r0, or fewer regions"
        ],
    ),
    "two limits of one model": (
        "GW-BALANCE-ONE",
        {"models__gemma__traffic": {"max_in_flight_requests": 8, "max_requests_per_second": 5}},
        [
            "models.gemma.traffic: must have one limit, got max_in_flight_requests and max_requests_per_second"
            " -> keep one of them"
        ],
    ),
    "a model's limit in place of the gateway's": (
        "GW-BALANCE-ONE",
        {"gateway__max_in_flight_requests": 8, "models__gemma__traffic": {"max_utilization_percent": 50}},
        [],
    ),
    "the fill of a metric that is not there": (
        "SVC-MEASURE",
        service(traffic={"max_utilization_percent": 50}),
        [
            "models.speech.traffic.max_utilization_percent: must be balanced by requests, since its server has no "
            "metric, got a metric's fill -> write max_in_flight_requests: 8, or max_requests_per_second, in its place"
        ],
    ),
    "the gateway's limit of a model without a metric": (
        "SVC-MEASURE",
        service(traffic={}) | {"gateway__max_in_flight_requests": 8},
        [],
    ),
    "a region named twice": (
        "GW-ADDRESS-16",
        {"gateway__regions": ["us", "us"]},
        ["gateway.regions[1]: must be named once, got 'us' again -> remove it"],
    ),
}
