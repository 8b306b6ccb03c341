"""Cases of the rules about Cloud Run as what downloads the weights."""

from __future__ import annotations

from constructs_lib.universe import BERLIN_CLOUD_RUN
from tests.platform_config.rules.case import Case, Changes, More
from tests.platform_config.rules.cases_universe import BERLIN, S3NS

LOADER = "models__gemma__weights__loader"
IN_KUBERNETES = {"kubernetes_secret": {"name": "hf", "key": "token"}}
MEXICO: Changes = {"regions__eu": {"number": 2, "region": "northamerica-south1", "zones": ["northamerica-south1-a"]}}

CASES: dict[str, Case] = {
    "LOADER-BUCKET": Case(
        {"models__gemma__weights__source": "hugging_face", LOADER: "job", "bucket": None},
        {"models__gemma__weights__source": "hugging_face", LOADER: "cloud_run", "bucket": None},
        "models.gemma.weights.loader: must be left out with source: hugging_face, got 'cloud_run': each server "
        "downloads for itself -> remove the line, or write source: bucket",
    ),
    "LOADER-TOKEN": Case(
        {LOADER: "cloud_run"},
        {LOADER: "cloud_run", "models__gemma__weights__hugging_face_token": IN_KUBERNETES},
        "models.gemma.weights.hugging_face_token: must be in Secret Manager with loader: cloud_run, got the "
        "Kubernetes Secret 'hf' -> write hugging_face_token: {secret_manager: hugging-face-token}, or write "
        "loader: job",
    ),
    "LOADER-PLACE": Case(
        {LOADER: "cloud_run", **MEXICO},
        {LOADER: "cloud_run", **MEXICO, "bucket__download_region": "eu"},
        "models.gemma.weights.loader: must be job in northamerica-south1, which had no Cloud Run on 2026-11-27, "
        "got 'cloud_run' -> write loader: job, or bucket.download_region: us",
    ),
}

MORE: dict[str, More] = {
    "Cloud Run is in the universe of S3NS": ("LOADER-PLACE", {**S3NS, LOADER: "cloud_run"}, []),
    "it is not known in that of Berlin": (
        "LOADER-PLACE",
        {**BERLIN, LOADER: "cloud_run"},
        [
            "models.gemma.weights.loader: must be job, got 'cloud_run': the universe berlin lacks Cloud Run "
            f"({BERLIN_CLOUD_RUN}) -> write loader: job",
        ],
    ),
    "a download region that is none is reported once": (
        "LOADER-PLACE",
        {LOADER: "cloud_run", "bucket__download_region": "nowhere"},
        [],
    ),
    "the provider of Cloud Run renews its token": (
        "MODEL-DOWNLOAD-60",
        {LOADER: "cloud_run", "models__gemma__weights__download_timeout_minutes": 120},
        [],
    ),
    "the account of a loader has the names of platform and model": (
        "NAME-ACCOUNT-30",
        {"name": "inference-in-two-regions", LOADER: "cloud_run"},
        [
            "models.gemma: must give a service account ID of at most 30 characters, got 35: "
            "'inference-in-two-regions-load-gemma' -> shorten name or the key by 5",
        ],
    ),
}
