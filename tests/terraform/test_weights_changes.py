"""What another source, revision or neighbour of a model's weights changes on a platform that runs."""

from __future__ import annotations

from typing import Any

from platform_config.plan_refusals import BUCKET
from platform_config.stack_graph import FLEET_STACK, NETWORK_STACK, WEIGHTS_STACK, cluster_stack, serving_stack
from tests.configs import config
from tests.terraform.configs import freed
from tests.terraform.runs import Changes, unhashed
from tests.terraform.world import World

UPDATE, REPLACE, CREATE, DELETE = ("update",), ("delete", "create"), ("create",), ("delete",)
JOB, SERVER = "kubernetes_job_v1.download-gemma_job", "kubernetes_manifest.model-gemma_server"
OWN = {"bucket_path": "gs://my-models/support/v3"}
OPEN = {"repository": "google/gemma-3-27b-it", "revision": "1" * 40}
SMALL: dict[str, Any] = {
    "weights": {"repository": "google/gemma-3-4b-it", "revision": "2" * 40, "size_gib": 9},
    "server": {"image": "docker.io/vllm/vllm-tpu:v0.27.0"},
    "address": {"path": "/small"},
    "replicas": 1,
}
TWO: dict[str, Any] = {
    "models__gemma__address": {"path": "/gemma"},
    "models__gemma__replicas": 1,
    "node_pools__tpu": {"machine_type": "ct6e-standard-4t", "topology": "2x2", "nodes_per_zone": 2},
}


def deployed(world: World, **changes: Any) -> dict[str, Changes]:
    """Deploy the example with *changes*, and return what that changed, by stack; a second plan is empty."""
    world.changes = {}
    world.deploy(world.use(freed(config(**changes))))
    made = {stack: unhashed(changes) for stack, changes in world.changes.items() if changes}
    assert world.unsettled() == []
    return made


def readers(world: World) -> set[str]:
    """Return the buckets that somebody may read."""
    grants = [held for key, held in world.rig.cloud.objects.items() if key[0] == "google_storage_bucket_iam_member"]
    return {grant["bucket"] for grant in grants if grant["role"] == "roles/storage.objectViewer"}


def downloads(world: World) -> list[str]:
    """Return the name of each download Job in every cluster."""
    return [key[2] for key in world.rig.cloud.objects if key[0] == "kubernetes_job_v1" and "download" in key[2]]


def test_servers_change_to_own_weights_and_the_bucket_goes(world: World) -> None:
    """First the grant, then the servers, then what was downloaded; the other bucket is never managed."""
    made = deployed(world, models__gemma__weights=OWN, bucket__force_destroy=True)

    assert made[FLEET_STACK] == {"google_storage_bucket_iam_member.gemma-server_read-my-models": CREATE}
    assert made[WEIGHTS_STACK] | {JOB: DELETE} == dict.fromkeys(made[WEIGHTS_STACK], DELETE)
    assert downloads(world) == []
    assert made[serving_stack("us")] == made[serving_stack("eu")] == {SERVER: UPDATE}
    assert readers(world) == {"my-models", "my-project-id-gemma-weights"}

    world.destroy([WEIGHTS_STACK])
    made = deployed(world, models__gemma__weights=OWN, bucket=None)

    assert made[NETWORK_STACK][f"google_storage_bucket.{BUCKET}"] == DELETE
    assert readers(world) == {"my-models"}
    assert not [key for key in world.rig.cloud.objects if key[0] == "google_storage_bucket"]


def test_another_revision_runs_the_job_of_its_model_alone(world: World) -> None:
    """Beside another model, whose Job, servers and grants stay; a repository that is added runs it too."""
    deployed(world, **TWO, models__small=SMALL)

    made = deployed(world, **TWO, models__small={**SMALL, "weights": {**SMALL["weights"], "revision": "3" * 40}})
    assert made == {
        WEIGHTS_STACK: {"kubernetes_job_v1.download-small_job": REPLACE},
        **{serving_stack(key): {"kubernetes_manifest.model-small_server": UPDATE} for key in ("us", "eu")},
    }

    draft = {"draft": {"repository": "google/gemma-3-270m-it", "revision": "4" * 40}}
    made = deployed(
        world,
        **TWO,
        models__small={**SMALL, "weights": {**SMALL["weights"], "revision": "3" * 40, "other_repositories": draft}},
    )
    assert made == {WEIGHTS_STACK: {"kubernetes_job_v1.download-small_job": REPLACE}}


def test_a_token_leaves_with_everything_that_it_needed(world: World) -> None:
    """Open weights in place of gated ones: no grant, class, add-on or API is left; servers change alone by revision."""
    made = deployed(world, models__gemma__weights=OPEN)

    assert made[WEIGHTS_STACK][JOB] == REPLACE
    assert DELETE in made[WEIGHTS_STACK].values()
    assert made[cluster_stack("us")] == {"google_container_cluster.cluster": UPDATE}
    assert not [key for key in world.rig.cloud.objects if "secret_manager" in key[0] or "SecretProviderClass" in key[2]]
