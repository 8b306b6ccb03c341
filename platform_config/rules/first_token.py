"""Rules about the time to the first token that is promised: that it can be measured, and can be kept."""

from __future__ import annotations

from collections.abc import Iterator

from constructs_lib.monitoring.metrics import ENGINES
from constructs_lib.vllm_arguments import arguments
from platform_config.errors import Problem
from platform_config.model import Model
from platform_config.rules.rule import Rule, per_model

OWN_BOUNDS = "--bucket-time-to-first-token"
"""SGLang's argument that gives other bounds."""
LIKELY_MILLISECONDS = 100
"""A time of so many seconds and more was likely meant in milliseconds."""


def _bound(at: str, model: Model) -> Iterator[Problem]:
    promised, engine = model.spec.objectives.first_token_sec, ENGINES.get(model.server.kind)
    if promised is None or engine is None or promised in engine.first_token_bounds:
        return
    if any(argument.flag == OWN_BOUNDS for argument in arguments(model.server.extra_args)):
        return
    below = [bound for bound in engine.first_token_bounds if bound < promised][-1:]
    above = [bound for bound in engine.first_token_bounds if bound > promised][:1]
    nearest = " or ".join(f"{bound:g}" for bound in (*below, *above))
    if promised >= LIKELY_MILLISECONDS and promised / 1000 in engine.first_token_bounds:
        nearest = f"{promised / 1000:g}: it counts seconds"
    message = f"must be a bound by which {model.server.kind} counts its times to the first token, got {promised:g}"
    yield Problem(f"{at}.objectives.first_token_sec", message, f"write {nearest}")


def _no_first_token(at: str, model: Model) -> Iterator[Problem]:
    objectives = model.spec.objectives
    if objectives.first_token_sec is not None and model.server.kind not in ENGINES:
        message = f"must be left out for a {model.server.kind} server, got {objectives.first_token_sec:g}"
        yield Problem(f"{at}.objectives.first_token_sec", message, "remove it, or promise availability_percent alone")


def _timeout(at: str, model: Model) -> Iterator[Problem]:
    promised, timeout_sec = model.spec.objectives.first_token_sec, model.balancing.timeout_sec
    if promised is not None and promised >= timeout_sec:
        message = f"must be below {timeout_sec}, the seconds after which the gateway ends a request, got {promised:g}"
        setting = f"{at}.traffic" if model.spec.traffic.timeout_sec else "gateway"
        fix = f"write a shorter time, or a longer {setting}.timeout_sec"
        yield Problem(f"{at}.objectives.first_token_sec", message, fix)


def _percent_alone(at: str, model: Model) -> Iterator[Problem]:
    objectives = model.spec.objectives
    if objectives.first_token_sec is None and objectives.first_token_percent is not None:
        message = f"must be given with first_token_sec, got {objectives.first_token_percent:g} alone"
        fix = "write first_token_sec, or availability_percent for the share of requests without an error"
        yield Problem(f"{at}.objectives.first_token_percent", message, fix)


RULES = (
    Rule(
        "OBJ-BOUND",
        "`first_token_sec` is one of the bounds by which the model's server counts its times",
        "A histogram knows how many were within a bound, and nothing about the times in between.",
        "vLLM, vllm/v1/metrics/loggers.py; SGLang, metrics of the tokenizer manager",
        per_model(_bound),
    ),
    Rule(
        "OBJ-NO-FIRST-TOKEN",
        "`first_token_sec` is promised only where the server counts the time to the first token",
        "Of a custom server one gauge is known: no alert could follow the promise.",
        "this library, constructs_lib/monitoring/metrics.py",
        per_model(_no_first_token),
    ),
    Rule(
        "OBJ-TIMEOUT",
        "`first_token_sec` is below the longest request",
        "The gateway ends such a request with an error before its first token would be late.",
        "CRD gcpbackendpolicies.networking.gke.io, spec.default.timeoutSec",
        per_model(_timeout),
    ),
    Rule(
        "OBJ-PERCENT",
        "`first_token_percent` is given with `first_token_sec`",
        "It says how many requests keep that time, and means nothing alone.",
        "this library",
        per_model(_percent_alone),
    ),
)
