"""`verify` on a platform of two LLMs and a speech server, which is behind a Service and in one region alone."""

from __future__ import annotations

from typing import Any

import pytest

from tests.gke_inference.verify_breaks import condition, merge
from tests.gke_inference.verify_platform import HealthyPlatform

LLM_IDS = {"BACKENDS", "COMPLETION", "GAUGE", "INFERENCE-POOL", "METRIC", "SERVER"}
SPEECH_IDS = {"ANSWER", "BACKENDS", "SERVER", "SERVICE"}
GATEWAY_IDS = {"BALANCING", "HEALTH-CHECK", "IMPORT", "ROUTE"}


def test_every_model_is_looked_at(several: HealthyPlatform) -> None:
    """Ids carry the model's key; a model is looked at where it is served, a speech server without what an LLM has."""
    ran = several.run()

    findings = ran.document["findings"]
    assert [found for found in findings if found["status"] != "good"] == []
    ids = {key: {found["id"] for found in findings if found["where"] == key} for key in ("us", "eu", "")}
    for model in ("gemma", "small"):
        assert {f"{id_}-{model}" for id_ in LLM_IDS} <= ids["us"] & ids["eu"]
    assert {id_ for id_ in ids["eu"] if id_.endswith("-speech")} == {f"{id_}-speech" for id_ in SPEECH_IDS}
    assert {id_ for id_ in ids["us"] if id_.endswith("-speech")} == {"ANSWER-speech"}
    assert {f"{id_}-{model}" for id_ in GATEWAY_IDS for model in several.config.models} <= ids[""]
    assert {"CLUSTER", "NETWORK", "POOL-L4", "POOL-TPU"} <= ids["us"]
    assert ran.code == 0


def test_one_model_alone_is_looked_at(several: HealthyPlatform) -> None:
    """With --model, beside what all models share."""
    ids = {found["id"] for found in several.run("--model", "small").document["findings"]}

    assert {"SERVER-small", "ROUTE-small", "COMPLETION-small", "GATEWAY", "NETWORK"} <= ids
    assert not [id_ for id_ in ids if id_.endswith(("-gemma", "-speech"))]
    assert several.servers["us", "gemma"].requests == []


def test_an_unknown_model_is_refused(several: HealthyPlatform) -> None:
    """With the keys that there are; nothing is asked."""
    ran = several.run("--model", "llama")

    assert "--model: must be one of gemma, small, speech, got 'llama'" in ran.err
    assert (ran.code, several.google.requests) == (2, [])


def test_each_model_is_asked_by_its_address(several: HealthyPlatform) -> None:
    """By path, host and headers; servers get the path without the prefix, and the speech server a GET of its health."""
    several.run()

    [(path, body, headers)] = several.servers["us", "small"].requests
    assert (path, body["model"]) == ("/v1/chat/completions", "gemma-3-4b-it")
    assert (headers["host"].partition(":")[0], headers["x-tier"]) == ("small.example.com", "free")
    assert [path for path, _ in several.servers["eu", "speech"].probes] == ["/health"]
    assert several.servers["eu", "speech"].requests == []


def test_a_model_of_one_region_answers_from_there(several: HealthyPlatform) -> None:
    """Also at the address of another region; an answer that does not name its region is good."""
    findings = several.run("--model", "speech", output="json").document["findings"]
    answers = {found["where"]: found for found in findings if found["id"] == "ANSWER-speech"}

    assert {key: found["status"] for key, found in answers.items()} == {"us": "good", "eu": "good"}
    assert "do not name their region" in answers["us"]["found"]


def _without_export(platform: HealthyPlatform) -> None:
    path = "/apis/net.gke.io/v1/namespaces/inference/serviceexports/speech-server"
    platform.clusters["eu"].objects.pop(path)


