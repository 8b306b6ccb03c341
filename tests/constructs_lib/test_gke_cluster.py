"""The cluster: where it is, which version, when it is upgraded, who gets in, what it can do."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cdktf_cdktf_provider_google.provider import GoogleProvider

from constructs_lib.cluster_plan import ClusterPlan
from constructs_lib.cluster_settings import WEEKDAYS
from constructs_lib.gke_cluster import GkeCluster
from constructs_lib.specs import ClusterSpec, MaintenanceWindowSpec, NodePoolSpec
from tests.conftest import Synth
from tests.synthesized import Block, Synthesized

PLAN = ClusterPlan(
    name="gemma-us",
    project="my-project",
    region="us-east5",
    location="us-east5",
    zones=("us-east5-a", "us-east5-b"),
    network="gemma-vpc",
    subnetwork="gemma-nodes-us",
    node_service_account="nodes@my-project.iam.gserviceaccount.com",
    version_floor="1.34.1-gke.1829001",
)
TUESDAYS: dict[str, Any] = {"start_time": "2026-01-05T02:00:00Z", "end_time": "2026-01-05T14:00:00Z"}


def build(spec: ClusterSpec | None = None, **plan: Any) -> Callable[[Any], GkeCluster]:
    """Build a cluster in a bare stack."""

    def made(stack: Any) -> GkeCluster:
        google = GoogleProvider(stack, "google", project="my-project")
        return GkeCluster(stack, "cluster", google=google, plan=replace(PLAN, **plan), spec=spec or ClusterSpec())

    return made


def cluster(synth: Synth, spec: ClusterSpec | None = None, **plan: Any) -> Block:
    """Synthesize a cluster and return its block."""
    return synth(build(spec, **plan)).one("google_container_cluster")


def window(synth: Synth, day: str = "SA", **settings: Any) -> dict[str, str]:
    """Synthesize a cluster whose region stands for *day*, and return its maintenance window."""
    spec = ClusterSpec(maintenance_window=MaintenanceWindowSpec(**settings))
    found: dict[str, str] = cluster(synth, spec, maintenance_day=day)["maintenance_policy"]["recurring_window"]
    return found


def test_a_cluster_is_regional_with_nodes_in_the_given_zones(synth: Synth) -> None:
    """The control plane survives a zone; nodes are where the machines are."""
    made = cluster(synth)

    assert (made["name"], made["project"], made["location"]) == ("gemma-us", "my-project", "us-east5")
    assert made["node_locations"] == ["us-east5-a", "us-east5-b"]


def test_a_zonal_cluster_does_not_name_its_own_zone_again(synth: Synth) -> None:
    """GKE refuses a node location that is the cluster's own."""
    assert cluster(synth, location="us-east5-a")["node_locations"] == ["us-east5-b"]
    assert cluster(synth, location="us-east5-a", zones=("us-east5-a",)).get("node_locations", []) == []


def test_it_takes_the_default_of_its_channel(synth: Synth) -> None:
    """Asked of GKE where the cluster is; the channel moves the version on, and Terraform leaves it alone."""
    app = synth(build())
    made = app.one("google_container_cluster")
    [offered] = app.stacks["test"]["data"]["google_container_engine_versions"].values()

    assert made["release_channel"] == {"channel": "REGULAR"}
    assert 'release_channel_default_version["REGULAR"]' in made["min_master_version"]
    assert (offered["project"], offered["location"], offered["provider"]) == ("my-project", "us-east5", "google")
    assert "min_master_version" in made["lifecycle"]["ignore_changes"]


def test_a_channel_that_is_behind_is_asked_for_the_minor_version_of_the_floor(synth: Synth, tmp_path: Path) -> None:
    """A real Terraform evaluates it: nothing is asked for where the default is new enough."""
    asked = {
        "1.33.5-gke.2469000": "1.34",
        "1.34.1-gke.1127000": "1.34",
        "1.34.1-gke.1829001": None,
        "1.34.3-gke.1318000": None,
        "1.35.0-gke.1": None,
    }
    match = re.fullmatch(r"\$\{(.*)}", cluster(synth)["min_master_version"])
    assert match
    default = r"data\.google_container_engine_versions\.\w+\.release_channel_default_version\[\"REGULAR\"]"
    expressions = [re.sub(default, json.dumps(version), match[1]) for version in asked]

    assert evaluate(expressions, tmp_path) == list(asked.values())


