"""Rules about the image of the model server: which server is in it, and which version of vLLM."""

from __future__ import annotations

from collections.abc import Iterator

from constructs_lib import vllm
from constructs_lib.server_image import server_image
from platform_config.errors import TOKEN, Problem, shown
from platform_config.model import Model
from platform_config.rules.rule import Rule, per_model

PRINT_VERSION = "-c 'import vllm; print(vllm.__version__)'"


def _engine(at: str, model: Model) -> Iterator[Problem]:
    image = model.server.image
    if other := server_image(image).other_server:
        message = f"must be an image of vLLM, got {shown(image)} of {other}"
        yield Problem(f"{at}.server.image", message, "write docker.io/vllm/vllm-openai or vllm-tpu with its version")


def _version(at: str, model: Model) -> Iterator[Problem]:
    server = model.server
    if vllm.find_version(server) is None and not server_image(server.image).other_server:
        message = f"must be given for an image whose tag is no version of vLLM, got nothing and {shown(server.image)}"
        name = TOKEN.sub("hf_...", server.image)
        fix = f"write what `docker run --rm --entrypoint python3 {name} {PRINT_VERSION}` prints, such as 0.27.1"
        yield Problem(f"{at}.server.version", message, fix)


def _tag(at: str, model: Model) -> Iterator[Problem]:
    server = model.server
    image = server_image(server.image)
    if image.moves:
        message = f"should name one build, got {shown(server.image)}, whose tag moves to the next build"
        yield Problem(
            f"{at}.server.image", message, "write a complete version, or add the digest of the build you want"
        )
    given = vllm.find_version(server)
    if image.version and given and image.version != given:
        tag = ".".join(map(str, image.version))
        message = f"should be {tag} as the image's tag says, got {server.version}"
        yield Problem(f"{at}.server.version", message, "remove the line, unless the image was changed under that tag")


RULES = (
    Rule(
        "SRV-ENGINE",
        "The image is not one of another server",
        "Its pods start vLLM's module; an image of SGLang or TensorRT-LLM has none, and every pod ends.",
        "the servers' own documentation of their images",
        per_model(_engine),
    ),
    Rule(
        "SRV-VERSION",
        "vLLM's version is known: by the tag of vLLM's own images, or else by `version`",
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
