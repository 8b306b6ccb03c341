"""One YAML file in, the stacks of a cross-region inference platform out: the architecture on one page."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

import fast_synth
from stacks.config_path import EXAMPLE, VARIABLE, config_path
from stacks.errors import ConfigError
from stacks.last_synth import changes_since, last_synth, remember
from stacks.load import load
from stacks.summary import print_summary

if TYPE_CHECKING:
    from cdktf import App

    from stacks.config import Config

BAD_INPUT = 2


def add_platform(app: App, config: Config) -> None:
    """
    Add every stack of *config* to *app*, each after those it needs.

    ```
    infra-network -> infra-cluster-<key> -> infra-fleet ------------------v
                            `-> workload-base-<key> ---------> workload-serving-<key> -> workload-gateway
                                        `-> workload-weights -------------^
    ```
    Where each server downloads its weights from Hugging Face there is no workload-weights.
    """
    from stacks.infra_cluster import InfraClusterStack
    from stacks.infra_fleet import InfraFleetStack
    from stacks.infra_network import InfraNetworkStack
    from stacks.workload_base import WorkloadBaseStack
    from stacks.workload_gateway import WorkloadGatewayStack
    from stacks.workload_serving import WorkloadServingStack
    from stacks.workload_weights import WorkloadWeightsStack

    network = InfraNetworkStack(app, "infra-network", config=config)
    clusters = {key: InfraClusterStack(app, f"infra-cluster-{key}", config=config, key=key) for key in config.regions}
    fleet = InfraFleetStack(app, "infra-fleet", config=config)
    bases = {key: WorkloadBaseStack(app, f"workload-base-{key}", config=config, key=key) for key in config.regions}
    weights = [WorkloadWeightsStack(app, "workload-weights", config=config)] if config.bucket else []
    serving = {
        key: WorkloadServingStack(app, f"workload-serving-{key}", config=config, key=key) for key in config.regions
    }
    gateway = WorkloadGatewayStack(app, "workload-gateway", config=config)

    for stack in weights:
        stack.add_dependency(bases[config.download_region])
    for key in config.regions:
        clusters[key].add_dependency(network)
        fleet.add_dependency(clusters[key])
        bases[key].add_dependency(clusters[key])
        for needed in (bases[key], *weights, fleet):
            serving[key].add_dependency(needed)
        gateway.add_dependency(serving[key])


def main(arguments: Sequence[str] | None = None) -> int:
    """Synthesize the platform of a config; 0 when done, 2 when the input is wrong."""
    given: Path | None = _parser().parse_args(arguments).config
    if os.environ.get("SYNTH_HCL_OUTPUT") == "true":
        print(
            "SYNTH_HCL_OUTPUT: only JSON is written, got 'true': cdktf's HCL drops settings silently", file=sys.stderr
        )
        return BAD_INPUT
    try:
        path = config_path(given, os.environ)
        config = load(path)
    except ConfigError as error:
        print(error, file=sys.stderr)
        return BAD_INPUT

    fast_synth.enable()
    fast_synth.skip_gc()
    from cdktf import App

    app = App()
    add_platform(app, config)
    outdir = Path(app.outdir)
    last = last_synth(outdir)
    app.synth()
    remember(config, outdir)
    print_summary(config, path, outdir, Console(soft_wrap=False), changes_since(last, config, outdir))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="main.py",
        description="Write the Terraform JSON of one platform to cdktf.out, and tell what it holds.",
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
