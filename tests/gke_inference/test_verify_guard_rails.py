"""What `verify` says of a gateway's extensions and of Model Armor's templates."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest

from constructs_lib.manifests.extensions import traffic_extension
from constructs_lib.manifests.model_armor import model_armor_extension
from constructs_lib.specs import ModelArmorFiltersSpec, ModelArmorSpec
from gke_inference.api_error import ApiError
from gke_inference.live_platform import LivePlatform
from gke_inference.verify.guard_rails import judge_extension, judge_template, template_settings
from gke_inference.verify.run import Verification
from gke_inference.verify.unknown_name import NAME, RequestForUnknownModel
from platform_config.model import Model
from tests.configs import GUARDED, REGIONAL, config
from tests.gke_inference.google_stand_in import Fault, GoogleStandIn
from tests.gke_inference.stand_in_server import Failure, StandInServer
from tests.gke_inference.verify_breaks import condition
from tests.gke_inference.verify_google import filter_config
from tests.gke_inference.verify_platform import HealthyPlatform

GATEWAY = "gemma-gateway"
GET = "modelarmor.projects.locations.templates.get"
TEMPLATE = "projects/my-project-id/locations/us-central1/templates/gemma-prompts"
ARMOR = model_armor_extension(region="us-central1", templates={"gemma": TEMPLATE}, spec=ModelArmorSpec())
OWN = template_settings(ModelArmorSpec(), ModelArmorFiltersSpec())


def extension(name: str = "gemma-gateway-extension", gateway: str = GATEWAY, **conditions: str) -> dict[str, Any]:
    """Return an extension with *conditions* by type."""
    made = traffic_extension(name=name, namespace="inference", gateway=gateway, extensions=[ARMOR])
    stated = [
        {"type": type_, "status": status, "reason": "Invalid", "message": "no such template"}
        for type_, status in conditions.items()
    ]
    ancestor = {"ancestorRef": {"kind": "Gateway", "name": gateway}, "conditions": stated}
    return {**made, "status": {"ancestors": [ancestor]} if conditions else {}}


def problems(found: dict[str, Any], *others: dict[str, Any]) -> tuple[str, ...]:
    """Return what is wrong with *found* beside *others*."""
    return judge_extension(found, gateway=GATEWAY, others=[found, *others], wanted=[ARMOR]).problems


def test_an_extension_is_good_when_the_load_balancer_calls_it() -> None:
    """What is called is named; conditions that the controller does not set are not asked for."""
    for conditions in ({"Programmed": "True"}, {"Accepted": "True", "ResolvedRefs": "True", "Programmed": "True"}):
        verdict = judge_extension(extension(**conditions), gateway=GATEWAY, others=[], wanted=[ARMOR])

        assert (verdict.found, verdict.problems) == ("programmed: model-armor", ())


@pytest.mark.parametrize(
    ("conditions", "problem"),
    [
        ({}, "no controller has taken it for gemma-gateway"),
        ({"Accepted": "True"}, "no controller has set Programmed yet"),
        ({"Programmed": "False"}, "Programmed is False (Invalid: no such template)"),
        ({"ResolvedRefs": "False", "Programmed": "True"}, "ResolvedRefs is False (Invalid: no such template)"),
    ],
)
def test_an_extension_that_is_not_called_says_why(conditions: dict[str, str], problem: str) -> None:
    """In the controller's own words: the API server accepts it all the same."""
    assert problems(extension(**conditions)) == (problem,)


def test_a_second_extension_of_the_gateway_is_named() -> None:
    """A load balancer takes one; that of another gateway is none of its business."""
    second, foreign = extension("by-hand"), extension("other", gateway="other-gateway")

    assert problems(extension(Programmed="True"), second, foreign) == (
        "by-hand is a second one of the same gateway, of which a load balancer takes one",
    )


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"failOpen": True}, "model-armor lets requests pass where it does not answer"),
        ({"metadata": {"model_armor_settings": "[]"}}, "model-armor has other model_armor_settings than the config"),
        ({"metadata": None}, "model-armor has other model_armor_settings than the config"),
        ({"name": "by-hand"}, "it calls by-hand, not model-armor"),
    ],
)
def test_an_extension_that_was_changed_by_hand_is_found(change: dict[str, Any], problem: str) -> None:
    """It is programmed all the same, and screens less than the config says."""
    found = extension(Programmed="True")
    found["spec"]["extensionChains"][0]["extensions"][0].update(change)

    assert problems(found) == (problem,)