def test_version_and_channel_are_as_given(synth: Synth) -> None:
    """Then nothing is looked up, and Terraform keeps to them; the floor stays what the features need."""
    app = synth(build(ClusterSpec(gke_version="1.35.2-gke.1842000", release_channel="RAPID")))
    made = app.one("google_container_cluster")

    assert made["min_master_version"] == "1.35.2-gke.1842000"
    assert made["release_channel"] == {"channel": "RAPID"}
    assert list(app.stacks["test"]["data"]) == ["google_container_cluster"]
    assert "min_master_version" not in made["lifecycle"]["ignore_changes"]
    assert look(app)["lifecycle"]["postcondition"][0]["error_message"] == (
        "gemma-us has GKE ${self.master_version}, which is older than 1.34.1-gke.1829001, the floor of the features in "
        "use: set cluster.gke_version to '1.34' or a newer minor version. Where the cluster is on 1.34 already, only a "
        "complete version moves it, one that its release channel offers."
    )


def look(app: Synthesized) -> Block:
    """Find the data source that reads the cluster once it is as planned."""
    [block] = app.stacks["test"]["data"]["google_container_cluster"].values()
    found: Block = block
    return found


def test_its_version_is_judged_once_it_is_as_planned_and_before_any_accelerator(synth: Synth) -> None:
    """Never on the cluster itself, whose old version is what a plan of its upgrade knows."""

    def pools(stack: Any) -> None:
        made = build()(stack)
        made.add_system_pool("system", machine_type="e2-standard-8")
        made.add_accelerator_pool("tpu", NodePoolSpec(machine_type="ct6e-standard-4t"))

    app = synth(pools)
    needs = {pool["name"]: pool.get("depends_on") for pool in app.all("google_container_node_pool")}
    [address] = app.stacks["test"]["data"]["google_container_cluster"]

    assert needs == {"system": None, "tpu": [f"data.google_container_cluster.{address}"]}
    assert look(app)["depends_on"] == ["google_container_cluster.cluster"]
    assert (look(app)["project"], look(app)["location"], look(app)["name"]) == ("my-project", "us-east5", "gemma-us")
    assert "postcondition" not in app.one("google_container_cluster")["lifecycle"]


def test_terraform_itself_finds_a_version_below_the_floor(synth: Synth, tmp_path: Path) -> None:
    """The postcondition, evaluated by a real Terraform, compares each part as a number."""
    reaches = {
        "1.34.1-gke.1829001": True,
        "1.34.1-gke.1829002": True,
        "1.34.1-gke.1829000": False,
        "1.34.1-gke.999999": False,
        "1.34.1-gke.10000000": True,
        "1.34.0-gke.99999999": False,
        "1.34.10-gke.1": True,
        "1.35.0-gke.1": True,
        "1.100.0-gke.1": True,
        "1.9.20-gke.99999999": False,
        "2.0.0-gke.1": True,
    }
    [postcondition] = look(synth(build()))["lifecycle"]["postcondition"]
    match = re.fullmatch(r"\$\{(.*)}", postcondition["condition"])
    assert match
    conditions = [match[1].replace("self.master_version", json.dumps(version)) for version in reaches]

    assert evaluate(conditions, tmp_path) == list(reaches.values())


