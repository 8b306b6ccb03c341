"""How stacks reach their cluster."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.configs import config
from tests.synthesized import Synthesized, synthesize

HOST = (
    "https://${data.google_container_cluster.cluster.control_plane_endpoints_config[0].dns_endpoint_config[0].endpoint}"
)
STAYS = (
    'https://${(terraform_data.home.input.value == "gemma-us") ? '
    "data.google_container_cluster.cluster.control_plane_endpoints_config[0].dns_endpoint_config[0].endpoint"
    " : terraform_data.home.input.endpoint}"
)
"""Where a setting chooses the cluster: the one that the stack's objects are in."""
HOSTS = {"workload-weights": STAYS, "workload-gateway": STAYS}
WORKLOADS = {
    "workload-base-us": "us", "workload-base-eu": "eu", "workload-serving-us": "us", "workload-serving-eu": "eu",
    "workload-weights": "us", "workload-gateway": "us",
}  # fmt: skip
PLACES = {"us": ("us-east5", "us-east5-b"), "eu": ("europe-west4", "europe-west4-a")}


@pytest.fixture(scope="module")
def with_exec(tmp_path_factory: pytest.TempPathFactory) -> Synthesized:
    """The example with zonal clusters, and a plugin that fetches tokens."""
    changes = {"kubernetes_auth": "exec", "cluster__control_plane": "zonal"}
    return synthesize(config(**changes), tmp_path_factory.mktemp("exec"))


@pytest.mark.parametrize(("stack", "key"), WORKLOADS.items())
def test_each_stack_looks_its_one_cluster_up_by_name(
    platform: Synthesized, with_exec: Synthesized, stack: str, key: str
) -> None:
    """In its region or zone; no state of another stack is needed."""
    for app, location in zip((platform, with_exec), PLACES[key], strict=True):
        [cluster] = app.stacks[stack]["data"]["google_container_cluster"].values()
        assert (cluster["name"], cluster["location"]) == (f"gemma-{key}", location)
        assert cluster["project"] == "my-project-id"


def test_infra_stacks_know_no_cluster_from_within(platform: Synthesized) -> None:
    """A cluster and its objects never share a stack."""
    for stack in set(platform.stacks) - set(WORKLOADS):
        assert not {"kubernetes", "helm"} & set(platform.stacks[stack]["provider"])


@pytest.mark.parametrize("stack", WORKLOADS)
def test_a_token_of_the_caller_is_the_default(platform: Synthesized, stack: str) -> None:
    """By the DNS endpoint, whose certificate is public: a cluster CA beside it would be refused."""
    document = platform.stacks[stack]
    access = {"host": HOSTS.get(stack, HOST), "token": "${data.google_client_config.caller.access_token}"}

    assert document["provider"]["kubernetes"] == [access]
    assert list(document["data"]["google_client_config"]) == ["caller"]


@pytest.mark.parametrize("stack", WORKLOADS)
def test_with_exec_a_plugin_fetches_tokens_and_none_is_in_the_state(with_exec: Synthesized, stack: str) -> None:
    """A fresh one each time, for applies that last longer than an hour."""
    document = with_exec.stacks[stack]
    plugin = {"api_version": "client.authentication.k8s.io/v1beta1", "command": "gke-gcloud-auth-plugin"}

    assert document["provider"]["kubernetes"] == [{"host": HOSTS.get(stack, HOST), "exec": [plugin]}]
    assert "google_client_config" not in document["data"]
    assert "access_token" not in (with_exec.outdir / "stacks" / stack / "cdk.tf.json").read_text()


def test_the_chart_gets_the_same_access_in_helm_s_form(platform: Synthesized, with_exec: Synthesized) -> None:
    """One object each, where the Kubernetes provider has blocks; only where there is a chart."""
    token = {"host": HOST, "token": "${data.google_client_config.caller.access_token}"}
    plugin = {"api_version": "client.authentication.k8s.io/v1beta1", "command": "gke-gcloud-auth-plugin"}

    for key in ("us", "eu"):
        assert platform.stacks[f"workload-serving-{key}"]["provider"]["helm"] == [{"kubernetes": token}]
        assert with_exec.stacks[f"workload-serving-{key}"]["provider"]["helm"] == [
            {"kubernetes": {"host": HOST, "exec": plugin}}
        ]
    assert [name for name, document in platform.stacks.items() if "helm" in document["provider"]] == [
        name for name in platform.stacks if name.startswith("workload-serving-")
    ]


def test_no_certificate_and_no_insecure_connection(platform: Synthesized) -> None:
    """In no stack."""
    for path in Path(platform.outdir).rglob("cdk.tf.json"):
        text = path.read_text()
        assert "cluster_ca_certificate" not in text
        assert 'insecure"' not in text
