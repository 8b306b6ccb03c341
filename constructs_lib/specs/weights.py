"""The weights of a model: where they come from, and where a pod has them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Annotated, Literal

from constructs_lib.google_names import wrong_bucket
from constructs_lib.specs.hugging_face import (
    HuggingFaceTokenSpec,
    RepositorySpec,
    Snapshot,
    wrong_files,
    wrong_snapshot,
)
from constructs_lib.specs.limits import Between, refuse, wrong_settings, wrong_text
from constructs_lib.specs.mounts import BUCKETS, MOUNTS

BUCKET = r"[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]"
BUCKET_PATH = rf"gs://{BUCKET}(/(?!\.\.?(/|$))[^/\s*?\[\]#]+)*/?"
"""A bucket, or a folder in it."""
IMAGE_PATH = r"(/(?!\.\.?(/|$))[^/\s]+)+/?"
DEFAULT_SIZE_GIB = 56
"""Of weights whose size is not given."""
BESIDE_IMAGE_GIB = 10
"""Of what is read beside weights that are in the image."""


@dataclass(frozen=True, kw_only=True)
class LoraAdapterSpec:
    """
    A LoRA adapter of the model, from a Hugging Face repository or from a bucket that has it already.

    Give exactly one of `repository` and `bucket_path`.

    Args:
        repository: Hugging Face repository of the adapter; downloaded with the weights.
        revision: Commit of the repository, 40 hexadecimal digits. Default: `main` as it is at the download, so that two
            servers may have two versions.
        bucket_path: Folder of a bucket that has the adapter already, such as `gs://my-models/adapters/food-v3`.
    """

    repository: str | None = None
    revision: str | None = None
    bucket_path: str | None = None

    def __post_init__(self) -> None:
        snapshot = wrong_snapshot(self.repository, self.revision, branch="main")
        refuse([*snapshot, *_wrong_path(self.bucket_path), *_wrong_places(self, "repository", "bucket_path")])

    @property
    def path(self) -> str:
        """Where a pod has it."""
        if self.bucket_path is not None:
            return _mounted(self.bucket_path)
        return Snapshot(repository=str(self.repository), revision=self.revision or "main").path


def _wrong_path(path: str | None) -> Iterator[str]:
    must, fix = "read gs://<bucket>/<folder>", _address(path)
    bucket = re.match(r"gs://([^/]+)", str(path))
    if bucket and not fix.startswith("write "):
        must, fix = _wrong_part(bucket[1])
    yield from wrong_text("bucket_path", path, BUCKET_PATH, must, fix)


def _wrong_part(bucket: str) -> tuple[str, str]:
    """Return what the address of *bucket* must be, and what to write: its name is wrong, or else the folder."""
    if re.fullmatch(BUCKET, bucket):
        return "name a folder without blanks, wildcards and '..'", "write the path of a copy with another name"
    wrong = wrong_bucket(bucket) or "have 3 to 222 characters"
    return f"begin with a bucket's name, which must {wrong}", "write the name that `gcloud storage ls` shows"


def _address(path: str | None) -> str:
    """Return what to write for a folder as a browser, another tool or a mount shows it."""
    consoles = r"https?://(?:console\.cloud\.google\.com/storage/browser(?:/_details)?|storage\.(?:googleapis|cloud\.google)\.com)/"
    inner = re.sub(rf"^(?:{consoles}|gs:/*|gcs:/*|/gcs/|/buckets/)", "", str(path)).partition("?")[0].partition(";")[0]
    likely = f"gs://{inner.strip().replace('//', '/')}"
    own = "://" not in inner and not inner.startswith("/") and re.fullmatch(BUCKET_PATH, likely)
    return f"write '{likely}'" if own else "copy the folder to a bucket of Cloud Storage, and write its gsutil URI"


def _wrong_image_path(path: str | None) -> Iterator[str]:
    likely = f"/{str(path).strip().strip('/')}"
    fix = f"write '{likely if re.fullmatch(IMAGE_PATH, likely) else '/opt/model'}'"
    yield from wrong_text("image_path", path, IMAGE_PATH, "be an absolute path in the image", fix)
    must = f"be at none of {', '.join(MOUNTS)}, where pods have volumes that hide the image's own files"
    yield from wrong_text("image_path", path, rf"(?s)(?!({'|'.join(MOUNTS)})(/|$)).*", must, "write '/opt/model'")


def _wrong_places(spec: LoraAdapterSpec | WeightsSpec, *names: str) -> Iterator[str]:
    given = [name for name in names if getattr(spec, name) is not None]
    if len(given) != 1:
        *first, last = names
        one = f"one alone, such as {given[0]}" if given else "the one that says where it is"
        yield f"give exactly one of {', '.join(first)} and {last}, got {' and '.join(given) or 'none'}: write {one}"
    if spec.repository is None and spec.revision is not None:
        yield f"revision must be left out without repository, got '{spec.revision}'"


def _mounted(bucket_path: str) -> str:
    return f"{BUCKETS}/{bucket_path.removeprefix('gs://').rstrip('/')}"


def _bucket(bucket_path: str) -> str:
    return bucket_path.removeprefix("gs://").partition("/")[0]


@dataclass(frozen=True, kw_only=True)
class WeightsSpec:
    """
    The weights of one model: from a Hugging Face repository, from a bucket that has them already, or in the image.

    Give exactly one of `repository`, `bucket_path` and `image_path`. What names a repository is downloaded; what names
    a path in a bucket is read where it is.

    Args:
        repository: Hugging Face repository, such as `google/gemma-3-27b-it`.
        revision: Commit of the repository, 40 hexadecimal digits: what is served cannot change by itself.
        bucket_path: Folder of a bucket that has the weights already, such as `gs://my-models/fine-tuned/v3`. Servers
            may read that bucket, and have it at `/buckets/<bucket>`.
        image_path: Directory of the server's image that has the weights, such as `/opt/gemma`.
        source: Where downloads go. `bucket`: into the platform's bucket, once, and each server reads them from there.
            `hugging_face`: each server downloads for itself when it starts, onto its node; needs no bucket, and
            Hugging Face at every start. Keep `bucket` for one deploy when it changes: until then servers read it.
            Default: `bucket`.
        loader: Who downloads into the bucket. `job`: a Kubernetes Job, once its cluster is there. `cloud_run`: a Cloud
            Run job in the region of `bucket.download_region`, while the clusters are made: a first deploy is shorter.
        files: Patterns of the repository's files that are downloaded, such as `*Q4_K_M.gguf`. Default: the files that
            are no weights, and the one set of weights that the server reads. vLLM and SGLang need `config.json` among
            them.
        hugging_face_token: Where the token is. Default: none, for repositories that are open to everybody.
        lora_adapters: Adapters by the name that clients send as `model`.
        other_repositories: More repositories that the server needs (a tokenizer, a draft model, a chat template), by a
            name that you choose; downloaded to `/models/<repository>/<revision>`, which `server.extra_args` can name.
        size_gib: Size of the weights in GiB; the file cache and the chips' memory are checked against it. Default: 56
            for a repository or a bucket, unknown in an image.
        download_timeout_minutes: How long the download may take.
    """

    repository: str | None = None
    revision: str | None = None
    bucket_path: str | None = None
    image_path: str | None = None
    source: Literal["bucket", "hugging_face"] | None = None
    loader: Literal["job", "cloud_run"] = "job"
    files: tuple[str, ...] = ()
    hugging_face_token: HuggingFaceTokenSpec | None = None
    lora_adapters: dict[str, LoraAdapterSpec] = field(default_factory=dict)
    other_repositories: dict[str, RepositorySpec] = field(default_factory=dict)
    size_gib: Annotated[int | None, Between(1, 65536)] = None
    download_timeout_minutes: Annotated[int, Between(5, 360)] = 60

    def __post_init__(self) -> None:
        places = _wrong_places(self, "repository", "bucket_path", "image_path")
        paths = [*_wrong_path(self.bucket_path), *_wrong_image_path(self.image_path)]
        texts = [*wrong_snapshot(self.repository, self.revision), *paths, *places]
        if self.repository is not None and self.revision is None:
            texts.append("revision must be given beside repository, got nothing: copy it from the model's page")
        if self.files and self.repository is None:
            texts.append("files must be left out without repository, got a list")
        refuse([*texts, *wrong_files(self.files), *wrong_settings(self)])

    @property
    def reads_bucket(self) -> bool:
        """Whether servers read downloads from the platform's bucket."""
        return bool(self.snapshots) and self.source in (None, "bucket")

    @property
    def in_cloud_run(self) -> bool:
        """Whether a Cloud Run job downloads into the platform's bucket."""
        return self.reads_bucket and self.loader == "cloud_run"

    @property
    def from_hugging_face(self) -> bool:
        """Whether each server downloads for itself when it starts."""
        return bool(self.snapshots) and self.source == "hugging_face"

    @property
    def own_buckets(self) -> tuple[str, ...]:
        """Names of the buckets that have weights or adapters already, each once."""
        paths = [self.bucket_path, *(adapter.bucket_path for adapter in self.lora_adapters.values())]
        return tuple(dict.fromkeys(_bucket(path) for path in paths if path is not None))

    @property
    def is_mounted(self) -> bool:
        """Whether servers read anything that is not in their image."""
        return bool(self.snapshots or self.own_buckets)

    @property
    def path(self) -> str:
        """Where a pod has the weights."""
        if self.image_path is not None:
            return self.image_path
        return self.snapshots[0].path if self.bucket_path is None else _mounted(self.bucket_path)

    @property
    def gib(self) -> int:
        """Size of the weights in GiB; 0 where they are in the image and nobody said how large they are."""
        if self.size_gib is not None:
            return self.size_gib
        return 0 if self.image_path else DEFAULT_SIZE_GIB

    @property
    def mounted_gib(self) -> int:
        """GiB that servers read from outside of their image."""
        if not self.is_mounted:
            return 0
        return BESIDE_IMAGE_GIB if self.image_path else self.gib

    @property
    def snapshots(self) -> tuple[Snapshot, ...]:
        """Everything that is downloaded: the weights, the adapters and the other repositories, in this order."""
        own = (
            [Snapshot(repository=self.repository, revision=str(self.revision), files=self.files)]
            if self.repository
            else []
        )
        adapters = [
            Snapshot(
                name=name, setting=f"lora_adapters.{name}", kind="adapter",
                repository=adapter.repository, revision=adapter.revision or "main",
            )
            for name, adapter in self.lora_adapters.items() if adapter.repository is not None
        ]  # fmt: skip
        others = [
            Snapshot(
                name=name, setting=f"other_repositories.{name}", kind="any",
                repository=other.repository, revision=other.revision, files=other.files,
            )
            for name, other in self.other_repositories.items()
        ]  # fmt: skip
        return (*own, *adapters, *others)
