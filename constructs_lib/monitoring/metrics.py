"""
The names of all metrics that are watched, as PromQL has them, by who exports them.

Each is in a public source; tests/data/metrics names it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from constructs_lib.gateway_class import CROSS_REGION, REGIONAL_EXTERNAL, REGIONAL_INTERNAL


@dataclass(frozen=True, kw_only=True)
class PickerMetrics:
    """
    What an endpoint picker exports. Histograms without their `_bucket`.

    Attributes:
        requests: Requests, by model_name and target_model_name.
        errors: Requests that failed, by error_code too.
        duration: Seconds of whole requests.
        kv_cache: Average fill of the pool's KV caches, 0 to 1, by name (of the pool).
        queue: Average requests that wait at a server of the pool, by name.
        ready: Servers of the pool that are ready, by name.
    """

    requests: str
    errors: str
    duration: str
    kv_cache: str
    queue: str
    ready: str


def _extension_metrics(noun: str) -> PickerMetrics:
    """Return the names of gateway-api-inference-extension, whose requests are of a *noun*."""
    of_requests = f"inference_{noun}"
    return PickerMetrics(
        requests=f"{of_requests}_request_total",
        errors=f"{of_requests}_request_error_total",
        duration=f"{of_requests}_request_duration_seconds",
        kv_cache="inference_pool_average_kv_cache_utilization",
        queue="inference_pool_average_queue_size",
        ready="inference_pool_ready_pods",
    )


MODEL_FAMILY = _extension_metrics("model")
"""Charts v1.0."""
OBJECTIVE_FAMILY = _extension_metrics("objective")
"""Charts v1.1 to v1.5."""
LLM_D_FAMILY = PickerMetrics(
    requests="llm_d_epp_request_total",
    errors="llm_d_epp_request_error_total",
    duration="llm_d_epp_request_duration_seconds",
    kv_cache="llm_d_epp_average_kv_cache_utilization",
    queue="llm_d_epp_average_queue_size",
    ready="llm_d_epp_ready_endpoints",
)
"""llm-d-router, the chart's successor, from 0.9 on. 0.10 exports the older names too."""

PICKER_FAMILIES: Mapping[str, PickerMetrics] = {
    "v1.0.1": MODEL_FAMILY,
    "v1.1.0": OBJECTIVE_FAMILY,
    "v1.2.1": OBJECTIVE_FAMILY,
    "v1.3.1": OBJECTIVE_FAMILY,
    "v1.4.0": OBJECTIVE_FAMILY,
    "v1.5.0": OBJECTIVE_FAMILY,
    "v0.10.0": LLM_D_FAMILY,
}
"""By version of the inferencepool chart, and of llm-d-router: no version is of both."""


@dataclass(frozen=True, kw_only=True)
class EngineMetrics:
    """
    What a model server exports. Histograms without their `_bucket`.

    Attributes:
        first_token: Seconds to the first token.
        first_token_bounds: The bounds of its buckets in seconds.
        output_tokens: Tokens of answers, a counter.
        waiting: Requests that wait.
    """

    first_token: str
    first_token_bounds: tuple[float, ...]
    output_tokens: str
    waiting: str


VLLM = EngineMetrics(
    first_token="vllm:time_to_first_token_seconds",
    first_token_bounds=(
        *(0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0, 20.0, 40.0, 80.0),
        *(160.0, 640.0, 2560.0),
    ),
    output_tokens="vllm:generation_tokens_total",
    waiting="vllm:num_requests_waiting",
)
"""What vLLM counts."""
SGLANG = EngineMetrics(
    first_token="sglang:time_to_first_token_seconds",
    first_token_bounds=(
        *(0.1, 0.2, 0.4, 0.6, 0.8, 1.0, 2.0, 4.0, 6.0, 8.0, 10.0, 20.0, 40.0, 60.0, 80.0, 100.0, 200.0, 400.0),
    ),
    output_tokens="sglang:generation_tokens_total",
    waiting="sglang:num_queue_reqs",
)
"""What SGLang counts."""
ENGINES: Mapping[str, EngineMetrics] = {"vllm": VLLM, "sglang": SGLANG}
"""By `server.kind`; of a custom server only its own gauge is known."""


