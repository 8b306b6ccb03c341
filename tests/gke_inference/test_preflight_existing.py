"""What the config says exists, in `preflight`: it is asked as the plan's postconditions do."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from constructs_lib.google_roles import CONTROLLER_ROLE, HOST_ROLE, NODE_ROLES, SUBNET_ROLE
from gke_inference.api_error import ApiError
from gke_inference.cluster_api import ClusterApi
from gke_inference.findings import Finding
from gke_inference.preflight.project import permissions
from gke_inference.preflight.target import Target
from platform_config.config import Config
from tests.configs import CONFIG_CLUSTER, EXISTING, config
from tests.gke_inference.existing_answers import (
    APIS_AGENT,
    COMPUTE,
    CONTROLLER,
    GKE_AGENT,
    addresses,
    by_name,
    cluster,
    existing_answers,
    member,
    node_pool,
    policy,
    routers,
    subnets,
)
from tests.gke_inference.google_stand_in import Fault, GoogleStandIn
from tests.gke_inference.preflight_answers import GLOBAL, found, quotas

NETWORK, SHARED, CLUSTERS = EXISTING
OTHER = COMPUTE + "projects/net-host-1/global/networks/other"


class Inside:
    """The API of a cluster, which has *there*."""

    def __init__(self, *there: str) -> None:
        self.there = there

    def get(self, path: str) -> dict[str, Any]:
        """Return what is at *path*."""
        if path.rpartition("/")[2] not in self.there:
            raise ApiError(status=404, reason="NotFound", message=f"no {path}")
        return {"status": {"phase": "Active"}}


@pytest.fixture(autouse=True)
def inside(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Have clusters with the namespace; a call sets what they have."""

    def have(*there: str) -> None:
        monkeypatch.setattr(ClusterApi, "of", lambda *_, **__: Inside(*there))

    have("inference")
    return have


def look(google: GoogleStandIn, platform: Config, **changed: Any) -> dict[tuple[str, str], Finding]:
    """Return the findings where all that exists fits, but for *changed*."""
    return found(google, platform, **{**existing_answers(platform), **changed})


@pytest.mark.parametrize("path", [*EXISTING, CONFIG_CLUSTER], ids=lambda path: path.stem)
def test_all_is_good_where_what_exists_fits(google: GoogleStandIn, path: Path) -> None:
    """In each of the four platforms, and no check that a name is free refuses what is stated."""
    findings = look(google, config(path))

    assert {key: each for key, each in findings.items() if each.status.value != "good"} == {}


def test_nothing_that_is_missing_counts_as_not_made_yet(google: GoogleStandIn) -> None:
    """What exists by the config and is not there is wrong, each with a fix; nothing else is."""
    findings = found(google, config(SHARED), **{**existing_answers(config(SHARED)), **dict.fromkeys(
        ("compute.networks.get", "compute.subnetworks.get", "compute.routers.get", "compute.addresses.get",
         "storage.buckets.get", "iam.projects.serviceAccounts.get"), Fault(404))})  # fmt: skip

    wrong = {id_ for (_, id_), each in findings.items() if each.status.value == "wrong"}
    assert wrong == {
        "EXISTING-NETWORK", "EXISTING-SUBNET", "EXISTING-PROXY-SUBNET", "EXISTING-ROUTER", "EXISTING-ADDRESS",
        "EXISTING-BUCKET", "EXISTING-NODE-ACCOUNT",
    }  # fmt: skip
    assert all(each.fix for each in findings.values() if each.status.value == "wrong")


def other_subnet(name: str, **fields: Any) -> dict[str, Any]:
    """Return the subnets of the Shared VPC, one of them changed."""
    there = subnets(config(SHARED))
    return {"compute.subnetworks.get": by_name("subnetwork", there | {name: there[name] | fields})}


def other_router(**fields: Any) -> dict[str, Any]:
    """Return its router, changed."""
    there = routers(config(SHARED))
    return {"compute.routers.get": by_name("router", there | {"nat-us": there["nat-us"] | fields})}


def other_address(**fields: Any) -> dict[str, Any]:
    """Return its address, changed."""
    there = addresses(config(SHARED))["team-gateway-us"]
    return {"compute.addresses.get": by_name("address", {"team-gateway-us": there | fields})}


