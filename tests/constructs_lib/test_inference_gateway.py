"""The gateway: its objects, what it waits for, and the order of both ways."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from cdktf_cdktf_provider_kubernetes.provider import KubernetesProvider
from cdktf_cdktf_provider_time.provider import TimeProvider

from constructs_lib.inference_gateway import GatewayPlan, InferenceGateway
from constructs_lib.specs import GatewaySpec, HealthCheckSpec
from tests.conftest import Synth
from tests.synthesized import Block, Synthesized

PLAN = GatewayPlan(
    name="gemma-gateway",
    namespace="inference",
    addresses=[("us-east5", "gemma-gateway-us"), ("europe-west4", None)],
    pool_name="gemma-pool",
    model_port=8000,
    metric_export_name="kv-cache",
)
AROUND = ("HTTPRoute", "HealthCheckPolicy", "GCPBackendPolicy")
TARGET = {"group": "networking.gke.io", "kind": "GCPInferencePoolImport", "name": "gemma-pool"}


def build(plan: GatewayPlan = PLAN, spec: GatewaySpec | None = None) -> Callable[[Any], InferenceGateway]:
    """Build a gateway in a bare stack."""

    def made(stack: Any) -> InferenceGateway:
        return InferenceGateway(
            stack, "gateway", kubernetes=KubernetesProvider(stack, "kubernetes"), time=TimeProvider(stack, "time"),
            plan=plan, spec=spec or GatewaySpec(),
        )  # fmt: skip

    return made


def entry(app: Synthesized, kind: str) -> tuple[str, Block]:
    """Find address and block of the object of one kind."""
    [(key, block)] = [
        (key, block) for key, block in app.named("kubernetes_manifest").items() if block["manifest"]["kind"] == kind
    ]
    return f"kubernetes_manifest.{key.removeprefix('test/')}", block


def gate(app: Synthesized, name: str) -> tuple[str, Block]:
    """Find address and block of the Job of one gate."""
    [(key, block)] = [
        (key, block) for key, block in app.named("kubernetes_job_v1").items() if block["metadata"]["name"] == name
    ]
    return f"kubernetes_job_v1.{key.removeprefix('test/')}", block


def test_one_gateway_of_the_cross_region_class(synth: Synth) -> None:
    """One listener, and an address for each region: reserved where it has a name, Google's choice where not."""
    made = synth(build(spec=GatewaySpec(port=8080))).object("Gateway")

    assert made["metadata"] == {"name": "gemma-gateway", "namespace": "inference"}
    assert made["spec"]["gatewayClassName"] == "gke-l7-cross-regional-internal-managed-mc"
    assert [(one["protocol"], one["port"]) for one in made["spec"]["listeners"]] == [("HTTP", 8080)]
    assert [(address["type"].split("/")[1], address["value"]) for address in made["spec"]["addresses"]] == [
        ("named-address-with-region", "regions/us-east5/addresses/gemma-gateway-us"),
        ("ephemeral-ipv4-address", "europe-west4"),
    ]


def test_route_and_policies_mean_the_imported_pool(synth: Synth) -> None:
    """One of each, in the gateway's namespace, with names of their own: the chart has policies of the pool's name."""
    app = synth(build())
    [rule] = app.object("HTTPRoute")["spec"]["rules"]

    assert [{key: one[key] for key in TARGET} for one in rule["backendRefs"]] == [TARGET]
    for kind, name in (("HealthCheckPolicy", "gemma-gateway-health"), ("GCPBackendPolicy", "gemma-gateway-backend")):
        made = app.object(kind)
        assert made["spec"]["targetRef"] == TARGET
        assert made["metadata"] == {"name": name, "namespace": "inference"}
    assert app.object("HTTPRoute")["spec"]["parentRefs"] == [{"kind": "Gateway", "name": "gemma-gateway"}]


def test_settings_reach_the_policies(synth: Synth) -> None:
    """Port, probe, thresholds, times, metric."""
    check = HealthCheckSpec(interval_sec=9, timeout_sec=4, unhealthy_threshold=3, path="/ready")
    spec = GatewaySpec(timeout_sec=99, draining_sec=7, max_utilization_percent=42, health_check=check)
    app = synth(build(replace(PLAN, model_port=9000, metric_export_name="fill"), spec))
    probe = app.object("HealthCheckPolicy")["spec"]["default"]
    backend = app.object("GCPBackendPolicy")["spec"]["default"]

    assert (probe["checkIntervalSec"], probe["timeoutSec"], probe["unhealthyThreshold"]) == (9, 4, 3)
    assert probe["config"]["httpHealthCheck"]["port"] == 9000
    assert probe["config"]["httpHealthCheck"]["requestPath"] == "/ready"
    assert (backend["timeoutSec"], backend["connectionDraining"]) == (99, {"drainingTimeoutSec": 7})
    [metric] = backend["customMetrics"]
    assert (metric["name"], metric["maxUtilizationPercent"]) == ("gke.named_metrics.fill", 42)


def test_on_the_way_down_the_gateway_goes_before_route_policies_and_wait(synth: Synth) -> None:
    """It comes after them, so a load balancer never is there without them; the wait then outlives it by 5 minutes."""
    app = synth(build())
    needed = set(entry(app, "Gateway")[1]["depends_on"])
    [wait] = app.named("time_sleep")

    assert {entry(app, kind)[0] for kind in AROUND} | {f"time_sleep.{wait.removeprefix('test/')}"} <= needed
    assert app.one("time_sleep")["destroy_duration"] == "300s"
    assert "create_duration" not in app.one("time_sleep")
    for kind in AROUND:
        assert "depends_on" not in entry(app, kind)[1]


@pytest.mark.parametrize(
    ("name", "waits_for", "seconds"),
    [
        ("wait-for-gateway-class", "gke-l7-cross-regional-internal-managed-mc", 1200),
        ("wait-for-pool-import", "gcpinferencepoolimports.networking.gke.io/gemma-pool", 1200),
    ],
)
def test_the_gateway_comes_after_its_class_and_the_import(
    synth: Synth, name: str, waits_for: str, seconds: int
) -> None:
    """Both are made late by controllers; each is waited for with a bound."""
    app = synth(build())
    address, job = gate(app, name)
    args = job["spec"]["template"]["spec"]["container"][0]["args"]

    assert address in entry(app, "Gateway")[1]["depends_on"]
    assert waits_for in args[-1]
    assert f"--timeout={seconds}s" in args


def test_an_apply_ends_when_the_load_balancer_is_there(synth: Synth) -> None:
    """The last gate comes after the Gateway and waits half an hour at most; the object itself is never waited for."""
    app = synth(build())
    address, block = entry(app, "Gateway")
    _, job = gate(app, "wait-for-gateway-programmed")
    args = job["spec"]["template"]["spec"]["container"][0]["args"]

    assert address in job["depends_on"]
    assert {"--for=condition=Programmed", "--timeout=1800s", "--namespace=inference"} <= set(args)
    assert "wait" not in block
    assert block["timeouts"] == {"create": "20m", "update": "20m", "delete": "20m"}


def test_there_are_three_gates(synth: Synth) -> None:
    """No more, each with a name of its own in the cluster."""
    names = [job["metadata"]["name"] for job in synth(build()).all("kubernetes_job_v1")]

    assert sorted(names) == ["wait-for-gateway-class", "wait-for-gateway-programmed", "wait-for-pool-import"]
