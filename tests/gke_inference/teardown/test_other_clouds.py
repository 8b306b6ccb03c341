"""The teardown of names in DNS, clusters outside and GitOps: what is left, and what stands in the way."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from constructs_lib.google_names import uptime_check_title
from gke_inference.findings import Finding, Status
from gke_inference.teardown.findings import staying_parts
from gke_inference.teardown.obstacles import Obstacles
from gke_inference.teardown.order import DestroyOrder
from gke_inference.teardown.state import States
from gke_inference.terraform import Resource
from platform_config.config import Config
from platform_config.stack_graph import DNS_STACK, outside_stack
from tests.configs import MULTI_CLOUD, config
from tests.gke_inference.google_stand_in import GoogleStandIn
from tests.gke_inference.kubectl_stand_in import KubectlStandIn, OutsideStandIn
from tests.gke_inference.teardown.cloud import TeardownCloud
from tests.gke_inference.teardown.rig import add_gateway, network, remaining, synth_documents

ZONE, HOST, CHECK = "voice-zone", "speech.ai.example.com.", "voice-dns-speech"
SOA = {"name": "ai.example.com.", "type": "SOA"}
NS = {"name": "ai.example.com.", "type": "NS"}
ROUTED = {"name": HOST, "type": "A", "routingPolicy": {"primaryBackup": {}}}
THEIRS = {"name": "www.ai.example.com.", "type": "A", "rrdatas": ["192.0.2.1"]}
ZONE_PATH = f"projects/my-project-id/managedZones/{ZONE}"
GITOPS = {"workloads": "gitops", "gitops": {"repository": "https://git.example.com/platform.git"}}


@pytest.fixture
def clouds(stand_in: GoogleStandIn) -> TeardownCloud:
    """Return the project of config/multi-cloud.yaml, with nothing in it."""
    made = TeardownCloud(config(MULTI_CLOUD))
    made.serve(stand_in)
    return made


def left(stand_in: GoogleStandIn, platform: Config, *in_states: str) -> dict[str, list[Finding]]:
    """Return what is reported as left, by its id."""
    found: dict[str, list[Finding]] = {}
    for one in remaining(stand_in, config=platform, in_states=frozenset(in_states)):
        found.setdefault(one.id, []).append(one)
    return found


def obstacles(
    stand_in: GoogleStandIn, platform: Config, *in_states: str, states: States | None = None
) -> list[Finding]:
    """Return what stands in the way."""
    order = DestroyOrder(outdir=Path("cdktf.out"), stacks=(), needs={}, documents=synth_documents(platform))
    at = network(stand_in, frozenset(in_states), config=platform)
    return Obstacles(config=platform, order=order, states=states or {}, network=at).findings()


def test_a_zone_and_its_health_check_that_are_left_are_reported(clouds: TeardownCloud, stand_in: GoogleStandIn) -> None:
    """By the stack where they are in its state, else by a command; so are uptime checks of endpoints outside."""
    clouds.zones[ZONE], clouds.there = [SOA, NS], {CHECK}
    own, other = (uptime_check_title(name, "hk") for name in ("voice", "other"))
    clouds.watching["uptimeCheckConfigs"] = [{"name": f"projects/p/{one}", "displayName": one} for one in (own, other)]
    found = left(stand_in, config(MULTI_CLOUD), ZONE_PATH)

    assert [one.fix for one in found["LEFT-ZONE"]] == [f"destroy {DNS_STACK}, see above"]
    assert [one.fix for one in found["LEFT-DNS-CHECK"]] == [
        f"look, then: gcloud compute health-checks delete {CHECK} --global"
    ]
    assert [one.found for one in found["LEFT-UPTIME-CHECK"]] == [f"uptime check {own}"]


def test_where_nothing_of_the_names_is_left_that_is_said(clouds: TeardownCloud, stand_in: GoogleStandIn) -> None:
    """One finding of each kind; a platform without names is asked about none of them."""
    found = left(stand_in, config(MULTI_CLOUD))
    kinds = {"LEFT-ZONE", "LEFT-DNS-CHECK", "LEFT-UPTIME-CHECK"}

    assert {one.status for kind in kinds for one in found[kind]} == {Status.GOOD}
    assert not kinds & set(left(stand_in, config()))


def test_in_a_zone_of_others_the_platforms_records_are_reported_alone(
    clouds: TeardownCloud, stand_in: GoogleStandIn
) -> None:
    """The zone stays, and what else is in it."""
    platform = config(MULTI_CLOUD, dns__zone__existing=True)
    clouds.zones[ZONE] = [SOA, NS, THEIRS, ROUTED]
    found = left(stand_in, platform)

    assert [one.found for one in found["LEFT-RECORD"]] == [f"record {HOST} of the zone {ZONE}"]
    assert [one.status for one in found["LEFT-ZONE"]] == [Status.GOOD]
    assert f"DNS zone {ZONE} stays: not the platform's (dns.zone.existing)" in {
        one.found for one in staying_parts(platform)
    }


def test_records_of_others_in_the_platforms_zone_stand_in_the_way(
    clouds: TeardownCloud, stand_in: GoogleStandIn
) -> None:
    """Google deletes no zone that has them; those of a state, and those at the top of each zone, do not."""
    clouds.zones[ZONE] = [SOA, NS, ROUTED, THEIRS]
    platform, record = config(MULTI_CLOUD), f"{ZONE_PATH}/rrsets/{HOST}/A"

    [found] = obstacles(stand_in, platform, ZONE_PATH, record)

    assert (found.id, found.status) == ("ZONE-RECORDS", Status.WRONG)
    assert found.found == "1 records that Terraform did not make: www.ai.example.com. A"
    # Where the zone is in no state, Terraform would delete nothing of it.
    assert obstacles(stand_in, platform) == []


@pytest.fixture
def kubectl(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> KubectlStandIn:
    """Return a kubeconfig file with one of the two clusters outside."""
    made = KubectlStandIn(tmp_path, {"hk": OutsideStandIn()})
    made.install(monkeypatch)
    return made


def test_a_cluster_outside_that_terraform_cannot_sign_in_to_stands_in_the_way(
    clouds: TeardownCloud, stand_in: GoogleStandIn, kubectl: KubectlStandIn
) -> None:
    """Only while its state has something; where the cluster is gone for good, its objects can be forgotten."""
    files: dict[str, Any] = {f"outside__{key}__kubeconfig": str(kubectl.kubeconfig) for key in ("hk", "farm")}
    platform = config(MULTI_CLOUD, **files)
    namespace = Resource(address="kubernetes_namespace_v1.namespace", type="", values={}, needs=frozenset())
    states = {outside_stack(key): (namespace,) for key in ("hk", "farm")}

    [found] = obstacles(stand_in, platform, states=states)

    assert (found.id, found.found.startswith("farm: ")) == ("OUTSIDE", True)
    forget = f"terraform -chdir=cdktf.out/stacks/{outside_stack('farm')} state rm {namespace.address}"
    assert found.fix == f"set outside.farm.context to one of hk; where the cluster is gone for good: {forget}"
    assert obstacles(stand_in, platform) == []


def test_a_gateway_of_argo_cd_goes_before_the_clusters(clouds: TeardownCloud, stand_in: GoogleStandIn) -> None:
    """Terraform did not make it; with its cluster gone, nobody would delete its load balancer."""
    platform = config(MULTI_CLOUD, **GITOPS)
    clouds.clusters = [{"name": "voice-us", "location": "us-east4", "network": "voice-vpc"}]
    add_gateway(clouds, name="voice-gateway", place="regions/us-east4", zones=("us-east4-a",), prefix="gkegw1-usx5")

    [found] = obstacles(stand_in, platform)

    assert (found.id, found.status) == ("GITOPS", Status.WRONG)
    assert "kubectl delete gateway voice-gateway --namespace=" in found.fix
    assert obstacles(stand_in, config(MULTI_CLOUD)) == []
