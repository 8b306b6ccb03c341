"""The weights of a model: where they come from, and who may fetch them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Annotated, Literal

from constructs_lib.specs.limits import Between, refuse, wrong_settings, wrong_text

TOKEN = re.compile(r"hf_\w{8,}")
"""What a Hugging Face token looks like: it is never printed."""

REPOSITORY = r"\w[\w.-]*/\w[\w.-]*"
BUCKET_PATH = r"gs://[a-z0-9][a-z0-9._-]{1,220}[a-z0-9](/[^/\s]+)*/?"
"""A bucket, or a folder in it."""
DEFAULT_SIZE_GIB = 56
"""Of weights whose size is not given."""


@dataclass(frozen=True, kw_only=True)
class KubernetesSecretSpec:
    """
    A Secret that is in the platform's namespace already.

    Args:
        name: Name of the Secret.
        key: Key in the Secret that holds the token.
    """

    name: str
    key: str


@dataclass(frozen=True, kw_only=True)
class HuggingFaceTokenSpec:
    """
    Where the download finds its Hugging Face token: one of two places. The token itself is never in a config.

    Args:
        secret_manager: Name of a secret in the platform's project; mounted as a file, not copied.
        kubernetes_secret: A Secret made by somebody else.
    """

    secret_manager: str | None = None
    kubernetes_secret: KubernetesSecretSpec | None = None

    def __post_init__(self) -> None:
        if isinstance(self.secret_manager, str) and TOKEN.search(self.secret_manager):
            fix = "the name of the secret that holds the new one, after you revoked this one"
            raise ValueError(f"secret_manager must hold no Hugging Face token, got one: write {fix}")
        if (self.secret_manager is None) == (self.kubernetes_secret is None):
            given = "none" if self.secret_manager is None else "both"
            raise ValueError(f"give exactly one of secret_manager and kubernetes_secret, got {given}")


@dataclass(frozen=True, kw_only=True)
class RepositorySpec:
    """
    A Hugging Face repository at one revision.

    Args:
        repository: Hugging Face repository, such as `google/gemma-3-270m-it`.
        revision: Commit of the repository, 40 hexadecimal digits.
    """

    repository: str
    revision: str

    def __post_init__(self) -> None:
        refuse(_wrong_snapshot(self.repository, self.revision))

    @property
    def directory(self) -> str:
        """Where it is beside the weights: one folder per revision."""
        return f"{self.repository}/{self.revision}"


@dataclass(frozen=True, kw_only=True)
class LoraAdapterSpec:
    """
    A LoRA adapter of the model.

    Args:
        repository: Hugging Face repository of the adapter.
        revision: Commit of the repository, 40 hexadecimal digits. Default: `main` as it is at the download, so that two
            servers may have two versions.
    """

    repository: str
    revision: str = "main"

    def __post_init__(self) -> None:
        refuse(_wrong_snapshot(self.repository, self.revision, branch="main"))

    @property
    def directory(self) -> str:
        """Where it is beside the weights: one folder per revision."""
        return f"{self.repository}/{self.revision}"


def _wrong_snapshot(repository: str | None, revision: str | None, branch: str | None = None) -> Iterator[str]:
    yield from wrong_text("repository", repository, REPOSITORY, "read owner/name", _owner_and_name(repository))
    commit = r"[0-9a-f]{40}" if branch is None else rf"[0-9a-f]{{40}}|{branch}"
    must = "be a commit of 40 hexadecimal digits"
    yield from wrong_text("revision", revision, commit, must, _commit(revision))


def _owner_and_name(repository: str | None) -> str:
    """Return what to write for the address of a repository."""
    site = r"(?:[a-z]+://)?(?:(?:www\.)?(?:huggingface\.co|hf\.co)/)?"
    page = r"(?:/(?:tree|blob|resolve|commits?)/.*|@.*|/)?"
    address = re.fullmatch(rf"{site}({REPOSITORY}){page}", str(repository))
    return f"write '{address[1]}'" if address else "copy both from the model's page"


def _commit(revision: str | None) -> str:
    """Return what to write for the address or the upper case letters of a commit."""
    commit = re.search(r"\b[0-9a-f]{40}\b", str(revision).lower())
    return f"write '{commit[0]}'" if commit else "take it from the history on the model's page"


@dataclass(frozen=True, kw_only=True)
class WeightsSpec:
    """
    The weights of one model: from a Hugging Face repository, from a bucket that has them already, or in the image.

    Give exactly one of `repository`, `bucket_path` and `image_path`.

    Args:
        repository: Hugging Face repository, such as `google/gemma-3-27b-it`.
        revision: Commit of the repository, 40 hexadecimal digits: what is served cannot change by itself.
        source: `bucket`: downloaded once, and each server reads it from there. `hugging_face`: each server downloads it
            for itself when it starts, onto its node; needs no bucket, and Hugging Face at every start. Keep
            `bucket` for one deploy when it changes: until then servers read it. Default: `bucket`.
        bucket_path: Folder of a bucket that has the weights already, such as `gs://my-models/fine-tuned/v3`. Nothing is
            downloaded; servers may read that bucket.
        image_path: Directory of the server's image that has the weights, such as `/models/gemma`.
        hugging_face_token: Where the token is. Default: none, for a repository that is open to everybody.
        lora_adapters: Adapters by the name that clients send as `model`; downloaded with the weights.
        other_repositories: More repositories that the server needs (a tokenizer, a draft model, a chat template), by a
            name that you choose; downloaded with the weights to `/models/<repository>/<revision>`, which
            `server.extra_args` can name.
        size_gib: Size of the weights in GiB; the file cache and the chips' memory are checked against it. Default: 56
            for a repository or a bucket, none in an image.
        download_timeout_minutes: How long the download may take.
    """

    repository: str | None = None
    revision: str | None = None
    source: Literal["bucket", "hugging_face"] | None = None
    bucket_path: str | None = None
    image_path: str | None = None
    hugging_face_token: HuggingFaceTokenSpec | None = None
    lora_adapters: dict[str, LoraAdapterSpec] = field(default_factory=dict)
    other_repositories: dict[str, RepositorySpec] = field(default_factory=dict)
    size_gib: Annotated[int | None, Between(1, 65536)] = None
    download_timeout_minutes: Annotated[int, Between(5, 360)] = 60

    def __post_init__(self) -> None:
        places = (("bucket_path", self.bucket_path, BUCKET_PATH, "read gs://<bucket>/<folder>"),)
        texts = [wrong for name, text, form, must in places for wrong in wrong_text(name, text, form, must)]
        image = wrong_text("image_path", self.image_path, r"/\S+", "be an absolute path in the image")
        refuse([*_wrong_snapshot(self.repository, self.revision), *wrong_settings(self), *texts, *image])
        given = [name for name in ("repository", "bucket_path", "image_path") if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError(
                f"give exactly one of repository, bucket_path and image_path, got {' and '.join(given) or 'none'}"
            )
        if self.repository is not None and self.revision is None:
            raise ValueError("revision must be given beside repository, got nothing: copy it from the model's page")

    @property
    def reads_bucket(self) -> bool:
        """Whether servers read it from the platform's bucket, into which it is downloaded once."""
        return self.repository is not None and self.source in (None, "bucket")

    @property
    def from_hugging_face(self) -> bool:
        """Whether each server downloads it when it starts."""
        return self.repository is not None and self.source == "hugging_face"

    @property
    def own_bucket(self) -> str | None:
        """Name of the bucket that has the weights already; None where there is none."""
        return self.bucket_path.removeprefix("gs://").split("/")[0] if self.bucket_path else None

    @property
    def directory(self) -> str:
        """Where the weights are below the mounted folder; one folder per revision, so that an old one can return."""
        if self.bucket_path is not None:
            return self.bucket_path.removeprefix("gs://").partition("/")[2].rstrip("/")
        return f"{self.repository}/{self.revision}"

    @property
    def name(self) -> str:
        """What the weights are called: the last part of where they are."""
        place = self.repository or self.bucket_path or self.image_path or ""
        return place.rstrip("/").split("/")[-1]

    @property
    def gib(self) -> int:
        """Size of the weights in GiB; 0 where they are in the image."""
        if self.size_gib is not None:
            return self.size_gib
        return 0 if self.image_path else DEFAULT_SIZE_GIB

    @property
    def snapshots(self) -> tuple[RepositorySpec | LoraAdapterSpec, ...]:
        """Everything that is downloaded: the weights, the adapters and the other repositories."""
        own = RepositorySpec(repository=self.repository, revision=str(self.revision)) if self.repository else None
        return (*((own,) if own else ()), *self.lora_adapters.values(), *self.other_repositories.values())
