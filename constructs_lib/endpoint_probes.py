"""Uptime checks of public addresses, by which an alert says that one is down."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from cdktf_cdktf_provider_google.monitoring_uptime_check_config import MonitoringUptimeCheckConfig
from cdktf_cdktf_provider_google.provider import GoogleProvider
from constructs import Construct

PERIOD_SEC, TIMEOUT_SEC = 60, 10


class EndpointProbes(Construct):
    """
    One uptime check for each address, from all regions of Google's checkers.

    Cloud DNS documents no metric of its own health checks; those of uptime checks are documented. Source: Google,
    "Google Cloud metrics", monitoring.googleapis.com/uptime_check/check_passed.

    Args:
        google: Provider of the project.
        project: Project ID.
        name: How the checks' titles begin.
        addresses: Addresses, by a key.
        protocol: `HTTP`, `HTTPS` or `TCP`.
        port: Port that is asked.
        host: What is sent as `Host`.
        path: Path that answers 200.

    Attributes:
        checks: The checks' full names, by key (known after apply).
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        google: GoogleProvider,
        project: str,
        name: str,
        addresses: Mapping[str, str],
        protocol: Literal["HTTP", "HTTPS", "TCP"],
        port: int,
        host: str,
        path: str,
    ) -> None:
        super().__init__(scope, id_)
        http = {
            "path": path,
            "port": port,
            "use_ssl": protocol == "HTTPS",
            # The address is asked, and the certificate is that of the host: as Cloud DNS asks it.
            "validate_ssl": False,
            "headers": {"Host": host},
        }
        asked: dict[str, Any] = {"tcp_check": {"port": port}} if protocol == "TCP" else {"http_check": http}
        self.checks = {
            key: MonitoringUptimeCheckConfig(
                self,
                key,
                provider=google,
                project=project,
                display_name=f"{name} {key}",
                period=f"{PERIOD_SEC}s",
                timeout=f"{TIMEOUT_SEC}s",
                monitored_resource={"type": "uptime_url", "labels": {"host": address, "project_id": project}},
                **asked,
            ).name
            for key, address in addresses.items()
        }
