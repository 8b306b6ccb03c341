"""Cases of the rules about what is there already, and of several clusters in one region."""

from __future__ import annotations

from typing import Any

from tests.configs import REGIONAL
from tests.platform_config.rules.case import Case, More

NETWORK: dict[str, Any] = {"existing__network": "corp"}
CIDRS = {"nodes": "10.64.0.0/20", "pods": "10.80.0.0/14", "services": "10.64.16.0/20", "proxy": "10.64.32.0/23"}
SUBNET = {**NETWORK, "regions__us__cidrs": CIDRS, "regions__us__existing": {"subnet": "corp-us"}}
CLUSTER = "projects/my-project-id/locations/us-east5/clusters/gke-us"
MEMBERSHIP = "projects/my-project-id/locations/global/memberships/gke-us"


def us(**parts: Any) -> dict[str, Any]:
    """Return settings of an existing cluster in us, with other *parts* of what is there."""
    there = {"subnet": "corp-us", "cluster": CLUSTER}
    return {**SUBNET, "regions__us__existing": {**there, **parts}}


def beside(**settings: Any) -> dict[str, Any]:
    """Return a second cluster in the region of eu, with other *settings* of it."""
    region = {"number": 7, "region": "europe-west4", "zones": ["europe-west4-a"], "beside": "eu"}
    return {"regions__eu2": {**region, **settings}}


ADMIN = {"serves": False, "config_cluster": True}
ALONE = {"regions__us__config_cluster": False}
POOL = {"node_pools": {"tpu": "v6e"}}

CASES: dict[str, Case] = {
    "EXIST-NETWORK": Case(
        SUBNET,
        {**SUBNET, "existing__network": None},
        "regions.us.existing.subnet: must be in the network of existing.network, got 'corp-us' and a network of the "
        "platform -> add existing.network with the name of its network",
    ),
    "EXIST-CIDRS": Case(
        SUBNET,
        {**SUBNET, "regions__us__cidrs": None},
        "regions.us.existing.subnet: must stand beside cidrs, the ranges that it has, got none"
        " -> add regions.us.cidrs with its four ranges: `gcloud compute networks subnets list` shows them",
    ),
    "EXIST-CLUSTER-SUBNET": Case(
        us(),
        us(subnet=None),
        f"regions.us.existing.cluster: must stand beside subnet, the one that the cluster is in, got '{CLUSTER}' alone"
        " -> `gcloud container clusters describe` shows subnetwork and clusterSecondaryRangeName",
    ),
    "EXIST-PLACE": Case(
        us(cluster=CLUSTER.replace("us-east5", "us-east5-b")),
        us(cluster=CLUSTER.replace("us-east5", "us-east1")),
        "regions.us.existing.cluster: must be in us-east5 or a zone of it, got 'us-east1'"
        " -> give the region of the cluster to regions.us.region",
    ),
    "EXIST-PROJECT": Case(
        us(),
        us(cluster=CLUSTER.replace("my-project-id", "another-project")),
        "regions.us.existing.cluster: must be in the platform's project my-project-id, got 'another-project'"
        " -> give each project a platform of its own: Google documents one project for a gateway's clusters",
    ),
    "EXIST-TWICE": Case(
        us(),
        {
            **us(),
            "regions__eu__cidrs": {**CIDRS, "nodes": "10.65.0.0/20", "pods": "10.84.0.0/14"}
            | {"services": "10.65.16.0/20", "proxy": "10.65.32.0/23"},
            "regions__eu__existing": {
                "subnet": "corp-eu",
                "cluster": "projects/my-project-id/locations/europe-west4/clusters/gke-us",
            },
        },
        "regions.eu.existing.cluster: must have another name than that of us, got 'gke-us' twice"
        " -> use another cluster: alerts, dashboards and memberships go by its name, wherever it is",
    ),
    "EXIST-POOLS": Case(
        us(**POOL),
        us(node_pools={"gpu": "l4"}),
        "regions.us.existing.node_pools.gpu: must be a key of node_pools (tpu), got 'gpu' -> did you mean 'tpu'?",
    ),
    "EXIST-MEMBERSHIP": Case(
        us(membership=MEMBERSHIP),
        {**SUBNET, "regions__us__existing": {"membership": MEMBERSHIP}},
        "regions.us.existing.membership: must stand beside cluster, got nothing: the platform makes the cluster "
        "of us, and its membership -> remove it, or add cluster",
    ),
    "EXIST-FLEET": Case(
        {**us(), "existing__fleet_features": True},
        {**REGIONAL, "existing__fleet_features": True},
        "existing.fleet_features: must be left out: regional gateways need no fleet, got true -> remove it",
    ),
    "EXIST-ACCOUNT": Case(
        {"existing__node_service_account": "nodes@my-project-id.iam.gserviceaccount.com"},
        {"existing__node_service_account": "jane@example.com"},
        "existing.node_service_account: must be a service account, whose address ends with "
        ".gserviceaccount.com, got 'jane@example.com' -> `gcloud iam service-accounts list` shows them",
    ),
    "EXIST-MEMBERSHIP-PLACE": Case(
        us(membership=MEMBERSHIP.replace("global", "us-east5")),
        us(membership=MEMBERSHIP.replace("global", "europe-west4")),
        "regions.us.existing.membership: must be in global or us-east5, got 'europe-west4'"
        " -> `gcloud container fleet memberships list` shows it",
    ),
    "EXIST-BUCKET": Case(
        {"existing__bucket": "weights-1"},
        {"existing__bucket": "weights-1", "bucket__versioning": True},
        "bucket.versioning: must be left out beside existing.bucket, which is not managed here, got true -> remove it",
    ),
    "EXIST-SHARED-VPC": Case(
        {"existing__network": "projects/net-host-1/global/networks/shared", "existing__shared_vpc_roles": True},
        {**NETWORK, "existing__shared_vpc_roles": True},
        "existing.shared_vpc_roles: must be left out where the network is in the platform's own project "
        "my-project-id, got true -> remove it",
    ),
    "EXIST-ADDRESS": Case(
        {**SUBNET, "regions__us__existing": {"subnet": "corp-us", "gateway_address": "front"}},
        {
            **SUBNET,
            "regions__us__existing": {"subnet": "corp-us", "gateway_address": "front"},
            "gateway__regions": ["eu"],
        },
        "regions.us.existing.gateway_address: must be in a region with a gateway address (eu), got us -> move it there",
    ),
    "EXIST-PROXY": Case(
        {**NETWORK, **beside()},
        {
            **NETWORK,
            **beside(
                cidrs={"nodes": "10.65.0.0/20", "pods": "10.84.0.0/14", "services": "10.65.16.0/20"},
                existing={"proxy_subnet": "proxies"},
            ),
        },
        "regions.eu2.existing.proxy_subnet: must be left out beside eu, whose proxy-only subnet is for both, got "
        "'proxies' -> move it to regions.eu",
    ),
    "EXIST-HOST-ROLE": Case(
        {"existing__network": "projects/net-host-1/global/networks/shared", "existing__shared_vpc_roles": True},
        {"existing__network": "projects/net-host-1/global/networks/shared"},
        "existing.shared_vpc_roles: should be true where other clusters of the project use the Shared VPC, got false"
        " -> write true if GKE's agent has its role in the host project: a destroy would take it from all of them",
    ),
    "NET-PROXY": Case(
        beside(),
        {**SUBNET, "regions__us__cidrs": {**CIDRS, "proxy": None}},
        "regions.us.cidrs.proxy: must be given, got nothing -> write a free range of /23",
    ),
    "EXIST-UNUSED": Case(
        NETWORK,
        {**NETWORK, "network__mtu": 1500},
        "network.mtu: should be left out for an existing network, got 1500 -> remove it",
    ),
    "EXIST-NAMESPACE": Case(
        {"existing__namespace": True, "cluster__network_policies": False},
        {"existing__namespace": True},
        "existing.namespace: should be a namespace of the platform alone, got the existing one 'inference'"
        " -> move pods of others, which lose their traffic, or turn the policies off",
    ),
    "REG-BESIDE": Case(
        beside(),
        beside(capacity_percent=50),
        "regions.eu2.capacity_percent: must be that of eu, which is in the same region (100), got 50 -> write 100",
    ),
    "REG-NAMED": Case(
        beside(),
        {**beside(), "gateway__regions": ["us", "eu2"]},
        "gateway.regions[1]: must be the region that has the address of both, eu, got 'eu2' -> write eu",
    ),
    "REG-SERVES": Case(
        {**beside(**ADMIN), **ALONE},
        beside(serves=False),
        "regions.eu2.serves: must be true where the cluster holds no cross-region gateway, got false: it would do "
        "nothing -> remove the region, or give it config_cluster: true",
    ),
}

