"""`verify` on platforms whose regions have a gateway each: internal ones with several models, and public ones."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gke_inference.verify.topics import GATEWAY, MEMBERSHIP, NETWORK
from platform_config.stack_graph import FLEET_STACK, GATEWAY_STACK, gateway_stack, serving_stack
from tests.configs import REGIONAL, config
from tests.gke_inference.cluster_stand_in import Fault as ClusterFault
from tests.gke_inference.google_stand_in import Fault
from tests.gke_inference.test_verify_unknown import bad
from tests.gke_inference.verify_breaks import Cases, condition, merge
from tests.gke_inference.verify_google import backend_service
from tests.gke_inference.verify_platform import HealthyPlatform, path_of

GATEWAY_IDS = {"ADDRESS", "GATEWAY", "GATEWAY-POLICY"}
MODEL_IDS = {"BACKENDS", "BALANCING", "COMPLETION", "GAUGE", "HEALTH-CHECK", "INFERENCE-POOL", "ROUTE", "SERVER"}
SPEECH_IDS = {"ANSWER", "BACKENDS", "BALANCING", "HEALTH-CHECK", "ROUTE", "SERVER", "SERVICE"}
HERE = {"CLUSTER", "KUBERNETES", "NETWORK", "POOL-L4", "POOL-SYSTEM", "POOL-TPU", "POOL-TPU-SMALL"}
INTERFACES = {"INTERFACES-gemma", "INTERFACES-small"}


def test_each_region_is_looked_at_with_its_own_gateway(regional: HealthyPlatform) -> None:
    """All is good; nothing is looked at that a fleet has, nothing is shared, and a model only where it is served."""
    findings = regional.run().document["findings"]

    assert [found for found in findings if found["status"] != "good"] == []
    ids = {key: {found["id"] for found in findings if found["where"] == key} for key in ("us", "eu", "")}
    llms = {f"{id_}-{model}" for id_ in MODEL_IDS for model in ("gemma", "small")}
    assert ids["us"] - INTERFACES == HERE | GATEWAY_IDS | llms
    assert ids["eu"] - INTERFACES == HERE | GATEWAY_IDS | llms | {f"{id_}-speech" for id_ in SPEECH_IDS}
    assert ids[""] == set()
    assert not [request for request in regional.google.requests if request.method.startswith("gkehub")]


def test_public_gateways_are_good(public: HealthyPlatform) -> None:
    """They have public addresses, and no policy that lets other regions of the VPC in."""
    ran = public.run()

    findings = {(found["where"], found["id"]): found for found in ran.document["findings"]}
    assert [found for found in findings.values() if found["status"] != "good"] == []
    assert findings["us", "ADDRESS"]["found"] == "34.90.0.1, IN_USE"
    assert findings["eu", "GATEWAY"]["found"] == "programmed, 34.90.0.2"
    assert ("us", "GATEWAY-POLICY") not in findings
    assert ran.code == 0


def test_each_gateway_is_asked_at_its_own_address(public: HealthyPlatform) -> None:
    """Without --url-for a completion goes to the address of the region's own gateway."""
    ran = public.command("--config", str(public.path), "--output", "json", "verify")

    assert [found for found in ran.document["findings"] if found["status"] != "good"] == []
    assert [len(gateway.requests) for gateway in public.gateways.values()] == [1, 1]


def test_nothing_is_written(regional: HealthyPlatform) -> None:
    """Health is asked of regional backend services; there is no other POST to Google, and none to a cluster."""
    regional.run()

    posts = {request.method for request in regional.google.requests if request.http_method != "GET"}
    assert posts == {"compute.regionBackendServices.getHealth"}
    assert [cluster.writes() for cluster in regional.clusters.values()] == [[], []]


def test_one_region_is_enough(regional: HealthyPlatform) -> None:
    """With --region the cluster and the gateway of the others are not asked."""
    ran = regional.run(only="eu")

    assert {found["where"] for found in ran.document["findings"]} == {"eu"}
    assert regional.clusters["us"].requests == []
    assert ran.code == 0


