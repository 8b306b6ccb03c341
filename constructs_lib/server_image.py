"""What the name of a server's image shows: which server it holds, in which version, and whether it stays the same."""

from __future__ import annotations

import re
from dataclasses import dataclass

from constructs_lib.specs import ServerSpec

Version = tuple[int, int, int]

# Their tags are the server's versions. Others count for themselves: nvcr.io/nvidia/vllm:25.12-py3 holds 0.11.1
# (vllm-project/vllm#31424), ghcr.io/llm-d/llm-d-cuda:v0.5.0 is llm-d's number.
PUBLISHED = {"vllm": ("vllm/vllm-openai", "vllm/vllm-tpu"), "sglang": ("lmsysorg/sglang",)}
NAMES = {"vllm": "vLLM", "sglang": "SGLang"}
"""How the servers are called."""

VERSION = r"v?(\d+)\.(\d+)(?:\.(\d+))?(?!\d)"
# Words that are moved to each new build, and numbers that leave a part open, as `v0` does.
MOVING = re.compile(
    r"(?:^|[-_.])(?:latest|nightly|main|master|head|edge|dev|devel|develop|stable|release|canary|current|test)(?:[-_.]|$)"
    r"|^v?\d+(?:\.\d+)?$"
)
# A whole version, a date or a commit beside the word names one build: vllm/vllm-openai has nightly-<commit> too.
PINNED = re.compile(r"\d+\.\d+\.\d+|(?<!\d)20\d{6}(?!\d)|(?:^|[-_.])(?=[a-f]*\d)[0-9a-f]{7,40}(?:[-_.]|$)")

# Servers with a start of their own, by what their images are called.
SERVERS = {
    "vLLM": r"vllm",
    "SGLang": r"sglang|sgl",
    "Text Generation Inference": r"text-generation-inference|tgi",
    "Text Embeddings Inference": r"text-embeddings-inference",
    "Triton": r"tritonserver|triton-server",
    "TensorRT-LLM": r"tensorrt-?llm|trt-?llm",
    "llama.cpp": r"llama[._-]?cpp",
    "Ollama": r"ollama",
    "LMDeploy": r"lmdeploy",
    "MLC LLM": r"mlc-?llm",
    "JetStream": r"jetstream",
    "Hex-LLM": r"hex-?llm",
    "LocalAI": r"localai|local-ai",
}


@dataclass(frozen=True)
class ServerImage:
    """
    The parts of an image's name.

    Attributes:
        path: Registry and repository.
        tag: Empty where there is none.
        digest: `sha256:...`; empty where there is none.
    """

    path: str
    tag: str
    digest: str

    @property
    def kind(self) -> str | None:
        """Whose own image it is: of a repository of the server's, or of a mirror whose path ends like it."""
        for kind, repositories in PUBLISHED.items():
            if any(f"/{self.path}".endswith(f"/{own}") for own in repositories):
                return kind
        return None

    @property
    def version(self) -> Version | None:
        """The server's version as the tag names it; a pre-release counts as its release: v0.11.1-rc1 is (0, 11, 1)."""
        found = re.match(VERSION, self.tag) if self.kind else None
        return numbers(found) if found else None

    @property
    def moves(self) -> bool:
        """Whether the same name may be another image tomorrow. One with a digest never is."""
        return not self.digest and bool(MOVING.search(self.tag)) and not PINNED.search(self.tag)

    def other_server(self, wanted: str) -> str | None:
        """Return the server that it plainly holds in place of *wanted*; an image that names both may hold both."""
        name = "/".join(self.path.lower().split("/")[-2:])
        if wanted.lower() in f"{name}:{self.tag.lower()}":
            return None
        found = (server for server, word in SERVERS.items() if re.search(rf"(?<![a-z\d])(?:{word})(?![a-z\d])", name))
        return next((server for server in found if server != wanted), None)


def server_image(name: str) -> ServerImage:
    """Split *name* into its parts."""
    named, _, digest = name.partition("@")
    last = named.rsplit("/", 1)[-1]
    tag = last.partition(":")[2]
    return ServerImage(path=named[: len(named) - len(tag) - 1] if tag else named, tag=tag, digest=digest)


def numbers(found: re.Match[str]) -> Version:
    """Return the three numbers that *found* has as groups; a patch that is not named is 0."""
    major, minor, patch = found.groups(default="0")
    return int(major), int(minor), int(patch)


def find_version(server: ServerSpec) -> Version | None:
    """Return the version of the spec, else that of the tag of the server's own image; None where neither names it."""
    if server.version is not None:
        found = re.match(VERSION, server.version)
        return numbers(found) if found else None
    image = server_image(server.image)
    return image.version if image.kind == server.kind else None


def known_version(server: ServerSpec) -> Version:
    """
    Return the version of the spec or of the tag of the server's own image.

    Raises:
        ValueError: Neither names it.
    """
    found = find_version(server)
    if found is None:
        raise ValueError(f"version must be given for an image whose tag does not name it, got '{server.image}'")
    return found