def test_what_the_api_server_leaves_out_is_no_difference() -> None:
    """`failOpen: false` is the default of the object."""
    found = extension(Programmed="True")
    del found["spec"]["extensionChains"][0]["extensions"][0]["failOpen"]

    assert problems(found) == ()


@pytest.mark.parametrize("stated", [{}, {"enforcementType": "ENFORCEMENT_TYPE_UNSPECIFIED"}])
def test_a_template_that_says_nothing_blocks(stated: dict[str, str]) -> None:
    """So Google takes it."""
    answer = {"templateMetadata": stated, "filterConfig": filter_config(ModelArmorFiltersSpec())}
    inspecting = template_settings(ModelArmorSpec(enforcement="INSPECT_ONLY"), ModelArmorFiltersSpec())

    assert judge_template(answer, wanted=OWN).problems == ()
    assert judge_template(answer, wanted=inspecting).problems == ("enforcement is INSPECT_AND_BLOCK, not INSPECT_ONLY",)


@pytest.mark.parametrize("spec", [{"prompt_injection": "OFF"}, {"malicious_urls": True}, {"sensitive_data": True}])
def test_a_template_with_the_filters_of_the_config_is_good(spec: dict[str, Any]) -> None:
    """Those that are off are not in the answer."""
    filters = ModelArmorFiltersSpec(**spec)
    answer = {"filterConfig": filter_config(filters)}

    assert judge_template(answer, wanted=template_settings(ModelArmorSpec(), filters)).problems == ()


@pytest.mark.parametrize(
    ("name", "changed", "problem"),
    [
        ("piAndJailbreakFilterSettings", {}, "prompt_injection is OFF, not MEDIUM_AND_ABOVE"),
        (
            "piAndJailbreakFilterSettings",
            {"filterEnforcement": "DISABLED", "confidenceLevel": "MEDIUM_AND_ABOVE"},
            "prompt_injection is OFF, not MEDIUM_AND_ABOVE",
        ),
        (
            "piAndJailbreakFilterSettings",
            {"filterEnforcement": "ENABLED"},
            "prompt_injection is LOW_AND_ABOVE, not MEDIUM_AND_ABOVE",
        ),
        (
            "maliciousUriFilterSettings", {"filterEnforcement": "ENABLED"}, "malicious_urls is true, not false",
        ),
        (
            "sdpSettings", {"basicConfig": {"filterEnforcement": "ENABLED"}}, "sensitive_data is true, not false",
        ),
    ],
)  # fmt: skip
def test_a_filter_that_was_changed_by_hand_is_found(name: str, changed: dict[str, Any], problem: str) -> None:
    """With what it is, and what the config says."""
    answer = {"filterConfig": {**filter_config(ModelArmorFiltersSpec()), name: changed}}

    assert judge_template(answer, wanted=OWN).problems == (problem,)


def test_a_template_without_filters_or_with_logs_of_prompts_is_found() -> None:
    """Every filter is named; so is that prompts are logged."""
    found = judge_template({"templateMetadata": {"logSanitizeOperations": True}}, wanted=OWN).problems

    assert [problem.split()[0] for problem in found] == [
        "log_prompts", "prompt_injection", "hate_speech", "dangerous", "harassment", "sexually_explicit",
    ]  # fmt: skip


def test_a_template_of_somebody_else_does_as_it_says() -> None:
    """What it does with its findings is shown, and not judged."""
    verdict = judge_template({"templateMetadata": {"enforcementType": "INSPECT_ONLY"}}, wanted=None)

    assert (verdict.found, verdict.problems) == ("INSPECT_ONLY", ())


@pytest.fixture
def google() -> Iterator[GoogleStandIn]:
    """Serve Google's APIs."""
    with GoogleStandIn().serving() as stand_in:
        yield stand_in


