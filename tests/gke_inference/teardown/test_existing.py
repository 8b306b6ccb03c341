"""A teardown in networks and clusters of others: what is not the platform's stays, and is not counted as left."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from gke_inference.findings import Finding, Status
from gke_inference.teardown.clusters import DeletedClusters
from gke_inference.teardown.command import name_problems
from gke_inference.teardown.findings import stateless_findings, staying_parts
from gke_inference.teardown.order import read_order
from platform_config.config import Config
from platform_config.existing_parts import existing_parts
from platform_config.names import Names
from platform_config.stack_graph import NETWORK_STACK, needed_stacks
from tests.configs import CONFIG_CLUSTER, EXISTING, config
from tests.gke_inference.google_stand_in import GoogleStandIn
from tests.gke_inference.teardown.cloud import TeardownCloud
from tests.gke_inference.teardown.rig import add_gateway, network, remaining, sweeper_of, synth_documents, write_synth

NETWORK, SHARED, CLUSTERS = (config(path) for path in EXISTING)
HOST = "net-host-1"
FOUR = pytest.mark.parametrize("path", [*EXISTING, CONFIG_CLUSTER], ids=lambda path: path.stem)


def served(platform: Config, stand_in: GoogleStandIn) -> TeardownCloud:
    """Serve a project with all that exists by the config of *platform*, and things of others beside it."""
    cloud, names, existing = TeardownCloud(platform), Names(platform), platform.existing
    cloud.serve(stand_in)
    shared: dict[str, Any] = {"project": names.network_project}
    for key, region in platform.regions.items():
        at, place = region.existing, f"regions/{region.region}"
        for name in filter(None, (at.subnet, at.proxy_subnet)):
            cloud.add(f"{place}/subnetworks/{name}", **shared)
        if at.router:
            cloud.add(f"{place}/routers/{at.router}", nats=[{"name": at.router}], **shared)
        if at.gateway_address:
            cloud.add(f"{place}/addresses/{at.gateway_address}", subnetwork=names.node_subnet_path(key))
        if at.cluster:
            pools = [{"name": name, "config": {"machineType": "ct6e-standard-4t"}} for name in at.node_pools.values()]
            cloud.clusters.append(cluster(platform, key, pools))
            cloud.memberships += [at.membership_parts[2]] if at.membership else []
    if existing.network:
        cloud.there |= {names.network}
        add_gateway(cloud, name="other-gateway")
        cloud.add("global/firewalls/gkemcg1-l7-shared-global", **shared)
        cloud.add("global/firewalls/corp-allow-ssh", **shared)
        cloud.add("regions/us-east5/routers/corp-nat", **shared)
        cloud.add("regions/us-east5/subnetworks/corp-vms", **shared)
        cloud.add("regions/us-east5/addresses/corp-vpn")
        cloud.clusters.append({"name": "theirs", "location": "us-east5", "network": names.network})
        vm: dict[str, Any] = {
            "name": "vm",
            "networkInterfaces": [{"network": cloud.link(f"global/networks/{names.network}")}],
        }
        cloud.add("zones/us-east5-b/instances/vm", **vm)
    if existing.fleet_features:
        cloud.config_member = names.membership(platform.config_region).rpartition("/")[2]
    cloud.there |= set(filter(None, (existing.bucket, existing.node_service_account)))
    return cloud


def cluster(platform: Config, key: str, pools: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the cluster of region *key*, as Google has it."""
    names = Names(platform)
    return {"name": names.cluster(key), "location": names.cluster_location(key), "network": names.network,
            "networkConfig": {"network": names.network_path}, "nodePools": pools}  # fmt: skip


def left(findings: list[Finding]) -> set[str]:
    """Return what is reported as left over."""
    return {finding.found for finding in findings if finding.status is not Status.GOOD}


@FOUR
def test_what_others_have_is_not_left_over(path: Path, stand_in: GoogleStandIn) -> None:
    """Neither what the config names nor what else is in their network."""
    platform = config(path)
    served(platform, stand_in)

    assert left(remaining(stand_in, config=platform)) == set()


@FOUR
def test_nothing_of_others_is_swept_or_deleted(path: Path, stand_in: GoogleStandIn) -> None:
    """And no finding asks for it."""
    platform = config(path)
    cloud = served(platform, stand_in)
    before = dict(cloud.items)
    sweeper = sweeper_of(stand_in, config=platform)
    sweeper.record_ownership()
    sweeper.sweep()

    assert (sweeper.deleted, sweeper.problems, cloud.items) == ({}, {}, before)
    assert left(stateless_findings(network(stand_in, frozenset(), config=platform))) == set()


@FOUR
def test_each_thing_that_stays_is_shown(path: Path) -> None:
    """With the setting that names it; a platform of its own has none."""
    platform = config(path)
    found = [finding.found for finding in staying_parts(platform)]

    assert all("stays: not the platform's (" in line for line in found)
    assert len(found) == len(existing_parts(platform)) == {"existing-network": 1, "shared-vpc": 10,
        "existing-clusters": 13, "config-cluster": 0}[path.stem]  # fmt: skip


@pytest.mark.parametrize("platform", [NETWORK, SHARED, CLUSTERS])
def test_the_platforms_own_load_balancer_is_swept(platform: Config, stand_in: GoogleStandIn) -> None:
    """With its groups, by the Gateway's name; that of another Gateway in the same network stays."""
    cloud = served(platform, stand_in)
    others = set(cloud.items)
    own = set(add_gateway(cloud))
    # The service for 404 has the same name in both.
    shared = {path for path in own if "gw-serve404" in path}
    sweeper = sweeper_of(stand_in, config=platform)
    sweeper.record_ownership()
    sweeper.sweep()

    assert set(sweeper.deleted) == own - shared
    assert set(cloud.items) == others | shared


