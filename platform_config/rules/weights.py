"""Rules about weights: where they come from, where they are kept, and the room they need on a node."""

from __future__ import annotations

import re
from collections.abc import Iterator

from constructs_lib.accelerators import PoolPlan
from constructs_lib.manifests.model_server import OWN_FILES_GIB
from constructs_lib.node_room import disk_left_gib, local_ssds_left_gib
from platform_config.config import Config
from platform_config.errors import TOKEN, Problem, shown, yaml_path
from platform_config.model import Model
from platform_config.rules.rule import Rule, models, per_model, serving_nodes
from platform_config.stack_graph import WEIGHTS_STACK

BESIDE = f", less {OWN_FILES_GIB} GiB for the server's own files"
LORA_RANKS = (8, 16, 32, 64, 128, 256, 320, 512)
SECRET_NAME = r"[A-Za-z0-9_-]{1,255}"
OBJECT_NAME = r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?"


def _cache_disk(at: str, model: Model) -> Iterator[Problem]:
    for path, plan, pods in _nodes(model):
        needed, disk = (model.file_cache_gib + OWN_FILES_GIB) * pods, plan.spec.disk_gib
        left = disk_left_gib(disk)
        if plan.local_ssds:
            yield from _cache_ssd(at, model, plan, pods)
            continue
        if needed <= left:
            continue
        enough = next((size for size in range(10, 65536, 10) if disk_left_gib(size) >= needed), 65536)
        if model.server.file_cache_gib:
            most = _most_cache(left, pods)
            write = f"write {most}, or" if most else "write"
            message = f"must be at most {most}, what GKE leaves of {disk} GiB of disk{_share(pods)}{BESIDE}"
            got = f", got {model.server.file_cache_gib}"
            yield Problem(f"{at}.server.file_cache_gib", message + got, f"{write} {path}.disk_gib: {enough}")
        else:
            message = f"must leave {needed} GiB for the weights and the server's own files, got {disk}"
            fix = f"write {enough}, or a smaller {at}.server.file_cache_gib"
            yield Problem(f"{path}.disk_gib", f"{message} of which GKE leaves {left}", fix)


def _cache_ssd(at: str, model: Model, plan: PoolPlan, pods: int) -> Iterator[Problem]:
    machine, cache = plan.machine, model.file_cache_gib
    most = _most_cache(local_ssds_left_gib(plan.local_ssds, plan.local_ssd_gib), pods)
    if cache > most:
        where = f"the {plan.local_ssd_gib} GiB of local SSD of {machine.machine_type}{_share(pods)}{BESIDE}"
        message = f"must be at most {most}, what GKE leaves of {where}, got {cache}"
        fix = f"write {most}" if model.server.file_cache_gib else "choose a larger machine"
        yield Problem(f"{at}.server.file_cache_gib", message, fix)


