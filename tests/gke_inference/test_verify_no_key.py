"""Where Apigee asks for a key: `verify` proves that a request without one is refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from gke_inference.api_error import ApiError
from gke_inference.cluster_api import ClusterApi
from gke_inference.findings import Finding
from gke_inference.live_platform import LivePlatform
from gke_inference.verify.guard_rails import judge_apigee
from gke_inference.verify.no_key import RequestWithoutKey, fault_code
from gke_inference.verify.run import Verification
from platform_config.model import Model
from tests.configs import config
from tests.gke_inference.google_stand_in import GoogleStandIn
from tests.gke_inference.model_configs import several_models_config
from tests.gke_inference.stand_in_server import StandInServer
from tests.gke_inference.verify_platform import HealthyPlatform
from tests.gke_inference.verify_rig import KEY

CONFIG = config()
MODEL = Model(CONFIG, "gemma")
SPEECH = Model(several_models_config(), "speech")


def ask(address: Callable[[], str], model: Model = MODEL) -> Finding:
    """Ask the gateway at *address*."""
    return RequestWithoutKey(key="us", model=model, address=address).ask()


@pytest.mark.parametrize(("model", "id_"), [(MODEL, "NO-KEY"), (SPEECH, "NO-KEY-speech")])
def test_a_refusal_is_good(model: Model, id_: str) -> None:
    """By a policy of Apigee; an LLM is asked for a completion, any other server for its health path."""
    server = StandInServer(api_key="k", models=(MODEL.name,))
    with server.serving() as url:
        found = ask(lambda: url, model)

    assert (found.id, found.where, found.status.value) == (id_, "us", "good")
    assert found.found.startswith("refused with status 401")
    assert len(server.requests) + len(server.probes) == 1
    assert not any("x-api-key" in headers for _, _, headers in server.requests)


@pytest.mark.parametrize(
    ("server", "status", "words"),
    [
        (StandInServer(models=(MODEL.name,)), "wrong", "answered without a key: whoever reaches it may use it"),
        (StandInServer(failure="503"), "unknown", "answered with status 503, neither the model's answer nor a refusal"),
        (StandInServer(failure="no answer"), "unknown", "is not reachable from here"),
    ],
)
def test_anything_else_is_no_proof(server: StandInServer, status: str, words: str) -> None:
    """An answer is wrong; an error says nothing about keys."""
    with server.serving() as url:
        found = ask(lambda: url)

    assert (found.status.value, words in found.found, bool(found.fix)) == (status, True, True)


def test_an_address_that_is_not_known_is_unknown() -> None:
    """With the option that names it."""

    def no_address() -> str:
        raise ApiError(status=403, reason="forbidden", message="no")

    found = ask(no_address)

    assert (found.status.value, "--url-for us=http://ADDRESS" in found.fix) == ("unknown", True)


def requests_of(apigee: dict[str, Any] | None, url: str, secret_headers: dict[str, str]) -> dict[str, Finding]:
    """Return the findings of all requests that verify sends to *url*, by their id."""

    def no_cluster(key: str) -> ClusterApi:
        raise ApiError(status=404, reason="notFound", message=f"no cluster in {key}")

    live = LivePlatform(config=config(gateway__apigee=apigee), clusters=no_cluster)
    google = GoogleStandIn().api()
    made = Verification(
        live=live, google=google, keys=("us",), models=("gemma",), urls={"us": url}, secret_headers=secret_headers,
        completion=True, timeout_sec=60, note=lambda *_: None,
    )  # fmt: skip
    return {found.id: found for task in made.requests() for found in task.ask()[0]}


def test_a_key_that_is_not_given_leaves_completions_unknown() -> None:
    """They would be refused, which says nothing about the servers; that they are refused is proven all the same."""
    server = StandInServer(api_key="k", models=(MODEL.name,), regions=("us-east5", "eu"))
    with server.serving() as url:
        found = requests_of({"environment": "prod"}, url, {})

    assert {id_: one.status.value for id_, one in found.items()} == {"COMPLETION": "unknown", "NO-KEY": "good"}
    assert "--header x-api-key=env:API_KEY" in found["COMPLETION"].fix
    assert len(server.requests) == 1


def test_with_the_key_the_model_answers() -> None:
    """And without it, it does not."""
    server = StandInServer(api_key="k", models=(MODEL.name,), regions=("us-east5", "eu"))
    with server.serving() as url:
        found = requests_of({"environment": "prod"}, url, {"x-api-key": "k"})

    assert {id_: one.status.value for id_, one in found.items()} == {"COMPLETION": "good", "NO-KEY": "good"}


@pytest.mark.parametrize("apigee", [None, {"environment": "prod", "enabled": False}])
def test_without_apigee_nobody_is_asked_without_a_key(apigee: dict[str, Any] | None) -> None:
    """Everybody may ask then."""
    server = StandInServer(models=(MODEL.name,), regions=("us-east5", "eu"))
    with server.serving() as url:
        found = requests_of(apigee, url, {})

    assert {id_: one.status.value for id_, one in found.items()} == {"COMPLETION": "good"}


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ('{"fault": {"faultstring": "Raising fault. Fault name : RF-insufficient-request-raise-fault", "detail": '
         '{"errorcode": "steps.raisefault.RaiseFault"}}}', "steps.raisefault.RaiseFault"),
        ('{"fault": {"detail": {"errorcode": "protocol.http.TargetUnreachable"}}}', "protocol.http.TargetUnreachable"),
        ('{"error": {"message": "no"}}', ""), ("[]", ""), ("not JSON", ""), ('{"fault": null}', ""),
    ],
)  # fmt: skip
def test_the_code_of_a_fault_is_read(answer: str, code: str) -> None:
    """As Apigee writes it; any other answer has none."""
    assert fault_code(answer) == code


def found_of(keyed: HealthyPlatform, *arguments: str) -> tuple[int, dict[str, dict[str, Any]]]:
    """Run `verify` in the region with the gateway, and return its exit code and its findings by id."""
    ran = keyed.run(*arguments, only="us")
    return ran.code, {found["id"]: found for found in ran.document["findings"]}


def test_a_platform_with_apigee_is_good_with_its_key(keyed: HealthyPlatform, monkeypatch: pytest.MonkeyPatch) -> None:
    """Connection and extension stand, the key opens, and without it nobody gets in."""
    monkeypatch.setenv("API_KEY", KEY)
    code, found = found_of(keyed, "--header", "x-api-key=env:API_KEY")

    assert (code, [one for one in found.values() if one["status"] != "good"]) == (0, [])
    assert found["APIGEE"]["found"] == "CREATED, environment prod"
    assert found["EXTENSION"]["found"] == "programmed: apigee"
    assert found["NO-KEY"]["found"] == "refused with status 401, steps.oauth.v2.FailedToResolveAPIKey"


def test_a_platform_with_apigee_is_not_known_without_its_key(keyed: HealthyPlatform) -> None:
    """All but the answer of the model."""
    code, found = found_of(keyed)

    assert (code, {id_ for id_, one in found.items() if one["status"] != "good"}) == (3, {"COMPLETION"})


def test_an_open_gateway_is_wrong(keyed: HealthyPlatform) -> None:
    """Whatever the objects in the cluster say."""
    for server in keyed.servers.values():
        server.api_key = ""
    code, found = found_of(keyed)

    assert (code, {id_ for id_, one in found.items() if one["status"] == "wrong"}) == (1, {"NO-KEY"})


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"status": {"currentState": "CREATING"}}, "it is CREATING, not CREATED"),
        ({"status": {}}, "it is in no state yet, not CREATED"),
    ],
)
def test_a_connection_that_is_not_made_is_wrong(keyed: HealthyPlatform, changes: dict[str, Any], problem: str) -> None:
    """With the operator's own word for its state."""
    keyed.object("us", "ApigeeBackendService").update(changes)
    code, found = found_of(keyed, "--no-completion")

    assert (code, found["APIGEE"]["status"], found["APIGEE"]["found"]) == (1, "wrong", problem)


def test_a_connection_with_another_environment_is_wrong() -> None:
    """It was applied by somebody else."""
    made = {"spec": {"apigeeEnv": "test"}, "status": {"currentState": "CREATED"}}

    assert judge_apigee(made, environment="prod").problems == ("it is for the environment test, not prod",)
