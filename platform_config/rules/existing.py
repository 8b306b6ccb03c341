"""Rules about what is there already: that it fits, and that nothing is asked of it that only its owner can do."""

from __future__ import annotations

from collections.abc import Iterator

from constructs_lib.google_names import GATEWAY_FEATURE
from constructs_lib.specs import BucketSpec, NetworkSpec
from platform_config.config import Config
from platform_config.errors import Problem, shown
from platform_config.requirements import grants_in_host
from platform_config.rules.rule import Rule


def _fleet(config: Config) -> Iterator[Problem]:
    if not config.existing.fleet_features:
        return
    chosen = [region for region in config.regions.values() if region.config_cluster]
    if config.is_regional:
        message = "must be left out: regional gateways need no fleet, got true"
        yield Problem("existing.fleet_features", message, "remove it")
    elif len(chosen) == 1 and chosen[0].existing.cluster is None:
        message = "must stand beside an existing config cluster, which the fleet's feature names, got true alone"
        fix = f"give regions.{config.config_region}.existing.cluster and membership, or remove it"
        yield Problem("existing.fleet_features", message, fix)


def _account(config: Config) -> Iterator[Problem]:
    email = config.existing.node_service_account
    domain = config.universe.account_domain.partition("iam.")[2]
    if email is not None and not email.endswith(f".{domain}"):
        message = f"must be a service account, whose address ends with .{domain}, got {shown(email)}"
        yield Problem("existing.node_service_account", message, "`gcloud iam service-accounts list` shows them")


def _bucket(config: Config) -> Iterator[Problem]:
    if config.existing.bucket is None:
        return
    if config.bucket is None:
        message = f"must stand beside bucket.location, where it is, got {shown(config.existing.bucket)} alone"
        yield Problem(
            "existing.bucket", message, "add bucket: {location: US}, or what `gcloud storage buckets describe` says"
        )
        return
    default = BucketSpec(location=config.bucket.location)
    for setting in ("name", "soft_delete_days", "versioning", "force_destroy"):
        value = getattr(config.bucket, setting)
        if value != getattr(default, setting):
            message = f"must be left out beside existing.bucket, which is not managed here, got {shown(value)}"
            yield Problem(f"bucket.{setting}", message, "remove it")


def _shared_vpc(config: Config) -> Iterator[Problem]:
    shared = config.existing.network_project(config.project) != config.project
    if config.existing.shared_vpc_roles and not shared:
        message = f"must be left out where the network is in the platform's own project {config.project}, got true"
        yield Problem("existing.shared_vpc_roles", message, "remove it")


def _host_role(config: Config) -> Iterator[Problem]:
    if grants_in_host(config):
        message = "should be true where other clusters of the project use the Shared VPC, got false"
        fix = "write true if GKE's agent has its role in the host project: a destroy would take it from all of them"
        yield Problem("existing.shared_vpc_roles", message, fix)


def _unused(config: Config) -> Iterator[Problem]:
    if config.existing.network is None:
        return
    network, default = config.network, NetworkSpec()
    if network.mtu != default.mtu:
        message = f"should be left out for an existing network, got {network.mtu}"
        yield Problem("network.mtu", message, "remove it")
    every = config.regions.values()
    if network.flow_logs_percent is not None and every and all(region.existing.subnet for region in every):
        message = f"should be left out for existing subnets, got {network.flow_logs_percent}"
        yield Problem("network.flow_logs_percent", message, "remove it")


def _namespace(config: Config) -> Iterator[Problem]:
    if config.existing.namespace and config.cluster.network_policies:
        message = f"should be a namespace of the platform alone, got the existing one {shown(config.namespace)}"
        fix = "move pods of others, which lose their traffic, or turn the policies off"
        yield Problem("existing.namespace", message, fix)


RULES = (
    Rule(
        "EXIST-FLEET",
        "The fleet's features are those of a cross-region gateway",
        f"Regional gateways use no {GATEWAY_FEATURE}, and the feature names a config cluster that is there.",
        "this library",
        _fleet,
    ),
    Rule(
        "EXIST-ACCOUNT",
        "The nodes' account is one of a project, in the platform's universe",
        "Nodes act as service accounts; a person's address, or that of an agent of Google, is refused late.",
        "Google, Service accounts overview",
        _account,
    ),
    Rule(
        "EXIST-BUCKET",
        "An existing bucket has its location beside it, and no setting that only its owner can change",
        "The platform grants access to it, and changes nothing of it.",
        "this library",
        _bucket,
    ),
    Rule(
        "EXIST-SHARED-VPC",
        "`existing.shared_vpc_roles` stands beside a network of another project",
        "In the platform's own project Google's agents have their roles.",
        "Google, Setting up clusters with Shared VPC",
        _shared_vpc,
    ),
    Rule(
        "EXIST-HOST-ROLE",
        "A role of the whole project is granted by one of those who need it",
        "GKE's agent has one role in the host project for all clusters of the project. Who grants it takes it away.",
        "Google, Setting up clusters with Shared VPC",
        _host_role,
        severity="warning",
    ),
    Rule(
        "EXIST-UNUSED",
        "Settings of a network count where the platform makes it",
        "They change nothing of an existing one.",
        "this library",
        _unused,
        severity="warning",
    ),
    Rule(
        "EXIST-NAMESPACE",
        "An existing namespace has no pods of others where network policies are on",
        "A policy for all pods of the namespace denies what no other policy allows.",
        "Kubernetes, Network Policies",
        _namespace,
        severity="warning",
    ),
)
