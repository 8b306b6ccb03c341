"""Rules about how arguments in `extra_args` are written: a server gets each item as it is, without a shell."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from constructs_lib.server_image import NAMES
from constructs_lib.vllm_arguments import split_arguments
from platform_config.errors import Problem, shown
from platform_config.model import Model
from platform_config.rules.arguments import is_reserved
from platform_config.rules.rule import Rule, per_model
from platform_config.rules.server_flags import FLAGS

# vLLM's own short names have at most three letters, such as -tp, -dpl and -O3 (vLLM, engine arguments).
SINGLE_HYPHEN = r"-(?=[A-Za-z]{4}|[A-Za-z]+[-_])"
LONG_DASH = r"[\u2012-\u2015]-?(?=[A-Za-z])"


def _forms(at: str, model: Model) -> Iterator[Problem]:
    kind = model.server.kind
    for index, text in enumerate(model.server.extra_args):
        path = f"{at}.server.extra_args[{index}]"
        # Nobody knows how another server reads its arguments.
        if is_reserved(text, FLAGS[kind]) or (kind == "custom" and text.strip()):
            continue
        meant = _meant(text, is_first=index == 0)
        if kind == "sglang":
            meant = [re.sub(r"^--[\w-]+", _with_dashes, item) for item in meant]
        if not meant:
            yield Problem(path, f"must hold an argument, got {shown(text)}", "remove it")
        elif meant != [text]:
            message = f"must be one argument as {NAMES[kind]} reads it, got {shown(text)}"
            yield Problem(path, message, f"write {_items(meant)}")
        elif index == 0 and not text.startswith("-"):
            yield Problem(path, f"must be an argument's name, got {shown(text)}", "write the name in an item before it")


def _meant(text: str, *, is_first: bool) -> list[str]:
    """Return the arguments that *text* was meant to be; only itself if it is right."""
    if not text.strip():
        return []
    plain = re.sub(rf"^\s*(?:{SINGLE_HYPHEN}|{LONG_DASH})", "--", text)
    if is_first and re.match(r"\s*[A-Za-z]", plain):
        plain = f"--{plain.lstrip()}"
    if re.match(r"\s+-", plain):
        plain = plain.strip()
    return split_arguments(plain) if re.match(r"-[^=\s]*\s", plain) else [plain]


def _with_dashes(name: re.Match[str]) -> str:
    """Return a name as argparse has it; vLLM's own parser takes underscores for dashes, SGLang's does not."""
    return name[0].replace("_", "-")


def _items(texts: Sequence[str]) -> str:
    return shown(texts[0]) if len(texts) == 1 else f"one item each: {', '.join(map(shown, texts))}"


RULES = (
    Rule(
        "SRV-ARGS-FORM",
        "Each item of `extra_args` is one argument or one value",
        "No shell splits them at blanks: the server does not know an argument with a blank in its name, and ends.",
        "Python, argparse; vLLM, FlexibleArgumentParser",
        per_model(_forms),
    ),
)
