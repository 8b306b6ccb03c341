"""`verify` of names in DNS and of clusters outside Google Cloud: all is well, and then one thing is not."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from platform_config.load import load
from platform_config.stack_graph import DNS_STACK, outside_stack
from tests.checks.kubernetes_objects import objects
from tests.configs import MULTI_CLOUD, changed
from tests.gke_inference.conftest import InferenceOps
from tests.gke_inference.kubectl_stand_in import KubectlStandIn, OutsideStandIn
from tests.gke_inference.model_configs import write_config
from tests.gke_inference.name_server import FIRST, NameServer
from tests.gke_inference.verify_platform import HealthyPlatform, true
from tests.gke_inference.verify_rig import Running, healthy, running, to_break
from tests.synthesized import Synthesized, synthesize

OUTSIDE = {"hk": "198.51.100.10", "farm": "203.0.113.20"}
SERVERS = ["ns-cloud-a1.googledomains.com", "ns-cloud-a2.googledomains.com"]
SETS, ZONE = "dns.resourceRecordSets.list", "dns.managedZones.get"


@pytest.fixture(scope="session")
def clouds_running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Running, Synthesized, KubectlStandIn]]:
    """Return the platform of config/multi-cloud.yaml, by HTTP: no authority signs certificates of its hosts here."""
    folder = tmp_path_factory.mktemp("clouds")
    kubectl = KubectlStandIn(folder)
    files = {f"outside__{key}__kubeconfig": str(kubectl.kubeconfig) for key in OUTSIDE}
    path = write_config(folder / "config.yaml", changed(MULTI_CLOUD, gateway__tls=None, **files))
    config = load(path)
    synthesized = synthesize(config, folder / "out")
    made = healthy(config, synthesized)
    made.path = path
    with running(made, folder) as listening:
        yield listening, synthesized, kubectl


@pytest.fixture
def clouds(
    clouds_running: tuple[Running, Synthesized, KubectlStandIn],
    inference_ops: InferenceOps,
    monkeypatch: pytest.MonkeyPatch,
) -> HealthyPlatform:
    """Return the platform, healthy, to break; its endpoints outside answer 200."""
    made, synthesized, _ = clouds_running
    platform = to_break(made, inference_ops, monkeypatch)
    platform.google.answers |= {
        ZONE: {"dnsName": "ai.example.com.", "visibility": "public", "nameServers": [f"{one}." for one in SERVERS]},
        SETS: {"rrsets": [record_set(platform, synthesized)]},
    }
    endpoints(monkeypatch, dict.fromkeys(OUTSIDE.values(), 200))
    return platform


@pytest.fixture
def kubectl(
    clouds_running: tuple[Running, Synthesized, KubectlStandIn],
    clouds: HealthyPlatform,
    monkeypatch: pytest.MonkeyPatch,
) -> KubectlStandIn:
    """Return kubectl, whose clusters have every object that is applied to them."""
    _, synthesized, made = clouds_running
    made.clusters = {key: outside(synthesized, key, clouds.config.namespace) for key in OUTSIDE}
    made.install(monkeypatch)
    return made


@pytest.fixture
def names() -> Iterator[NameServer]:
    """Return a resolver that knows the zone's name servers, and the name by the address of a gateway."""
    made = NameServer()
    made.name_servers, made.address = list(SERVERS), "34.90.0.1"
    yield made
    made.close()


def outside(synthesized: Synthesized, key: str, namespace: str) -> OutsideStandIn:
    """Return the cluster outside with what its stack applies, and the status of what runs."""
    made = OutsideStandIn(secrets=["speech-tls"])
    made.objects[f"/api/v1/namespaces/{namespace}"] = {"metadata": {"name": namespace}}
    place = f"namespaces/{namespace}"
    plurals = {"Deployment": f"/apis/apps/v1/{place}/deployments",
               "Ingress": f"/apis/networking.k8s.io/v1/{place}/ingresses"}  # fmt: skip
    address = {"loadBalancer": {"ingress": [{"ip": OUTSIDE[key]}]}}
    for _, manifest in objects(synthesized.stacks[outside_stack(key)]):
        if manifest["kind"] == "Ingress":
            made.put(plurals["Ingress"], manifest | {"status": address})
        if manifest["kind"] == "Deployment":
            status = {"replicas": 1, "readyReplicas": 1, "updatedReplicas": 1}
            made.put(plurals["Deployment"], manifest | {"status": status})
            labels = manifest["spec"]["template"]["metadata"]["labels"]
            pod = {"metadata": {"name": f"{key}-0", "labels": labels}, "spec": {"containers": []}}
            running_ = {"phase": "Running", "conditions": true("PodScheduled", "Ready"), "containerStatuses": []}
            made.put(f"/api/v1/{place}/pods", pod | {"status": running_})
    return made


