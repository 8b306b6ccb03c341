"""Metrics that count entries of logs: errors of the load balancer, and buckets that cannot be mounted."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from constructs_lib.manifests.served_weights import BUCKET_VOLUMES
from constructs_lib.monitoring.platform import MonitoredPlatform

POD_EVENTS = "k8s_pod"
"""Monitored resource of Kubernetes' events about pods. Source: GoogleCloudPlatform/gcpdiag, gke rules that read
`log_id("events")`."""


UNSAMPLED_ERRORS = "destination_.*|http_request_.*"
"""Errors of requests that reach no server, as a pattern: none was chosen, or the request itself was refused. A backend
service samples its own requests, and entries of those that have none may be written whatever its sample is. Sources:
RFC 9209, section 2.3; Google, "Internal Application Load Balancer logging and monitoring"."""


@dataclass(frozen=True, kw_only=True)
class LogLabel:
    """
    A label whose value is read from each entry.

    Attributes:
        description: What it says.
        extractor: `EXTRACT(field)`, or `REGEXP_EXTRACT(field, "pattern")` with one group. It should have few values,
            since each is a series of its own.
    """

    description: str
    extractor: str


@dataclass(frozen=True, kw_only=True)
class LogMetric:
    """
    A counter of the log entries that a filter finds. All known at synth.

    Attributes:
        name: Name, at most 100 characters.
        description: What it counts.
        resource: Monitored resource of the entries; the metric has its labels too.
        conditions: What else an entry must be, in the query language of Cloud Logging.
        labels: Labels of its own, by name.
    """

    name: str
    description: str
    resource: str
    conditions: tuple[str, ...]
    labels: Mapping[str, LogLabel]

    @property
    def filter(self) -> str:
        """The filter, one condition a line."""
        return "\n".join((f'resource.type="{self.resource}"', *self.conditions))


def log_series(name: str) -> str:
    """
    Return the log metric *name* as PromQL has it.

    Source: Google, "Mapping Cloud Monitoring metric names to PromQL", log-based metrics.
    """
    return f"logging_googleapis_com:user_{re.sub(r'[^A-Za-z0-9]', '_', name)}"


def sample_factor(log_sample_percent: float) -> float:
    """
    Return how many requests one log entry stands for, but for those with `UNSAMPLED_ERRORS`.

    Raises:
        ValueError: No request is logged.
    """
    if log_sample_percent <= 0:
        raise ValueError(f"log_sample_percent must be above 0, got {log_sample_percent}")
    return 100 / log_sample_percent


def log_metrics_of(platform: MonitoredPlatform) -> Iterator[LogMetric]:
    """Yield the log metrics of *platform*: those that it has names for."""
    if platform.proxy_errors:
        yield _proxy_errors(platform)
    if platform.mount_errors:
        yield _mount_errors(platform)


def _proxy_errors(platform: MonitoredPlatform) -> LogMetric:
    """
    Count requests that the load balancer could not have answered by a server.

    `proxyStatus` reads `error="destination_unavailable"; details="failed_to_pick_backend"` (Google, "Internal
    Application Load Balancer logging and monitoring"). Words of lower case letters alone are read from it, so that no
    address or name of a policy ever becomes a series.
    """
    return LogMetric(
        name=platform.proxy_errors,
        description=f"Logged requests to {platform.gateway} that ended with an error of the load balancer.",
        resource=platform.load_balancer.resource,
        conditions=(f'resource.labels.url_map_name=~"^{platform.url_map}$"', 'jsonPayload.proxyStatus=~"error="'),
        labels={
            "error": LogLabel(description="Kind of the error.", extractor=_first_word("error")),
            "error_detail": LogLabel(description="What happened.", extractor=_first_word("details")),
        },
    )


def _first_word(name: str) -> str:
    """Return the extractor of the word that is the value of *name* in `proxyStatus`, in whichever quotes."""
    return f'REGEXP_EXTRACT(jsonPayload.proxyStatus, ".*?{name}=[^a-z]?([a-z_]+).*")'


def _mount_errors(platform: MonitoredPlatform) -> LogMetric:
    """
    Count the times at which a pod could not mount the bucket with its weights.

    The message reads `MountVolume.SetUp failed for volume "models" : rpc error: code = PermissionDenied desc = ...`
    (GoogleCloudPlatform/gcs-fuse-csi-driver#1356). The names of volumes leave out those of tokens and of Kubernetes.
    """
    return LogMetric(
        name=platform.mount_errors,
        description=f"Failed mounts of buckets by pods of {platform.name}.",
        resource=POD_EVENTS,
        conditions=(
            'log_id("events")',
            f'resource.labels.cluster_name=~"^({platform.clusters()})$"',
            f'resource.labels.namespace_name="{platform.namespace}"',
            'jsonPayload.reason="FailedMount"',
            f'jsonPayload.message=~"for volume .({BUCKET_VOLUMES})[^a-z0-9-]"',
        ),
        labels={
            "code": LogLabel(
                description="Code of the error, such as PermissionDenied.",
                extractor='REGEXP_EXTRACT(jsonPayload.message, ".*?rpc error: code = ([A-Za-z]+).*")',
            ),
        },
    )
