"""Cases of the rules about alerts and channels."""

from __future__ import annotations

from typing import Any

from tests.platform_config.rules.case import Case, Changes, More
from tests.platform_config.rules.cases_models import SPEECH

LISTED = "`gcloud beta monitoring channels list --format='value(name)'` shows them"
HIDE = "take it out and revoke it; the webhook can sign in by username and secret, or be a channel of kind existing"
PUBLIC = "write a public address, or a channel of kind existing that is one of Pub/Sub"
OTHER_PROJECT = "make the channel in this project too: the API may find no channel of another one"


def alert(name: str, **settings: Any) -> Changes:
    """Return changes that give one alert settings of its own."""
    return {"observability": {"alerts": {name: settings}}}


def channel(kind: str, **settings: Any) -> Changes:
    """Return changes that give the example one channel."""
    return {"observability": {"channels": {"oncall": {"kind": kind, **settings}}}}


def webhook(url: str) -> Changes:
    """Return changes that give the example one webhook."""
    return channel("webhook", url=url)


def existing(number: int) -> Changes:
    """Return a channel that somebody else made."""
    return {"kind": "existing", "id": f"projects/my-project-id/notificationChannels/{number}"}


ONLY_SPEECH: Changes = {
    "models": {"speech": {**SPEECH, "traffic": {"max_in_flight_requests": 8}}}, "service_discovery": True,
}  # fmt: skip
"""A platform with no InferencePool."""

