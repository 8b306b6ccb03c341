"""`preflight` and names in DNS, and clusters outside Google Cloud."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gke_inference.findings import Finding
from gke_inference.preflight import all_checks
from gke_inference.preflight.target import Target
from platform_config.config import Config
from tests.configs import BEYOND, MULTI_CLOUD, config
from tests.gke_inference.google_stand_in import Fault, GoogleStandIn
from tests.gke_inference.kubectl_stand_in import KubectlStandIn, OutsideStandIn
from tests.gke_inference.preflight_answers import answer_all_good, found

ZONE, SETS = "dns.managedZones.get", "dns.resourceRecordSets.list"
HOST = "speech.ai.example.com."
PRIVATE = next(path for path in BEYOND if path.stem == "dns-private")
OWN = {"dnsName": "ai.example.com.", "visibility": "public"}
POLICY = {"name": HOST, "type": "A", "routingPolicy": {"primaryBackup": {}}}
THEIRS = {"dns__zone__existing": True}
CLASSES, NODES = "/apis/networking.k8s.io/v1/ingressclasses", "/api/v1/nodes"

CASES: list[tuple[dict[str, Any], str, dict[str, Any], str, str]] = [
    ({}, "DNS-ZONE", {ZONE: Fault(404)}, "good", "not there yet"),
    ({}, "DNS-ZONE", {ZONE: OWN}, "good", "there, public, of ai.example.com"),
    ({}, "DNS-ZONE", {ZONE: OWN | {"dnsName": "example.org."}}, "wrong", "voice-zone has example.org"),
    ({}, "DNS-ZONE", {ZONE: OWN | {"visibility": "private"}}, "wrong", "voice-zone is private"),
    ({}, "DNS-ZONE", {ZONE: Fault(403)}, "unknown", "could not be checked"),
    (THEIRS, "DNS-ZONE", {ZONE: Fault(404)}, "wrong", "there is no voice-zone"),
    (THEIRS, "DNS-ZONE", {ZONE: OWN}, "good", "there, public"),
    ({}, "DNS-RECORD-speech", {ZONE: Fault(404)}, "good", "not there yet"),
    (THEIRS, "DNS-RECORD-speech", {ZONE: Fault(404)}, "unknown", "its zone is not there"),
    (THEIRS, "DNS-RECORD-speech", {ZONE: OWN, SETS: {"rrsets": [POLICY]}}, "good", "with a routing policy"),
    (THEIRS, "DNS-RECORD-speech", {ZONE: OWN, SETS: {"rrsets": [{"name": HOST, "type": "CNAME"}]}}, "wrong", "CNAME"),
    (THEIRS, "DNS-RECORD-speech", {ZONE: OWN, SETS: {"rrsets": [{"name": HOST, "type": "A"}]}}, "wrong", "of others"),
    (THEIRS, "DNS-RECORD-speech", {ZONE: OWN, SETS: {"rrsets": [{"name": HOST, "type": "AAAA"}]}}, "good", "not there"),
]


def without_outside(**changes: Any) -> Config:
    """Return config/multi-cloud.yaml on Google Cloud alone, with *changes*."""
    return config(MULTI_CLOUD, outside=None, **changes)


@pytest.mark.parametrize(("changes", "id_", "changed", "status", "words"), CASES)
def test_the_zone_and_the_names_are_looked_up(
    google: GoogleStandIn, changes: dict[str, Any], id_: str, changed: dict[str, Any], status: str, words: str
) -> None:
    """A zone of the platform's own must be free or its own; one of others must be there; what is wrong has a fix."""
    finding = found(google, without_outside(**changes), **changed)["", id_]

    assert (finding.status.value, words in finding.found) == (status, True), finding
    assert bool(finding.fix) == (status != "good")


def test_an_existing_private_zone_must_answer_in_the_network(google: GoogleStandIn) -> None:
    """Else no client of the platform would find the names."""
    platform = config(PRIVATE, dns__zone__existing=True)
    assert platform.dns is not None
    zone = {"dnsName": f"{platform.dns.zone.domain}.", "visibility": "private"}
    network = f"https://www.googleapis.com/compute/v1/projects/{platform.project}/global/networks/{platform.name}-vpc"

    alone = found(google, platform, **{ZONE: zone})["", "DNS-ZONE"]
    bound = zone | {"privateVisibilityConfig": {"networks": [{"networkUrl": network}]}}
    joined = found(google, platform, **{ZONE: bound})["", "DNS-ZONE"]

    assert (alone.status.value, joined.status.value) == ("wrong", "good")
    assert "does not answer in" in alone.found


def test_a_zone_that_the_platform_makes_is_not_missed_by_https(google: GoogleStandIn) -> None:
    """`gateway.tls.dns_zone` names it before it is there."""
    findings = found(google, without_outside(), **{ZONE: Fault(404)})

    assert ("", "TLS-ZONE") not in findings


