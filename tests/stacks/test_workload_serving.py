"""The serving stacks: the config's server in each cluster."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.configs import config
from tests.synthesized import Block, Synthesized


def alone(folder: Path, key: str = "us", **changes: Any) -> Synthesized:
    """The stack of one region by itself, of the example with keys changed."""
    from cdktf import App

    from stacks.workload_serving import WorkloadServingStack

    app = App(outdir=str(folder))
    WorkloadServingStack(app, f"workload-serving-{key}", config=config(**changes), key=key)
    app.synth()
    return Synthesized(folder)


def server(app: Synthesized) -> Block:
    """The server's container."""
    [container] = app.object("Deployment")["spec"]["template"]["spec"]["containers"]
    found: Block = container
    return found


def test_both_clusters_serve_the_same(platform: Synthesized) -> None:
    """Two like regions differ in the cluster they reach, and in nothing else."""
    us, eu = (platform.stacks[f"workload-serving-{key}"]["resource"] for key in ("us", "eu"))

    assert [without_paths(block) for block in flat(us)] == [without_paths(block) for block in flat(eu)]


def flat(resources: Block) -> list[Block]:
    """Every block, in the order of the file."""
    return [block for named in resources.values() for block in named.values()]


def without_paths(block: Block) -> Block:
    """A block without the note that says from where in the code it is."""
    return {key: value for key, value in block.items() if key != "//"}


def test_the_server_is_the_config_s(tmp_path: Path) -> None:
    """Image, port, model, replicas."""
    app = alone(
        tmp_path, model_server={"image": "docker.io/vllm/vllm-tpu:v0.28.0", "port": 9000, "replicas": 3},
        model__served_name="chat",
    )  # fmt: skip

    assert server(app)["image"] == "docker.io/vllm/vllm-tpu:v0.28.0"
    assert app.object("Deployment")["spec"]["replicas"] == 3
    assert "--served-model-name=chat" in server(app)["args"]
    assert app.object("Service")["spec"]["ports"][0]["port"] == 9000


def test_the_server_runs_on_the_pool_that_is_named(tmp_path: Path) -> None:
    """Or on the only one."""
    pools = {"tpu": {"machine_type": "ct6e-standard-4t"}, "gpu": {"machine_type": "a3-ultragpu-8g"}}
    app = alone(tmp_path, node_pools=pools, model_server__node_pool="gpu")

    assert server(app)["resources"]["limits"] == {"nvidia.com/gpu": "8"}


def test_a_region_may_serve_on_machines_of_its_own(tmp_path: Path) -> None:
    """Its pool replaces the one of the same key, and the server follows."""
    app = alone(tmp_path, "eu", regions__eu__node_pools={"tpu": {"machine_type": "ct6e-standard-8t"}})

    assert server(app)["resources"]["limits"] == {"google.com/tpu": "8"}
    assert "--tensor-parallel-size=8" in server(app)["args"]


def test_the_pool_and_its_chart_are_the_config_s(tmp_path: Path) -> None:
    """Version, and the name that the gateway routes to."""
    release = alone(tmp_path, inference_pool__chart_version="v1.2.1").one("helm_release")

    assert (release["name"], release["version"], release["namespace"]) == ("gemma-pool", "v1.2.1", "inference")


def test_the_cache_holds_the_weights_and_a_tenth(platform: Synthesized) -> None:
    """56 GiB of weights in 62 GiB of cache."""
    for deployment in platform.objects("Deployment"):
        [volume] = [
            volume for volume in deployment["spec"]["template"]["spec"]["volumes"]
            if "fileCacheCapacity" in volume.get("csi", {}).get("volumeAttributes", {})
        ]  # fmt: skip
        assert volume["csi"]["volumeAttributes"]["fileCacheCapacity"] == "62Gi"
        assert volume["csi"]["volumeAttributes"]["bucketName"] == "my-project-id-gemma-weights"


def test_the_account_is_the_one_that_base_makes_and_fleet_grants(platform: Synthesized) -> None:
    """One name in three stacks."""
    granted = platform.one("google_storage_bucket_iam_member", "infra-fleet")["member"].split("/")[-1]
    made = {block["metadata"]["name"] for block in platform.all("kubernetes_service_account_v1", "workload-base-eu")}

    for deployment in platform.objects("Deployment"):
        assert deployment["spec"]["template"]["spec"]["serviceAccountName"] == granted
        assert granted in made