NAT_OF_ANOTHER = {"name": "n", "sourceSubnetworkIpRangesToNat": "LIST_OF_SUBNETWORKS", "subnetworks": []}
PODS = {"rangeName": "team-us-pods", "ipCidrRange": "10.80.0.0/16"}
PARTS: list[tuple[str, dict[str, Any], str, str]] = [
    ("EXISTING-SUBNET", other_subnet("team-us", network=OTHER), "it is in projects/net-host-1/global/networks/other",
     "existing.network"),
    ("EXISTING-SUBNET", other_subnet("team-us", ipCidrRange="10.0.0.0/24"), "its range is 10.0.0.0/24", "cidrs.nodes"),
    ("EXISTING-SUBNET", other_subnet("team-us", privateIpGoogleAccess=False), "no Private Google Access",
     "--enable-private-ip-google-access"),
    ("EXISTING-SUBNET", other_subnet("team-us", secondaryIpRanges=[]), "no secondary range team-us-pods", "pods_range"),
    ("EXISTING-SUBNET", other_subnet("team-us", secondaryIpRanges=[PODS]), "team-us-pods is 10.80.0.0/16",
     "set regions.us.cidrs.pods"),
    ("EXISTING-PROXY-SUBNET", other_subnet("proxies-us", purpose="PRIVATE"), "its purpose is PRIVATE", "remove it"),
    ("EXISTING-PROXY-SUBNET", other_subnet("proxies-us", purpose="REGIONAL_MANAGED_PROXY"),
     "its purpose is REGIONAL_MANAGED_PROXY", "proxy_subnet"),
    ("EXISTING-PROXY-SUBNET", other_subnet("proxies-us", role="BACKUP"), "it is a backup", "the active one"),
    ("EXISTING-PROXY-SUBNET", other_subnet("proxies-us", ipCidrRange="10.9.0.0/23"), "its range is", "cidrs.proxy"),
    ("EXISTING-ROUTER", other_router(network=OTHER), "it is in projects/net-host-1/global/networks/other", "router"),
    ("EXISTING-ROUTER", other_router(nats=[]), "it has no NAT", "one is made"),
    ("EXISTING-ROUTER", other_router(nats=[NAT_OF_ANOTHER]), "its NATs are for other subnets", "added to the NAT"),
    ("EXISTING-ADDRESS", other_address(addressType="EXTERNAL"), "it is EXTERNAL", "reserve one"),
    ("EXISTING-ADDRESS", other_address(subnetwork=COMPUTE + "projects/p/regions/r/subnetworks/s"),
     "it is in projects/p/regions/r/subnetworks/s", "reserve one"),
    ("EXISTING-ADDRESS", other_address(status="IN_USE", users=[COMPUTE + "projects/p/regions/r/forwardingRules/f"]),
     "it is in use by projects/p/regions/r/forwardingRules/f", "reserve another"),
]  # fmt: skip


@pytest.mark.parametrize(("id_", "changed", "words", "fix"), PARTS)
def test_a_part_of_the_network_that_does_not_fit_is_wrong(
    google: GoogleStandIn, id_: str, changed: dict[str, Any], words: str, fix: str
) -> None:
    """With what to do; the other region has nothing to do with it."""
    findings = look(google, config(SHARED), **changed)
    finding = findings["us", id_]

    assert (finding.status.value, words in finding.found, fix in finding.fix) == ("wrong", True, True), finding
    assert findings.get(("eu", id_), finding) is finding or findings["eu", id_].status.value == "good"


def test_an_address_in_use_may_be_the_gateways(google: GoogleStandIn) -> None:
    """Once there is a cluster."""
    changed = other_address(status="IN_USE", users=[COMPUTE + "projects/p/regions/r/forwardingRules/f"])
    cluster_there = {"container.projects.locations.clusters.get": {"status": "RUNNING"}}

    assert look(google, config(SHARED), **changed, **cluster_there)["us", "EXISTING-ADDRESS"].status.value == "unknown"


