"""Verdicts on what stands between clients and models: extensions of a gateway, Apigee, templates of Model Armor."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from gke_inference.verify.gateway import outdated
from gke_inference.verify.verdict import Object, Verdict, unmet_conditions

CONDITIONS = ("Accepted", "ResolvedRefs")
"""Of an extension, where the controller has set them. Source: GoogleCloudPlatform/gke-gateway-api, shared types."""
UNSPECIFIED = (None, "ENFORCEMENT_TYPE_UNSPECIFIED")
"""Google blocks what such a template finds."""


def judge_extension(found: Object, *, gateway: str, others: Iterable[Object]) -> Verdict:
    """
    Judge whether the load balancer of *gateway* calls its extensions, and no other object is in their way.

    Args:
        found: The extension object; its conditions stand in its status, in one entry per gateway.
        gateway: Name of the Gateway.
        others: All extension objects of the namespace.
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
    called = [one["name"] for chain in found["spec"]["extensionChains"] for one in chain["extensions"]]
    return Verdict(found=f"programmed: {', '.join(called)}", problems=tuple(problems))


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


def judge_template(answer: Object, *, enforcement: str | None) -> Verdict:
    """
    Judge whether a template does with its findings what the config says.

    Args:
        answer: The template.
        enforcement: What the config says; None for a template of somebody else, which has its own.
    """
    stated = answer.get("templateMetadata", {}).get("enforcementType")
    given = "INSPECT_AND_BLOCK" if stated in UNSPECIFIED else stated
    wrong = enforcement is not None and given != enforcement
    return Verdict(found=given, problems=(f"{given}, not {enforcement}",) if wrong else ())
