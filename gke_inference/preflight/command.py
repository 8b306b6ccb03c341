"""`gke-inference preflight`: what would stop an apply, before an hour of it has gone by."""

from __future__ import annotations

from collections.abc import Collection
from functools import partial

import click

from gke_inference.api_error import ApiError
from gke_inference.check import CREDENTIALS, without_credentials
from gke_inference.command import ChosenRegions, Command, Exit, Settings, option, region_option
from gke_inference.concurrency import run_tasks
from gke_inference.findings import Finding, good
from gke_inference.google_api import GoogleApi
from gke_inference.option_types import Finite, TokenVariable
from gke_inference.preflight import all_checks, check_ids
from gke_inference.preflight.target import Target
from gke_inference.progress import show_progress
from gke_inference.tables import report_findings
from platform_config.errors import shown

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
@option(
    "--skip", metavar="ID", multiple=True,
    help="Id of a check that is not made, such as BILLING or QUOTA; may be given again.",
)  # fmt: skip
@click.pass_obj
def preflight(
    settings: Settings, *, regions: ChosenRegions, token: str | None, timeout_sec: float, skip: tuple[str, ...]
) -> Exit:
    """
    Report what would stop an apply: permissions, quotas, machines, names.

    Asks Google and Hugging Face with your application default credentials; changes nothing and reads no secret. What
    could not be asked is reported as unknown and never counts as good; neither does what is skipped.
    """
    known = check_ids(regions.config, regions.keys)
    if refused := [shown(id_) for id_ in skip if id_ not in known]:
        raise click.UsageError(f"--skip: must be one of {', '.join(known)}, got {', '.join(refused)}")
    found = _findings(regions, token or "", timeout_sec, skip)
    title = f"Before an apply of {regions.config.name} to {regions.config.project}"
    return report_findings(found, regions.keys, output=settings.output, title=title)


def _findings(regions: ChosenRegions, token: str, timeout_sec: float, skip: Collection[str]) -> list[Finding]:
    try:
        google = GoogleApi.sign_in(regions.config.project, regions.config.universe)
    except ApiError as error:
        return [without_credentials(error)]
    credentials = google.credentials
    caller = getattr(credentials, "service_account_email", "") or getattr(credentials, "account", "")
    who = f"the caller is {caller}" if caller else "there; they do not say who the caller is"
    target = Target(config=regions.config, keys=regions.keys, google=google, hugging_face_token=token)
    checks = list(all_checks(target))
    skipped = [check.skipped() for check in checks if check.id in skip]
    tasks = [check.task() for check in checks if check.id not in skip]
    with show_progress() as note:
        found = run_tasks(tasks, timeout_sec=timeout_sec, note=partial(note, "checks"))
    return [good("CREDENTIALS", who, CREDENTIALS), *skipped, *found]
