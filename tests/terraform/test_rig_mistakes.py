"""The rig catches what is wrong with a configuration as the real providers do."""

from __future__ import annotations

import pytest

from tests.terraform.lab import NETWORK, VALID, Document, Lab

NET, SUBNET, CLUSTER, POOL = VALID
MISTAKES: dict[str, tuple[str, Document, str]] = {
    "a misspelt argument": (NET, {"auto_create_subnetwork": False}, "Extraneous JSON object property"),
    "a misspelt block": (POOL, {"node_cfg": {}}, "Extraneous JSON object property"),
    "a wrong type": (NET, {"mtu": "large"}, "Incorrect attribute value type"),
    "text for a list": (CLUSTER, {"node_locations": "us-east5-a"}, "Incorrect attribute value type"),
    "null for what must be given": (NET, {"name": None}, "Missing required argument"),
    "an argument too few": (SUBNET, {"secondary_ip_range": [{"ip_cidr_range": "10.1.0.0/20"}]}, "Missing required"),
    "a block too many": (POOL, {"node_config": [{}, {}]}, "Too many node_config blocks"),
    "a block too few": (CLUSTER, {"master_auth": {}}, "Insufficient client_certificate_config blocks"),
    "a computed argument": (NET, {"self_link": "x"}, "Value for unconfigurable attribute"),
    "a resource that is not there": (SUBNET, {"network": "${google_compute_network.m.id}"}, "undeclared resource"),
    "an argument that no resource has": (
        SUBNET,
        {"network": "${google_compute_network.n.url}"},
        "Unsupported attribute",
    ),
    "an element that is not there": (NET, {"description": f"${{{POOL}.node_config[1].disk_type}}"}, "Invalid index"),
    "a circle": (NET, {"description": f"${{{SUBNET}.id}}"}, "Cycle: "),
    "an unknown type": ("google_compute_netwrk.n", {"name": "n"}, "Invalid resource type"),
    "an unknown edge": (NET, {"depends_on": ["time_sleep.t"]}, "Reference to undeclared resource"),
    "an alias that is not configured": (NET, {"provider": "google.eu"}, "Provider configuration not present"),
    "an undeclared variable": (NET, {"description": "${var.d}"}, "Reference to undeclared input variable"),
    "a reference to itself": (NET, {"description": f"${{{NET}.name}}"}, "Self-referential block"),
}


@pytest.mark.parametrize(("address", "mistake", "headline"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_caught(lab: Lab, address: str, mistake: Document, headline: str) -> None:
    """Before anything is made, under the same headline."""
    lab.write(VALID | {address: VALID.get(address, {}) | mistake})

    refused = lab.folder.run("plan")

    assert refused.code == 1
    assert headline in refused.text
    assert lab.cloud.objects == {}


def test_what_is_valid_is_made_and_settled(lab: Lab) -> None:
    """The configuration that the mistakes are made in has none itself."""
    assert lab.apply(VALID).code == 0
    assert len(lab.cloud.objects) == len(VALID)
    assert lab.folder.settled()


def test_a_secret_is_in_no_output(lab: Lab) -> None:
    """The schemas say what is sensitive, and Terraform keeps it back."""
    lab.write(
        {},
        data={"google_client_config": {"me": {}}},
        output={"t": {"value": "${data.google_client_config.me.access_token}"}},
    )

    assert "Output refers to sensitive values" in lab.folder.run("plan").text


def test_an_ephemeral_token_is_in_no_argument_that_is_kept(lab: Lab) -> None:
    """Providers may be configured with it, resources may not be made of it."""
    lab.write(
        {NET: NETWORK | {"description": "${ephemeral.google_client_config.me.access_token}"}},
        ephemeral={"google_client_config": {"me": {}}},
    )

    assert "Invalid use of ephemeral value" in lab.folder.run("plan").text


def test_an_ephemeral_block_takes_no_more_than_the_schema_has(lab: Lab) -> None:
    """All of it is decided by the provider."""
    lab.write({}, ephemeral={"google_client_config": {"me": {"project": "p"}}})

    assert "unconfigurable attribute" in lab.folder.run("validate").text
