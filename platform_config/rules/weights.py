"""Rules about weights: where they come from, and what their download needs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fnmatch import fnmatchcase

from constructs_lib.specs import WeightsSpec
from platform_config.config import Config
from platform_config.errors import Problem, shown, yaml_path
from platform_config.model import Model
from platform_config.names import Names
from platform_config.rules.rule import Rule, models, per_model
from platform_config.stack_graph import WEIGHTS_STACK

SECRET_NAME = r"[A-Za-z0-9_-]{1,255}"
DOWNLOAD_MINUTES = WeightsSpec.download_timeout_minutes
# A server of Mistral's own format has the second (vLLM, --config-format).
CONFIG_FILES = ("config.json", "params.json")
OBJECT_NAME = r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?"


def _missing(at: str, model: Model) -> Iterator[Problem]:
    if model.weights is None and model.server.kind != "custom":
        message = f"must be given for a {model.server.kind} server, got nothing"
        fix = "write repository and revision, or bucket_path, or image_path where the image has the weights"
        yield Problem(f"{at}.weights", message, fix)


def _source(config: Config) -> Iterator[Problem]:
    if config.reads_bucket and config.bucket is None:
        location = (*config.universe.regions, "US")[0]
        fix = f"write bucket: {{location: {location}}}"
        yield Problem("bucket", "must be given for weights from the bucket, got nothing", fix)
    if config.bucket is not None and config.bucket.download_region is not None and not _downloads(config):
        message = f"must be left out where nothing is downloaded, got {shown(config.bucket.download_region)}"
        yield Problem("bucket.download_region", message, "remove the line")


def _downloads(config: Config) -> bool:
    return any(model.weights is not None and model.weights.snapshots for _, model in models(config))


def _idle(at: str, model: Model) -> Iterator[Problem]:
    """Yield each setting of the download where nothing is downloaded."""
    weights = model.weights
    if weights is None or weights.snapshots:
        return
    minutes = weights.download_timeout_minutes
    idle = {
        "source": shown(weights.source) if weights.source else "",
        "hugging_face_token": "a map" if weights.hugging_face_token else "",
        "download_timeout_minutes": str(minutes) if minutes != DOWNLOAD_MINUTES else "",
        "loader": shown(weights.loader) if weights.loader != WeightsSpec.loader else "",
    }
    for setting, given in idle.items():
        if given:
            message = f"must be left out where nothing is downloaded, got {given}"
            yield Problem(f"{at}.weights.{setting}", message, "remove the line, or name a repository")


def _files(at: str, model: Model) -> Iterator[Problem]:
    """Yield a choice of files without the one that a server reads first, under the name of either format."""
    files = model.weights.files if model.weights else ()
    has_config = any(fnmatchcase(name, pattern) for name in CONFIG_FILES for pattern in files)
    if files and not has_config and model.server.kind != "custom":
        message = f"must take config.json too for a {model.server.kind} server, got {', '.join(map(shown, files))}"
        fix = "remove it: one set of weights is taken, with config and tokenizer; or add '*.json' and 'tokenizer*'"
        yield Problem(f"{at}.weights.files", message, fix)


def _unread(config: Config) -> Iterator[Problem]:
    if config.bucket is not None and not config.reads_bucket:
        message = "should be left out once no server reads it, got a map"
        yield Problem("bucket", message, f"deploy, destroy {WEIGHTS_STACK}, then remove it and deploy again")


def _own_bucket(at: str, model: Model) -> Iterator[Problem]:
    """Yield each path in a bucket that this platform fills, deletes, or keeps its state in."""
    weights, config = model.weights, model.config
    if weights is None:
        return
    paths = {"bucket_path": weights.bucket_path}
    paths |= {
        yaml_path(("lora_adapters", name)): adapter.bucket_path for name, adapter in weights.lora_adapters.items()
    }
    taken = {Names(config).bucket: "the model bucket of this platform"} if config.bucket is not None else {}
    taken |= {config.state_bucket: "the bucket of the Terraform state"} if config.state_bucket is not None else {}
    for setting, path in paths.items():
        bucket = path.removeprefix("gs://").partition("/")[0] if path is not None else ""
        if bucket in taken:
            where = setting if setting == "bucket_path" else f"{setting}.bucket_path"
            message = f"must be in a bucket of its own, got {taken[bucket]}"
            yield Problem(f"{at}.weights.{where}", message, "copy the folder to a bucket that no platform manages")


def _secret(at: str, model: Model) -> Iterator[Problem]:
    token, path = model.weights.hugging_face_token if model.weights else None, f"{at}.weights.hugging_face_token"
    if token is None:
        return
    if token.secret_manager is not None and not re.fullmatch(SECRET_NAME, token.secret_manager):
        message = f"must be a secret's name of letters, digits, _ and -, got {shown(token.secret_manager)}"
        name = re.sub(r"/versions/[^/]*$", "", token.secret_manager).split("/")[-1]
        fix = f"write '{name}'" if re.fullmatch(SECRET_NAME, name) else "`gcloud secrets list` shows them"
        yield Problem(f"{path}.secret_manager", message, fix)
    secret = token.kubernetes_secret
    if secret and not re.fullmatch(OBJECT_NAME, secret.name):
        message = f"must be a Secret's name of lower case letters, digits, - and ., got {shown(secret.name)}"
        yield Problem(f"{path}.kubernetes_secret.name", message, "`kubectl get secrets` shows them")
    if secret and not re.fullmatch(r"[A-Za-z0-9._-]{1,253}", secret.key):
        message = f"must be a key of letters, digits, ., _ and -, got {shown(secret.key)}"
        yield Problem(f"{path}.kubernetes_secret.key", message, "`kubectl describe secret` shows them")


def _long_download(at: str, model: Model) -> Iterator[Problem]:
    weights, auth = model.weights, model.config.kubernetes_auth
    minutes = weights.download_timeout_minutes if weights else 0
    if auth != "exec" and weights and weights.reads_bucket and not weights.in_cloud_run and minutes > 60:
        message = f"should be at most 60 with kubernetes_auth: {auth}, got {minutes}"
        yield Problem(f"{at}.weights.download_timeout_minutes", message, "write kubernetes_auth: exec")


RULES = (
    Rule(
        "MODEL-WEIGHTS",
        "A vLLM or SGLang server has weights",
        "It would start without a model, or with the example that its program has as a default.",
        "vLLM, Engine arguments; sgl-project/sglang, Server arguments",
        per_model(_missing),
    ),
    Rule(
        "MODEL-SOURCE",
        "There is a bucket where downloads go to one, and a download region only where something is downloaded",
        "Servers would look for weights that are not there.",
        "this library",
        _source,
    ),
    Rule(
        "MODEL-UNREAD",
        "There is no bucket that no server reads",
        "It is filled and costs money. It is needed only while servers change to Hugging Face.",
        "docs/decisions/0034-what-stays-until-it-is-not-needed.md",
        _unread,
        severity="warning",
    ),
    Rule(
        "MODEL-IDLE",
        "Source, token and time of a download are given where something is downloaded",
        "They would look as if the weights came from Hugging Face.",
        "this library",
        per_model(_idle),
    ),
    Rule(
        "MODEL-FILES",
        "The `files` that a vLLM or SGLang server gets have its configuration among them",
        "They are all that is downloaded, and the server is offline: without `config.json` none starts.",
        "vLLM, ModelConfig and --config-format; docs/models.md, Which files are downloaded",
        per_model(_files),
    ),
    Rule(
        "MODEL-BUCKET",
        "`bucket_path` is neither in the model bucket nor in the bucket of the state",
        "A teardown may delete the one, with what was copied into it. Who reads the other reads what the state holds.",
        "Terraform, Sensitive data in state; provider google, google_storage_bucket.force_destroy",
        per_model(_own_bucket),
    ),
    Rule(
        "MODEL-SECRET",
        "The token's secret is given by its name",
        "The add-on builds the path from the name; a path or a token instead of it is not found.",
        "Google, Secret Manager, Create a secret; Kubernetes, Secrets",
        per_model(_secret),
    ),
    Rule(
        "MODEL-DOWNLOAD-60",
        "A download that may take over an hour uses `kubernetes_auth: exec`",
        "The token of the apply ends after an hour, and the apply with it; it is not renewed.",
        "hashicorp/terraform-provider-kubernetes, Using the provider with GKE; "
        "provider google 7.45.0, ephemeral google_client_config, which cannot be renewed",
        per_model(_long_download),
        severity="warning",
    ),
)
