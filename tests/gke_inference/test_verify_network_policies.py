"""A network policy that cuts serving off is named, and one that only adds is not blamed."""

from __future__ import annotations

from typing import Any

import pytest

from constructs_lib.manifests.network_policies import network_policies
from gke_inference.verify.network_policies import connections, denying_policies, judge_network_policies
from gke_inference.verify.verdict import Verdict
from platform_config.load import load
from platform_config.network_plan import network_policy_plan
from tests.configs import EXAMPLE

PLAN = network_policy_plan(load(EXAMPLE), "us")
OURS = network_policies(PLAN)
NAMES = [policy["metadata"]["name"] for policy in OURS.values()]


def policy(name: str, **spec: Any) -> dict[str, Any]:
    """Return a policy of somebody else in the namespace, for all pods by default."""
    return {"metadata": {"name": name}, "spec": {"podSelector": {}, **spec}}


def judged(*policies: dict[str, Any], denying: tuple[dict[str, Any], ...] = ()) -> Verdict:
    """Return the verdict where these are in the namespace."""
    clusterwide = denying_policies(denying, namespace=PLAN.namespace)
    return judge_network_policies(policies, clusterwide, needed=connections(PLAN), own=NAMES)


DENY_ALL = policy("deny-all", policyTypes=["Ingress", "Egress"])
CUTTING: dict[str, tuple[dict[str, Any], str]] = {
    "all denied": (
        DENY_ALL,
        "the servers from the gateway's proxies of us (port 8000) is cut off by NetworkPolicy deny-all",
    ),
    "types left out": (
        policy("old"),
        "the endpoint picker from Google's health checks from 130.211.0.0/22 (port 9003)",
    ),
    "another port": (
        policy("web", ingress=[{"ports": [{"port": 80}]}]),
        "the servers from the gateway's proxies of eu (port 8000) is cut off by NetworkPolicy web",
    ),
    "one range left out": (
        policy("half", ingress=[{"from": [{"ipBlock": {"cidr": "0.0.0.0/0", "except": ["10.4.0.0/16"]}}]}]),
        "the servers from the gateway's proxies of eu (port 8000)",
    ),
    "pods alone": (policy("pods", ingress=[{"from": [{"podSelector": {}}]}]), "the servers from the gateway's proxies"),
    "only the servers": (
        policy("one", podSelector={"matchExpressions": [{"key": "app", "operator": "In", "values": ["gemma-server"]}]}),
        "the servers from the gateway's proxies of us",
    ),
    "no way out": (
        policy("inside", policyTypes=["Egress"], egress=[{"to": [{"ipBlock": {"cidr": "10.0.0.0/8"}}]}]),
        "Cloud Storage and Hugging Face from the servers (port 443) is cut off by NetworkPolicy inside",
    ),
}
HARMLESS = {
    "for other pods": policy("web", podSelector={"matchLabels": {"app": "web"}}),
    "for pods of neither kind": policy(
        "rest",
        podSelector={
            "matchExpressions": [
                {"key": "app", "operator": "DoesNotExist"},
                {"key": "inferencepool", "operator": "NotIn", "values": ["gemma-pool-epp"]},
            ]
        },
    ),
    "everybody may come in": policy("open", ingress=[{}]),
    "a range of ports": policy("ports", ingress=[{"ports": [{"port": 1024, "endPort": 65535}]}]),
}  # fmt: skip


@pytest.mark.parametrize(("given", "words"), CUTTING.values(), ids=CUTTING)
def test_where_ours_are_off_a_policy_of_others_that_cuts_off_is_named(given: dict[str, Any], words: str) -> None:
    """With what it cuts off."""
    assert words in "; ".join(judged(given).problems)


@pytest.mark.parametrize("given", HARMLESS.values(), ids=HARMLESS)
def test_a_policy_that_lets_serving_through_is_not_blamed(given: dict[str, Any]) -> None:
    """It is reported all the same."""
    seen = judged(given)

    assert seen.problems == ()
    assert given["metadata"]["name"] in seen.found


def test_beside_ours_no_policy_of_others_can_cut_off() -> None:
    """Policies add up."""
    assert judged(*OURS.values(), DENY_ALL).problems == ()


def test_one_of_ours_that_is_gone_is_told_as_such() -> None:
    """Nobody else is blamed."""
    left = [made for key, made in OURS.items() if key != "proxies-eu"]

    assert judged(*left).problems[0] == (
        "the servers from the gateway's proxies of eu (port 8000) is cut off by the platform's own, of which one is "
        "changed or gone"
    )


@pytest.mark.parametrize(
    ("selected", "named"),
    [
        ({}, True),
        ({"matchLabels": {"k8s:io.kubernetes.pod.namespace": "inference"}}, True),
        ({"matchLabels": {"k8s:io.kubernetes.pod.namespace": "default"}}, False),
    ],
)
def test_a_policy_of_the_whole_cluster_that_denies_is_named(selected: dict[str, Any], named: bool) -> None:
    """These are the only ones that can forbid what others allow."""
    denies = {"metadata": {"name": "no-world"}, "spec": {"endpointSelector": selected, "ingressDeny": [{}]}}

    assert ("no-world" in "".join(judged(*OURS.values(), denying=(denies,)).problems)) is named
