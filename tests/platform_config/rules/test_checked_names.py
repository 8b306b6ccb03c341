"""The names whose length a rule checks are those that the stacks give."""

from __future__ import annotations

from platform_config.rules.names import network_names
from tests.conftest import Platforms

KINDS = (
    "google_compute_address",
    "google_compute_firewall",
    "google_compute_network",
    "google_compute_resource_policy",
    "google_compute_router",
    "google_compute_router_nat",
    "google_compute_subnetwork",
)


def test_every_network_name_is_checked(every_platform: Platforms) -> None:
    """Of the two configs and of every variant of the example."""
    for name, (config, platform) in every_platform.items():
        given = {block["name"] for kind in KINDS for block in platform.all(kind)}
        checked = {checked for names in network_names(config).values() for checked in names}

        assert len(given) > 5, name
        assert given <= checked, name
