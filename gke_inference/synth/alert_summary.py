"""The alerts in the summary of a synth: how many there are, and who hears of them."""

from __future__ import annotations

from collections import Counter
from typing import Any, get_args

from constructs_lib.monitoring.alert import Alert, alerts_of
from constructs_lib.monitoring.alerts import ALERTS
from constructs_lib.specs.observability import Severity
from platform_config.config import Config
from platform_config.monitored_platform import monitored_platform


def alert_summary(config: Config) -> str:
    """Return how many alerts *config* has by their severity, and the keys of the channels that hear of them."""
    if not config.observability.alerting:
        return "No alerts: observability.alerting is false."
    alerts = _alerts(config)
    counts = Counter(alert.severity for alert in alerts)
    by_severity = ", ".join(f"{counts[severity]} {severity}" for severity in get_args(Severity) if counts[severity])
    number = f"{len(alerts)} alert{'' if len(alerts) == 1 else 's'}"
    channels = _channels(config, alerts)
    if channels:
        return f"{number} ({by_severity}) go to {', '.join(channels)}."
    return f"{number} ({by_severity}), of which nobody hears: they are in the console alone. Who does is set by " + (
        "observability.alerts.<name>.channels." if config.observability.channels else "observability.channels."
    )


def alert_figures(config: Config) -> dict[str, Any]:
    """Return the same for a program."""
    alerts = _alerts(config)
    counts = Counter(alert.severity for alert in alerts)
    return {"count": len(alerts), "by_severity": dict(counts), "channels": _channels(config, alerts)}


def _alerts(config: Config) -> list[Alert]:
    watched = config.observability
    if not watched.alerting:
        return []
    return list(alerts_of(monitored_platform(config), ALERTS, watched.alerts, watched.channels))


def _channels(config: Config, alerts: list[Alert]) -> list[str]:
    """Return the keys of the channels that hear of any of *alerts*."""
    heard = {key for alert in alerts for key in alert.channels}
    return [key for key in config.observability.channels if key in heard]
