"""What a change of one model does to a platform of several: just this, to its own objects alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from platform_config.stack_graph import (
    BASE_STACKS,
    FLEET_STACK,
    GATEWAY_STACK,
    NETWORK_STACK,
    OBSERVABILITY_STACK,
    WEIGHTS_STACK,
    base_stack,
    serving_stack,
)
from tests.configs import TWO_LLMS, changed, config
from tests.terraform.configs import Worlds
from tests.terraform.runs import Changes, unhashed
from tests.terraform.world import World

CREATE, UPDATE, DELETE = ("create",), ("update",), ("delete",)
REGIONS = ("eu", "us")
PORTS = {
    NETWORK_STACK: {
        "google_compute_firewall.network_health-checks",
        *(f"google_compute_firewall.network_allow-{key}_proxies" for key in REGIONS),
    },
    **{
        base_stack(key): {
            "kubernetes_manifest.network-policy-health-checks",
            *(f"kubernetes_manifest.network-policy-proxies-{other}" for other in REGIONS),
        }
        for key in REGIONS
    },
}
"""By stack: what holds the ports of all models, and changes with a port that no other model has."""
DASHBOARD = {OBSERVABILITY_STACK: {"google_monitoring_dashboard.dashboard"}}
"""What shows all models in one."""
EXTRA: dict[str, Any] = {
    "weights": {"repository": "me/tts", "revision": "c" * 40, "size_gib": 4},
    "server": {"image": "docker.io/vllm/vllm-tpu:v0.27.0"},
    "node_pools": ["tpu"],
    "replicas": 1,
    "address": {"path": "/extra"},
}
"""A fourth model."""
ROUTE: dict[str, Changes] = {GATEWAY_STACK: {"kubernetes_manifest.gateway_gemma-route": UPDATE}}


@pytest.fixture
def several(deployed_of: Worlds, tmp_path: Path) -> Iterator[World]:
    """Copy the deployed platform of two LLMs and a canary, to change it."""
    made = deployed_of(TWO_LLMS).copy(tmp_path)
    made.rig.cloud.other_order = True
    yield made
    made.stop()


def deploy(world: World, **changes: Any) -> dict[str, Changes]:
    """Deploy the platform with *changes*; return by stack what that changed. The next plan is empty."""
    world.changes.clear()
    differing = world.use(config(TWO_LLMS, **changes))
    world.deploy(differing)
    assert world.unsettled(differing) == []
    return {stack: unhashed(made) for stack, made in world.changes.items() if made}


def of_others(changes: dict[str, Changes], model: str) -> dict[str, set[str]]:
    """Return by stack the addresses in *changes* that do not carry the key *model*."""
    found = {stack: {address for address in made if model not in address} for stack, made in changes.items()}
    return {stack: addresses for stack, addresses in found.items() if addresses}


def actions(changes: dict[str, Changes]) -> set[tuple[str, ...]]:
    """Return all that is done to anything."""
    return {done for made in changes.values() for done in made.values()}


def test_a_model_that_comes_and_goes_touches_no_other(several: World) -> None:
    """
    Only addresses with its key; a port that is new to the platform is opened where the ports of all models are.

    The dashboard shows it. It goes in two steps: the first takes its route away and leaves its servers as they are, the
    second all the rest.
    """
    before = dict(several.rig.cloud.objects)
    extra = EXTRA | {"server": {**EXTRA["server"], "port": 8100}}

    came, pods = deploy(several, models__extra=extra), templates(several)
    drained = deploy(several, models__extra=extra | {"drain": True})
    assert templates(several) == pods
    gone = deploy(several)

    assert of_others(came, "extra") == of_others(gone, "extra") == PORTS | DASHBOARD
    assert (actions(came), actions(gone)) == ({CREATE, UPDATE}, {DELETE, UPDATE})
    route = "kubernetes_manifest.gateway_extra-route"
    label = {serving_stack(key): {"kubernetes_manifest.model-extra_server": UPDATE} for key in REGIONS}
    assert drained == {**label, GATEWAY_STACK: {route: DELETE}}
    assert came.keys() == {
        *(FLEET_STACK, OBSERVABILITY_STACK, WEIGHTS_STACK, GATEWAY_STACK, *PORTS), *map(serving_stack, REGIONS),
    }  # fmt: skip
    assert several.rig.cloud.objects == before


def test_a_model_on_a_port_that_is_open_touches_nothing_that_is_shared(several: World) -> None:
    """Neither the network, nor what is before the servers in each cluster."""
    several.use(config(TWO_LLMS, models__extra=EXTRA))
    shared = (NETWORK_STACK, *map(base_stack, REGIONS))
    planned = {stack: unhashed(several.folder(stack).plan()) for stack in (*shared, FLEET_STACK, GATEWAY_STACK)}

    assert [planned.pop(stack) for stack in shared] == [{}, {}, {}]
    assert of_others(planned, "extra") == {}
    assert actions(planned) == {CREATE}


def templates(world: World) -> list[Any]:
    """Return the pod template of each Deployment."""
    held = [held["manifest"][1] for key, held in world.rig.cloud.objects.items() if "kind=Deployment," in key[2]]
    return [deployment["spec"]["template"] for deployment in held]


def test_a_model_with_requests_is_not_removed(several: World) -> None:
    """The first stack in each cluster refuses, before account, policies, servers or route of the model have changed."""
    before = dict(several.rig.cloud.objects)
    several.use(config(TWO_LLMS, models__qwen=None))

    for stack in (base_stack(key) for key in REGIONS):
        refused = several.folder(stack).run("apply", "-auto-approve", "-input=false")
        text = " ".join(refused.text.replace("│", " ").split())
        assert refused.code == 1
        assert "qwen-server had requests at the last apply" in text
        assert f"1. Put the model back with drain: true, and deploy all stacks: {GATEWAY_STACK} takes its route" in text
    assert several.rig.cloud.objects == before


def test_a_refused_removal_stops_no_destroy(several: World) -> None:
    """Whatever the config says by then: base and serving of a cluster go."""
    several.use(config(TWO_LLMS, models__qwen=None))

    several.destroy(
        [GATEWAY_STACK, *(f"{part}{key}" for part in ("workload-serving-", BASE_STACKS) for key in REGIONS)]
    )

    left = {key[0] for key in several.rig.cloud.objects if key[1]}
    assert left == {"kubernetes_service_account_v1", "kubernetes_job_v1", "kubernetes_manifest"}


def test_a_canary_is_the_route_alone(several: World) -> None:
    """Another share, another model, none: nothing but the model's own route changes."""
    half = {"models__gemma__canary__percent": 50}

    for settings in (half, {"models__gemma__canary__model": "qwen"}, {"models__gemma__canary": None}):
        assert deploy(several, **settings) == ROUTE


