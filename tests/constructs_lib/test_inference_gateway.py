"""The gateway: its objects, what each waits for, and the order of create and destroy."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from cdktf_cdktf_provider_kubernetes.provider import KubernetesProvider
from cdktf_cdktf_provider_time.provider import TimeProvider

from constructs_lib.gateway_plan import GatewayPlan, ModelRoute
from constructs_lib.inference_gateway import InferenceGateway
from constructs_lib.manifests.extensions import Extension
from constructs_lib.manifests.gateway import Backend, Balancing
from constructs_lib.specs import AddressSpec, GatewaySpec, HealthCheckSpec
from tests.conftest import Synth
from tests.synthesized import Block, Synthesized

GEMMA = ModelRoute(
    backend=Backend(name="gemma-pool"),
    port=8000,
    health_path="/health",
    balancing=Balancing(timeout_sec=600, export_name="kv-cache", max_utilization_percent=60),
)
NEXT = replace(GEMMA, backend=Backend(name="next-pool"), routed=False)
KOKORO = ModelRoute(
    backend=Backend(name="kokoro-server", service_port=8880),
    port=8880,
    health_path="/health",
    balancing=Balancing(timeout_sec=60, max_in_flight_requests=4),
    address=AddressSpec(path="/speech"),
)
PLAN = GatewayPlan(
    name="gemma-gateway",
    namespace="inference",
    addresses=[("us-east5", "gemma-gateway-us"), ("europe-west4", None)],
    models={"gemma": GEMMA},
)
POLICIES = ("HealthCheckPolicy", "GCPBackendPolicy")
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
    for kind, name in (("HealthCheckPolicy", "gemma-health"), ("GCPBackendPolicy", "gemma-backend")):
        made = app.object(kind)
        assert made["spec"]["targetRef"] == TARGET
        assert made["metadata"] == {"name": name, "namespace": "inference"}
    assert app.object("HTTPRoute")["spec"]["parentRefs"] == [{"kind": "Gateway", "name": "gemma-gateway"}]


def test_settings_reach_the_policies(synth: Synth) -> None:
    """Port, probe, thresholds, times, metric."""
    check = HealthCheckSpec(interval_sec=9, timeout_sec=4, unhealthy_threshold=3)
    spec = GatewaySpec(draining_sec=7, health_check=check)
    balancing = Balancing(timeout_sec=99, export_name="fill", max_utilization_percent=42)
    model = replace(GEMMA, port=9000, health_path="/ready", balancing=balancing)
    app = synth(build(replace(PLAN, models={"gemma": model}), spec))
    probe = app.object("HealthCheckPolicy")["spec"]["default"]
    backend = app.object("GCPBackendPolicy")["spec"]["default"]

    assert (probe["checkIntervalSec"], probe["timeoutSec"], probe["unhealthyThreshold"]) == (9, 4, 3)
    assert probe["config"]["httpHealthCheck"]["port"] == 9000
    assert probe["config"]["httpHealthCheck"]["requestPath"] == "/ready"
    assert (backend["timeoutSec"], backend["connectionDraining"]) == (99, {"drainingTimeoutSec": 7})
    [metric] = backend["customMetrics"]
    assert (metric["name"], metric["maxUtilizationPercent"]) == ("gke.named_metrics.fill", 42)


def test_on_destroy_the_gateway_goes_before_policies_and_wait(synth: Synth) -> None:
    """It comes after them, so a load balancer never is there without them; the wait then outlives it by 5 minutes."""
    app = synth(build())
    needed = set(entry(app, "Gateway")[1]["depends_on"])
    [wait] = app.named("time_sleep")

    assert {entry(app, kind)[0] for kind in POLICIES} | {f"time_sleep.{wait.removeprefix('test/')}"} <= needed
    assert app.one("time_sleep")["destroy_duration"] == "300s"
    assert "create_duration" not in app.one("time_sleep")
    for kind in POLICIES:
        assert "depends_on" not in entry(app, kind)[1]


@pytest.mark.parametrize(
    ("name", "waits_for", "kind"),
    [
        ("wait-for-gateway-class", "gke-l7-cross-regional-internal-managed-mc", "Gateway"),
        ("wait-for-gemma-import", "gcpinferencepoolimports.networking.gke.io/gemma-pool", "HTTPRoute"),
    ],
)
def test_the_gateway_comes_after_its_class_and_a_route_after_its_import(
    synth: Synth, name: str, waits_for: str, kind: str
) -> None:
    """Both are made late by controllers; each is waited for with a bound of 20 minutes."""
    app = synth(build())
    address, job = gate(app, name)
    args = job["spec"]["template"]["spec"]["container"][0]["args"]

    assert address in entry(app, kind)[1]["depends_on"]
    assert waits_for in args[-1]
    assert "--timeout=1200s" in args


def several(**models: ModelRoute) -> GatewayPlan:
    """Plan a gateway for *models*, of which gemma is at a path."""
    return replace(PLAN, models={"gemma": replace(GEMMA, address=AddressSpec(path="/gemma")), **models})


def test_each_model_has_a_route_and_policies_of_its_own(synth: Synth) -> None:
    """Named by its key; a model behind a Service beside one with a pool."""
    app = synth(build(several(kokoro=KOKORO)))
    backends = {made["metadata"]["name"]: made["spec"]["rules"][0]["backendRefs"] for made in app.objects("HTTPRoute")}
    targets = {
        made["metadata"]["name"]: made["spec"]["targetRef"]["name"] for kind in POLICIES for made in app.objects(kind)
    }

    assert backends == {
        "gemma-route": [TARGET],
        "kokoro-route": [{"group": "net.gke.io", "kind": "ServiceImport", "name": "kokoro-server", "port": 8880}],
    }
    assert targets == {
        "gemma-health": "gemma-pool",
        "gemma-backend": "gemma-pool",
        "kokoro-health": "kokoro-server",
        "kokoro-backend": "kokoro-server",
    }


def test_a_model_that_is_not_there_stops_no_other(synth: Synth) -> None:
    """Each route waits for its own import alone, and the Gateway for none."""
    app = synth(build(several(kokoro=KOKORO)))
    gates = {key: gate(app, f"wait-for-{key}-import")[0] for key in ("gemma", "kokoro")}
    waits = {
        block["manifest"]["metadata"]["name"]: block["depends_on"]
        for block in app.all("kubernetes_manifest")
        if block["manifest"]["kind"] == "HTTPRoute"
    }

    assert waits == {"gemma-route": [gates["gemma"]], "kokoro-route": [gates["kokoro"]]}
    assert not {*gates.values()} & {*entry(app, "Gateway")[1]["depends_on"]}


@pytest.mark.parametrize("changes", [{"next": NEXT}, {"kokoro": KOKORO}, {"next": NEXT, "kokoro": KOKORO}])
def test_another_model_changes_nothing_of_the_first(synth: Synth, changes: dict[str, ModelRoute]) -> None:
    """Whatever is there stays, but for the policies that the Gateway comes after."""
    before, after = (synth(build(plan)).stacks["test"]["resource"] for plan in (several(), several(**changes)))
    before["kubernetes_manifest"]["gateway"].pop("depends_on")
    after["kubernetes_manifest"]["gateway"].pop("depends_on")

    assert all(blocks.items() <= after[kind].items() for kind, blocks in before.items())


@pytest.mark.parametrize("percents", [(None, 10), (10, 25), (25, 0), (25, None)])
def test_a_canary_changes_the_route_alone(synth: Synth, percents: tuple[int | None, int | None]) -> None:
    """Turned on, changed, and turned off; its own objects are there before and stay."""

    def resources(percent: int | None) -> dict[str, Any]:
        canary = None if percent is None else (NEXT.backend, percent)
        gemma = replace(GEMMA, address=AddressSpec(path="/gemma"), canary=canary)
        found: dict[str, Any] = synth(build(several(gemma=gemma, next=NEXT))).stacks["test"]["resource"]
        return {f"{kind}.{key}": block for kind, blocks in found.items() for key, block in blocks.items()}

    before, after = (resources(percent) for percent in percents)
    [changed] = [key for key in before if before[key] != after[key]]

    assert before.keys() == after.keys()
    assert after[changed]["manifest"]["metadata"]["name"] == "gemma-route"


def test_a_route_waits_for_its_canary_too(synth: Synth) -> None:
    """The controller refuses a route that names an import which is not there."""
    gemma = replace(GEMMA, address=AddressSpec(path="/gemma"), canary=(NEXT.backend, 10))
    app = synth(build(several(gemma=gemma, next=NEXT)))

    assert set(entry(app, "HTTPRoute")[1]["depends_on"]) == {
        gate(app, "wait-for-gemma-import")[0],
        gate(app, "wait-for-next-import")[0],
    }


def test_a_model_that_leaves_keeps_its_policies(synth: Synth) -> None:
    """Its route goes first: running requests still need its time-outs and health checks."""
    app = synth(build(several(next=NEXT)))

    assert [made["metadata"]["name"] for made in app.objects("HTTPRoute")] == ["gemma-route"]
    for kind in POLICIES:
        assert len(app.objects(kind)) == 2


def test_a_gateway_has_models(synth: Synth) -> None:
    """At least one, with names that Kubernetes takes; every problem at once."""
    with pytest.raises(ValueError, match=r"^models must name at least one model, got none$"):
        replace(PLAN, models={})
    with pytest.raises(ValueError, match=r"^name must .*, got 'A'\nmodels.B must .*, got 'B'$"):
        replace(PLAN, name="A", models={"B": GEMMA})


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

    assert sorted(names) == ["wait-for-gateway-class", "wait-for-gateway-programmed", "wait-for-gemma-import"]


ARMOR = Extension(name="model-armor", google_api="modelarmor.us-east5.rep.googleapis.com", metadata={"a": "b"})
REGIONAL = replace(
    PLAN,
    addresses=[("us-east5", "gemma-gateway-us")],
    models={"gemma": replace(GEMMA, backend=Backend(name="gemma-pool", imported=False))},
)


def test_what_it_calls_is_there_before_it_and_its_gate_comes_last(synth: Synth) -> None:
    """No request passes a load balancer that does not call its extensions yet; an apply ends when it does."""
    app = synth(build(replace(REGIONAL, extensions=(ARMOR,)), GatewaySpec(scope="regional")))
    extension, block = entry(app, "GCPTrafficExtension")
    _, gateway = entry(app, "Gateway")
    _, job = gate(app, "wait-for-gateway-extension")
    args = job["spec"]["template"]["spec"]["container"][0]["args"]

    assert block["manifest"]["metadata"] == {"name": "gemma-gateway-extension", "namespace": "inference"}
    assert [one["name"] for one in block["manifest"]["spec"]["extensionChains"][0]["extensions"]] == ["model-armor"]
    assert extension in gateway["depends_on"]
    assert {extension, gate(app, "wait-for-gateway-programmed")[0]} <= set(job["depends_on"])
    assert args[-1] == "gcptrafficextensions.networking.gke.io/gemma-gateway-extension"
    assert "--timeout=900s" in args


def test_no_model_has_a_route_before_its_requests_are_looked_at(synth: Synth) -> None:
    """Until the load balancer calls the extensions it answers 404; also where it never does."""
    app = synth(build(replace(REGIONAL, extensions=(ARMOR,)), GatewaySpec(scope="regional")))
    _, route = entry(app, "HTTPRoute")

    assert gate(app, "wait-for-gateway-extension")[0] in route["depends_on"]


def test_a_gateway_that_calls_nothing_has_neither_extension_nor_gate(synth: Synth) -> None:
    """What nothing needs is not made."""
    app = synth(build(REGIONAL, GatewaySpec(scope="regional")))

    assert app.objects("GCPTrafficExtension") == []
    assert "wait-for-gateway-extension" not in [job["metadata"]["name"] for job in app.all("kubernetes_job_v1")]
