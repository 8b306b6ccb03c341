"""What options may hold: each type says what is allowed and what was given."""

from __future__ import annotations

import json
import math
import os
import re
from pathlib import Path
from typing import Any, NoReturn

import click
import httpx

from platform_config.errors import shown

SECONDS = {"s": 1, "sec": 1, "m": 60, "min": 60, "h": 3600}
"""Units that people write behind a time."""


class Finite(click.FloatRange):
    """A number in a range; `nan`, which is in every range for Python, is in none."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Return the number."""
        is_share, is_time = self.max == 1, param is not None and param.metavar == "SEC"
        try:
            number = float(value)
        except ValueError:
            meant = _share_meant(str(value)) if is_share else _seconds_meant(str(value)) if is_time else ""
            what = "a share from 0 to 1" if is_share else "a number of seconds" if is_time else "a number"
            self.fail(f"must be {what}, got {shown(value)}{meant}", param, ctx)
        if not math.isfinite(number):
            self.fail(f"must be a finite number, got {shown(value)}", param, ctx)
        if is_share and number > 1:
            self.fail(f"must be a share from 0 to 1, got {number:g}{_share_meant(f'{number:g}')}", param, ctx)
        return float(super().convert(value, param, ctx))


def _share_meant(given: str) -> str:
    """Return what somebody meant who gave percent."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*%?", given)
    return f"; did you mean {float(found[1]) / 100:g}?" if found and float(found[1]) <= 100 else ""


def _seconds_meant(given: str) -> str:
    """Return what somebody meant who gave a unit."""
    found = re.fullmatch(rf"(\d+(?:\.\d+)?)\s*({'|'.join(SECONDS)})", given)
    return f"; did you mean {float(found[1]) * SECONDS[found[2]]:g}?" if found else ""


class WholeNumbers(click.ParamType[tuple[int, ...]]):
    """One or more whole numbers from 1 to *most*, separated by commas."""

    name = "numbers"

    def __init__(self, *, most: int) -> None:
        self.most = most

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, ...]:
        """Return the numbers, in the order in which they were given."""
        try:
            numbers = tuple(int(part) for part in value.split(","))
        except ValueError:
            numbers = (0,)
        if not all(1 <= number <= self.most for number in numbers):
            self.fail(
                f"must be whole numbers from 1 to {self.most}, such as 1,2,4, got {shown(value)}",
                param,
                ctx,
            )
        return numbers


class BaseUrl(click.ParamType[str]):
    """Where an OpenAI-compatible server is, with or without the `/v1` at its end."""

    name = "url"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the address without `/v1` and without a slash at its end."""
        try:
            url = httpx.URL(value)
        except httpx.InvalidURL:
            self._refuse(value, param, ctx)
        if url.userinfo:
            self.fail("must not hold a user or password (not repeated here), see --token-env", param, ctx)
        good_port = url.port is None or 1 <= url.port <= 65535
        if url.scheme not in ("http", "https") or not url.host or not good_port or url.query or url.fragment:
            self._refuse(value, param, ctx)
        return str(url).rstrip("/").removesuffix("/v1").rstrip("/")

    def _refuse(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> NoReturn:
        self.fail(f"must read http://HOST[:PORT] or https://HOST[:PORT], got {shown(value)}", param, ctx)


class RegionUrl(click.ParamType[tuple[str, str]]):
    """A `BaseUrl`, with the key of the region in front of it where each region has one: `us=http://10.0.0.5`."""

    name = "url"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, str]:
        """Return the key, empty for none, and the address."""
        key, has_key, url = str(value).partition("=")
        if has_key and re.fullmatch(r"[a-z0-9-]+", key):
            return key, BaseUrl().convert(url, param, ctx)
        return "", BaseUrl().convert(value, param, ctx)


class RequestPath(click.ParamType[str]):
    """Where a request goes below the address of a server, such as `/v1/audio/speech`."""

    name = "path"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the path."""
        if not re.fullmatch(r"/[!-~]+", value):
            self.fail(
                f"must start with '/' and have no spaces, such as /v1/audio/speech, got {shown(value)}", param, ctx
            )
        return str(value)


class JsonBody(click.ParamType[Any]):
    """The JSON body of a request, or `@` and the file that holds it."""

    name = "json"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return what the JSON says."""
        try:
            return json.loads(Path(value[1:]).read_text(encoding="utf-8") if value.startswith("@") else value)
        except OSError as error:
            self.fail(f"must be JSON, or @FILE that can be read, got {shown(value)}: {error.strerror}", param, ctx)
        except ValueError as error:
            self.fail(f"must be JSON, or @FILE that holds it, got {shown(value)}: {error}", param, ctx)


class TokenVariable(click.ParamType[str]):
    """The name of an environment variable, which becomes the token that it holds."""

    name = "name"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the token. Neither it nor the name is ever printed: the name may be a token, given by mistake."""
        token = os.environ.get(value, "").strip()
        if not token or not token.isascii() or not token.isprintable():
            self.fail("must name an environment variable that holds a token of printable ASCII characters", param, ctx)
        return token


class NewFile(click.Path):
    """
    A file that can be written, checked before a long measurement and not after it.

    Args:
        suffix: What its name must end in, such as `.svg`; empty for any.
    """

    def __init__(self, *, suffix: str = "") -> None:
        super().__init__(dir_okay=False, writable=True, path_type=Path)
        self.suffix = suffix

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        """Return the path."""
        path = Path(str(super().convert(value, param, ctx)))
        if self.suffix and path.suffix.lower() != self.suffix:
            self.fail(f"must end in {self.suffix}, the format that is written, got {shown(str(path))}", param, ctx)
        if not path.exists() and not os.access(path.parent, os.W_OK):
            self.fail(f"must be in a folder that exists and can be written to, got {shown(str(path))}", param, ctx)
        return path
