"""The model bucket's settings."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class BucketSpec:
    """
    Model weights in one bucket that every cluster mounts.

    Args:
        location: Region, dual-region or multi-region, such as `us-east5`, `NAM4` or `US`. Cannot change later; a
            cluster far from it reads across the ocean at each start, so there is no default.
        name: Bucket name, unique in all of Google Cloud. Default: `<project>-<name>-weights`.
        soft_delete_days: Days for which deleted objects can be restored: 0 (off, saves money) or 7 to 90.
        versioning: Keeps the old version of an object that is overwritten.
        force_destroy: Deletes the weights with the bucket on destroy. Off: a bucket that holds data stays.
    """

    location: str
    name: str | None = None
    soft_delete_days: int = 7
    versioning: bool = False
    force_destroy: bool = False

    def __post_init__(self) -> None:
        if self.soft_delete_days != 0 and not 7 <= self.soft_delete_days <= 90:
            raise ValueError(f"soft_delete_days must be 0 or between 7 and 90, got {self.soft_delete_days}")
