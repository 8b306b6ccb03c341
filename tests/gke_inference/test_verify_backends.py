"""What `verify` reports of the servers behind the gateway where the load balancer cannot be followed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.gke_inference.google_stand_in import Fault
from tests.gke_inference.test_verify_unknown import bad
from tests.gke_inference.verify_platform import HealthyPlatform
from tests.gke_inference.verify_rig import example, example_running

__all__ = ["example", "example_running"]

CUTS: dict[str, Callable[[HealthyPlatform], object]] = {
    "no rule": lambda p: p.parts("forwardingRules").clear(),
    "no proxy": lambda p: p.parts("targetHttpProxies").clear(),
    "no map": lambda p: p.parts("urlMaps").clear(),
    "no service": lambda p: p.parts("backendServices").clear(),
    "rules of another network": lambda p: [
        rule.update(network=p.link("global/networks/other")) for rule in p.parts("forwardingRules")
    ],
    "rules of other addresses": lambda p: [rule.update(IPAddress="10.9.9.9") for rule in p.parts("forwardingRules")],
}


@pytest.mark.parametrize("cut", CUTS.values(), ids=CUTS)
def test_backends_that_no_rule_leads_to_are_unknown(
    example: HealthyPlatform, cut: Callable[[HealthyPlatform], object]
) -> None:
    """The way from the gateway's addresses is the only one to them: where it is cut, nothing is known."""
    cut(example)

    code, found, texts = bad(example)

    assert found == [("us", "BACKENDS", "unknown"), ("eu", "BACKENDS", "unknown")]
    assert "no forwarding rule leads from the gateway's addresses to a backend service / look at GATEWAY" in texts
    assert code == 3


@pytest.fixture
def deaf_in_eu(example: HealthyPlatform) -> Iterator[None]:
    """Compute Engine does not answer about the health of the servers in eu."""
    answers, method = example.google.answers, "compute.backendServices.getHealth"
    before = answers[method]
    assert callable(before)

    def health(params: dict[str, Any], body: Any) -> dict[str, Any]:
        if "europe-west4" in body["group"]:
            raise Fault(503, "the region is away")
        return before(params, body)

    answers[method] = health
    yield
    answers[method] = before


@pytest.mark.usefixtures("deaf_in_eu")
def test_the_health_of_one_region_hides_no_other(example: HealthyPlatform, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each group of endpoints is asked about by itself."""
    monkeypatch.setattr("random.random", lambda: 0.0)

    code, found, texts = bad(example)

    assert found == [("eu", "BACKENDS", "unknown")]
    assert "the region is away" in texts
    assert code == 3