BROKEN: dict[str, tuple[Any, str, str, str]] = {
    "servers of one model": (
        lambda p: merge(p.named("eu", "Deployment", "small-server")["status"], readyReplicas=0),
        "eu", "SERVER-small", "0 of 1 ready",
    ),
    "gauge of one model": (
        lambda p: merge(p.gauge("eu", "small"), timeSeries=[]), "eu", "GAUGE-small", "no value in the last 10",
    ),
    "no route": (
        lambda p: condition(p.named("us", "HTTPRoute", "small-route"), "Accepted", "parents", 0),
        "", "ROUTE-small", "Accepted is False (Bad: set by the controller)",
    ),
    "route not reconciled": (
        lambda p: p.named("us", "HTTPRoute", "gemma-route")["status"]["parents"][0]["conditions"].append(
            {"type": "Reconciled", "status": "False", "reason": "ReconciliationFailed", "message": "no such backend"}
        ),
        "", "ROUTE-gemma", "Reconciled is False (ReconciliationFailed: no such backend)",
    ),
    "policy of one model": (
        lambda p: condition(p.named("us", "GCPBackendPolicy", "speech-backend"), "Attached"),
        "", "BALANCING-speech", "Attached is False",
    ),
    "probes of one model": (
        lambda p: merge(p.health("eu", "speech")["healthStatus"][0], healthState="UNHEALTHY"),
        "eu", "BACKENDS-speech", "0 of 1 servers healthy for the load balancer",
    ),
    "not exported": (_without_export, "eu", "SERVICE-speech", "there is no ServiceExport of its name"),
    "another port": (
        lambda p: merge(p.named("eu", "Service", "speech-server")["spec"]["ports"][0], port=80),
        "eu", "SERVICE-speech", "it has no port 8880: 80",
    ),
    "imported from no cluster that serves it": (
        lambda p: p.named("us", "ServiceImport", "speech-server")["status"]["clusters"][0].update(
            cluster=p.names.membership("us")
        ),
        "", "IMPORT-speech", "nothing comes from gemma-eu",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("broken", "where", "id_", "text"), BROKEN.values(), ids=BROKEN)
def test_what_is_broken_of_one_model_is_named(
    several: HealthyPlatform, broken: Any, where: str, id_: str, text: str
) -> None:
    """With the model in its id; the other models stay good."""
    broken(several)

    ran = several.run("--no-completion")

    [found] = [found for found in ran.document["findings"] if found["status"] != "good"]
    assert (found["where"], found["id"], found["status"]) == (where, id_, "wrong")
    assert text in found["found"]
    assert found["fix"]
    assert ran.code == 1


def test_a_server_that_does_not_answer_is_wrong_by_its_model(several: HealthyPlatform) -> None:
    """A speech server whose health path answers 503, at both addresses; the LLMs are good."""
    for key in several.config.regions:
        several.servers[key, "speech"].failure = "503"

    wrong = [found for found in several.run().document["findings"] if found["status"] != "good"]

    assert {(found["where"], found["id"], found["status"]) for found in wrong} == {
        ("us", "ANSWER-speech", "wrong"),
        ("eu", "ANSWER-speech", "wrong"),
    }
    assert "http_503" in wrong[0]["found"]


def test_without_its_route_a_model_answers_nothing(several: HealthyPlatform) -> None:
    """Requests for it get 404, and not the answer of another model."""
    path = "/apis/gateway.networking.k8s.io/v1/namespaces/inference/httproutes/small-route"
    several.clusters["us"].objects.pop(path)

    wrong = {
        (found["where"], found["id"]): found["found"]
        for found in several.run().document["findings"] if found["status"] != "good"
    }  # fmt: skip

    assert set(wrong) == {("", "ROUTE-small"), ("us", "COMPLETION-small"), ("eu", "COMPLETION-small")}
    assert "http_404" in wrong["us", "COMPLETION-small"]


def test_backends_whose_names_are_shortened_are_unknown(several: HealthyPlatform) -> None:
    """Which model they are of is not guessed, and never counts as good."""
    for part in several.parts("backendServices"):
        part["selfLink"] = part["selfLink"].replace("-small-pool-8000-", "-sma-")
    for part in several.parts("urlMaps"):
        for matcher in part.get("pathMatchers", []):
            for rule in matcher["routeRules"]:
                for weight in rule["routeAction"]["weightedBackendServices"]:
                    weight["backendService"] = weight["backendService"].replace("-small-pool-8000-", "-sma-")

    ran = several.run("--no-completion")

    found = {(one["where"], one["id"], one["status"]) for one in ran.document["findings"] if one["status"] != "good"}
    assert found == {("us", "BACKENDS-small", "unknown"), ("eu", "BACKENDS-small", "unknown")}
    assert ran.code == 3


def test_a_region_that_one_model_drains_is_not_drained_for_the_others(several: HealthyPlatform) -> None:
    """Each model has a policy of its own; unhealthy servers of another model are wrong."""
    scope = {"selector": {"gke.io/region": "us-east5"}, "capacityScalerPercent": 0}
    several.named("us", "GCPBackendPolicy", "gemma-backend")["spec"]["default"]["scopes"] = [scope]
    for model in ("gemma", "small"):
        several.health("us", model)["healthStatus"][0]["healthState"] = "UNHEALTHY"
    several.servers["us", "gemma"].home_slots = 0

    ran = several.run()

    [found] = [one for one in ran.document["findings"] if one["status"] != "good"]
    assert (found["where"], found["id"]) == ("us", "BACKENDS-small")
