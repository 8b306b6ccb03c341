"""The custom metrics adapter."""

from __future__ import annotations

from typing import Any

import pytest

from constructs_lib.manifests.metrics_adapter import (
    ACCOUNT,
    CUSTOM,
    EXTERNAL,
    IMAGE,
    NAMESPACE,
    adapter_objects,
    api_services,
)
from tests.checks.kubernetes_objects import problems

EVERY = {**adapter_objects([EXTERNAL]), **api_services([CUSTOM, EXTERNAL])}
ROLES = [made for made in EVERY.values() if made["kind"] == "ClusterRole"]
BINDINGS = {key: made for key, made in EVERY.items() if made["kind"].endswith("Binding")}
READS_METRICS = {"kind": "ServiceAccount", "name": "horizontal-pod-autoscaler", "namespace": "kube-system"}
ADAPTER = {"kind": "ServiceAccount", "name": ACCOUNT, "namespace": NAMESPACE}


def pod() -> dict[str, Any]:
    """Return the adapter's pod."""
    spec: dict[str, Any] = adapter_objects([CUSTOM])["deployment"]["spec"]["template"]["spec"]
    return spec


def container() -> dict[str, Any]:
    """Return its one container."""
    [made] = pod()["containers"]
    assert isinstance(made, dict)
    return made


@pytest.mark.parametrize("key", EVERY)
def test_the_api_server_takes_the_object_as_it_is(key: str) -> None:
    """No unknown field, no quantity that it would write in another form."""
    assert problems(EVERY[key]) == []


def test_the_objects_are_these() -> None:
    """The ids are addresses in the state: another id is another object."""
    assert list(adapter_objects([CUSTOM])) == [
        "account",
        "reader",
        "reader-binding",
        "delegator-binding",
        "callers-binding",
        "network-policy",
        "deployment",
        "service",
    ]
    assert set(adapter_objects([EXTERNAL])) - set(adapter_objects([CUSTOM])) == {
        "external-reader",
        "external-reader-binding",
    }
    assert list(api_services([CUSTOM])) == ["v1beta1-custom-metrics-k8s-io", "v1beta2-custom-metrics-k8s-io"]
    assert list(api_services([EXTERNAL])) == ["v1beta1-external-metrics-k8s-io"]


def test_no_api_is_registered_with_the_adapter() -> None:
    """An API without its server breaks the whole cluster's discovery, so the two come one after the other."""
    assert {made["kind"] for made in (api_services([CUSTOM, EXTERNAL])).values()} == {"APIService"}
    assert "APIService" not in {made["kind"] for made in adapter_objects([EXTERNAL]).values()}


def test_every_object_of_a_namespace_says_which() -> None:
    """All in one, but the binding to the Role that Kubernetes keeps in its own."""
    namespaces = {key: made["metadata"]["namespace"] for key, made in EVERY.items() if "namespace" in made["metadata"]}

    assert namespaces.pop("callers-binding") == "kube-system"
    assert namespaces == dict.fromkeys(("account", "network-policy", "deployment", "service"), NAMESPACE)


def test_the_account_is_the_one_that_iam_is_bound_to() -> None:
    """`principal://...subject/ns/custom-metrics/sa/custom-metrics-stackdriver-adapter` has roles/monitoring.viewer."""
    assert EVERY["account"]["metadata"] == {"name": "custom-metrics-stackdriver-adapter", "namespace": "custom-metrics"}
    assert pod()["serviceAccountName"] == ACCOUNT


@pytest.mark.parametrize("role", ROLES, ids=lambda role: role["metadata"]["name"])
def test_a_role_allows_reading_alone(role: dict[str, Any]) -> None:
    """Pods and nodes for the adapter, external metrics for the autoscalers; nothing is changed, nothing is watched."""
    [rule] = role["rules"]

    assert rule["verbs"] == ["get", "list"]
    assert (rule["apiGroups"], rule["resources"]) in (([""], ["pods", "nodes"]), (["external.metrics.k8s.io"], ["*"]))