def _most_cache(left_gib: int, pods: int) -> int:
    return max(0, left_gib // pods - OWN_FILES_GIB)


def _share(pods: int) -> str:
    return f" to each of the {pods} pods of a node" if pods > 1 else ""


def _nodes(model: Model) -> Iterator[tuple[str, PoolPlan, int]]:
    """Yield path, plan and pods per node of each pool that the model server may run on."""
    for key in model.regions:
        nodes = serving_nodes(model, key)
        for path, plan in nodes.pools.items() if nodes else ():
            yield path, plan, max(1, nodes.pods_per_node(plan) if nodes else 1)


def _source(config: Config) -> Iterator[Problem]:
    if config.reads_bucket and config.bucket is None:
        yield Problem(
            "bucket", "must be given for weights from the bucket, got nothing", "write bucket: {location: US}"
        )
    if config.bucket is not None and config.bucket.download_region is not None and not _downloads(config):
        message = f"must be left out where nothing is downloaded, got {shown(config.bucket.download_region)}"
        yield Problem("bucket.download_region", message, "remove the line")


def _downloads(config: Config) -> bool:
    return any(model.weights is not None and model.weights.repository is not None for _, model in models(config))


def _unread(config: Config) -> Iterator[Problem]:
    if config.bucket is not None and not config.reads_bucket:
        message = "should be left out once no server reads it, got a map"
        yield Problem("bucket", message, f"deploy, destroy {WEIGHTS_STACK}, then remove it and deploy again")


def _adapters(_: str, model: Model) -> Iterator[Problem]:
    for name in model.weights.lora_adapters if model.weights else ():
        path = yaml_path(("models", model.key, "weights", "lora_adapters", name))
        if not re.fullmatch(r"[a-z0-9]([a-z0-9-]{0,48}[a-z0-9])?", name):
            message = f"must be named with 1 to 50 lower case letters, digits and hyphens, got {shown(name)}"
            fix = re.sub(r"[^a-z0-9]+", "-", TOKEN.sub("", name).lower()).strip("-")[:50].rstrip("-")
            yield Problem(path, message, f"write '{fix or 'adapter-1'}'")
        elif name == model.name:
            yield Problem(
                path, f"must have another name than the model itself, got {shown(name)}", "rename one of them"
            )


def _pinned(_: str, model: Model) -> Iterator[Problem]:
    for name, adapter in model.weights.lora_adapters.items() if model.weights else ():
        if adapter.revision == "main":
            path = f"{yaml_path(('models', model.key, 'weights', 'lora_adapters', name))}.revision"
            fix = f"copy the newest commit of https://huggingface.co/{adapter.repository}/commits/main"
            yield Problem(path, "should be a commit, so that all servers have the same, got main", fix)


def _rank(at: str, model: Model) -> Iterator[Problem]:
    rank, path = model.server.max_lora_rank, f"{at}.server.max_lora_rank"
    if rank is not None and rank not in LORA_RANKS:
        allowed = ", ".join(map(str, LORA_RANKS))
        enough = next((known for known in LORA_RANKS if known >= rank), LORA_RANKS[-1])
        yield Problem(path, f"must be one of {allowed}, got {rank}", f"write {enough}")
    elif rank is not None and not (model.weights and model.weights.lora_adapters):
        yield Problem(path, f"must be left out without weights.lora_adapters, got {rank}", "remove the line")


def _cache_small(at: str, model: Model) -> Iterator[Problem]:
    given, weights = model.server.file_cache_gib, model.weights.gib if model.weights else 0
    if given and given < weights:
        message = f"should be at least {weights}, the size of the weights, got {given}"
        yield Problem(f"{at}.server.file_cache_gib", message, "remove the line")


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
    if auth != "exec" and weights and weights.reads_bucket and minutes > 60:
        message = f"should be at most 60 with kubernetes_auth: {auth}, got {minutes}"
        yield Problem(f"{at}.weights.download_timeout_minutes", message, "write kubernetes_auth: exec")


RULES = (
    Rule(
        "CACHE-DISK",
        "The weights and own files of a node's pods fit on the disk that GKE leaves them",
        "The pods ask for that much disk: without it they stay pending, or are evicted while they load the weights.",
        "Google, Plan GKE node sizes; GoogleCloudPlatform/gcs-fuse-csi-driver, troubleshooting.md",
        per_model(_cache_disk),
    ),
    Rule(
        "MODEL-SOURCE",
        "There is a bucket where the weights come from one, and a download region where there is a bucket",
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
        "MODEL-ADAPTER",
        "An adapter's name differs from the model's, and has lower case letters, digits and hyphens",
        "Clients choose an adapter or the model by name; the download container's name has it too.",
        "Kubernetes, Object names; vLLM, LoRA adapters",
        per_model(_adapters),
    ),
    Rule(
        "MODEL-LORA-RANK",
        "`max_lora_rank` is one that vLLM supports, and there are adapters",
        "vLLM refuses others when it starts.",
        "vLLM, LoRAConfig",
        per_model(_rank),
    ),
    Rule(
        "MODEL-SECRET",
        "The token's secret is given by its name",
        "The add-on builds the path from the name; a path or a token instead of it is not found.",
        "Google, Secret Manager, Create a secret; Kubernetes, Secrets",
        per_model(_secret),
    ),
    Rule(
        "MODEL-PINNED",
        "Adapters are pinned to a commit",
        "Each server gets the `main` of the time it starts: two may differ, and a bucket keeps what it has.",
        "Hugging Face, Repositories, revisions",
        per_model(_pinned),
        severity="warning",
    ),
    Rule(
        "CACHE-SMALL",
        "The file cache holds all weights",
        "The cache drops files while others are read: each start reads the bucket again.",
        "GoogleCloudPlatform/gcs-fuse-csi-driver, file cache",
        per_model(_cache_small),
        severity="warning",
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
