"""
The stacks of a platform: the id of each, the stacks that it needs, and where its Terraform state is.

Every other module asks here: a stack id is spelled nowhere else.
"""

from __future__ import annotations

from pathlib import Path

from platform_config.config import Config

NETWORK_STACK = "infra-network"
FLEET_STACK = "infra-fleet"
ACCESS_STACK = "infra-access"
APIGEE_STACK = "infra-apigee"
OBSERVABILITY_STACK = "infra-observability"
DNS_STACK = "infra-dns"
WEIGHTS_STACK = "workload-weights"
LOAD_STACK = "infra-weights"
"""The stack with the Cloud Run jobs that fill the bucket, beside the clusters."""
GATEWAY_STACK = "workload-gateway"
GITOPS_STACK = "workload-gitops"
CLUSTER_STACKS = "infra-cluster-"
"""How the ids of the stacks with a cluster begin; the key of the region follows."""
GATEWAY_STACKS = f"{GATEWAY_STACK}-"
BASE_STACKS = "workload-base-"
SERVING_STACKS = "workload-serving-"
OUTSIDE_STACKS = "workload-outside-"
"""How the ids of the stacks of clusters outside begin; the key of the cluster follows."""
INFRA = "infra-"
"""How the id of each stack of Google's resources begins."""
WORKLOAD = "workload-"
"""How the id of each stack of objects in clusters begins."""

OUTDIR = Path("cdktf.out")
"""Where a synth writes its stacks if no other folder is named; cdktf.json says so too."""


def cluster_stack(key: str) -> str:
    """Id of the stack with the cluster of region *key*."""
    return f"{CLUSTER_STACKS}{key}"


def base_stack(key: str) -> str:
    """Id of the stack with what the other workloads of region *key* need."""
    return f"{BASE_STACKS}{key}"


def serving_stack(key: str) -> str:
    """Id of the stack with the model servers of region *key*."""
    return f"{SERVING_STACKS}{key}"


def dns_zone_name(config: Config) -> str | None:
    """Name of the zone of `dns`; None without one."""
    return (config.dns.zone.name or f"{config.name}-zone") if config.dns else None


def outside_stack(key: str) -> str:
    """Id of the stack with the objects in the cluster outside with the key *key*."""
    return f"{OUTSIDE_STACKS}{key}"


def gateway_stack(config: Config, key: str) -> str:
    """Id of the stack with the gateway that clients in region *key* ask."""
    return f"{GATEWAY_STACKS}{key}" if config.is_regional else GATEWAY_STACK


def gateway_stacks(config: Config) -> tuple[str, ...]:
    """Ids of the stacks with a gateway: one for all regions, or one for each that has a gateway."""
    return tuple(dict.fromkeys(gateway_stack(config, key) for key in config.gateway_regions))


def access_stack(config: Config) -> str:
    """Id of the stack with what workloads may do in Google Cloud: the fleet's, or without a fleet one of its own."""
    return ACCESS_STACK if config.is_regional else FLEET_STACK


def region_key(stack: str) -> str:
    """Key of the region that *stack* is made for; empty for a stack that a platform has once."""
    for prefix in (CLUSTER_STACKS, BASE_STACKS, SERVING_STACKS, GATEWAY_STACKS):
        if stack.startswith(prefix):
            return stack.removeprefix(prefix)
    return ""


def cluster_key(config: Config, stack: str) -> str:
    """Key of the region whose cluster *stack* makes, or has its objects in; empty where there is none."""
    shared = {WEIGHTS_STACK: config.download_region}
    if not config.is_regional:
        shared[GATEWAY_STACK] = config.config_region
    if config.gitops is not None and config.gitops.argo_cd is not None:
        shared[GITOPS_STACK] = config.gitops.argo_cd.cluster
    key = shared.get(stack) or region_key(stack)
    return key if key in config.regions else ""