def test_a_template_is_read_from_the_endpoint_of_its_region(google: GoogleStandIn) -> None:
    """By its full name."""
    google.answers[GET] = {"name": TEMPLATE}

    assert google.api().get_regional("modelarmor", "us-central1", f"v1/{TEMPLATE}") == {"name": TEMPLATE}
    assert [request.params for request in google.asked(GET)] == [{"name": TEMPLATE}]


@pytest.mark.parametrize(("status", "missing"), [(404, True), (403, False)])
def test_a_template_that_cannot_be_read_is_an_error_of_the_api(
    google: GoogleStandIn, status: int, missing: bool
) -> None:
    """One that is missing can be told from one that may not be read."""
    google.faults[GET] = Fault(status)

    with pytest.raises(ApiError) as refused:
        google.api().get_regional("modelarmor", "us-central1", f"v1/{TEMPLATE}")
    assert (refused.value.status, refused.value.missing) == (status, missing)


def by_id(platform: HealthyPlatform) -> dict[tuple[str, str], dict[str, Any]]:
    """Run `verify` without completions, and return its findings by place and id."""
    ran = platform.run("--no-completion")
    return {(found["where"], found["id"]): found for found in ran.document["findings"]}


def test_a_gateway_that_calls_model_armor_is_good(screened: HealthyPlatform) -> None:
    """In each region: the extension is programmed, and its template blocks."""
    findings = by_id(screened)

    assert {place: found for place, found in findings.items() if found["status"] != "good"} == {}
    for key in ("us", "eu"):
        assert findings[key, "EXTENSION"]["found"] == "programmed: model-armor"
        assert findings[key, "TEMPLATE"]["found"] == "INSPECT_AND_BLOCK"


def test_a_template_that_is_gone_is_found_in_its_region(screened: HealthyPlatform) -> None:
    """With the stack that makes it again; what the other region has is good."""
    del screened.documents["europe-west4/templates/gemma-prompts"]
    findings = by_id(screened)

    assert (findings["eu", "TEMPLATE"]["status"], findings["us", "TEMPLATE"]["status"]) == ("wrong", "good")
    assert findings["eu", "TEMPLATE"]["fix"] == (
        "apply workload-gateway-eu, or create the template in that region if it is yours"
    )


def test_screening_that_was_weakened_by_hand_is_found_in_its_region(screened: HealthyPlatform) -> None:
    """In the console or with kubectl: a filter that is off, and requests that pass without an answer."""
    del screened.documents["europe-west4/templates/gemma-prompts"]["filterConfig"]["piAndJailbreakFilterSettings"]
    [chain] = screened.object("eu", "GCPTrafficExtension")["spec"]["extensionChains"]
    chain["extensions"][0]["failOpen"] = True
    findings = by_id(screened)

    assert "prompt_injection is OFF, not MEDIUM_AND_ABOVE" in findings["eu", "TEMPLATE"]["found"]
    assert "model-armor lets requests pass where it does not answer" in findings["eu", "EXTENSION"]["found"]
    assert {findings["eu", id_]["status"] for id_ in ("EXTENSION", "TEMPLATE")} == {"wrong"}
    assert {findings["us", id_]["status"] for id_ in ("EXTENSION", "TEMPLATE")} == {"good"}


def test_an_extension_that_the_controller_refused_is_found(screened: HealthyPlatform) -> None:
    """The API server has accepted it, and the apply has passed."""
    [ancestor] = screened.object("eu", "GCPTrafficExtension")["status"]["ancestors"]
    condition({"status": ancestor}, "Programmed", reason="InvalidExtensionService")
    findings = by_id(screened)

    assert findings["eu", "EXTENSION"]["status"] == "wrong"
    assert "InvalidExtensionService" in findings["eu", "EXTENSION"]["found"]
    assert findings["us", "EXTENSION"]["status"] == "good"


def test_without_model_armor_nothing_of_it_is_looked_at(public: HealthyPlatform) -> None:
    """No extension, no template."""
    assert not {id_ for _, id_ in by_id(public)} & {"EXTENSION", "TEMPLATE"}


def names_asked(platform: HealthyPlatform) -> dict[tuple[str, str], dict[str, Any]]:
    """Run `verify`, and return its findings on names that are no model's, by place and id."""
    findings = platform.run().document["findings"]
    return {(found["where"], found["id"]): found for found in findings if found["id"].endswith("-NAME")}


