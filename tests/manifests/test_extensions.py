"""The one extension object of a gateway, and Model Armor as an extension."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from constructs_lib.manifests.extensions import EVENTS, Extension, extension_name, traffic_extension
from constructs_lib.manifests.model_armor import model_armor_extension, template_path
from constructs_lib.specs import ModelArmorSpec
from tests.checks.kubernetes_objects import problems
from tests.manifests.examples import NAMESPACE

TEMPLATE = "projects/my-project/locations/us-central1/templates/gemma-prompts"
APIGEE = Extension(
    name="apigee",
    events=("RequestHeaders", "ResponseHeaders", "ResponseBody"),
    backend={"group": "apim.googleapis.com", "kind": "ApigeeBackendService", "name": "apigee", "port": 443},
    metadata={"apigee-extension-processor": "apigee"},
)


def armor(*names: str, **settings: Any) -> Extension:
    """Return the extension that screens what clients send to *names*."""
    templates = dict.fromkeys(names or ("gemma-3-27b-it",), TEMPLATE)
    return model_armor_extension(region="us-central1", templates=templates, spec=ModelArmorSpec(**settings))


def made(*extensions: Extension) -> dict[str, Any]:
    """Return the object with *extensions*."""
    name = extension_name("gemma-gateway")
    return traffic_extension(name=name, namespace=NAMESPACE, gateway="gemma-gateway", extensions=extensions)


def settings_of(extension: Extension) -> list[dict[str, str]]:
    """Read what Model Armor reads."""
    rows: list[dict[str, str]] = json.loads(extension.metadata["model_armor_settings"])
    return rows


def test_all_extensions_of_a_gateway_are_one_chain_in_order() -> None:
    """Every request goes through Apigee, then through Model Armor."""
    extension = made(APIGEE, armor())
    [chain] = extension["spec"]["extensionChains"]

    assert extension["metadata"] == {"name": "gemma-gateway-extension", "namespace": NAMESPACE}
    assert extension["spec"]["targetRefs"] == [
        {"group": "gateway.networking.k8s.io", "kind": "Gateway", "name": "gemma-gateway"}
    ]
    assert chain["matchCondition"] == {"celExpressions": [{"celMatcher": 'request.path.startsWith("/")'}]}
    assert [entry["name"] for entry in chain["extensions"]] == ["apigee", "model-armor"]
    assert problems(extension) == []


def test_model_armor_is_called_at_the_endpoint_of_the_region() -> None:
    """For all six parts of a request, closed where it does not answer within a second."""
    [chain] = made(armor())["spec"]["extensionChains"]
    [entry] = chain["extensions"]

    assert entry["googleAPIServiceName"] == "modelarmor.us-central1.rep.googleapis.com"
    assert entry["supportedEvents"] == [
        "RequestHeaders", "RequestBody", "RequestTrailers", "ResponseHeaders", "ResponseBody", "ResponseTrailers",
    ]  # fmt: skip
    assert (entry["timeout"], entry["failOpen"]) == ("1000ms", False)
    assert "backendRef" not in entry


def test_every_name_that_clients_send_has_its_template() -> None:
    """Adapters too; the template screens prompts and answers."""
    assert settings_of(armor("gemma-3-27b-it", "legal")) == [
        {"model": name, "user_prompt_template_id": TEMPLATE, "model_response_template_id": TEMPLATE}
        for name in ("gemma-3-27b-it", "legal")
    ]


def test_without_answers_to_screen_it_is_not_called_for_them() -> None:
    """Prompts are screened as before."""
    extension = armor(screen_responses=False)

    assert settings_of(extension) == [{"model": "gemma-3-27b-it", "user_prompt_template_id": TEMPLATE}]
    assert extension.events == EVENTS[:3]
    assert problems(made(extension)) == []


@pytest.mark.parametrize("timeout_ms", [10, 10_000])
@pytest.mark.parametrize("fail_open", [True, False])
def test_the_shortest_and_the_longest_timeout_are_taken(timeout_ms: int, fail_open: bool) -> None:
    """The CRD takes 10 to 10000 milliseconds."""
    extension = made(armor(timeout_ms=timeout_ms, fail_open=fail_open))

    assert problems(extension) == []


def test_the_crd_refuses_what_an_extension_refuses() -> None:
    """The stated limits are the CRD's own: a service of another domain, a longer text, a third-party name."""
    [entry] = made(armor())["spec"]["extensionChains"][0]["extensions"]
    wrong = (
        {"timeout": "9ms"}, {"timeout": "10001ms"}, {"googleAPIServiceName": "modelarmor.example.com"},
        {"metadata": {"model_armor_settings": "x" * 1024}}, {"metadata": {"model_armor_settings": "caf\u00e9"}},
        {"supportedEvents": ["REQUEST_HEADERS"]},
    )  # fmt: skip

    for change in wrong:
        extension = made(armor())
        extension["spec"]["extensionChains"][0]["extensions"] = [{**entry, **change}]
        assert problems(extension), change


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"timeout_ms": 9}, "timeout_ms must be between 10 and 10000, got 9"),
        ({"google_api": None}, "give one of google_api and backend, got none"),
        ({"backend": {"kind": "Service"}}, "give one of google_api and backend, got both"),
        ({"google_api": "modelarmor.example.com"}, "google_api must be the name of an API below googleapis.com, got "
         "'modelarmor.example.com'"),
        ({"events": ()}, "events must name at least one event, got none"),
        ({"metadata": {"a": "x" * 1024}}, "metadata.a must have 1 to 1023 characters, got 1024"),
        ({"metadata": {"a": ""}}, "metadata.a must have 1 to 1023 characters, got 0"),
        ({"metadata": {"a": "x@y@"}}, "metadata.a must hold none of the characters @, got 'x@y@'"),
        ({"metadata": {f"a{n}": "x" for n in range(17)}}, "metadata must have at most 16 keys, got 17"),
        ({"metadata": {"x" * 64: "x"}}, f"metadata must have keys of at most 63 plain characters, got '{'x' * 64}'"),
        ({"name": "Model"}, "name must hold only lower case letters, digits and hyphens, begin with a letter and not "
         "end with a hyphen, got 'Model'"),
    ],
)  # fmt: skip
def test_an_extension_refuses_what_the_crd_would(changes: dict[str, Any], message: str) -> None:
    """Each message says the limit and what was given."""
    with pytest.raises(ValueError, match=r".*") as refused:
        replace(armor(), **changes)

    assert message in str(refused.value)


def test_a_long_list_of_models_still_fits_at_the_limit() -> None:
    """1023 characters are taken by the CRD, and by the extension."""
    value = "x" * 1023

    assert problems(made(replace(armor(), metadata={"model_armor_settings": value}))) == []


@pytest.mark.parametrize(
    ("extensions", "message"),
    [
        ((), "extensions must name at least one, got none"),
        ((armor(), replace(armor(), name="other")), "extensions must call one of each kind, got two of modelarmor"),
        ((APIGEE, replace(armor(), name="apigee")), "extensions must have different names, got 'apigee' twice"),
        (
            tuple(replace(armor(), name=f"e{n}", google_api=f"service{n}.googleapis.com") for n in range(4)),
            "extensions must be at most 3, got 4",
        ),
    ],
)
def test_a_chain_refuses_what_a_load_balancer_would(extensions: tuple[Extension, ...], message: str) -> None:
    """One of each kind, at most three."""
    with pytest.raises(ValueError, match=message):
        made(*extensions)


def test_a_template_is_named_with_its_region() -> None:
    """The load balancer and the template are in one region."""
    assert template_path("my-project", "us-central1", "gemma-prompts") == TEMPLATE
