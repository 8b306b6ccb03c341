"""Body-based routing of one gateway: the chart, the names, and the order in which routes come and go."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from cdktf_cdktf_provider_helm.provider import HelmProvider
from cdktf_cdktf_provider_kubernetes.provider import KubernetesProvider
from cdktf_cdktf_provider_time.provider import TimeProvider

from constructs_lib.body_routing import BodyRouting, BodyRoutingPlan
from constructs_lib.kubernetes_object import KubernetesObject
from constructs_lib.specs import BodyRoutingSpec
from tests.checks.kubernetes_objects import problems
from tests.conftest import Synth
from tests.synthesized import Synthesized

PLAN = BodyRoutingPlan(
    gateway="acme-gateway", namespace="inference", models={"gemma": ["gemma-3-27b-it", "sql"], "llama": ["Llama-3.1"]}
)


def build(stack: Any, plan: BodyRoutingPlan = PLAN) -> BodyRouting:
    """Build it in a bare stack."""
    return BodyRouting(
        stack,
        "body-routing",
        kubernetes=KubernetesProvider(stack, "kubernetes"),
        helm=HelmProvider(stack, "helm"),
        time=TimeProvider(stack, "time"),
        plan=plan,
        spec=BodyRoutingSpec(),
    )


@pytest.fixture
def app(synth: Synth) -> Synthesized:
    """Synthesize it alone."""
    return synth(build)


def test_the_chart_is_pinned_and_makes_the_extension_of_the_gateway(app: Synthesized) -> None:
    """One release, waited for, never atomic."""
    release = app.one("helm_release")

    assert release["repository"] == "oci://registry.k8s.io/gateway-api-inference-extension/charts"
    assert (release["chart"], release["version"]) == ("body-based-routing", "v1.5.0")
    assert (release["name"], release["namespace"]) == ("body-based-router", "inference")
    assert (release["wait"], release["atomic"]) == (True, False)
    assert "acme-gateway" in release["values"][0]


def test_each_model_has_its_names(app: Synthesized) -> None:
    """With adapters or not."""
    maps = app.objects("ConfigMap")

    assert [made["data"]["baseModel"] for made in maps] == ["gemma-3-27b-it", "Llama-3.1"]
    assert ["adapters" in made["data"] for made in maps] == [True, False]
    assert [problem for made in maps for problem in problems(made)] == []


def test_names_are_made_before_the_old_ones_go(app: Synthesized) -> None:
    """A renamed model has no moment without a map."""
    blocks = [block for block in app.all("kubernetes_manifest") if block["manifest"]["kind"] == "ConfigMap"]

    assert [block["lifecycle"]["create_before_destroy"] for block in blocks] == [True, True]


def test_a_node_upgrade_takes_one_of_its_pods_at_a_time(app: Synthesized) -> None:
    """The budget has the labels of the chart's pods."""
    budget = app.object("PodDisruptionBudget")

    assert budget["spec"]["selector"]["matchLabels"] == {"app": "body-based-router"}
    assert problems(budget) == []


def test_a_route_waits_until_the_load_balancer_asks_the_pods(synth: Synth) -> None:
    """Some minutes after the release, and after the names; on removal it changes before either goes."""

    def with_route(stack: Any) -> None:
        routing = build(stack)
        manifest = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "route", "namespace": "inference"}}
        kubernetes = stack.node.find_child("kubernetes")
        KubernetesObject(stack, "route", kubernetes=kubernetes, manifest=manifest, after=routing.ready)

    app = synth(with_route)
    [(_, route)] = [
        (key, block)
        for key, block in app.named("kubernetes_manifest").items()
        if block["manifest"]["metadata"]["name"] == "route"
    ]
    wait, release = app.one("time_sleep"), app.one("helm_release")

    assert len(route["depends_on"]) == 3
    assert any(address.startswith("time_sleep.") for address in route["depends_on"])
    assert (wait["create_duration"], wait["destroy_duration"]) == ("180s", "180s")
    assert {address.partition(".")[0] for address in wait["depends_on"]} == {"helm_release", "kubernetes_manifest"}
    # Terraform destroys a dependency that is taken away before it updates what needed it, but for these.
    assert wait["lifecycle"]["create_before_destroy"] is release["lifecycle"]["create_before_destroy"] is True


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"models": {"gemma": ["one"], "llama": ["two", "one"]}}, "models.llama must differ from .* got 'one' in both"),
        ({"models": {"gemma": []}}, "models.gemma must have a name, got none"),
        ({"gateway": "Acme"}, "gateway must .* got 'Acme'"),
    ],
)
def test_a_plan_that_cannot_work_is_refused(changes: dict[str, Any], message: str) -> None:
    """With the setting, before anything is made."""
    with pytest.raises(ValueError, match=message):
        replace(PLAN, **changes)
