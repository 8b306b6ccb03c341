"""Rules about several models on one gateway: the names that clients send, and the requests that are each model's."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import combinations
from typing import Any

from constructs_lib.google_names import WORD, wrong_label
from constructs_lib.serving_plan import default_objective
from constructs_lib.specs import AddressSpec
from constructs_lib.specs.limits import SECRET
from platform_config.config import Config
from platform_config.config_path import EXAMPLE
from platform_config.errors import Problem, shown
from platform_config.model import API_PATH, Model, models_with_requests
from platform_config.names import Names
from platform_config.rules.canaries import may_be_canary
from platform_config.rules.rule import Rule, models, per_model

LONGEST_PATH = 1024
LONGEST_HOST = 253
MOST_HEADERS = 16
HEADER_NAME = r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,256}"
LONGEST_VALUE = 4096
HEADER_VALUE = r"[!-~]([ -~]*[!-~])?"
"""What reaches a route as it was sent: HTTP drops blanks around a value (RFC 9110, 5.5)."""
CREDENTIALS = ("authorization", "proxy-authorization", "cookie", "x-api-key")
HTTP_ROUTE = "CRD httproutes.gateway.networking.k8s.io, spec"


def _none(config: Config) -> Iterator[Problem]:
    if not config.models:
        yield Problem("models", "must hold at least one model, got none", f"copy one from {EXAMPLE}")


def _names(config: Config) -> Iterator[Problem]:
    first: dict[str, Model] = {}
    for path, model in models(config) if _canaries_known(config) else ():
        for name in () if model.spec.drain else model.names:
            other = first.setdefault(name, model)
            if model.key == other.key or _is_canary(model, other) or _is_canary(other, model):
                continue
            message = f"must differ from the names of models.{other.key}, got {shown(name)} in both"
            if name == model.name:
                fix = f"write '{model.key}'"
                if may_be_canary(model, other):
                    fix += f", or give models.{other.key} the canary {{model: {model.key}, percent: 0}}"
                yield Problem(f"{path}.served_name", message, fix)
            else:
                fix = f"write another name, such as '{model.key}-{name}'"
                yield Problem(f"{path}.weights.lora_adapters.{name}", message, fix)


def _is_canary(model: Model, of: Model) -> bool:
    return of.spec.canary is not None and of.spec.canary.model == model.key


def _canaries_known(config: Config) -> bool:
    """Return whether each canary is another model of the file; if not, CANARY-MODEL reports it."""
    canaries = {key: model.canary.model for key, model in config.models.items() if model.canary}
    return all(canary in config.models and canary != key for key, canary in canaries.items())


def _objective(config: Config) -> Iterator[Problem]:
    defaults = [model for _, model in models(config) if model.has_pool and not model.spec.priorities]
    first = {default_objective(Names(config).model_server(model.key)): model.key for model in defaults}
    for path, model in models(config):
        for name in model.spec.priorities:
            here = f"{path}.priorities.{name}"
            if wrong := wrong_label(name):
                yield Problem(here, f"must {wrong}, got {shown(name)}", f"write '{_plain_word(name) or 'chat'}'")
            elif name in first:
                message = f"must be an objective of one model, got {shown(name)} of {first[name]} too"
                yield Problem(here, message, f"write '{model.key}-{name}'")
            first.setdefault(name, model.key)


def _plain_word(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", SECRET.sub("", text).lower()).strip("-")[:63].rstrip("-")


def _missing(config: Config) -> Iterator[Problem]:
    taking = models_with_requests(config)
    by_address = len(taking) > 1 and not config.gateway.body_routing
    for key in taking if by_address and _canaries_known(config) else ():
        if config.models[key].address is None:
            others = " and ".join(other for other in taking if other != key)
            message = f"must say which requests are its own and which are those of {others}, got nothing"
            yield Problem(f"models.{key}.address", message, f"write {{path: /{key}}}")


def _overlap(config: Config) -> Iterator[Problem]:
    given = [
        (path, model.spec.address) for path, model in models(config) if model.spec.address and not model.spec.drain
    ]
    for (first_path, first), (path, address) in combinations(given, 2):
        here, there, one, other = path, first_path, address, first
        if _covers(first, address) and not _covers(address, first):
            here, there, one, other = first_path, path, first, address
        elif not _covers(address, first):
            continue
        if _takes_share(config, wide=here, narrow=there) and not _covers(other, one):
            continue
        message = f"must leave {there} the requests of {_text(other)}, got {_text(one)}, which takes them all"
        yield Problem(f"{here}.address", message, _another(here, there, dict(given)))


def _another(here: str, there: str, given: dict[str, AddressSpec]) -> str:
    """Suggest a path for the model at *here*, or else for the one at *there*, that overlaps with none of *given*."""
    for path in (here, there):
        key = path.partition(".")[2]
        others = [address for other, address in given.items() if other != path]
        new = AddressSpec(path=f"/{key}") if re.fullmatch(WORD, key) else given[path]
        if not any(_covers(new, other) or _covers(other, new) for other in others):
            return f"write {'' if path == here else f'{path}.address: '}{{path: /{key}}}, or another host"
    return "write another path, so that neither begins with the other, or another host"


def _takes_share(config: Config, *, wide: str, narrow: str) -> bool:
    """Return whether the model at path *narrow* is the canary of the one at path *wide*: clients may choose it too."""
    keys = [path.partition(".")[2] for path in (narrow, wide)]
    return _is_canary(*(Model(config, key) for key in keys))


def _covers(wide: AddressSpec, narrow: AddressSpec) -> bool:
    """Return whether each request that fits *narrow* fits *wide* too."""
    host = wide.host in (None, narrow.host)
    path = wide.path is None or f"{narrow.path or ''}/".startswith(f"{wide.path}/")
    return host and path and _headers(wide).items() <= _headers(narrow).items()


def _headers(address: AddressSpec) -> dict[str, str]:
    """Return the headers as HTTP compares them: names in any case."""
    return {name.lower(): value for name, value in address.headers.items()}


def _text(address: AddressSpec) -> str:
    headers = {name: "..." if name.lower() in CREDENTIALS else value for name, value in address.headers.items()}
    parts: dict[str, Any] = {"host": address.host, "path": address.path, **headers}
    return " with ".join(f"{name} {shown(value)}" for name, value in parts.items() if value)


def _no_route(config: Config) -> Iterator[Problem]:
    leaving = [key for key, model in config.models.items() if model.drain]
    if leaving and len(leaving) == len(config.models):
        message = f"should have a model without drain: true, got {', '.join(leaving)}: the gateway has no route"
        yield Problem("models", message, f"remove models.{leaving[0]}.drain, if clients still need an answer")


def _form(at: str, model: Model) -> Iterator[Problem]:
    address = model.spec.address
    if address is None:
        return
    path, host = address.path or "", address.host or ""
    if len(path) > LONGEST_PATH:
        yield Problem(f"{at}.address.path", f"must be at most {LONGEST_PATH} characters, got {len(path)}", "shorten it")
    if len(host) > LONGEST_HOST or re.fullmatch(r"[\d.]+", host):
        message = f"must be a name of at most {LONGEST_HOST} characters and no IP address, got {shown(host)}"
        yield Problem(f"{at}.address.host", message, f"write '{model.key}.example.com'")
    yield from _header_form(f"{at}.address.headers", address)


def _api_path(at: str, model: Model) -> Iterator[Problem]:
    path = (model.spec.address.path if model.spec.address else None) or ""
    if model.server.kind != "custom" and f"{path}/".startswith(f"{API_PATH}/"):
        message = (
            f"should not begin with {API_PATH}, the path of the servers' own API: it is taken off each request, so "
            f"clients would have to ask for {path}{API_PATH}/models, got {shown(path)}"
        )
        yield Problem(f"{at}.address.path", message, f"write '/{model.key}'")


def _header_form(at: str, address: AddressSpec) -> Iterator[Problem]:
    if len(address.headers) > MOST_HEADERS:
        yield Problem(at, f"must be at most {MOST_HEADERS}, got {len(address.headers)}", "remove some")
    if len(_headers(address)) < len(address.headers):
        yield Problem(at, f"must name each header once, in any case, got {', '.join(address.headers)}", "remove one")
    for name, value in address.headers.items():
        if name.lower() == "host":
            yield Problem(f"{at}.{name}", f"must not be among the headers, got {shown(value)}", "write it as host")
        elif not re.fullmatch(HEADER_NAME, name):
            message = f"must be the name of an HTTP header, got {shown(name)}"
            yield Problem(f"{at}.{name}", message, "write one such as x-model")
        if name.lower() in CREDENTIALS:
            message = f"must be a header without credentials, which plans and states would show, got {name}"
            yield Problem(f"{at}.{name}", message, f"write one such as x-model, and revoke what {name} had")
        elif not 1 <= len(value) <= LONGEST_VALUE:
            message = f"must be 1 to {LONGEST_VALUE} characters, got {len(value)}"
            yield Problem(f"{at}.{name}", message, f"write the value that clients send as {name}")
        elif not re.fullmatch(HEADER_VALUE, value):
            message = f"must be printable ASCII without blanks around it, got {shown(value)}"
            plain = re.sub(r"[^ -~]+", "-", value.strip()).strip("- ")
            yield Problem(f"{at}.{name}", message, f"write '{plain or 'gemma'}', and have clients send that")


RULES = (
    Rule(
        "MODELS-NONE",
        "There is at least one model",
        "Without one there is nothing to serve.",
        "this library",
        _none,
    ),
    Rule(
        "MODELS-NAME",
        "No two models answer to one name, unless one is the canary of the other",
        "In logs and metrics their answers look alike, and a gateway that reads the body could not choose.",
        "vLLM, --served-model-name, --lora-modules; this library",
        _names,
    ),
    Rule(
        "NAME-OBJECTIVE",
        "Objectives are DNS labels, each of one model; a model without has `<key>-server-objective`",
        "Each names an InferenceObjective, and clients send it in a header.",
        "Kubernetes, Object names",
        _objective,
    ),
    Rule(
        "MODELS-ADDRESS",
        "Where several models have requests of their own, each has an address, or gateway.body_routing reads bodies",
        "A route without one takes every request that fits no other, and one model answers for another.",
        "Gateway API, HTTPRoute, matching and precedence",
        _missing,
    ),
    Rule(
        "MODELS-OVERLAP",
        "No model's address takes all requests of another's, unless that is its canary with a narrower one",
        "The more exact route wins while it is there; without it the other model would answer in place of a 404.",
        "Gateway API, HTTPRoute, matching and precedence",
        _overlap,
    ),
    Rule(
        "MODELS-DRAINED",
        "Not every model has drain: true",
        "The gateway has no route then, and answers every request with 404.",
        "this library",
        _no_route,
        severity="warning",
    ),
    Rule(
        "MODELS-ADDRESS-FORM",
        "An address has a path, a host and at most 16 headers that a route can match, none of them a secret",
        "The API server refuses others at the apply, or no request ever fits; plans and states show the values.",
        HTTP_ROUTE,
        per_model(_form),
    ),
    Rule(
        "MODELS-ADDRESS-API",
        "The path of an address is not the one that the servers' own API begins with",
        "The gateway takes the path off, and every request of a usual client ends in 404.",
        HTTP_ROUTE,
        per_model(_api_path),
        severity="warning",
    ),
)