def other_cluster(**fields: Any) -> dict[str, Any]:
    """Return the existing clusters, that of `us` changed; None removes a field, a map is merged."""
    platform = config(CLUSTERS)
    there = existing_answers(platform)["container.projects.locations.clusters.get"]
    changed = cluster(platform, "us")
    for name, value in fields.items():
        changed[name] = changed[name] | value if isinstance(value, dict) else value
    path = "projects/my-project-id/locations/us-east5/clusters/gke-us"

    def answer(params: dict[str, Any], body: Any) -> dict[str, Any]:
        assert callable(there)
        return changed if params["name"] == path else there(params, body)

    return {"container.projects.locations.clusters.get": answer}


SUBNET = "projects/my-project-id/regions/us-east5/subnetworks/other"
CLUSTER: list[tuple[str, dict[str, Any], str, str]] = [
    ("EXISTING-CLUSTER", {"status": "STOPPING"}, "STOPPING", "wait"),
    ("EXISTING-CLUSTER-NETWORK", {"networkConfig": {"network": "projects/p/global/networks/n"}},
     "it is in projects/p/global/networks/n", "existing.network"),
    ("EXISTING-CLUSTER-NETWORK", {"networkConfig": {"subnetwork": SUBNET}}, f"it is in {SUBNET}",
     "set regions.us.existing.subnet to other"),
    ("EXISTING-CLUSTER-NETWORK", {"ipAllocationPolicy": {"clusterSecondaryRangeName": "p"}}, "its pods are in p",
     "set regions.us.existing.pods_range to p"),
    ("EXISTING-CLUSTER-VERSION", {"currentMasterVersion": "1.33.1-gke.1"}, "it has 1.33.1-gke.1", "upgrade gke-us"),
    ("EXISTING-CLUSTER-KIND", {"networkConfig": {"datapathProvider": "LEGACY_DATAPATH"}}, "not Dataplane V2",
     "cluster.dataplane_v2"),
    ("EXISTING-CLUSTER-KIND", {"autopilot": {"enabled": True}} , "it is Autopilot", "set cluster.mode to autopilot"),
    ("EXISTING-CLUSTER-FEATURES", {"workloadIdentityConfig": {"workloadPool": ""}}, "lacks Workload Identity with",
     "--workload-pool=my-project-id.svc.id.goog"),
    ("EXISTING-CLUSTER-FEATURES", {"networkConfig": {"gatewayApiConfig": {}}}, "lacks the Gateway API",
     "gcloud container clusters update gke-us --project=my-project-id --location=us-east5 --gateway-api=standard"),
    ("EXISTING-CLUSTER-FEATURES", {"addonsConfig": {"httpLoadBalancing": {"disabled": True}}},
     "lacks HTTP load balancing", "HttpLoadBalancing=ENABLED"),
    ("EXISTING-CLUSTER-FEATURES", {"controlPlaneEndpointsConfig": {"dnsEndpointConfig": {}}}, "its DNS endpoint",
     "--enable-dns-access"),
    ("EXISTING-CLUSTER-FEATURES", {"monitoringConfig": {"managedPrometheusConfig": {}}}, "managed Prometheus",
     "--enable-managed-prometheus"),
    ("EXISTING-CLUSTER-FEATURES", {"addonsConfig": {"gcsFuseCsiDriverConfig": {}}}, "the Cloud Storage FUSE driver",
     "GcsFuseCsiDriver=ENABLED"),
    ("EXISTING-CLUSTER-FEATURES", {"secretManagerConfig": {"enabled": False}}, "the Secret Manager add-on",
     "--enable-secret-manager"),
    ("EXISTING-CLUSTER-POOLS", {"nodePools": [{"name": "other"}]}, "there is no node pool v6e", "node_pools"),
    ("EXISTING-CLUSTER-POOLS", {"nodePools": [{"name": "v6e", "config": {"machineType": "e2-medium"}}]},
     "v6e has machines of e2-medium", "node_pools"),
    ("EXISTING-CLUSTER-POOLS", {"nodePools": [node_pool("v6e", "ct6e-standard-4t", "GCE_METADATA")]},
     "v6e does not give pods their own identity", "--workload-metadata=GKE_METADATA"),
    ("EXISTING-CLUSTER-POOLS",
     {"nodePools": [node_pool("v6e", "ct6e-standard-4t", placementPolicy={"tpuTopology": "4x4"})]},
     "v6e has topology 4x4", "name a pool with 2x2"),
    ("EXISTING-CLUSTER-POOLS", {"nodePools": [node_pool("v6e", "ct6e-standard-4t", networkConfig={})]},
     "v6e has no managed DRANET", "dranet: false"),
]  # fmt: skip


