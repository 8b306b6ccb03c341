"""The model's settings: which weights, and who may fetch them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Annotated, Literal

from constructs_lib.specs.limits import Between, refuse, wrong_settings, wrong_text

TOKEN = re.compile(r"hf_\w{8,}")
"""What a Hugging Face token looks like: it is never printed."""

REPOSITORY = r"\w[\w.-]*/\w[\w.-]*"


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


def _wrong_snapshot(repository: str, revision: str, branch: str | None = None) -> Iterator[str]:
    yield from wrong_text("repository", repository, REPOSITORY, "read owner/name", _owner_and_name(repository))
    commit = r"[0-9a-f]{40}" if branch is None else rf"[0-9a-f]{{40}}|{branch}"
    must = "be a commit of 40 hexadecimal digits"
    yield from wrong_text("revision", revision, commit, must, _commit(revision))


def _owner_and_name(repository: str) -> str:
    """Return what to write for the address of a repository."""
    site = r"(?:[a-z]+://)?(?:(?:www\.)?(?:huggingface\.co|hf\.co)/)?"
    page = r"(?:/(?:tree|blob|resolve|commits?)/.*|@.*|/)?"
    address = re.fullmatch(rf"{site}({REPOSITORY}){page}", str(repository))
    return f"write '{address[1]}'" if address else "copy both from the model's page"


def _commit(revision: str) -> str:
    """Return what to write for the address or the upper case letters of a commit."""
    commit = re.search(r"\b[0-9a-f]{40}\b", str(revision).lower())
    return f"write '{commit[0]}'" if commit else "take it from the history on the model's page"


@dataclass(frozen=True, kw_only=True)
class ModelSpec:
    """
    The model, at one revision.

    Args:
        repository: Hugging Face repository, such as `google/gemma-3-27b-it`.
        revision: Commit of the repository, 40 hexadecimal digits: what is served cannot change by itself.
        source: `bucket`: downloaded once, and each server reads it from there. `hugging_face`: each server downloads it
            for itself when it starts, onto its node; needs no bucket, and Hugging Face at every start. Keep
            `bucket` for one deploy when it changes: until then servers read it.
        lora_adapters: Adapters by the name that clients send as `model`.
        hugging_face_token: Where the token is.
        served_name: The name clients send as `model`. Default: the last part of the repository.
        weights_gib: Size of the weights in GiB; the file cache is checked against it.
        download_region: Key of the region whose cluster downloads. Default: the config cluster's.
        download_timeout_minutes: How long the download may take.
    """

    repository: str
    revision: str
    hugging_face_token: HuggingFaceTokenSpec
    source: Literal["bucket", "hugging_face"] = "bucket"
    lora_adapters: dict[str, LoraAdapterSpec] = field(default_factory=dict)
    served_name: str | None = None
    weights_gib: Annotated[int, Between(1, 65536)] = 56
    download_region: str | None = None
    download_timeout_minutes: Annotated[int, Between(5, 360)] = 60

    def __post_init__(self) -> None:
        refuse([*_wrong_snapshot(self.repository, self.revision), *wrong_settings(self)])

    @property
    def name(self) -> str:
        """The name clients send as `model`."""
        return self.served_name or self.repository.split("/")[-1]

    @property
    def directory(self) -> str:
        """Where the weights are in the bucket: one folder per revision, so that an old one can be served again."""
        return f"{self.repository}/{self.revision}"

    @property
    def snapshots(self) -> tuple[ModelSpec | LoraAdapterSpec, ...]:
        """Everything that is downloaded: the weights and the adapters."""
        return (self, *self.lora_adapters.values())