def test_a_region_without_a_gateway_has_no_gateway_to_look_at(
    public: HealthyPlatform, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where gateway.regions leaves a region out, its servers are looked at all the same."""
    path = tmp_path / "one.yaml"
    path.write_text(public.path.read_text() + "\n" if public.path else "")
    text = path.read_text().replace("gateway:\n", "gateway:\n  regions: [us]\n")
    path.write_text(text)
    ran = public.command("--config", str(path), "--output", "json", "verify", "--no-completion")

    ids = {key: {found["id"] for found in ran.document["findings"] if found["where"] == key} for key in ("us", "eu")}
    gateway = {"ADDRESS", "BACKENDS", "BALANCING", "GATEWAY", "HEALTH-CHECK", "LIMITS", "ROUTE"}
    assert ids["us"] - ids["eu"] == gateway
    assert "SERVER" in ids["eu"]


def _older_policy(platform: HealthyPlatform, kind: str, release: str = "") -> None:
    """Put an older policy on the target of gemma's in eu, as the InferencePool's chart for GKE does."""
    ours = next(made for made in _of_kind(platform, "eu", kind) if "gemma" in made["metadata"]["name"])
    condition(ours, "Attached", reason="Conflicted")
    meta = {"name": "gemma-pool", "namespace": "inference"}
    if release:
        meta["annotations"] = {"meta.helm.sh/release-name": release}  # type: ignore[assignment]
    platform.put("eu", {"apiVersion": ours["apiVersion"], "kind": kind, "metadata": meta, "spec": ours["spec"]})


def _of_kind(platform: HealthyPlatform, key: str, kind: str) -> list[dict[str, Any]]:
    return [made for made in platform.clusters[key].objects.values() if made["kind"] == kind]


def _listener(platform: HealthyPlatform) -> None:
    [listener] = platform.object("eu", "Gateway")["status"]["listeners"]
    condition({"status": listener}, "ResolvedRefs", reason="InvalidCertificateRef")


CASES: Cases = {
    "gateway is not programmed": (
        lambda p: condition(p.object("eu", "Gateway"), "Programmed", reason="Invalid"),
        "eu", "GATEWAY", "Programmed is False (Invalid: set by the controller)",
    ),
    "a listener has no certificate": (
        _listener, "eu", "GATEWAY", "listener http: ResolvedRefs is False (InvalidCertificateRef",
    ),
    "gateway policy is not attached": (
        lambda p: p.object("eu", "GCPGatewayPolicy")["status"].clear(),
        "eu", "GATEWAY-POLICY", "no controller has set Attached yet",
    ),
    "gateway policy is not there": (
        lambda p: p.forget("eu", "GCPGatewayPolicy"), "eu", "GATEWAY-POLICY", "it is not there",
    ),
    "address is another": (
        lambda p: merge(p.documents["gemma-gateway-eu"], address="10.4.0.10"),
        "eu", "ADDRESS", "the gateway has 10.4.0.9, not 10.4.0.10",
    ),
    "route is not reconciled": (
        lambda p: condition(p.named("eu", "HTTPRoute", "gemma-route"), "Reconciled", "parents", 0, reason="GWCER104"),
        "eu", "ROUTE-gemma", "Reconciled is False (GWCER104",
    ),
    "chart has a health check of the same pool": (
        lambda p: _older_policy(p, "HealthCheckPolicy", "gemma-pool"),
        "eu", "HEALTH-CHECK-gemma", "gemma-pool of the Helm release gemma-pool has the same target",
    ),
    "chart has a backend policy of the same pool": (
        lambda p: _older_policy(p, "GCPBackendPolicy", "gemma-pool"),
        "eu", "BALANCING-gemma", "gemma-pool of the Helm release gemma-pool has the same target",
    ),
    "somebody has a backend policy of the same pool": (
        lambda p: _older_policy(p, "GCPBackendPolicy"), "eu", "BALANCING-gemma", "; gemma-pool has the same target",
    ),
    "picker is not there": (
        lambda p: p.clusters["eu"].objects.pop(path_of("Deployment", "apps/v1", "gemma-pool-epp")),
        "eu", "INFERENCE-POOL-gemma", "the endpoint picker gemma-pool-epp is not there",
    ),
    "Service is not there": (
        lambda p: p.clusters["eu"].objects.pop(path_of("Service", "v1", "speech-server")),
        "eu", "SERVICE-speech", "it is not there",
    ),
    "load balancer finds it unhealthy": (
        lambda p: p.health("eu", "small")["healthStatus"][0].update(healthState="UNHEALTHY"),
        "eu", "BACKENDS-small", "0 of 1 servers healthy",
    ),
    "another region answers": (
        lambda p: setattr(p.servers["eu", "gemma"], "home_slots", 0),
        "eu", "COMPLETION-gemma", "answered by us-east5",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("broken", "where", "id_", "words"), CASES.values(), ids=CASES)
def test_what_is_broken_in_one_region_is_named(
    regional: HealthyPlatform, broken: Any, where: str, id_: str, words: str
) -> None:
    """The finding of what is broken is wrong, in these words and with a fix; all others of both regions stay good."""
    broken(regional)

    code, found, texts = bad(regional)

    assert (code, found) == (1, [(where, id_, "wrong")])
    assert words in texts
    assert "{" not in texts


def test_the_fix_names_the_stack_of_the_region(regional: HealthyPlatform) -> None:
    """The gateway is of its region's gateway stack; a chart's policy goes with the stack of the servers."""
    regional.forget("eu", "Gateway")
    _older_policy(regional, "HealthCheckPolicy", "gemma-pool")

    _, found, texts = bad(regional)

    depend = [("eu", f"BACKENDS-{model}", "unknown") for model in ("gemma", "small", "speech")]
    assert found == [
        ("eu", "ADDRESS", "unknown"), *depend, ("eu", "GATEWAY", "wrong"), ("eu", "HEALTH-CHECK-gemma", "wrong"),
    ]  # fmt: skip
    assert f"it is not there / apply {gateway_stack(regional.config, 'eu')}\n" in texts
    assert f"goes with an apply of {serving_stack('eu')}" in texts


def test_another_region_s_answer_is_no_full_region(regional: HealthyPlatform) -> None:
    """A regional gateway has servers of its own region alone: the address is that of another one."""
    regional.servers["us", "small"].home_slots = 0

    _, _, texts = bad(regional)

    assert "see that the address is that of the gateway in us, which has servers of us-east5 alone" in texts


def test_a_lost_cluster_takes_no_other_gateway_with_it(regional: HealthyPlatform) -> None:
    """Its own gateway is unknown; the other region is looked at as before."""
    regional.documents.pop("us-east5/clusters/gemma-us")

    code, found, texts = bad(regional)

    assert found == [("us", "CLUSTER", "wrong"), ("us", "GATEWAY", "unknown"), ("us", "KUBERNETES", "unknown")]
    assert "the gateway was not looked at, its cluster gemma-us does not answer" in texts
    assert code == 1


def test_a_cluster_that_may_not_be_read_leaves_the_other(regional: HealthyPlatform) -> None:
    """Whoever may read one cluster gets all findings of that one."""
    regional.clusters["us"].faults.append(ClusterFault(403))

    code, found, _ = bad(regional)

    assert found == [("us", "GATEWAY", "unknown"), ("us", "KUBERNETES", "unknown")]
    assert code == 3


def test_rivals_that_may_not_be_listed_hide_no_conflict(regional: HealthyPlatform) -> None:
    """The policy is wrong, whoever has the older one."""
    _older_policy(regional, "GCPBackendPolicy")
    listed = path_of("GCPBackendPolicy", "networking.gke.io/v1", "").rstrip("/")
    regional.clusters["eu"].faults.append(ClusterFault(403, path=f"{listed}?"))

    code, found, texts = bad(regional)

    assert (code, found) == (1, [("eu", "BALANCING-gemma", "wrong")])
    assert "Conflicted" in texts


def test_health_of_one_region_hides_no_other(regional: HealthyPlatform) -> None:
    """A balancer whose parts lead nowhere makes the servers of its own region unknown, and no others."""
    regional.parts("urlMaps", "us").clear()

    code, found, texts = bad(regional)

    assert found == [("us", "BACKENDS-gemma", "unknown"), ("us", "BACKENDS-small", "unknown")]
    assert "no forwarding rule leads from the gateway's addresses to a backend service" in texts
    assert code == 3


def test_a_route_that_leads_nowhere_has_no_servers(public: HealthyPlatform) -> None:
    """GKE answers its requests with 500 from a backend service of its own, which is none of the model's."""
    service = next(part for part in public.parts("backendServices", "us") if "serve404" in part["name"])
    service["name"] = service["name"].replace("serve404", "serve500")
    service["backends"] = [{"group": public.link("zones/us-east5-b/networkEndpointGroups/spare")}]
    renamed = service["selfLink"].replace("serve404", "serve500")
    for part in public.parts("urlMaps", "us"):
        part["defaultService"] = part["defaultService"].replace(service["selfLink"], renamed)
    service["selfLink"] = renamed

    ran = public.run(only="us")

    assert [found for found in ran.document["findings"] if found["status"] != "good"] == []


@pytest.mark.parametrize("policy", ["", "projects/p/regions/us-east5/securityPolicies/other"])
def test_limits_that_the_load_balancer_does_not_have_are_wrong(public: HealthyPlatform, policy: str) -> None:
    """The policy may be refused, or not be there yet; another one is somebody else's."""
    for part in public.parts("backendServices", "us"):
        part["securityPolicy"] = policy

    code, found, texts = bad(public)

    assert (code, found) == (1, [("us", "LIMITS", "wrong")])
    assert "gemma-pool-ip-4f2a91c0-8000-abcdefghijkl without the policy gemma-us-limits" in texts


def test_limits_are_unknown_where_no_rule_leads_to_the_servers(public: HealthyPlatform) -> None:
    """As their health is."""
    public.parts("urlMaps", "us").clear()

    assert bad(public)[1] == [("us", "BACKENDS", "unknown"), ("us", "LIMITS", "unknown")]


def test_names_of_backend_services_have_letters_of_the_cluster(regional: HealthyPlatform) -> None:
    """With several models each service is known by its name; another cluster's letters are as good."""
    assert backend_service(regional, "gemma", "us").startswith("gkegw1-abus-inference-gemma-pool-ip-")
    for part in regional.parts("backendServices", "us"):
        part["name"] = part["name"].replace("gkegw1-abus", "gkegw1-9x0z")

    assert bad(regional)[0] == 0


def test_an_unreachable_public_gateway_needs_the_internet(
    public: HealthyPlatform, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody is sent into the VPC for it."""
    monkeypatch.setitem(public.urls, "eu", "http://127.0.0.1:1")

    code, found, texts = bad(public)

    assert found == [("eu", "COMPLETION", "unknown")]
    assert "run it where the internet is reached" in texts
    assert code == 3


def test_what_may_not_be_asked_names_the_role(public: HealthyPlatform) -> None:
    """Health of regional backend services needs the role of global ones."""
    public.google.faults["compute.regionBackendServices.getHealth"] = Fault(403, "Permission denied")

    code, found, texts = bad(public)

    assert found == [("us", "BACKENDS", "unknown"), ("eu", "BACKENDS", "unknown")]
    assert "roles/compute.viewer" in texts
    assert code == 3


def test_topics_name_the_stacks_of_their_platform() -> None:
    """One gateway has one stack; regional ones have one each, and their cluster is the region's."""
    one, each = GATEWAY.of_platform(config()), GATEWAY.of_platform(config(**REGIONAL))

    assert (one.stack_of(""), each.stack_of("eu")) == (GATEWAY_STACK, gateway_stack(config(**REGIONAL), "eu"))
    assert "on the config cluster" in one.fix
    assert "on the region's cluster" in each.fix
    assert MEMBERSHIP.of_platform(config()).stack == FLEET_STACK
    assert NETWORK.of_platform(config()) == NETWORK
