"""What is watched, who hears of it, and what is drawn."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Literal, get_args

from constructs_lib.specs.limits import Between, refuse, wrong_settings

Severity = Literal["critical", "error", "warning"]
SEVERITIES: tuple[Severity, ...] = get_args(Severity)
ChannelKind = Literal["email", "pagerduty", "slack", "webhook", "existing"]


@dataclass(frozen=True, kw_only=True)
class AlertSpec:
    """
    One alert where it differs from its own defaults, which docs/runbooks/README.md lists.

    Args:
        enabled: Whether it is made.
        threshold: Where it fires, in the alert's own unit. Default: the alert's own.
        window_sec: Seconds of which its query computes rates and shares. Default: the alert's own.
        for_sec: Seconds for which the query must hold before it fires. Default: the alert's own.
        severity: `critical`, `error` or `warning`. Default: the alert's own.
        channels: Keys of the channels that hear of it, whatever their `severities`; none of them with `[]`: then it is
            in the console alone. Default: each channel that hears of its severity.
    """

    enabled: bool = True
    threshold: Annotated[float | None, Between(0, 1_000_000)] = None
    window_sec: int | None = None
    for_sec: int | None = None
    severity: Severity | None = None
    channels: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        refuse(wrong_settings(self))


@dataclass(frozen=True, kw_only=True)
class ChannelSpec:
    """
    Who hears of an alert.

    Args:
        kind: `email`, `pagerduty`, `slack`, `webhook`, or `existing` for one that somebody else made.
        address: E-mail address of `email`.
        channel: Channel of `slack`, such as `#inference`.
        url: URL that `webhook` posts to.
        username: User name that `webhook` signs in with; its password is the secret.
        id: Full name of an `existing` channel, such as `projects/p/notificationChannels/123`.
        secret: Name of the secret in Secret Manager with the service key of `pagerduty`, the token of `slack`, or the
            password of `webhook`. It is read at each apply, and is in no plan and no state.
        severities: Which alerts it hears of, by their severity: some of `critical`, `error` and `warning`.
    """

    kind: ChannelKind
    address: str | None = None
    channel: str | None = None
    url: str | None = None
    username: str | None = None
    id: str | None = None
    secret: str | None = None
    severities: tuple[Severity, ...] = SEVERITIES

    def __post_init__(self) -> None:
        refuse(wrong_settings(self))


@dataclass(frozen=True, kw_only=True)
class ObservabilitySpec:
    """
    What is watched, who hears of it, and what is drawn. Each part can be turned off, and changed at any time.

    Args:
        alerting: Whether alert policies are made.
        alerts: Alerts that differ from their defaults, by name, such as `request-latency`.
        channels: Who hears of alerts, by a short key that you choose. Without one, alerts are only in the console.
        dashboard: Whether a dashboard is made in Cloud Monitoring, and the same as a file for Grafana in `dashboards/`
            of the output.
        panels: Names of the panels of the dashboard. Default: all that the platform has metrics for.
        log_metrics: Whether errors in logs are counted: of the load balancer, and of mounted buckets.
        certificate_hosts: Hosts of uptime checks of yours whose TLS certificate is watched.
        model_armor_templates: IDs of Model Armor templates of yours whose blocked requests are watched.
        runbook_url: Address of your copy of docs/runbooks; each alert links to its page there. Default: no links.
    """

    alerting: bool = True
    alerts: dict[str, AlertSpec] = field(default_factory=dict)
    channels: dict[str, ChannelSpec] = field(default_factory=dict)
    dashboard: bool = True
    panels: tuple[str, ...] = ()
    log_metrics: bool = True
    certificate_hosts: tuple[str, ...] = ()
    model_armor_templates: tuple[str, ...] = ()
    runbook_url: str | None = None

    def __post_init__(self) -> None:
        refuse(wrong_settings(self))

    @property
    def channel_secrets(self) -> tuple[str, ...]:
        """The secrets of Secret Manager that the channels have, each once."""
        secrets = [spec.secret for spec in self.channels.values() if spec.secret and self.alerting]
        return tuple(dict.fromkeys(secrets))

    @property
    def is_on(self) -> bool:
        """Whether there is anything to make."""
        return self.alerting or self.dashboard or self.log_metrics
