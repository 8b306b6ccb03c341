"""Rules about the gateway: its addresses, health checks and ports, the metric that it reads, the endpoint picker."""

from __future__ import annotations

import re
from collections.abc import Iterator

from constructs_lib.inferencepool_chart import CHART, EXT_PROC_PORT, GRPC_HEALTH_PORT, METRICS_PORT, VERSIONS
from constructs_lib.picker_chart import CHARTS, is_known
from constructs_lib.specs import InferencePoolSpec
from platform_config.config import Config
from platform_config.errors import Problem, nearest, shown
from platform_config.model import Model
from platform_config.rules.rule import Rule, models, per_model
from platform_config.shutdown import served_gateway

PICKER_PORTS = {EXT_PROC_PORT, GRPC_HEALTH_PORT, METRICS_PORT}
BUSY_ANSWER_SEC = 3
"""Healthy servers under load have missed a timeout of 2 seconds (gonka-ai/gonka#1421)."""


def _addresses(config: Config) -> Iterator[Problem]:
    keys = config.gateway_regions
    if len(keys) > 16:
        yield Problem("gateway.regions", f"must be at most 16, got {len(keys)}", "name the 16 nearest to the clients")
    for index, key in enumerate(keys):
        if key in keys[:index]:
            yield Problem(f"gateway.regions[{index}]", f"must be named once, got {shown(key)} again", "remove it")


def _health_timeout(config: Config) -> Iterator[Problem]:
    check = config.gateway.health_check
    if check.timeout_sec > check.interval_sec:
        message = f"must be at most interval_sec ({check.interval_sec}), got {check.timeout_sec}"
        yield Problem("gateway.health_check.timeout_sec", message, f"write {check.interval_sec}")


def _health_busy(config: Config) -> Iterator[Problem]:
    check, path = config.gateway.health_check, "gateway.health_check.timeout_sec"
    if check.timeout_sec < BUSY_ANSWER_SEC:
        message = f"should be at least {BUSY_ANSWER_SEC}, since a busy server answers late, got {check.timeout_sec}"
        longer = f", and interval_sec: {BUSY_ANSWER_SEC}" if check.interval_sec < BUSY_ANSWER_SEC else ""
        yield Problem(path, message, f"write {BUSY_ANSWER_SEC}{longer}")


def _health_path(at: str, model: Model) -> Iterator[Problem]:
    path = model.server.ready_path
    if len(path) > 2048 or not path.isascii() or not path.isprintable() or " " in path:
        message = f"must be at most 2048 printable ASCII characters without spaces, got {shown(path)}"
        yield Problem(f"{at}.server.health_path", message, "write '/health'")


def _metric(at: str, model: Model) -> Iterator[Problem]:
    name, path = model.server.metric_export_name, f"{at}.server.metric_export_name"
    if len(name) > 45:
        yield Problem(path, f"must be at most 45 characters, got {len(name)}: {shown(name)}", "write 'kv-cache'")
    if not re.fullmatch(r"[a-z]([-a-z0-9]*[a-z0-9])?", name):
        message = f"must hold lower case letters, digits and hyphens and begin with a letter, got {shown(name)}"
        yield Problem(path, message, "write 'kv-cache'")


def _pools(config: Config) -> Iterator[tuple[str, InferencePoolSpec]]:
    """Yield path and section of each `inference_pool` in the file."""
    yield "inference_pool", config.inference_pool
    for path, model in models(config):
        if model.spec.inference_pool is not None:
            yield f"{path}.inference_pool", model.spec.inference_pool


def _chart(config: Config) -> Iterator[Problem]:
    for path, pool in _pools(config):
        version, versions = pool.chart_version, CHARTS[pool.chart].versions
        if is_known(pool):
            continue
        known = f"one of {', '.join(versions)}" if len(versions) > 1 else versions[0]
        of_chart = f" of the chart {pool.chart}" if pool.chart != CHART or _chart_of(version) else ""
        message = f"must be {known}{of_chart}, got {shown(version)}"
        if other := _chart_of(version):
            fix = f"write '{versions[-1]}', or chart: {other}"
            unwritten = ", the default" if version == InferencePoolSpec().chart_version else ""
            yield Problem(f"{path}.chart_version", f"{message} of {other}{unwritten}", fix)
        else:
            fix = f"write 'v{version}'" if f"v{version}" in versions else nearest(version, versions)
            yield Problem(f"{path}.chart_version", message, fix or f"write '{versions[-1]}'")


def _chart_of(version: str) -> str:
    """Return the chart that has *version*; empty where none has."""
    return next((name for name, chart in CHARTS.items() if version in chart.versions), "")


