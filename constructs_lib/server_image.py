"""What the name of a model server's image shows: whose it is, which version it holds, whether it stays the same."""

from __future__ import annotations

import re
from dataclasses import dataclass

Version = tuple[int, int, int]

# Their tags are vLLM's versions. Others count for themselves: nvcr.io/nvidia/vllm:25.12-py3 holds 0.11.1
# (vllm-project/vllm#31424), ghcr.io/llm-d/llm-d-cuda:v0.5.0 is llm-d's number.
VLLMS_OWN = ("vllm/vllm-openai", "vllm/vllm-tpu")

VERSION = r"v?(\d+)\.(\d+)(?:\.(\d+))?(?!\d)"
# Words that are moved to each new build, and numbers that leave a part open, as `v0` does.
MOVING = re.compile(
    r"(?:^|[-_.])(?:latest|nightly|main|master|head|edge|dev|devel|develop|stable|release|canary|current|test)(?:[-_.]|$)"
    r"|^v?\d+(?:\.\d+)?$"
)
# A whole version, a date or a commit beside the word names one build: vllm/vllm-openai has nightly-<commit> too.
PINNED = re.compile(r"\d+\.\d+\.\d+|(?<!\d)20\d{6}(?!\d)|(?:^|[-_.])(?=[a-f]*\d)[0-9a-f]{7,40}(?:[-_.]|$)")

# Servers with a start of their own, by what their images are called. An image that names vLLM as well may hold both.
OTHER_SERVERS = {
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
    def is_vllms_own(self) -> bool:
        """Whether vLLM publishes it: its two repositories, and mirrors whose path ends like theirs."""
        return any(f"/{self.path}".endswith(f"/{own}") for own in VLLMS_OWN)

    @property
    def version(self) -> Version | None:
        """VLLM's version as the tag names it. A pre-release counts as its release: `v0.11.1-rc1` is (0, 11, 1)."""
        found = re.match(VERSION, self.tag) if self.is_vllms_own else None
        return numbers(found) if found else None

    @property
    def moves(self) -> bool:
        """Whether the same name may be another image tomorrow. One with a digest never is."""
        return not self.digest and bool(MOVING.search(self.tag)) and not PINNED.search(self.tag)

    @property
    def other_server(self) -> str | None:
        """The server that it plainly holds in place of vLLM."""
        name = "/".join(self.path.lower().split("/")[-2:])
        if "vllm" in f"{name}:{self.tag.lower()}":
            return None
        known = OTHER_SERVERS.items()
        return next((server for server, word in known if re.search(rf"(?<![a-z\d])(?:{word})(?![a-z\d])", name)), None)


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
