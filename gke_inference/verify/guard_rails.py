"""Verdicts on what stands between clients and models: extensions of a gateway, Apigee, templates of Model Armor."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields

from constructs_lib.manifests.extensions import Extension
from constructs_lib.specs import ModelArmorFiltersSpec, ModelArmorSpec
from gke_inference.verify.gateway import outdated
from gke_inference.verify.verdict import Object, Verdict, unmet_conditions

CONDITIONS = ("Accepted", "ResolvedRefs")
"""Of an extension, where the controller has set them. Source: GoogleCloudPlatform/gke-gateway-api, shared types."""
UNSPECIFIED = {
    "ENFORCEMENT_TYPE_UNSPECIFIED": "INSPECT_AND_BLOCK",
    "DETECTION_CONFIDENCE_LEVEL_UNSPECIFIED": "LOW_AND_ABOVE",
}
"""What Google does where a template does not say. Source: Model Armor API, projects.locations.templates."""


def judge_extension(found: Object, *, gateway: str, others: Iterable[Object], wanted: Sequence[Extension]) -> Verdict:
    """
    Judge whether the load balancer of *gateway* calls its extensions as the config says, and no other object is there.

    Args:
        found: The extension object; its conditions stand in its status, in one entry per gateway.
        gateway: Name of the Gateway.
        others: All extension objects of the namespace.
        wanted: What the gateway is to call, in order.
    """
    own = found["metadata"]["name"]
    entries = [
        entry
        for entry in found.get("status", {}).get("ancestors", [])
        if entry.get("ancestorRef", {}).get("name") == gateway
    ]
    problems = [] if entries else [f"no controller has taken it for {gateway}"]
    problems += _refusals(found, entries)
    for other in others:
        name = other["metadata"]["name"]
        if name != own and any(target.get("name") == gateway for target in other["spec"].get("targetRefs", [])):
            problems.append(f"{name} is a second one of the same gateway, of which a load balancer takes one")
    called = [one for chain in found["spec"]["extensionChains"] for one in chain["extensions"]]
    problems += _differences(called, [extension.entry() for extension in wanted])
    return Verdict(found=f"programmed: {', '.join(one['name'] for one in called)}", problems=tuple(problems))


def _differences(called: Sequence[Object], wanted: Sequence[Object]) -> Iterator[str]:
    """Yield what differs between the extensions that are *called* and those that the config wants."""
    names, expected = [one["name"] for one in called], [one["name"] for one in wanted]
    if names != expected:
        yield f"it calls {', '.join(names) or 'nothing'}, not {', '.join(expected)}"
        return
    for given, one in zip(called, wanted, strict=True):
        if (fail_open := given.get("failOpen", False)) != one["failOpen"]:
            yield f"{one['name']} {'lets requests pass' if fail_open else 'refuses requests'} where it does not answer"
        metadata, own = given.get("metadata") or {}, one["metadata"] or {}
        yield from (
            f"{one['name']} has other {key} than the config"
            for key in sorted(metadata.keys() | own.keys())
            if metadata.get(key) != own.get(key)
        )


def judge_apigee(found: Object, *, environment: str) -> Verdict:
    """Judge whether the operator has connected *found*, an ApigeeBackendService, with the Apigee *environment*."""
    state, given = found.get("status", {}).get("currentState"), found["spec"].get("apigeeEnv")
    problems = [] if state == "CREATED" else [f"it is {state or 'in no state yet'}, not CREATED"]
    problems += [] if given == environment else [f"it is for the environment {given}, not {environment}"]
    return Verdict(found=f"CREATED, environment {given}", problems=tuple(problems))


def judge_body_routing(extension: Object, deployment: Object) -> Verdict:
    """Judge whether the routing *extension* is taken, and whether the pods of the *deployment* behind it are ready."""
    entries = extension.get("status", {}).get("ancestors", [])
    problems = [*([] if entries else ["no gateway has taken it"]), *_refusals(extension, entries)]
    wanted, ready = deployment["spec"].get("replicas", 1), deployment.get("status", {}).get("readyReplicas", 0)
    if ready < wanted:
        problems.append(f"{ready} of {wanted} pods ready")
    return Verdict(found=f"programmed, {ready} of {wanted} pods ready", problems=tuple(dict.fromkeys(problems)))


def _refusals(extension: Object, entries: Iterable[Object]) -> Iterator[str]:
    """Yield what the conditions of each gateway say against *extension*, in *entries* of its status."""
    for entry in entries:
        conditions = entry.get("conditions", [])
        yield from outdated(extension, conditions)
        stated = {condition.get("type") for condition in conditions}
        yield from unmet_conditions(conditions, *(name for name in CONDITIONS if name in stated), "Programmed")


def judge_template(answer: Object, *, wanted: Mapping[str, str] | None) -> Verdict:
    """
    Judge whether a template finds, blocks and logs what the config says.

    Args:
        answer: The template.
        wanted: What the config says, from `template_settings`; None for a template of somebody else, which has its own.
    """
    given = _given_settings(answer)
    problems = [
        f"{name} is {given[name]}, not {value}" for name, value in (wanted or {}).items() if given[name] != value
    ]
    return Verdict(found=given["enforcement"], problems=tuple(problems))


def template_settings(spec: ModelArmorSpec, filters: ModelArmorFiltersSpec) -> dict[str, str]:
    """Return what a template of our own is to have, by the names of the settings."""
    return {
        "enforcement": spec.enforcement,
        "log_prompts": _switch(spec.log_prompts),
        **{field.name: _text(getattr(filters, field.name)) for field in fields(filters)},
    }


def _given_settings(answer: Object) -> dict[str, str]:
    """Return what a template has, by the names of our settings."""
    metadata, filters = answer.get("templateMetadata", {}), answer.get("filterConfig", {})
    harms = {one.get("filterType"): one for one in filters.get("raiSettings", {}).get("raiFilters", [])}
    injection = filters.get("piAndJailbreakFilterSettings", {})
    return {
        "enforcement": _stated(metadata.get("enforcementType", "ENFORCEMENT_TYPE_UNSPECIFIED")),
        "log_prompts": _switch(metadata.get("logSanitizeOperations", False)),
        "prompt_injection": _confidence(injection) if _is_enabled(injection) else "OFF",
        **{
            kind.lower(): _confidence(harms[kind]) if kind in harms else "OFF" for kind in ModelArmorFiltersSpec().harms
        },
        "malicious_urls": _switch(_is_enabled(filters.get("maliciousUriFilterSettings", {}))),
        "sensitive_data": _switch(_is_enabled(filters.get("sdpSettings", {}).get("basicConfig", {}))),
    }


def _is_enabled(settings: Object) -> bool:
    return bool(settings.get("filterEnforcement") == "ENABLED")


def _confidence(settings: Object) -> str:
    return _stated(settings.get("confidenceLevel", "DETECTION_CONFIDENCE_LEVEL_UNSPECIFIED"))


def _stated(value: str) -> str:
    return UNSPECIFIED.get(value, value)


def _text(value: str | bool) -> str:
    return _switch(value) if isinstance(value, bool) else value


def _switch(on: bool) -> str:
    return "true" if on else "false"