@pytest.mark.parametrize(("id_", "fields", "words", "fix"), CLUSTER)
def test_a_cluster_that_does_not_fit_is_wrong(
    google: GoogleStandIn, id_: str, fields: dict[str, Any], words: str, fix: str
) -> None:
    """With the command or the setting that mends it."""
    if "autopilot" in fields:
        fields = {"autopilot": fields["autopilot"]}
        changed = other_cluster()
        inner = changed["container.projects.locations.clusters.get"]
        changed["container.projects.locations.clusters.get"] = lambda params, body: inner(params, body) | fields
    else:
        changed = other_cluster(**fields)
    finding = look(google, config(CLUSTERS), **changed)["us", id_]

    assert (finding.status.value, words in finding.found, fix in finding.fix) == ("wrong", True, True), finding


def test_a_cluster_that_is_not_there_is_wrong(google: GoogleStandIn) -> None:
    """And nothing is said of what would be in it."""
    findings = look(google, config(CLUSTERS), **{"container.projects.locations.clusters.get": Fault(404)})

    assert findings["us", "EXISTING-CLUSTER"].status.value == "wrong"
    assert ("us", "EXISTING-CRDS") not in findings


@pytest.mark.parametrize(("there", "status"), [(("inference",), "good"), (
    ("inference", "gateways.gateway.networking.k8s.io"), "wrong")])  # fmt: skip
def test_a_gateway_api_installed_by_hand_is_found(
    google: GoogleStandIn, inside: Callable[..., None], there: tuple[str, ...], status: str
) -> None:
    """Before GKE's is turned on, which would not replace it; where GKE's is on it is GKE's."""
    inside(*there)
    findings = look(google, config(CLUSTERS), **other_cluster(networkConfig={"gatewayApiConfig": {}}))

    assert findings["us", "EXISTING-CRDS"].status.value == status
    assert "GKE manages it" in findings["eu", "EXISTING-CRDS"].found


def test_a_namespace_that_is_not_there_is_wrong(google: GoogleStandIn, inside: Callable[..., None]) -> None:
    """Where the config says that it exists."""
    inside()
    finding = look(google, config(CLUSTERS))["eu", "EXISTING-NAMESPACE"]

    assert (finding.status.value, "kubectl create namespace inference" in finding.fix) == ("wrong", True)


MEMBER = "projects/my-project-id/locations/europe-west4/memberships/gke-eu"


def test_a_membership_that_the_config_does_not_have_is_named(google: GoogleStandIn) -> None:
    """A cluster is in one fleet: the line to add is the fix."""
    platform = config(CLUSTERS)
    joined = cluster(platform, "eu") | {"fleet": {"membership": f"//gkehub.googleapis.com/{MEMBER}"}}
    there = {cluster(platform, "us")["name"]: cluster(platform, "us"), "gke-eu": joined}
    answer = {"container.projects.locations.clusters.get": lambda params, _: there[params["name"].rpartition("/")[2]]}
    finding = look(google, platform, **answer)["eu", "FLEET-MEMBER"]

    assert (finding.status.value, finding.fix) == ("wrong", f"add regions.eu.existing.membership: {MEMBER}")


@pytest.mark.parametrize("answer", [Fault(404), member(config(CLUSTERS), "eu")])
def test_a_membership_that_is_not_the_clusters_is_wrong(google: GoogleStandIn, answer: Any) -> None:
    """Be it gone or of another cluster: the fix names that of the cluster."""
    findings = look(google, config(CLUSTERS), **{"gkehub.projects.locations.memberships.get": answer})
    stated = "projects/my-project-id/locations/us-east5/memberships/gke-us"

    assert findings["us", "FLEET-MEMBER"].status.value == "wrong"
    assert findings["us", "FLEET-MEMBER"].fix == f"set regions.us.existing.membership to {stated}"


