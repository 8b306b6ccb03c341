"""
What a refused plan says: why something cannot move away from what it serves, and the steps that move it.

The stacks put these messages into the Terraform JSON. `{was}` in each becomes the value that the state holds.
"""

from __future__ import annotations

from collections.abc import Sequence

from constructs_lib.picker_chart import CHARTS, PickerChart
from constructs_lib.resource_address import resource_address
from platform_config.config import Config
from platform_config.stack_graph import (
    BASE_STACKS,
    FLEET_STACK,
    GATEWAY_STACK,
    NETWORK_STACK,
    OUTDIR,
    SERVING_STACKS,
    WEIGHTS_STACK,
    access_stack,
    gateway_stacks,
    stack_folder,
)

BUCKET = "weights"
"""Construct id of the bucket in `infra-network`."""
BUCKET_PLACE = "weights-place"
"""Construct id of the value that fixes the bucket's name and location, in `infra-network`."""
NAMESPACE = "namespace"
"""Construct id of the value that fixes the namespace, in `infra-network`, which is applied first."""
CONFIG_CLUSTER = "config-cluster"
"""Construct id of the value that fixes the config cluster, in `infra-fleet`."""
NETWORK_PLACE = "network-place"
"""Construct id of the value that fixes which network it is, in `infra-network`."""
THERE_BEFORE = ", which was there before"
"""What a fixed value ends with where it is something that the platform does not manage."""
GATEWAY_KIND = "gateway-kind"
"""Construct id of the value that fixes the kind of the gateways, in `infra-network`, which has their addresses."""
SCREENING = "screening"
"""Construct id of the value that fixes whether gateways call Model Armor, in the stack with its agent's roles."""
APIGEE = "apigee"
"""Construct id of the value that fixes whether gateways ask Apigee, in `infra-network`, which is applied first."""
CLUSTER_PLACE = "place"
"""Construct id of the value that fixes a cluster's location and dataplane, in `infra-cluster-<key>`."""


def terraform_command(stack: str, command: str) -> str:
    """Return a command for the root module of *stack*, as a person types it."""
    return f"`terraform -chdir={stack_folder(OUTDIR, stack)} {command}`"


def explain_moved_gateway(config: Config) -> str:
    """Explain why `workload-gateway` stays in its cluster; `{was}` is that cluster."""
    destroy = terraform_command(GATEWAY_STACK, "destroy")
    return (
        f"The gateway is in {{was}}, and config_cluster is true for {config.config_region}: a second gateway would be "
        f"made there, and the first one left in no state. Steps: 1. {destroy}, which goes to {{was}}. 2. "
        f"{_forget_config_cluster()}. 3. Deploy all stacks again."
    )


def explain_moved_config_cluster(config: Config) -> str:
    """Explain why the fleet keeps its config cluster; `{was}` is that cluster."""
    download = config.bucket is not None and config.bucket.download_region is None
    weights = f" The download moves too: {terraform_command(WEIGHTS_STACK, 'destroy')}." if download else ""
    return (
        f"The fleet's config cluster is {{was}}, and config_cluster is true for {config.config_region}: the gateway in "
        f"{{was}} would have no controller left, not even to be deleted. Steps: 1. "
        f"{terraform_command(GATEWAY_STACK, 'destroy')}, which goes to {{was}}; there is no gateway until it is made "
        f"again.{weights} 2. {_forget_config_cluster()}. 3. Deploy all stacks again."
    )


def explain_moved_download(config: Config) -> str:
    """Explain why `workload-weights` stays in its cluster; `{was}` is that cluster."""
    destroy = terraform_command(WEIGHTS_STACK, "destroy")
    chosen = "bucket.download_region" if config.bucket and config.bucket.download_region else "config_cluster"
    return (
        f"The download is in {{was}}, and {chosen} moves it to {config.download_region}: a second one would be made "
        f"there, and the first one left in no state. Steps: 1. {destroy}, which goes to {{was}} and leaves the "
        f"weights in the bucket. 2. Deploy all stacks again: what is in the bucket is not downloaded again."
    )


def explain_moved_bucket(config: Config, *, readers_grants: Sequence[str]) -> str:
    """
    Explain why the bucket keeps its name and location, which are `{was}`.

    Args:
        config: The platform.
        readers_grants: Addresses of the servers' grants on the bucket, in the stack of their access.
    """
    forget = _forget(NETWORK_STACK, resource_address("google_storage_bucket", BUCKET), _fixed_value(BUCKET_PLACE))
    readers = _forget(access_stack(config), *readers_grants)
    return (
        f"The weights are in {{was}}, and a bucket cannot be renamed or moved: it would be deleted while servers read "
        f"it. Put name and location back, or: 1. {forget}: the bucket stays as it is, and is yours. 2. "
        f"{readers}: servers may read it until they change. 3. Deploy all stacks with another bucket.name: the new "
        f"bucket is filled, then the servers change. 4. Delete the old bucket."
    )


def explain_moved_network() -> str:
    """Explain why the platform stays in its network, which is `{was}`."""
    return (
        "The clusters are in {was}, and a cluster cannot change its network: subnets, addresses and firewall rules "
        "would be deleted while they use them. Put name, project and existing.network back, or make a second platform "
        "with another name, move the clients to it, and then destroy this one."
    )


