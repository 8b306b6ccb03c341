"""One YAML file in, the stacks of a cross-region inference platform out: the architecture on one page."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

import fast_synth
from stacks.errors import ConfigError
from stacks.last_synth import last_config, print_changes, remember
from stacks.load import load
from stacks.summary import print_summary

if TYPE_CHECKING:
    from cdktf import App

    from stacks.config import Config

DEFAULT_CONFIG = "config/example.yaml"
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


def main() -> int:
    """Synthesize the platform of `INFERENCE_CONFIG`; 0 when done, 2 when the input is wrong."""
    path = Path(os.environ.get("INFERENCE_CONFIG") or DEFAULT_CONFIG)
    if os.environ.get("SYNTH_HCL_OUTPUT") == "true":
        print(
            "SYNTH_HCL_OUTPUT: only JSON is written, got 'true': cdktf's HCL drops settings silently", file=sys.stderr
        )
        return BAD_INPUT
    try:
        config = load(path)
    except ConfigError as error:
        print(error, file=sys.stderr)
        return BAD_INPUT

    fast_synth.enable()
    fast_synth.skip_gc()
    from cdktf import App

    app = App()
    add_platform(app, config)
    outdir, console = Path(app.outdir), Console(soft_wrap=False)
    last = last_config(outdir)
    app.synth()
    remember(config, outdir)
    print_summary(config, path, outdir, console)
    print_changes(last, config, console)
    return 0


if __name__ == "__main__":
    sys.exit(main())
