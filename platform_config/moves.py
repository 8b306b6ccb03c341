"""What a plan says when it is refused because something would move away from what it serves: why, and the steps."""

from __future__ import annotations

from platform_config.config import Config
from platform_config.stack_graph import (
    BASE_STACKS,
    FLEET_STACK,
    GATEWAY_STACK,
    NETWORK_STACK,
    SERVING_STACKS,
    WEIGHTS_STACK,
)

FOLDERS = "cdktf.out/stacks"
CONFIG_CLUSTER = "config-cluster"
"""Under which `infra-fleet` remembers the config cluster."""
WEIGHTS = "weights-place"
"""Under which `infra-network` remembers the bucket."""
NAMESPACE = "namespace"
"""Under which `infra-network`, which is applied first, remembers the namespace."""
READERS_GRANT = "google_storage_bucket_iam_member.model-server_read_E13CC96B"
"""The servers' grant on the bucket in `infra-fleet`; ids of constructs are a contract, so the address is too."""
CLUSTER = "place"
"""Under which `infra-cluster-<key>` remembers the cluster."""


def terraform(stack: str, command: str) -> str:
    """A command for the root module of *stack*, as a person types it."""
    return f"`terraform -chdir={FOLDERS}/{stack} {command}`"


def gateway_moved(config: Config) -> str:
    """Why `workload-gateway` stays in its cluster; `{was}` is that cluster."""
    return (
        f"The gateway is in {{was}}, and config_cluster is true for {config.config_region}: a second gateway would be "
        f"made there, and the first one left in no state. Steps: 1. {terraform(GATEWAY_STACK, 'destroy')}, which "
        f"goes to {{was}}. 2. {_forget_config_cluster()}. 3. Deploy all stacks again."
    )


def config_cluster_moved(config: Config) -> str:
    """Why the fleet keeps its config cluster; `{was}` is the cluster."""
    download = config.bucket is not None and config.model.download_region is None
    weights = f" The download moves too: {terraform(WEIGHTS_STACK, 'destroy')}." if download else ""
    return (
        f"The fleet's config cluster is {{was}}, and config_cluster is true for {config.config_region}: the gateway in "
        f"{{was}} would have no controller left, not even to be deleted. Steps: 1. "
        f"{terraform(GATEWAY_STACK, 'destroy')}, which goes to {{was}}; there is no gateway until it is made "
        f"again.{weights} 2. {_forget_config_cluster()}. 3. Deploy all stacks again."
    )


def download_moved(config: Config) -> str:
    """Why `workload-weights` stays in its cluster; `{was}` is that cluster."""
    chosen = "model.download_region" if config.model.download_region else "config_cluster"
    return (
        f"The download is in {{was}}, and {chosen} moves it to {config.download_region}: a second one would be made "
        f"there, and the first one left in no state. Steps: 1. {terraform(WEIGHTS_STACK, 'destroy')}, which goes "
        f"to {{was}} and leaves the weights in the bucket. 2. Deploy all stacks again: what is in the bucket is not "
        f"downloaded again."
    )


def bucket_moved() -> str:
    """Why the bucket stays as it is; `{was}` is its name and location."""
    forget = terraform(NETWORK_STACK, f"state rm google_storage_bucket.weights terraform_data.{WEIGHTS}")
    readers = terraform(FLEET_STACK, f"state rm {READERS_GRANT}")
    return (
        f"The weights are in {{was}}, and a bucket cannot be renamed or moved: it would be deleted while servers read "
        f"it. Put name and location back, or: 1. {forget}: the bucket stays as it is, and is yours. 2. "
        f"{readers}: servers may read it until they change. 3. Deploy all stacks with another bucket.name: the new "
        f"bucket is filled, then the servers change. 4. Delete the old bucket."
    )


def bucket_read() -> str:
    """Why the bucket does not go yet; `{was}` is its name."""
    return (
        f"The servers were told to read {{was}} when this stack was applied last: its bucket would go before they have "
        f"changed. Steps: 1. Keep the section bucket, with model.source: hugging_face, and deploy all stacks: the "
        f"servers change. 2. {terraform(WEIGHTS_STACK, 'destroy')}. 3. Remove the section bucket and deploy again."
    )


def namespace_moved() -> str:
    """Why the namespace stays as it is; `{was}` is its name."""
    forget = terraform(NETWORK_STACK, f"state rm terraform_data.{NAMESPACE}")
    return (
        f"Everything runs in the namespace {{was}}: each cluster would delete it with all that is in it, and grants "
        f"would leave before that. Put it back, or: 1. Destroy {GATEWAY_STACK}, then all of {SERVING_STACKS}*, "
        f"{WEIGHTS_STACK}, then all of {BASE_STACKS}*. 2. {forget}. 3. Deploy all stacks again."
    )


def cluster_moved(key: str) -> str:
    """Why the cluster of region *key* stays as it is; `{was}` is what cannot change."""
    return (
        f"The cluster is made with {{was}}, and neither can change: it would be replaced, and its node pools go first, "
        f"even where deletion_protection then keeps the cluster. Put them back, or add a region with another key and "
        f"number, and then take {key} away."
    )


def _forget_config_cluster() -> str:
    return terraform(FLEET_STACK, f"state rm terraform_data.{CONFIG_CLUSTER}")
