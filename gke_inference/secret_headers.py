"""Headers whose values nobody may see, such as the key that an API gateway asks each client for."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NoReturn

import click

from gke_inference.command import option
from gke_inference.openai_client import OBJECTIVE_HEADER

SECRET_HEADER = re.compile(r"(?P<name>[!#$%&'*+.^_`|~0-9A-Za-z-]+)=(?P<kind>env|file):(?P<source>.+)")
"""The name is a token of HTTP (RFC 9110, 5.6.2)."""
OWN_HEADERS = (
    "host", "content-type", "content-length", "transfer-encoding", "connection", "upgrade", "te", "trailer", "expect",
    OBJECTIVE_HEADER,
)  # fmt: skip
"""Headers that make a request what it is, which the client sets itself."""
LONGEST = 4096
"""Characters of a value; the load balancer has 64 KB for all headers together."""


class SecretHeader(click.ParamType[tuple[str, str]]):
    """
    The name of a header, and where its value is: `NAME=env:VARIABLE` or `NAME=file:PATH`.

    A value itself is refused: a command line is seen by everybody on the machine, and kept in a history. What was
    given is never repeated, because it may hold a value by mistake.
    """

    name = "header"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, str]:
        """Return the header's name and its value."""
        found = SECRET_HEADER.fullmatch(value)
        if not found:
            self._refuse("must read NAME=env:VARIABLE or NAME=file:PATH, and not hold the value itself", param, ctx)
        name, is_file = found["name"], found["kind"] == "file"
        if name.lower() in OWN_HEADERS:
            self._refuse(f"must not be {name}, which each request has already", param, ctx)
        try:
            given = Path(found["source"]).read_text(encoding="utf-8") if is_file else os.environ.get(found["source"])
        except (OSError, ValueError):
            given = None
        text = (given or "").strip()
        if not text or len(text) > LONGEST or not text.isascii() or not text.isprintable():
            where = "a file that can be read and" if is_file else "an environment variable that"
            self._refuse(
                f"{name} must name {where} holds one line of 1 to {LONGEST} printable ASCII characters", param, ctx
            )
        return name, text

    def _refuse(self, message: str, param: click.Parameter | None, ctx: click.Context | None) -> NoReturn:
        self.fail(f"{message} (what was given is not repeated here)", param, ctx)


def _by_name(ctx: click.Context, _: click.Parameter, given: tuple[tuple[str, str], ...]) -> Mapping[str, str]:
    """Return the values by the names of their headers."""
    names = [name.lower() for name, _ in given]
    if repeated := sorted({name for name in names if names.count(name) > 1}):
        raise click.BadParameter(f"must name each header once, got {', '.join(repeated)} again")
    return dict(given)


header_option = option(
    "--header", "secret_headers", type=SecretHeader(), metavar="NAME=SOURCE", multiple=True, callback=_by_name,
    help="Header of every request, such as an API key: NAME=env:VARIABLE or NAME=file:PATH; may be given again.",
)  # fmt: skip
"""Gives the command the values of its secret headers, by name."""


def header_problems(secret: Mapping[str, str], route: Mapping[str, str], token: str | None) -> Iterator[str]:
    """
    Yield which of the *secret* headers something else sets too.

    Args:
        secret: The headers of `--header`.
        route: The headers that the model's route asks for.
        token: The bearer token of `--token-env`.
    """
    taken = dict.fromkeys(map(str.lower, route), "the model's route asks for it")
    taken |= {"authorization": "--token-env sets it"} if token else {}
    for name in secret:
        if reason := taken.get(name.lower()):
            yield f"--header: must be another than {name}, {reason}"