CASES: dict[str, Case] = {
    "ALERT-NAME": Case(
        alert("kv-cache", threshold=80),
        alert("kv-cahce", threshold=80),
        "observability.alerts.kv-cahce: must be the name of an alert, got 'kv-cahce' -> did you mean 'kv-cache'?",
    ),
    "ALERT-WATCHES": Case(
        {**ONLY_SPEECH, **alert("kv-cache", enabled=False)},
        {**ONLY_SPEECH, **alert("kv-cache", threshold=80)},
        "observability.alerts.kv-cache: must be left out of a platform without what it watches, a model behind an "
        "InferencePool, got settings for it -> remove it",
    ),
    "ALERT-THRESHOLD": Case(
        alert("kv-cache", threshold=99),
        alert("kv-cache", threshold=0.9),
        "observability.alerts.kv-cache.threshold: must be between 1 and 99 percent, got 0.9 -> did you mean 90?",
    ),
    "ALERT-PERCENT": Case(
        alert("request-errors", threshold=1),
        alert("request-errors", threshold=0.05),
        "observability.alerts.request-errors.threshold: should be in percent, got 0.05, which is less than one of them "
        "-> did you mean 5?",
    ),
    "ALERT-WINDOW": Case(
        alert("request-errors", window_sec=86_400, for_sec=3_600),
        alert("request-errors", window_sec=86_401),
        "observability.alerts.request-errors.window_sec: must be between 60, for fewer seconds have too few samples, "
        "and 86400, the farthest that Cloud Monitoring looks back, got 86401 -> write 300",
    ),
    "ALERT-FOR": Case(
        alert("kv-cache", for_sec=0),
        alert("kv-cache", for_sec=-1),
        "observability.alerts.kv-cache.for_sec: must be between 0 and 86400, got -1 -> write 300",
    ),
    "ALERT-BOTH": Case(
        alert("request-errors", window_sec=43_200, for_sec=46_800),
        alert("request-errors", window_sec=43_200, for_sec=46_801),
        "observability.alerts.request-errors: must have windows and a for_sec of at most 90000 together, got "
        "43200, the longest window of its query, and 46801 -> write for_sec: 46800",
    ),
    "ALERT-CHANNEL": Case(
        {
            "observability": {
                **channel("pagerduty", secret="key")["observability"],
                **alert("kv-cache", channels=["oncall"])["observability"],
            }
        },
        {
            "observability": {
                **channel("pagerduty", secret="key")["observability"],
                **alert("kv-cache", channels=["oncal"])["observability"],
            }
        },
        "observability.alerts.kv-cache.channels[0]: must be a key of observability.channels, got 'oncal' "
        "-> did you mean 'oncall'?",
    ),
    "ALERT-OFF": Case(
        {"observability": {"alerting": False}},
        {"observability": {"alerting": False, "runbook_url": "https://example.com/runbooks"}},
        "observability.runbook_url: should be left out where observability.alerting is false, got "
        "'https://example.com/runbooks' -> remove it, or write alerting: true",
    ),
    "ALERT-HOST": Case(
        {"observability": {"certificate_hosts": ["api.example.com"]}},
        {"observability": {"certificate_hosts": ["https://api.example.com:443/v1"]}},
        "observability.certificate_hosts[0]: must be a host such as api.example.com, got "
        "'https://api.example.com:443/v1' -> write 'api.example.com'",
    ),
    "ALERT-TEMPLATE": Case(
        {"observability": {"model_armor_templates": ["strict-1"]}},
        {"observability": {"model_armor_templates": ["projects/p/locations/us/templates/strict-1"]}},
        "observability.model_armor_templates[0]: must be the ID of a Model Armor template, got "
        "'projects/p/locations/us/templates/strict-1' -> write 'strict-1'",
    ),
    "ALERT-RUNBOOK": Case(
        {"observability": {"runbook_url": "https://example.com/runbooks/"}},
        {"observability": {"runbook_url": "http://example.com/runbooks"}},
        "observability.runbook_url: must be an address that begins with https:// and has no query, got "
        "'http://example.com/runbooks' -> write the address of a copy of docs/runbooks",
    ),
    "CHANNEL-NEEDS": Case(
        channel("pagerduty", secret="pagerduty-key"),
        channel("pagerduty"),
        "observability.channels.oncall.secret: must be given for a channel of kind pagerduty, got nothing -> write "
        "secret: my-secret, with the name of yours in Secret Manager; `gcloud secrets create` makes one",
    ),
    "CHANNEL-OTHERS": Case(
        channel("email", address="a@example.com"),
        channel("email", address="a@example.com", secret="key"),
        "observability.channels.oncall.secret: must be left out of a channel of kind email, got a value -> remove the "
        "line, or write kind: pagerduty or slack or webhook",
    ),
    "CHANNEL-ADDRESS": Case(
        channel("email", address="on-call+gke@mail.example.com"),
        channel("email", address="mailto:oncall@example.com"),
        "observability.channels.oncall.address: must be an e-mail address, got 'mailto:oncall@example.com' -> write "
        "'oncall@example.com'",
    ),
    "CHANNEL-SLACK": Case(
        channel("slack", channel="#ml-on_call", secret="token"),
        channel("slack", channel="ML on call", secret="token"),
        "observability.channels.oncall.channel: must be a # and the channel's name of at most 80 lower case "
        "characters, got 'ML on call' -> write '#ml-on-call'",
    ),
    "CHANNEL-URL": Case(
        webhook("https://hooks.example.com/alerts?team=ml"),
        webhook("http://hooks.example.com/alerts"),
        "observability.channels.oncall.url: must be an address that begins with https://, got "
        "'http://hooks.example.com/alerts' -> write 'https://hooks.example.com/alerts'",
    ),
    "CHANNEL-HIDDEN": Case(
        webhook("https://hooks.example.com/alerts?monkey=1"),
        webhook("https://hooks.example.com/alerts?auth_token=abc"),
        f"observability.channels.oncall.url: must hold no token or password, got one -> {HIDE}",
    ),
    "CHANNEL-SECRET": Case(
        channel("pagerduty", secret="PagerDuty_key-1"),
        channel("pagerduty", secret="projects/p/secrets/pagerduty/versions/3"),
        "observability.channels.oncall.secret: must be a secret's name of letters, digits, _ and -, got "
        "'projects/p/secrets/pagerduty/versions/3' -> write 'pagerduty'",
    ),
    "CHANNEL-ID": Case(
        channel("existing", id="projects/123456/notificationChannels/789"),
        channel("existing", id="789"),
        "observability.channels.oncall.id: must read projects/<project>/notificationChannels/<number>, got '789' "
        f"-> {LISTED}",
    ),
    "CHANNEL-PROJECT": Case(
        channel("existing", id="projects/my-project-id/notificationChannels/789"),
        channel("existing", id="projects/other-project/notificationChannels/789"),
        "observability.channels.oncall.id: should be a channel of project my-project-id, got one of 'other-project' "
        f"-> {OTHER_PROJECT}",
    ),
    "CHANNEL-PUBLIC": Case(
        webhook("https://hooks.example.com/alerts"),
        webhook("https://alertmanager.monitoring.svc.cluster.local/alerts"),
        "observability.channels.oncall.url: must be an address that Google can reach from outside, got "
        f"'alertmanager.monitoring.svc.cluster.local' -> {PUBLIC}",
    ),
    "CHANNEL-TOKEN": Case(
        webhook("https://hooks.example.com/Inference-Platform-Alerts/europe-west4"),
        webhook("https://hooks.example.com/v1/aGVsbG8gd29ybGQgdGhpcyBpcyBzZWNyZXQ"),
        "observability.channels.oncall.url: should hold no token, got a part of its path that looks like one -> "
        f"{HIDE}",
    ),
    "CHANNEL-TWICE": Case(
        {"observability": {"channels": {"a": existing(1), "b": existing(2)}}},
        {"observability": {"channels": {"a": existing(1), "b": {**existing(1), "severities": ["critical"]}}}},
        "observability.channels.b: must be a channel of its own, got the same as 'a' -> remove it, or add severities "
        "to a",
    ),
    "CHANNEL-SEVERITY": Case(
        channel("email", address="a@example.com", severities=["critical"]),
        channel("email", address="a@example.com", severities=["error", "warning"]),
        "observability.channels: should have a channel that hears of critical alerts, got none -> add critical to the "
        "severities of one",
    ),
}

