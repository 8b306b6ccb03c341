"""The real providers accept every stack: `terraform init` and `terraform validate`, where the binaries can be had."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from platform_config.load import load
from tests.configs import CONFIGS, MORE, SOVEREIGN, config
from tests.synthesized import Synthesized, synthesize
from tests.test_output import VARIANTS

pytestmark = pytest.mark.providers


def validate(app: Synthesized) -> dict[str, str]:
    """Run `terraform validate`, and return its message for each stack that it refuses."""
    refused = {}
    for stack in app.stacks:
        folder = app.outdir / "stacks" / stack
        for command in (["init", "-backend=false", "-input=false"], ["validate", "-no-color"]):
            done = subprocess.run(["terraform", f"-chdir={folder}", *command], capture_output=True, text=True)
            if done.returncode:
                refused[stack] = done.stdout + done.stderr
                break
    return refused


@pytest.fixture(scope="module", autouse=True)
def providers(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Skip, with the reason, where no provider can be had."""
    folder = tmp_path_factory.mktemp("probe")
    (folder / "main.tf").write_text('terraform {\n required_providers { time = { source = "hashicorp/time" } }\n}\n')
    probe = subprocess.run(["terraform", f"-chdir={folder}", "init"], capture_output=True, text=True)
    if probe.returncode:
        mirror = os.environ.get("TF_CLI_CONFIG_FILE", "not set")
        pytest.skip(f"no provider can be had: no registry reached, TF_CLI_CONFIG_FILE is {mirror}")


@pytest.mark.parametrize("path", [*CONFIGS, *MORE, SOVEREIGN], ids=lambda path: path.stem)
def test_real_providers_accept_every_config(path: Path, tmp_path: Path) -> None:
    """Conflicting arguments, enums, ranges: what a schema cannot tell."""
    assert validate(synthesize(load(path), tmp_path)) == {}


@pytest.mark.parametrize("changes", VARIANTS.values(), ids=VARIANTS.keys())
def test_real_providers_accept_each_variant(changes: dict[str, object], tmp_path: Path) -> None:
    """The same for what the settings turn on."""
    assert validate(synthesize(config(**changes), tmp_path)) == {}
