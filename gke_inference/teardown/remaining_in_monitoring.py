"""What is left of the stack that watches: alerts, who hears of them, dashboards, metrics of logs, uptime checks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from constructs_lib.google_names import uptime_check_title
from constructs_lib.monitoring.panel import dashboard_title
from gke_inference.findings import Finding
from gke_inference.load_balancer import Part
from gke_inference.teardown.findings import Remaining, last_part, search, still_there
from gke_inference.teardown.network import Network
from platform_config.config import Config
from platform_config.names import Names
from platform_config.stack_graph import OBSERVABILITY_STACK

VIEWER = "roles/monitoring.viewer"


@dataclass(frozen=True, kw_only=True)
class RemainingInMonitoring:
    """
    Searches for what the platform's labels and names are on.

    Attributes:
        network: The platform's network, with the paths that are in Terraform's states.
        config: The platform.
    """

    network: Network
    config: Config

    def findings(self) -> list[Finding]:
        """Return one per thing that is left, and one per kind of which there is none, or of which nothing is known."""
        return [
            *search("ALERT", VIEWER, self._alerts),
            *search("CHANNEL", VIEWER, self._channels),
            *search("DASHBOARD", VIEWER, self._dashboards),
            *search("LOG-METRIC", "roles/logging.viewer", self._log_metrics),
            *(search("UPTIME-CHECK", VIEWER, self._uptime_checks) if self.config.dns is not None else ()),
        ]

    def _alerts(self) -> Iterator[Remaining]:
        parts = self._listed("monitoring", "v3", "projects.alertPolicies.list", "alertPolicies", self._is_labelled)
        for part in parts:
            yield self._left(
                "ALERT", f"alert {part['displayName']}", part, "small", "gcloud monitoring policies delete"
            )

    def _channels(self) -> Iterator[Remaining]:
        method, command = "projects.notificationChannels.list", "gcloud beta monitoring channels delete"
        for part in self._listed("monitoring", "v3", method, "notificationChannels", self._is_labelled):
            yield self._left("CHANNEL", f"channel {part['displayName']}", part, "none", command)

    def _dashboards(self) -> Iterator[Remaining]:
        def is_own(part: Part) -> bool:
            return bool(part.get("displayName") == dashboard_title(self.config.name))

        for part in self._listed("monitoring", "v1", "projects.dashboards.list", "dashboards", is_own):
            command = "gcloud monitoring dashboards delete"
            yield self._left("DASHBOARD", f"dashboard {part['displayName']}", part, "none", command)

    def _log_metrics(self) -> Iterator[Remaining]:
        names = Names(self.config)

        def is_own(part: Part) -> bool:
            return part["name"] in (names.proxy_errors, names.mount_errors)

        for part in self._listed("logging", "v2", "projects.metrics.list", "metrics", is_own):
            yield self._left("LOG-METRIC", f"log metric {part['name']}", part, "small", "gcloud logging metrics delete")

    def _uptime_checks(self) -> Iterator[Remaining]:
        first, last = uptime_check_title(self.config.name, "KEY").split("KEY")

        def is_own(part: Part) -> bool:
            title = str(part.get("displayName", ""))
            return title.startswith(first) and title.endswith(last)

        method, command = "projects.uptimeCheckConfigs.list", "gcloud monitoring uptime delete"
        for part in self._listed("monitoring", "v3", method, "uptimeCheckConfigs", is_own):
            yield self._left("UPTIME-CHECK", f"uptime check {part['displayName']}", part, "none", command)

    def _listed(
        self, service: str, version: str, method: str, items: str, is_own: Callable[[Part], bool]
    ) -> Iterator[Part]:
        """Yield what is listed and the platform's."""
        google = self.network.google
        project = f"projects/{google.project}"
        # Methods of v3 call it `name`, but for the newest.
        by_name = version == "v3" and items != "uptimeCheckConfigs"
        place = {"name": project} if by_name else {"parent": project}
        yield from (part for part in google.pages(service, version, method, items=items, **place) if is_own(part))

    def _is_labelled(self, part: Part) -> bool:
        return bool(part.get("userLabels", {}).get("platform") == self.config.name)

    def _left(self, kind: str, found: str, part: Part, costs: str, command: str) -> Remaining:
        name = str(part["name"])
        in_state = any(last_part(path) == last_part(name) for path in self.network.state_paths)
        fix = f"destroy {OBSERVABILITY_STACK}, see above" if in_state else f"look, then: {command} {name}"
        return still_there(kind, found, costs, fix)