MORE: dict[str, More] = {
    "a second pace that looks back farther": (
        "ALERT-BOTH",
        {
            **alert("availability-burn", for_sec=86_400),
            "models__gemma__objectives": {"availability_percent": 99.5},
        },
        [
            "observability.alerts.availability-burn: must have windows and a for_sec of at most 90000 together, got "
            "21600, the longest window of its query, and 86400 -> write for_sec: 68400"
        ],
    ),
    "servers of the last hours": (
        "ALERT-BOTH",
        alert("region-without-traffic", for_sec=86_400),
        [
            "observability.alerts.region-without-traffic: must have windows and a for_sec of at most 90000 together, "
            "got 82800, the longest window of its query, and 86400 -> write for_sec: 7200"
        ],
    ),
    "a very large and a very small threshold": (
        "ALERT-THRESHOLD",
        {
            "observability": {
                "alerts": {"request-latency": {"threshold": 500_000.0}, "gateway-errors": {"threshold": 0.00001}},
            }
        },
        [
            "observability.alerts.request-latency.threshold: must be between 0.01 and 3600 seconds, got 500000 "
            "-> write 30",
            "observability.alerts.gateway-errors.threshold: must be between 0.01 and 99 percent, got 0.00001 -> "
            "write 5",
        ],
    ),
    "a share that no metric can mean": (
        "ALERT-THRESHOLD",
        alert("cross-region-share", threshold=0.3),
        [
            "observability.alerts.cross-region-share.threshold: must be between 1 and 99 percent, got 0.3 -> "
            "did you mean 30?"
        ],
    ),
    "a full cache as a share of 1": (
        "ALERT-PERCENT",
        alert("kv-cache", threshold=1),
        [
            "observability.alerts.kv-cache.threshold: should be in percent, got 1, which is one of them -> did "
            "you mean 99?"
        ],
    ),
    "a template that is watched twice": (
        "ALERT-TEMPLATE",
        {"observability": {"model_armor_templates": ["strict", "strict"]}},
        ["observability.model_armor_templates[1]: must be named once, got 'strict' again -> remove it"],
    ),
    "a host that is watched twice": (
        "ALERT-HOST",
        {"observability": {"certificate_hosts": ["a.example.com", "a.example.com"]}},
        ["observability.certificate_hosts[1]: must be named once, got 'a.example.com' again -> remove it"],
    ),
    "the address of one runbook": (
        "ALERT-RUNBOOK",
        {"observability": {"runbook_url": "https://example.com/runbooks/README.md"}},
        [
            "observability.runbook_url: must be the address of a folder, below which each alert has its page, got "
            "'https://example.com/runbooks/README.md' -> write 'https://example.com/runbooks'"
        ],
    ),
    "a channel that an alert names twice": (
        "ALERT-CHANNEL",
        {
            "observability": {
                **channel("pagerduty", secret="key")["observability"],
                **alert("kv-cache", channels=["oncall", "oncall"])["observability"],
            }
        },
        ["observability.alerts.kv-cache.channels[1]: must be named once, got 'oncall' again -> remove it"],
    ),
    "the ID of a channel of Slack": (
        "CHANNEL-SLACK",
        channel("slack", channel="C0123456789", secret="token"),
        [
            "observability.channels.oncall.channel: must be a # and the channel's name of at most 80 lower case "
            "characters, got 'C0123456789' -> write the channel's name, such as '#inference': this is its ID"
        ],
    ),
    "an existing channel without its name": (
        "CHANNEL-NEEDS",
        channel("existing"),
        [
            "observability.channels.oncall.id: must be given for a channel of kind existing, got nothing -> write id: "
            f"projects/my-project/notificationChannels/123, with the name of yours; {LISTED}"
        ],
    ),
    "a full name without a number": (
        "CHANNEL-ID",
        channel("existing", id="projects/my-project-id/notificationChannels/abc"),
        [
            "observability.channels.oncall.id: must read projects/<project>/notificationChannels/<number>, got "
            f"'projects/my-project-id/notificationChannels/abc' -> {LISTED}"
        ],
    ),
    "a webhook at this machine by its number": (
        "CHANNEL-PUBLIC",
        webhook("https://[::1]:8080/a"),
        [
            "observability.channels.oncall.url: must be an address that Google can reach from outside, got "
            f"'::1' -> {PUBLIC}"
        ],
    ),
    "a webhook at this machine": (
        "CHANNEL-PUBLIC",
        webhook("https://localhost:8080/a"),
        [
            "observability.channels.oncall.url: must be an address that Google can reach from outside, got "
            f"'localhost' -> {PUBLIC}"
        ],
    ),
    "a webhook at an address inside a network": (
        "CHANNEL-PUBLIC",
        webhook("https://10.0.0.7:8080/a"),
        [
            "observability.channels.oncall.url: must be an address that Google can reach from outside, got "
            f"'10.0.0.7' -> {PUBLIC}"
        ],
    ),
    "an alert on what nobody promised": (
        "ALERT-WATCHES",
        alert("first-token-burn", threshold=10),
        [
            "observability.alerts.first-token-burn: must be left out of a platform without what it watches, a model "
            "with objectives.first_token_sec whose server counts the time to the first token, got settings for it "
            "-> remove it"
        ],
    ),
    "an alert whose model's server exports no metric": (
        "ALERT-WATCHES",
        {**ONLY_SPEECH, **alert("queue-size", severity="warning")},
        [
            "observability.alerts.queue-size: must be left out of a platform without what it watches, a model behind "
            "an InferencePool, got settings for it -> remove it"
        ],
    ),
    "a threshold in percent above all": (
        "ALERT-THRESHOLD",
        alert("request-errors", threshold=100),
        ["observability.alerts.request-errors.threshold: must be between 0.01 and 99 percent, got 100 -> write 5"],
    ),
    "a window of what looks at the moment": (
        "ALERT-WINDOW",
        alert("kv-cache", window_sec=600),
        [
            "observability.alerts.kv-cache.window_sec: must be left out of an alert that has no window to choose, got "
            "600 -> remove the line, or write for_sec"
        ],
    ),
    "a window with too few samples": (
        "ALERT-WINDOW",
        alert("request-latency", window_sec=59),
        [
            "observability.alerts.request-latency.window_sec: must be between 60, for fewer seconds have too few "
            "samples, and 86400, the farthest that Cloud Monitoring looks back, got 59 -> write 300"
        ],
    ),
    "an alert for no channel that there is": (
        "ALERT-CHANNEL",
        alert("kv-cache", channels=["oncall"]),
        [
            "observability.alerts.kv-cache.channels[0]: must be a key of observability.channels, got 'oncall' -> add "
            "it there"
        ],
    ),
    "alerts and channels without alerting": (
        "ALERT-OFF",
        {
            "observability": {
                "alerting": False,
                **alert("kv-cache")["observability"],
                "certificate_hosts": ["a.example"],
            }
        },
        [
            f"observability.{part}: should be left out where observability.alerting is false, got {given} -> remove "
            "it, or write alerting: true"
            for part, given in (("alerts", "a map"), ("certificate_hosts", "a list"))
        ],
    ),
    "a webhook that signs in with half of it": (
        "CHANNEL-NEEDS",
        channel("webhook", url="https://hooks.example.com", username="gke"),
        [
            "observability.channels.oncall.secret: must be given for a channel of kind webhook that signs in, got "
            "nothing -> write secret: my-secret, with the name of yours in Secret Manager; `gcloud secrets "
            "create` makes one"
        ],
    ),
    "a password without a user": (
        "CHANNEL-NEEDS",
        channel("webhook", url="https://hooks.example.com", secret="password"),
        [
            "observability.channels.oncall.username: must be given for a channel of kind webhook that signs in, got "
            "nothing -> write username, with which the webhook signs in beside the secret"
        ],
    ),
    "a channel of Slack that YAML takes for a comment": (
        "CHANNEL-NEEDS",
        channel("slack", channel=None, secret="token"),
        [
            "observability.channels.oncall.channel: must be given for a channel of kind slack, got nothing -> write "
            "channel: '#inference', in quotes: without them YAML takes it for a comment"
        ],
    ),
    "two addresses in one": (
        "CHANNEL-ADDRESS",
        channel("email", address="a@example.com, b@example.com"),
        [
            "observability.channels.oncall.address: must be an e-mail address, got 'a@example.com, b@example.com' -> "
            "write one address; each further one is a channel too"
        ],
    ),
    "no address of a webhook": (
        "CHANNEL-URL",
        webhook("hooks"),
        [
            "observability.channels.oncall.url: must be an address that begins with https://, got 'hooks' -> "
            "write its address"
        ],
    ),
    "a password in a URL": (
        "CHANNEL-HIDDEN",
        webhook("https://gke:password@hooks.example.com"),
        [f"observability.channels.oncall.url: must hold no token or password, got one -> {HIDE}"],
    ),
    "an incoming webhook of Slack": (
        "CHANNEL-HIDDEN",
        webhook("https://hooks.slack.com/services/T0/B0/abc"),
        [f"observability.channels.oncall.url: must hold no token or password, got one -> {HIDE}"],
    ),
    "a key of PagerDuty in place of the secret's name": (
        "CHANNEL-HIDDEN",
        channel("pagerduty", secret="0123456789abcdef0123456789abcdef"),
        [
            "observability.channels.oncall.secret: must be the name of a secret, got what looks like the secret itself "
            "-> revoke it, put the new one into Secret Manager, and write the secret's name"
        ],
    ),
    "a channel with a long key": (
        "NAME-WORD",
        {"observability": {"channels": {"On call": {"kind": "email", "address": "a@example.com"}}}},
        [
            "observability.channels.On call: must hold only lower case letters, digits and hyphens, begin with a "
            "letter and not end with a hyphen, got 'On call' -> write 'on-call'"
        ],
    ),
}
