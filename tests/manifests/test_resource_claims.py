"""The claim on DRANET interfaces."""

import re

from constructs_lib.manifests.resource_claims import resource_claim_template
from tests.checks.kubernetes_objects import problems


def test_a_claim_template_takes_every_interface_of_the_class() -> None:
    """A pod gets all interfaces of its node's device class."""
    made = resource_claim_template(name="interfaces", namespace="inference", device_class="netdev.google.com")

    [request] = made["spec"]["spec"]["devices"]["requests"]
    assert request["exactly"] == {"deviceClassName": "netdev.google.com", "allocationMode": "All"}
    assert problems(made) == []


def test_a_changed_claim_template_is_another_object() -> None:
    """Templates cannot be changed, so each content has its own name."""
    one, other = (
        resource_claim_template(name="interfaces", namespace="inference", device_class=device_class)
        for device_class in ("netdev.google.com", "mrdma.google.com")
    )

    assert re.fullmatch(r"interfaces-[0-9a-f]{8}", one["metadata"]["name"])
    assert one["metadata"]["name"] != other["metadata"]["name"]