def test_firewall_rules_of_the_platforms_clusters_are_swept_in_the_host_project(stand_in: GoogleStandIn) -> None:
    """GKE's rules for a cluster have its name; those for all Gateways of the network stay."""
    cloud = served(SHARED, stand_in)
    rule = cloud.add("global/firewalls/gke-gemma-us-0a1b2c3d-vms", project=HOST)
    sweeper = sweeper_of(stand_in, config=SHARED)
    sweeper.sweep()

    assert set(sweeper.deleted) == {rule}
    assert rule not in cloud.items


def test_nothing_is_swept_where_no_state_has_anything(stand_in: GoogleStandIn) -> None:
    """Names alone do not show whose it is."""
    cloud = served(NETWORK, stand_in)
    add_gateway(cloud)
    sweeper = sweeper_of(stand_in, config=NETWORK, known=False)
    sweeper.sweep()

    assert sweeper.deleted == {}
    assert "is not the platform's, and all its states are empty" in sweeper.problems["SWEEP"].found


def test_what_the_platform_made_in_a_network_of_others_is_left_over(stand_in: GoogleStandIn) -> None:
    """By its names, each in its project."""
    cloud = served(NETWORK, stand_in)
    cloud.add("regions/us-east5/subnetworks/gemma-nodes-us")
    cloud.add("regions/us-east5/subnetworks/gemma-proxy-us")
    cloud.add("regions/us-east5/routers/gemma-nat-us")
    cloud.add("regions/us-east5/addresses/gemma-gateway-us")
    cloud.clusters.append(cluster(NETWORK, "us", []))

    assert left(remaining(stand_in, config=NETWORK)) == {
        "cluster gemma-us in us-east5", "address gemma-gateway-us", "router gemma-nat-us", "subnet gemma-nodes-us",
        "subnet gemma-proxy-us",
    }  # fmt: skip


def test_a_pool_and_a_membership_added_to_clusters_of_others_are_left_over(stand_in: GoogleStandIn) -> None:
    """The pool v6e of `us` and its membership are others'; the pool tpu of `eu` and its membership are not."""
    cloud = served(CLUSTERS, stand_in)
    eu = next(each for each in cloud.clusters if each["name"] == "gke-eu")
    eu["nodePools"] = [{"name": "tpu", "config": {"machineType": "ct6e-standard-4t"}}, {"name": "default-pool"}]
    cloud.memberships.append("gke-eu")
    findings = remaining(stand_in, config=CLUSTERS)

    assert left(findings) == {"node pool tpu (ct6e-standard-4t) of gke-eu", "membership gke-eu"}
    [pool] = [each for each in findings if each.id == "LEFT-NODE-POOL"]
    assert "gcloud container node-pools delete tpu --cluster=gke-eu --location=europe-west4-a" in pool.fix


def test_grants_on_a_bucket_of_others_are_left_over(stand_in: GoogleStandIn) -> None:
    """The bucket itself stays, and so does who else may read it."""
    cloud = served(SHARED, stand_in)
    pool = f"principal://iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/{Names(SHARED).workload_pool}"
    server = f"{pool}/subject/ns/inference/sa/gemma-server"
    cloud.readers = {"team-weights": [server, "user:somebody@example.com"]}
    findings = remaining(stand_in, config=SHARED)

    assert [finding.found for finding in findings if finding.id == "LEFT-OWN-BUCKET"] == ["bucket team-weights"]
    [grant] = [finding for finding in findings if finding.status is Status.WRONG]
    assert "inference/sa/gemma-server on bucket team-weights" in grant.found


@FOUR
def test_the_synth_of_such_a_platform_is_recognised(path: Path, tmp_path: Path) -> None:
    """A network of others is a data source of it; another network is another platform."""
    platform = config(path)
    needs = {stack: list(needed) for stack, needed in needed_stacks(platform).items()}
    documents = synth_documents(platform)
    order = read_order(platform, write_synth(tmp_path / "out", needs=needs, documents=documents))
    assert order.stacks[-1] == NETWORK_STACK

    kind = "data" if platform.existing.network else "resource"
    other = json.loads(json.dumps(documents))
    other[NETWORK_STACK][kind]["google_compute_network"]["network"]["project"] = "another"
    with pytest.raises(ValueError, match="the project of the network is another"):
        read_order(platform, write_synth(tmp_path / "other", needs=needs, documents=other))


def test_what_stays_cannot_be_named_for_deletion() -> None:
    """A cluster or bucket of others: the message says so."""
    [cluster_problem] = name_problems(CLUSTERS, ("gke-us",), None)
    [bucket_problem] = name_problems(SHARED, (), "team-weights")

    assert "all clusters exist, and stay" in cluster_problem
    assert "the bucket exists, and stays" in bucket_problem


def test_objects_of_a_cluster_of_others_that_is_gone_are_forgotten(stand_in: GoogleStandIn) -> None:
    """Its owner deleted it: nothing in it can be destroyed any more."""
    cloud = served(CLUSTERS, stand_in)
    cloud.clusters = [each for each in cloud.clusters if each["name"] != "gke-eu"]
    states = dict.fromkeys(needed_stacks(CLUSTERS), ())
    clusters = DeletedClusters(stand_in.api(), CLUSTERS, states)

    assert clusters.find("workload-base-eu") == "gke-eu"
    assert clusters.find("workload-base-us") == ""