OTHER_MEMBER = {"spec": {"multiclusteringress": {"configMembership": "projects/1/locations/global/memberships/hub"}}}


@pytest.mark.parametrize(
    ("path", "answer", "fix"),
    [
        (CLUSTERS, Fault(404), "remove existing.fleet_features"),
        (CLUSTERS, OTHER_MEMBER, "make hub the region with config_cluster: true"),
        (NETWORK, OTHER_MEMBER, "add existing.fleet_features: true"),
    ],
)
def test_a_fleet_with_another_config_cluster_is_wrong(google: GoogleStandIn, path: Path, answer: Any, fix: str) -> None:
    """Whether the config says that the feature exists or not; the fix names the setting."""
    finding = look(google, config(path), **{"gkehub.projects.locations.features.get": answer})["", "FLEET-FEATURE"]

    assert (finding.status.value, fix in finding.fix) == ("wrong", True), finding


ROLES: list[tuple[Path, dict[str, Any], str, dict[str, Any], str]] = [
    (SHARED, {}, "EXISTING-NODE-ROLES", policy((NODE_ROLES["node"], "serviceAccount:other@x")), NODE_ROLES["images"]),
    (CLUSTERS, {}, "FLEET-AGENT", policy((CONTROLLER_ROLE, GKE_AGENT)), CONTROLLER),
    (SHARED, {"existing__shared_vpc_roles": True}, "SHARED-VPC-ROLES", policy((HOST_ROLE, APIS_AGENT)), HOST_ROLE),
]


@pytest.mark.parametrize(("path", "changes", "id_", "granted", "words"), ROLES)
def test_a_role_that_a_project_does_not_grant_itself_is_unknown(
    google: GoogleStandIn, path: Path, changes: dict[str, Any], id_: str, granted: dict[str, Any], words: str
) -> None:
    """A folder may: it is never good, and the fix says what to grant."""
    changed = {"cloudresourcemanager.projects.getIamPolicy": granted}
    finding = look(google, config(path, **changes), **changed)["", id_]

    assert (finding.status.value, "may" in finding.found, words.removeprefix("serviceAccount:") in (
        finding.found + finding.fix)) == ("unknown", True, True), finding  # fmt: skip


@pytest.mark.parametrize(
    ("subnet", "host", "status"),
    [
        (policy((SUBNET_ROLE, GKE_AGENT), (SUBNET_ROLE, APIS_AGENT)), {}, "good"),
        (policy((SUBNET_ROLE, APIS_AGENT)), policy((SUBNET_ROLE, GKE_AGENT)), "good"),
        (policy((SUBNET_ROLE, APIS_AGENT)), {}, "unknown"),
        ({}, {}, "unknown"),
    ],
)
def test_agents_have_their_role_on_the_subnet_or_on_its_project(
    google: GoogleStandIn, subnet: dict[str, Any], host: dict[str, Any], status: str
) -> None:
    """Where `shared_vpc_roles` says that they are granted."""
    changed = {"compute.subnetworks.getIamPolicy": subnet, "cloudresourcemanager.projects.getIamPolicy": host}
    findings = look(google, config(SHARED, existing__shared_vpc_roles=True), **changed)

    assert findings["us", "SHARED-VPC-ROLES"].status.value == status


@pytest.mark.parametrize(("host", "words"), [({}, "of none"), ({"name": "other-host"}, "one of other-host")])
def test_a_project_that_is_no_service_project_of_the_host_is_wrong(
    google: GoogleStandIn, host: dict[str, Any], words: str
) -> None:
    """With the command that makes it one."""
    finding = look(google, config(SHARED), **{"compute.projects.getXpnHost": host})["", "SHARED-VPC"]

    assert (finding.status.value, words in finding.found) == ("wrong", True)
    assert "associated-projects add my-project-id --host-project=net-host-1" in finding.fix


BUCKET = {"location": "US", "iamConfiguration": {"uniformBucketLevelAccess": {"enabled": True}}}


