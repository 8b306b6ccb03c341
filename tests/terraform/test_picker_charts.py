"""The change from one chart of endpoint pickers to the other, by the real Terraform: the pool and its release stay."""

from __future__ import annotations

from typing import Any

from platform_config.stack_graph import base_stack, serving_stack
from tests.configs import config
from tests.rig.cloud import Key
from tests.terraform.runs import unhashed
from tests.terraform.world import World

ROUTER = {"inference_pool__chart": "llm-d-router", "inference_pool__chart_version": "v0.10.0"}
RELEASE = "helm_release.model-gemma_pool"
CREATE, UPDATE, DELETE = ("create",), ("update",), ("delete",)


def stacks(key: str) -> list[str]:
    """Return the stacks in the cluster of a region that the change concerns, in their order."""
    return [base_stack(key), serving_stack(key)]


def let_go(world: World, *keys: str) -> None:
    """Delete the Deployment of the picker in the cluster of each region, as by `kubectl delete --cascade=orphan`."""
    clusters = {held["name"]: held for key, held in world.rig.cloud.objects.items() if "container_cluster" in key[0]}
    for key in keys:
        [endpoint] = clusters[f"gemma-{key}"]["control_plane_endpoints_config"]
        host = endpoint["dns_endpoint_config"][0]["endpoint"]
        world.rig.cloud.let_go |= {one for one in releases(world) if host in one[1]}


def releases(world: World) -> dict[Key, Any]:
    """Return the releases of all clusters."""
    return {key: held for key, held in world.rig.cloud.objects.items() if key[0] == "helm_release"}


def told(world: World, stack: str, command: str, *arguments: str) -> str:
    """Return why a *command* in *stack* fails, as one line."""
    refused = world.folder(stack).run(command, "-input=false", *arguments)
    assert refused.code == 1
    return " ".join(refused.text.replace("│", " ").split())


def test_a_picker_moves_to_the_other_chart_cluster_by_cluster(world: World) -> None:
    """Until its Deployment is let go the plan refuses, with the steps; then the same release is upgraded in place."""
    before = releases(world)
    world.use(config(**ROUTER))

    refused = told(world, base_stack("us"), "plan")
    let_go(world, "us")
    world.changes.clear()
    world.deploy(stacks("us"))

    assert "kubectl --namespace inference delete deployment gemma-pool-epp --cascade=orphan" in refused
    assert unhashed(world.changes[serving_stack("us")]) == {
        RELEASE: UPDATE,
        "kubernetes_manifest.model-gemma_objective-gemma-server-objective": DELETE,
        "kubernetes_manifest.model-gemma_router-objective-gemma-server-objective": CREATE,
        "kubernetes_manifest.network-policy-gemma-picker": UPDATE,
        "kubernetes_manifest.network-policy-gemma-server": UPDATE,
    }
    assert world.changes[base_stack("us")] == {"kubernetes_manifest.router-objective-crd": CREATE}
    assert releases(world).keys() == before.keys()
    assert "of the inferencepool chart" in told(world, base_stack("eu"), "plan")
    assert world.unsettled(stacks("us")) == []


def test_the_way_back_has_the_same_steps(world: World) -> None:
    """Without them the cluster refuses the release, half way; with them all is as before."""
    let_go(world, "us")
    world.use(config(**ROUTER))
    world.deploy(stacks("us"))
    world.use(config())

    refused = told(world, serving_stack("us"), "apply", "-auto-approve")
    let_go(world, "us")
    world.deploy(stacks("us"))

    assert "field is immutable" in refused
    assert {held["chart"] for held in releases(world).values()} == {"inferencepool"}
    assert world.unsettled(stacks("us")) == []