def record_set(platform: HealthyPlatform, synthesized: Synthesized) -> dict[str, Any]:
    """Return the record that Terraform makes, as the API of Cloud DNS has it."""
    made = synthesized.stacks[DNS_STACK]["resource"]["google_dns_record_set"]["record-speech"]
    policy = made["routing_policy"]["primary_backup"]

    def addresses(targets: dict[str, Any]) -> dict[str, Any]:
        found = [
            re.sub(r"\$\{.*gateway-(\w+)\.address}", lambda at: platform.address(at[1]), one)
            for one in targets["external_endpoints"]
        ]
        return {"externalEndpoints": found}

    items = [
        {"location": one["location"], "healthCheckedTargets": addresses(one["health_checked_targets"])}
        for one in policy["backup_geo"]
    ]
    routing = {"primaryTargets": addresses(policy["primary"]), "backupGeoTargets": {"items": items}}
    return {"name": made["name"], "type": "A", "ttl": made["ttl"], "routingPolicy": {"primaryBackup": routing}}


def endpoints(patch: pytest.MonkeyPatch, statuses: dict[str, int]) -> list[httpx.Request]:
    """Let the addresses outside answer with *statuses*; return what they are asked."""
    asked: list[httpx.Request] = []
    send = httpx.HTTPTransport.handle_request

    def handle(transport: httpx.HTTPTransport, request: httpx.Request) -> httpx.Response:
        if request.url.host not in statuses:
            return send(transport, request)
        asked.append(request)
        return httpx.Response(statuses[request.url.host], request=request)

    patch.setattr(httpx.HTTPTransport, "handle_request", handle)
    return asked


def look(platform: HealthyPlatform, names: NameServer, *arguments: str) -> dict[tuple[str, str], dict[str, Any]]:
    """Return what `verify` finds, by place and id."""
    ran = platform.run("--resolver", f"{FIRST}:{names.port}", "--no-completion", *arguments)
    return {(one["where"], one["id"]): one for one in ran.document["findings"]}


def wrong(found: dict[tuple[str, str], dict[str, Any]], status: str = "wrong") -> list[tuple[str, str]]:
    """Return place and id of what is not good."""
    return [key for key, one in found.items() if one["status"] == status]


def test_where_all_is_well_names_and_clusters_outside_are_good(
    clouds: HealthyPlatform, kubectl: KubectlStandIn, names: NameServer
) -> None:
    """The zone, who leads to it, the record, the name; of each cluster its servers, their way in and their address."""
    found = look(clouds, names)

    assert [one for one in found.values() if one["status"] != "good"] == []
    inside = {"OUTSIDE", "OUTSIDE-SECRET", "OUTSIDE-SERVER", "OUTSIDE-ENTRY", "ENDPOINT"}
    assert {key for key in found if key[0] in OUTSIDE} == {(key, id_) for key in OUTSIDE for id_ in inside}
    assert {id_ for _, id_ in found} >= {"ZONE", "NAME-SERVERS", "RECORD-speech", "NAME-speech"}
    assert found["", "RECORD-speech"]["found"] == "failover, TTL 30 s, 4 targets"


