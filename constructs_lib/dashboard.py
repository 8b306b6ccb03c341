"""The dashboard of a platform."""

from __future__ import annotations

from collections.abc import Sequence

from cdktf_cdktf_provider_google.monitoring_dashboard import MonitoringDashboard
from cdktf_cdktf_provider_google.provider import GoogleProvider
from constructs import Construct

from constructs_lib.monitoring.cloud_dashboard import cloud_dashboard
from constructs_lib.monitoring.panel import Panel


class Dashboard(Construct):
    """
    One dashboard of Cloud Monitoring.

    Args:
        google: Provider of the project.
        project: Project ID.
        platform: Name of the platform, in the title.
        panels: What it shows, with CLOUD_VARIABLES.

    Attributes:
        dashboard: The resource; its `id` is known after apply.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        google: GoogleProvider,
        project: str,
        platform: str,
        panels: Sequence[Panel],
    ) -> None:
        super().__init__(scope, id_)
        # `${` would be Terraform's own.
        text = cloud_dashboard(platform, panels).replace("${", "$${")
        self.dashboard = MonitoringDashboard(self, "Default", provider=google, project=project, dashboard_json=text)
