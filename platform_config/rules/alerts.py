"""Rules about alerts: that there is something to watch, where they fire, how far back they look, who hears of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from constructs_lib.monitoring.alert import LOOKS_BACK_SEC, AlertKind
from constructs_lib.monitoring.alerts import ALERTS
from constructs_lib.monitoring.platform import MonitoredPlatform
from constructs_lib.specs import AlertSpec
from platform_config.config import Config
from platform_config.errors import Problem, nearest, shown
from platform_config.monitored_platform import monitored_platform
from platform_config.rules.rule import Rule

KINDS = {kind.name: kind for kind in ALERTS}
BOTH_SEC = 25 * 3600
ALERT_SOURCE = "Google, Alerting policies with PromQL"


def _names(config: Config) -> Iterator[Problem]:
    for name in config.observability.alerts:
        if name not in KINDS:
            message = f"must be the name of an alert, got {shown(name)}"
            yield Problem(f"observability.alerts.{name}", message, nearest(name, KINDS))


def per_alert(
    check: Callable[[str, AlertKind, AlertSpec], Iterable[Problem]],
) -> Callable[[Config], Iterator[Problem]]:
    """Return a check of a config that runs *check* for each alert in the file, with its path and its kind."""

    def check_all(config: Config) -> Iterator[Problem]:
        for name, spec in config.observability.alerts.items():
            if name in KINDS:
                yield from check(f"observability.alerts.{name}", KINDS[name], spec)

    return check_all


def _watches(config: Config) -> Iterator[Problem]:
    wanted = [name for name, spec in config.observability.alerts.items() if name in KINDS and spec.enabled]
    platform = _platform(config) if wanted and config.observability.alerting else None
    for kind in (KINDS[name] for name in wanted) if platform else ():
        # Where it fires does not matter: the defaults.
        if platform and not any(True for _ in kind.queries(platform, kind.limits(AlertSpec()))):
            message = f"must be left out of a platform without what it watches, {kind.needs}, got settings for it"
            yield Problem(f"observability.alerts.{kind.name}", message, "remove it")


def _platform(config: Config) -> MonitoredPlatform | None:
    """Return what there is to watch; None where other rules refuse what follows from a version or a pool."""
    try:
        return monitored_platform(config)
    except (LookupError, StopIteration, ValueError):
        return None


def _window(at: str, kind: AlertKind, spec: AlertSpec) -> Iterator[Problem]:
    given = spec.window_sec
    if given is None:
        return
    if not kind.window_sec:
        message = f"must be left out of an alert that has no window to choose, got {given}"
        yield Problem(f"{at}.window_sec", message, "remove the line, or write for_sec")
    elif not kind.shortest_window_sec <= given <= LOOKS_BACK_SEC:
        message = (
            f"must be between {kind.shortest_window_sec}, for fewer seconds have too few samples, and "
            f"{LOOKS_BACK_SEC}, the farthest that Cloud Monitoring looks back, got {given}"
        )
        yield Problem(f"{at}.window_sec", message, f"write {kind.window_sec}")


def _for(at: str, kind: AlertKind, spec: AlertSpec) -> Iterator[Problem]:
    if spec.for_sec is not None and not 0 <= spec.for_sec <= LOOKS_BACK_SEC:
        message = f"must be between 0 and {LOOKS_BACK_SEC}, got {spec.for_sec}"
        yield Problem(f"{at}.for_sec", message, f"write {kind.for_sec}")


def _both(config: Config) -> Iterator[Problem]:
    alerts = config.observability.alerts
    platform = _platform(config) if alerts else None
    for name, spec in alerts.items() if platform else ():
        if platform is None or name not in KINDS:
            continue
        kind, given = KINDS[name], spec.window_sec or 0
        queries = list(kind.queries(platform, kind.limits(spec)))
        by_default = max([kind.for_sec, *(query.for_sec for query in queries)])
        lasts = by_default if spec.for_sec is None else spec.for_sec
        windows = [query.looks_back_sec for query in queries]
        longest = max([kind.window_sec, given, *windows])
        if max(given, lasts) <= LOOKS_BACK_SEC and longest + lasts > BOTH_SEC:
            message = (
                f"must have windows and a for_sec of at most {BOTH_SEC} together, got {longest}, the longest window of "
                f"its query, and {lasts}"
            )
            yield Problem(f"observability.alerts.{name}", message, f"write for_sec: {BOTH_SEC - longest}")


def _channels(config: Config) -> Iterator[Problem]:
    known = config.observability.channels
    for name, spec in config.observability.alerts.items():
        for index, key in enumerate(spec.channels or ()):
            if key not in known:
                message = f"must be a key of observability.channels, got {shown(key)}"
                fix = nearest(key, known) if known else "add it there"
                yield Problem(f"observability.alerts.{name}.channels[{index}]", message, fix)
            elif key in (spec.channels or ())[:index]:
                message = f"must be named once, got {shown(key)} again"
                yield Problem(f"observability.alerts.{name}.channels[{index}]", message, "remove it")


def _off(config: Config) -> Iterator[Problem]:
    watched = config.observability
    parts = ("alerts", "channels", "certificate_hosts", "model_armor_templates", "runbook_url")
    for part in parts if watched.alerting is False else ():
        if given := getattr(watched, part):
            value = shown(list(given) if isinstance(given, tuple) else given)
            message = f"should be left out where observability.alerting is false, got {value}"
            yield Problem(f"observability.{part}", message, "remove it, or write alerting: true")


def _runbooks(config: Config) -> Iterator[Problem]:
    url = config.observability.runbook_url
    if url is not None and not re.fullmatch(r"https://[^\s?#]{1,1900}", url):
        message = f"must be an address that begins with https:// and has no query, got {shown(url)}"
        yield Problem("observability.runbook_url", message, "write the address of a copy of docs/runbooks")
    elif url is not None and (page := re.search(r"/[^/]+\.(md|html?)/?$", url)):
        message = f"must be the address of a folder, below which each alert has its page, got {shown(url)}"
        yield Problem("observability.runbook_url", message, f"write '{url[: page.start()]}'")


RULES = (
    Rule(
        "ALERT-NAME",
        "Each name under `alerts` is that of an alert",
        "The settings of another name would change nothing.",
        "this library",
        _names,
    ),
    Rule(
        "ALERT-WATCHES",
        "An alert has something to watch on this platform",
        "Where the chosen chart or server does not export the metric, there is no policy that settings could change.",
        "kubernetes-sigs/gateway-api-inference-extension, pkg/epp/metrics at each tag; this library",
        _watches,
    ),
    Rule(
        "ALERT-WINDOW",
        "A window has enough samples, and is no longer than Cloud Monitoring looks back",
        "A rate needs two samples: GKE scrapes servers each 15 seconds, and a load balancer's samples are of a minute "
        "and up to 90 seconds late. Queries look back 24 hours at most.",
        f"{ALERT_SOURCE}; GoogleCloudPlatform/monitoring-dashboard-samples",
        per_alert(_window),
    ),
    Rule(
        "ALERT-FOR",
        "The time for which a query must hold is at most 24 hours",
        "The API refuses more.",
        ALERT_SOURCE,
        per_alert(_for),
    ),
    Rule(
        "ALERT-BOTH",
        "The longest window of an alert and its time are at most 25 hours together",
        "The API refuses more. A query may have longer windows than window_sec.",
        ALERT_SOURCE,
        _both,
    ),
    Rule(
        "ALERT-CHANNEL",
        "An alert names channels that there are",
        "Nobody would hear of it.",
        "this library",
        _channels,
    ),
    Rule(
        "ALERT-OFF",
        "Without alerting there are no settings of it",
        "They have no effect, and nobody hears of anything.",
        "this library",
        _off,
        severity="warning",
    ),
    Rule(
        "ALERT-RUNBOOK",
        "The address of the runbooks begins with https://",
        "Each alert links to a page below it.",
        "Monitoring API, AlertPolicy.Documentation.Link: at most 2083 characters",
        _runbooks,
    ),
)