def needed_stacks(config: Config) -> dict[str, tuple[str, ...]]:
    """
    Each stack of *config*, with the stacks that it needs.

    ```
    infra-network -> infra-cluster-<key> -> infra-fleet -> infra-observability
                            |                    `------------------v
                            `-> workload-base-<key> ---------> workload-serving-<key> -> workload-gateway
                                        `-> workload-weights -------------^
    ```
    Nothing needs infra-observability: it can be applied anew at any time, and is not there where all of it is off.
    Without a bucket there is no workload-weights: each server downloads its weights from Hugging Face. Where Cloud Run
    downloads them, infra-weights follows infra-network, and serving stacks need it. With a model behind a multi-cluster
    Service, each workload-base-<key> needs infra-fleet, which installs the CRDs of its export.

    With regional gateways there is infra-access in place of infra-fleet, and a workload-gateway-<key> for each region,
    which needs workload-serving-<key> alone. Where the platform makes Apigee's organization, infra-apigee follows
    infra-network, and each gateway needs it. With Apigee, each workload-base-<key> needs the account of its operator.

    With `dns` infra-dns follows infra-network; gateways whose certificates use its zone need it, and with ExternalDNS
    the stack of accounts does. A cluster outside has a workload-outside-<key>, which needs no other. With
    `workloads: gitops` the stacks of workloads hold what Google has of them alone, and workload-gitops registers the
    clusters with Argo CD.
    """
    keys = tuple(config.regions)
    loads, access = (LOAD_STACK,) if config.loads_in_cloud_run else (), access_stack(config)
    weights = (*loads, *((WEIGHTS_STACK,) if config.loads_by_job else ()))
    behind_services = bool(config.remotes) or not all(model.server.has_pool for model in config.models.values())
    exports = not config.is_regional and behind_services
    gateways, apigee = gateway_stacks(config), config.gateway.apigee
    organization = (APIGEE_STACK,) if apigee is not None and apigee.create is not None else ()
    first = (access,) if exports or apigee is not None else ()
    dns = (DNS_STACK,) if config.dns is not None else ()
    infra: dict[str, tuple[str, ...]] = {
        NETWORK_STACK: (),
        **dict.fromkeys(dns, (NETWORK_STACK,)),
        **dict.fromkeys(loads, (NETWORK_STACK,)),
        **dict.fromkeys(organization, (NETWORK_STACK,)),
        **{cluster_stack(key): (NETWORK_STACK,) for key in keys},
        access: (*map(cluster_stack, keys), *(dns if config.external_dns else ())),
        **({OBSERVABILITY_STACK: (access,)} if config.observability.is_on else {}),
    }
    registers = config.workloads == "gitops" and config.gitops is not None and config.gitops.argo_cd is not None
    return {
        **infra,
        **({GITOPS_STACK: (access,)} if registers else {}),
        **{base_stack(key): (cluster_stack(key), *first) for key in keys},
        # Two that write one folder at once would write over each other.
        **({WEIGHTS_STACK: (base_stack(config.download_region), *loads)} if config.loads_by_job else {}),
        **{serving_stack(key): (base_stack(key), *weights, access) for key in config.serving_regions},
        **{
            stack: (*_before_gateway(config, stack), *organization, *(dns if _proves_hosts(config) else ()))
            for stack in gateways
        },
        **{outside_stack(key): () for key in config.outside},
    }


def _proves_hosts(config: Config) -> bool:
    """Return whether the gateways' certificates have their records in the zone of `dns`."""
    tls = config.gateway.tls
    return tls is not None and tls.dns_zone is not None and tls.dns_zone == dns_zone_name(config)


def _before_gateway(config: Config, stack: str) -> tuple[str, ...]:
    """Return the stacks of servers that the gateway in *stack* leads to, and the base of its cluster without any."""
    servers = tuple(serving_stack(key) for key in config.serving_regions if region_key(stack) in ("", key))
    home = cluster_key(config, stack)
    return servers if home in config.serving_regions else (*servers, base_stack(home))


def stack_folder(outdir: Path, stack: str) -> Path:
    """Return the root module of *stack* in the synth at *outdir*; cdktf decides where it is."""
    return outdir / "stacks" / stack


def state_prefix(config: Config, stack: str) -> str:
    """Where the state of *stack* is in the bucket `state_bucket`."""
    return f"{config.name}/{stack}"


def state_file(config: Config, stack: str) -> str:
    """
    Where the state of *stack* is without a bucket, as seen from the folder of the stack.

    Relative to that folder, so that the JSON is the same on every machine.
    """
    return f"../../../terraform-state/{state_prefix(config, stack)}.tfstate"


def state_place(config: Config, stack: str) -> str:
    """Where the state of *stack* is: a place in a bucket, or a file as seen from the folder of the stack."""
    if config.state_bucket:
        return f"gs://{config.state_bucket}/{state_prefix(config, stack)}"
    return state_file(config, stack)
