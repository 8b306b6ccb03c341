"""Prompts of about the length asked for, no two of which begin alike."""

from __future__ import annotations

import random

# Common enough to be one token each in the vocabularies of the usual models, with the space before them.
COMMON_WORDS = (
    "time year people way day man thing woman life child world school state family student group country problem hand "
    "part place case week company system program question work government number night point home water room mother "
    "area money story fact month lot right study book eye job word business issue side kind head house service friend "
    "father power hour game line end member law car city"
)
INSTRUCTION = "Write a long story with these words."
INSTRUCTION_TOKENS = 8


def prompt(tokens: int) -> str:
    """
    A prompt that no cache can answer: its words are drawn anew each time, from the first one on.

    A server that caches prefixes would otherwise skip the prefill, which is most of the time to first token. A few
    words more or less than asked are sent: a word is taken for a token, and the chat template of the model, some ten
    tokens, is not counted. Prompts of fewer than some 20 tokens are mostly the instruction.

    Args:
        tokens: Length to aim at, in tokens.
    """
    words = random.choices(COMMON_WORDS.split(), k=max(1, tokens - INSTRUCTION_TOKENS))
    return f"{' '.join(words)}\n{INSTRUCTION}"