def _bare_picker(config: Config) -> Iterator[Problem]:
    for path, pool in _pools(config):
        version = pool.chart_version
        if pool.chart == CHART and version in VERSIONS and not VERSIONS[version].has_resources:
            first = next(name for name, chart in VERSIONS.items() if chart.has_resources)
            message = f"should be {first} or later, whose endpoint picker asks for CPU and memory, got '{version}'"
            yield Problem(f"{path}.chart_version", message, f"write '{list(VERSIONS)[-1]}'")


def _priority(at: str, model: Model) -> Iterator[Problem]:
    for name, priority in model.spec.priorities.items():
        if not -(2**31) <= priority < 2**31:
            message = f"must be between {-(2**31)} and {2**31 - 1}, got {priority}"
            yield Problem(f"{at}.priorities.{name}", message, "write 10")


def _port(at: str, model: Model) -> Iterator[Problem]:
    port = model.server.http_port
    if port in PICKER_PORTS:
        taken = ", ".join(str(port) for port in sorted(PICKER_PORTS))
        message = f"must be none of the endpoint picker's ports ({taken}), got {port}"
        yield Problem(f"{at}.server.port", message, "have the server listen on another port, such as 8000")


def _draining(at: str, model: Model) -> Iterator[Problem]:
    draining, grace = served_gateway(model.config).draining_sec, model.server.termination_grace_sec
    if grace < draining:
        message = f"should be at least gateway.draining_sec ({draining}), got {grace}"
        yield Problem(f"{at}.server.termination_grace_sec", message, f"write {draining + 10}")


RULES = (
    Rule(
        "GW-ADDRESS-16",
        "The gateway has addresses in at most 16 regions, one in each",
        "The Gateway API takes 16 addresses.",
        "CRD gateways.gateway.networking.k8s.io, spec.addresses",
        _addresses,
    ),
    Rule(
        "GW-HEALTH-TIMEOUT",
        "A health check's timeout is not above its interval",
        "The policy's CRD refuses it.",
        "CRD healthcheckpolicies.networking.gke.io, spec.default",
        _health_timeout,
    ),
    Rule(
        "GW-HEALTH-BUSY",
        "A health check waits as long as a busy server may need to answer",
        "A region whose servers are busy counts as dead when it is needed most.",
        "gonka-ai/gonka#1421; llm-d/llm-d-benchmark#1734; scaleapi/llm-engine#255",
        _health_busy,
        severity="warning",
    ),
    Rule(
        "GW-HEALTH-PATH",
        "The health check's path is a plain URL path",
        "The policy's CRD and the load balancer refuse others.",
        "CRD healthcheckpolicies.networking.gke.io, requestPath",
        per_model(_health_path),
    ),
    Rule(
        "GW-PORT",
        "A model server listens on none of the endpoint picker's ports",
        "The load balancer may reach a server's port on every pod: it would open the picker's metrics too.",
        "kubernetes-sigs/gateway-api-inference-extension, chart inferencepool; this library",
        per_model(_port),
    ),
    Rule(
        "GW-METRIC-45",
        "The metric's export name has at most 45 characters: lower case letters, digits, hyphens",
        "The load balancer reads `gke.named_metrics.<name>`, in which a name has 63 characters.",
        "CRD gcpbackendpolicies.networking.gke.io, customMetrics[].name; Google, Expose custom metrics",
        per_model(_metric),
    ),
    Rule(
        "GW-CHART",
        "The version is one that the endpoint picker's chart has, and whose values are known",
        "Versions take flags and values in different forms; the wrong form installs, and then the picker crashes.",
        "kubernetes-sigs/gateway-api-inference-extension and llm-d/llm-d-router, config/charts at each tag",
        _chart,
    ),
    Rule(
        "GW-CHART-REQUESTS",
        "The endpoint picker asks for CPU and memory",
        "It is the first pod to be evicted if a node runs out of memory; older charts have no value for it.",
        "kubernetes-sigs/gateway-api-inference-extension, chart inferencepool at each tag; Kubernetes, Pod QoS classes",
        _bare_picker,
        severity="warning",
    ),
    Rule(
        "GW-PRIORITY",
        "The objective's priority is a 32-bit number",
        "The InferenceObjective's CRD refuses others.",
        "CRD inferenceobjectives.inference.networking.x-k8s.io, spec.priority",
        per_model(_priority),
    ),
    Rule(
        "GW-DRAINING",
        "Pods live as long as the load balancer drains their connections",
        "Requests that still run are cut off if the pod ends first.",
        "Kubernetes, Pod termination; CRD gcpbackendpolicies.networking.gke.io, connectionDraining",
        per_model(_draining),
        severity="warning",
    ),
)
