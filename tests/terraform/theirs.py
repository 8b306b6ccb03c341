"""What others have in the cloud before a platform comes: a root module of theirs, with a state of its own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from constructs_lib.google_names import GATEWAY_FEATURE
from constructs_lib.manifests.inference import inference_objective_crd
from platform_config.config import Config
from platform_config.names import Names
from platform_config.network_plan import region_ranges
from tests.checks.schemas import providers
from tests.rig.cloud import Key
from tests.rig.server import Rig
from tests.terraform.runs import Folder

Document = dict[str, Any]
FEATURES: Document = {
    "workload_identity_config": {"workload_pool": "my-project-id.svc.id.goog"},
    "gateway_api_config": {"channel": "CHANNEL_STANDARD"},
    "datapath_provider": "ADVANCED_DATAPATH",
    "addons_config": {"gcs_fuse_csi_driver_config": {"enabled": True}},
    "secret_manager_config": {"enabled": True},
    "monitoring_config": {"managed_prometheus": {"enabled": True}},
    "control_plane_endpoints_config": {"dns_endpoint_config": {"allow_external_traffic": True}},
    "min_master_version": "1.35",
    "initial_node_count": 1,
    "deletion_protection": False,
}


class Theirs:
    """
    Everything that *config* says is there already, applied by its owners.

    Args:
        path: Folder of their root module.
        rig: The cloud.
        config: The platform that comes.
    """

    def __init__(self, path: Path, rig: Rig, config: Config) -> None:
        path.mkdir(exist_ok=True)
        self._rig = rig
        self._folder = Folder(path, rig)
        document: Document = {
            "terraform": {"required_providers": {name.split("/")[1]: {"source": name} for name in providers()}},
            "provider": {"google": {"project": config.project}},
            "resource": {},
        }
        self._addresses = [address for address, _ in resources(config)]
        for address, body in resources(config):
            kind, name = address.split(".")
            document["resource"].setdefault(kind, {})[name] = body
        for key in [key for key, region in config.regions.items() if region.existing.cluster]:
            endpoint = (
                f"google_container_cluster.{key}.control_plane_endpoints_config[0].dns_endpoint_config[0].endpoint"
            )
            host = {"alias": key, "host": f"https://${{{endpoint}}}"}
            document["provider"].setdefault("kubernetes", []).append(host)
        (path / "main.tf.json").write_text(json.dumps(document))

    def apply(self) -> dict[Key, Any]:
        """Make it, clusters before the objects in them; return all that is in the cloud then."""
        clusters = [f"-target={address}" for address in self._addresses if address.startswith("google")]
        self._folder.must("apply", "-auto-approve", *clusters)
        self._folder.must("apply", "-auto-approve")
        return {key: self._rig.cloud.read(key) for key in self._rig.cloud.objects}

    def settled(self) -> bool:
        """Return whether their own next plan is empty."""
        return self._folder.settled()


def has_any(config: Config) -> bool:
    """Return whether *config* uses something of others."""
    return any(True for _ in resources(config))


def resources(config: Config) -> Iterator[tuple[str, Document]]:
    """Yield what is there, by address."""
    names, existing = Names(config), config.existing
    if existing.network is not None:
        yield "google_compute_network.vpc", {"project": names.network_project, "name": names.network}
    if existing.bucket is not None and config.bucket is not None:
        bucket = {"name": existing.bucket, "location": config.bucket.location, "uniform_bucket_level_access": True}
        yield "google_storage_bucket.weights", bucket
    if existing.node_service_account is not None:
        account = existing.node_service_account.partition("@")[0]
        yield "google_service_account.nodes", {"account_id": account, "project": config.project}
    for key in config.regions:
        yield from _region(config, names, key)
    if existing.fleet_features:
        membership = names.membership(config.config_region)
        yield (
            "google_gke_hub_feature.ingress",
            {
                "name": GATEWAY_FEATURE,
                "location": "global",
                "project": config.project,
                "spec": {"multiclusteringress": {"config_membership": membership}},
                "depends_on": [f"google_gke_hub_membership.{config.config_region}"],
            },
        )


def _region(config: Config, names: Names, key: str) -> Iterator[tuple[str, Document]]:
    region, ranges, existing = config.regions[key], region_ranges(config, key), config.regions[key].existing
    place = {"project": names.network_project, "region": region.region}
    network = "${google_compute_network.vpc.id}"
    if existing.subnet is not None:
        yield (
            f"google_compute_subnetwork.{key}",
            {
                **place,
                "name": existing.subnet,
                "network": network,
                "ip_cidr_range": str(ranges.nodes),
                "private_ip_google_access": True,
                "secondary_ip_range": [
                    {"range_name": existing.pods_range, "ip_cidr_range": str(ranges.pods)},
                    {"range_name": existing.services_range, "ip_cidr_range": str(ranges.services)},
                ],
            },
        )
    if existing.proxy_subnet is not None:
        yield (
            f"google_compute_subnetwork.{key}-proxies",
            {
                **place,
                "name": existing.proxy_subnet,
                "network": network,
                "ip_cidr_range": str(ranges.proxy),
                "purpose": config.gateway.gateway_class.proxy_purpose,
                "role": "ACTIVE",
            },
        )
    if existing.router is not None:
        yield f"google_compute_router.{key}", {**place, "name": existing.router, "network": network}
    if existing.gateway_address is not None:
        yield (
            f"google_compute_address.{key}",
            {
                **place,
                "project": config.project,
                "name": existing.gateway_address,
                "address_type": "INTERNAL",
                "subnetwork": f"${{google_compute_subnetwork.{key}.id}}",
            },
        )
    if existing.cluster is not None:
        yield from _cluster(config, names, key)


def _cluster(config: Config, names: Names, key: str) -> Iterator[tuple[str, Document]]:
    existing = config.regions[key].existing
    yield (
        f"google_container_cluster.{key}",
        {
            **FEATURES,
            "project": config.project,
            "name": names.cluster(key),
            "location": names.cluster_location(key),
            "network": "${google_compute_network.vpc.id}",
            "subnetwork": f"${{google_compute_subnetwork.{key}.id}}",
            "ip_allocation_policy": {
                "cluster_secondary_range_name": existing.pods_range,
                "services_secondary_range_name": existing.services_range,
            },
        },
    )
    for pool, name in existing.node_pools.items():
        yield (
            f"google_container_node_pool.{key}-{pool}",
            {
                "name": name,
                "cluster": f"${{google_container_cluster.{key}.id}}",
                "location": names.cluster_location(key),
                "node_config": {
                    "machine_type": config.pools(key)[pool].machine.machine_type,
                    "workload_metadata_config": {"mode": "GKE_METADATA"},
                },
                "network_config": {"accelerator_network_profile": "auto"},
            },
        )
    if existing.membership is not None:
        _, location, name = existing.membership_parts
        path = names.cluster_path(key)
        yield (
            f"google_gke_hub_membership.{key}",
            {
                "project": config.project,
                "location": location,
                "membership_id": name,
                "endpoint": {"gke_cluster": {"resource_link": f"//container.googleapis.com/{path}"}},
                "depends_on": [f"google_container_cluster.{key}"],
            },
        )
    yield (
        f"kubernetes_manifest.{key}-crd",
        {"provider": f"kubernetes.{key}", "manifest": inference_objective_crd()},
    )
    if config.existing.namespace:
        yield (
            f"kubernetes_namespace_v1.{key}",
            {
                "provider": f"kubernetes.{key}",
                "metadata": {"name": config.namespace},
            },
        )
