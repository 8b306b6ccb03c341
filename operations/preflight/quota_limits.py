"""What Google grants: the limits of quotas, and how much of them is in use."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from operations.preflight.check import Subject
from operations.preflight.quota_names import Quota

PERMISSION = "compute.regions.get, compute.projects.get and serviceusage.quotas.get"


@dataclass(frozen=True)
class Limit:
    """
    One limit.

    Attributes:
        limit: How much may be in use; infinite where there is no limit.
        usage: How much is in use; None where that is not told.
    """

    limit: float
    usage: float | None


@dataclass(frozen=True)
class Limits:
    """
    The limits of one region, or of the whole project.

    Attributes:
        region: Name of the region; empty for the project.
        listed: What the compute API tells of it.
    """

    subject: Subject
    region: str
    listed: list[dict[str, Any]]

    @classmethod
    def of(cls, subject: Subject, region: str = "") -> Limits:
        """Those of *region*, or of the project, as the compute API tells them now."""
        if region:
            answer = subject.google.call("compute", "v1", "regions.get", project=subject.project, region=region)
        else:
            answer = subject.google.call("compute", "v1", "projects.get", project=subject.project)
        return cls(subject, region, answer.get("quotas", []))

    def limit(self, quota: Quota) -> Limit | None:
        """Its limit; None where there is no such quota. The compute API knows old ones only, but tells their use."""
        if quota.family is None:
            for entry in self.listed:
                if entry["metric"] == quota.metric:
                    return Limit(float(entry.get("limit", 0)), float(entry.get("usage", 0)))
        return self._of_service_usage(quota)

    def _of_service_usage(self, quota: Quota) -> Limit | None:
        """The bucket with the most dimensions that are ours; -1 stands for no limit."""
        # The name is a part of a path: its slash is a letter.
        metric = f"compute.googleapis.com%2F{quota.metric.lower()}"
        name = f"projects/{self.subject.project}/services/compute.googleapis.com/consumerQuotaMetrics/{metric}"
        answer = self.subject.looked_up("serviceusage", "v1beta1", "services.consumerQuotaMetrics.get", name=name)
        ours = dict([quota.family] if quota.family else []) | ({"region": self.region} if self.region else {})
        buckets = [
            bucket
            for limit in (answer or {}).get("consumerQuotaLimits", [])
            if self._same_place(limit.get("unit", ""))
            for bucket in limit.get("quotaBuckets", [])
            # Google's pages spell families in both cases.
            if all(ours.get(name, "").lower() == value.lower() for name, value in bucket.get("dimensions", {}).items())
        ]
        if not buckets:
            return None
        # JSON of Google's leaves out a number that is 0.
        limit = float(max(buckets, key=lambda bucket: len(bucket.get("dimensions", {}))).get("effectiveLimit", 0))
        return Limit(float("inf") if limit < 0 else limit, None)

    def _same_place(self, unit: str) -> bool:
        """Whether a limit such as 1/{project}/{region} is one of regions, or of the project: zones have some, too."""
        return "{zone}" not in unit and ("{region}" in unit) == bool(self.region)