@dataclass(frozen=True, kw_only=True)
class LoadBalancerMetrics:
    """
    What a load balancer of one gateway class exports.

    Attributes:
        resource: Its monitored resource, in metrics and logs.
        requests: Requests, by response_code_class ("200" to "500", "0") and backend_scope (the zone that served).
        latency: Milliseconds of whole requests, a histogram.
        metric_type: What the types of its metrics begin with in the Monitoring API.
    """

    resource: str
    requests: str
    latency: str
    metric_type: str


def _load_balancer(resource: str, prefix: str) -> LoadBalancerMetrics:
    metric = f"loadbalancing_googleapis_com:{prefix}"
    return LoadBalancerMetrics(
        resource=resource,
        requests=f"{metric}_request_count",
        latency=f"{metric}_total_latencies",
        metric_type=f"loadbalancing.googleapis.com/{prefix.replace('_', '/')}",
    )


INTERNAL = _load_balancer("internal_http_lb_rule", "https_internal")
"""Internal load balancers, regional and cross-region."""
EXTERNAL = _load_balancer("http_external_regional_lb_rule", "https_external_regional")
LOAD_BALANCERS: Mapping[str, LoadBalancerMetrics] = {
    CROSS_REGION.name: INTERNAL,
    REGIONAL_INTERNAL.name: INTERNAL,
    REGIONAL_EXTERNAL.name: EXTERNAL,
}
"""By gateway class. A global one has another resource in logs (`http_load_balancer`) than in metrics (`https_lb_rule`),
and its logs have `statusDetails` in place of `proxyStatus`."""

SERVER_ERRORS = "500"
"""The response_code_class of 500 to 599."""
ANSWERED = "200"
"""The response_code_class of 200 to 299."""
CLIENT_GONE = "0"
"""The response_code_class of requests whose client left before an answer: neither good nor bad."""
LOAD_BALANCER_LATE_SEC = 90
"""Until Google has a sample of a load balancer. Source: Google Cloud metrics, loadbalancing.googleapis.com."""
SHORTEST_WINDOW_SEC = 180
"""Shortest window in which a load balancer has enough samples: each is of 60 s, and late."""
ANSWERS = "4..|BadRequest|Unauthorized|Forbidden|NotFound|PreconditionFailed|(InferencePool)?ResourceExhausted"
"""What a picker has as error_code where the request itself was wrong, or was of low priority and there was no room for
it (429). Sources: gateway-api-inference-extension v1.5.0 and llm-d-router v0.10.0, which has the names without
InferencePool, pkg/common/error/error.go; numbers are statuses."""

CONTAINERS_READY = "kube_pod_container_status_ready"
"""1 for each container that is ready, by cluster, namespace, pod and container; of GKE's component POD."""
POD_PHASE = "kube_pod_status_phase"
"""One series for each pod and phase, by cluster, namespace and pod; of GKE's component POD."""
GPU_BUSY = "DCGM_FI_DEV_GPU_UTIL"
"""Percent of the time in which a GPU computed; of GKE's component DCGM."""
ACCELERATOR_BUSY = "kubernetes_io:node_accelerator_duty_cycle"
"""Percent of the time in which a TPU or GPU computed, by accelerator of a node; containers that share one have none."""
CERTIFICATE_DAYS = "monitoring_googleapis_com:uptime_check_time_until_ssl_cert_expires"
"""Days, by host."""
CERTIFICATE_DAYS_TYPE = "monitoring.googleapis.com/uptime_check/time_until_ssl_cert_expires"
"""Its type in the Monitoring API."""
CHECK_PASSED = "monitoring_googleapis_com:uptime_check_check_passed"
"""1 where an uptime check got the answer it wants, else 0, by host and checker_location."""
CHECK_PASSED_TYPE = "monitoring.googleapis.com/uptime_check/check_passed"
"""Its type in the Monitoring API."""
MODEL_ARMOR_FINDINGS = tuple(
    f"modelarmor_googleapis_com:template_{part}_request_count" for part in ("pi_jb", "sdp", "malicious_uri", "rai")
)
"""
Requests in which a filter found something: injections and jailbreaks, sensitive data, malicious addresses, and what
responsible AI leaves out, such as hate and harassment.
"""
