"""Metrics that count entries of Cloud Logging."""

from __future__ import annotations

from collections.abc import Iterable

from cdktf_cdktf_provider_google.logging_metric import (
    LoggingMetric,
    LoggingMetricMetricDescriptor,
    LoggingMetricMetricDescriptorLabels,
)
from cdktf_cdktf_provider_google.provider import GoogleProvider
from constructs import Construct

from constructs_lib.monitoring.log_metric import LogMetric
from constructs_lib.specs.limits import refuse

NAME_LENGTH = 100
"""Source: Cloud Logging API, LogMetric.name."""


class LogMetrics(Construct):
    """
    Counters of log entries, each with labels that are read from the entries.

    They count from when they are made on: what was logged before is in none of them.

    Args:
        google: Provider of the project.
        project: Project ID.
        metrics: What is counted.

    Raises:
        ValueError: A name is longer than Cloud Logging takes.

    Attributes:
        metrics: The metrics, by name (known at synth).
    """

    def __init__(
        self, scope: Construct, id_: str, *, google: GoogleProvider, project: str, metrics: Iterable[LogMetric]
    ) -> None:
        metrics = tuple(metrics)
        refuse(
            f"name must have at most {NAME_LENGTH} characters, got {len(metric.name)}: '{metric.name}'"
            for metric in metrics
            if len(metric.name) > NAME_LENGTH
        )
        super().__init__(scope, id_)
        self._google = google
        self._project = project
        self.metrics = {metric.name: self._add(metric) for metric in metrics}

    def _add(self, metric: LogMetric) -> LoggingMetric:
        labels = [
            LoggingMetricMetricDescriptorLabels(key=name, value_type="STRING", description=label.description)
            for name, label in metric.labels.items()
        ]
        return LoggingMetric(
            self,
            metric.name,
            provider=self._google,
            project=self._project,
            name=metric.name,
            description=metric.description,
            filter=metric.filter,
            metric_descriptor=LoggingMetricMetricDescriptor(
                metric_kind="DELTA", value_type="INT64", unit="1", labels=labels
            ),
            label_extractors={name: label.extractor for name, label in metric.labels.items()},
        )
