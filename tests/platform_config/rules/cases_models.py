"""Cases of the rules about several models on one gateway: names, addresses, canaries."""

from __future__ import annotations

from typing import Any

from tests.platform_config.rules.case import Case, Changes, More

SERVER: Changes = {"image": "docker.io/vllm/vllm-tpu:v0.27.0"}
TUNED: Changes = {"tuned": {"repository": "a/x", "revision": 40 * "a"}}
SPEECH: Changes = {
    "server": {"kind": "custom", "image": "example.com/speech:v1", "port": 8000, "health_path": "/health"},
    "traffic": {"max_in_flight_requests": 4},
}


def beside(address: Changes | None, *, first: Changes | None = None, **other: Any) -> Changes:
    """Return changes that give the example a second model `next`, each with its address."""
    model = {"weights": {"image_path": "/opt/other"}, "server": SERVER, "address": address, **other}
    given = {key: value for key, value in model.items() if value is not None}
    return {"models__gemma__address": first or {"path": "/gemma"}, "models__next": given}


def canary(model: str = "next", percent: int = 10, **other: Any) -> Changes:
    """Return changes that make `next`, which has no address, a canary of the example's model."""
    same = {"served_name": "gemma-3-27b-it"} | other
    return beside(None, **same) | {"models__gemma__canary": {"model": model, "percent": percent}}


CASES: dict[str, Case] = {
    "MODELS-NONE": Case(
        {},
        {"models": {}},
        "models: must hold at least one model, got none -> copy one from config/example.yaml",
    ),
    "MODELS-NAME": Case(
        beside({"path": "/next"}, served_name="gemma"),
        beside({"path": "/next"}, served_name="gemma-3-27b-it"),
        "models.next.served_name: must differ from the names of models.gemma, got 'gemma-3-27b-it' in both"
        " -> write 'next', or give models.gemma the canary {model: next, percent: 0}",
    ),
    "MODELS-ADDRESS": Case(
        beside({"path": "/next"}),
        beside(None),
        "models.next.address: must say which requests are its own and which are those of gemma, got nothing"
        " -> write {path: /next}",
    ),
    "MODELS-OVERLAP": Case(
        beside({"path": "/gemma-2"}),
        beside({"path": "/gemma"}),
        "models.next.address: must leave models.gemma the requests of path '/gemma', got path '/gemma', which takes "
        "them all -> write {path: /next}, or another host",
    ),
    "MODELS-DRAINED": Case(
        beside(None, drain=True),
        {**beside(None, drain=True), "models__gemma__drain": True},
        "models: should have a model without drain: true, got gemma, next: the gateway has no route"
        " -> remove models.gemma.drain, if clients still need an answer",
    ),
    "MODELS-ADDRESS-FORM": Case(
        {"models__gemma__address": {"headers": {f"x-{n}": "v" for n in range(16)}}},
        {"models__gemma__address": {"headers": {f"x-{n}": "v" for n in range(17)}}},
        "models.gemma.address.headers: must be at most 16, got 17 -> remove some",
    ),
    "MODELS-ADDRESS-API": Case(
        {"models__gemma__address": {"path": "/v1beta"}},
        {"models__gemma__address": {"path": "/v1/gemma"}},
        "models.gemma.address.path: should not begin with /v1, the path of the servers' own API: it is taken off each "
        "request, so clients would have to ask for /v1/gemma/v1/models, got '/v1/gemma' -> write '/gemma'",
    ),
    "CANARY-MODEL": Case(
        canary(),
        canary("nxt"),
        "models.gemma.canary.model: must be another model (next), got 'nxt' -> did you mean 'next'?",
    ),
    "CANARY-CHAIN": Case(
        canary(),
        canary(canary={"model": "gemma", "percent": 1}),
        [
            "models.gemma.canary.model: must be a model without a canary of its own, got 'next'"
            " -> remove models.next.canary",
            "models.next.canary.model: must be a model without a canary of its own, got 'gemma'"
            " -> remove models.gemma.canary",
        ],
    ),
    "CANARY-DRAIN": Case(
        canary(),
        canary(drain=True),
        "models.gemma.canary.model: must be a model that stays, got 'next' with drain: true"
        " -> remove models.gemma.canary: its requests go to gemma again",
    ),
    "CANARY-ALIKE": Case(
        canary(),
        canary(server={**SERVER, "port": 8001}),
        "models.gemma.canary.model: must listen on port 8000 as gemma does, got 8001"
        " -> write models.next.server.port: 8000",
    ),
    "CANARY-NAME": Case(
        canary(),
        canary(served_name="next"),
        "models.gemma.canary.model: must answer to gemma-3-27b-it as gemma does, got 'next' with the name 'next'"
        " -> write models.next.served_name: gemma-3-27b-it",
    ),
    "CANARY-SERVERS": Case(
        canary(percent=0, replicas=0),
        canary(percent=50, replicas=0),
        "models.gemma.canary.percent: must be 0 for a model without servers, got 50"
        " -> write models.next.replicas: 1, or percent: 0 until it has servers",
    ),
}

