"""Several configs together: each is checked, and what two platforms cannot both have is refused."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from platform_config.errors import ConfigError
from platform_config.several import load_several, warnings_of_several
from tests.config_files import TEXT
from tests.configs import ALONE, EXAMPLE, GUARDED, PUBLIC, REGIONAL, changed

Data = dict[str, Any]
VARIANTS = ALONE.parent
EXISTING, SHARED, NETWORK = (
    VARIANTS / f"{name}.yaml" for name in ("existing-clusters", "shared-vpc", "existing-network")
)
OTHER: Data = {"name": "voice", "project": "my-project-two"}
"""A platform of its own name and project."""
APIGEE: Data = {"environment": "inference", "create": {"analytics_region": "us-east4"}}


def files(folder: Path, one: Data, other: Data) -> list[Path]:
    """Write dev.yaml and prod.yaml."""
    for name, data in {"dev": one, "prod": other}.items():
        (folder / f"{name}.yaml").write_text(json.dumps(data, indent=0))
    return [folder / "dev.yaml", folder / "prod.yaml"]


def refusal(folder: Path, *paths: Path) -> str:
    """Return what the configs at *paths* are refused with together, without the folder; empty where they are not."""
    try:
        load_several(paths)
    except ConfigError as error:
        return str(error).replace(f"{folder}{os.sep}", "")
    return ""


NAT: Data = {"regions__us__existing__router": "nat", "regions__eu__existing__router": "nat"}
CIDRS_US = {"nodes": "10.64.0.0/20", "pods": "10.80.0.0/14", "services": "10.64.16.0/20", "proxy": "10.64.32.0/23"}
IN_CORP = changed(NETWORK, name="voice", network__supernet="10.64.0.0/12")
CASES: dict[str, tuple[Data, Data, str]] = {
    "names and projects differ": (changed(), changed(**OTHER), ""),
    "one name in two projects, states in two buckets": (
        changed(state_bucket="states-one"),
        changed(project="my-project-two", state_bucket="states-two"),
        "",
    ),
    "one name in one project": (
        changed(),
        changed(),
        "name (dev.yaml line 2 and prod.yaml line 2): must differ in one",
    ),
    "one name, states in local files": (
        changed(),
        changed(project="my-project-two"),
        "must differ where states are local files, got 'gemma' twice",
    ),
    "one name, states in one bucket": (
        changed(state_bucket="states"),
        changed(project="my-project-two", state_bucket="states"),
        "must not hold the states of both, got gs://states/gemma twice",
    ),
    "one place for states of different names": (
        changed(state_bucket="states"),
        changed(**OTHER, state_bucket="states"),
        "",
    ),
    "a name and a key that give the same names": (
        changed(**REGIONAL, name="a", regions={"b-c": {"number": 1, "region": "us-east5", "zones": ["us-east5-b"]}}),
        changed(**REGIONAL, name="a-b", regions={"c": {"number": 2, "region": "us-east5", "zones": ["us-east5-b"]}}),
        "must not lead to names of the other platform, got the cluster 'a-b-c' twice in my-project-id",
    ),
    "one bucket for weights": (
        changed(bucket__name="all-weights"),
        changed(**OTHER, bucket__name="all-weights"),
        "bucket.name (dev.yaml line 29 and prod.yaml line 29): must differ",
    ),
    "a bucket that one makes and the other uses": (
        changed(bucket__name="all-weights"),
        changed(**OTHER, existing={"bucket": "all-weights"}),
        "",
    ),
    "two fleets in one project": (
        changed(),
        changed(name="voice"),
        "existing.fleet_features (dev.yaml and prod.yaml): must be true in all cross-region platforms of a project but",
    ),
    "one fleet, two config clusters": (
        changed(),
        changed(EXISTING, name="voice"),
        "must have the config cluster of the other platform: a fleet has one, got "
        "projects/my-project-id/locations/us-east5/clusters/gemma-us and "
        "projects/my-project-id/locations/us-east5/clusters/gke-us",
    ),
    "a fleet and regional gateways in one project": (changed(), changed(ALONE, name="voice", namespace="voice"), ""),
    "one model in one namespace of a project": (
        changed(),
        changed(ALONE, name="voice"),
        "models.gemma (dev.yaml line 31 and prod.yaml line 40): must differ in one project and namespace",
    ),
    "Model Armor's agent in one project": (
        changed(GUARDED),
        changed(GUARDED, name="spoken", namespace="spoken"),
        "gateway.model_armor.grant_roles",
    ),
    "two Apigee organizations in one project": (
        changed(PUBLIC, gateway__apigee=APIGEE),
        changed(PUBLIC, name="voice", gateway__apigee=APIGEE),
        "gateway.apigee.create",
    ),
    "ranges in one VPC": (
        changed(NETWORK),
        {**IN_CORP, "project": "my-project-id", "network": {"supernet": "10.128.0.0/10"}},
        "must have ranges that do not overlap those of the other platform in its VPC, got nodes of us (10.130.0.0/20) "
        "and nodes of us (10.130.0.0/20)",
    ),
    "two proxy-only subnets of a region in one VPC": (
        changed(NETWORK),
        IN_CORP,
        "must share one proxy-only subnet with the other platform in its VPC, got gemma-proxy-us and voice-proxy-us in "
        "us-east5",
    ),
    "firewall rules that both make in one VPC": (
        changed(SHARED, state_bucket="states-one"),
        changed(SHARED, state_bucket="states-two", project="my-project-two", existing__node_service_account=None),
        "got the firewall rule 'gemma-vpc-allow-health-checks' twice in net-host-1",
    ),
    "one cluster and one namespace": (
        changed(EXISTING),
        changed(EXISTING, name="voice"),
        "namespace (dev.yaml and prod.yaml): must differ in a cluster that both use, got 'inference' twice",
    ),
    "one cluster and two namespaces": (
        changed(EXISTING, regions__eu__existing__proxy_subnet="proxies-eu"),
        changed(
            EXISTING,
            name="voice",
            namespace="voice",
            regions__eu__existing__proxy_subnet="proxies-eu",
            regions__eu__existing__node_pools={"tpu": "tpu"},
        ),
        "",
    ),
    "one cluster and one pool": (
        changed(EXISTING, regions__eu__existing__proxy_subnet="proxies-eu"),
        changed(EXISTING, name="voice", namespace="voice", regions__eu__existing__proxy_subnet="proxies-eu"),
        "must differ in a cluster that both use, got tpu twice",
    ),
    "one Shared VPC, subnets of others": (
        changed(SHARED),
        changed(SHARED, **OTHER, existing__node_service_account=None),
        "",
    ),
}


@pytest.mark.parametrize(("one", "other", "words"), CASES.values(), ids=list(CASES))
def test_what_only_one_can_have_is_refused(tmp_path: Path, one: Data, other: Data, words: str) -> None:
    """With both files and lines; what two may have is not."""
    shown = refusal(tmp_path, *files(tmp_path, one, other))

    assert words in shown
    assert bool(words) == bool(shown)
    assert not shown or shown.startswith("dev.yaml and prod.yaml: ")


def test_each_file_and_each_two_are_reported_at_once(tmp_path: Path) -> None:
    """Problems of files first, then clashes of those that can be read."""
    paths = files(tmp_path, changed(), changed())
    (tmp_path / "bad.yaml").write_text(TEXT.replace("number: 2", "number: two"))
    shown = refusal(tmp_path, *paths, tmp_path / "bad.yaml", tmp_path / "gone.yaml")

    headers = [line for line in shown.splitlines() if not line.startswith(" ")]
    assert headers == ["bad.yaml: 1 problem", "gone.yaml: 1 problem", "dev.yaml and prod.yaml: 1 problem"]


def test_a_clash_that_the_base_causes_names_its_line(tmp_path: Path) -> None:
    """Two environments that forgot to give their own name."""
    (tmp_path / "base.yaml").write_text(TEXT)
    for name in ("dev", "prod"):
        (tmp_path / f"{name}.yaml").write_text(f"extends: base.yaml\nproject: my-{name}-project\n")
    line = TEXT.splitlines().index("name: gemma") + 1

    assert f"name (base.yaml line {line}): must differ where states are local" in refusal(
        tmp_path, tmp_path / "dev.yaml", tmp_path / "prod.yaml"
    )


def test_a_file_that_is_given_twice_is_refused(tmp_path: Path) -> None:
    """Also by another path: it is likely that another one was meant."""
    (tmp_path / "dev.yaml").write_text(TEXT)
    path = tmp_path / "dev.yaml"

    assert "must be given once" in refusal(tmp_path, path, path)
    assert "must be given once, got dev.yaml too" in refusal(
        tmp_path, path, tmp_path / "." / ".." / tmp_path.name / "dev.yaml"
    )


def test_ranges_of_several_networks_that_overlap_are_one_warning(tmp_path: Path) -> None:
    """They work, and no peering can join them later; those without an overlap have none."""
    paths = files(tmp_path, changed(), changed(**OTHER))
    (tmp_path / "third.yaml").write_text(json.dumps(changed(name="third", project="my-project-three")))
    (tmp_path / "apart.yaml").write_text(
        json.dumps(changed(name="apart", project="my-project-four", network={"supernet": "172.16.0.0/12"}))
    )
    platforms = load_several([*paths, tmp_path / "third.yaml", tmp_path / "apart.yaml"])
    [warning] = warnings_of_several(platforms)

    shown = str(warning).replace(f"{tmp_path}{os.sep}", "")
    assert shown.startswith("dev.yaml, prod.yaml and third.yaml: ranges overlap in different VPCs, such as nodes of us")
    assert warnings_of_several(platforms[2:]) == []


def test_one_file_alone_is_what_it_always_was() -> None:
    """No clash, no warning of several."""
    [loaded] = load_several([EXAMPLE])

    assert loaded.config.name == "gemma"
    assert warnings_of_several([loaded]) == []
