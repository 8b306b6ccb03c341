"""What a plan says when it is refused because something would move away from what it serves: why, and the steps."""

from __future__ import annotations

from stacks.config import Config

FOLDERS = "cdktf.out/stacks"
CONFIG_CLUSTER = "config-cluster"
"""Under which `infra-fleet` remembers the config cluster."""


def terraform(stack: str, command: str) -> str:
    """A command for the root module of *stack*, as a person types it."""
    return f"`terraform -chdir={FOLDERS}/{stack} {command}`"


def gateway_moved(config: Config) -> str:
    """Why `workload-gateway` stays in its cluster; `{was}` is that cluster."""
    return (
        f"The gateway is in {{was}}, and config_cluster is true for {config.config_region}: a second gateway would be "
        f"made there, and the first one left in no state. Steps: 1. {terraform('workload-gateway', 'destroy')}, which "
        f"goes to {{was}}. 2. {_forget_config_cluster()}. 3. Deploy all stacks again."
    )


def config_cluster_moved(config: Config) -> str:
    """Why the fleet keeps its config cluster; `{was}` is the cluster."""
    download = config.bucket is not None and config.model.download_region is None
    weights = f" The download moves too: {terraform('workload-weights', 'destroy')}." if download else ""
    return (
        f"The fleet's config cluster is {{was}}, and config_cluster is true for {config.config_region}: the gateway in "
        f"{{was}} would have no controller left, not even to be deleted. Steps: 1. "
        f"{terraform('workload-gateway', 'destroy')}, which goes to {{was}}; there is no gateway until it is made "
        f"again.{weights} 2. {_forget_config_cluster()}. 3. Deploy all stacks again."
    )


def download_moved(config: Config) -> str:
    """Why `workload-weights` stays in its cluster; `{was}` is that cluster."""
    chosen = "model.download_region" if config.model.download_region else "config_cluster"
    return (
        f"The download is in {{was}}, and {chosen} moves it to {config.download_region}: a second one would be made "
        f"there, and the first one left in no state. Steps: 1. {terraform('workload-weights', 'destroy')}, which goes "
        f"to {{was}} and leaves the weights in the bucket. 2. Deploy all stacks again: what is in the bucket is not "
        f"downloaded again."
    )


def _forget_config_cluster() -> str:
    return terraform("infra-fleet", f"state rm terraform_data.{CONFIG_CLUSTER}")
