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
}
