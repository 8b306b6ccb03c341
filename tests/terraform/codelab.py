"""What a person has who followed the codelab by hand: its Terraform, applied, and what GKE and kubectl made."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from constructs_lib.manifests.inference import inference_objective_crd
from tests.rig.cloud import Cloud, Key
from tests.rig.server import Rig
from tests.rig.wire import Message
from tests.terraform.lab import Document, Lab
from tests.terraform.runs import Outcome

PROJECT = "my-project-id"
PREFIX = "tpu-gke-dranet"
ZONES = {"europe-west4": "europe-west4-a", "us-east5": "us-east5-b"}
NODES = {"europe-west4": "10.0.1.0/24", "us-east5": "10.0.2.0/24"}
PROXIES = {"europe-west4": "10.1.1.0/24", "us-east5": "10.1.2.0/24"}
PODS = {"europe-west4": "10.8.0.0/14", "us-east5": "10.12.0.0/14"}
SERVICES = {"europe-west4": "34.118.224.0/20", "us-east5": "34.118.240.0/20"}
SCOPES = ["https://www.googleapis.com/auth/cloud-platform"]
APIS = (
    "compute", "container", "cloudresourcemanager", "storage",
    "gkehub", "multiclusterservicediscovery", "multiclusteringress", "trafficdirector",
)  # fmt: skip
GATEWAY_RULE = f"https://www.googleapis.com/compute/v1/projects/{PROJECT}/global/forwardingRules/gkemcg1-default-cross"


def apply_codelab(folder: Path, rig: Rig) -> Lab:
    """Apply sections 3 and 4 in *folder*, and add what sections 5 to 8 leave in the clusters."""
    folder.mkdir()
    lab = Lab(folder, rig)
    outcome: Outcome = lab.apply(resources(), provider={"google": {"project": PROJECT}})
    assert outcome.code == 0, outcome.text
    _default_account(rig.cloud)
    for region in ZONES:
        _secondary_ranges(rig.cloud, region)
        _as_gke_answers(rig.cloud.objects[cluster_key(region)])
        _address_in_use(rig.cloud, region)
        _objects(rig.cloud, region)
    return lab


def shown_state(lab: Lab) -> dict[str, Any]:
    """Return what `terraform show -json` prints in the codelab's folder."""
    lab.folder.must("apply", "-refresh-only", "-auto-approve")
    document: dict[str, Any] = json.loads(lab.folder.must("show", "-json").text)
    return document


def resources() -> Document:
    """Return the codelab's network.tf, fuse.tf, gke.tf and fleet.tf, a resource for each entry of a `for_each`."""
    made: Document = {f"google_project_service.{api}": _service(api) for api in APIS}
    network = "${google_compute_network.vpc.id}"
    made["google_compute_network.vpc"] = {"name": f"{PREFIX}-vpc", "auto_create_subnetworks": False, "mtu": 8896}
    for region in ZONES:
        made |= _region(region, network)
    made |= {
        "google_compute_firewall.allow_internal": {
            "name": f"{PREFIX}-allow-internal", "network": network, "allow": [{"protocol": "all"}],
            "source_ranges": ["10.0.0.0/8", "10.1.0.0/16"],
        },
        "google_compute_firewall.allow_health_checks": {
            "name": f"{PREFIX}-allow-hc", "network": network, "allow": [{"protocol": "tcp", "ports": ["8000"]}],
            "source_ranges": ["130.211.0.0/22", "35.191.0.0/16"],
        },
        "google_storage_bucket.model_bucket": {
            "name": f"{PROJECT}-gemma-weights", "location": "US", "force_destroy": True,
            "uniform_bucket_level_access": True,
        },
        "google_service_account.gcs_fuse_sa": {"account_id": "gcs-fuse-sa"},
        "google_storage_bucket_iam_member.gcs_fuse_sa_admin": {
            "bucket": "${google_storage_bucket.model_bucket.name}", "role": "roles/storage.objectAdmin",
            "member": "serviceAccount:${google_service_account.gcs_fuse_sa.email}",
        },
        "google_project_iam_member.mci_sa_admin": {
            "project": PROJECT, "role": "roles/container.admin",
            "member": "serviceAccount:service-100000000001@gcp-sa-multiclusteringress.iam.gserviceaccount.com",
        },
        "google_gke_hub_feature.mcs": {
            "name": "multiclusterservicediscovery", "location": "global", "project": PROJECT,
        },
        "google_gke_hub_feature.ingress": {
            "name": "multiclusteringress", "location": "global", "project": PROJECT,
            "spec": {"multiclusteringress": {
                "config_membership": f"projects/{PROJECT}/locations/global/memberships/gke-us-east5",
            }},
            "depends_on": [f"google_gke_hub_membership.{region}" for region in ZONES],
        },
    }  # fmt: skip
    return made


