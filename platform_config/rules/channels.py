"""Rules about channels: each has what its kind needs, and no secret is in the file."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import fields

from constructs_lib.specs import ChannelSpec
from platform_config.config import Config
from platform_config.errors import Problem, shown
from platform_config.rules.rule import Rule
from platform_config.rules.weights import SECRET_NAME

TAKES = {
    "email": ("address",),
    "pagerduty": ("secret",),
    "slack": ("channel", "secret"),
    "webhook": ("url", "username", "secret"),
    "existing": ("id",),
}
"""The settings of a channel of each kind."""
LISTED = "`gcloud beta monitoring channels list --format='value(name)'` shows them"
EXAMPLES = {
    "address": "address: oncall@example.com",
    "channel": "channel: '#inference', in quotes: without them YAML takes it for a comment",
    "url": "url: https://hooks.example.com/alerts",
    "username": "username, with which the webhook signs in beside the secret",
    "id": f"id: projects/my-project/notificationChannels/123, with the name of yours; {LISTED}",
    "secret": "secret: my-secret, with the name of yours in Secret Manager; `gcloud secrets create` makes one",
}
"""What to write, by setting."""
EMAIL = r"[^\s@,;:<>]+@[^\s@,;:<>]+\.[A-Za-z0-9-]{2,}"
CHANNEL = r"#[^\s#A-Z,.]{1,80}"
ID = r"projects/([^/\s]+)/notificationChannels/[0-9]+"
SECRET_ITSELF = re.compile(r"xox[a-z]-|xapp-|[0-9a-f]{32}|R0[0-9A-Z]{30}", re.IGNORECASE)
"""Tokens of Slack, and keys of PagerDuty, which have 32 characters."""
URL = r"(\w+:)?//(?P<server>[^/?#]*)(?P<path>[^?#]*)(\?(?P<query>[^#]*))?"
SECRET_QUERY = re.compile(r"(^|[&_-])(token|key|api-?key|sig|signature|secret|password|auth|code)=", re.IGNORECASE)
SECRET_SITES = ("hooks.slack.com", "discord.com", "office.com", "logic.azure.com", "events.pagerduty.com")
"""Whose URLs are secrets as a whole: whoever has one can post."""
HIDE = "take it out and revoke it; the webhook can sign in by username and secret, or be a channel of kind existing"


def per_channel(check: Callable[[str, ChannelSpec], Iterable[Problem]]) -> Callable[[Config], Iterator[Problem]]:
    """Return a check of a config that runs *check* for each of its channels, with its path."""

    def check_all(config: Config) -> Iterator[Problem]:
        for key, spec in config.observability.channels.items():
            yield from check(f"observability.channels.{key}", spec)

    return check_all


def _needs(at: str, spec: ChannelSpec) -> Iterator[Problem]:
    needed = TAKES[spec.kind]
    if spec.kind == "webhook" and spec.username is None and spec.secret is None:
        needed = ("url",)
    for name in needed:
        if getattr(spec, name) is None:
            beside = "" if needed != TAKES["webhook"] else " that signs in"
            message = f"must be given for a channel of kind {spec.kind}{beside}, got nothing"
            yield Problem(f"{at}.{name}", message, f"write {EXAMPLES[name]}")


def _others(at: str, spec: ChannelSpec) -> Iterator[Problem]:
    for setting in fields(ChannelSpec):
        if (
            setting.name not in ("kind", "severities")
            and setting.name not in TAKES[spec.kind]
            and getattr(spec, setting.name) is not None
        ):
            message = f"must be left out of a channel of kind {spec.kind}, got a value"
            kinds = [kind for kind, takes in TAKES.items() if setting.name in takes]
            yield Problem(f"{at}.{setting.name}", message, f"remove the line, or write kind: {' or '.join(kinds)}")


def _address(at: str, spec: ChannelSpec) -> Iterator[Problem]:
    if spec.address is not None and not re.fullmatch(EMAIL, spec.address):
        found = re.findall(EMAIL, spec.address)
        fix = f"write '{found[0]}'" if len(found) == 1 else "write one address; each further one is a channel too"
        yield Problem(f"{at}.address", f"must be an e-mail address, got {shown(spec.address)}", fix)


def _slack(at: str, spec: ChannelSpec) -> Iterator[Problem]:
    if spec.channel is not None and not re.fullmatch(CHANNEL, spec.channel):
        message = f"must be a # and the channel's name of at most 80 lower case characters, got {shown(spec.channel)}"
        likely = "#" + re.sub(r"[^\w-]+", "-", spec.channel.lower()).strip("-")
        fix = f"write '{likely}'" if re.fullmatch(CHANNEL, likely) else "write '#inference'"
        if re.fullmatch(r"#?[CG][A-Z0-9]{8,}", spec.channel):
            fix = "write the channel's name, such as '#inference': this is its ID"
        yield Problem(f"{at}.channel", message, fix)


def _url(at: str, spec: ChannelSpec) -> Iterator[Problem]:
    if spec.url is not None and not has_secret(spec.url) and not re.fullmatch(r"https://[^/\s]+(/\S*)?", spec.url):
        likely = f"https://{spec.url.partition('://')[2] or spec.url}"
        fix = f"write '{likely}'" if re.fullmatch(r"https://[^/\s:]+\.[^/\s]+(/\S*)?", likely) else "write its address"
        yield Problem(f"{at}.url", f"must be an address that begins with https://, got {shown(spec.url)}", fix)


def _hidden(at: str, spec: ChannelSpec) -> Iterator[Problem]:
    if spec.url is not None and has_secret(spec.url):
        yield Problem(f"{at}.url", "must hold no token or password, got one", HIDE)
    if spec.secret is not None and SECRET_ITSELF.match(spec.secret):
        fix = "revoke it, put the new one into Secret Manager, and write the secret's name"
        yield Problem(f"{at}.secret", "must be the name of a secret, got what looks like the secret itself", fix)


def has_secret(url: str) -> bool:
    """Return whether *url* lets whoever has it post: by user information, its query, or the site that it is of."""
    parts = re.match(URL, url)
    if not parts:
        return False
    users, _, host = parts["server"].lower().rpartition("@")
    whole = any(f".{host.partition(':')[0]}".endswith(f".{site}") for site in SECRET_SITES) and parts["path"] != "/"
    return bool(users) or bool(SECRET_QUERY.search(parts["query"] or "")) or (whole and bool(parts["path"]))


def _secret(at: str, spec: ChannelSpec) -> Iterator[Problem]:
    secret = spec.secret
    if secret is not None and not SECRET_ITSELF.match(secret) and not re.fullmatch(SECRET_NAME, secret):
        name = re.sub(r"/versions/[^/]*$", "", secret).split("/")[-1]
        fix = f"write '{name}'" if re.fullmatch(SECRET_NAME, name) else "`gcloud secrets list` shows them"
        message = f"must be a secret's name of letters, digits, _ and -, got {shown(secret)}"
        yield Problem(f"{at}.secret", message, fix)


def _id(at: str, spec: ChannelSpec) -> Iterator[Problem]:
    if spec.id is not None and not re.fullmatch(ID, spec.id):
        message = f"must read projects/<project>/notificationChannels/<number>, got {shown(spec.id)}"
        yield Problem(f"{at}.id", message, LISTED)


def _project(config: Config) -> Iterator[Problem]:
    for key, spec in config.observability.channels.items():
        found = re.fullmatch(ID, spec.id) if spec.id is not None else None
        if found and found[1] != config.project and not found[1].isdigit():
            message = f"should be a channel of project {config.project}, got one of {shown(found[1])}"
            fix = "make the channel in this project too: the API may find no channel of another one"
            yield Problem(f"observability.channels.{key}.id", message, fix)


def _severity(config: Config) -> Iterator[Problem]:
    channels = config.observability.channels
    if channels and not any("critical" in spec.severities for spec in channels.values()):
        message = "should have a channel that hears of critical alerts, got none"
        yield Problem("observability.channels", message, "add critical to the severities of one")


RULES = (
    Rule(
        "CHANNEL-NEEDS",
        "A channel has what its kind needs",
        "The API refuses a channel without it.",
        "Monitoring API, notificationChannelDescriptors",
        per_channel(_needs),
    ),
    Rule(
        "CHANNEL-OTHERS",
        "A channel has no settings of another kind",
        "They would have no effect.",
        "Monitoring API, notificationChannelDescriptors",
        per_channel(_others),
    ),
    Rule(
        "CHANNEL-ADDRESS",
        "A channel of kind email has one e-mail address",
        "What is sent to another text reaches nobody.",
        "Monitoring API, notificationChannelDescriptors, email",
        per_channel(_address),
    ),
    Rule(
        "CHANNEL-SLACK",
        "The channel of Slack is its name, with the # before it",
        "Slack finds no other channel, and the alert reaches nobody.",
        "Google, Create and manage notification channels; Slack, conversations.create",
        per_channel(_slack),
    ),
    Rule(
        "CHANNEL-URL",
        "A webhook's URL begins with https://",
        "What an alert says, and the password, would go over the network in plain text.",
        "this library",
        per_channel(_url),
    ),
    Rule(
        "CHANNEL-HIDDEN",
        "No secret is in the file",
        "What is in the file is also in plan, state and version control.",
        "hashicorp/terraform-provider-google, google_monitoring_notification_channel, sensitive_labels",
        per_channel(_hidden),
    ),
    Rule(
        "CHANNEL-SECRET",
        "A channel's secret is given by its name",
        "Secret Manager finds no other.",
        "Google, Secret Manager, Create a secret",
        per_channel(_secret),
    ),
    Rule(
        "CHANNEL-ID",
        "An existing channel is given by its full name",
        "The API refuses another.",
        "Monitoring API, AlertPolicy.notificationChannels; crossplane-contrib/provider-upjet-gcp#498",
        per_channel(_id),
    ),
    Rule(
        "CHANNEL-PROJECT",
        "An existing channel is of the platform's project",
        "The API has answered that the channel of another project is not found.",
        "hashicorp/terraform-provider-google#25878",
        _project,
        severity="warning",
    ),
    Rule(
        "CHANNEL-SEVERITY",
        "Where there are channels, one hears of critical alerts",
        "The worst would be in the console alone.",
        "this library",
        _severity,
        severity="warning",
    ),
)
