"""Model Armor: which prompts and answers are blocked, and what happens where it does not answer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Annotated, Literal

from constructs_lib.specs.limits import Between, refuse, wrong_settings, wrong_text

Confidence = Literal["LOW_AND_ABOVE", "MEDIUM_AND_ABOVE", "HIGH", "OFF"]
TEMPLATE_ID = r"[A-Za-z][A-Za-z0-9_-]{0,62}"
TEMPLATE_PATH = r"projects/[^/]+/locations/[^/]+/templates/[^/]+"
"""The full name of a template; the rule ARMOR-TEMPLATE says what to write in place of it."""


@dataclass(frozen=True, kw_only=True)
class ModelArmorFiltersSpec:
    """
    What Model Armor looks for, each from a confidence on: `LOW_AND_ABOVE` blocks most, `HIGH` least, `OFF` nothing.

    Args:
        prompt_injection: Prompts that try to get round the model's instructions.
        hate_speech: Hate against groups of people.
        dangerous: Help with what harms people.
        harassment: Threats and insults.
        sexually_explicit: Sexual content.
        malicious_urls: Whether addresses of known attacks are looked for.
        sensitive_data: Whether credentials and numbers of cards, accounts and persons are looked for, with the basic
            detectors of Sensitive Data Protection, which need no template and no role.
    """

    prompt_injection: Confidence = "MEDIUM_AND_ABOVE"
    hate_speech: Confidence = "MEDIUM_AND_ABOVE"
    dangerous: Confidence = "MEDIUM_AND_ABOVE"
    harassment: Confidence = "MEDIUM_AND_ABOVE"
    sexually_explicit: Confidence = "MEDIUM_AND_ABOVE"
    malicious_urls: bool = False
    sensitive_data: bool = False

    def __post_init__(self) -> None:
        refuse(wrong_settings(self))
        if {self.prompt_injection, *self.harms.values()} == {"OFF"} and not (
            self.malicious_urls or self.sensitive_data
        ):
            raise ValueError("keep at least one filter on, got none")

    @property
    def harms(self) -> dict[str, Confidence]:
        """Confidence of each kind of harmful content, by the name that the API has for it, in alphabetical order."""
        return {
            "DANGEROUS": self.dangerous,
            "HARASSMENT": self.harassment,
            "HATE_SPEECH": self.hate_speech,
            "SEXUALLY_EXPLICIT": self.sexually_explicit,
        }


@dataclass(frozen=True, kw_only=True)
class ModelArmorSpec:
    """
    Screens prompts and answers at the gateway.

    It screens the operations of OpenAI's API that it knows, such as chat completions; others pass. Answers that are
    streamed (`stream: true`) are never screened. Source: Google, "Configure an extension to call a Google service".

    Args:
        enabled: False takes the screening off the gateway and keeps templates and roles: the step before this section
            is removed.
        template: ID of a template that exists in each region of the platform, in place of our own. It has filters,
            enforcement and logs of its own.
        filters: What our own template looks for.
        models: Filters of single models, by the model's key: a template of its own for each.
        enforcement: `INSPECT_AND_BLOCK`, or `INSPECT_ONLY` to count and log what would be blocked.
        log_prompts: Writes prompts and answers, with what was found, into Cloud Logging. Whoever reads logs reads them.
        screen_responses: Screens answers too; False screens prompts alone.
        fail_open: Lets requests pass unscreened while Model Armor does not answer; False refuses them.
        timeout_ms: Milliseconds to wait for Model Armor at each step of a request, 10 to 10000.
        grant_roles: Grants the four roles of Google's agent that calls Model Armor for all gateways of the project, and
            takes them away with this section. False leaves them to somebody else, and in place where they are granted:
            with several platforms of one project that screen, and before one of them is destroyed.
    """

    enabled: bool = True
    template: str | None = None
    filters: ModelArmorFiltersSpec = field(default_factory=ModelArmorFiltersSpec)
    models: dict[str, ModelArmorFiltersSpec] = field(default_factory=dict)
    enforcement: Literal["INSPECT_AND_BLOCK", "INSPECT_ONLY"] = "INSPECT_AND_BLOCK"
    log_prompts: bool = False
    screen_responses: bool = True
    fail_open: bool = False
    # Source: CRD gcptrafficextensions.networking.gke.io, extensions[].timeout.
    timeout_ms: Annotated[int, Between(10, 10_000)] = 1000
    grant_roles: bool = True

    def __post_init__(self) -> None:
        must = "be the ID of a template: a letter, then letters, digits, - and _, at most 63"
        wrong = wrong_text("template", self.template, f"{TEMPLATE_ID}|{TEMPLATE_PATH}", must)
        refuse([*wrong_settings(self), *wrong, *self._unused()])

    def _unused(self) -> Iterator[str]:
        """Yield the settings of our own templates that an existing one leaves without a use."""
        if not self.template:
            return
        default = ModelArmorSpec()
        own = ("filters", "models", "enforcement", "log_prompts")
        given = [name for name in own if getattr(self, name) != getattr(default, name)]
        if given:
            yield f"template must not be given with {' and '.join(given)}: an existing template has its own"
