"""The model's settings: which weights, and who may fetch them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal


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
        _check_snapshot(self.repository, self.revision, branch="main")

    @property
    def directory(self) -> str:
        """Where it is beside the weights: one folder per revision."""
        return f"{self.repository}/{self.revision}"


def _check_snapshot(repository: str, revision: str, branch: str | None = None) -> None:
    if not re.fullmatch(r"\w[\w.-]*/\w[\w.-]*", repository):
        raise ValueError(f"repository must read owner/name, got '{repository}'")
    if revision != branch and not re.fullmatch(r"[0-9a-f]{40}", revision):
        raise ValueError(
            f"revision must be a commit of 40 hexadecimal digits, got '{revision}': "
            f"take it from the history on the model's page"
        )


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
    weights_gib: int = 56
    download_region: str | None = None
    download_timeout_minutes: int = 60

    def __post_init__(self) -> None:
        _check_snapshot(self.repository, self.revision)
        if self.weights_gib < 1:
            raise ValueError(f"weights_gib must be at least 1, got {self.weights_gib}")
        if not 5 <= self.download_timeout_minutes <= 360:
            raise ValueError(f"download_timeout_minutes must be between 5 and 360, got {self.download_timeout_minutes}")

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
