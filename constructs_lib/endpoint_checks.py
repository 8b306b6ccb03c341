"""Uptime checks of public addresses outside, from all over the world."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cdktf_cdktf_provider_google.monitoring_uptime_check_config import (
    MonitoringUptimeCheckConfig,
    MonitoringUptimeCheckConfigHttpCheck,
    MonitoringUptimeCheckConfigMonitoredResource,
    MonitoringUptimeCheckConfigTcpCheck,
)
from cdktf_cdktf_provider_google.provider import GoogleProvider
from constructs import Construct

from constructs_lib.google_names import uptime_check_title
from constructs_lib.routed_record import EndpointProbe, PublicTarget

PERIOD_SEC = 60
"""How often each place asks: the shortest period of the API."""
LONGEST_TIMEOUT_SEC = 60


class EndpointChecks(Construct):
    """
    One uptime check for each address, which asks as the health check of its name in Cloud DNS does.

    Cloud DNS exports no metric of what its health checks see. An uptime check does, for the alert `endpoint-down`.
    Certificates are not verified: addresses are asked, and certificates are of names.

    Args:
        google: Provider of the project.
        project: Project ID.
        platform: Name of the platform, in the checks' names.
        endpoints: Address, and how it is asked, by key.

    Attributes:
        checks: The checks, by key (known at synth; their `uptime_check_id` is known after apply).
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        google: GoogleProvider,
        project: str,
        platform: str,
        endpoints: Mapping[str, tuple[PublicTarget, EndpointProbe]],
    ) -> None:
        super().__init__(scope, id_)
        self.checks = {
            key: MonitoringUptimeCheckConfig(
                self,
                key,
                provider=google,
                project=project,
                display_name=uptime_check_title(platform, key),
                period=f"{PERIOD_SEC}s",
                timeout=f"{min(probe.spec.timeout_sec, LONGEST_TIMEOUT_SEC)}s",
                monitored_resource=MonitoringUptimeCheckConfigMonitoredResource(
                    type="uptime_url", labels={"project_id": project, "host": target.address}
                ),
                **_asked(probe),
            )
            for key, (target, probe) in endpoints.items()
        }


def _asked(probe: EndpointProbe) -> dict[str, Any]:
    """Return how *probe* asks: an Ingress finds its servers by `Host`."""
    if probe.protocol == "TCP":
        return {"tcp_check": MonitoringUptimeCheckConfigTcpCheck(port=probe.port)}
    return {
        "http_check": MonitoringUptimeCheckConfigHttpCheck(
            request_method="GET",
            path=probe.path,
            port=probe.port,
            use_ssl=probe.protocol == "HTTPS",
            validate_ssl=False,
            headers={"Host": probe.host},
        )
    }
