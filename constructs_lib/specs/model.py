"""The model's settings: which weights, and who may fetch them."""

from __future__ import annotations

import re
from dataclasses import dataclass


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
    Where the download Job finds its Hugging Face token: one of two places. The token itself is never in a config.

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
class ModelSpec:
    """
    The model, at one revision.

    Args:
        repository: Hugging Face repository, such as `google/gemma-3-27b-it`.
        revision: Commit of the repository, 40 hexadecimal digits: what is served cannot change by itself.
        hugging_face_token: Where the token is.
        served_name: The name clients send as `model`. Default: the last part of the repository.
        weights_gib: Size of the weights in GiB; the file cache is checked against it.
        download_region: Key of the region whose cluster downloads. Default: the config cluster's.
        download_timeout_minutes: How long the download may take.
    """

    repository: str
    revision: str
    hugging_face_token: HuggingFaceTokenSpec
    served_name: str | None = None
    weights_gib: int = 56
    download_region: str | None = None
    download_timeout_minutes: int = 60

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[\w.-]+/[\w.-]+", self.repository):
            raise ValueError(f"repository must read owner/name, got '{self.repository}'")
        if not re.fullmatch(r"[0-9a-f]{40}", self.revision):
            raise ValueError(
                f"revision must be a commit of 40 hexadecimal digits, got '{self.revision}': "
                f"take it from the history on the model's page"
            )
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