def explain_removed_bucket() -> str:
    """Explain why the bucket cannot be removed yet; `{was}` is its name."""
    return (
        f"The servers were set to read {{was}} when this stack was applied last: its bucket would go before they have "
        f"changed. Steps: 1. Keep the section bucket, with weights.source: hugging_face for each model, and deploy all "
        f"stacks: the servers change. 2. {terraform_command(WEIGHTS_STACK, 'destroy')}. "
        f"3. Remove the section bucket and deploy again."
    )


def explain_removed_models(config: Config) -> str:
    """Explain why model servers cannot leave yet; `{was}` are their names."""
    gateways = " and ".join(gateway_stacks(config))
    return (
        f"{{was}} had requests at the last apply, and no model of the file has such servers: they would go while "
        f"clients call them. Steps: 1. Put the model back with drain: true, and deploy all stacks: {gateways} "
        f"takes its route away. 2. Remove it and deploy again: running requests end before their server does."
    )


def explain_other_picker(config: Config, *, cluster: str, picker: str) -> str:
    """Explain why *picker*, of the inferencepool chart, cannot become one of llm-d-router in place."""
    steps = picker_steps(config.namespace, picker, old=CHARTS["inferencepool"], new=CHARTS["llm-d-router"])
    return (
        f"Cluster {cluster} has {picker} of the inferencepool chart, and a Deployment cannot change the pods that it "
        f"selects: the release would fail with no picker behind its Service. Steps, in this cluster: {steps}"
    )


def picker_steps(namespace: str, picker: str, *, old: PickerChart, new: PickerChart) -> str:
    """Return how *picker* moves from the chart *old* to *new*: the old pods answer until the new ones do."""
    kubectl = f"kubectl --namespace {namespace}"
    return (
        f"1. `{kubectl} label pods --selector {old.label}={picker} {new.label}={picker}`. 2. `{kubectl} delete "
        f"deployment {picker} --cascade=orphan`: its pods go on. 3. Deploy. 4. `{kubectl} delete replicasets "
        f"--selector {old.label}={picker}`"
    )


def explain_moved_namespace(config: Config) -> str:
    """Explain why the namespace keeps its name, which is `{was}`."""
    forget, gateways = _forget(NETWORK_STACK, _fixed_value(NAMESPACE)), " and ".join(gateway_stacks(config))
    return (
        f"Everything runs in the namespace {{was}}: each cluster would delete it with all that is in it, and grants "
        f"would leave before that. Put it back, or: 1. Destroy {gateways}, then all of {SERVING_STACKS}*, "
        f"{WEIGHTS_STACK}, then all of {BASE_STACKS}*. 2. {forget}. 3. Deploy all stacks again."
    )


def explain_other_gateway(kind: str) -> str:
    """Explain why the gateways stay of the kind that they are, which is `{was}`; *kind* is what they would become."""
    return (
        f"The network is made for {{was}}, and gateway.scope and gateway.public choose {kind}: proxy-only subnets and "
        f"addresses would be deleted while the load balancers use them. Put both back, or make a second platform with "
        f"another name, move the clients to it, and then destroy this one."
    )


def explain_removed_screening(config: Config) -> str:
    """Explain why `gateway.model_armor` cannot be removed yet; `{was}` is what gateways called at the last apply."""
    gateways = " and ".join(gateway_stacks(config))
    return (
        f"Gateways called {{was}} when this stack was applied last, in the name of an agent whose roles would go "
        f"first: every request would be denied. Steps: 1. Put gateway.model_armor back with enabled: false, and deploy "
        f"all stacks: {gateways} takes the extension away. 2. Remove the section and deploy again."
    )


def explain_removed_apigee(config: Config) -> str:
    """Explain why Apigee's operator cannot be removed yet; `{was}` says that gateways asked it."""
    gateways = " and ".join(gateway_stacks(config))
    return (
        f"{{was}} was asked for each request when this stack was applied last: its operator would go while gateways "
        f"still ask, and every request would be refused. Steps: 1. Put the section gateway.apigee back with "
        f"enabled: false, and deploy all stacks: {gateways} takes Apigee off. 2. Remove the section and deploy again."
    )


def explain_moved_cluster(key: str) -> str:
    """Explain why the cluster of region *key* keeps its location, dataplane and mode, which are `{was}`."""
    return (
        f"The cluster is made with {{was}}, and none of it can change: it would be replaced, and its node pools go "
        f"first, even where deletion_protection then keeps the cluster. Put that back, or add a region with another "
        f"key and number, and then take {key} away."
    )


def _forget_config_cluster() -> str:
    return _forget(FLEET_STACK, _fixed_value(CONFIG_CLUSTER))


def _forget(stack: str, *addresses: str) -> str:
    """Return the command that takes *addresses* out of the state of *stack*."""
    return terraform_command(stack, f"state rm {' '.join(addresses)}")


def _fixed_value(id_: str) -> str:
    """Return the address of a `FixedValue` that is a direct child of its stack."""
    return resource_address("terraform_data", id_)