MORE: dict[str, More] = {
    "a chain of regions beside each other": (
        "REG-BESIDE",
        {
            **beside(),
            "regions__eu3": {"number": 8, "region": "europe-west4", "zones": ["europe-west4-a"], "beside": "eu2"},
        },
        [
            "regions.eu3.beside: must be the key of another region that is beside none (us, eu), got 'eu2'"
            " -> did you mean 'eu'?"
        ],
    ),
    "beside a region elsewhere": (
        "REG-BESIDE",
        beside(beside="us"),
        [
            "regions.eu2.beside: must be in europe-west4 too, got 'us' in us-east5"
            " -> remove it: each Google Cloud region needs a region of the file"
        ],
    ),
    "a model of a cluster that serves nothing": (
        "REG-NAMED",
        {**beside(**ADMIN), **ALONE, "models__gemma__regions": ["us", "eu2"]},
        ["models.gemma.regions[1]: must be a region that serves (us, eu), got 'eu2' -> remove it"],
    ),
    "an address of a second cluster": (
        "REG-NAMED",
        {**beside(), "gateway__regions": ["us", "eu2"]},
        ["gateway.regions[1]: must be the region that has the address of both, eu, got 'eu2' -> write eu"],
    ),
    "an address in a subnet that is not there yet": (
        "EXIST-ADDRESS",
        {"regions__us__existing": {"gateway_address": "front"}},
        [
            "regions.us.existing.gateway_address: must stand beside subnet, which it is in, got 'front' and a subnet "
            "that the platform makes -> remove it: the platform reserves one in its own subnet"
        ],
    ),
    "a feature that cannot know the config cluster yet": (
        "EXIST-FLEET",
        {"existing__fleet_features": True},
        [
            "existing.fleet_features: must stand beside an existing config cluster, which the fleet's feature names, "
            "got true alone -> give regions.us.existing.cluster and membership, or remove it"
        ],
    ),
    "a fleet of another project": (
        "EXIST-PROJECT",
        us(membership=MEMBERSHIP.replace("my-project-id", "fleet-host-1")),
        [
            "regions.us.existing.membership: must be in the platform's project my-project-id, got 'fleet-host-1'"
            " -> give each project a platform of its own: Google documents one project for a gateway's clusters"
        ],
    ),
}
