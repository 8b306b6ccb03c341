"""The controller of VNG Cloud's load balancers: its credentials are in no file and no state."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from cdktf_cdktf_provider_google.provider import GoogleProvider
from cdktf_cdktf_provider_helm.provider import HelmProvider

from constructs_lib.specs import LoadBalancerControllerSpec
from constructs_lib.vng_load_balancer import VngLoadBalancerController
from platform_config.stack_graph import outside_stack
from tests.configs import BEYOND, config
from tests.conftest import Synth
from tests.synthesized import Block, Synthesized, synthesize

SPEC = LoadBalancerControllerSpec(
    chart_version="1.0.0", cluster_id="k8s-4a6e1b5c", region="hcm-3", client_id="vng-id", client_secret="vng-secret"
)
SECRETS = {"vng-id": "mysecret.global.clientID", "vng-secret": "mysecret.global.clientSecret"}
"""Names of the secrets, and the chart's values that take them."""


def build(stack: Any) -> VngLoadBalancerController:
    """Build the controller in a bare stack."""
    google, helm = GoogleProvider(stack, "google"), HelmProvider(stack, "helm")
    return VngLoadBalancerController(stack, "vng", helm=helm, google=google, project="my-project", spec=SPEC)


@pytest.fixture
def made(synth: Synth) -> Synthesized:
    """Synthesize the controller alone."""
    return synth(build)


def read(app: Synthesized) -> dict[str, Block]:
    """Return what is read at each apply and kept nowhere, by its name in expressions."""
    found = app.stacks["test"]["ephemeral"]["google_secret_manager_secret_version"]
    return {f"ephemeral.google_secret_manager_secret_version.{name}": block for name, block in found.items()}


def test_credentials_are_write_only_values_of_the_chart(made: Synthesized) -> None:
    """Each is read while Terraform applies, from the secret that is named for it."""
    release, sources = made.one("helm_release"), read(made)
    secrets = {name: block["secret"] for name, block in sources.items()}
    values = {
        one["name"]: re.fullmatch(r"\$\{trimspace\((.+)\.secret_data\)\}", one["value"]) for one in release["set_wo"]
    }

    assert {secrets[found[1]]: name for name, found in values.items() if found} == SECRETS
    assert all(block["project"] == "my-project" for block in sources.values())


def test_no_credential_is_in_a_value_that_a_plan_or_a_state_keeps(made: Synthesized) -> None:
    """`set`, `set_sensitive` and `values` are in both; of a data source its result is in the state."""
    release = made.one("helm_release")
    data = made.stacks["test"]["data"]["google_secret_manager_secret_version"].values()

    assert not {"set", "set_sensitive", "set_list"} & release.keys()
    assert "secret_data" not in str(release["values"])
    assert [block["fetch_secret_data"] for block in data] == [False, False]
    assert {block["secret"] for block in data} == set(SECRETS)


def test_a_new_version_of_a_credential_is_given_to_the_chart(made: Synthesized) -> None:
    """Terraform does not see a write-only value change: the numbers of both versions make the revision."""
    revision = made.one("helm_release")["set_wo_revision"]
    data = made.stacks["test"]["data"]["google_secret_manager_secret_version"]

    assert set(re.findall(r"tonumber\((data\.[^)]+)\)", revision)) == {
        f"data.google_secret_manager_secret_version.{name}.version" for name in data
    }
    assert all(block["version"].strip("${}") in revision for block in read(made).values())


def test_the_controller_knows_its_cluster(made: Synthesized) -> None:
    """Version, cluster and region are as given."""
    release = made.one("helm_release")

    assert release["version"] == "1.0.0"
    assert all(part in str(release["values"]) for part in ("k8s-4a6e1b5c", "https://hcm-3.api.vngcloud.vn/vserver"))


def test_its_stack_wants_a_terraform_that_knows_write_only_values(tmp_path: Path) -> None:
    """1.11; an older one would refuse the argument."""
    stacks = synthesize(config(BEYOND[1]), tmp_path).stacks
    wanted = {key: stacks[outside_stack(key)]["terraform"]["required_version"] for key in ("vn", "lab")}

    assert ">= 1.11.0" in wanted["vn"]
    assert wanted["lab"] != wanted["vn"]
