"""Rules about the environment variables of a server: their names, and that no secret is among their values."""

from __future__ import annotations

import re
from collections.abc import Iterator

from constructs_lib import sglang, vllm
from constructs_lib.manifests import region_header
from constructs_lib.manifests.model_armor import SCREENED_PATHS
from constructs_lib.manifests.model_server import HOME
from constructs_lib.server_process import OFFLINE
from platform_config.errors import Problem, shown
from platform_config.model import MODELS_PATH, Model
from platform_config.partial_config import known_first
from platform_config.rules.rule import Rule, per_model

NAME = r"[A-Za-z_][A-Za-z0-9_]*"
A_SECRET = (r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?", "the name of a Secret", "`kubectl get secrets` shows them")
A_KEY = (
    r"[A-Za-z0-9._-]{1,253}",
    "a key of letters, digits, '.', '_' and '-'",
    "`kubectl describe secret` shows them",
)
"""Form of a Secret's name, and of a key in it, with what each must be and where to find it."""
# The platform's own variables, by kind.
OWN = {
    "vllm": (*vllm.ENV, *region_header.env(""), *HOME),
    "sglang": (*sglang.ENV, *sglang.FAST_HEALTH),
    "custom": (*OFFLINE,),
}
SECRET = r"(?i)(?:^|_)(?:token|secret|passwd|password|credentials?|(?:api|access|private)_?key)$"
KNOWN_SECRETS = (
    r"sk-[\w-]{16,}|GOCSPX-[\w-]{8,}|ya29\.[\w-]{8,}|AIza[\w-]{30,}"
    r"|gh[pousr]_\w{20,}|AKIA[A-Z0-9]{16}|eyJ[\w-]{10,}\.[\w.-]+|-----BEGIN "
    # Whoever has the first may post; in the second is a password, if it is not $(NAME), which Kubernetes fills in.
    r"|hooks\.slack\.com/\w+/\w|\w://[^\s/@:\"']*:(?!\$\()[^\s/@\"']+@"
)
# What the device plugin of the node sets: which chips are the pod's own.
DEVICES = ("CUDA_VISIBLE_DEVICES", "NVIDIA_VISIBLE_DEVICES")
DOORS = {
    "VLLM_ALLOW_RUNTIME_LORA_UPDATING": ("/v1/load_lora_adapter", "/v1/unload_lora_adapter"),
    "VLLM_SERVER_DEV_MODE": ("/collective_rpc", "/reset_prefix_cache", "/sleep"),
}
"""What vLLM opens for anybody who reaches it, by the variable that does so. Sources: SRV-ENV-DOORS."""
OFF = ("", "0", "false")
CONTROL = r"[\x00-\x08\x0b-\x1f\x7f]"
"""Control characters other than the tabs and ends of line that a text may have."""


def _names(at: str, model: Model) -> Iterator[Problem]:
    server = model.server
    for setting in ("env", "secret_env"):
        for name in getattr(server, setting):
            path = f"{at}.server.{setting}.{name}"
            if not re.fullmatch(NAME, name):
                message = f"must be a name of letters, digits and _ that begins with no digit, got {shown(name)}"
                yield Problem(path, message, "correct the name")
            elif name in OWN[server.kind]:
                yield Problem(path, f"must not be set, got {shown(name)}", "remove it: the platform sets it")
            elif name in DEVICES:
                fix = "remove it: the node's device plugin sets it to the chips of the pod"
                yield Problem(path, f"must not be set, got {shown(name)}", fix)
    for name in server.secret_env:
        if name in server.env:
            message = f"must be in one of env and secret_env, got {shown(name)} in both"
            yield Problem(f"{at}.server.env.{name}", message, "remove one of them")


def _characters(at: str, model: Model) -> Iterator[Problem]:
    for value, name in known_first((value, name) for name, value in model.server.env.items()):
        if re.search(CONTROL, value):
            message = f"must hold no control characters, got {shown(value)}"
            yield Problem(f"{at}.server.env.{name}", message, "remove them, or write what encodes them, such as base64")


def holds_secret(text: str) -> bool:
    """Return whether *text* plainly holds a key, a password or an address that is one."""
    return bool(re.search(KNOWN_SECRETS, text))


def _secrets(at: str, model: Model) -> Iterator[Problem]:
    for value, name in known_first((value, name) for name, value in model.server.env.items()):
        is_place = not value or value.startswith("/")
        if holds_secret(value) or (re.search(SECRET, name) and not is_place):
            fix = f"put it into a Secret of the namespace {model.config.namespace}, and name that in secret_env.{name}"
            yield Problem(f"{at}.server.env.{name}", "must hold no secret, got one by its name or value", fix)


def _doors(at: str, model: Model) -> Iterator[Problem]:
    for name, doors in DOORS.items() if model.config.gateway.public else ():
        value = model.server.env.get(name, "")
        opened = [door for door in doors if _is_open(door, model.paths)]
        if opened and value.lower() not in OFF:
            message = (
                f"should be left out behind a public gateway, whose clients may then call {' and '.join(opened)}, "
            )
            message += f"got {shown(value)}"
            fix = f"remove it, or narrow gateway.paths, such as to [{', '.join((*SCREENED_PATHS, MODELS_PATH))}]"
            yield Problem(f"{at}.server.env.{name}", message, fix)


def _is_open(door: str, paths: tuple[str, ...]) -> bool:
    """Return whether clients reach the path *door*, or one below it, by the prefixes *paths*; none of them is all."""
    return not paths or any(f"{door}/".startswith(f"{path.rstrip('/')}/") for path in paths)


def _references(at: str, model: Model) -> Iterator[Problem]:
    parts = [
        (value, f"{at}.server.secret_env.{name}.{part}", *form)
        for name, secret in model.server.secret_env.items()
        for part, value, *form in (("name", secret.name, *A_SECRET), ("key", secret.key, *A_KEY))
    ]
    for value, path, form, must, fix in known_first(parts):
        if not re.fullmatch(form, value):
            yield Problem(path, f"must be {must}, got {shown(value)}", fix)


RULES = (
    Rule(
        "SRV-ENV",
        "Environment variables have valid names, once each, and none is the platform's own or the device plugin's",
        "Kubernetes refuses others, and a server without the platform's variables does not find its weights or caches. "
        "One that sees fewer chips than it is split over does not start.",
        "Kubernetes, Define Environment Variables for a Container; Device Plugins",
        per_model(_names),
    ),
    Rule(
        "SRV-ENV-TEXT",
        "Values of `env` are text without control characters",
        "A process cannot have a variable with NUL in it, and nothing shows the others in a log or a plan.",
        "The Open Group, POSIX, Environment Variables",
        per_model(_characters),
    ),
    Rule(
        "SRV-ENV-SECRET",
        "No secret is among the values of `env`",
        "What is in the file is also in plan, state and version control.",
        "Kubernetes, Distribute Credentials Securely Using Secrets",
        per_model(_secrets),
    ),
    Rule(
        "SRV-ENV-DOORS",
        "No variable gives clients from the internet a path that changes the server",
        "Whoever calls one has a server load any adapter, forget its cache, sleep, or run a method by its name.",
        "vLLM, LoRA Adapters, Dynamically serving LoRA Adapters; vLLM, Security, development mode",
        per_model(_doors),
        severity="warning",
    ),
    Rule(
        "SRV-ENV-FROM",
        "`secret_env` names a Secret and a key as Kubernetes writes them",
        "The API server refuses the Deployment.",
        "Kubernetes API, SecretKeySelector",
        per_model(_references),
    ),
)
