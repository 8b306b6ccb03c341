"""The name of a container image, as every kubelet reads it."""

from __future__ import annotations

import re
from collections.abc import Iterator

LABEL = r"[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?"
PORT = r":[0-9]+"
REGISTRY = rf"(?:localhost(?:{PORT})?|\[[0-9a-fA-F:]+\](?:{PORT})?|{LABEL}{PORT}|{LABEL}(?:\.{LABEL})+(?:{PORT})?)"
WORD = r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*"
NAME = rf"(?:{REGISTRY}/)?{WORD}(?:/{WORD})*"
TAG = r":[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}"
DIGEST_DIGITS = 64
IMAGE = rf"{NAME}(?:{TAG}|(?:{TAG})?@sha256:[0-9a-f]{{{DIGEST_DIGITS}}})"
"""An image that names a tag or a digest. Source: distribution/reference, the grammar in reference.go."""

COMMAND = r"(?:sudo\s+)?(?:docker|podman|nerdctl|crictl)\s+(?:image\s+)?(?:pull|run)\s+(?:-\S+\s+)*"
SCHEME = r"(?i:[a-z][a-z0-9+.-]*://)"


def wrong_image(image: str) -> Iterator[str]:
    """Yield what is wrong with the name of an image, with the fix; a token, known after apply, is right."""
    if not isinstance(image, str) or "${" in image or re.fullmatch(IMAGE, image):
        return
    meant = _meant(image)
    digits = re.fullmatch(r"[^@]+@sha256:([0-9a-f]*)", meant)
    if digits and len(digits[1]) != DIGEST_DIGITS:
        must, fix = f"have {DIGEST_DIGITS} digits behind sha256, not {len(digits[1])}", "the whole digest"
    elif re.fullmatch(NAME, meant.rstrip(":")):
        must, fix = "name a tag or a digest", f"'{meant.rstrip(':')}:' and its tag"
    else:
        must = "read like docker.io/vllm/vllm-openai:v0.27.1"
        fix = f"'{meant}'" if re.fullmatch(IMAGE, meant) else "registry, path and tag alone"
    yield f"image must {must}, got '{image}': write {fix}"


def _meant(image: str) -> str:
    """Return *image* without a command before it, the scheme of an address, blanks and capitals."""
    name = re.sub(rf"^\s*(?:{COMMAND})?(?:{SCHEME})?", "", image).strip()
    name = re.sub(r"^hub\.docker\.com/r/", "docker.io/", name)
    path, _, digest = name.partition("@")
    tag = re.search(rf"(?:{TAG})?$", path)
    start = tag.start() if tag else len(path)
    return path[:start].lower() + path[start:] + (f"@{digest.lower()}" if digest else "")
