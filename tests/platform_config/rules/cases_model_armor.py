"""Cases of the rules about Model Armor."""

from __future__ import annotations

from typing import Any

from constructs_lib.places import places
from tests.platform_config.rules.case import Case, Changes, More, beside

US = "us-central1"
HAVING = ", ".join(sorted(places().model_armor))


def armored(region: str = US, scope: str = "regional", **settings: Any) -> Changes:
    """Return changes that screen a platform with its first region in *region*."""
    return {"gateway": {"scope": scope, "model_armor": settings}, "regions__us__region": region}


def template(name: str) -> Changes:
    """Return changes that name an existing template, with one region alone."""
    return {**armored(template=name), "project": "my-project", "regions__eu": None}


def named(count: int, length: int, **settings: Any) -> Changes:
    """Return changes that give the model *count* adapters, each with a name of *length* characters."""
    adapters = {f"{'a' * (length - 1)}{n}": {"repository": "owner/adapter"} for n in range(count)}
    return {**armored(**settings), "regions__eu": None, "models__gemma__weights__lora_adapters": adapters}


CASES: dict[str, Case] = {
    "ARMOR-CLASS": Case(
        armored(),
        armored(scope="cross_region"),
        "gateway.model_armor: must be left out for gke-l7-cross-regional-internal-managed-mc, which takes no such "
        "extension, got a map -> write gateway.scope: regional, or remove the section",
    ),
    "ARMOR-REGION": Case(
        armored(),
        armored("us-east5"),
        f"regions.us.region: must be a region that had Model Armor on {places().date}, got 'us-east5' -> it was in "
        f"{HAVING}: move there, or remove gateway.model_armor",
    ),
    "ARMOR-TEMPLATE": Case(
        template("llm"),
        template("projects/my-project/locations/us-east1/templates/llm"),
        "gateway.model_armor.template: must be a template in the region of each gateway (us-central1), got one in "
        "us-east1 -> create it in each of them, and write 'llm'",
    ),
    "ARMOR-MODELS": Case(
        armored(models={"gemma": {"dangerous": "HIGH"}}),
        armored(models={"gema": {"dangerous": "HIGH"}}),
        "gateway.model_armor.models.gema: must be a key of models, got 'gema' -> did you mean 'gemma'?",
    ),
    "ARMOR-TEMPLATE-NAME": Case(
        {**armored(), "name": "a" * 55},
        {**armored(), "name": "a" * 56},
        f"gateway.model_armor: must give templates names of at most 63 characters, got 64: '{'a' * 56}-prompts'"
        " -> shorten name, or the model's key, by 1",
    ),
    "ARMOR-SETTINGS": Case(
        named(3, 10),
        named(4, 10),
        "gateway.model_armor: must describe the names that clients send in at most 1023 characters, got 1105 for the "
        "5 names of region us -> serve fewer models and LoRA adapters there, or give them shorter names, or "
        "screen_responses: false",
    ),
    "ARMOR-CHARACTERS": Case(
        {**armored(), "models__gemma__served_name": "google/gemma-3 (27b)"},
        {**armored(), "models__gemma__served_name": "gemma@27b#x"},
        "models.gemma: must be served under names without @ #, which no extension takes, got 'gemma@27b#x'"
        " -> give the model another served_name, or the adapter another key",
    ),
    "ARMOR-STREAMED": Case(
        {**armored(screen_responses=False), "models__gemma__objectives": {"first_token_sec": 1}},
        {**armored(), "models__gemma__objectives": {"first_token_sec": 1}},
        "gateway.model_armor.screen_responses: should be false where a time to the first token is promised, as for "
        "gemma: what is streamed is never screened, got true -> write false, or have clients send stream: false",
    ),
    "ARMOR-NAMES": Case(
        {**armored(), "gateway__body_routing": {}},
        armored(),
        "gateway.body_routing: should be on beside gateway.model_armor: a body with a name that is no model's passes "
        "unscreened, and servers answer it (vLLM answers an empty name), got nothing"
        " -> write gateway.body_routing: {}",
    ),
    "ARMOR-PREFIX": Case(
        {**armored(), "models__gemma__address": {"host": "gemma.example.com"}},
        {**armored(), "models__gemma__address": {"path": "/gemma"}},
        "models.gemma.address.path: should be left out beside gateway.model_armor, which knows an operation by its "
        "path, and may not know /gemma/v1/chat/completions: then it passes unscreened, got '/gemma'"
        " -> remove the address and write gateway.body_routing: {}, or write a host in place of the path",
    ),
}
MORE: dict[str, More] = {
    "a template of another project": (
        "ARMOR-TEMPLATE",
        template("projects/security/locations/us-central1/templates/llm"),
        [
            "gateway.model_armor.template: must be a template of the project 'my-project', got one of 'security'"
            " -> create it there, and write 'llm'"
        ],
    ),
    "a template of the right region, with its full name": (
        "ARMOR-TEMPLATE",
        template("projects/my-project/locations/us-central1/templates/llm"),
        [
            "gateway.model_armor.template: must be the ID of a template, without project and region, got "
            "'projects/my-project/locations/us-central1/templates/llm' -> write 'llm'"
        ],
    ),
    "prompts alone need half the room": ("ARMOR-SETTINGS", named(4, 10, screen_responses=False), []),
    "more names than fit for prompts alone": (
        "ARMOR-SETTINGS",
        named(9, 10, screen_responses=False),
        [
            "gateway.model_armor: must describe the names that clients send in at most 1023 characters, got 1205 for "
            "the 10 names of region us -> serve fewer models and LoRA adapters there, or give them shorter names"
        ],
    ),
    "a region of another universe is not judged": ("ARMOR-REGION", armored("u-france-east1"), []),
    "no streamed answers are screened while it is turned off": (
        "ARMOR-STREAMED",
        {**armored(enabled=False), "models__gemma__objectives": {"first_token_sec": 1}},
        [],
    ),
    "an extension of a kind screens the models of its own region alone": (
        "ARMOR-SETTINGS",
        {**armored(), **beside(served_name="l" * 300), "models__llama__regions": ["eu"]},
        [],
    ),
    "servers that answer any name, and models with addresses": (
        "ARMOR-NAMES",
        {**armored(), **beside(server={"kind": "sglang", "image": "docker.io/lmsysorg/sglang:v0.5.6"})},
        [
            "gateway.body_routing: should be on beside gateway.model_armor: a body with a name that is no model's "
            "passes unscreened, and servers answer it (vLLM answers an empty name, SGLang answers any name), got "
            "nothing -> write gateway.body_routing: {}, and remove models.gemma.address, models.llama.address"
        ],
    ),
    "an address beside body-based routing": (
        "ARMOR-NAMES",
        {**armored(), "gateway__body_routing": {}, "models__gemma__address": {"host": "gemma.example.com"}},
        [
            "models.gemma.address: should be left out beside gateway.model_armor: it takes a body with any name, and "
            "one that is no model's passes unscreened (vLLM answers an empty name), got one"
            " -> remove it: gateway.body_routing finds the model by its name"
        ],
    ),
    **{
        f"{name} screens nothing: {rule}": (rule, {**changes, "models__gemma__address": {"path": "/gemma"}}, [])
        for name, changes in (
            ("what is turned off", armored(enabled=False)),
            ("a gateway that cannot", armored(scope="cross_region")),
        )
        for rule in ("ARMOR-NAMES", "ARMOR-PREFIX")
    },
}