@pytest.mark.parametrize(
    ("id_", "changed", "words", "fix"),
    [
        ("EXISTING-BUCKET", {"storage.buckets.get": BUCKET | {"location": "EU"}}, "it is in EU",
         "bucket.location to EU"),
        ("EXISTING-BUCKET", {"storage.buckets.get": {"location": "US"}}, "no uniform", "--uniform-bucket-level-access"),
        ("EXISTING-BUCKET", {"storage.buckets.testIamPermissions": {}}, "the caller lacks storage.buckets.getIamPolicy",
         "roles/storage.admin"),
        ("EXISTING-NODE-ACCOUNT", {"iam.projects.serviceAccounts.get": {"disabled": True}}, "it is disabled", "enable"),
    ],
)  # fmt: skip
def test_a_bucket_or_an_account_that_does_not_fit_is_wrong(
    google: GoogleStandIn, id_: str, changed: dict[str, Any], words: str, fix: str
) -> None:
    """With what to do."""
    finding = look(google, config(SHARED), **changed)["", id_]

    assert (finding.status.value, words in finding.found, fix in finding.fix) == ("wrong", True, True), finding


def rule(sources: list[str], ports: list[str], **fields: Any) -> dict[str, Any]:
    """Return a firewall rule that lets them in."""
    return {
        "sourceRanges": sources,
        "direction": "INGRESS",
        "allowed": [{"IPProtocol": "tcp", "ports": ports}],
    } | fields


NODES = "gke-nodes@my-project-id.iam.gserviceaccount.com"
PROBES, PROXIES = ["130.211.0.0/22", "35.191.0.0/16"], ["10.64.32.0/23", "10.65.32.0/23"]
ALL = ["8000-9999"]
IN_POLICY = {
    "direction": "INGRESS", "action": "allow",
    "match": {"srcIpRanges": PROXIES, "layer4Configs": [{"ipProtocol": "tcp", "ports": ALL}]},
}  # fmt: skip


@pytest.mark.parametrize(
    ("answer", "status", "words"),
    [
        ({"firewalls": [rule(PROBES + PROXIES, ALL)]}, "good", "are there"),
        ({"firewalls": [rule(["0.0.0.0/0"], [])]}, "good", "are there"),
        ({"firewalls": [rule(PROBES + PROXIES, ALL, targetServiceAccounts=[NODES])]}, "good", "are there"),
        ({"firewalls": [rule(PROBES, ALL)], "firewallPolicys": [{"rules": [IN_POLICY]}]}, "good", "are there"),
        ({"firewalls": [rule(PROBES, ALL)]}, "wrong", "no rule lets proxies of us reach TCP 8000, 9002, 9003"),
        ({"firewalls": [rule(PROXIES, ALL), rule(PROBES, ["8000"])]}, "wrong", "health checks (35.191.0.0/16)"),
        ({"firewalls": [rule(PROBES + PROXIES, ALL, disabled=True)]}, "wrong", "no rule"),
        ({"firewalls": [rule(PROBES + PROXIES, ALL, direction="EGRESS")]}, "wrong", "no rule"),
        ({"firewalls": [rule(PROBES + PROXIES, ALL, targetTags=["gke"])]}, "unknown", "nodes with gke alone"),
        ({}, "wrong", "no rule"),
    ],
)
def test_firewall_rules_of_others_let_proxies_and_probes_in(
    google: GoogleStandIn, answer: dict[str, Any], status: str, words: str
) -> None:
    """To each port, from each range, on the nodes: of the network and of the policies above it."""
    platform = config(SHARED, existing__firewall=True)
    finding = look(google, platform, **{"compute.networks.getEffectiveFirewalls": answer})["", "EXISTING-FIREWALL"]

    assert (finding.status.value, words in finding.found) == (status, True), finding


def test_a_nat_of_others_is_named(google: GoogleStandIn) -> None:
    """Compute Engine refuses a second one for a subnet: the line to add is the fix."""
    nat = {"name": "n", "sourceSubnetworkIpRangesToNat": "ALL_SUBNETWORKS_ALL_IP_RANGES"}
    network = COMPUTE + "projects/my-project-id/global/networks/corp"
    answer = {"compute.routers.list": {"items": [{"name": "corp-nat", "network": network, "nats": [nat]}]}}
    finding = look(google, config(NETWORK), **answer)["us", "EXISTING-ROUTER"]

    assert (finding.status.value, finding.fix) == ("wrong", "add regions.us.existing.router: corp-nat")


