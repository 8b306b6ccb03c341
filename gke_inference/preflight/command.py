"""`gke-inference preflight`: what would stop an apply, before an hour of it has gone by."""

from __future__ import annotations

from functools import partial

import click

from gke_inference.api_error import ApiError
from gke_inference.check import CREDENTIALS, without_credentials
from gke_inference.command import ChosenRegions, Command, Exit, Settings, option, region_option
from gke_inference.concurrency import run_tasks
from gke_inference.findings import Finding, good
from gke_inference.google_api import GoogleApi
from gke_inference.option_types import Finite, TokenVariable
from gke_inference.preflight import all_checks
from gke_inference.preflight.target import Target
from gke_inference.progress import show_progress
from gke_inference.tables import report_findings

HOUR_SEC = 3600


@click.command(cls=Command)
@region_option
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
def preflight(settings: Settings, *, regions: ChosenRegions, token: str | None, timeout_sec: float) -> Exit:
    """
    Report what would stop an apply: permissions, quotas, machines, names.

    Asks Google and Hugging Face with your application default credentials; changes nothing and reads no secret. What
    could not be asked is reported as unknown and never counts as good.
    """
    found = _findings(regions, token or "", timeout_sec)
    title = f"Before an apply of {regions.config.name} to {regions.config.project}"
    return report_findings(found, regions.keys, output=settings.output, title=title)


def _findings(regions: ChosenRegions, token: str, timeout_sec: float) -> list[Finding]:
    try:
        google = GoogleApi.sign_in(regions.config.project)
    except ApiError as error:
        return [without_credentials(error)]
    credentials = google.credentials
    caller = getattr(credentials, "service_account_email", "") or getattr(credentials, "account", "")
    who = f"the caller is {caller}" if caller else "there; they do not say who the caller is"
    target = Target(config=regions.config, keys=regions.keys, google=google, hugging_face_token=token)
    tasks = [check.task() for check in all_checks(target)]
    with show_progress() as note:
        found = run_tasks(tasks, timeout_sec=timeout_sec, note=partial(note, "checks"))
    return [good("CREDENTIALS", who, CREDENTIALS), *found]
