"""READ FIRST. What the platform of config/example.yaml guarantees, one promise a test."""

from __future__ import annotations

import json
import re

from platform_config.stack_graph import (
    FLEET_STACK,
    GATEWAY_STACK,
    WEIGHTS_STACK,
    base_stack,
    cluster_stack,
    serving_stack,
)
from tests.checks.network_policies import Pod, connects
from tests.synthesized import Synthesized


def test_every_model_is_served_from_at_least_two_regions(platform: Synthesized) -> None:
    """Each region has its own model server and its own exported InferencePool."""
    exports = platform.all("kubernetes_annotations")

    assert len(platform.objects("Deployment")) == 2
    assert [export["annotations"] for export in exports] == [{"networking.gke.io/export": "True"}] * 2


def test_one_gateway_has_an_address_in_each_region(platform: Synthesized) -> None:
    """The gateway is one object on the config cluster, with a reserved address per region."""
    gateway = platform.object("Gateway", GATEWAY_STACK)

    assert gateway["spec"]["gatewayClassName"] == "gke-l7-cross-regional-internal-managed-mc"
    assert [address["value"] for address in gateway["spec"]["addresses"]] == [
        "regions/us-east5/addresses/gemma-gateway-us",
        "regions/europe-west4/addresses/gemma-gateway-eu",
    ]
    assert {block["name"] for block in platform.all("google_compute_address")} == {
        "gemma-gateway-us",
        "gemma-gateway-eu",
    }


def test_a_full_region_spills_over_and_a_dead_one_is_found_in_ten_seconds(platform: Synthesized) -> None:
    """The load balancer balances on the KV cache at 60 % and probes the model server's own port and path."""
    backend = platform.object("GCPBackendPolicy")["spec"]["default"]
    check = platform.object("HealthCheckPolicy")["spec"]["default"]

    assert backend["balancingMode"] == "CUSTOM_METRICS"
    [metric] = backend["customMetrics"]
    assert (metric["name"], metric["maxUtilizationPercent"]) == ("gke.named_metrics.kv-cache", 60)
    assert check["checkIntervalSec"] * check["unhealthyThreshold"] == 10
    probe = {"portSpecification": "USE_FIXED_PORT", "port": 8000, "requestPath": "/health"}
    assert check["config"]["httpHealthCheck"] == probe


def test_a_busy_server_is_neither_hidden_nor_restarted(platform: Synthesized) -> None:
    """The kubelet asks and waits as the load balancer does; a restart comes after five minutes of silence."""
    check = platform.object("HealthCheckPolicy")["spec"]["default"]
    for server in platform.objects("Deployment"):
        [container] = server["spec"]["template"]["spec"]["containers"]
        ready, alive = container["readinessProbe"], container["livenessProbe"]

        assert ready["periodSeconds"] == check["checkIntervalSec"]
        assert ready["timeoutSeconds"] == check["timeoutSec"]
        assert ready["failureThreshold"] == check["unhealthyThreshold"]
        assert alive["periodSeconds"] * alive["failureThreshold"] >= 300


def test_the_metric_that_balances_is_the_one_that_the_server_exports(platform: Synthesized) -> None:
    """Load balancer and AutoscalingMetric name the same gauge, so that a region never looks empty for ever."""
    [balanced] = platform.object("GCPBackendPolicy")["spec"]["default"]["customMetrics"]
    for metric in platform.objects("AutoscalingMetric"):
        [exported] = metric["spec"]["endpoints"][0]["metrics"]

        assert exported["name"] == "vllm:kv_cache_usage_perc"
        assert balanced["name"] == f"gke.named_metrics.{exported['exportName']}"


def test_names_that_must_agree_agree(platform: Synthesized) -> None:
    """Release, objective, route and policies all mean one pool; all selectors mean one set of pods."""
    pool = "gemma-pool"
    route = platform.object("HTTPRoute")["spec"]["rules"][0]["backendRefs"][0]
    releases = platform.all("helm_release")

    assert {release["name"] for release in releases} == {pool}
    assert {objective["spec"]["poolRef"]["name"] for objective in platform.objects("InferenceObjective")} == {pool}
    assert (route["kind"], route["name"]) == ("GCPInferencePoolImport", pool)
    for kind in ("HealthCheckPolicy", "GCPBackendPolicy"):
        assert platform.object(kind)["spec"]["targetRef"]["name"] == pool
    for server in platform.objects("Deployment"):
        assert server["spec"]["template"]["metadata"]["labels"] == {"app": "gemma-server"}


