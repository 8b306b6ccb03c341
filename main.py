"""One YAML file in, the stacks of a cross-region inference platform out; `stacks/platform.py` shows which."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from gke_inference.synth.summary import print_summary
from gke_inference.synth.synthesize import refuse_hcl, synthesize
from platform_config.config_path import EXAMPLE, VARIABLE, find_config
from platform_config.errors import ConfigError
from platform_config.load import load

BAD_INPUT = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Synthesize the platform of a config; 0 when done, 2 when the input is wrong."""
    given: Path | None = _parser().parse_args(arguments).config
    try:
        refuse_hcl(os.environ)
        path = find_config(given, os.environ)
        config = load(path)
        outdir, changes = synthesize(config)
    except ConfigError as error:
        print(error, file=sys.stderr)
        return BAD_INPUT

    print_summary(config, path, outdir, Console(soft_wrap=False), changes)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="main.py",
        description="Write the Terraform JSON of one platform to cdktf.out, and print what it holds.",
        epilog=f"cdktf passes no arguments: for it, {VARIABLE} names the file. "
        "Exit codes: 0 done, 2 the input is wrong, and nothing was written.",
        allow_abbrev=False,
    )
    parser.add_argument(
        "config",
        metavar="FILE",
        nargs="?",
        type=Path,
        help=f"the platform's YAML file (default: what {VARIABLE} names, else {EXAMPLE})",
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
