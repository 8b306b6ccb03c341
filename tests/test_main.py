"""The program: exit codes, messages, and what is left on disk."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.configs import EXAMPLE

ROOT = Path(__file__).parent.parent


def run(config: Path | str, outdir: Path, **env: str) -> subprocess.CompletedProcess[str]:
    """main.py as a user runs it."""
    variables = {**os.environ, "INFERENCE_CONFIG": str(config), "CDKTF_OUTDIR": str(outdir), "COLUMNS": "120", **env}
    return subprocess.run([sys.executable, "main.py"], cwd=ROOT, env=variables, capture_output=True, text=True)


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> subprocess.CompletedProcess[str]:
    """One good run of the example."""
    return run(EXAMPLE, tmp_path_factory.mktemp("good") / "out")


def test_a_good_run_tells_what_it_made_in_order(good: subprocess.CompletedProcess[str]) -> None:
    """Stacks, resources by type, regions with chips, addresses, detection time, and the next command."""
    landmarks = [
        "Stacks, in order",
        "infra-network",
        "infra-cluster-us",
        "infra-fleet",
        "workload-gateway",
        "google_container_cluster",
        "ct6e-standard-4t 2x2",
        "4 x v6e",
        "gemma-gateway-us",
        "10 s",
        "cdktf deploy 'infra-*'",
        "cdktf deploy '*'",
        "terraform -chdir=",
    ]

    assert (good.returncode, good.stderr) == (0, "")
    positions = [good.stdout.find(landmark) for landmark in landmarks]
    assert -1 not in positions, dict(zip(landmarks, positions, strict=True))
    assert positions == sorted(positions)


def test_a_bad_config_leaves_the_last_output_alone(tmp_path: Path) -> None:
    """Exit code 2, every problem on stderr, no traceback, and no file of cdktf.out touched or made."""
    bad = tmp_path / "bad.yaml"
    bad.write_text(
        EXAMPLE.read_text().replace("ct6e-standard-4t", "ct6e-standard-5t").replace("number: 2", "number: x")
    )
    outdir = tmp_path / "out"
    outdir.mkdir()
    (outdir / "manifest.json").write_text("{}")

    result = run(bad, outdir)

    assert (result.returncode, result.stdout) == (2, "")
    assert "Traceback" not in result.stderr
    assert "regions.eu.number" in result.stderr
    assert [path.name for path in outdir.iterdir()] == ["manifest.json"]


def test_hcl_output_is_refused(tmp_path: Path) -> None:
    """Cdktf's HCL drops overrides without a word, managed DRANET first."""
    result = run(EXAMPLE, tmp_path / "out", SYNTH_HCL_OUTPUT="true")

    assert result.returncode == 2
    assert "only JSON" in result.stderr
    assert not (tmp_path / "out").exists()


def test_a_missing_file_is_a_message(tmp_path: Path) -> None:
    """Not a traceback."""
    result = run(tmp_path / "nowhere.yaml", tmp_path / "out")

    assert result.returncode == 2
    assert "Traceback" not in result.stderr
    assert "nowhere.yaml" in result.stderr
