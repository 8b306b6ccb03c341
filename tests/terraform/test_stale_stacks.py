"""Stacks that an older config left in the folder of a synth: Terraform refuses to apply them, and destroys them."""

from __future__ import annotations

from pathlib import Path

import pytest

from gke_inference.synth.stale_stacks import REFUSAL_FILE, refuse_to_apply, stale_stacks
from gke_inference.synth.synthesize import synthesize
from platform_config.stack_graph import base_stack, cluster_stack, serving_stack
from tests.configs import config
from tests.terraform.lab import NETWORK, Lab

OF_EU = {cluster_stack("eu"), base_stack("eu"), serving_stack("eu")}


def refused(outdir: Path) -> set[str]:
    """Return the stacks in the folder that cannot be applied."""
    return {path.parent.name for path in (outdir / "stacks").glob(f"*/{REFUSAL_FILE}")}


@pytest.mark.slow
def test_a_synth_refuses_what_an_older_config_left(tmp_path: Path) -> None:
    """Until the stacks are in a config again; those of another platform are left alone."""
    synthesize(config(name="other", regions__asia={"number": 3, "region": "asia-east1", "zones": ["asia-east1-c"]}),
               tmp_path)  # fmt: skip
    synthesize(config(), tmp_path)
    assert refused(tmp_path) == set()

    synthesize(config(regions__eu=None), tmp_path)
    assert refused(tmp_path) == OF_EU
    assert {stack.name for stack in stale_stacks(tmp_path)} == {*OF_EU, *(one.replace("eu", "asia") for one in OF_EU)}

    synthesize(config(), tmp_path)
    assert refused(tmp_path) == set()


def test_terraform_destroys_what_it_refuses_to_apply(lab: Lab) -> None:
    """A plan ends with the reason; a destroy takes away what is there."""
    lab.apply({"google_compute_network.n": NETWORK})
    refuse_to_apply(lab.folder.path, refused=True)
    plan = lab.folder.run("plan")

    assert (plan.code, "An older config had this stack" in plan.text) == (1, True)
    lab.folder.must("apply", "-destroy", "-auto-approve")
    assert lab.cloud.objects == {}
    refuse_to_apply(lab.folder.path, refused=False)
    assert lab.folder.run("plan").code == 0
