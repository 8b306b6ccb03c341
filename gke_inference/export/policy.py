"""What the options of an export are refused for by the policies of its config: they would lead around them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gke_inference.export.backend import Backend
from gke_inference.export.variables import Variable
from platform_config.config import Config
from platform_config.errors import Problem, shown
from platform_config.policy import PolicyFile
from platform_config.policy_checks import check_bucket, limited_texts
from platform_config.stack_graph import needed_stacks

BUCKETS = "allowed_state_buckets"
ENDPOINT = "storage_custom_endpoint"
LEAVE_OUT = "leave this option out, or change the policy"


def check_backend(policies: Sequence[PolicyFile], config: Config, backend: Backend) -> Iterator[Problem]:
    """Yield what *policies* refuse of the *backend*: states that are in no bucket that they allow."""
    limits = [policy for policy in policies if policy.policy.allowed_state_buckets is not None]
    for policy in limits:
        origin = policy.origin(BUCKETS)
        if backend.type != "gcs":
            yield Problem("--backend", f"must be gcs, got {backend.type}", LEAVE_OUT, rule=origin)
        elif ENDPOINT in backend.given:
            yield Problem(f"--backend-config {ENDPOINT}", "must not be given", LEAVE_OUT, rule=origin)
    if backend.type == "gcs" and "bucket" in backend.given:
        buckets = {backend.settings(config, stack)["bucket"]: None for stack in needed_stacks(config)}
        for bucket in buckets:
            yield from check_bucket(limits, "--backend-config bucket", bucket)


def check_variables(policies: Sequence[PolicyFile], config: Config, variables: Sequence[Variable]) -> Iterator[Problem]:
    """Yield the *variables* in place of what *policies* limit: their values are known to a later plan alone."""
    limited = list(limited_texts(policies, config))
    for variable in variables:
        origins = {origin: text for text, origin in limited if variable.pattern.search(text)}
        for origin, text in origins.items():
            message = (
                f"must not stand for what a policy limits, got {variable.setting}, whose value is in {shown(text)}"
            )
            yield Problem(f"--variable {variable.name}", message, LEAVE_OUT, rule=origin)