def test_a_proxy_only_subnet_of_others_is_named(google: GoogleStandIn) -> None:
    """A region of a network has one that is active: the line to add is the fix."""
    network = COMPUTE + "projects/my-project-id/global/networks/corp"
    there = {"name": "proxies", "network": network, "purpose": "GLOBAL_MANAGED_PROXY", "ipCidrRange": "10.1.0.0/23"}
    answer = {"compute.subnetworks.aggregatedList": {"items": {"regions/us-east5": {"subnetworks": [there]}}}}
    finding = look(google, config(NETWORK), **answer)["us", "NETWORK-PROXY"]

    assert (finding.status.value, finding.fix) == ("wrong", "add regions.us.existing.proxy_subnet: proxies")


def test_a_shared_vpc_is_asked_in_its_own_project(google: GoogleStandIn) -> None:
    """Its parts, its quotas and the caller's permissions for it; addresses are in the clusters' project."""
    google.requests.clear()
    look(google, config(SHARED))

    for method in ("compute.networks.get", "compute.subnetworks.get", "compute.routers.get",
                   "compute.subnetworks.aggregatedList"):  # fmt: skip
        assert {request.params["project"] for request in google.asked(method)} == {"net-host-1"}, method
    assert {each.params["project"] for each in google.asked("compute.addresses.get")} == {"my-project-id"}
    assert {each.params["project"] for each in google.asked("compute.projects.get")} == {"my-project-id", "net-host-1"}
    asked = google.asked("cloudresourcemanager.projects.testIamPermissions")
    by_project = {each.params["resource"]: set(each.body["permissions"]) for each in asked}
    assert "compute.firewalls.create" in by_project["projects/net-host-1"]
    assert "compute.firewalls.create" not in by_project["projects/my-project-id"]
    assert "container.clusters.create" in by_project["projects/my-project-id"]


@pytest.mark.parametrize(
    ("path", "changes", "permission", "asked"),
    [
        (NETWORK, {}, "compute.networks.create", False),
        (NETWORK, {}, "compute.subnetworks.create", True),
        (NETWORK, {"existing__firewall": True}, "compute.firewalls.create", False),
        (SHARED, {}, "compute.subnetworks.create", False),
        (SHARED, {}, "storage.buckets.create", False),
        (SHARED, {}, "iam.serviceAccounts.create", False),
        (SHARED, {}, "compute.addresses.createInternal", True),
        (CLUSTERS, {}, "container.clusters.create", False),
        (CLUSTERS, {}, "container.clusters.update", True),
        (CLUSTERS, {}, "gkehub.features.create", False),
        (CLUSTERS, {}, "gkehub.memberships.create", True),
        (CLUSTERS, {}, "compute.routers.create", False),
    ],
)
def test_permissions_for_what_exists_are_not_asked_for(
    google: GoogleStandIn, path: Path, changes: dict[str, Any], permission: str, asked: bool
) -> None:
    """A team without the right to make networks can use one."""
    platform = config(path, **changes)
    target = Target(config=platform, keys=tuple(platform.regions), google=google.api())

    assert (permission in permissions(target)) == asked


def test_two_clusters_of_a_region_share_its_quota(google: GoogleStandIn) -> None:
    """What both need together counts; a cluster that serves nothing needs none."""
    findings = look(google, config(CONFIG_CLUSTER))
    [tpu] = [each for (where, id_), each in findings.items() if where == "us" and id_.startswith("QUOTA-TPU")]

    assert "a limit of 8 TPU chips" in tpu.needed
    assert not [id_ for where, id_ in findings if where == "admin" and id_.startswith("QUOTA-TPU")]


def test_quotas_of_a_network_that_exists_are_not_asked_for(google: GoogleStandIn) -> None:
    """Nothing of it is made; a full quota of networks is of no concern."""
    full = {"compute.projects.get": {"quotas": quotas(GLOBAL, NETWORKS=15, SUBNETWORKS=100, ROUTERS=20)}}
    findings = look(google, config(CLUSTERS), **full)

    assert ("", "QUOTA-NETWORKS") not in findings
    assert findings["", "QUOTA-SUBNETWORKS"].status.value == "unknown", "the proxies of eu are made"
