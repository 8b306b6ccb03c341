"""Rules about the image of the servers: which server is in it, and in which version."""

from __future__ import annotations

from collections.abc import Iterator

from constructs_lib.server_image import NAMES, find_version, server_image
from constructs_lib.specs.limits import masked
from platform_config.errors import Problem, shown
from platform_config.model import Model
from platform_config.rules.rule import Rule, per_model

OWN_IMAGES = {"vllm": "docker.io/vllm/vllm-openai or vllm-tpu", "sglang": "docker.io/lmsysorg/sglang"}
EXAMPLES = {"vllm": "0.27.1", "sglang": "0.5.6"}
OTHER_KINDS = {name: f"kind: {kind}" for kind, name in NAMES.items()}


def _engine(at: str, model: Model) -> Iterator[Problem]:
    server = model.server
    other = server_image(server.image).other_server(NAMES[server.kind]) if server.kind in NAMES else None
    if other:
        message = f"must be an image of {NAMES[server.kind]}, got {shown(server.image)} of {other}"
        kind = OTHER_KINDS.get(other, "kind: custom")
        fix = f"write {OWN_IMAGES[server.kind]} with its version, or {at}.server.{kind}"
        yield Problem(f"{at}.server.image", message, fix)


def _version(at: str, model: Model) -> Iterator[Problem]:
    server = model.server
    if server.kind not in NAMES or find_version(server) is not None:
        return
    name = NAMES[server.kind]
    if not server_image(server.image).other_server(name):
        message = f"must be given for an image whose tag is no version of {name}, got nothing and {shown(server.image)}"
        image = masked(server.image)
        program = f"-c 'import {server.kind}; print({server.kind}.__version__)'"
        command = f"docker run --rm --entrypoint python3 {image} {program}"
        fix = f"write what `{command}` prints, such as {EXAMPLES[server.kind]}"
        yield Problem(f"{at}.server.version", message, fix)


def _tag(at: str, model: Model) -> Iterator[Problem]:
    server = model.server
    image = server_image(server.image)
    if image.moves:
        message = f"should name one build, got {shown(server.image)}, whose tag moves to the next build"
        yield Problem(
            f"{at}.server.image", message, "write a complete version, or add the digest of the build you want"
        )
    given = find_version(server)
    if image.kind == server.kind and image.version and given and image.version != given:
        tag = ".".join(map(str, image.version))
        message = f"should be {tag} as the image's tag says, got {server.version}"
        yield Problem(f"{at}.server.version", message, "remove the line, unless the image was changed under that tag")


RULES = (
    Rule(
        "SRV-ENGINE",
        "The image is not one of another server than `kind` says",
        "Pods of kind vllm start vLLM's module, and pods of kind sglang SGLang's: an image of another server has none, "
        "and every pod ends.",
        "the servers' own documentation of their images",
        per_model(_engine),
    ),
    Rule(
        "SRV-VERSION",
        "The version of vLLM or SGLang is known: by the tag of their own images, or else by `version`",
        "The metric that load balancer, picker and autoscaler read, and the server's arguments, depend on it. Other "
        "images have version numbers of their own: nvcr.io/nvidia/vllm:25.12-py3 holds 0.11.1.",
        "vllm-project/vllm#31424; docs/decisions/0029",
        per_model(_version),
    ),
    Rule(
        "SRV-TAG",
        "The image's tag names one build, and agrees with `version`",
        "Two nodes may pull two builds under a tag that moves, and nothing shows when its version changed.",
        "Kubernetes, Images; vLLM, Using Docker",
        per_model(_tag),
        severity="warning",
    ),
)