def test_names_need_permissions_of_cloud_dns(google: GoogleStandIn) -> None:
    """With those of health checks, and of the zone where the platform makes it."""
    asked: list[str] = []

    def answer(_: Any, body: dict[str, Any]) -> dict[str, Any]:
        asked.extend(body["permissions"])
        return body

    found(google, without_outside(), **{"cloudresourcemanager.projects.testIamPermissions": answer})
    own = {one for one in asked if one.startswith("dns.")} | {"compute.healthChecks.create"}
    asked.clear()
    found(google, without_outside(**THEIRS), **{"cloudresourcemanager.projects.testIamPermissions": answer})

    assert own <= {"compute.healthChecks.create", *asked, "dns.managedZones.create"}
    assert "dns.managedZones.create" in own
    assert "dns.managedZones.create" not in asked
    assert {"dns.changes.create", "compute.healthChecks.create"} <= set(asked)


@pytest.fixture
def kubectl(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> KubectlStandIn:
    """Return kubectl with both clusters of config/multi-cloud.yaml, which have all that the servers need."""
    made = KubectlStandIn(tmp_path, {"hk": OutsideStandIn(), "farm": OutsideStandIn()})
    labels = {"hk": {"ack.node.gpu.schedule": "cgpu"}, "farm": {"gpu": "on"}}
    for key, name in (("hk", "alb"), ("farm", "traefik")):
        made.clusters[key].put(CLASSES, {"metadata": {"name": name}})
        ready = {"conditions": [{"type": "Ready", "status": "True"}]}
        made.clusters[key].put(NODES, {"metadata": {"name": "node", "labels": labels[key]}, "status": ready})
    made.install(monkeypatch)
    return made


def look(google: GoogleStandIn, kubectl: KubectlStandIn, **changes: Any) -> dict[tuple[str, str], Finding]:
    """Return what is found of the clusters outside."""
    files = {f"outside__{key}__kubeconfig": str(kubectl.kubeconfig) for key in ("hk", "farm")}
    findings = found(google, config(MULTI_CLOUD, **files | changes), **{ZONE: Fault(404)})
    return {key: one for key, one in findings.items() if key[0] in ("hk", "farm")}


def test_clusters_outside_are_asked_what_their_servers_need(google: GoogleStandIn, kubectl: KubectlStandIn) -> None:
    """That they answer, an IngressClass, and a node that is ready with the labels by which GPUs are shared."""
    findings = look(google, kubectl)

    assert {key: one.status.value for key, one in findings.items()} == {
        (key, f"OUTSIDE-{id_}"): "good" for key in ("hk", "farm") for id_ in ("ACCESS", "CLASS", "NODES")
    }
    assert findings["hk", "OUTSIDE-ACCESS"].found == "answers, Kubernetes v1.34.2"


def test_what_is_not_there_is_wrong_in_that_cluster_alone(
    google: GoogleStandIn, kubectl: KubectlStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the class that is there, and the label that is missing."""
    del kubectl.clusters["farm"].objects[f"{NODES}/node"]
    kubectl.clusters["farm"].objects[NODES]["items"][0]["metadata"]["labels"] = {}
    kubectl.clusters["farm"].objects[CLASSES]["items"][0]["metadata"]["name"] = "nginx"
    kubectl.install(monkeypatch)

    findings = look(google, kubectl)
    wrong = {key for key, one in findings.items() if one.status.value == "wrong"}

    assert wrong == {("farm", "OUTSIDE-CLASS"), ("farm", "OUTSIDE-NODES")}
    assert "nginx" in findings["farm", "OUTSIDE-CLASS"].found
    assert "gpu=on" in findings["farm", "OUTSIDE-NODES"].fix


def test_a_context_that_is_not_there_is_wrong_before_anything_is_asked(
    google: GoogleStandIn, kubectl: KubectlStandIn
) -> None:
    """The fix has those that there are."""
    finding = look(google, kubectl, outside__hk__context="nope")["hk", "OUTSIDE-ACCESS"]

    assert finding.status.value == "wrong"
    assert finding.found.endswith("has no context nope")
    assert finding.fix == "set outside.hk.context to one of hk, farm"


def test_a_cluster_that_does_not_answer_is_unknown(
    google: GoogleStandIn, kubectl: KubectlStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its fix is what to run by hand, and not to sign in to Google."""
    kubectl.clusters["hk"].error = "error: You must be logged in to the server (Unauthorized)"
    kubectl.install(monkeypatch)

    findings = look(google, kubectl)
    unknown = {key: one for key, one in findings.items() if one.status.value == "unknown"}

    assert {key for key, _ in unknown} == {"hk"}
    assert "--context=hk get --raw /version" in unknown["hk", "OUTSIDE-ACCESS"].fix
    assert "token-of-the-file" not in str(findings)


def test_a_gateway_of_the_cluster_is_looked_up_in_place_of_a_class(
    google: GoogleStandIn, kubectl: KubectlStandIn
) -> None:
    """An HTTPRoute needs it."""
    changes = {"outside__farm__gateway": "infra/web", "outside__farm__ingress_class": None}
    finding = look(google, kubectl, **changes, outside__farm__tls_secret=None)["farm", "OUTSIDE-GATEWAY"]

    assert (finding.status.value, finding.found) == ("wrong", "there is no infra/web")


def test_some_regions_alone_leave_clusters_outside_alone(google: GoogleStandIn) -> None:
    """Who looks at one region of Google Cloud needs no kubeconfig file of others."""
    platform = config(MULTI_CLOUD)
    target = Target(config=platform, keys=("eu",), google=google.api())
    answer_all_good(google, target)

    assert {check.where for check in all_checks(target)} == {"", "eu"}
