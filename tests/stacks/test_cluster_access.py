"""How stacks reach their cluster."""

from __future__ import annotations

from pathlib import Path

import pytest

from platform_config.stack_graph import GATEWAY_STACK, SERVING_STACKS, WEIGHTS_STACK, base_stack, serving_stack
from tests.configs import config
from tests.synthesized import Block, Synthesized, synthesize

HOST = (
    "https://${data.google_container_cluster.cluster.control_plane_endpoints_config[0].dns_endpoint_config[0].endpoint}"
)
STAYS = (
    'https://${(terraform_data.home.input.value == "gemma-us") ? '
    "data.google_container_cluster.cluster.control_plane_endpoints_config[0].dns_endpoint_config[0].endpoint"
    " : terraform_data.home.input.endpoint}"
)
"""Where a setting chooses the cluster: the one that the stack's objects are in."""
HOSTS = {WEIGHTS_STACK: STAYS, GATEWAY_STACK: STAYS}
WORKLOADS = {
    base_stack("us"): "us", base_stack("eu"): "eu", serving_stack("us"): "us", serving_stack("eu"): "eu",
    WEIGHTS_STACK: "us", GATEWAY_STACK: "us",
}  # fmt: skip
CALLER = "google_client_config"
EPHEMERAL = {"host": HOST, "token": "${ephemeral.google_client_config.caller.access_token}"}
TOKEN = {"host": HOST, "token": "${data.google_client_config.caller.access_token}"}
PLACES = {"us": ("us-east5", "us-east5-b"), "eu": ("europe-west4", "europe-west4-a")}


def token_of(document: Block) -> set[str]:
    """Find the addresses of the tokens that a stack takes for itself."""
    parts = ("data", "ephemeral")
    return {f"{part}.{CALLER}.{name}" for part in parts for name in document.get(part, {}).get(CALLER, {})}


@pytest.fixture(scope="module")
def with_token(tmp_path_factory: pytest.TempPathFactory) -> Synthesized:
    """Synthesize the example for an older Terraform."""
    return synthesize(config(kubernetes_auth="token"), tmp_path_factory.mktemp("token"))


@pytest.fixture(scope="module")
def with_exec(tmp_path_factory: pytest.TempPathFactory) -> Synthesized:
    """Synthesize the example with zonal clusters, and a plugin that fetches tokens."""
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
def test_a_token_that_is_kept_nowhere_is_the_default(platform: Synthesized, stack: str) -> None:
    """By the DNS endpoint, whose certificate is public: a cluster CA beside it would be refused."""
    document = platform.stacks[stack]
    access = EPHEMERAL | {"host": HOSTS.get(stack, HOST)}

    assert document["provider"]["kubernetes"] == [access]
    assert token_of(document) == {f"ephemeral.{CALLER}.caller"}
    assert document["terraform"]["required_version"] == ">= 1.10.0"


@pytest.mark.parametrize("stack", WORKLOADS)
def test_an_older_terraform_reads_the_token_as_data(with_token: Synthesized, stack: str) -> None:
    """Nothing in such a stack needs a newer one."""
    document = with_token.stacks[stack]

    assert document["provider"]["kubernetes"] == [TOKEN | {"host": HOSTS.get(stack, HOST)}]
    assert token_of(document) == {f"data.{CALLER}.caller"}
    assert document["terraform"]["required_version"] == ">= 1.5.7"


@pytest.mark.parametrize("stack", WORKLOADS)
def test_with_exec_a_plugin_fetches_tokens_and_none_is_in_the_state(with_exec: Synthesized, stack: str) -> None:
    """A fresh one each time, for applies that last longer than an hour."""
    document = with_exec.stacks[stack]
    plugin = {"api_version": "client.authentication.k8s.io/v1beta1", "command": "gke-gcloud-auth-plugin"}

    assert document["provider"]["kubernetes"] == [{"host": HOSTS.get(stack, HOST), "exec": [plugin]}]
    assert token_of(document) == set()
    assert document["terraform"]["required_version"] == ">= 1.5.7"
    assert "access_token" not in (with_exec.outdir / "stacks" / stack / "cdk.tf.json").read_text()


def test_the_chart_gets_the_same_access_in_helm_s_form(
    platform: Synthesized, with_token: Synthesized, with_exec: Synthesized
) -> None:
    """One object each, where the Kubernetes provider has blocks; only where there is a chart."""
    plugin = {"api_version": "client.authentication.k8s.io/v1beta1", "command": "gke-gcloud-auth-plugin"}

    for key in ("us", "eu"):
        assert platform.stacks[serving_stack(key)]["provider"]["helm"] == [{"kubernetes": EPHEMERAL}]
        assert with_token.stacks[serving_stack(key)]["provider"]["helm"] == [{"kubernetes": TOKEN}]
        assert with_exec.stacks[serving_stack(key)]["provider"]["helm"] == [
            {"kubernetes": {"host": HOST, "exec": plugin}}
        ]
    assert [name for name, document in platform.stacks.items() if "helm" in document["provider"]] == [
        name for name in platform.stacks if name.startswith(SERVING_STACKS)
    ]


def test_no_certificate_and_no_insecure_connection(platform: Synthesized) -> None:
    """In no stack."""
    for path in Path(platform.outdir).rglob("cdk.tf.json"):
        text = path.read_text()
        assert "cluster_ca_certificate" not in text
        assert 'insecure"' not in text
