"""The nodes' identity: its account and its three roles."""

from __future__ import annotations

from typing import Any

from cdktf_cdktf_provider_google.project_service import ProjectService
from cdktf_cdktf_provider_google.provider import GoogleProvider

from constructs_lib.node_service_account import NodeServiceAccount
from tests.conftest import Synth


def build(stack: Any) -> NodeServiceAccount:
    """Build the account in a bare stack, after its API."""
    google = GoogleProvider(stack, "google", project="my-project")
    api = ProjectService(stack, "iam", provider=google, service="iam.googleapis.com")
    return NodeServiceAccount(
        stack, "nodes", google=google, project="my-project", account_id="gemma-nodes", after=[api]
    )


def test_nodes_have_an_account_of_their_own(synth: Synth) -> None:
    """Not the Compute Engine default one, which may edit the whole project; made after the IAM API is on."""
    account = synth(build).one("google_service_account")

    assert (account["account_id"], account["project"]) == ("gemma-nodes", "my-project")
    assert account["depends_on"] == ["google_project_service.iam"]


def test_it_may_do_what_a_node_needs_and_no_more(synth: Synth) -> None:
    """Logs and metrics, the metric that balances, images: each on the project, for this account, beside others."""
    app = synth(build)
    [key] = app.named("google_service_account")
    grants = app.all("google_project_iam_member")

    assert {grant["role"] for grant in grants} == {
        "roles/container.defaultNodeServiceAccount",
        "roles/autoscaling.metricsWriter",
        "roles/artifactregistry.reader",
    }
    assert {grant["project"] for grant in grants} == {"my-project"}
    assert {grant["member"] for grant in grants} == {f"${{google_service_account.{key.removeprefix('test/')}.member}}"}


def test_nodes_that_stream_images_may_use_its_service(synth: Synth) -> None:
    """One role more, and only then."""

    def streaming(stack: Any) -> None:
        google = GoogleProvider(stack, "google", project="my-project")
        NodeServiceAccount(
            stack, "nodes", google=google, project="my-project", account_id="gemma-nodes", image_streaming=True
        )

    grants = synth(streaming).all("google_project_iam_member")

    assert len(grants) == 4
    assert "roles/serviceusage.serviceUsageConsumer" in {grant["role"] for grant in grants}


def test_it_has_no_key(synth: Synth) -> None:
    """Nothing but the account, its grants and the API."""
    assert set(synth(build).stacks["test"]["resource"]) == {
        "google_service_account", "google_project_iam_member", "google_project_service",
    }  # fmt: skip


def test_its_address_is_a_reference(synth: Synth) -> None:
    """What uses it here comes after it."""
    from cdktf import TerraformOutput

    app = synth(lambda stack: TerraformOutput(stack, "email", value=build(stack).email))

    assert app.stacks["test"]["output"]["email"]["value"] == "${google_service_account.nodes.email}"
