"""Rules about body-based routing: where there is any, and which models it can find by the names that bodies carry."""

from __future__ import annotations

import re
from collections.abc import Iterator

from constructs_lib.body_routing_chart import BASE_MODEL_HEADER, VERSIONS, chart_version
from platform_config.config import Config
from platform_config.errors import Problem, nearest, shown
from platform_config.model import Model
from platform_config.rules.models import HEADER_VALUE, LONGEST_VALUE
from platform_config.rules.rule import Rule, models

PATH = "gateway.body_routing"


def _class(config: Config) -> Iterator[Problem]:
    made = config.gateway.gateway_class
    if config.gateway.body_routing and not made.extensions:
        message = f"must be left out of {made.title}, whose class {made.name} takes no extension, got a section"
        fix = "write gateway.scope: regional, or give each model an address, such as {path: /gemma}"
        yield Problem(PATH, message, fix)


def _chart(config: Config) -> Iterator[Problem]:
    routing = config.gateway.body_routing
    if routing and routing.chart_version not in VERSIONS:
        version = routing.chart_version
        fix = f"write 'v{version}'" if f"v{version}" in VERSIONS else nearest(version, VERSIONS)
        message = f"must be one of {', '.join(VERSIONS)}, got {shown(version)}"
        yield Problem(f"{PATH}.chart_version", message, fix)


def _replicas(config: Config) -> Iterator[Problem]:
    if config.gateway.body_routing and config.gateway.body_routing.replicas == 1:
        yield Problem(f"{PATH}.replicas", "should be 2 or more, so that one may restart, got 1", "write 2")


def _names(config: Config) -> Iterator[Problem]:
    for path, model in _found_by_name(config):
        name = model.name
        if not 1 <= len(name) <= LONGEST_VALUE or not re.fullmatch(HEADER_VALUE, name):
            message = (
                f"must be 1 to {LONGEST_VALUE} printable ASCII characters without blanks around them, got {shown(name)}"
            )
            yield Problem(f"{path}.served_name", message, f"write '{model.key}'")


def _custom(config: Config) -> Iterator[Problem]:
    for path, model in _found_by_name(config):
        if model.server.kind == "custom":
            message = (
                "should be given to a custom server: a request is found by the field model of a JSON body alone, "
                "got nothing"
            )
            yield Problem(
                f"{path}.address", message, f"write {{path: /{model.key}}}, if its requests have no such body"
            )


def _beside(config: Config) -> Iterator[Problem]:
    routing = config.gateway.body_routing
    if not routing or routing.chart_version not in VERSIONS:
        return
    status = chart_version(routing.chart_version).status_of_no_json
    for path, model in models(config):
        if model.spec.address is not None and not model.spec.drain:
            message = (
                f"should be left out beside {PATH}: its requests have their bodies read too, and get {status} for one "
                f"that is no JSON; and they are not found by the name {shown(model.name)}, got one"
            )
            yield Problem(f"{path}.address", message, "remove it, if its clients send the model's name")


def _headers(config: Config) -> Iterator[Problem]:
    for path, model in models(config) if config.gateway.body_routing else ():
        address = model.spec.address
        if address is None or model.spec.drain:
            continue
        if not (address.path or address.host):
            message = f"must have a path or a host beside {PATH}, got headers alone"
            yield Problem(f"{path}.address", message, f"write path: /{model.key} too, or remove the address")
        for name in address.headers:
            if name.lower() == BASE_MODEL_HEADER.lower():
                message = f"must be none that {PATH} writes itself, got {shown(name)}"
                yield Problem(f"{path}.address.headers.{name}", message, "remove the address: the name is enough")


def _found_by_name(config: Config) -> Iterator[tuple[str, Model]]:
    """Yield path and model of each model whose requests are found by its name."""
    for path, model in models(config):
        if model.by_name:
            yield path, model


RULES = (
    Rule(
        "BODY-CLASS",
        "Bodies are read by regional gateways alone",
        "A routing extension is documented for regional classes alone, and body-based routing for no gateway of many "
        "clusters: the object is accepted, and no request finds its model.",
        'Google, "Customize GKE Gateway traffic using Service Extensions"; "Configure Body-Based Routing"',
        _class,
    ),
    Rule(
        "BODY-CHART",
        "The version of the body-based-routing chart is one whose values are known",
        "Older ones fail on bodies above 128 KB and write no header of the base model; newer ones are another chart.",
        "kubernetes-sigs/gateway-api-inference-extension#2056, config/charts/body-based-routing",
        _chart,
    ),
    Rule(
        "BODY-REPLICAS",
        "Two pods or more read the bodies",
        "The chart's extension does not fail open: while its only pod moves to another node, every request fails.",
        "kubernetes-sigs/gateway-api-inference-extension, body-based-routing/templates/gke.yaml",
        _replicas,
        severity="warning",
    ),
    Rule(
        "BODY-NAME",
        "The name of a model that is found by it can stand in a header",
        "Its route asks for the name in a header with an exact value; blanks around a name are dropped on the way.",
        "CRD httproutes.gateway.networking.k8s.io, spec.rules.matches.headers; adapters_store.go of the chart",
        _names,
    ),
    Rule(
        "BODY-HEADERS",
        "Beside body-based routing an address has a path or a host, and not the header that is written itself",
        "Of two routes with as many headers the older one wins, whatever the body names.",
        "Gateway API, HTTPRoute, matching and precedence",
        _headers,
    ),
    Rule(
        "BODY-CUSTOM",
        "A custom server that is found by its name takes JSON with a field model",
        "Audio, images and forms have none: such a request is refused, or gets 404.",
        "kubernetes-sigs/gateway-api-inference-extension, pkg/bbr/handlers/request.go",
        _custom,
        severity="warning",
    ),
    Rule(
        "BODY-BESIDE",
        "Beside body-based routing no model has an address",
        "The extension reads the bodies of all requests of the gateway, also of those that a path leads to a model.",
        "kubernetes-sigs/gateway-api-inference-extension, body-based-routing/templates/gke.yaml",
        _beside,
        severity="warning",
    ),
)
