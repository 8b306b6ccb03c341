"""What Google grants: the limits of quotas, and how much of them is in use."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from gke_inference.preflight.quota_names import Quota
from gke_inference.preflight.target import Target

PERMISSION = "compute.regions.get, compute.projects.get and serviceusage.quotas.get"


@dataclass(frozen=True)
class Limit:
    """
    One limit.

    Attributes:
        limit: How much may be in use; infinite where there is no limit.
        usage: How much is in use; None where that is not known.
        zones: Those whose own limits it is; empty for one of the region or the project.
    """

    limit: float
    usage: float | None = None
    zones: tuple[str, ...] = ()

    def __str__(self) -> str:
        zones = f" in {' and '.join(self.zones)}" if self.zones else ""
        used = "how much is in use is unknown" if self.usage is None else f"{self.usage:g} in use"
        return f"limit {self.limit:g}{zones}, {used}"


@dataclass(frozen=True)
class Limits:
    """
    The limits of one region with its zones, or of the whole project.

    Attributes:
        region: Name of the region; empty for the project.
        zones: Zones of the region that are used.
        listed: What the compute API lists of it.
    """

    target: Target
    region: str
    zones: tuple[str, ...]
    listed: list[dict[str, Any]]

    @classmethod
    def of_project(cls, target: Target, project: str) -> Limits:
        """Return those of *project*, the platform's or its network's, as the compute API lists them."""
        answer = target.google.call("compute", "v1", "projects.get", project=project)
        return cls(target, "", (), answer.get("quotas", []))

    @classmethod
    def of_region(cls, target: Target, key: str) -> Limits:
        """Return those of the region *key*, as the compute API lists them."""
        spec = target.config.regions[key]
        answer = target.google.call("compute", "v1", "regions.get", project=target.project, region=spec.region)
        return cls(target, spec.region, tuple(spec.zones), answer.get("quotas", []))

    def limit(self, quota: Quota, *, even: bool) -> Limit | None:
        """
        Return its limit; None where there is no such quota. The compute API has old ones only, but with their use.

        Service Usage has limits of zones beside those of regions, such as PREEMPTIBLE-TPU-V6E-per-project-zone; a
        project may have either, or both with -1 for no limit. The smaller one counts. With *even* all zones are used
        alike, so that together they hold as often the smallest limit as there are zones.
        """
        for entry in self.listed if quota.family is None else ():
            if entry["metric"] == quota.metric:
                return Limit(float(entry.get("limit", 0)), float(entry.get("usage", 0)))
        listed = self._service_usage(quota)
        whole = _bucket(listed, quota, {"region": self.region} if self.region else {})
        parts = [part for zone in self.zones if (part := _bucket(listed, quota, {"zone": zone})) is not None]
        zonal = (len(parts) * min(parts) if even else sum(parts)) if parts else None
        if zonal is not None and (whole is None or zonal < whole):
            return Limit(zonal, zones=self.zones)
        return None if whole is None else Limit(whole)

    def _service_usage(self, quota: Quota) -> list[dict[str, Any]]:
        # The name is a part of a path: its slash is a letter.
        metric = f"compute.googleapis.com%2F{quota.metric.lower()}"
        name = f"projects/{self.target.project}/services/compute.googleapis.com/consumerQuotaMetrics/{metric}"
        answer = self.target.google.find("serviceusage", "v1beta1", "services.consumerQuotaMetrics.get", name=name)
        return list((answer or {}).get("consumerQuotaLimits", []))


def _bucket(limits: Iterable[dict[str, Any]], quota: Quota, place: dict[str, str]) -> float | None:
    """Return the limit of *place* (region, zone, or project): the bucket with the most dimensions that fit."""
    wanted = dict([quota.family] if quota.family else []) | place
    buckets = [
        bucket
        for limit in limits
        # A unit reads 1/{project}/{region}.
        if all((f"{{{name}}}" in limit.get("unit", "")) == (name in place) for name in ("region", "zone"))
        for bucket in limit.get("quotaBuckets", [])
        # Google's pages spell families in both cases.
        if all(wanted.get(name, "").lower() == value.lower() for name, value in bucket.get("dimensions", {}).items())
    ]
    if not buckets:
        return None
    # JSON of Google's leaves out a number that is 0.
    limit = float(max(buckets, key=lambda bucket: len(bucket.get("dimensions", {}))).get("effectiveLimit", 0))
    return float("inf") if limit < 0 else limit
