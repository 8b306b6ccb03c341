"""Rules about buckets: names that Google accepts, locations that exist, state and weights in two buckets."""

from __future__ import annotations

import re
from collections.abc import Iterator

from constructs_lib.google_names import BUCKET_ALPHABET, REGION, wrong_bucket
from constructs_lib.specs.limits import SECRET
from platform_config.config import Config
from platform_config.errors import Problem, shown
from platform_config.names import Names
from platform_config.rules.rule import Rule

CONTINENTS = {"US": ("us-",), "EU": ("europe-",), "ASIA": ("asia-",)}
DUAL_REGIONS = {"ASIA1": "asia-", "NAM4": "us-", **dict.fromkeys(("EUR4", "EUR5", "EUR7", "EUR8"), "europe-")}


def _bucket_names(config: Config) -> Iterator[Problem]:
    names = {}
    if config.bucket is not None:
        names["bucket.name" if config.bucket.name else "project"] = Names(config).bucket
    if config.state_bucket is not None:
        names["state_bucket"] = config.state_bucket
    for where, name in names.items():
        if where == "project" and not re.fullmatch(BUCKET_ALPHABET, name):
            continue  # NAME-PROJECT and NAME-WORD report the part that is wrong.
        if wrong := wrong_bucket(name):
            made, what = ("the default bucket name made from it ", "bucket.name") if where == "project" else ("", "it")
            own = "" if where == "project" else _likely_name(name)
            fix = f"write '{own}'" if own else f"give {what} another name"
            yield Problem(where, f"{made}must {wrong}, got {shown(name)}", fix)


def _likely_name(text: str) -> str:
    """Return the bucket's name in an address, in a path, or in upper case; empty if there is none."""
    bare = re.sub(r"^([a-z]+://)(storage\.(googleapis|cloud\.google)\.com/)?", "", text).split("/")[0].lower()
    name = re.sub(r"\s+", "-", bare.strip())
    return name if name != text and not SECRET.search(text) and not wrong_bucket(name) else ""


def _location(config: Config) -> Iterator[Problem]:
    if config.bucket is None or config.universe.regions:  # UNIV-BUCKET names the locations of such a universe.
        return
    location = config.bucket.location
    known = [*CONTINENTS, *DUAL_REGIONS]
    if location.upper() not in known and not re.fullmatch(REGION, location.lower()):
        zone = re.fullmatch(rf"({REGION})-\w+", location)
        message = f"must be {', '.join(known)} or a region such as us-east5, got {shown(location)}"
        yield Problem(
            "bucket.location", message, f"write '{zone[1]}'" if zone else "write 'US' or 'EU', or a cluster's region"
        )


def _far(config: Config) -> Iterator[Problem]:
    if config.bucket is None or config.universe.regions:
        return
    location = config.bucket.location.upper()
    near = CONTINENTS.get(location) or (DUAL_REGIONS.get(location, location.lower().split("-")[0] + "-"),)
    regions = [region.region for region in config.regions.values()]
    if regions and not any(region.startswith(near) for region in regions):
        message = f"should be near a cluster ({', '.join(regions)}), got {shown(config.bucket.location)}"
        yield Problem("bucket.location", message, "choose a location on the continent of a cluster")


def _state(config: Config) -> Iterator[Problem]:
    if config.bucket is not None and config.state_bucket is not None and config.state_bucket == Names(config).bucket:
        message = f"must not be the model bucket, got {shown(config.state_bucket)}"
        yield Problem("state_bucket", message, "create a bucket for the state by hand")


def _force_destroy(config: Config) -> Iterator[Problem]:
    if config.bucket is not None and config.bucket.force_destroy:
        kept = f"kept for {config.bucket.soft_delete_days} days" if config.bucket.soft_delete_days else "gone at once"
        message = f"should be false, got true: a destroy deletes the weights, which are then {kept}"
        yield Problem("bucket.force_destroy", message, "remove the line")


RULES = (
    Rule(
        "BUCKET-NAME",
        "Bucket names follow Google's rules, and hold no dots",
        "The namespace is shared by all of Google Cloud; names with dots need a verified domain.",
        "Google, About Cloud Storage buckets, bucket names",
        _bucket_names,
    ),
    Rule(
        "BUCKET-LOCATION",
        "`location` is a region, a dual-region or a multi-region",
        "A zone or a continent's name is refused.",
        "Google, Bucket locations",
        _location,
    ),
    Rule(
        "BUCKET-STATE",
        "The Terraform state is not in the model bucket",
        "The bucket must exist before the first stack, and a destroy would delete the state that it needs.",
        "Terraform, gcs backend",
        _state,
    ),
    Rule(
        "BUCKET-FAR",
        "The bucket is on a continent where the model is served",
        "Every start would read the weights across an ocean, and pay for it.",
        "Google, Cloud Storage pricing, network",
        _far,
        severity="warning",
    ),
    Rule(
        "BUCKET-FORCE",
        "A destroy leaves the weights",
        "They take an hour to download again, and the old revision may be gone.",
        "provider google 7.45, google_storage_bucket.force_destroy",
        _force_destroy,
        severity="warning",
    ),
)
