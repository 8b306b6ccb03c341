"""YAML files in, the stacks of a cross-region inference platform for each out; `stacks/platform.py` shows which."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from gke_inference.synth.environment import refuse_environment
from gke_inference.synth.summary import print_summaries
from gke_inference.synth.synthesize import synthesize_each
from platform_config.config_path import EXAMPLE, VARIABLE, find_configs
from platform_config.errors import ConfigError
from platform_config.policy import VARIABLE as POLICY
from platform_config.several import load_several

BAD_INPUT = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Synthesize the platform of each config; 0 when done, 2 when the input is wrong."""
    given: list[Path] = _parser().parse_args(arguments).configs
    try:
        refuse_environment(os.environ)
        synths = synthesize_each(load_several(find_configs(given, os.environ)))
    except ConfigError as error:
        print(error, file=sys.stderr)
        return BAD_INPUT

    print_summaries(synths, Console(soft_wrap=False))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="main.py",
        description="Write the Terraform JSON of a platform to cdktf.out, and print what it holds. Of several configs, "
        "that of dev.yaml is written to cdktf.out-dev, and so on.",
        epilog=f"cdktf passes no arguments: for it, {VARIABLE} names the file. {POLICY} names a policy that all must "
        f"follow, beside those in the files' folders. "
        "Exit codes: 0 done, 2 the input is wrong, and nothing was written.",
        allow_abbrev=False,
    )
    parser.add_argument(
        "configs",
        metavar="FILE",
        nargs="*",
        type=Path,
        help=f"YAML files, one a platform (default: what {VARIABLE} names, else {EXAMPLE})",
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
