"""What the environment asks of a synth, and whether it can be had."""

from collections.abc import Iterator, Mapping

from fast_synth.toolchain import CDKTN, TOOLCHAINS, VARIABLE, chosen, is_installed
from gke_inference.extras import PACKAGE
from platform_config.errors import ConfigError, Problem

HCL = "SYNTH_HCL_OUTPUT"
"""A variable of cdktf."""


def refuse_environment(environment: Mapping[str, str]) -> None:
    """
    Refuse to write HCL, and a toolchain that is unknown or not installed.

    Raises:
        ConfigError: *environment* asks for one of these.
    """
    if problems := list(_problems(environment)):
        raise ConfigError("environment", problems)


def toolchain_variable(environment: Mapping[str, str]) -> str:
    """Return what a command begins with to take the toolchain of *environment* too; empty where it is the default."""
    return f"{VARIABLE}={CDKTN} " if environment.get(VARIABLE) == CDKTN else ""


def _problems(environment: Mapping[str, str]) -> Iterator[Problem]:
    if environment.get(HCL) == "true":
        yield Problem(HCL, "only JSON is written, got 'true': cdktf's HCL drops settings silently", f"unset {HCL}")
    try:
        toolchain = chosen(environment)
    except ValueError as error:
        yield Problem(VARIABLE, str(error).removeprefix(f"{VARIABLE} "), f"unset {VARIABLE}, or set it to {CDKTN}")
        return
    if environment.get(VARIABLE) and not is_installed(toolchain):
        [other] = {*TOOLCHAINS} - {toolchain}
        extra = CDKTN if toolchain == CDKTN else "constructs"
        message = f"must be a toolchain that is installed, got '{toolchain}'" + (
            f": here is {other}" if is_installed(other) else ""
        )
        fix = f"`make setup CDK={toolchain}` in a clone, else `pip install '{PACKAGE}[{extra}]'`; or unset {VARIABLE}"
        yield Problem(VARIABLE, message, fix)
