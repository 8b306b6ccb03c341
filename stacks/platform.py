"""All stacks of a platform, each after those that it needs: the architecture on one page."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from constructs_lib.moves import add_moves
from platform_config.config import Config
from platform_config.errors import ConfigError
from platform_config.policy import read_policies
from platform_config.policy_checks import check_policies
from platform_config.stack_graph import (
    APIGEE_STACK,
    DNS_STACK,
    GITOPS_STACK,
    LOAD_STACK,
    NETWORK_STACK,
    OBSERVABILITY_STACK,
    WEIGHTS_STACK,
    access_stack,
    base_stack,
    cluster_stack,
    gateway_stack,
    needed_stacks,
    outside_stack,
    serving_stack,
)

from .infra_access import InfraAccessStack
from .infra_apigee import InfraApigeeStack
from .infra_cluster import InfraClusterStack
from .infra_dns import InfraDnsStack
from .infra_fleet import InfraFleetStack
from .infra_network import InfraNetworkStack
from .infra_observability import InfraObservabilityStack
from .infra_weights import InfraWeightsStack
from .left_to_git import leave_to_git
from .workload_base import WorkloadBaseStack
from .workload_gateway import WorkloadGatewayStack
from .workload_gitops import WorkloadGitOpsStack, let_argo_cd_apply
from .workload_outside import WorkloadOutsideStack
from .workload_serving import WorkloadServingStack
from .workload_weights import WorkloadWeightsStack

if TYPE_CHECKING:
    from cdktf import App

    from .base import BaseStack


def add_platform(app: App, config: Config) -> dict[str, BaseStack]:
    """
    Add every stack of *config* to *app*, each after those it needs; the stacks by id.

    ```
    infra-network -> infra-cluster-<key> -> infra-fleet -> infra-observability
                            |                    `------------------v
                            `-> workload-base-<key> ---------> workload-serving-<key> -> workload-gateway
                                        `-> workload-weights -------------^
    ```
    Where each server downloads its weights from Hugging Face there is no workload-weights; where Cloud Run downloads
    them there is infra-weights in its place, which follows infra-network. With regional gateways there is infra-access
    in place of infra-fleet, and a workload-gateway-<key> after each workload-serving-<key>; where the
    platform makes Apigee's organization, it is in infra-apigee, which each of those needs.

    Raises:
        ConfigError: The policy that `INFERENCE_POLICY` names does not allow *config*. `load` has read a policy beside
            the file; a config that was made without a file has none.
    """
    _refuse_against_policy(config)
    made = _add_infra(app, config)
    workloads = _add_workloads(app, config)
    if config.workloads == "gitops":
        for stack in workloads.values():
            leave_to_git(stack)
            if isinstance(stack, WorkloadBaseStack) and config.gitops is not None and config.gitops.argo_cd is not None:
                let_argo_cd_apply(stack)
    made |= workloads
    if config.gitops is not None and config.gitops.argo_cd is not None:
        made[GITOPS_STACK] = WorkloadGitOpsStack(app, GITOPS_STACK, config=config, argo_cd=config.gitops.argo_cd)

    for id_, needed in needed_stacks(config).items():
        for other in needed:
            made[id_].add_dependency(made[other])
        add_moves(made[id_])
    return made


def _add_infra(app: App, config: Config) -> dict[str, BaseStack]:
    """Add the stacks of Google's resources."""
    made: dict[str, BaseStack] = {NETWORK_STACK: InfraNetworkStack(app, NETWORK_STACK, config=config)}
    for key in config.regions:
        made[cluster_stack(key)] = InfraClusterStack(app, cluster_stack(key), config=config, key=key)
    if config.loads_in_cloud_run:
        made[LOAD_STACK] = InfraWeightsStack(app, LOAD_STACK, config=config)
    if config.dns is not None:
        made[DNS_STACK] = InfraDnsStack(app, DNS_STACK, config=config, dns=config.dns)
    access = access_stack(config)
    made[access] = (InfraAccessStack if config.is_regional else InfraFleetStack)(app, access, config=config)
    if config.gateway.apigee is not None and config.gateway.apigee.create is not None:
        made[APIGEE_STACK] = InfraApigeeStack(app, APIGEE_STACK, config=config)
    if config.observability.is_on:
        made[OBSERVABILITY_STACK] = InfraObservabilityStack(app, OBSERVABILITY_STACK, config=config)
    return made


def _add_workloads(app: App, config: Config) -> dict[str, BaseStack]:
    """Add the stacks of objects in clusters."""
    made: dict[str, BaseStack] = {}
    for key in config.regions:
        made[base_stack(key)] = WorkloadBaseStack(app, base_stack(key), config=config, key=key)
    if config.loads_by_job:
        made[WEIGHTS_STACK] = WorkloadWeightsStack(app, WEIGHTS_STACK, config=config)
    for key in config.serving_regions:
        made[serving_stack(key)] = WorkloadServingStack(app, serving_stack(key), config=config, key=key)
    for stack, key in {gateway_stack(config, key): config.gateway_home(key) for key in config.gateway_regions}.items():
        made[stack] = WorkloadGatewayStack(app, stack, config=config, key=key)
    for key in config.outside:
        made[outside_stack(key)] = WorkloadOutsideStack(app, outside_stack(key), config=config, key=key)
    return made


def _refuse_against_policy(config: Config) -> None:
    if problems := list(check_policies(read_policies((), os.environ), config)):
        raise ConfigError(f"platform {config.name}", problems)