def _service(api: str) -> Document:
    return {"project": PROJECT, "service": f"{api}.googleapis.com", "disable_on_destroy": False}


def _region(region: str, network: str) -> Document:
    subnet, cluster = f"${{google_compute_subnetwork.{region}.id}}", f"google_container_cluster.{region}"
    return {
        f"google_compute_subnetwork.{region}": {
            "name": f"{PREFIX}-node-subnet", "region": region, "network": network, "ip_cidr_range": NODES[region],
        },
        f"google_compute_subnetwork.{region}-proxy": {
            "name": f"{PREFIX}-proxy-subnet-{region}", "region": region, "network": network,
            "ip_cidr_range": PROXIES[region], "purpose": "GLOBAL_MANAGED_PROXY", "role": "ACTIVE",
        },
        f"google_compute_address.{region}": {
            "name": f"gemma-gateway-ip-{region}", "region": region, "subnetwork": subnet, "address_type": "INTERNAL",
        },
        cluster: {
            "name": f"gke-{region}", "location": ZONES[region], "deletion_protection": False,
            "network": network, "subnetwork": subnet, "release_channel": {"channel": "RAPID"},
            "datapath_provider": "ADVANCED_DATAPATH", "networking_mode": "VPC_NATIVE",
            "gateway_api_config": {"channel": "CHANNEL_STANDARD"},
            "ip_allocation_policy": {"cluster_ipv4_cidr_block": "", "services_ipv4_cidr_block": ""},
            "workload_identity_config": {"workload_pool": f"{PROJECT}.svc.id.goog"},
            "addons_config": {"gcs_fuse_csi_driver_config": {"enabled": True}},
            "initial_node_count": 1,
            "node_config": {
                "machine_type": "e2-standard-16", "oauth_scopes": SCOPES,
                "workload_metadata_config": {"mode": "GKE_METADATA"},
            },
        },
        f"google_container_node_pool.{region}": {
            "name": "tpu-v6e-pool", "location": ZONES[region], "cluster": f"${{{cluster}.name}}", "node_count": 1,
            "network_config": {"accelerator_network_profile": "auto"},
            "node_config": {
                "machine_type": "ct6e-standard-4t", "oauth_scopes": SCOPES,
                "labels": {"cloud.google.com/gke-networking-dra-driver": "true"},
                "workload_metadata_config": {"mode": "GKE_METADATA"},
            },
            "lifecycle": {"ignore_changes": ["node_config[0].labels"]},
        },
        f"google_gke_hub_membership.{region}": {
            "project": PROJECT, "location": "global", "membership_id": f"gke-{region}",
            "endpoint": {"gke_cluster": {"resource_link": f"//container.googleapis.com/${{{cluster}.id}}"}},
        },
    }  # fmt: skip


def cluster_key(region: str) -> Key:
    """Return where the cloud has the cluster of *region*."""
    return "google_container_cluster", "", f"projects/{PROJECT}/locations/{ZONES[region]}/clusters/gke-{region}"


def subnet_key(region: str) -> Key:
    """Return where the cloud has the node subnet of *region*."""
    name = f"{PREFIX}-node-subnet"
    return "google_compute_subnetwork", "", f"projects/{PROJECT}/regions/{region}/subnetworks/{name}"


def _default_account(cloud: Cloud) -> None:
    """Add the service account that nodes have where nobody names one; Compute Engine makes it in each project."""
    own = (
        "google_service_account",
        "",
        f"projects/{PROJECT}/serviceAccounts/gcs-fuse-sa@{PROJECT}.iam.gserviceaccount.com",
    )
    email = "100000000001-compute@developer.gserviceaccount.com"
    id_ = f"projects/{PROJECT}/serviceAccounts/{email}"
    cloud.objects["google_service_account", "", id_] = cloud.objects[own] | {
        "account_id": "100000000001-compute", "id": id_, "name": id_, "email": email,
        "member": f"serviceAccount:{email}",
    }  # fmt: skip


def _secondary_ranges(cloud: Cloud, region: str) -> None:
    """Add the ranges that GKE chooses where a cluster names none, and the names that it gives them."""
    pods, services = f"gke-gke-{region}-pods-1a2b3c4d", f"gke-gke-{region}-services-1a2b3c4d"
    subnet = cloud.objects[subnet_key(region)]
    subnet["secondary_ip_range"] = [
        {"range_name": name, "ip_cidr_range": range_, "reserved_internal_range": None}
        for name, range_ in ((pods, PODS[region]), (services, SERVICES[region]))
    ]
    [policy] = cloud.objects[cluster_key(region)]["ip_allocation_policy"]
    policy |= {"cluster_secondary_range_name": pods, "services_secondary_range_name": services}


