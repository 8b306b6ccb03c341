"""What watches the platform: alerts, who hears of them, a dashboard, metrics of logs, and checks of endpoints."""

from __future__ import annotations

from constructs import Construct

from constructs_lib.alert_policies import AlertPolicies
from constructs_lib.dashboard import Dashboard
from constructs_lib.endpoint_checks import EndpointChecks
from constructs_lib.log_metrics import LogMetrics
from constructs_lib.monitoring.alert import alerts_of
from constructs_lib.monitoring.alerts import ALERTS
from constructs_lib.monitoring.cloud_dashboard import CLOUD_VARIABLES
from constructs_lib.monitoring.log_metric import log_metrics_of
from constructs_lib.monitoring.panel import panels_of
from constructs_lib.monitoring.panels import PANELS
from constructs_lib.notification_channels import NotificationChannels
from constructs_lib.routed_record import PublicTarget
from platform_config.config import Config
from platform_config.config_path import VARIABLE
from platform_config.dns_plan import endpoint_records
from platform_config.monitored_platform import monitored_platform

from .base import WRITE_ONLY_TERRAFORM_VERSION, BaseStack
from .endpoint_probe import endpoint_probe


class InfraObservabilityStack(BaseStack):
    """Alerts, channels, dashboard, metrics of logs, checks. Nothing needs them: they can be made anew at any time."""

    def __init__(self, scope: Construct, id_: str, *, config: Config) -> None:
        super().__init__(scope, id_, config=config)
        self._platform = monitored_platform(config)
        if config.observability.log_metrics:
            LogMetrics(self, "logs", google=self.google, project=config.project, metrics=log_metrics_of(self._platform))
        if config.observability.alerting:
            self._add_alerts()
        if self._platform.endpoints and (config.observability.alerting or config.observability.dashboard):
            self._add_endpoint_checks()
        if config.observability.dashboard:
            self._add_dashboard()

    def _add_alerts(self) -> None:
        watched = self.config.observability
        AlertPolicies(
            self,
            "alert",
            google=self.google,
            project=self.config.project,
            platform=self.config.name,
            alerts=alerts_of(self._platform, ALERTS, watched.alerts, watched.channels),
            channels=self._add_channels(),
            config_variable=VARIABLE,
            runbook_url=watched.runbook_url,
        )

    def _add_channels(self) -> dict[str, str]:
        """Return the full name of each channel, by key."""
        watched = self.config.observability
        if watched.channel_secrets:
            self.need_terraform(WRITE_ONLY_TERRAFORM_VERSION)
        return NotificationChannels(
            self,
            "channel",
            google=self.google,
            project=self.config.project,
            platform=self.config.name,
            channels=watched.channels,
        ).names

    def _add_endpoint_checks(self) -> None:
        endpoints = {
            key: (PublicTarget(address=target.address or ""), endpoint_probe(self.config, *record))
            for key, (target, record) in endpoint_records(self.config).items()
        }
        EndpointChecks(
            self,
            "endpoint",
            google=self.google,
            project=self.config.project,
            platform=self.config.name,
            endpoints=endpoints,
        )

    def _add_dashboard(self) -> None:
        Dashboard(
            self,
            "dashboard",
            google=self.google,
            project=self.config.project,
            platform=self.config.name,
            panels=list(panels_of(self._platform, PANELS, self.config.observability.panels, CLOUD_VARIABLES)),
        )
