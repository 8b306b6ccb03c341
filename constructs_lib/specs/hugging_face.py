"""What is downloaded from Hugging Face: repositories at one revision, and where the token for them is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from constructs_lib.specs.limits import refuse, wrong_text
from constructs_lib.specs.mounts import MODELS

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
class Snapshot:
    """
    A Hugging Face repository at one revision, as it is downloaded.

    Attributes:
        name: Name of the adapter or of the other repository; empty for the weights.
        setting: Where it is in the section `weights`, such as `lora_adapters.food`; empty for the weights.
        repository: Hugging Face repository.
        revision: Commit, or `main`.
        kind: Which of its files are taken: those of an adapter, any that a server may read, or None for the format
            that the model's own server reads.
        files: Patterns of the files that are taken in place of those.
    """

    name: str = ""
    setting: str = ""
    repository: str
    revision: str
    kind: Literal["adapter", "any"] | None = None
    files: tuple[str, ...] = ()

    @property
    def directory(self) -> str:
        """Where it is in the bucket: one folder per revision, so that an old one can return."""
        return f"{self.repository}/{self.revision}"

    @property
    def path(self) -> str:
        """Where a pod has it."""
        return f"{MODELS}/{self.directory}"


@dataclass(frozen=True, kw_only=True)
class RepositorySpec:
    """
    Another Hugging Face repository that a server needs, at one revision.

    Args:
        repository: Hugging Face repository, such as `google/gemma-3-270m-it`.
        revision: Commit of the repository, 40 hexadecimal digits.
        files: Patterns of the files that are needed, such as `tokenizer*` or `*.jinja`. Default: one set of weights if
            it has any, and every file that is no weights.
    """

    repository: str
    revision: str
    files: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        refuse([*wrong_snapshot(self.repository, self.revision), *wrong_files(self.files)])


def wrong_snapshot(repository: str | None, revision: str | None, branch: str | None = None) -> Iterator[str]:
    """Yield what is wrong with a repository and its revision, which may be *branch*; None is right."""
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


def wrong_files(patterns: tuple[str, ...]) -> Iterator[str]:
    """Yield what is wrong with patterns of files."""
    for pattern in patterns if isinstance(patterns, tuple) else ():
        yield from wrong_text("files", pattern, r"[^/\s][^\n]*", "hold paths or patterns such as 'tokenizer*'")
