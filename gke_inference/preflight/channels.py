"""Who hears of alerts: may the caller read a channel's secret, and is a channel there that somebody else made."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from constructs_lib.specs import ChannelSpec
from gke_inference.check import Check
from gke_inference.findings import Finding, good, wrong
from gke_inference.preflight.target import Target

READS = ("secretmanager.versions.access", "secretmanager.versions.get")
"""What reading a secret at each plan and apply takes.

`roles/secretmanager.secretAccessor` has the first, `roles/secretmanager.viewer` the second. Source:
hashicorp/terraform-provider-google, ephemeral google_secret_manager_secret_version: it gets the version, then reads it.
"""


def checks(target: Target) -> Iterator[Check]:
    """Yield one for each channel with a secret, and one for each that somebody else made."""
    watched = target.config.observability
    for key, spec in watched.channels.items() if watched.alerting else ():
        id_ = f"CHANNEL-{key}"
        if spec.secret:
            yield Check(
                id=id_, needed=f"the secret {spec.secret}, for the caller to read", role="secretmanager.versions.get",
                ask=partial(judge_secret, target, id_, spec.secret),
            )  # fmt: skip
        elif spec.id:
            yield Check(
                id=id_, needed="a channel that works", role="monitoring.notificationChannels.get",
                ask=partial(_existing, target, id_, spec),
            )  # fmt: skip


def judge_secret(target: Target, id_: str, secret: str) -> Iterator[Finding]:
    """Look at the state of the latest version of *secret*; what it holds is not read."""
    needed = f"the secret {secret}, for the caller to read"
    name, method = f"projects/{target.project}/secrets/{secret}", "projects.secrets.versions.get"
    latest = target.google.find("secretmanager", "v1", method, name=f"{name}/versions/latest")
    answer = target.google.call(
        "secretmanager", "v1", "projects.secrets.testIamPermissions", resource=name, body={"permissions": list(READS)}
    )
    missing = sorted(set(READS) - set(answer.get("permissions", [])))
    if latest is None:
        fix = f"gcloud secrets create {secret} --data-file=- (the secret on stdin)"
        yield wrong(id_, f"there is no version of {secret}", needed, fix)
    elif latest.get("state") != "ENABLED":
        fix = f"gcloud secrets versions add {secret} --data-file=- (the secret on stdin)"
        yield wrong(id_, f"its latest version is {latest.get('state', 'in no state')}", needed, fix)
    elif missing:
        fix = f"grant roles/secretmanager.secretAccessor and roles/secretmanager.viewer on {secret} to whoever applies"
        yield wrong(id_, f"the caller lacks {', '.join(missing)}", needed, fix)
    else:
        yield good(id_, f"version {latest['name'].rpartition('/')[2]} can be read", needed)


def _existing(target: Target, id_: str, spec: ChannelSpec) -> Iterator[Finding]:
    needed = "a channel that works"
    found = target.google.find("monitoring", "v3", "projects.notificationChannels.get", name=spec.id)
    if found is None:
        fix = "`gcloud beta monitoring channels list` shows those that there are"
        yield wrong(id_, f"there is no {spec.id}", needed, fix)
    elif found.get("enabled") is False:
        yield wrong(id_, "it is disabled", needed, f"gcloud beta monitoring channels update {spec.id} --enabled")
    elif found.get("verificationStatus") == "UNVERIFIED":
        yield wrong(id_, "it is not verified", needed, "verify it in the console, or make another one")
    else:
        yield good(id_, f"there: {found.get('displayName', 'without a name')}", needed)
