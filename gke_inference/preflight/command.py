"""`inference-ops preflight`: what would stop an apply, before an hour of it has gone by."""

from __future__ import annotations

from functools import partial

import click
from rich.console import Console

from gke_inference import findings_report
from gke_inference.api_error import SIGN_IN, ApiError
from gke_inference.chosen import Chosen, chosen
from gke_inference.command import Command, Exit, Settings, option
from gke_inference.concurrency import side_by_side
from gke_inference.findings import Finding, Status, outcome
from gke_inference.google_api import GoogleApi
from gke_inference.option_types import Finite, TokenVariable
from gke_inference.preflight import all_checks
from gke_inference.preflight.target import Target
from gke_inference.progress import progress

HOUR_SEC = 3600


@click.command(cls=Command)
@option(
    "--region", "regions", metavar="KEY", multiple=True, callback=chosen,
    help="Key of a region to check; may be given again.  [default: all]",
)  # fmt: skip
@option(
    "--hugging-face-token-env", "token", type=TokenVariable(), default=None,
    help="Environment variable with a Hugging Face token, to see whether its account accepted the model's terms.",
)  # fmt: skip
@option(
    "--timeout-sec",
    type=Finite(0, HOUR_SEC, min_open=True),
    metavar="SEC",
    default=120,
    help="For all checks together.",
)
@click.pass_obj
def preflight(settings: Settings, *, regions: Chosen, token: str | None, timeout_sec: float) -> Exit:
    """
    Tell what would stop an apply: permissions, quotas, machines, names.

    Asks Google and Hugging Face with your application default credentials; changes nothing and reads no secret. What
    could not be asked is told as unknown and never counts as good.
    """
    findings = findings_report.in_order(_findings(regions, token or "", timeout_sec), regions.keys)
    if settings.output == "json":
        Console().out(findings_report.as_json(findings), highlight=False)
    else:
        title = f"Before an apply of {regions.config.name} to {regions.config.project}"
        findings_report.print_findings(findings, Console(), title=title)
    return outcome(findings)


def _findings(regions: Chosen, token: str, timeout_sec: float) -> list[Finding]:
    """Without credentials there is one finding: nothing else can be asked."""
    needed = "application default credentials that give a token"
    try:
        google = GoogleApi.from_environment(regions.config.project)
        google.token()
    except ApiError as error:
        found, fix = f"could not be told: {error.message}", SIGN_IN
        return [Finding(id="CREDENTIALS", status=Status.UNKNOWN, found=found, needed=needed, fix=fix)]
    credentials = google.credentials
    caller = getattr(credentials, "service_account_email", "") or getattr(credentials, "account", "")
    who = f"the caller is {caller}" if caller else "there; they do not tell who the caller is"
    first = Finding(id="CREDENTIALS", status=Status.GOOD, found=who, needed=needed)
    target = Target(config=regions.config, keys=regions.keys, google=google, hugging_face_token=token)
    tasks = [check.task() for check in all_checks(target)]
    with progress() as note:
        return [first, *side_by_side(tasks, timeout_sec=timeout_sec, note=partial(note, "checks"))]