def test_endpoints_are_asked_as_cloud_dns_asks_them(
    clouds: HealthyPlatform, kubectl: KubectlStandIn, names: NameServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the record's host, at the path of the model; another answer than 200 takes it out of DNS."""
    asked = endpoints(monkeypatch, {OUTSIDE["hk"]: 404, OUTSIDE["farm"]: 200})

    found = look(clouds, names)

    assert wrong(found) == [("hk", "ENDPOINT")]
    assert {(one.headers["Host"], one.url.path) for one in asked} == {("speech.ai.example.com", "/health")}


BROKEN_DNS: list[tuple[dict[str, Any], str, str]] = [
    ({"ttl": 300}, "RECORD-speech", "its TTL is 300 s, the config says 30 s"),
    ({"routingPolicy": {"wrr": {"items": []}}}, "RECORD-speech", "its policy is weighted, the config says failover"),
    (
        {"routingPolicy": {"primaryBackup": {"primaryTargets": {"externalEndpoints": ["192.0.2.9"]}}}},
        "RECORD-speech",
        "it leads to 192.0.2.9, no target of the config",
    ),
]


@pytest.mark.parametrize(("change", "id_", "words"), BROKEN_DNS)
def test_a_record_that_is_not_that_of_the_config_is_wrong(
    clouds: HealthyPlatform, kubectl: KubectlStandIn, names: NameServer, change: dict[str, Any], id_: str, words: str
) -> None:
    """With what it has and what the config says."""
    [record] = clouds.google.answers[SETS]["rrsets"]  # type: ignore[index]
    clouds.google.answers[SETS] = {"rrsets": [copy.deepcopy(record) | change]}

    found = look(clouds, names)

    assert wrong(found) == [("", id_)]
    assert words in found["", id_]["found"]


def test_a_record_that_is_not_there_is_applied_again(
    clouds: HealthyPlatform, kubectl: KubectlStandIn, names: NameServer
) -> None:
    """By its stack."""
    clouds.google.answers[SETS] = {"rrsets": []}

    assert look(clouds, names)["", "RECORD-speech"]["fix"] == f"apply {DNS_STACK}"


def test_a_zone_that_nobody_leads_to_is_wrong(
    clouds: HealthyPlatform, kubectl: KubectlStandIn, names: NameServer
) -> None:
    """With the name servers to write above it; a name without an address is then unknown."""
    names.name_servers, names.address = [], ""

    found = look(clouds, names)

    assert (wrong(found), wrong(found, "unknown")) == ([("", "NAME-SERVERS")], [("", "NAME-speech")])
    assert SERVERS[0] in found["", "NAME-SERVERS"]["found"]


def test_a_name_that_leads_elsewhere_is_wrong(
    clouds: HealthyPlatform, kubectl: KubectlStandIn, names: NameServer
) -> None:
    """Another zone, or an old answer."""
    names.address = "192.0.2.9"

    assert wrong(look(clouds, names)) == [("", "NAME-speech")]


def test_a_server_outside_that_is_not_ready_is_wrong_there_alone(
    clouds: HealthyPlatform, kubectl: KubectlStandIn, names: NameServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So is an Ingress that no controller has taken, and a Secret that its owner has not made."""
    farm = kubectl.clusters["farm"]
    farm.secrets = []
    for path, made in farm.objects.items():
        if "/deployments/" in path:
            made["status"]["readyReplicas"] = 0
        if "/ingresses/" in path:
            made["status"] = {}
    kubectl.install(monkeypatch)

    found = look(clouds, names)

    assert set(wrong(found)) == {("farm", f"OUTSIDE-{one}") for one in ("SERVER", "ENTRY", "SECRET")}


def test_a_cluster_that_does_not_answer_is_one_finding(
    clouds: HealthyPlatform, kubectl: KubectlStandIn, names: NameServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its address is asked all the same."""
    kubectl.clusters["hk"].error = "The connection to the server 192.0.2.1:6443 was refused"
    kubectl.install(monkeypatch)

    found = look(clouds, names)

    assert wrong(found, "unknown") == [("hk", "OUTSIDE")]
    assert ("hk", "ENDPOINT") in found
    assert ("hk", "OUTSIDE-SERVER") not in found


def test_one_region_alone_leaves_them_alone(
    clouds: HealthyPlatform, kubectl: KubectlStandIn, names: NameServer
) -> None:
    """Who looks at a region of Google Cloud needs no kubeconfig file."""
    ran = clouds.run("--resolver", f"{FIRST}:{names.port}", "--no-completion", only="us")

    assert {one["where"] for one in ran.document["findings"]} == {"us"}
    assert kubectl.calls == []
