"""Cases of the rules about body-based routing."""

from __future__ import annotations

from typing import Any

from tests.platform_config.rules.case import Case, Changes, More
from tests.platform_config.rules.cases_models import SPEECH, beside


def by_body(**settings: Any) -> Changes:
    """Return changes that give the example a second model, and regional gateways that read bodies."""
    routing = {"gateway__scope": "regional", "gateway__body_routing": settings}
    return beside(None) | {"models__gemma__address": None} | routing


BY_ADDRESS: Changes = {"gateway__scope": "regional", **beside({"path": "/next"})}

CASES: dict[str, Case] = {
    "BODY-CLASS": Case(
        by_body(),
        {**by_body(), "gateway__scope": "cross_region"},
        "gateway.body_routing: must be left out of one internal load balancer across regions, whose class "
        "gke-l7-cross-regional-internal-managed-mc takes no extension, got a section"
        " -> write gateway.scope: regional, or give each model an address, such as {path: /gemma}",
    ),
    "BODY-CHART": Case(
        by_body(chart_version="v1.3.1"),
        by_body(chart_version="v1.2.1"),
        "gateway.body_routing.chart_version: must be one of v1.3.1, v1.4.0, v1.5.0, got 'v1.2.1'"
        " -> did you mean 'v1.3.1'?",
    ),
    "BODY-REPLICAS": Case(
        by_body(replicas=2),
        by_body(replicas=1),
        "gateway.body_routing.replicas: should be 2 or more, so that one may restart, got 1 -> write 2",
    ),
    "BODY-NAME": Case(
        {**by_body(), "models__next__served_name": "org/next model"},
        {**by_body(), "models__next__served_name": "näxt"},
        "models.next.served_name: must be 1 to 4096 printable ASCII characters without blanks around them, got 'näxt'"
        " -> write 'next'",
    ),
    "BODY-HEADERS": Case(
        {**by_body(), "models__next__address": {"path": "/next", "headers": {"x-model": "next"}}},
        {**by_body(), "models__next__address": {"headers": {"x-model": "next"}}},
        "models.next.address: must have a path or a host beside gateway.body_routing, got headers alone"
        " -> write path: /next too, or remove the address",
    ),
    "BODY-CUSTOM": Case(
        {**by_body(), "models__speech": {**SPEECH, "address": {"path": "/speech"}}},
        {**by_body(), "models__speech": SPEECH},
        "models.speech.address: should be given to a custom server: a request is found by the field model of a JSON "
        "body alone, got nothing -> write {path: /speech}, if its requests have no such body",
    ),
    "BODY-BESIDE": Case(
        BY_ADDRESS,
        {**by_body(), "models__next__address": {"path": "/next"}},
        "models.next.address: should be left out beside gateway.body_routing: its requests have their bodies read too, "
        "and get 400 for one that is no JSON; and they are not found by the name 'next', got one"
        " -> remove it, if its clients send the model's name",
    ),
}

MORE: dict[str, More] = {
    "body-chart-without-v": (
        "BODY-CHART",
        by_body(chart_version="1.4.0"),
        [
            "gateway.body_routing.chart_version: must be one of v1.3.1, v1.4.0, v1.5.0, got '1.4.0' -> write 'v1.4.0'",
        ],
    ),
    "body-names-of-all": ("MODELS-ADDRESS", by_body(), []),
    "body-name-twice": (
        "MODELS-NAME",
        {**by_body(), "models__next__served_name": "gemma-3-27b-it"},
        [
            "models.next.served_name: must differ from the names of models.gemma, got 'gemma-3-27b-it' in both"
            " -> write 'next', or give models.gemma the canary {model: next, percent: 0}",
        ],
    ),
    "body-name-of-a-model-that-leaves": (
        "BODY-NAME",
        {**by_body(), "models__next__served_name": " next", "models__next__drain": True},
        [],
    ),
    "body-own-header": (
        "BODY-HEADERS",
        {
            **by_body(),
            "models__next__address": {"path": "/next", "headers": {"x-gateway-base-model-name": "next"}},
        },
        [
            "models.next.address.headers.x-gateway-base-model-name: must be none that gateway.body_routing writes "
            "itself, got 'x-gateway-base-model-name' -> remove the address: the name is enough",
        ],
    ),
    "body-beside-an-older-chart": (
        "BODY-BESIDE",
        {**by_body(chart_version="v1.3.1"), "models__next__address": {"host": "next"}},
        [
            "models.next.address: should be left out beside gateway.body_routing: its requests have their bodies read "
            "too, and get 500 for one that is no JSON; and they are not found by the name 'next', got one"
            " -> remove it, if its clients send the model's name",
        ],
    ),
    "body-drained-address": (
        "BODY-HEADERS",
        {**by_body(), "models__next__address": {"headers": {"x-model": "next"}}, "models__next__drain": True},
        [],
    ),
}
