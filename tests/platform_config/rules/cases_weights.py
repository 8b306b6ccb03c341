"""Cases of the rules about weights and buckets."""

from __future__ import annotations

from platform_config.stack_graph import WEIGHTS_STACK
from tests.platform_config.rules.case import Case, Changes, More, choices, growing, pool

COMMIT = "0" * 40
REPOSITORY, REVISION = "google/gemma-3-27b-it", "005ad3404e59d6023443cb575daa05336842228a"
WEIGHTS = "models__gemma__weights"
OWN = {"bucket_path": "gs://my-models/fine-tuned/v3"}
IN_IMAGE = {"image_path": "/opt/gemma"}
CUSTOM: Changes = {
    "models__gemma__server": {"kind": "custom", "image": "docker.io/example/server:1", "port": 80, "health_path": "/ok"}
}
FROM_HUGGING_FACE: Changes = {"bucket": None, "models__gemma__weights__source": "hugging_face"}


def adapters(*names: str) -> Changes:
    """Make one repository under these names."""
    return {
        "models__gemma__weights__lora_adapters": {
            name: {"repository": "owner/adapter", "revision": COMMIT} for name in names
        }
    }


def others(*names: str) -> Changes:
    """Name one repository so."""
    return {name: {"repository": "owner/other", "revision": COMMIT} for name in names}


