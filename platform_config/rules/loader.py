"""Rules about Cloud Run as what downloads the weights."""

from __future__ import annotations

from collections.abc import Iterator

from constructs_lib.places import places
from constructs_lib.universe import source_of, universe_name
from platform_config.config import Config
from platform_config.errors import Problem, shown
from platform_config.model import Model
from platform_config.rules.rule import Rule, models, per_model

BY_JOB = "write loader: job"


def _idle(at: str, model: Model) -> Iterator[Problem]:
    """Yield a loader where each server downloads for itself: there is no bucket to fill."""
    weights = model.weights
    if weights is not None and weights.loader == "cloud_run" and weights.from_hugging_face:
        message = "must be left out with source: hugging_face, got 'cloud_run': each server downloads for itself"
        yield Problem(f"{at}.weights.loader", message, "remove the line, or write source: bucket")


def _token(at: str, model: Model) -> Iterator[Problem]:
    weights = model.weights
    if weights is None or not weights.in_cloud_run or weights.hugging_face_token is None:
        return
    if secret := weights.hugging_face_token.kubernetes_secret:
        message = f"must be in Secret Manager with loader: cloud_run, got the Kubernetes Secret {shown(secret.name)}"
        fix = f"write hugging_face_token: {{secret_manager: hugging-face-token}}, or {BY_JOB}"
        yield Problem(f"{at}.weights.hugging_face_token", message, fix)


def _places(config: Config) -> Iterator[Problem]:
    """Yield each model that Cloud Run cannot load: there is none in the region, or in the universe."""
    # Other rules report a config cluster that is missing, and a download region that is none.
    homes = (key for key, region in config.regions.items() if config.is_regional or region.config_cluster)
    key = (config.bucket.download_region if config.bucket else None) or next(homes, "")
    if key not in config.regions:
        return
    region, known = config.regions[key].region, places()
    for at, model in models(config):
        if model.weights is None or not model.weights.in_cloud_run:
            continue
        if not config.universe.has("cloud_run"):
            universe = f"{universe_name(config.universe)} lacks Cloud Run ({source_of(config.universe, 'cloud_run')})"
            yield Problem(f"{at}.weights.loader", f"must be job, got 'cloud_run': the universe {universe}", BY_JOB)
        elif known.lacks_cloud_run(region):
            message = f"must be job in {region}, which had no Cloud Run on {known.date}, got 'cloud_run'"
            others = [key for key, each in config.regions.items() if not known.lacks_cloud_run(each.region)]
            there = f", or bucket.download_region: {others[0]}" if others else ""
            yield Problem(f"{at}.weights.loader", message, f"{BY_JOB}{there}")


RULES = (
    Rule(
        "LOADER-BUCKET",
        "`loader: cloud_run` is given where the weights go into the bucket",
        "It would look as if Cloud Run downloaded what each server downloads for itself.",
        "this library",
        per_model(_idle),
    ),
    Rule(
        "LOADER-TOKEN",
        "The token is in Secret Manager where Cloud Run downloads",
        "Cloud Run is in no cluster and sees no Secret of one.",
        "Google, Configure secrets for jobs",
        per_model(_token),
    ),
    Rule(
        "LOADER-PLACE",
        "Cloud Run downloads where it is: in the region of the download, in this universe",
        "The job could not be made, after network and bucket have been.",
        "constructs_lib/data/places.json and constructs_lib/universe.py, which name their sources",
        _places,
    ),
)
