"""Apigee as the gateway's extension, what connects it, and what stands around its operator."""

from __future__ import annotations

from typing import Any

import pytest

from constructs_lib.manifests.apigee import (
    NAMESPACE,
    apigee_backend_service,
    apigee_extension,
    operator_objects,
    operator_values,
)
from constructs_lib.manifests.extensions import traffic_extension
from constructs_lib.manifests.model_armor import model_armor_extension, template_path
from constructs_lib.specs import ApigeeSpec, ModelArmorSpec
from tests.checks.kubernetes_objects import problems
from tests.manifests import examples


def service() -> dict[str, Any]:
    """Return what connects the gateway of the examples."""
    return apigee_backend_service(
        gateway="gemma-gateway",
        namespace=examples.NAMESPACE,
        environment="prod",
        region="us-east5",
        network="projects/my-project/global/networks/gemma-vpc",
        subnetwork="projects/my-project/regions/us-east5/subnetworks/gemma-nodes-us",
    )


def test_a_connection_lists_its_one_place() -> None:
    """With full paths; Google's guide prints a map there, which the operator refuses."""
    made = service()
    printed = {**made, "spec": {**made["spec"], "locations": made["spec"]["locations"][0]}}

    assert problems(made) == []
    assert made["spec"] == {
        "apigeeEnv": "prod",
        "defaultSecurityEnabled": True,
        "locations": [
            {
                "name": "us-east5",
                "network": "projects/my-project/global/networks/gemma-vpc",
                "subnetwork": "projects/my-project/regions/us-east5/subnetworks/gemma-nodes-us",
            }
        ],
    }
    assert problems(printed)


def chain(*extensions: Any) -> list[dict[str, Any]]:
    """Return the extensions of a gateway's object, which the CRD takes."""
    made = traffic_extension(
        name="gemma-gateway-extension", namespace=examples.NAMESPACE, gateway="gemma-gateway", extensions=extensions
    )
    assert problems(made) == []
    [found] = made["spec"]["extensionChains"]
    called: list[dict[str, Any]] = found["extensions"]
    return called


def test_the_extension_names_its_connection_twice() -> None:
    """As the backend, and for Apigee itself; nothing passes without an answer unless somebody says so."""
    [made] = chain(apigee_extension(gateway="gemma-gateway", spec=ApigeeSpec(environment="prod", timeout_ms=2500)))

    assert made["backendRef"]["name"] == service()["metadata"]["name"]
    assert made["metadata"] == {"apigee-extension-processor": service()["metadata"]["name"]}
    assert (made["failOpen"], made["timeout"]) == (False, "2500ms")
    assert made["supportedEvents"] == ["RequestHeaders", "ResponseHeaders", "ResponseBody"]


def test_who_may_not_call_is_not_screened() -> None:
    """Both extensions are in one chain, and Apigee comes first."""
    template = template_path("my-project", "us-east4", "gemma-prompts")
    armor = model_armor_extension(region="us-east4", templates={"gemma-3-27b-it": template}, spec=ModelArmorSpec())
    apigee = apigee_extension(gateway="gemma-gateway", spec=ApigeeSpec(environment="prod", fail_open=True))

    assert [(one["name"], one["failOpen"]) for one in chain(apigee, armor)] == [
        ("apigee", True),
        ("model-armor", False),
    ]


def test_the_operator_makes_no_environment() -> None:
    """One of its own would be in no state, and outlive it; all values are text, as `helm --set` gives them."""
    values = operator_values(project="my-project", organization="my-org", account="a@b.c")

    assert values == {
        "projectId": "my-project",
        "serviceAccount": "a@b.c",
        "apigeeOrg": "my-org",
        "generateEnv": "FALSE",
    }


@pytest.mark.parametrize("network_policy", [True, False])
def test_the_operator_has_resources_and_a_policy(network_policy: bool) -> None:
    """Its containers ask for a share of the node, and talk to what they need alone."""
    made = operator_objects(network_policy=network_policy)
    kinds = [one["kind"] for one in made.values()]

    assert all(problems(one) == [] and one["metadata"]["namespace"] == NAMESPACE for one in made.values())
    assert kinds == ["LimitRange", *(["NetworkPolicy"] if network_policy else [])]


def test_nobody_but_the_api_server_calls_the_operator() -> None:
    """Its policy is for all pods of its namespace; out go names, its account's token, and HTTPS."""
    spec = operator_objects()["network-policy"]["spec"]
    [ingress] = spec["ingress"]
    [peer] = ingress["from"]

    assert (spec["podSelector"], spec["policyTypes"]) == ({}, ["Ingress", "Egress"])
    assert peer["namespaceSelector"]["matchExpressions"][0]["values"] == ["kube-system"]
    assert {port["port"] for rule in spec["egress"] for port in rule["ports"]} == {53, 80, 443, 987, 988}