def evaluate(expressions: list[str], folder: Path) -> Any:
    """Evaluate Terraform expressions in a folder that holds no configuration of its own."""
    result = subprocess.run(
        ["terraform", "console"],
        input=f"jsonencode([{', '.join(expressions)}])\n",
        cwd=folder / "stacks",
        env={"PATH": os.environ["PATH"], "HOME": str(folder), "CHECKPOINT_DISABLE": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(json.loads(result.stdout))


def test_a_floor_of_another_version_is_another_number(synth: Synth) -> None:
    """Nine digits for each part, so that no part can run into the next."""
    [condition] = look(synth(build(version_floor="1.34.3-gke.1318000")))["lifecycle"]["postcondition"]

    assert condition["condition"].endswith(">= 1000000034000000003001318000}")


@pytest.mark.parametrize("day", WEEKDAYS)
def test_the_region_decides_on_the_day_of_upgrades(synth: Synth, day: str) -> None:
    """Twelve hours from two in the morning, once a week."""
    assert window(synth, day) == {**TUESDAYS, "recurrence": f"FREQ=WEEKLY;BYDAY={day}"}


def test_days_that_are_given_win_and_are_in_the_order_of_the_week(synth: Synth) -> None:
    """The same window gives the same text."""
    made = window(synth, duration_hours=4, days=("SU", "TU", "MO"))

    assert made["recurrence"] == "FREQ=WEEKLY;BYDAY=MO,TU,SU"
    assert made["end_time"] == "2026-01-05T06:00:00Z"


def test_a_day_that_is_given_twice_is_there_once(synth: Synth) -> None:
    """A recurrence rule names each day once."""
    assert window(synth, days=("TU", "TU"))["recurrence"] == "FREQ=WEEKLY;BYDAY=TU"


@pytest.mark.parametrize(
    ("start", "hours", "end"),
    [(11, 12, "2026-01-05T23:00:00Z"), (12, 12, "2026-01-06T00:00:00Z"), (23, 23, "2026-01-06T22:00:00Z")],
)
def test_a_window_may_end_after_midnight(synth: Synth, start: int, hours: int, end: str) -> None:
    """Then its end is on the next day."""
    made = window(synth, start_hour_utc=start, duration_hours=hours)

    assert made["start_time"] == f"2026-01-05T{start:02d}:00:00Z"
    assert made["end_time"] == end


@pytest.mark.parametrize("protected", [True, False])
def test_deletion_is_refused_unless_allowed(synth: Synth, protected: bool) -> None:
    """On by default."""
    assert cluster(synth)["deletion_protection"] is True
    assert cluster(synth, ClusterSpec(deletion_protection=protected))["deletion_protection"] is protected


def test_the_network_is_named_with_its_project_and_ranges(synth: Synth) -> None:
    """VPC native on the secondary ranges of the node subnet, with Dataplane V2."""
    made = cluster(synth)

    assert made["network"] == "projects/my-project/global/networks/gemma-vpc"
    assert made["subnetwork"] == "projects/my-project/regions/us-east5/subnetworks/gemma-nodes-us"
    assert (made["networking_mode"], made["datapath_provider"]) == ("VPC_NATIVE", "ADVANCED_DATAPATH")
    assert made["ip_allocation_policy"] == {
        "cluster_secondary_range_name": "pods",
        "services_secondary_range_name": "services",
    }


def test_dataplane_v2_can_be_left_out(synth: Synth) -> None:
    """For clusters without managed DRANET."""
    assert cluster(synth, ClusterSpec(dataplane_v2=False))["datapath_provider"] == "LEGACY_DATAPATH"


@pytest.mark.parametrize("private", [True, False])
def test_people_come_in_by_the_dns_endpoint_alone(synth: Synth, private: bool) -> None:
    """The control plane has no public address, whether the nodes have or not; no certificate, no legacy access."""
    made = cluster(synth, ClusterSpec(private_nodes=private))

    assert made["control_plane_endpoints_config"] == {"dns_endpoint_config": {"allow_external_traffic": True}}
    assert made["private_cluster_config"]["enable_private_nodes"] is private
    assert made["private_cluster_config"]["enable_private_endpoint"] is True
    assert made["master_authorized_networks_config"] == {"gcp_public_cidrs_access_enabled": False}
    assert made["master_auth"] == {"client_certificate_config": {"issue_client_certificate": False}}
    assert (made["enable_legacy_abac"], made["enable_shielded_nodes"]) == (False, True)


def test_the_secret_manager_add_on_is_only_where_it_is_needed(synth: Synth) -> None:
    """Off by default, and said to be: the provider sends nothing for a block that is gone."""
    assert cluster(synth)["secret_manager_config"] == {"enabled": False}
    assert cluster(synth, secret_manager=True)["secret_manager_config"] == {"enabled": True}


def test_it_can_serve_models_behind_a_gateway(synth: Synth) -> None:
    """Gateway API, Workload Identity, GCS FUSE, managed Prometheus, accelerator metrics, the HPA profile."""
    made = cluster(synth)

    assert made["gateway_api_config"] == {"channel": "CHANNEL_STANDARD"}
    assert made["workload_identity_config"] == {"workload_pool": "my-project.svc.id.goog"}
    assert made["addons_config"] == {"gcs_fuse_csi_driver_config": {"enabled": True}}
    assert made["monitoring_config"]["managed_prometheus"] == {"enabled": True}
    assert made["monitoring_config"]["enable_components"] == ["DCGM", "HPA", "POD", "SYSTEM_COMPONENTS"]
    assert made["logging_config"]["enable_components"] == ["SYSTEM_COMPONENTS", "WORKLOADS"]
    assert made["pod_autoscaling"] == {"hpa_profile": "PERFORMANCE"}
    assert made["cost_management_config"] == {"enabled": True}


def test_components_are_left_alone_and_missing_ones_told(synth: Synth) -> None:
    """Their order is GKE's own, so no plan compares them; each plan warns of one that a cluster lacks."""
    app = synth(build())
    checks = app.stacks["test"]["check"]

    for part, wanted, flag in (
        ("logging", ["SYSTEM_COMPONENTS", "WORKLOADS"], "--logging=SYSTEM,WORKLOAD"),
        ("monitoring", ["DCGM", "HPA", "POD", "SYSTEM_COMPONENTS"], "--monitoring=DCGM,HPA,POD,SYSTEM"),
    ):
        made = app.one("google_container_cluster")
        [told] = [check["assert"][0] for name, check in checks.items() if name.endswith(f"-{part}")]
        assert made[f"{part}_config"]["enable_components"] == wanted
        assert f"{part}_config[0].enable_components" in made["lifecycle"]["ignore_changes"]
        assert f"setsubtract({json.dumps(wanted)}, google_container_cluster." in told["condition"]
        assert flag in told["error_message"]


def test_the_default_pool_is_removed_and_never_has_the_default_identity(synth: Synth) -> None:
    """GKE makes it with the cluster; what is left of it in the state is not compared."""
    made = cluster(synth)

    assert (made["remove_default_node_pool"], made["initial_node_count"]) == (True, 1)
    assert made["node_config"]["service_account"] == "nodes@my-project.iam.gserviceaccount.com"
    assert made["node_config"]["workload_metadata_config"] == {"mode": "GKE_METADATA"}
    assert {"node_config", "initial_node_count"} <= set(made["lifecycle"]["ignore_changes"])


def test_a_cluster_tells_name_and_endpoint(synth: Synth) -> None:
    """The name at synth, the host name of the control plane after apply."""
    seen: list[GkeCluster] = []
    synth(lambda stack: seen.append(build()(stack)))

    assert seen[0].name == "gemma-us"
    assert "TfToken" in seen[0].dns_endpoint


def test_pools_are_called_after_their_keys(synth: Synth) -> None:
    """A system pool and any number of accelerator pools, all in the zones of the cluster."""

    def pools(stack: Any) -> None:
        made = build()(stack)
        made.add_system_pool("system", machine_type="e2-standard-8")
        for key in ("tpu", "train"):
            made.add_accelerator_pool(key, NodePoolSpec(machine_type="ct6e-standard-4t"))

    found = synth(pools).all("google_container_node_pool")

    assert {pool["name"] for pool in found} == {"system", "tpu", "train"}
    assert all(pool["node_locations"] == ["us-east5-a", "us-east5-b"] for pool in found)
