"""What `verify` says about body-based routing, as the cluster and the gateway answer."""

from __future__ import annotations

from typing import Any

import pytest

from gke_inference.verify.guard_rails import judge_body_routing

Object = dict[str, Any]


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
