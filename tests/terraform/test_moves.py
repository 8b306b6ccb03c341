"""What would leave something behind, or take away what is in use, is refused by the plan; its steps lead there."""

from __future__ import annotations

import pytest

from platform_config.plan_refusals import BUCKET
from platform_config.stack_graph import FLEET_STACK, GATEWAY_STACK, NETWORK_STACK, WEIGHTS_STACK
from tests.configs import config
from tests.rig.cloud import Key
from tests.terraform.world import World

NOT_IN_A_CLOUD = ("terraform_data", "time_")
MOVED = {"regions__us__config_cluster": False, "regions__eu__config_cluster": True}


def refusal(world: World, stack: str) -> str:
    """Return the message with which the plan of *stack* is refused, on one line."""
    refused = world.folder(stack).run("plan", "-input=false", "-out=plan")
    assert refused.code == 1
    return " ".join(refused.text.replace("│", " ").split())


def gateways(world: World) -> list[Key]:
    """Find every Gateway in every cluster."""
    return [key for key in world.rig.cloud.objects if "kind=Gateway," in key[2]]


def downloads(world: World) -> list[Key]:
    """Find every download Job in every cluster."""
    return [key for key in world.rig.cloud.objects if key[0] == "kubernetes_job_v1" and "download" in key[2]]


def test_a_gateway_is_not_left_behind_by_its_config_cluster(world: World) -> None:
    """Fleet and gateway refuse the move; by their steps exactly one gateway is there, in the new cluster."""
    [before] = gateways(world)
    changed = world.use(config(**MOVED))

    fleet, gateway = refusal(world, FLEET_STACK), refusal(world, GATEWAY_STACK)

    step = f"`terraform -chdir=cdktf.out/stacks/{GATEWAY_STACK} destroy`, which goes to gemma-us"
    forget = f"`terraform -chdir=cdktf.out/stacks/{FLEET_STACK} state rm terraform_data.config-cluster`"
    assert all(step in told and forget in told for told in (fleet, gateway))
    assert gateways(world) == [before]

    world.destroy([GATEWAY_STACK, WEIGHTS_STACK])
    assert gateways(world) == downloads(world) == []
    world.folder(FLEET_STACK).must("state rm", "terraform_data.config-cluster")
    world.deploy()

    assert GATEWAY_STACK in changed
    [after] = gateways(world)
    assert before[1] != after[1]
    assert len(downloads(world)) == 1
    assert world.unsettled() == []


def test_a_download_is_not_left_behind_by_its_region(world: World) -> None:
    """The plan refuses it; by its steps the one Job is in the new cluster, and the bucket is as it was."""
    [before] = downloads(world)
    buckets = {key: held for key, held in world.rig.cloud.objects.items() if key[0] == "google_storage_bucket"}
    changed = world.use(config(bucket__download_region="eu"))

    assert f"`terraform -chdir=cdktf.out/stacks/{WEIGHTS_STACK} destroy`" in refusal(world, WEIGHTS_STACK)
    world.destroy([WEIGHTS_STACK])
    world.deploy(changed)

    [after] = downloads(world)
    assert before[1] != after[1]
    assert {key: world.rig.cloud.objects[key] for key in buckets} == buckets
    assert world.unsettled(changed) == []


@pytest.mark.parametrize("stack", [GATEWAY_STACK, WEIGHTS_STACK])
def test_a_destroy_goes_to_where_the_objects_are(world: World, stack: str) -> None:
    """Whatever the config says by then: nothing of the stack is left in either cluster."""
    made = [
        one for one in world.state(stack) if one["mode"] == "managed" and not one["type"].startswith(NOT_IN_A_CLOUD)
    ]
    before = len(world.rig.cloud.objects)
    world.use(config(**MOVED))

    world.destroy([stack])

    assert len(world.rig.cloud.objects) == before - len(made) < before
    assert world.state(stack) == []


def test_a_bucket_goes_after_the_servers_have_left_it(world: World) -> None:
    """At once it is refused. Kept for one apply more, it is there until no server, grant or Job names it."""
    straight = {"models__gemma__weights__source": "hugging_face"}
    world.use(config(**straight, bucket=None))
    told = refusal(world, NETWORK_STACK)
    assert "1. Keep the section bucket, with weights.source: hugging_face for each model, and deploy all stacks" in told

    world.use(config(**straight, bucket__force_destroy=True))
    world.deploy()
    servers = [str(held) for key, held in world.rig.cloud.objects.items() if "kind=Deployment," in key[2]]
    assert any(key[0] == "google_storage_bucket" for key in world.rig.cloud.objects)
    assert not any("gemma-weights" in server for server in servers)

    world.destroy([WEIGHTS_STACK])
    world.use(config(**straight, bucket=None))
    gone = {f"google_storage_bucket.{BUCKET}": ("delete",), "terraform_data.weights-place": ("delete",)}
    assert world.folder(NETWORK_STACK).plan() == gone
    # The rig is stricter than Google: a grant on the bucket, which goes next, would keep it.
    world.deploy([FLEET_STACK])
    world.deploy([NETWORK_STACK])
    assert world.unsettled() == []
