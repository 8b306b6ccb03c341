"""Rules about a plan as a whole: whether it can be believed, and what kind of plan it is."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from gke_inference.findings import Status
from gke_inference.plan_check.plan import FORMAT
from gke_inference.plan_check.plans import Plans
from gke_inference.plan_check.rule import Refusal, Rule
from platform_config.errors import shown

FORMAT_PAGE = "Terraform, JSON Output Format, plan representation"
AGAIN = "plan the stack again, and check that plan"


def _format(plans: Plans) -> Iterator[Refusal]:
    for plan in plans.plans.values():
        if not plan.is_readable:
            found = f"its format is {shown(plan.version)}, and {FORMAT}x is known: nothing in it is known"
            yield Refusal(place=plan.stack, found=found, fix="use a Terraform whose format is known")


def _errored(plans: Plans) -> Iterator[Refusal]:
    for plan in plans.plans.values():
        if plan.errored:
            fix = "read what `terraform plan` of the stack says, correct it, and plan again"
            yield Refusal(place=plan.stack, found="Terraform ended with an error while it planned", fix=fix)


def _incomplete(plans: Plans) -> Iterator[Refusal]:
    for plan in plans.plans.values():
        if not plan.complete and not plan.errored:
            found = "it leaves changes out, since it was made with -target or puts some off"
            yield Refusal(place=plan.stack, found=found, fix="plan the whole stack")


def _not_applyable(plans: Plans) -> Iterator[Refusal]:
    for plan in plans.plans.values():
        if plan.has_changes and not plan.applyable and not plan.errored:
            yield Refusal(place=plan.stack, found="Terraform would not apply it", fix=AGAIN)


def _old(plans: Plans) -> Iterator[Refusal]:
    if plans.max_age_min is None:
        return
    for plan in plans.plans.values():
        if plan.made is None and plan.is_readable and not plan.is_state:
            yield Refusal(place=plan.stack, found="it does not say when it was made", fix=AGAIN)
        if plan.made is not None and (age := plans.now - plan.made) > timedelta(minutes=plans.max_age_min):
            found = f"it is {int(age.total_seconds() // 60)} minutes old, and {plans.max_age_min} are allowed"
            yield Refusal(place=plan.stack, found=found, fix=AGAIN)


def _destroy(plans: Plans) -> Iterator[Refusal]:
    for plan in plans.plans.values():
        if plan.destroys and not plans.allow_destroy:
            fix = "make it without -destroy; where the stack is to go, check it with --allow-destroy"
            yield Refusal(place=plan.stack, found="it destroys the stack", fix=fix)


def _not_in_config(plans: Plans) -> Iterator[Refusal]:
    for plan in plans.plans.values() if plans.graph else ():
        if plan.stack not in plans.graph and plan.has_changes and not plan.destroys:
            found = "the config has no such stack, and its plan makes or changes resources"
            fix = "an older config left the stack: plan it with -destroy, and apply that in the order of docs/day-2.md"
            yield Refusal(place=plan.stack, found=found, fix=fix)


def _import_deletes(plans: Plans) -> Iterator[Refusal]:
    for one in plans.resources:
        if one.importing and "delete" in one.actions:
            found = "would be imported and deleted in the same apply"
            fix = "make the configuration like what exists, until the plan of the import changes nothing"
            yield Refusal(place=one.label, found=found, fix=fix)


def _hidden(plans: Plans) -> Iterator[Refusal]:
    for one in plans.resources:
        if not (one.goes or one.is_forgotten):
            continue
        is_object = one.kind == "kubernetes_manifest"
        if not one.is_there or (is_object and not one.manifest.get("kind")):
            found = f"{one.address} would go, and the plan does not show what it is"
            fix = "look at it by `terraform state show`, and let it pass with --allow where it may go"
            yield Refusal(place=one.label, found=found, fix=fix)


RULES: tuple[Rule, ...] = (
    Rule(
        id="PLAN-FORMAT",
        title="Each plan has a format that is known",
        reason="Another major version may name things in another way, and a deletion would be overlooked.",
        source=FORMAT_PAGE,
        check=_format,
        exceptions=False,
        status=Status.UNKNOWN,
    ),
    Rule(
        id="PLAN-ERRORED",
        title="Terraform made each plan without an error",
        reason="Such a plan lacks what comes after the error, and cannot be applied.",
        source=FORMAT_PAGE,
        check=_errored,
        exceptions=False,
    ),
    Rule(
        id="PLAN-INCOMPLETE",
        title="Each plan has all changes of its stack",
        reason="What is left out is not checked, and comes with a later apply.",
        source=FORMAT_PAGE,
        check=_incomplete,
    ),
    Rule(
        id="PLAN-APPLY",
        title="Each plan with changes can be applied",
        reason="Nothing of it would be done.",
        source=FORMAT_PAGE,
        check=_not_applyable,
        exceptions=False,
    ),
    Rule(
        id="PLAN-OLD",
        title="No plan is older than `--max-age-min`",
        reason="Terraform refuses a plan only where the state of its own stack has changed since.",
        source="Terraform, `terraform apply`, saved plan is stale",
        check=_old,
    ),
    Rule(
        id="PLAN-DESTROY",
        title="A plan that destroys its stack is checked with `--allow-destroy`",
        reason="A plan of `-destroy` that a pipeline applies by mistake takes everything of the stack away.",
        source="this library, docs/day-2.md",
        check=_destroy,
    ),
    Rule(
        id="PLAN-LEFT",
        title="A stack that the config does not have is destroyed or left alone",
        reason="Its folder is from an older config: an apply would make again what was removed.",
        source="this library, docs/day-2.md",
        check=_not_in_config,
    ),
    Rule(
        id="PLAN-HIDDEN",
        title="A plan shows what would go",
        reason="Without its values, as where they are marked sensitive, no rule can say whether something needs it.",
        source=FORMAT_PAGE,
        check=_hidden,
        status=Status.UNKNOWN,
    ),
    Rule(
        id="PLAN-IMPORT",
        title="Nothing is deleted by the apply that imports it",
        reason="An import is to keep what exists; a difference that cannot be changed in place replaces it.",
        source="provider google 7.45 with Terraform 1.11: an imported node pool is replaced for the form of `cluster`",
        check=_import_deletes,
    ),
)