def test_roles_are_given_to_these_and_no_others() -> None:
    """Nobody gets cluster-admin; the API server's own two roles let the adapter check who calls it."""
    given = {key: (made["roleRef"]["name"], made["subjects"]) for key, made in BINDINGS.items()}

    assert given == {
        "reader-binding": (ACCOUNT, [ADAPTER]),
        "delegator-binding": ("system:auth-delegator", [ADAPTER]),
        "callers-binding": ("extension-apiserver-authentication-reader", [ADAPTER]),
        "external-reader-binding": (f"{ACCOUNT}:external-reader", [READS_METRICS]),
    }


def test_a_role_of_ours_exists_where_it_is_bound() -> None:
    """A binding to a role that is not there gives nothing, without a word."""
    bound = {made["roleRef"]["name"] for made in BINDINGS.values() if made["roleRef"]["name"].startswith(ACCOUNT)}

    assert bound == {role["metadata"]["name"] for role in ROLES}


def test_the_image_has_a_version() -> None:
    """Google's release, never `latest`."""
    assert IMAGE.rsplit(":", 1)[1] == "v0.16.9-gke.0"
    assert container()["image"] == IMAGE


def test_the_pod_has_no_more_rights_than_it_needs() -> None:
    """No root, no capabilities, nothing written but the certificate."""
    security, inner = pod()["securityContext"], container()["securityContext"]

    assert security["runAsNonRoot"] is True
    assert security["seccompProfile"] == {"type": "RuntimeDefault"}
    assert inner == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }


def test_the_certificate_has_a_place_to_be_written_to() -> None:
    """The adapter signs one at each start, and ends where it cannot write it."""
    [mount] = container()["volumeMounts"]
    [volume] = pod()["volumes"]

    assert f"--cert-dir={mount['mountPath']}" in container()["args"]
    assert volume == {"name": mount["name"], "emptyDir": {"sizeLimit": "16Mi"}}


def test_the_control_plane_reaches_it_without_a_firewall_rule_of_ours() -> None:
    """GKE lets it through to 443, where only root may listen unless the pod allows others."""
    [port] = EVERY["service"]["spec"]["ports"]
    [listened] = container()["ports"]

    assert (port["port"], port["targetPort"], listened["containerPort"]) == (443, 443, 443)
    assert pod()["securityContext"]["sysctls"] == [{"name": "net.ipv4.ip_unprivileged_port_start", "value": "443"}]


def test_it_reads_the_metrics_of_managed_prometheus() -> None:
    """Those are known by cluster, namespace and pod: the new resource model."""
    assert {"--use-new-resource-model=true", "--fallback-for-container-metrics=true"} <= set(container()["args"])


def test_it_stays_off_accelerator_nodes_and_survives_the_loss_of_a_node() -> None:
    """Accelerator nodes are tainted; the two pods are on two nodes where there are two."""
    [spread] = pod()["topologySpreadConstraints"]

    assert "tolerations" not in pod()
    assert adapter_objects([CUSTOM])["deployment"]["spec"]["replicas"] == 2
    assert (spread["topologyKey"], spread["whenUnsatisfiable"]) == ("kubernetes.io/hostname", "ScheduleAnyway")


def test_the_service_finds_the_pods() -> None:
    """One set of labels."""
    spec = EVERY["deployment"]["spec"]

    assert EVERY["service"]["spec"]["selector"] == spec["selector"]["matchLabels"]
    assert spec["selector"]["matchLabels"] == spec["template"]["metadata"]["labels"]


@pytest.mark.parametrize("key", api_services([CUSTOM, EXTERNAL]))
def test_an_api_is_served_by_the_adapter(key: str) -> None:
    """Its name is its version and its group."""
    made = EVERY[key]
    service = {"name": EVERY["service"]["metadata"]["name"], "namespace": NAMESPACE, "port": 443}

    assert made["metadata"]["name"] == f"{made['spec']['version']}.{made['spec']['group']}"
    assert made["spec"]["service"] == service


def test_autoscalers_read_the_newest_version() -> None:
    """Of metrics of pods there are two."""
    ranks = {made["spec"]["version"]: made["spec"]["versionPriority"] for made in api_services([CUSTOM]).values()}

    assert ranks["v1beta2"] > ranks["v1beta1"]


def test_a_caller_gets_objects_of_its_own() -> None:
    """Nobody can change what another sees."""
    adapter_objects([CUSTOM])["service"]["metadata"]["name"] = "changed"

    assert adapter_objects([CUSTOM])["service"]["metadata"]["name"] == ACCOUNT
