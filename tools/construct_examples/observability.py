"""Examples of docs/constructs.md: observability."""

from __future__ import annotations

from cdktf import TerraformStack
from cdktf_cdktf_provider_google.provider import GoogleProvider

from constructs_lib.alert_policies import AlertPolicies
from constructs_lib.dashboard import Dashboard
from constructs_lib.log_metrics import LogMetrics
from constructs_lib.monitoring.alert import alerts_of
from constructs_lib.monitoring.alerts import ALERTS
from constructs_lib.monitoring.cloud_dashboard import CLOUD_VARIABLES
from constructs_lib.monitoring.log_metric import log_metrics_of
from constructs_lib.monitoring.metrics import OBJECTIVE_FAMILY, VLLM
from constructs_lib.monitoring.panel import panels_of
from constructs_lib.monitoring.panels import PANELS
from constructs_lib.monitoring.platform import MonitoredModel, MonitoredPlatform, MonitoredRegion
from constructs_lib.notification_channels import NotificationChannels
from constructs_lib.specs import AlertSpec, ChannelSpec

WATCHED = MonitoredPlatform(
    name="acme",
    project="my-project",
    namespace="inference",
    gateway="acme-gateway",
    regions={"us": MonitoredRegion(region="us-east5", cluster="acme-us")},
    models={
        "gemma": MonitoredModel(
            container="vllm",
            server="gemma-server",
            backend="gemma-pool",
            regions=("us",),
            fewest_servers={"us": 2},
            picker=OBJECTIVE_FAMILY,
            engine=VLLM,
        )
    },
    proxy_errors="acme-proxy-errors",
)


def notification_channels(stack: TerraformStack, google: GoogleProvider) -> NotificationChannels:
    """Write e-mails to the team, and page whoever is on call."""
    return NotificationChannels(
        stack,
        "channels",
        google=google,
        project="my-project",
        platform="acme",
        channels={
            "team": ChannelSpec(kind="email", address="inference@example.com"),
            "oncall": ChannelSpec(kind="pagerduty", secret="pagerduty-key"),
        },
    )


def alert_policies(stack: TerraformStack, google: GoogleProvider) -> AlertPolicies:
    """Watch the servers of one model in one cluster, and be called when more than 2 % of its requests fail."""
    name = "projects/my-project/notificationChannels/123"
    oncall = ChannelSpec(kind="existing", id=name, severities=("critical",))
    return AlertPolicies(
        stack,
        "alerts",
        google=google,
        project="my-project",
        platform="acme",
        alerts=alerts_of(WATCHED, ALERTS, {"request-errors": AlertSpec(threshold=2)}, {"oncall": oncall}),
        channels={"oncall": name},
    )


def log_metrics(stack: TerraformStack, google: GoogleProvider) -> LogMetrics:
    """Count what the load balancer logs of its errors."""
    return LogMetrics(stack, "logs", google=google, project="my-project", metrics=log_metrics_of(WATCHED))


def dashboard(stack: TerraformStack, google: GoogleProvider) -> Dashboard:
    """Draw all that this platform has metrics for."""
    return Dashboard(
        stack,
        "dashboard",
        google=google,
        project="my-project",
        platform="acme",
        panels=list(panels_of(WATCHED, PANELS, (), CLOUD_VARIABLES)),
    )