def test_a_change_of_a_model_touches_no_other(several: World) -> None:
    """Whatever changes at once, in every stack: only addresses with its key, and only its download is replaced."""
    qwen = changed(TWO_LLMS)["models"]["qwen"]
    qwen |= {"traffic": {"timeout_sec": 77}, "priorities": {"batch": -9}, "address": {"path": "/qwen"}, "replicas": 2}
    qwen["weights"] |= {"revision": "e" * 40, "hugging_face_token": {"secret_manager": "other"}}
    qwen["server"] |= {"image": "docker.io/vllm/vllm-tpu:v0.28.0", "extra_args": ["--seed=7"]}

    differing = several.use(config(TWO_LLMS, models__qwen=qwen))
    planned = {stack: unhashed(several.folder(stack).plan()) for stack in differing}

    assert of_others(planned, "qwen") == {}
    assert {stack for stack in planned if planned[stack]} == {
        OBSERVABILITY_STACK, WEIGHTS_STACK, GATEWAY_STACK, *map(serving_stack, REGIONS),
    }  # fmt: skip
    replaced = {address for made in planned.values() for address, done in made.items() if len(done) > 1}
    assert replaced == {"kubernetes_job_v1.download-qwen_job"}


def test_a_model_on_another_pool_restarts_its_own_servers_alone(several: World) -> None:
    """No pool of nodes changes, and no other object of the model."""
    moved = deploy(several, models__qwen__node_pools=["more"])

    assert moved == {serving_stack(key): {"kubernetes_manifest.model-qwen_server": UPDATE} for key in REGIONS}


def test_a_model_leaves_a_region_in_order(several: World) -> None:
    """Its objects in that region alone: the export goes before the pool, that before servers, those before policies."""
    left = deploy(several, models__qwen__regions=["us"])

    # Requests to it leave the region from then on, and nobody is to hear of that.
    share = "google_monitoring_alert_policy.alert_cross-region-share"
    assert of_others({OBSERVABILITY_STACK: left.pop(OBSERVABILITY_STACK)}, "qwen") == {OBSERVABILITY_STACK: {share}}
    assert left.keys() == {serving_stack("eu")}
    assert of_others(left, "qwen") == {}
    assert actions(left) == {DELETE}
    steps = {step.address.rpartition("_")[0]: step for step in several.steps if step.action == "delete"}
    export, pool, server = (
        steps[address]
        for address in (
            "kubernetes_annotations.model-qwen_export", "helm_release.model-qwen_pool",
            "kubernetes_manifest.model-qwen_server",
        )
    )  # fmt: skip
    policies = [step for step in several.steps if step.action == "delete" and "network-policy-qwen" in step.address]
    assert export.end <= pool.begin < pool.end <= server.begin
    assert len(policies) == 2
    assert all(server.end <= policy.begin for policy in policies)


def test_the_adapter_does_not_change_with_a_second_model_that_needs_it(several: World) -> None:
    """It serves another API, or the same; its own pods are as they were."""
    scaled = {"replicas": None, "autoscaling": {"max_replicas": 2, "metric_source": "external"}}

    added = deploy(several, **{f"models__qwen__{name}": value for name, value in scaled.items()})

    assert actions({stack: added[stack] for stack in added}) <= {CREATE, UPDATE}
    of_the_adapter = of_others(added, "qwen")
    assert of_the_adapter == {
        serving_stack(key): {
            "kubernetes_manifest.metrics-adapter_external-reader",
            "kubernetes_manifest.metrics-adapter_external-reader-binding",
            "kubernetes_manifest.metrics-adapter_v1beta1-external-metrics-k8s-io",
        }
        for key in REGIONS
    }
    assert {added[stack][address] for stack, found in of_the_adapter.items() for address in found} == {CREATE}


def test_the_order_of_models_in_the_file_does_not_matter(several: World) -> None:
    """Reordering changes nothing at all."""
    models = changed(TWO_LLMS)["models"]

    assert deploy(several, models=dict(reversed(models.items()))) == {}
