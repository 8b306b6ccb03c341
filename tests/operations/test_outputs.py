"""What docs/operations.md shows is what the commands print."""

from __future__ import annotations

import re

from tests.configs import EXAMPLE
from tests.operations.conftest import InferenceOps
from tests.operations.documented import check
from tests.operations.google_stand_in import Fault, GoogleStandIn
from tests.operations.test_preflight import google, hugging_face
from tests.operations.verify_rig import Platform, example, example_running

__all__ = ["example", "example_running", "google", "hugging_face"]


def test_preflight(google: GoogleStandIn, inference_ops: InferenceOps) -> None:
    """Billing is off, and somebody may not read the fleet: wrong and unknown, each with its fix."""
    google.answers["cloudbilling.projects.getBillingInfo"] = {"billingEnabled": False}
    google.faults["gkehub.projects.locations.features.get"] = Fault(403, "Permission 'gkehub.features.get' denied")

    check("preflight", inference_ops("--config", str(EXAMPLE), "preflight").out)


def test_verify(example: Platform) -> None:
    """All of a healthy region."""
    out = example.run(output="text", only="us").out
    check("verify", re.sub(r"127\.0\.0\.1:\d+", "gke-0123456789.us-east5.gke.goog", out))
