"""What docs/operations.md shows is what the commands print."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.configs import EXAMPLE, config
from tests.gke_inference.conftest import InferenceOps
from tests.gke_inference.documented import check, check_picture
from tests.gke_inference.drill_rig import gauges_of, rig, use
from tests.gke_inference.google_stand_in import Fault, GoogleStandIn
from tests.gke_inference.verify_platform import HealthyPlatform


def test_preflight(good_google: GoogleStandIn, inference_ops: InferenceOps) -> None:
    """Billing is off, and somebody may not read the fleet: wrong and unknown, each with its fix."""
    good_google.answers["cloudbilling.projects.getBillingInfo"] = {"billingEnabled": False}
    good_google.faults["gkehub.projects.locations.features.get"] = Fault(403, "Permission 'gkehub.features.get' denied")

    check("preflight", inference_ops("--config", str(EXAMPLE), "preflight").out)


def test_verify(example: HealthyPlatform) -> None:
    """All of a healthy region."""
    out = example.run(output="text", only="us").out
    check("verify", re.sub(r"127\.0\.0\.1:\d+", "gke-0123456789.us-east5.gke.goog", out))


@pytest.fixture
def drilled(inference_ops: InferenceOps, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., str]:
    """Return what a drill from a pod prints."""

    def run(*more: str) -> str:
        with rig(config(), "us", "eu") as made, gauges_of(made, monkeypatch):
            use(made, monkeypatch)
            made.sender = "pod"
            arguments = made.arguments(*more, journal=tmp_path / "journal.json")
            arguments[arguments.index("json")] = "text"
            ran = inference_ops(*arguments)
            assert ran.code == 0, ran.err
            return ran.out.replace(made.url, "http://10.2.0.2")

    return run


def test_drill_as_it_would_be(drilled: Callable[..., str]) -> None:
    """Without --yes: what would be done, and whether the other regions can carry it."""
    check("drill", drilled())


def test_drill_that_was_done(drilled: Callable[..., str], tmp_path: Path) -> None:
    """With --yes: states, downtimes, times and verdict; and the picture, which shows the same."""
    picture = tmp_path / "drill.svg"
    check("drill-done", drilled("--yes", "--baseline-sec", "1", "--outage-sec", "1", "--picture", str(picture)))
    check_picture(picture)
