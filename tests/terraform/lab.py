"""Small configurations written by hand, to try the rig itself on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.checks.schemas import providers
from tests.rig.server import Rig
from tests.terraform.runs import Changes, Folder, Outcome

Document = dict[str, Any]

NETWORK = {"name": "vpc", "auto_create_subnetworks": False}
CLUSTER = {
    "name": "c",
    "location": "us-east5",
    "deletion_protection": False,
    "control_plane_endpoints_config": {"dns_endpoint_config": {"allow_external_traffic": True}},
}
VALID: Document = {
    "google_compute_network.n": NETWORK,
    "google_compute_subnetwork.s": {
        "name": "s",
        "region": "us-east5",
        "network": "${google_compute_network.n.id}",
        "ip_cidr_range": "10.0.0.0/20",
    },
    "google_container_cluster.c": CLUSTER,
    "google_container_node_pool.p": {
        "name": "p",
        "cluster": "${google_container_cluster.c.id}",
        "node_config": {"machine_type": "e2-small"},
    },
}
"""A network with a subnet, and a cluster with a pool."""


class Lab:
    """
    A root module and an empty cloud.

    Args:
        path: An empty folder.
        rig: What the providers work on.

    Attributes:
        cloud: The cloud.
        folder: The root module.
    """

    def __init__(self, path: Path, rig: Rig) -> None:
        self.cloud = rig.cloud
        self.folder = Folder(path, rig)
        self._file = path / "main.tf.json"

    def write(self, resources: Document, **parts: Any) -> None:
        """Make *resources*, by address, the whole configuration, with other *parts* of it as given."""
        document: Document = {
            "terraform": {"required_providers": {name.split("/")[1]: {"source": name} for name in providers()}},
            "provider": {"google": {"project": "p"}},
            **parts,
        }
        for address, body in resources.items():
            kind, name = address.split(".")
            document.setdefault("resource", {}).setdefault(kind, {})[name] = body
        self._file.write_text(json.dumps(document))

    def apply(self, resources: Document, **parts: Any) -> Outcome:
        """Make it so."""
        self.write(resources, **parts)
        return self.folder.run("apply", "-auto-approve")

    def plan(self, resources: Document, **parts: Any) -> Changes:
        """Plan what making it so would change."""
        self.write(resources, **parts)
        return self.folder.plan()

    def forget(self) -> None:
        """Lose the state: what was made is there, and Terraform knows nothing of it."""
        (self.folder.path / "terraform.tfstate").unlink()
