"""Cases of the rules about guard rails that do less than they seem to."""

from __future__ import annotations

from typing import Any

from tests.configs import REGIONAL, REGIONAL_PUBLIC
from tests.platform_config.rules.case import Case, Changes, More
from tests.platform_config.rules.cases_apigee import APIGEE
from tests.platform_config.rules.cases_model_armor import armored
from tests.platform_config.rules.cases_models import SPEECH, beside
from tests.platform_config.rules.cases_tls import IAP
from tests.platform_config.rules.cases_universe import BERLIN

NO_POLICIES: Changes = {"cluster__network_policies": False}
RULES = ("OFF", "OPEN", "TIMEOUT", "INSPECT", "LOGS", "CUSTOM", "NETWORK")


def asking(**settings: Any) -> Changes:
    """Return changes that have the gateway ask Apigee, with *settings*."""
    return {**APIGEE, "gateway__apigee": {"environment": "prod", **settings}}


def speaking(**armor: Any) -> Changes:
    """Return changes that screen a language model beside a custom server, with *armor*."""
    server = {"server": SPEECH["server"]}
    return {**REGIONAL, **beside({"path": "/speech"}, **server), "gateway__model_armor": armor}


def unguarded(guards: str, fix: str = "remove the line") -> str:
    """Return the problem of a platform without network policies beside *guards*."""
    return (
        f"cluster.network_policies: should be true beside {guards}: any pod of a cluster may call the servers past the "
        f"gateway, got false -> {fix}"
    )


CASES: dict[str, Case] = {
    "GUARD-OFF": Case(
        armored(),
        armored(enabled=False),
        "gateway.model_armor.enabled: should be true but for the deploy before the section is removed: requests pass "
        "unscreened, got false -> remove the line, or deploy and then remove gateway.model_armor",
    ),
    "GUARD-OPEN": Case(
        armored(),
        armored(fail_open=True),
        "gateway.model_armor.fail_open: should be false: while Model Armor does not answer, requests pass unscreened, "
        "and no alert shows it, got true -> remove the line: such requests are then refused",
    ),
    "GUARD-TIMEOUT": Case(
        armored(timeout_ms=250),
        armored(timeout_ms=249),
        "gateway.model_armor.timeout_ms: should be at least 250: requests for which Model Armor needs longer are "
        "refused, got 249 -> write 1000",
    ),
    "GUARD-INSPECT": Case(
        armored(),
        armored(enforcement="INSPECT_ONLY"),
        "gateway.model_armor.enforcement: should be 'INSPECT_AND_BLOCK' once its findings are what you would refuse: "
        "nothing is blocked, got 'INSPECT_ONLY' -> remove the line when you have looked at the findings",
    ),
    "GUARD-LOGS": Case(
        armored(),
        armored(log_prompts=True),
        "gateway.model_armor.log_prompts: should be false: Cloud Logging keeps every prompt and answer, for all who "
        "may read its logs, got true -> remove the line when you have seen enough",
    ),
    "GUARD-CUSTOM": Case(
        speaking(models={"next": {}}),
        speaking(),
        "gateway.model_armor.models: should name custom servers that have chat completions: no other one is screened, "
        "got none of next -> write models: {next: {}}, if they have them",
    ),
    "GUARD-NETWORK": Case(armored(), {**armored(), **NO_POLICIES}, unguarded("Model Armor")),
}
MORE: dict[str, More] = {
    "Apigee that is off": (
        "GUARD-OFF",
        asking(enabled=False),
        [
            "gateway.apigee.enabled: should be true but for the deploy before the section is removed: requests pass "
            "without a key, got false -> remove the line, or deploy and then remove gateway.apigee"
        ],
    ),
    "Apigee that lets pass": (
        "GUARD-OPEN",
        asking(fail_open=True),
        [
            "gateway.apigee.fail_open: should be false: while Apigee does not answer, requests pass without a key, and "
            "no alert shows it, got true -> remove the line: such requests are then refused"
        ],
    ),
    "Apigee without time, which lets pass": (
        "GUARD-TIMEOUT",
        asking(fail_open=True, timeout_ms=10),
        [
            "gateway.apigee.timeout_ms: should be at least 250: requests for which Apigee needs longer pass without a "
            "key, got 10 -> write 1000"
        ],
    ),
    "custom servers beside an existing template": (
        "GUARD-CUSTOM",
        speaking(template="llm"),
        [
            "gateway.model_armor.models: should name custom servers that have chat completions: no other one is "
            "screened, got none of next -> write it without template, and models: {next: {}}, if they have them"
        ],
    ),
    "several guard rails without policies": (
        "GUARD-NETWORK",
        {**asking(), **NO_POLICIES, "gateway__iap": IAP},
        [unguarded("Apigee and Identity-Aware Proxy")],
    ),
    "the limits of a public gateway without policies": (
        "GUARD-NETWORK", {**REGIONAL_PUBLIC, **NO_POLICIES}, [unguarded("the limits of clients")],
    ),
    "a universe that has no policies": (
        "GUARD-NETWORK",
        {**BERLIN, "gateway__model_armor": {}},
        [unguarded("Model Armor", "run nothing else in these clusters: the universe has no policies")],
    ),
    "no policies, and no guard rail": ("GUARD-NETWORK", {**REGIONAL, **NO_POLICIES}, []),
    "no policies beside what is turned off": ("GUARD-NETWORK", {**armored(enabled=False), **NO_POLICIES}, []),
    **{
        f"a gateway that calls nothing: GUARD-{rule}": (
            f"GUARD-{rule}",
            armored(
                scope="cross_region", enabled=rule != "OFF", fail_open=True, timeout_ms=10, log_prompts=True,
                enforcement="INSPECT_ONLY",
            ),
            [],
        )
        for rule in RULES
    },
    **{
        f"what is turned off: GUARD-{rule}": (
            f"GUARD-{rule}",
            armored(enabled=False, fail_open=True, timeout_ms=10, log_prompts=True, enforcement="INSPECT_ONLY"),
            [],
        )
        for rule in RULES[1:-2]
    },
    "a region of a gateway that cannot call it": ("ARMOR-REGION", armored("us-east5", scope="cross_region"), []),
}  # fmt: skip