def test_each_region_has_its_tpus_with_their_own_network_interfaces(platform: Synthesized) -> None:
    """One ct6e-standard-4t 2x2 slice per region with managed DRANET, claimed by the model server."""
    pools = [pool for key, pool in platform.named("google_container_node_pool").items() if "_pool-tpu_" in key]
    servers = platform.objects("Deployment")

    for pool in pools:
        assert pool["node_config"]["machine_type"] == "ct6e-standard-4t"
        assert pool["network_config"]["accelerator_network_profile"] == "auto"
        assert pool["node_config"]["labels"] == {"cloud.google.com/gke-networking-dra-driver": "true"}
        assert pool["lifecycle"]["ignore_changes"] == ["node_config[0].labels"]
        assert "placement_policy" not in pool
    claims = {template["metadata"]["name"] for template in platform.objects("ResourceClaimTemplate")}
    for server in servers:
        pod = server["spec"]["template"]["spec"]
        assert {claim["resourceClaimTemplateName"] for claim in pod["resourceClaims"]} == claims
        assert pod["containers"][0]["resources"]["limits"] == {"google.com/tpu": "4"}
        assert "--tensor-parallel-size=4" in pod["containers"][0]["args"]
    assert len(pools) == len(servers) == 2


def test_nothing_is_public(platform: Synthesized) -> None:
    """No public node, no public control plane address, no public object, no external address."""
    for cluster in platform.all("google_container_cluster"):
        assert cluster["private_cluster_config"]["enable_private_nodes"] is True
        assert cluster["private_cluster_config"]["enable_private_endpoint"] is True
    pools = platform.all("google_container_node_pool")
    assert [pool["network_config"]["enable_private_nodes"] for pool in pools] == [True] * 4
    bucket = platform.one("google_storage_bucket")
    assert (bucket["public_access_prevention"], bucket["uniform_bucket_level_access"]) == ("enforced", True)
    assert {address["address_type"] for address in platform.all("google_compute_address")} == {"INTERNAL"}


def test_firewall_opens_only_what_serving_needs(platform: Synthesized) -> None:
    """Google's probes and the proxies reach the model and endpoint picker ports of our nodes, never from 10.0.0.0/8."""
    rules = platform.all("google_compute_firewall")

    for rule in rules:
        assert rule["target_service_accounts"] == ["${google_service_account.nodes.email}"]
        assert not {"10.0.0.0/8", "0.0.0.0/0"} & set(rule["source_ranges"])
        if "nodes" not in rule["name"]:
            assert [allow.get("ports") for allow in rule["allow"]] == [["8000", "9002", "9003"]]
    assert {rule["name"].removeprefix("gemma-vpc-allow-") for rule in rules} == {
        "health-checks", "proxies-us", "proxies-eu", "nodes-us", "nodes-eu",
    }  # fmt: skip


def test_model_servers_hear_the_gateway_and_nobody_else(platform: Synthesized) -> None:
    """Each cluster lets in the proxies of all regions, the probes, the picker and the collectors, on one port."""
    for key, region in {"us": "10.2.32.7", "eu": "10.4.32.7"}.items():
        policies = [
            policy for stack in (base_stack(key), serving_stack(key))
            for policy in platform.objects("NetworkPolicy", stack)
        ]  # fmt: skip
        server = Pod(namespace="inference", labels=platform.object("Deployment", serving_stack(key))
                     ["spec"]["template"]["metadata"]["labels"])  # fmt: skip
        stranger = Pod(namespace="default", labels=server.labels)

        assert connects(policies, region, server, 8000)
        assert not connects(policies, stranger, server, 8000)
        assert not connects(policies, "10.2.0.9", server, 8000)
        assert not connects(policies, server, "10.2.0.9", 443)


def test_no_role_on_the_whole_project_for_any_workload(platform: Synthesized) -> None:
    """Workloads are bound on the bucket and the secret by principal; nothing is authoritative; no key exists."""
    kinds = {kind for document in platform.stacks.values() for kind in document.get("resource", {})}
    assert not {"google_project_iam_binding", "google_project_iam_policy", "google_service_account_key"} & kinds
    assert {member["role"] for member in platform.all("google_project_iam_member")} == {
        "roles/container.defaultNodeServiceAccount",
        "roles/autoscaling.metricsWriter",
        "roles/artifactregistry.reader",
        "roles/container.admin",
    }
    grants = {grant["role"]: grant["member"] for grant in platform.all("google_storage_bucket_iam_member")}
    assert grants["roles/storage.objectViewer"].endswith("/subject/ns/inference/sa/gemma-server")
    assert grants["roles/storage.objectUser"].endswith("/subject/ns/inference/sa/gemma-download")
    assert all(member.startswith("principal://") for member in grants.values())


def test_no_secret_in_any_file(platform: Synthesized) -> None:
    """The Hugging Face token is named, never held: no Secret object, no token, no TF_VAR."""
    text = "\n".join(json.dumps(document) for document in platform.stacks.values())

    assert not re.search(r"hf_[A-Za-z0-9]{8,}", text)
    assert platform.all("kubernetes_secret_v1") == []
    assert platform.objects("Secret") == []
    assert "hugging-face-token" in platform.object("SecretProviderClass")["spec"]["parameters"]["secrets"]


def test_clusters_and_weights_are_protected_from_deletion(platform: Synthesized) -> None:
    """A destroy stops at each cluster until protection is off, and at a bucket that holds data."""
    assert [cluster["deletion_protection"] for cluster in platform.all("google_container_cluster")] == [True, True]
    assert platform.one("google_storage_bucket")["force_destroy"] is False


