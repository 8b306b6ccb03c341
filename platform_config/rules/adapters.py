"""Rules about what is served or downloaded beside the weights: adapters and other repositories."""

from __future__ import annotations

import re
from collections.abc import Iterator

from constructs_lib.specs import Snapshot
from constructs_lib.specs.limits import SECRET
from platform_config.errors import Problem, shown, yaml_path
from platform_config.model import Model
from platform_config.rules.rule import Rule, per_model

LORA_RANKS = (8, 16, 32, 64, 128, 256, 320, 512)
DEFAULT_NAMES = {"lora_adapters": "adapter-1", "other_repositories": "tokenizer"}


def _names(_: str, model: Model) -> Iterator[Problem]:
    """Yield each name of an adapter or another repository that cannot be the name of its container."""
    weights = model.weights
    if weights is None:
        return
    for section, names in (
        ("lora_adapters", weights.lora_adapters),
        ("other_repositories", weights.other_repositories),
    ):
        for name in names:
            path = yaml_path(("models", model.key, "weights", section, name))
            if not re.fullmatch(r"[a-z0-9]([a-z0-9-]{0,48}[a-z0-9])?", name):
                message = f"must be named with 1 to 50 lower case letters, digits and hyphens, got {shown(name)}"
                yield Problem(path, message, f"write '{_likely(name) or DEFAULT_NAMES[section]}'")
            elif section == "lora_adapters" and name == model.name:
                message = f"must have another name than the model itself, got {shown(name)}"
                yield Problem(path, message, "rename one of them")
            elif section == "other_repositories" and name in weights.lora_adapters:
                message = f"must have another name than an adapter, got {shown(name)}"
                yield Problem(path, message, "rename one of them")


def _likely(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", SECRET.sub("", name).lower()).strip("-")[:50].rstrip("-")


def _loaded(at: str, model: Model) -> Iterator[Problem]:
    if model.server.kind == "custom" and model.weights is not None and model.weights.lora_adapters:
        message = "must be left out for a custom server, which is not given them, got a map"
        fix = "name them in other_repositories, and their paths in server.extra_args"
        yield Problem(f"{at}.weights.lora_adapters", message, fix)


def _twice(_: str, model: Model) -> Iterator[Problem]:
    """Yield each repository of which another line of the same model takes other files at the same revision."""
    seen: dict[str, Snapshot] = {}
    for snapshot in model.weights.snapshots if model.weights else ():
        first = seen.setdefault(snapshot.directory, snapshot)
        if (first.kind, first.files) != (snapshot.kind, snapshot.files):
            section, name = snapshot.setting.split(".", 1)
            path = yaml_path(("models", model.key, "weights", section, name))
            message = f"must be downloaded once, got other files of {snapshot.repository}"
            yield Problem(path, message, f"remove it: the pods have it at {snapshot.path}")


def _pinned(_: str, model: Model) -> Iterator[Problem]:
    for name, adapter in model.weights.lora_adapters.items() if model.weights else ():
        if adapter.repository is not None and adapter.revision in (None, "main"):
            path = f"{yaml_path(('models', model.key, 'weights', 'lora_adapters', name))}.revision"
            fix = f"copy the newest commit of https://huggingface.co/{adapter.repository}/commits/main"
            yield Problem(path, "should be a commit, so that all servers have the same, got main", fix)


def _rank(at: str, model: Model) -> Iterator[Problem]:
    rank, path = model.server.max_lora_rank, f"{at}.server.max_lora_rank"
    if rank is not None and rank not in LORA_RANKS:
        allowed = ", ".join(map(str, LORA_RANKS))
        enough = next((known for known in LORA_RANKS if known >= rank), LORA_RANKS[-1])
        yield Problem(path, f"must be one of {allowed}, got {rank}", f"write {enough}")
    elif rank is not None and not (model.weights and model.weights.lora_adapters):
        yield Problem(path, f"must be left out without weights.lora_adapters, got {rank}", "remove the line")


RULES = (
    Rule(
        "MODEL-ADAPTER",
        "Adapters and other repositories have names of their own, of lower case letters, digits and hyphens",
        "Clients choose an adapter or the model by name; the download container's name has it too.",
        "Kubernetes, Object names; vLLM, LoRA adapters",
        per_model(_names),
    ),
    Rule(
        "MODEL-ADAPTER-SERVER",
        "A server with adapters is vLLM or SGLang",
        "How another server loads adapters is not known: it would start without them.",
        "vLLM, LoRA adapters; sgl-project/sglang, LoRA serving",
        per_model(_loaded),
    ),
    Rule(
        "MODEL-TWICE",
        "A model downloads a repository once at each revision",
        "Both downloads write to one folder, and each takes the other's mark that it is complete for a wrong one.",
        "this library",
        per_model(_twice),
    ),
    Rule(
        "MODEL-PINNED",
        "Adapters are pinned to a commit",
        "Each server gets the `main` of the time it starts: two may differ, and a bucket keeps what it has.",
        "Hugging Face, Repositories, revisions",
        per_model(_pinned),
        severity="warning",
    ),
    Rule(
        "MODEL-LORA-RANK",
        "`max_lora_rank` is one that vLLM supports, and there are adapters",
        "vLLM refuses others when it starts.",
        "vLLM, LoRAConfig",
        per_model(_rank),
    ),
)