MORE: dict[str, More] = {
    "a name of two models of which one leaves": (
        "MODELS-NAME",
        beside(None, served_name="gemma-3-27b-it", drain=True),
        [],
    ),
    "a name of a model and its canary": ("MODELS-NAME", canary(percent=0), []),
    "an adapter with the name of another model": (
        "MODELS-NAME",
        beside({"path": "/next"}, served_name="tuned") | {"models__gemma__weights__lora_adapters": TUNED},
        ["models.next.served_name: must differ from the names of models.gemma, got 'tuned' in both -> write 'next'"],
    ),
    "a name of a model that cannot be the other's canary": (
        "MODELS-NAME",
        beside({"path": "/next"}, served_name="gemma-3-27b-it", server={**SERVER, "port": 8001}),
        [
            "models.next.served_name: must differ from the names of models.gemma, got 'gemma-3-27b-it' in both"
            " -> write 'next'"
        ],
    ),
    "an adapter of two models": (
        "MODELS-NAME",
        beside(
            {"path": "/next"},
            weights={
                "repository": "a/b",
                "revision": 40 * "b",
                "lora_adapters": TUNED,
            },
        )
        | {"models__gemma__weights__lora_adapters": TUNED},
        [
            "models.next.weights.lora_adapters.tuned: must differ from the names of models.gemma, got 'tuned' in both"
            " -> write another name, such as 'next-tuned'"
        ],
    ),
    "no address at all": (
        "MODELS-ADDRESS",
        {**beside(None), "models__gemma__address": None},
        [
            "models.gemma.address: must say which requests are its own and which are those of next, got nothing"
            " -> write {path: /gemma}",
            "models.next.address: must say which requests are its own and which are those of gemma, got nothing"
            " -> write {path: /next}",
        ],
    ),
    "a canary without an address": ("MODELS-ADDRESS", {**canary(), "models__gemma__address": None}, []),
    "a model that leaves without an address": ("MODELS-ADDRESS", beside(None, drain=True), []),
    "an address of the only model": ("MODELS-ADDRESS", {"models__gemma__address": {"path": "/gemma"}}, []),
    "a path below another's": (
        "MODELS-OVERLAP",
        beside({"path": "/gemma/large"}),
        [
            "models.gemma.address: must leave models.next the requests of path '/gemma/large', got path '/gemma', "
            "which takes them all -> write models.next.address: {path: /next}, or another host"
        ],
    ),
    "a path below another's, which no key of a model ends": (
        "MODELS-OVERLAP",
        {
            **beside({"path": "/a/b"}, first={"path": "/a"}),
            "models__third": {"server": SERVER, "address": {"path": "/gemma"}},
            "models__fourth": {"server": SERVER, "address": {"path": "/next"}},
        },
        [
            "models.gemma.address: must leave models.next the requests of path '/a/b', got path '/a', which takes "
            "them all -> write another path, so that neither begins with the other, or another host"
        ],
    ),
    "the address of a canary within the model's": (
        "MODELS-OVERLAP",
        {
            **beside({"path": "/gemma", "headers": {"x-canary": "1"}}),
            "models__gemma__canary": {"model": "next", "percent": 10},
        },
        [],
    ),
    "the address of a model within its canary's": (
        "MODELS-OVERLAP",
        {
            **beside({"path": "/gemma"}, first={"path": "/gemma", "headers": {"x-canary": "1"}}),
            "models__gemma__canary": {"model": "next", "percent": 10},
        },
        [
            "models.next.address: must leave models.gemma the requests of path '/gemma' with x-canary '1', got path "
            "'/gemma', which takes them all -> write {path: /next}, or another host"
        ],
    ),
    "one address of a model and its canary": (
        "MODELS-OVERLAP",
        {**beside({"path": "/gemma"}), "models__gemma__canary": {"model": "next", "percent": 10}},
        [
            "models.next.address: must leave models.gemma the requests of path '/gemma', got path '/gemma', which "
            "takes them all -> write {path: /next}, or another host"
        ],
    ),
    "one path on two hosts": (
        "MODELS-OVERLAP",
        beside({"path": "/m", "host": "b.example.com"}, first={"path": "/m", "host": "a.example.com"}),
        [],
    ),
    "a host twice": (
        "MODELS-OVERLAP",
        beside({"host": "a.example.com"}, first={"host": "a.example.com"}),
        [
            "models.next.address: must leave models.gemma the requests of host 'a.example.com', got host "
            "'a.example.com', which takes them all -> write {path: /next}, or another host"
        ],
    ),
    "a header twice, in another case": (
        "MODELS-OVERLAP",
        beside({"headers": {"X-Model": "a"}}, first={"headers": {"x-model": "a"}}),
        [
            "models.next.address: must leave models.gemma the requests of x-model 'a', got X-Model 'a', which takes "
            "them all -> write {path: /next}, or another host"
        ],
    ),
    "a header with two values": (
        "MODELS-OVERLAP",
        beside({"headers": {"x-model": "b"}}, first={"headers": {"x-model": "a"}}),
        [],
    ),
    "a host beside a path": ("MODELS-OVERLAP", beside({"path": "/next"}, first={"host": "a.example.com"}), []),
    "the path of a model that leaves": ("MODELS-OVERLAP", beside({"path": "/gemma"}, drain=True), []),
    "a path that is too long": (
        "MODELS-ADDRESS-FORM",
        {"models__gemma__address": {"path": "/" + "p" * 1024}},
        ["models.gemma.address.path: must be at most 1024 characters, got 1025 -> shorten it"],
    ),
    "an IP address as host": (
        "MODELS-ADDRESS-FORM",
        {"models__gemma__address": {"host": "10.0.0.5"}},
        [
            "models.gemma.address.host: must be a name of at most 253 characters and no IP address, got '10.0.0.5'"
            " -> write 'gemma.example.com'"
        ],
    ),
    "headers that no route can match": (
        "MODELS-ADDRESS-FORM",
        {"models__gemma__address": {"headers": {"Host": "a", "x y": "b", "x-model": "", "X-Model": "c"}}},
        [
            "models.gemma.address.headers: must name each header once, in any case, got Host, x y, x-model, X-Model"
            " -> remove one",
            "models.gemma.address.headers.Host: must not be among the headers, got 'a' -> write it as host",
            "models.gemma.address.headers.x y: must be the name of an HTTP header, got 'x y'"
            " -> write one such as x-model",
            "models.gemma.address.headers.x-model: must be 1 to 4096 characters, got 0"
            " -> write the value that clients send as x-model",
        ],
    ),
    "header values that no request has": (
        "MODELS-ADDRESS-FORM",
        {"models__gemma__address": {"headers": {"x-a": " v", "x-b": "a\tb", "x-c": "größe", "x-d": " ", "x-e": "a b"}}},
        [
            f"models.gemma.address.headers.{name}: must be printable ASCII without blanks around it, got '{shown}'"
            f" -> write '{fix}', and have clients send that"
            for name, shown, fix in (
                ("x-a", " v", "v"),
                ("x-b", "a\\tb", "a-b"),
                ("x-c", "größe", "gr-e"),
                ("x-d", " ", "gemma"),
            )
        ],
    ),
    "headers with credentials": (
        "MODELS-ADDRESS-FORM",
        {"models__gemma__address": {"headers": {"Authorization": "Bearer s3cret", "x-api-key": "s3cret"}}},
        [
            f"models.gemma.address.headers.{name}: must be a header without credentials, which plans and states would "
            f"show, got {name} -> write one such as x-model, and revoke what {name} had"
            for name in ("Authorization", "x-api-key")
        ],
    ),
    "credentials twice": (
        "MODELS-OVERLAP",
        beside({"headers": {"cookie": "s3cret"}}, first={"headers": {"cookie": "s3cret"}}),
        [
            "models.next.address: must leave models.gemma the requests of cookie '...', got cookie '...', which takes "
            "them all -> write {path: /next}, or another host"
        ],
    ),
    "a canary of itself": (
        "CANARY-MODEL",
        canary("gemma"),
        ["models.gemma.canary.model: must be another model (next), got 'gemma' -> write 'next'"],
    ),
    "a canary without another model": (
        "CANARY-MODEL",
        {"models__gemma__canary": {"model": "gemma", "percent": 1}},
        ["models.gemma.canary.model: must be another model, got 'gemma' and no other model -> add a model first"],
    ),
    "a canary of a model that leaves": (
        "CANARY-DRAIN",
        {**canary(), "models__gemma__drain": True},
        ["models.gemma.canary: must be left out of a model that has drain: true, got one -> remove it"],
    ),
    "a canary behind a Service": (
        "CANARY-ALIKE",
        canary(weights=None, **SPEECH),
        [
            "models.gemma.canary.model: must be behind an InferencePool as gemma is, got 'next' behind a multi-cluster "
            "Service -> choose a model behind an InferencePool"
        ],
    ),
    "a canary in fewer regions": (
        "CANARY-ALIKE",
        canary(regions=["us"]),
        [
            "models.gemma.canary.model: must be served in every region of gemma, got 'next' without eu"
            " -> add them to models.next.regions"
        ],
    ),
    "a canary in more regions": ("CANARY-ALIKE", {**canary(), "models__gemma__regions": ["us"]}, []),
    "a canary without the adapters": (
        "CANARY-NAME",
        {
            **canary(),
            "models__gemma__weights__lora_adapters": TUNED,
        },
        [
            "models.gemma.canary.model: must answer to tuned as gemma does, got 'next' with the name 'gemma-3-27b-it'"
            " -> add the adapters to models.next.weights.lora_adapters"
        ],
    ),
}