CASES: dict[str, Case] = {
    "CACHE-DISK": Case(
        {"models__gemma__server__file_cache_gib": 88},
        {"models__gemma__server__file_cache_gib": 100},
        "models.gemma.server.file_cache_gib: must be at most 88, what GKE leaves of 200 GiB of disk, less 5 GiB for "
        "the "
        "server's own files, got 100 -> write 88, or node_pools.tpu.disk_gib: 230",
    ),
    "MODEL-SECRET": Case(
        {"models__gemma__weights__hugging_face_token": {"kubernetes_secret": {"name": "hf-secret", "key": "hf_token"}}},
        {"models__gemma__weights__hugging_face_token": {"secret_manager": "projects/1/secrets/hf/versions/latest"}},
        "models.gemma.weights.hugging_face_token.secret_manager: must be a secret's name of letters, digits, _ and -, "
        "got 'projects/1/secrets/hf/versions/latest' -> write 'hf'",
    ),
    "CACHE-SMALL": Case(
        {"models__gemma__server__file_cache_gib": 56},
        {"models__gemma__server__file_cache_gib": 55},
        "models.gemma.server.file_cache_gib: should be at least 56, the size of the weights, got 55 -> remove the line",
    ),
    "MODEL-DOWNLOAD-60": Case(
        {"models__gemma__weights__download_timeout_minutes": 61, "kubernetes_auth": "exec"},
        {"models__gemma__weights__download_timeout_minutes": 61},
        "models.gemma.weights.download_timeout_minutes: should be at most 60 with kubernetes_auth: ephemeral, got 61"
        " -> write kubernetes_auth: exec",
    ),
    "BUCKET-NAME": Case(
        {"bucket__name": "gemma_weights-1"},
        {"bucket__name": "my-g00gle-weights", "state_bucket": "State"},
        [
            "bucket.name: must neither begin with goog nor contain google or a close misspelling, "
            "got 'my-g00gle-weights' -> give it another name",
            "state_bucket: must hold only lower case letters, digits, -, _ and ., and begin and end with a letter or "
            "digit, got 'State' -> write 'state'",
        ],
    ),
    "BUCKET-LOCATION": Case(
        {"bucket__location": "eur4"},
        {"bucket__location": "Europe"},
        "bucket.location: must be US, EU, ASIA, ASIA1, NAM4, EUR4, EUR5, EUR7, EUR8 or a region such as us-east5, "
        "got 'Europe' -> write 'US' or 'EU', or a cluster's region",
    ),
    "BUCKET-STATE": Case(
        {"state_bucket": "my-project-id-state"},
        {"state_bucket": "my-project-id-gemma-weights"},
        "state_bucket: must not be the model bucket, got 'my-project-id-gemma-weights'"
        " -> create a bucket for the state by hand",
    ),
    "BUCKET-FAR": Case(
        {"bucket__location": "europe-west1"},
        {"bucket__location": "ASIA"},
        "bucket.location: should be near a cluster (us-east5, europe-west4), got 'ASIA'"
        " -> choose a location on the continent of a cluster",
    ),
    "BUCKET-FORCE": Case(
        {"bucket__force_destroy": False},
        {"bucket__force_destroy": True, "bucket__soft_delete_days": 0},
        "bucket.force_destroy: should be false, got true: a destroy deletes the weights, which are then gone at once"
        " -> remove the line",
    ),
    "MODEL-SOURCE": Case(
        FROM_HUGGING_FACE,
        {"bucket": None},
        "bucket: must be given for weights from the bucket, got nothing -> write bucket: {location: US}",
    ),
    "MODEL-WEIGHTS": Case(
        {**CUSTOM, WEIGHTS: None},
        {WEIGHTS: None},
        "models.gemma.weights: must be given for a vllm server, got nothing"
        " -> write repository and revision, or bucket_path, or image_path where the image has the weights",
    ),
    "MODEL-IDLE": Case(
        {WEIGHTS: {**OWN, "source": "bucket", "other_repositories": others("draft")}},
        {
            WEIGHTS: {
                **OWN,
                "source": "bucket",
                "hugging_face_token": {"secret_manager": "hf"},
                "download_timeout_minutes": 30,
            }
        },
        [
            "models.gemma.weights.source: must be left out where nothing is downloaded, got 'bucket'"
            " -> remove the line, or name a repository",
            "models.gemma.weights.hugging_face_token: must be left out where nothing is downloaded, got a map"
            " -> remove the line, or name a repository",
            "models.gemma.weights.download_timeout_minutes: must be left out where nothing is downloaded, got 30"
            " -> remove the line, or name a repository",
        ],
    ),
    "MODEL-BUCKET": Case(
        {WEIGHTS: OWN, "state_bucket": "my-models-state"},
        {WEIGHTS: {"bucket_path": "gs://my-project-id-gemma-weights/v3"}},
        "models.gemma.weights.bucket_path: must be in a bucket of its own, got the model bucket of this platform"
        " -> copy the folder to a bucket that no platform manages",
    ),
    "MODEL-ADAPTER-SERVER": Case(
        {**CUSTOM, f"{WEIGHTS}__other_repositories": others("food")},
        {**CUSTOM, **adapters("food")},
        "models.gemma.weights.lora_adapters: must be left out for a custom server, which is not given them, got a map"
        " -> name them in other_repositories, and their paths in server.extra_args",
    ),
    "MODEL-TWICE": Case(
        {f"{WEIGHTS}__other_repositories": others("draft"), **adapters("food", "drinks")},
        {f"{WEIGHTS}__other_repositories": {"tokenizer": {"repository": REPOSITORY, "revision": REVISION}}},
        f"models.gemma.weights.other_repositories.tokenizer: must be downloaded once, got other files of {REPOSITORY}"
        f" -> remove it: the pods have it at /models/{REPOSITORY}/{REVISION}",
    ),
    "CACHE-IDLE": Case(
        {WEIGHTS: {**IN_IMAGE, "other_repositories": others("draft")}, "models__gemma__server__file_cache_gib": 20},
        {WEIGHTS: IN_IMAGE, "models__gemma__server__file_cache_gib": 20},
        "models.gemma.server.file_cache_gib: must be left out where the image has the weights, got 20 -> remove the "
        "line",
    ),
    "MODEL-UNREAD": Case(
        FROM_HUGGING_FACE,
        {"models__gemma__weights__source": "hugging_face"},
        "bucket: should be left out once no server reads it, got a map"
        f" -> deploy, destroy {WEIGHTS_STACK}, then remove it and deploy again",
    ),
    "MODEL-ADAPTER": Case(
        adapters("food-review-1", "a" * 50),
        adapters("Food_Review", "b" * 51),
        [
            "models.gemma.weights.lora_adapters.Food_Review: must be named with 1 to 50 lower case letters, digits "
            "and hyphens, "
            "got 'Food_Review' -> write 'food-review'",
            f"models.gemma.weights.lora_adapters.{'b' * 51}: must be named with 1 to 50 lower case letters, digits "
            "and hyphens, "
            f"got '{'b' * 51}' -> write '{'b' * 50}'",
        ],
    ),
    "MODEL-FILES": Case(
        {f"{WEIGHTS}__files": ["*.json", "tokenizer*", "*.safetensors"]},
        {f"{WEIGHTS}__files": ["*.safetensors", "tokenizer.json"]},
        "models.gemma.weights.files: must take config.json too for a vllm server, got '*.safetensors', 'tokenizer.json'"
        " -> remove it: one set of weights is taken, with config and tokenizer; or add '*.json' and 'tokenizer*'",
    ),
    "MODEL-LORA-RANK": Case(
        {**adapters("food"), "models__gemma__server__max_lora_rank": 320},
        {**adapters("food"), "models__gemma__server__max_lora_rank": 48},
        "models.gemma.server.max_lora_rank: must be one of 8, 16, 32, 64, 128, 256, 320, 512, got 48 -> write 64",
    ),
    "MODEL-PINNED": Case(
        adapters("food"),
        {"models__gemma__weights__lora_adapters": {"food": {"repository": "me/food"}}},
        "models.gemma.weights.lora_adapters.food.revision: should be a commit, so that all servers have the same, "
        "got main"
        " -> copy the newest commit of https://huggingface.co/me/food/commits/main",
    ),
}