def _as_gke_answers(cluster: Message) -> None:
    """
    Set what GKE and the provider say of a cluster whose configuration says nothing: managed Prometheus, and endpoints.

    Sources: GKE, managed Prometheus is on from 1.27 on; google 7.45.0, resource_container_cluster.go, which has the
    block for each cluster.
    """
    [monitoring] = cluster["monitoring_config"]
    [prometheus] = monitoring["managed_prometheus"]
    prometheus["enabled"] = True
    cluster["private_cluster_config"] = [
        {
            "enable_private_endpoint": False, "enable_private_nodes": False, "master_ipv4_cidr_block": "",
            "peering_name": "", "private_endpoint": "10.0.0.2", "private_endpoint_subnetwork": "",
            "public_endpoint": "203.0.113.2", "master_global_access_config": [{"enabled": False}],
        }
    ]  # fmt: skip


def _address_in_use(cloud: Cloud, region: str) -> None:
    """Have the codelab's Gateway hold its address."""
    id_ = f"projects/{PROJECT}/regions/{region}/addresses/gemma-gateway-ip-{region}"
    cloud.objects["google_compute_address", "", id_]["users"] = [GATEWAY_RULE]


def _objects(cloud: Cloud, region: str) -> None:
    """Add the objects that kubectl and helm make in the namespace `default`."""
    [endpoints] = cloud.objects[cluster_key(region)]["control_plane_endpoints_config"]
    place = f"https://{endpoints['dns_endpoint_config'][0]['endpoint']}"
    kinds = {
        "apps/v1": {"Deployment": "vllm-gemma"},
        "v1": {"Service": "vllm-gemma-service", "ServiceAccount": "gemma-ksa"},
        "batch/v1": {"Job": "model-downloader"},
        "autoscaling.gke.io/v1beta1": {"AutoscalingMetric": "tpu-cache"},
        "inference.networking.k8s.io/v1": {"InferencePool": "gemma-pool"},
        "gateway.networking.k8s.io/v1": {"Gateway": "cross-region-gateway", "HTTPRoute": "gemma-route"},
        "networking.gke.io/v1": {
            "HealthCheckPolicy": "gemma-health-check", "GCPBackendPolicy": "gemma-backend-policy",
        },
    }  # fmt: skip
    for version, named in kinds.items():
        for kind, name in named.items():
            manifest = {"apiVersion": version, "kind": kind, "metadata": {"name": name, "namespace": "default"}}
            id_ = f"apiVersion={version},kind={kind},namespace=default,name={name}"
            cloud.objects["kubernetes_manifest", place, id_] = {"id": id_, "manifest": ["", manifest]}


def install_objective_crd(cloud: Cloud, region: str) -> None:
    """Run `kubectl apply` with the CRD of InferenceObjective, a step of the codelab itself."""
    [endpoints] = cloud.objects[cluster_key(region)]["control_plane_endpoints_config"]
    crd = inference_objective_crd()
    id_ = f"apiVersion={crd['apiVersion']},kind={crd['kind']},name={crd['metadata']['name']}"
    place = f"https://{endpoints['dns_endpoint_config'][0]['endpoint']}"
    cloud.objects["kubernetes_manifest", place, id_] = {"id": id_, "manifest": [json.dumps(_type(crd)).encode(), crd]}


def _type(value: Any) -> Any:
    """Return the type of *value* as Terraform writes it."""
    if isinstance(value, dict):
        return ["object", {key: _type(inner) for key, inner in value.items()}]
    if isinstance(value, list):
        return ["tuple", [_type(inner) for inner in value]]
    return {str: "string", bool: "bool"}.get(type(value), "number")


def let_nodes_reach_google(cloud: Cloud, region: str) -> None:
    """Run `gcloud compute networks subnets update --enable-private-ip-google-access`."""
    cloud.objects[subnet_key(region)]["private_ip_google_access"] = True


def open_dns_endpoint(cloud: Cloud, region: str) -> None:
    """Run `gcloud container clusters update --enable-dns-access`."""
    [endpoints] = cloud.objects[cluster_key(region)]["control_plane_endpoints_config"]
    endpoints["dns_endpoint_config"][0]["allow_external_traffic"] = True


def turn_secret_manager_on(cloud: Cloud, region: str) -> None:
    """Run `gcloud container clusters update --enable-secret-manager`."""
    cloud.objects[cluster_key(region)]["secret_manager_config"] = [{"enabled": True, "rotation_config": []}]


COMMANDS = (let_nodes_reach_google, open_dns_endpoint, turn_secret_manager_on)
"""What the plans of existing subnets and clusters ask for, in each region."""


def written_to(before: dict[Key, Message], after: dict[Key, Message]) -> set[Key]:
    """Return what of *before* is another in *after*, or gone; a service that is turned on twice is on."""
    return {key for key, held in before.items() if after.get(key) != held and key[0] != "google_project_service"}
