"""Who may read which bucket and secret for the weights."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from cdktf import App

from platform_config.stack_graph import FLEET_STACK, NETWORK_STACK
from stacks.infra_fleet import InfraFleetStack
from stacks.infra_network import InfraNetworkStack
from tests.configs import config
from tests.synthesized import Synthesized

OPEN = {"repository": "google/gemma-3-4b-it", "revision": "1" * 40}
OWN = {"bucket_path": "gs://my-models/v3"}
PLATFORM = "my-project-id-gemma-weights"
TOKEN = {"secret_manager": "hugging-face-token"}


def fleet(folder: Path, weights: dict[str, Any] | None, **changes: Any) -> Synthesized:
    """Synthesize the fleet and the network of the example with other weights."""
    app = App(outdir=str(folder))
    made = config(**{"models__gemma__weights": weights, **changes})
    InfraNetworkStack(app, NETWORK_STACK, config=made)
    InfraFleetStack(app, FLEET_STACK, config=made)
    app.synth()
    return Synthesized(folder)


def read(app: Synthesized) -> dict[str, str]:
    """Return which account may read each bucket."""
    grants = app.all("google_storage_bucket_iam_member")
    assert {grant["role"] for grant in grants} <= {"roles/storage.objectViewer"}
    return {grant["bucket"]: grant["member"].rpartition("/sa/")[2] for grant in grants}


@pytest.mark.parametrize(
    ("weights", "expected"),
    [
        (OPEN, {PLATFORM}),
        (OWN, {"my-models"}),
        ({**OPEN, "lora_adapters": {"food": {"bucket_path": "gs://my.adapters/a"}}}, {PLATFORM, "my.adapters"}),
        ({**OWN, "lora_adapters": {"a": {"bucket_path": "gs://my-models/a"}}}, {"my-models"}),
        ({"image_path": "/opt/gemma"}, set()),
        (None, set()),
    ],
)  # fmt: skip
def test_servers_may_read_the_buckets_of_their_own_weights(
    tmp_path: Path, weights: dict[str, Any] | None, expected: set[str]
) -> None:
    """Each bucket once, and no other; only the platform's own is a resource."""
    made = PLATFORM in expected
    app = fleet(tmp_path, weights, **{} if made else {"bucket": None})

    assert read(app) == dict.fromkeys(expected, "gemma-server")
    assert [bucket["name"] for bucket in app.all("google_storage_bucket")] == [PLATFORM] * made


def test_of_somebody_else_s_bucket_the_grant_alone_is_managed(tmp_path: Path) -> None:
    """A destroy takes the grant: no bucket, no object and no policy as a whole is in a state."""
    app = fleet(tmp_path, OWN, bucket=None)
    kinds = {kind for kind in app.stacks[FLEET_STACK]["resource"] if "storage" in kind}
    of_network = {kind for kind in app.stacks[NETWORK_STACK]["resource"] if "storage" in kind}

    assert (kinds, of_network) == ({"google_storage_bucket_iam_member"}, set())


def test_servers_that_change_their_source_may_read_the_platform_s_bucket(tmp_path: Path) -> None:
    """As long as it is in the file: the fleet is applied before they change."""
    for number, weights in enumerate((OWN, {**OPEN, "source": "hugging_face"})):
        assert PLATFORM in read(fleet(tmp_path / str(number), weights))


@pytest.mark.parametrize(
    ("weights", "granted"),
    [
        ({**OPEN, "source": "hugging_face", "hugging_face_token": TOKEN}, True),
        ({**OPEN, "source": "hugging_face"}, False),
        ({**OPEN, "hugging_face_token": TOKEN}, False),
    ],
)
def test_servers_may_read_a_token_only_where_they_download_with_one(
    tmp_path: Path, weights: dict[str, Any], granted: bool
) -> None:
    """Otherwise the Job alone may."""
    assert len(fleet(tmp_path, weights).all("google_secret_manager_secret_iam_member")) == granted


@pytest.mark.parametrize("token", [TOKEN, {"kubernetes_secret": {"name": "hf", "key": "token"}}, None])
def test_secret_manager_is_used_only_where_a_token_is_in_it(tmp_path: Path, token: dict[str, Any] | None) -> None:
    """Neither the API nor the add-on of the clusters is on without."""
    weights = {**OPEN, "hugging_face_token": token} if token else OPEN
    app = fleet(tmp_path, weights)
    services = {service["service"] for service in app.all("google_project_service", NETWORK_STACK)}

    assert ("secretmanager.googleapis.com" in services) == (token == TOKEN)
    assert config(models__gemma__weights=weights).mounts_token == (token == TOKEN)
