"""What `verify` says about body-based routing, as the cluster and the gateway answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from gke_inference.api_error import ApiError
from gke_inference.findings import Finding
from gke_inference.verify.completion import Completion
from gke_inference.verify.guard_rails import judge_body_routing
from gke_inference.verify.unknown_name import NAME, RequestForUnknownModel
from platform_config.model import Model
from tests.configs import GUARDED, config
from tests.gke_inference.stand_in_server import StandInServer

Object = dict[str, Any]
CONFIG = config(GUARDED, gateway={"scope": "regional", "body_routing": {}})
MODEL = Model(CONFIG, "llama")


def extension(*conditions: Object, generation: int = 1) -> Object:
    """Return an extension that one Gateway has seen, with these conditions."""
    ancestors = [{"ancestorRef": {"name": "acme-gateway"}, "conditions": list(conditions)}]
    return {"metadata": {"generation": generation}, "status": {"ancestors": ancestors if conditions else []}}


def condition(name: str, status: str = "True", reason: str = "") -> Object:
    """Return one condition."""
    return {"type": name, "status": status, "reason": reason or name, "message": "", "observedGeneration": 1}


def deployment(ready: int | None) -> Object:
    """Return a Deployment of two pods, of which some are ready."""
    return {"spec": {"replicas": 2}, "status": {} if ready is None else {"readyReplicas": ready}}


TAKEN = extension(condition("Accepted"), condition("ResolvedRefs"), condition("Programmed"))


def test_an_extension_that_is_taken_is_good() -> None:
    """Programmed, and nothing else is false."""
    assert judge_body_routing(TAKEN, deployment(2)).found == "programmed, 2 of 2 pods ready"
    assert judge_body_routing(TAKEN, deployment(2)).problems == ()


@pytest.mark.parametrize(
    ("found", "problem"),
    [
        (extension(), "no gateway has taken it"),
        (extension(condition("ResolvedRefs")), "no controller has set Programmed yet"),
        (
            extension(condition("Accepted", "False", "Conflicted"), condition("Programmed")),
            "Accepted is False (Conflicted)",
        ),
        (
            extension(condition("Accepted"), condition("Programmed", "False", "Invalid")),
            "Programmed is False (Invalid)",
        ),
        (
            extension(condition("ResolvedRefs", "False", "InvalidExtensionService"), condition("Programmed")),
            "ResolvedRefs is False (InvalidExtensionService)",
        ),
        (extension(condition("Programmed"), generation=2), "its last change is not applied yet"),
    ],
)
def test_an_extension_that_the_load_balancer_does_not_serve_is_wrong(found: Object, problem: str) -> None:
    """The API server has accepted it all the same."""
    assert judge_body_routing(found, deployment(2)).problems == (problem,)


@pytest.mark.parametrize(("ready", "problem"), [(None, "0 of 2 pods ready"), (1, "1 of 2 pods ready")])
def test_pods_that_are_not_ready_are_named(ready: int | None, problem: str) -> None:
    """While none is, no request with a body is answered."""
    assert judge_body_routing(TAKEN, deployment(ready)).problems == (problem,)


def ask(address: Callable[[], str], **settings: Any) -> Finding:
    """Ask the gateway at *address* for a model that nobody has."""
    return RequestForUnknownModel(key="us", model=MODEL, address=address, **settings).ask()


def test_a_model_that_nobody_has_is_refused_by_the_gateway() -> None:
    """With 404, and without the header of a server."""
    server = StandInServer(regions=("us-east4", "eu"), region_header="")
    with server.serving() as url:
        found = ask(lambda: url)

    assert (found.id, found.where, found.status.value) == ("UNKNOWN-NAME", "us", "good")
    [(path, body, _)] = server.requests
    assert (path, body["model"]) == ("/v1/chat/completions", NAME)


@pytest.mark.parametrize(
    ("server", "status", "message"),
    [
        (
            StandInServer(models=(NAME,), regions=("us-east4", "eu")),
            "wrong",
            "a server of us-east4 got it, and answered with status 200",
        ),
        (
            StandInServer(regions=("us-east4", "eu")),
            "wrong",
            "a server of us-east4 got it, and answered with status 404",
        ),
        (StandInServer(failure="503", region_header=""), "unknown", "answered with status 503"),
        (StandInServer(failure="no answer"), "unknown", "is not reachable from here"),
    ],
)
def test_anything_else_is_no_proof(server: StandInServer, status: str, message: str) -> None:
    """A server that got it is wrong, its own 404 too; an error says nothing about routes."""
    with server.serving() as url:
        found = ask(lambda: url)

    assert (found.status.value, message in found.found, bool(found.fix)) == (status, True, True)


def test_without_a_key_that_the_gateway_asks_for_nothing_is_sent() -> None:
    """Apigee would refuse it first."""
    server = StandInServer()
    with server.serving() as url:
        found = ask(lambda: url, lacks_key=True)

    assert (found.status.value, server.requests) == ("unknown", [])


def test_an_address_that_is_not_known_is_unknown() -> None:
    """With the option that names it."""

    def no_address() -> str:
        raise ApiError(status=403, reason="forbidden", message="no")

    found = ask(no_address)

    assert (found.status.value, "--url-for us=http://ADDRESS" in found.fix) == ("unknown", True)


def test_a_server_without_completions_is_named_by_the_header() -> None:
    """A GET has no body that would name the model."""
    speech = {"kind": "custom", "image": "example.com/speech:v1", "port": 8000, "health_path": "/health"}
    custom = config(
        GUARDED,
        gateway={"scope": "regional", "body_routing": {}},
        models__llama={"server": speech, "served_name": "speech"},
    )
    server = StandInServer(regions=("us-east4", "eu"))
    with server.serving() as url:
        Completion(key="us", model=Model(custom, "llama"), address=lambda: url, answers=lambda: {"us-east4"}).ask()

    [(_, headers)] = server.probes
    assert {name.lower(): value for name, value in headers.items()}["x-gateway-base-model-name"] == "speech"
