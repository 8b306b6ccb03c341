"""What becomes of a Terraform that hangs or is not there."""

from __future__ import annotations

import io
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.console import Console

from gke_inference.teardown.destroy import destroy
from gke_inference.teardown.interrupt import Interrupt
from gke_inference.teardown.order import read_order
from gke_inference.teardown.state import read_states
from gke_inference.terraform import Resource, TerraformError, read_state, removal_command, remove_from_state
from platform_config.stack_graph import FLEET_STACK
from tests.configs import config
from tests.gke_inference.teardown.rig import write_synth
from tests.gke_inference.teardown.test_order import resource

Script = Callable[[str], None]


@pytest.fixture
def terraform(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Script:
    """Make a script the `terraform` on PATH; without it there is none."""
    monkeypatch.setattr("gke_inference.terraform.TIMEOUT_SEC", 0.3)
    monkeypatch.setattr("gke_inference.terraform.INTERRUPT_TIMEOUT_SEC", 0.3)
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")

    def make(script: str) -> None:
        (folder / "terraform").write_text(f"#!/bin/sh\n{script}\n")
        (folder / "terraform").chmod(0o755)

    return make


@pytest.mark.parametrize("hangs", ["init", "show"])
def test_a_read_that_hangs_ends(terraform: Script, tmp_path: Path, hangs: str) -> None:
    """Whatever it waits for; the stack that hangs is named."""
    terraform(f'case "$*" in *{FLEET_STACK}*" {hangs} "*) exec sleep 60;; *) echo "{{}}";; esac')
    order = read_order(config(), write_synth(tmp_path / "out"))

    with pytest.raises(TerraformError, match=f"state of {FLEET_STACK} .* `terraform {hangs}` did not end within 0.3 s"):
        read_states(order, Console(file=io.StringIO()))


def test_one_that_ignores_an_interrupt_is_killed(terraform: Script, tmp_path: Path) -> None:
    """It is asked first, so that it lets go of a lock."""
    terraform("trap '' INT; while :; do sleep 0.1; done")
    began = time.monotonic()

    with pytest.raises(TerraformError, match="`terraform state` did not end"):
        remove_from_state(tmp_path, [resource("helm_release.pool")])

    assert time.monotonic() - began < 10


def test_a_destroy_has_no_limit(terraform: Script, tmp_path: Path) -> None:
    """A cluster takes as long as it takes."""
    terraform("sleep 0.5")

    assert destroy(tmp_path, [], Interrupt(), lambda: None) == []


def test_no_terraform_is_an_error_of_the_stack(terraform: Script, tmp_path: Path) -> None:
    """Also where it was there when the run began."""
    assert destroy(tmp_path, [], Interrupt(), lambda: None) == [
        "terraform could not be run: terraform: No such file or directory"
    ]
    with pytest.raises(
        TerraformError, match=r"terraform must be on PATH: No such .*; for OpenTofu: TERRAFORM_BINARY_N"
    ):
        read_state(tmp_path)


def test_another_program_is_named_by_the_variable_of_cdktf(
    terraform: Script, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every command that is run or shown is that of the program; a path to it does as well."""
    terraform(f'echo "$2" >> {tmp_path}/ran; echo "{{}}"')
    tofu = (tmp_path / "bin" / "terraform").rename(tmp_path / "tofu")
    monkeypatch.setenv("TERRAFORM_BINARY_NAME", str(tofu))
    network = Resource(
        address="google_compute_network.vpc", type="google_compute_network", values={}, needs=frozenset()
    )

    assert read_state(tmp_path) == ()
    assert destroy(tmp_path, [], Interrupt(), lambda: None) == []
    assert (tmp_path / "ran").read_text().split() == ["init", "show", "destroy"]
    assert removal_command(tmp_path, [network]) == f"{tofu} -chdir={tmp_path} state rm google_compute_network.vpc"

    monkeypatch.setenv("TERRAFORM_BINARY_NAME", "no-tofu")
    with pytest.raises(TerraformError, match=r"^no-tofu must be on PATH: No such file or directory$"):
        read_state(tmp_path)
