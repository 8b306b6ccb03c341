"""The model bucket's settings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from constructs_lib.specs.limits import Between, refuse, wrong_settings


@dataclass(frozen=True, kw_only=True)
class BucketSpec:
    """
    Model weights in one bucket that every cluster mounts.

    Args:
        location: Region, dual-region or multi-region, such as `us-east5`, `NAM4` or `US`. Cannot change later; a
            cluster far from it reads across the ocean at each start, so there is no default.
        download_region: Key of the region whose cluster downloads, or where Cloud Run does. Default: that of the config
            cluster.
        name: Bucket name, unique in all of Google Cloud. Default: `<project>-<name>-weights`.
        soft_delete_days: Days for which deleted objects can be restored: 0 (off, saves money) or 7 to 90.
        versioning: Keeps the old version of an object that is overwritten.
        force_destroy: Deletes the weights with the bucket on destroy. Off: a bucket that holds data stays.
    """

    location: str
    download_region: str | None = None
    name: str | None = None
    # Source: Google, "Soft delete": 7 to 90 days, or 0 for none.
    soft_delete_days: Annotated[int, Between(7, 90, or_zero=True)] = 7
    versioning: bool = False
    force_destroy: bool = False

    def __post_init__(self) -> None:
        refuse(wrong_settings(self))
