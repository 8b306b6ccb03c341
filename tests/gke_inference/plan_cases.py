"""For each rule of plan-check: plans that it refuses, and like ones that pass."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tests.configs import EXAMPLE
from tests.gke_inference.plan_documents import (
    GONE,
    Document,
    change,
    destroyed,
    document,
    gateway,
    gateway_manifest,
    kubernetes,
    server,
)

CLUSTER, POOL = "google_container_cluster.cluster", "google_container_node_pool.cluster_pool-tpu_BFAC5203"
ADDRESS = "google_compute_address.network_region-eu_gateway_415F15E5"
SUBNET = "google_compute_subnetwork.network_region-eu_nodes_3DD3A70B"
SHARED_VPC = "google_compute_subnetwork_iam_member.shared-vpc_gke-eu_3A1B5C7D"
RECORD = "google_dns_record_set.record-speech"
ROUTED = {"name": "speech.ai.example.com.", "routing_policy": [{"primary_backup": [{}]}]}
READER = "google_storage_bucket_iam_member.gemma-server_read_6B63B39B"
READS = {"bucket": "weights", "member": "principal://iam/ns/inference/sa/gemma-server"}
PICKER = "helm_release.model-gemma_pool_1659BFD6"
MEMBER = "google_gke_hub_membership.fleet_member-eu_4528B8FE"
FEATURE = "google_gke_hub_feature.fleet_multiclusteringress_DE743218"
AGENT_ROLE = "google_project_iam_member.fleet_agent-role_5C39D2A6"
CRD = {
    "kind": "CustomResourceDefinition",
    "spec": {"group": "inference.networking.x-k8s.io", "names": {"kind": "InferenceObjective"}},
}
OBJECTIVE = {"kind": "InferenceObjective", "apiVersion": "inference.networking.x-k8s.io/v1alpha2"}
Stacks = Mapping[str, Document]


def member_of(name: str) -> Document:
    """Return the ingress feature with the config cluster *name*."""
    path = f"projects/p/locations/global/memberships/{name}"
    return {"name": "multiclusteringress", "spec": [{"multiclusteringress": [{"config_membership": path}]}]}


def charted(before: str, after: str) -> Document:
    """Return an entry for the release of a pool that goes from one chart to another."""
    old, new = ({"name": "gemma-pool", "namespace": "inference", "chart": name} for name in (before, after))
    return change(PICKER, "update", before=old, after=new)


@dataclass(frozen=True, kw_only=True)
class Case:
    """Plans that a rule refuses at *place*, and like ones that pass."""

    bad: Stacks
    place: str
    good: Stacks
    options: tuple[str, ...] = ()
    good_options: tuple[str, ...] = ()


REGION_GONE = dict.fromkeys(("infra-cluster-eu", "workload-base-eu", "workload-serving-eu"), GONE)
OTHER_FORMAT = {"format_version": "2.0"}
CASES: dict[str, Case] = {
    "PLAN-FORMAT": Case(
        bad={"infra-network": OTHER_FORMAT},
        place="infra-network",
        good={"infra-network": document(format_version="1.9")},
    ),
    "PLAN-ERRORED": Case(
        bad={"infra-network": document(errored=True, applyable=False)},
        place="infra-network",
        good={"infra-network": GONE},
    ),
    "PLAN-INCOMPLETE": Case(
        bad={"infra-network": document(complete=False)}, place="infra-network", good={"infra-network": document()}
    ),
    "PLAN-APPLY": Case(
        bad={"infra-network": document(change(SUBNET, "create"), applyable=False)},
        place="infra-network",
        good={"infra-network": document(change(SUBNET, "create"))},
    ),
    "PLAN-OLD": Case(
        bad={"infra-network": document(timestamp="2020-01-01T00:00:00Z")},
        place="infra-network",
        options=("--max-age-min", "60"),
        good={"infra-network": document(timestamp="2999-01-01T00:00:00Z")},
    ),
    "PLAN-DESTROY": Case(
        bad={"workload-gateway": document(*destroyed("kubernetes_manifest.gateway"))},
        place="workload-gateway",
        good={"workload-gateway": document(*destroyed("kubernetes_manifest.gateway"))},
        good_options=("--allow-destroy",),
    ),
    "PLAN-LEFT": Case(
        bad={"infra-cluster-asia": document(change(CLUSTER, "create"))},
        place="infra-cluster-asia",
        options=("--config", str(EXAMPLE)),
        good={"infra-cluster-eu": document(change(CLUSTER, "create")), "infra-cluster-asia": GONE},
    ),
    "PLAN-HIDDEN": Case(
        bad={"workload-gateway": document(change("kubernetes_manifest.gateway", "delete", before={"manifest": None}))},
        place="workload-gateway/kubernetes_manifest.gateway",
        good={"workload-gateway": document(change("kubernetes_manifest.gateway", before={"manifest": None}))},
    ),
    "PLAN-IMPORT": Case(
        bad={
            "infra-cluster-eu": document(change(POOL, "delete", "create", importing={"id": "x"})),
            "workload-serving-eu": GONE,
        },
        place=f"infra-cluster-eu/{POOL}",
        good={"infra-cluster-eu": document(change(POOL, "update", importing={"id": "x"}))},
    ),
    "KEEP-CLUSTER": Case(
        bad={"infra-cluster-eu": document(change(CLUSTER, "delete", "create", replace_paths=[["location"]]))},
        place=f"infra-cluster-eu/{CLUSTER}",
        good={"infra-cluster-eu": document(change(CLUSTER, "update"))},
    ),
    "KEEP-POOL": Case(
        bad={
            "infra-cluster-eu": document(change(POOL, "delete", before={"name": "tpu"})),
            "workload-serving-eu": document(server(pool="tpu")),
        },
        place=f"infra-cluster-eu/{POOL}",
        good={
            "infra-cluster-eu": document(change(POOL, "delete", before={"name": "tpu"})),
            "workload-serving-eu": document(server(pool="gpu")),
        },
    ),
    "KEEP-BUCKET": Case(
        bad={
            "infra-network": document(change("google_storage_bucket.weights", "delete")),
            "workload-serving-eu": document(server(bucket="weights")),
        },
        place="infra-network/google_storage_bucket.weights",
        good={
            "infra-network": document(change("google_storage_bucket.weights", "delete")),
            "workload-serving-eu": document(server(bucket="another")),
        },
    ),
    "KEEP-ADDRESS": Case(
        bad={
            "infra-network": document(change(ADDRESS, "delete", before={"name": "gemma-gateway-eu"})),
            "workload-gateway": document(gateway()),
        },
        place=f"infra-network/{ADDRESS}",
        good={
            "infra-network": document(change(ADDRESS, "delete", before={"name": "gemma-gateway-eu"})),
            "workload-gateway": document(gateway(addresses=("gemma-gateway-us",))),
        },
    ),
    "KEEP-MEMBERSHIP": Case(
        bad={"infra-fleet": document(change(MEMBER, "delete")), "workload-base-eu": GONE},
        place=f"infra-fleet/{MEMBER}",
        good={"infra-fleet": document(change(MEMBER, "delete")), **REGION_GONE},
    ),
    "KEEP-NAMESPACE": Case(
        bad={"workload-base-eu": document(change("kubernetes_namespace_v1.namespace", "delete", "create"))},
        place="workload-base-eu/kubernetes_namespace_v1.namespace",
        good={"workload-base-eu": document(change("kubernetes_namespace_v1.namespace", "update"))},
    ),
    "KEEP-NETWORK": Case(
        bad={"infra-network": document(change("google_compute_network.network", "delete", "create"))},
        place="infra-network/google_compute_network.network",
        good={"infra-network": document(change("google_compute_network.network"))},
    ),
    "KEEP-ZONE": Case(
        bad={"infra-dns": document(change("google_dns_managed_zone.zone", "delete", "create"))},
        place="infra-dns/google_dns_managed_zone.zone",
        good={"infra-dns": document(change("google_dns_managed_zone.zone", "update"))},
    ),
    "KEEP-NAME": Case(
        bad={"infra-dns": document(change(RECORD, "delete", before=ROUTED))},
        place=f"infra-dns/{RECORD}",
        good={
            "infra-dns": document(
                change(RECORD, "update", before=ROUTED),
                change("google_dns_record_set.zone_authorities_5C3BF895", "delete", before={"name": "ai.example.com."}),
            )
        },
    ),
    "KEEP-KEY": Case(
        bad={"infra-network": document(change("google_kms_crypto_key.disks", "delete"))},
        place="infra-network/google_kms_crypto_key.disks",
        good={"infra-network": document(change("google_kms_crypto_key.disks", "update"))},
    ),
    "KEEP-PROTECTED": Case(
        bad={
            "infra-cluster-eu": document(
                change(CLUSTER, "update", before={"deletion_protection": True}, after={"deletion_protection": False}),
                change(POOL, "delete"),
            ),
            "workload-serving-eu": GONE,
        },
        place=f"infra-cluster-eu/{CLUSTER}",
        good={
            "infra-cluster-eu": document(
                change(CLUSTER, "update", before={"deletion_protection": True}, after={"deletion_protection": False}),
                change(POOL),
            )
        },
    ),
    "NET-REGION": Case(
        bad={
            "infra-network": document(change(SUBNET, "delete")),
            "infra-cluster-eu": document(change(CLUSTER, "update")),
        },
        place=f"infra-network/{SUBNET}",
        good={"infra-network": document(change(SUBNET, "delete")), "infra-cluster-eu": GONE},
    ),
    "GATE-OBJECT": Case(
        bad={"workload-gateway": document(gateway("delete", "create"))},
        place="workload-gateway/kubernetes_manifest.gateway",
        good={"workload-gateway": document(gateway("update"))},
    ),
    "GATE-FEATURE": Case(
        bad={
            "infra-fleet": document(change(FEATURE, "update", before=member_of("us"), after=member_of("eu"))),
            "workload-gateway": document(gateway()),
        },
        place=f"infra-fleet/{FEATURE}",
        good={
            "infra-fleet": document(change(FEATURE, "update", before=member_of("us"), after=member_of("eu"))),
            "workload-gateway": GONE,
        },
    ),
    "GATE-AGENT": Case(
        bad={"infra-fleet": document(change(AGENT_ROLE, "delete", "create")), "workload-gateway": document(gateway())},
        place=f"infra-fleet/{AGENT_ROLE}",
        good={"infra-fleet": document(change(AGENT_ROLE, "delete", "create")), "workload-gateway": GONE},
    ),
    "GATE-CRD": Case(
        bad={
            "workload-base-eu": document(kubernetes("inference-objective-crd", "delete", manifest=CRD)),
            "workload-serving-eu": document(kubernetes("objective", manifest=OBJECTIVE)),
        },
        place="workload-base-eu/kubernetes_manifest.inference-objective-crd",
        good={
            "workload-base-eu": document(kubernetes("inference-objective-crd", "delete", manifest=CRD)),
            "workload-serving-eu": document(server()),
        },
    ),
    "GATE-API": Case(
        bad={
            "infra-cluster-us": document(
                change(
                    CLUSTER,
                    "update",
                    before={"gateway_api_config": [{"channel": "CHANNEL_STANDARD"}]},
                    after={"gateway_api_config": []},
                )
            )
        },
        place=f"infra-cluster-us/{CLUSTER}",
        good={
            "infra-cluster-us": document(
                change(
                    CLUSTER,
                    "update",
                    before={"gateway_api_config": []},
                    after={"gateway_api_config": [{"channel": "CHANNEL_STANDARD"}]},
                )
            )
        },
    ),
    "DRAIN-MODEL": Case(
        bad={"workload-serving-eu": document(server("delete", requests="yes"))},
        place="workload-serving-eu/kubernetes_manifest.model-gemma_server_43C781EF",
        good={"workload-serving-eu": document(server("delete", requests="no"))},
    ),
    "DRAIN-REGION": Case(
        bad={
            "workload-gateway": document(gateway("update", after={"manifest": gateway_manifest("gemma-gateway-us")})),
            "workload-serving-eu": document(server()),
        },
        place="workload-gateway/kubernetes_manifest.gateway",
        good={
            "workload-gateway": document(gateway("update", after={"manifest": gateway_manifest("gemma-gateway-us")})),
            "workload-serving-eu": GONE,
        },
    ),
    "ORDER-USERS": Case(
        bad={
            "infra-cluster-eu": document(*destroyed(CLUSTER)),
            "workload-base-eu": document(*destroyed("kubernetes_namespace_v1.namespace")),
            "workload-serving-eu": document(server()),
        },
        place="infra-cluster-eu",
        options=("--allow-destroy",),
        good={
            "infra-cluster-eu": document(*destroyed(CLUSTER)),
            "workload-base-eu": document(*destroyed("kubernetes_namespace_v1.namespace")),
            "workload-serving-eu": GONE,
        },
    ),
    "ORDER-HOME": Case(
        bad={
            "infra-cluster-eu": document(*destroyed(CLUSTER, **{CLUSTER: {"name": "gemma-eu"}})),
            "workload-base-eu": GONE,
            "workload-serving-eu": GONE,
            "workload-weights": document(change("terraform_data.home", before={"input": {"value": "gemma-eu"}})),
        },
        place="infra-cluster-eu",
        options=("--allow-destroy",),
        good={
            "infra-cluster-eu": document(*destroyed(CLUSTER, **{CLUSTER: {"name": "gemma-eu"}})),
            "workload-base-eu": GONE,
            "workload-serving-eu": GONE,
            "workload-weights": document(change("terraform_data.home", before={"input": {"value": "gemma-us"}})),
        },
    ),
    "ORDER-FLEET": Case(
        bad={
            "infra-cluster-eu": document(*destroyed(CLUSTER)),
            "infra-fleet": document(change(MEMBER)),
            "workload-base-eu": GONE,
            "workload-serving-eu": GONE,
        },
        place=f"infra-cluster-eu/{CLUSTER}",
        options=("--allow-destroy",),
        good={
            "infra-cluster-eu": document(*destroyed(CLUSTER)),
            "infra-fleet": document(change(MEMBER.replace("-eu_", "-us_"))),
            "workload-base-eu": GONE,
            "workload-serving-eu": GONE,
        },
    ),
    "ACCESS-NODES": Case(
        bad={"infra-network": document(change(SHARED_VPC, "delete")), "infra-cluster-eu": document(change(CLUSTER))},
        place=f"infra-network/{SHARED_VPC}",
        good={"infra-network": document(change(SHARED_VPC, "delete")), "infra-cluster-eu": GONE},
    ),
    "ACCESS-WEIGHTS": Case(
        bad={
            "infra-fleet": document(change(READER, "delete", before=READS)),
            "workload-serving-eu": document(server()),
        },
        place=f"infra-fleet/{READER}",
        good={
            "infra-fleet": document(change(READER, "delete", before=READS)),
            "workload-serving-eu": document(server(requests="no")),
        },
    ),
    "ACCESS-POOL": Case(
        bad={"workload-serving-eu": document(change(PICKER, "delete"), server())},
        place=f"workload-serving-eu/{PICKER}",
        good={"workload-serving-eu": document(change(PICKER, "delete"), server("delete", requests="no"))},
    ),
    "ACCESS-PICKER": Case(
        bad={"workload-serving-eu": document(charted("inferencepool", "llm-d-router-gateway"))},
        place=f"workload-serving-eu/{PICKER}",
        good={"workload-serving-eu": document(charted("inferencepool", "inferencepool"))},
    ),
}
