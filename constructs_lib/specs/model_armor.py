"""The settings of Model Armor, which screens prompts and answers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Literal

from constructs_lib.specs.limits import Between, refuse, wrong_settings

Confidence = Literal["LOW_AND_ABOVE", "MEDIUM_AND_ABOVE", "HIGH", "OFF"]


@dataclass(frozen=True, kw_only=True)
class ModelArmorFiltersSpec:
    """
    What a template of Model Armor looks for, and how sure it must be.

    Args:
        prompt_injection: Prompt injection and jailbreaks.
        hate_speech: Hate speech.
        dangerous: Dangerous content.
        harassment: Harassment.
        sexually_explicit: Sexually explicit content.
        malicious_urls: Addresses of known malware and phishing.
        sensitive_data: Sensitive data such as credentials and credit card numbers.
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


@dataclass(frozen=True, kw_only=True)
class ModelArmorSpec:
    """
    Screens prompts and answers at the gateway.

    Args:
        enabled: false takes the screening away and leaves roles: the step before the section is removed.
        template: ID of a template that exists in each region. Default: one of our own in each region.
        filters: What our own template looks for.
        models: Models with a template of their own, by key, and what it looks for.
        enforcement: `INSPECT_AND_BLOCK` refuses what is found, `INSPECT_ONLY` writes it down.
        log_prompts: Writes prompts and answers into Cloud Logging.
        screen_responses: Screens answers too. Answers that are streamed are never screened.
        fail_open: Lets requests through while Model Armor does not answer.
        timeout_ms: Longest time that it may take, 10 to 10000 milliseconds.
    """

    enabled: bool = True
    template: str | None = None
    filters: ModelArmorFiltersSpec = field(default_factory=ModelArmorFiltersSpec)
    models: dict[str, ModelArmorFiltersSpec] = field(default_factory=dict)
    enforcement: Literal["INSPECT_AND_BLOCK", "INSPECT_ONLY"] = "INSPECT_AND_BLOCK"
    log_prompts: bool = False
    screen_responses: bool = True
    fail_open: bool = False
    # Source: CRD gcptrafficextensions.networking.gke.io, timeout.
    timeout_ms: Annotated[int, Between(10, 10_000)] = 1000

    def __post_init__(self) -> None:
        refuse(wrong_settings(self))
