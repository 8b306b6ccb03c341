"""Arguments as vLLM's own parser reads them; SGLang's is a plain argparse, which reads them alike."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

WeightsFormat = Literal["auto", "hf", "mistral", "any"]

# Formats of the files that a transformers checkpoint has (vLLM, LoadConfig.load_format).
HF_FORMATS = ("hf", "safetensors", "fastsafetensors", "instanttensor")
SHORTEST_ABBREVIATION = 5
# A flag of its own, although a longer one begins with it.
NEVER_SHORT = ("--reasoning-parser",)
# What a blank does not part: text in quotes, and a map in JSON.
PIECE = re.compile(r"""(?:"[^"]*"|'[^']*'|\{.*?\}(?=\s|$)|\S)+""", re.DOTALL)


@dataclass(frozen=True)
class Argument:
    """
    One argument.

    Attributes:
        index: Where it is in the list.
        flag: Its name, with dashes as vLLM turns underscores into them.
        key: What stands after a dot: `--speculative-config.model` sets one key of a map.
        value: What it is set to; empty for a switch.
    """

    index: int
    flag: str
    key: str
    value: str

    def named(self, flags: Iterable[str]) -> str | None:
        """Return which of *flags* it is. vLLM takes an abbreviation (argparse's default) where it is the only one."""
        known = tuple(flags)
        if self.flag in known:
            return self.flag
        if self.flag in NEVER_SHORT or len(self.flag) < SHORTEST_ABBREVIATION:
            return None
        longer = [flag for flag in known if flag.startswith(self.flag)]
        return longer[0] if len(longer) == 1 else None


def arguments(texts: Sequence[str]) -> Iterator[Argument]:
    """Yield each argument of *texts*, its value behind `=` or in the next text (vLLM, FlexibleArgumentParser)."""
    for index, text in enumerate(texts):
        if not re.match(r"-{1,2}[A-Za-z]", text):
            continue
        name, *behind = re.split(r"[=\s]", text, maxsplit=1)
        flag, _, key = name.partition(".")
        following = texts[index + 1] if index + 1 < len(texts) else ""
        value = behind[0] if behind else "" if following.startswith("-") else following
        yield Argument(index=index, flag=flag.replace("_", "-"), key=key.rstrip("+"), value=value.strip())


def split_arguments(line: str) -> list[str]:
    """Split a command line into arguments, without the quotes around each or around its value."""
    parts = (part.rstrip(",") for part in PIECE.findall(line))
    return [re.sub(r"""(?s)^(--?[\w.-]+=)?(["'])(.*)\2$""", r"\1\3", part) for part in parts if part]


def weights_format(texts: Sequence[str]) -> WeightsFormat:
    """Return the format of weights that *texts* have vLLM read, where a repository may have two."""
    formats = {argument.value for argument in arguments(texts) if argument.named(("--load-format", "--config-format"))}
    if "mistral" in formats:
        return "mistral"
    return "hf" if formats & set(HF_FORMATS) else "auto"