def test_names_that_are_not_screened_get_no_answer(screened: HealthyPlatform) -> None:
    """Nobody's name, and an empty one, are asked in each region; a refusal by the server will do."""
    found = names_asked(screened)

    assert set(found) == {(key, id_) for key in ("us", "eu") for id_ in ("UNKNOWN-NAME", "EMPTY-NAME")}
    assert {(one["status"], one["found"]) for one in found.values()} == {("good", "refused with status 404")}


def test_an_answer_that_is_not_screened_is_wrong(screened: HealthyPlatform) -> None:
    """As vLLM gives it to an empty name, where the route takes every body."""
    for server in screened.servers.values():
        server.models += ("",)
    found = names_asked(screened)

    assert {id_: one["status"] for (_, id_), one in found.items()} == {"UNKNOWN-NAME": "good", "EMPTY-NAME": "wrong"}
    assert (
        "answered with status 200: Model Armor screens no request with such a name"
        in found["us", "EMPTY-NAME"]["found"]
    )
    assert "gateway.body_routing: {}" in found["us", "EMPTY-NAME"]["fix"]
    assert found["us", "EMPTY-NAME"]["needed"] == "a request that names no model gets no answer"


@pytest.mark.parametrize(
    ("settings", "asked"),
    [
        ({}, ["UNKNOWN-NAME", "EMPTY-NAME"]),
        ({"model_armor": None}, ["UNKNOWN-NAME"]),
        ({"model_armor": {"enabled": False}}, ["UNKNOWN-NAME"]),
        ({"body_routing": None}, ["UNKNOWN-NAME-llama", "EMPTY-NAME-llama", "UNKNOWN-NAME-qwen", "EMPTY-NAME-qwen"]),
        ({"body_routing": None, "model_armor": None}, []),
    ],
)
def test_each_address_is_asked_once(settings: dict[str, Any], asked: list[str]) -> None:
    """Models that are found by their names share one; with an address of its own, each is asked."""
    own = (
        {}
        if settings.get("body_routing", {}) is not None
        else {f"models__{key}__address": {"path": f"/{key}"} for key in ("llama", "qwen")}
    )
    chosen = config(GUARDED, **own, gateway={"scope": "regional", "body_routing": {}, "model_armor": {}, **settings})
    live = LivePlatform(config=chosen, clusters=lambda key: pytest.fail(key))
    made = Verification(
        live=live, google=GoogleStandIn().api(), keys=("us",), models=("llama", "qwen"), urls={"us": "http://localhost"},
        completion=True, timeout_sec=60, note=lambda *_: None,
    )  # fmt: skip

    assert [one for task in made.requests() if (one := task.unknown("").id).rpartition("-NAME")[1]] == asked


@pytest.mark.parametrize(("name", "id_"), [(NAME, "UNKNOWN-NAME"), ("", "EMPTY-NAME")])
def test_beside_body_routing_the_gateway_itself_refuses_it(name: str, id_: str) -> None:
    """A server's own refusal is wrong there: bodies are not read."""
    chosen = config(GUARDED, gateway={"scope": "regional", "body_routing": {}, "model_armor": {}})
    for header, status in (("", "good"), ("x-inference-region", "wrong")):
        server = StandInServer(regions=("us-east4", "eu"), region_header=header)
        with server.serving() as url:
            found = RequestForUnknownModel(
                key="us", model=Model(chosen, "llama"), name=name, address=partial(str, url)
            ).ask()

        assert (found.id, found.status.value) == (id_, status)
        assert [body["model"] for _, body, _ in server.requests] == [name]


@pytest.mark.parametrize("failure", ["503", "no answer"])
def test_an_error_says_nothing_about_screening(failure: Failure) -> None:
    """It is looked for elsewhere."""
    server = StandInServer(failure=failure)
    with server.serving() as url:
        chosen = config(**REGIONAL, gateway__model_armor={})
        found = RequestForUnknownModel(key="us", model=Model(chosen, "gemma"), name="", address=lambda: url).ask()

    assert (found.id, found.status.value, bool(found.fix)) == ("EMPTY-NAME", "unknown", True)
