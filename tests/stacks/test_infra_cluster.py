"""The cluster stacks: one cluster and its pools each."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from platform_config.stack_graph import cluster_stack
from tests.configs import config
from tests.synthesized import Block, Synthesized


def alone(folder: Path, key: str = "us", **changes: Any) -> Synthesized:
    """Synthesize the stack of one region by itself, of the example with keys changed."""
    from cdktf import App

    from stacks.infra_cluster import InfraClusterStack

    app = App(outdir=str(folder))
    InfraClusterStack(app, cluster_stack(key), config=config(**changes), key=key)
    app.synth()
    return Synthesized(folder)


def cluster(app: Synthesized) -> Block:
    """Return the only cluster."""
    return app.one("google_container_cluster")


def outputs(app: Synthesized, key: str = "us") -> Block:
    """Read the values of the outputs."""
    return {name: output["value"] for name, output in app.stacks[cluster_stack(key)]["output"].items()}


def test_each_stack_holds_one_cluster_with_a_system_and_a_tpu_pool(platform: Synthesized) -> None:
    """A failed apply of one stops at its border."""
    for key in ("us", "eu"):
        stack = cluster_stack(key)
        assert platform.one("google_container_cluster", stack)["name"] == f"gemma-{key}"
        pools = {pool["name"]: pool for pool in platform.all("google_container_node_pool", stack)}
        assert set(pools) == {"system", "tpu"}
        assert pools["system"]["node_config"]["machine_type"] == "e2-standard-8"
        assert pools["tpu"]["node_config"]["machine_type"] == "ct6e-standard-4t"


def test_the_network_is_named_as_the_network_stack_names_it(platform: Synthesized) -> None:
    """Known at synth: nothing is read from another stack."""
    subnets = {block["name"] for block in platform.all("google_compute_subnetwork")}

    for made in platform.all("google_container_cluster"):
        assert made["network"].split("/")[-1] == platform.one("google_compute_network")["name"]
        assert made["subnetwork"].split("/")[-1] in subnets
        assert made["subnetwork"].split("/")[-1] == f"gemma-nodes-{made['name'].removeprefix('gemma-')}"


def test_nodes_run_as_the_account_of_the_network_stack(platform: Synthesized) -> None:
    """Its address follows from its name."""
    account = platform.one("google_service_account")
    address = f"{account['account_id']}@{account['project']}.iam.gserviceaccount.com"

    for pool in platform.all("google_container_node_pool"):
        assert pool["node_config"]["service_account"] == address


def test_a_zonal_cluster_is_in_its_first_zone(tmp_path: Path) -> None:
    """With the nodes of the other zones beside it."""
    app = alone(tmp_path, cluster__control_plane="zonal", regions__us__zones=["us-east5-b", "us-east5-a"])

    assert (cluster(app)["location"], cluster(app)["node_locations"]) == ("us-east5-b", ["us-east5-a"])
    assert outputs(app)["cluster_location"] == "us-east5-b"


def test_neighbouring_numbers_have_neighbouring_days(tmp_path: Path) -> None:
    """Number 0 is Monday; after a week it begins again."""
    days = [
        cluster(alone(tmp_path, regions__us__number=number))["maintenance_policy"]["recurring_window"]["recurrence"]
        for number in (0, 1, 6, 7)
    ]

    assert [day.removeprefix("FREQ=WEEKLY;BYDAY=") for day in days] == ["MO", "TU", "SU", "MO"]


def test_every_cluster_can_mount_the_token_whichever_downloads(platform: Synthesized, tmp_path: Path) -> None:
    """None loses the add-on before its pods have changed; with a Kubernetes secret it is off, and said to be."""
    add_ons = [block["secret_manager_config"] for block in platform.all("google_container_cluster")]
    token = {"kubernetes_secret": {"name": "hf", "key": "token"}}

    assert add_ons == [{"enabled": True}] * 2
    off = cluster(alone(tmp_path, "us", models__gemma__weights__hugging_face_token=token))
    assert off["secret_manager_config"] == {"enabled": False}


def test_the_floor_is_that_of_the_region_s_features(tmp_path: Path) -> None:
    """Without DRANET it is lower."""
    app = alone(tmp_path, node_pools__tpu__dranet=False)
    [look] = app.stacks[cluster_stack("us")]["data"]["google_container_cluster"].values()

    assert "older than 1.34.1-gke.1127000" in look["lifecycle"]["postcondition"][0]["error_message"]


def test_pools_of_a_region_are_added_or_replace_those_of_all(tmp_path: Path) -> None:
    """By their key."""
    pools = {
        "tpu": {"machine_type": "ct6e-standard-8t"},
        "gpu": {"machine_type": "a3-ultragpu-8g", "nodes_per_zone": 2},
    }
    app = alone(tmp_path, regions__us__node_pools=pools)
    made = {pool["name"]: pool["node_config"]["machine_type"] for pool in app.all("google_container_node_pool")}

    assert made == {"system": "e2-standard-8", "tpu": "ct6e-standard-8t", "gpu": "a3-ultragpu-8g"}


def test_the_system_pool_is_the_config_s(tmp_path: Path) -> None:
    """Machine, bounds and disk."""
    spec = {"machine_type": "n2-standard-8", "min_nodes_per_zone": 2, "max_nodes_per_zone": 4, "disk_gib": 60}
    app = alone(tmp_path, cluster__system_pool=spec)
    [pool] = [pool for pool in app.all("google_container_node_pool") if pool["name"] == "system"]

    assert pool["autoscaling"] == {"min_node_count": 2, "max_node_count": 4}
    assert (pool["node_config"]["machine_type"], pool["node_config"]["disk_size_gb"]) == ("n2-standard-8", 60)


def test_outputs_say_how_to_sign_in(platform: Synthesized) -> None:
    """By the DNS endpoint, which needs no VPN."""
    assert outputs(platform, "eu") == {
        "cluster_name": "gemma-eu",
        "cluster_location": "europe-west4",
        "kubectl_command": "gcloud container clusters get-credentials gemma-eu --location europe-west4 "
        "--project my-project-id --dns-endpoint",
    }
