"""The network in `preflight`: what is there already, in the VPC and in what is peered with it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.configs import REGIONAL, config
from tests.gke_inference.google_stand_in import GoogleStandIn
from tests.gke_inference.preflight_answers import found

VPC = "https://www.googleapis.com/compute/v1/projects/my-project-id/global/networks/gemma-vpc"
OURS = {"autoCreateSubnetworks": False, "routingConfig": {"routingMode": "GLOBAL"}}
US, EU, ASIA = "us-east5", "europe-west4", "asia-northeast1"


def subnet(
    name: str, network: str = VPC, *, region: str = US, purpose: str = "PRIVATE", cidr: str = "192.168.0.0/24",
    pods: str = "",
) -> dict[str, Any]:  # fmt: skip
    """Return the project has one subnet; the other regions have none."""
    there = {"name": name, "network": network, "purpose": purpose, "ipCidrRange": cidr}
    if pods:
        there["secondaryIpRanges"] = [{"rangeName": "pods", "ipCidrRange": pods}]  # type: ignore[assignment]
    none = {"warning": {"code": "NO_RESULTS_ON_PAGE"}}
    scopes = {f"regions/{key}": none for key in (US, EU, ASIA)} | {f"regions/{region}": {"subnetworks": [there]}}
    return {"compute.subnetworks.aggregatedList": {"items": scopes}}


CASES: list[tuple[str, str, dict[str, Any], str, str]] = [
    ("", "NETWORK-VPC", {"compute.networks.get": {"autoCreateSubnetworks": True}}, "wrong", "automatic subnets"),
    ("", "NETWORK-VPC", {"compute.networks.get": OURS}, "good", "custom subnets and GLOBAL routing"),
    ("us", "NETWORK-SUBNETS", subnet("gemma-nodes-us", f"{VPC}-2"), "wrong",
     "gemma-nodes-us is in the network gemma-vpc-2"),
    ("us", "NETWORK-SUBNETS", subnet("gemma-nodes-us"), "wrong", "has 192.168.0.0/24"),
    ("us", "NETWORK-PROXY", subnet("p", purpose="GLOBAL_MANAGED_PROXY"), "wrong", "p (GLOBAL_MANAGED_PROXY)"),
    ("us", "NETWORK-PROXY", subnet("gemma-proxy-us", purpose="GLOBAL_MANAGED_PROXY"),
     "good", "none"),
    ("us", "NETWORK-RANGES", subnet("old", cidr="10.2.0.0/24"), "wrong",
     "overlaps old 10.2.0.0/24"),
    ("us", "NETWORK-RANGES", subnet("old", f"{VPC}-2", cidr="10.2.0.0/24"), "good",
     "free"),
    ("us", "NETWORK-RANGES", subnet("old", region=ASIA, cidr="10.2.0.0/16"), "wrong",
     "overlaps old 10.2.0.0/16 in asia-northeast1"),
    ("us", "NETWORK-RANGES", subnet("old", region=ASIA, pods="10.2.0.0/20"), "wrong", "overlaps old 10.2.0.0/20"),
    ("us", "NETWORK-RANGES", subnet("gemma-nodes-eu", region=EU, cidr="10.2.0.0/16"), "good", "free"),
    ("us", "NETWORK-RANGES", subnet("gemma-nodes-eu", region=ASIA, cidr="10.2.0.0/16"), "wrong",
     "overlaps gemma-nodes-eu"),
    ("us", "NETWORK-RANGES",
     {"compute.networks.get": OURS | {"peerings": [{"name": "office"}]},
      "compute.networks.listPeeringRoutes": {"items": [{"destRange": "10.2.0.0/16"}, {"destRange": "fd00::/64"}]}},
     "wrong", "overlaps office 10.2.0.0/16"),
]  # fmt: skip


@pytest.mark.parametrize(("where", "id_", "changed", "status", "words"), CASES)
def test_what_is_there_already_is_told(
    google: GoogleStandIn, where: str, id_: str, changed: dict[str, Any], status: str, words: str
) -> None:
    """Its status, in words; what is not good comes with a fix."""
    finding = found(google, config(), **changed)[where, id_]

    assert (finding.status.value, words in finding.found) == (status, True), finding
    assert bool(finding.fix) == (status != "good")


PROXIES: list[tuple[dict[str, Any], dict[str, str], str]] = [
    ({}, {"purpose": "GLOBAL_MANAGED_PROXY"}, "wrong"),
    ({}, {"purpose": "REGIONAL_MANAGED_PROXY"}, "unknown"),
    ({}, {"purpose": "INTERNAL_HTTPS_LOAD_BALANCER"}, "unknown"),
    ({}, {"purpose": "GLOBAL_MANAGED_PROXY", "role": "BACKUP"}, "good"),
    (REGIONAL, {"purpose": "REGIONAL_MANAGED_PROXY"}, "wrong"),
    (REGIONAL, {"purpose": "INTERNAL_HTTPS_LOAD_BALANCER"}, "wrong"),
    (REGIONAL, {"purpose": "REGIONAL_MANAGED_PROXY", "role": "BACKUP"}, "good"),
    (REGIONAL, {"purpose": "GLOBAL_MANAGED_PROXY"}, "unknown"),
]


@pytest.mark.parametrize(("changes", "other", "status"), PROXIES)
def test_a_proxy_only_subnet_of_the_other_purpose_is_a_warning(
    google: GoogleStandIn, changes: dict[str, Any], other: dict[str, str], status: str
) -> None:
    """Two active ones of one purpose cannot be; on one of each purpose two of Google's pages disagree."""
    answer = subnet("p", purpose=other["purpose"])
    [there] = answer["compute.subnetworks.aggregatedList"]["items"][f"regions/{US}"]["subnetworks"]
    there |= other
    finding = found(google, config(**changes), **answer)["us", "NETWORK-PROXY"]

    assert (finding.status.value, f"p ({other['purpose']})" in finding.found) == (status, True), finding
    pages = ("Proxy-only subnets for Envoy-based load balancers", "Set up the multi-cluster GKE Inference Gateway")
    assert [page in finding.found for page in pages] == [status == "unknown"] * 2


def test_subnets_are_asked_for_once(google: GoogleStandIn) -> None:
    """For all regions together; and one region's clash is not the other's."""
    google.requests.clear()
    findings = found(google, config(), **subnet("old", region=ASIA, cidr="10.2.0.0/24"))

    assert len(google.asked("compute.subnetworks.aggregatedList")) == 1
    assert findings["us", "NETWORK-RANGES"].status.value == "wrong"
    assert findings["eu", "NETWORK-RANGES"].status.value == "good"


def test_a_region_that_cannot_be_reached_may_hold_anything(google: GoogleStandIn) -> None:
    """Its subnets are not known, so what is free is not."""
    warning = {"warning": {"code": "UNREACHABLE", "message": "asia is away"}}
    answer = {"compute.subnetworks.aggregatedList": {"items": {f"regions/{ASIA}": warning}}}
    finding = found(google, config(), **answer)["us", "NETWORK"]

    assert (finding.status.value, "asia is away" in finding.found) == ("unknown", True)