MORE: dict[str, More] = {
    "files of a server that reads one of them": ("MODEL-FILES", {**CUSTOM, f"{WEIGHTS}__files": ["*Q4_K_M.gguf"]}, []),
    "files in Mistral's format": ("MODEL-FILES", {f"{WEIGHTS}__files": ["params.json", "consolidated*"]}, []),
    "one version of a secret": (
        "MODEL-SECRET",
        {"models__gemma__weights__hugging_face_token": {"secret_manager": "projects/acme/secrets/hf/versions/1"}},
        [
            "models.gemma.weights.hugging_face_token.secret_manager: must be a secret's name of letters, digits, _ "
            "and -, "
            "got 'projects/acme/secrets/hf/versions/1' -> write 'hf'"
        ],
    ),
    "a bucket by its address": (
        "BUCKET-NAME",
        {"bucket__name": "gs://my-weights/gemma/", "state_bucket": "my-state/platform"},
        [
            "bucket.name: must hold only lower case letters, digits, -, _ and ., and begin and end with a letter or "
            "digit, got 'gs://my-weights/gemma/' -> write 'my-weights'",
            "state_bucket: must hold only lower case letters, digits, -, _ and ., and begin and end with a letter or "
            "digit, got 'my-state/platform' -> write 'my-state'",
        ],
    ),
    "a disk that is too small": (
        "CACHE-DISK",
        pool(disk_gib=100),
        [
            "node_pools.tpu.disk_gib: must leave 67 GiB for the weights and the server's own files, got 100 of which "
            "GKE leaves 43 -> write 150, or a smaller models.gemma.server.file_cache_gib"
        ],
    ),
    "a Kubernetes secret": (
        "MODEL-SECRET",
        {"models__gemma__weights__hugging_face_token": {"kubernetes_secret": {"name": "HF_Secret", "key": "a key"}}},
        [
            "models.gemma.weights.hugging_face_token.kubernetes_secret.name: must be a Secret's name of lower case "
            "letters, digits, - "
            "and ., got 'HF_Secret' -> `kubectl get secrets` shows them",
            "models.gemma.weights.hugging_face_token.kubernetes_secret.key: must be a key of letters, digits, ., _ "
            "and -, got 'a key'"
            " -> `kubectl describe secret` shows them",
        ],
    ),
    "a default bucket name that Google refuses": (
        "BUCKET-NAME",
        {"project": "my-google-project"},
        [
            "project: the default bucket name made from it must neither begin with goog nor contain google or a close "
            "misspelling, got 'my-google-project-gemma-weights' -> give bucket.name another name"
        ],
    ),
    "a wrong project is reported by its own rule": ("BUCKET-NAME", {"project": "My_Project"}, []),
    "a bucket that looks like an address": (
        "BUCKET-NAME",
        {"bucket__name": "192.168.5.4"},
        ["bucket.name: must not be an IP address, got '192.168.5.4' -> give it another name"],
    ),
    "a bucket with a dot": (
        "BUCKET-NAME",
        {"bucket__name": "weights.example.com"},
        [
            "bucket.name: must hold no dots, which need a verified domain, got 'weights.example.com'"
            " -> give it another name"
        ],
    ),
    "a long bucket": (
        "BUCKET-NAME",
        {"bucket__name": "w" * 64},
        [f"bucket.name: must have 3 to 63 characters, got '{'w' * 64}' -> give it another name"],
    ),
    "a bucket in a zone": (
        "BUCKET-LOCATION",
        {"bucket__location": "us-east5-b"},
        [
            "bucket.location: must be US, EU, ASIA, ASIA1, NAM4, EUR4, EUR5, EUR7, EUR8 or a region such as us-east5, "
            "got 'us-east5-b' -> write 'us-east5'"
        ],
    ),
    "local SSDs in place of the disk": ("CACHE-DISK", pool("a2-ultragpu-1g", disk_gib=30), []),
    "as much as the local SSDs hold": (
        "CACHE-DISK",
        {**pool("a2-ultragpu-1g"), "models__gemma__server__file_cache_gib": 282},
        [],
    ),
    "local SSDs that are too small": (
        "CACHE-DISK",
        {**pool("a2-ultragpu-1g"), "models__gemma__server__file_cache_gib": 288},
        [
            "models.gemma.server.file_cache_gib: must be at most 282, what GKE leaves of the 375 GiB of local SSD of "
            "a2-ultragpu-1g, less 5 GiB for the server's own files, got 288 -> write 282"
        ],
    ),
    "weights that local SSDs cannot hold": (
        "CACHE-DISK",
        {**pool("a2-ultragpu-1g"), "models__gemma__weights__size_gib": 280},
        [
            "models.gemma.server.file_cache_gib: must be at most 282, what GKE leaves of the 375 GiB of local SSD of "
            "a2-ultragpu-1g, less 5 GiB for the server's own files, got 308 -> choose a larger machine"
        ],
    ),
    "local SSDs that pods share": (
        "CACHE-DISK",
        {
            **pool("a2-ultragpu-2g"),
            "models__gemma__server__tensor_parallel_size": 1,
            "models__gemma__server__file_cache_gib": 301,
        },
        [
            "models.gemma.server.file_cache_gib: must be at most 295, what GKE leaves of the 750 GiB of local SSD of "
            "a2-ultragpu-2g to each of the 2 pods of a node, less 5 GiB for the server's own files, got 301"
            " -> write 295"
        ],
    ),
    "a disk that pods share": (
        "CACHE-DISK",
        {**pool("g2-standard-96"), "models__gemma__server__tensor_parallel_size": 4},
        [
            "node_pools.tpu.disk_gib: must leave 134 GiB for the weights and the server's own files, got 200 of which "
            "GKE leaves 93 -> write 280, or a smaller models.gemma.server.file_cache_gib"
        ],
    ),
    "a cache on a disk that pods share": (
        "CACHE-DISK",
        {
            **pool("g2-standard-96"),
            "models__gemma__server__tensor_parallel_size": 4,
            "models__gemma__server__file_cache_gib": 56,
        },
        [
            "models.gemma.server.file_cache_gib: must be at most 41, what GKE leaves of 200 GiB of disk to each of "
            "the 2 "
            "pods of a node, less 5 GiB for the server's own files, got 56 -> write 41, or node_pools.tpu.disk_gib: 260"
        ],
    ),
    "a disk that leaves nothing to each pod": (
        "CACHE-DISK",
        {
            **pool("g2-standard-96", disk_gib=10),
            "models__gemma__server__tensor_parallel_size": 1,
            "models__gemma__server__file_cache_gib": 17,
        },
        [
            "models.gemma.server.file_cache_gib: must be at most 0, what GKE leaves of 10 GiB of disk to each of the "
            "8 pods "
            "of a node, less 5 GiB for the server's own files, got 17 -> write node_pools.tpu.disk_gib: 330"
        ],
    ),
    "the larger of two machines has two pods": (
        "CACHE-DISK",
        choices(small=growing("g2-standard-48"), large=growing("g2-standard-96")),
        [
            "node_pools.large.disk_gib: must leave 134 GiB for the weights and the server's own files, got 200 of "
            "which GKE leaves 93 -> write 280, or a smaller models.gemma.server.file_cache_gib"
        ],
    ),
    "a download region that downloads nothing": (
        "MODEL-SOURCE",
        {WEIGHTS: OWN, "bucket__download_region": "us"},
        ["bucket.download_region: must be left out where nothing is downloaded, got 'us' -> remove the line"],
    ),
    "a download region while servers change their source": (
        "MODEL-SOURCE",
        {"models__gemma__weights__source": "hugging_face", "bucket__download_region": "us"},
        [],
    ),
    "own weights need no bucket of the platform": ("MODEL-SOURCE", {WEIGHTS: OWN, "bucket": None}, []),
    "own weights with a draft model need it": (
        "MODEL-SOURCE",
        {WEIGHTS: {**OWN, "other_repositories": others("draft")}, "bucket": None},
        ["bucket: must be given for weights from the bucket, got nothing -> write bucket: {location: US}"],
    ),
    "a bucket beside own weights": (
        "MODEL-UNREAD",
        {WEIGHTS: OWN},
        [
            "bucket: should be left out once no server reads it, got a map"
            f" -> deploy, destroy {WEIGHTS_STACK}, then remove it and deploy again"
        ],
    ),
    "SGLang without weights": (
        "MODEL-WEIGHTS",
        {WEIGHTS: None, "models__gemma__server": {"kind": "sglang", "image": "docker.io/lmsysorg/sglang:v0.5.6"}},
        [
            "models.gemma.weights: must be given for a sglang server, got nothing"
            " -> write repository and revision, or bucket_path, or image_path where the image has the weights"
        ],
    ),
    "a token for the weights of an image": (
        "MODEL-IDLE",
        {WEIGHTS: {**IN_IMAGE, "hugging_face_token": {"secret_manager": "hf"}}},
        [
            "models.gemma.weights.hugging_face_token: must be left out where nothing is downloaded, got a map"
            " -> remove the line, or name a repository"
        ],
    ),
    "a token for an adapter of own weights": (
        "MODEL-IDLE",
        {
            WEIGHTS: {
                **OWN,
                "hugging_face_token": {"secret_manager": "hf"},
                "lora_adapters": {"food": {"repository": "me/food", "revision": COMMIT}},
            }
        },
        [],
    ),
    "weights and an adapter beside the state": (
        "MODEL-BUCKET",
        {
            WEIGHTS: {"bucket_path": "gs://my-state", "lora_adapters": {"food": {"bucket_path": "gs://my-state/x"}}},
            "state_bucket": "my-state",
            "bucket": None,
        },
        [
            f"models.gemma.weights.{path}: must be in a bucket of its own, got the bucket of the Terraform state"
            " -> copy the folder to a bucket that no platform manages"
            for path in ("bucket_path", "lora_adapters.food.bucket_path")
        ],
    ),
    "another repository with a strange name": (
        "MODEL-ADAPTER",
        {f"{WEIGHTS}__other_repositories": others("Draft Model", "_")},
        [
            f"models.gemma.weights.other_repositories.{name}: must be named with 1 to 50 lower case letters, digits "
            "and "
            f"hyphens, got '{name}' -> write '{fix}'"
            for name, fix in (("Draft Model", "draft-model"), ("_", "tokenizer"))
        ],
    ),
    "an adapter and another repository of one name": (
        "MODEL-ADAPTER",
        {**adapters("food"), f"{WEIGHTS}__other_repositories": others("food")},
        [
            "models.gemma.weights.other_repositories.food: must have another name than an adapter, got 'food'"
            " -> rename one of them"
        ],
    ),
    "other files of one repository": (
        "MODEL-TWICE",
        {
            f"{WEIGHTS}__other_repositories": {
                **others("draft"),
                "tokenizer": {**others("x")["x"], "files": ["tokenizer*"]},
            }
        },
        [
            "models.gemma.weights.other_repositories.tokenizer: must be downloaded once, got other files of owner/other"
            f" -> remove it: the pods have it at /models/owner/other/{COMMIT}"
        ],
    ),
    "the same files under two names": ("MODEL-TWICE", {f"{WEIGHTS}__other_repositories": others("a", "b")}, []),
    "an adapter of a bucket is as it is": (
        "MODEL-PINNED",
        {f"{WEIGHTS}__lora_adapters": {"food": {"bucket_path": "gs://my-models/food"}}},
        [],
    ),
    "weights of the image take no room on the disk": ("CACHE-DISK", {**pool(disk_gib=50), WEIGHTS: IN_IMAGE}, []),
    "what is beside weights of the image takes some": (
        "CACHE-DISK",
        {**pool(disk_gib=20), WEIGHTS: {**IN_IMAGE, "other_repositories": others("draft")}},
        [
            "node_pools.tpu.disk_gib: must leave 16 GiB for the weights and the server's own files, got 20 of which "
            "GKE "
            "leaves 6 -> write 50, or a smaller models.gemma.server.file_cache_gib"
        ],
    ),
    "own weights of a given size": (
        "CACHE-DISK",
        {**pool(disk_gib=100), WEIGHTS: {**OWN, "size_gib": 20}},
        [],
    ),
    "a cache of a server without weights": (
        "CACHE-IDLE",
        {"models__gemma__server": {**CUSTOM["models__gemma__server"], "file_cache_gib": 5}, WEIGHTS: None},
        [
            "models.gemma.server.file_cache_gib: must be left out where the image has the weights, got 5"
            " -> remove the line"
        ],
    ),
    "an adapter that is called like the model": (
        "MODEL-ADAPTER",
        {**adapters("chat"), "models__gemma__served_name": "chat"},
        [
            "models.gemma.weights.lora_adapters.chat: must have another name than the model itself, got 'chat' -> "
            "rename one of them",
        ],
    ),
    "an adapter without a name": (
        "MODEL-ADAPTER",
        adapters(""),
        [
            "models.gemma.weights.lora_adapters.: must be named with 1 to 50 lower case letters, digits and hyphens, "
            "got ''"
            " -> write 'adapter-1'"
        ],
    ),
    "a token in place of an adapter's name": (
        "MODEL-ADAPTER",
        adapters("hf_abcdefghijklmnop"),
        [
            "models.gemma.weights.lora_adapters.hf_...: must be named with 1 to 50 lower case letters, digits and "
            "hyphens, "
            "got 'hf_...' -> write 'adapter-1'"
        ],
    ),
    "a rank without adapters": (
        "MODEL-LORA-RANK",
        {"models__gemma__server__max_lora_rank": 8},
        [
            "models.gemma.server.max_lora_rank: must be left out without weights.lora_adapters, got 8 -> remove the "
            "line",
        ],
    ),
    "a rank above all": (
        "MODEL-LORA-RANK",
        {**adapters("food"), "models__gemma__server__max_lora_rank": 1024},
        [
            "models.gemma.server.max_lora_rank: must be one of 8, 16, 32, 64, 128, 256, 320, 512, got 1024 -> write "
            "512",
        ],
    ),
    "servers that download do so after the apply": (
        "MODEL-DOWNLOAD-60",
        {**FROM_HUGGING_FACE, "models__gemma__weights__download_timeout_minutes": 120},
        [],
    ),
    "no bucket, no doubts about it": (
        "BUCKET-STATE",
        {**FROM_HUGGING_FACE, "state_bucket": "my-project-id-gemma-weights"},
        [],
    ),
}