def test_clusters_have_what_the_gateway_and_the_server_need(platform: Synthesized) -> None:
    """Gateway API, Workload Identity, GCS FUSE, Dataplane V2, managed Prometheus and the HPA profile are on."""
    for cluster in platform.all("google_container_cluster"):
        assert cluster["gateway_api_config"] == {"channel": "CHANNEL_STANDARD"}
        assert cluster["workload_identity_config"] == {"workload_pool": "my-project-id.svc.id.goog"}
        assert cluster["addons_config"]["gcs_fuse_csi_driver_config"] == {"enabled": True}
        assert cluster["datapath_provider"] == "ADVANCED_DATAPATH"
        assert cluster["monitoring_config"]["managed_prometheus"] == {"enabled": True}
        assert cluster["pod_autoscaling"] == {"hpa_profile": "PERFORMANCE"}


def test_nothing_uses_a_feature_that_the_cluster_s_version_lacks(platform: Synthesized) -> None:
    """Accelerators and servers wait for a look at the version, the first for one after any upgrade of the same plan."""
    pools = [pool for pool in platform.all("google_container_node_pool") if pool["name"] == "tpu"]
    looks = {
        stack: look
        for stack, document in platform.stacks.items()
        for look in document.get("data", {}).get("google_container_cluster", {}).values()
    }
    floors = {
        stack: [condition["error_message"].partition(" is older than ")[2].partition(",")[0] for condition in
                look.get("lifecycle", {}).get("postcondition", ())]
        for stack, look in looks.items()
    }  # fmt: skip

    assert [pool["depends_on"][0].startswith("data.google_container_cluster.") for pool in pools] == [True, True]
    assert looks[cluster_stack("us")]["depends_on"] == ["google_container_cluster.cluster"]
    gateway, dranet = ["1.34.1-gke.1127000"], ["1.34.1-gke.1829001"]
    assert floors == {
        cluster_stack("us"): dranet, cluster_stack("eu"): dranet,
        base_stack("us"): gateway, base_stack("eu"): gateway, WEIGHTS_STACK: [],
        serving_stack("us"): dranet, serving_stack("eu"): dranet, GATEWAY_STACK: gateway,
    }  # fmt: skip


def test_two_clusters_are_never_upgraded_on_the_same_day(platform: Synthesized) -> None:
    """Neighbouring region numbers have maintenance windows on different days of the week."""
    windows = [
        cluster["maintenance_policy"]["recurring_window"]["recurrence"]
        for cluster in platform.all("google_container_cluster")
    ]

    assert len(set(windows)) == len(windows) == 2


def test_exactly_one_config_cluster_named_by_its_membership(platform: Synthesized) -> None:
    """The ingress feature refers to the membership resource, so the two cannot drift apart."""
    feature = platform.one("google_gke_hub_feature")
    member = re.fullmatch(
        r"\$\{google_gke_hub_membership\.([\w-]+)\.id}", feature["spec"]["multiclusteringress"]["config_membership"]
    )

    assert member
    assert platform.named("google_gke_hub_membership")[f"{FLEET_STACK}/{member[1]}"]["membership_id"] == "gemma-us"


def test_weights_load_while_the_fleet_forms(platform: Synthesized) -> None:
    """The download needs its own cluster only; the servers need it, their own base and the fleet."""
    assert platform.dependencies(WEIGHTS_STACK) == {base_stack("us")}
    assert platform.dependencies(base_stack("us")) == {cluster_stack("us")}
    assert platform.dependencies(serving_stack("eu")) == {base_stack("eu"), WEIGHTS_STACK, FLEET_STACK}
    assert platform.dependencies(GATEWAY_STACK) == {serving_stack("us"), serving_stack("eu")}


def test_on_the_way_down_the_gateway_goes_first_and_features_before_members(platform: Synthesized) -> None:
    """Gateway before its policies and its wait; feature before the wait before the memberships."""
    addresses = {block["manifest"]["kind"]: key.split("/")[1] for key, block in
                 platform.named("kubernetes_manifest", GATEWAY_STACK).items()}  # fmt: skip
    gateway = platform.named("kubernetes_manifest")[f"{GATEWAY_STACK}/{addresses['Gateway']}"]
    needed = " ".join(gateway["depends_on"])
    [feature] = platform.all("google_gke_hub_feature")
    [settle] = platform.all("time_sleep", FLEET_STACK)

    for kind in ("HealthCheckPolicy", "GCPBackendPolicy"):
        assert f"kubernetes_manifest.{addresses[kind]}" in needed
    assert "time_sleep." in needed
    assert platform.one("time_sleep", GATEWAY_STACK)["destroy_duration"] == "300s"
    assert all(need.startswith("time_sleep.") for need in feature["depends_on"])
    assert sum(need.startswith("google_gke_hub_membership.") for need in settle["depends_on"]) == 2
