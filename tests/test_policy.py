"""No stack breaks a policy of checkov, but for those in .checkov.yaml, each with its reason."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from platform_config.stack_graph import NETWORK_STACK
from tests.configs import CONFIGS, GUARDED
from tests.synthesized import Synthesized, synthesize

ROOT = Path(__file__).parent.parent
CHECKOV = ROOT / "tools" / "checkov" / ".venv" / "bin" / "checkov"

pytestmark = pytest.mark.skipif(
    not CHECKOV.exists() and not os.environ.get("CI"), reason="checkov is not installed: run `make setup-tests`"
)


def scan(app: Synthesized, folder: Path) -> dict[str, Any]:
    """Scan the resources and data sources of every stack with checkov, which cannot read cdktf's other blocks."""
    for stack, document in app.stacks.items():
        (folder / stack).mkdir(parents=True)
        blocks = {key: document[key] for key in ("resource", "data") if key in document}
        (folder / stack / "cdk.tf.json").write_text(json.dumps(blocks, indent=1))
    done = subprocess.run(
        [CHECKOV, "--directory", folder, "--config-file", ROOT / ".checkov.yaml", "--framework", "terraform_json",
         "--skip-download", "--output", "json"],
        capture_output=True, text=True,
    )  # fmt: skip
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_every_policy_holds(path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """In every stack of every config; the count is printed."""
    from platform_config.load import load

    found = scan(synthesize(load(path), tmp_path / "out"), tmp_path / "scan")
    summary = found["summary"]
    skipped = len(skips())

    with capsys.disabled():
        counts = f"{summary['passed']} passed, {summary['failed']} failed, {skipped} policies skipped"
        print(f"\ncheckov, {path.name}: {counts}")
    assert [f"{check['check_id']} {check['resource']}" for check in found["results"]["failed_checks"]] == []
    assert (summary["parsing_errors"], summary["passed"] > 50) == (0, True)


def test_a_new_finding_fails(platform: Synthesized, tmp_path: Path) -> None:
    """A bucket that is open to the world is found."""
    broken = Synthesized(platform.outdir)
    broken.stacks[NETWORK_STACK]["resource"]["google_storage_bucket"]["weights"]["public_access_prevention"] = (
        "inherited"
    )

    failed = scan(broken, tmp_path / "scan")["results"]["failed_checks"]

    assert [check["check_id"] for check in failed] == ["CKV_GCP_114"]


def skips() -> list[str]:
    """Return the lines of .checkov.yaml that skip a policy."""
    return [line for line in (ROOT / ".checkov.yaml").read_text().splitlines() if line.startswith("  - ")]


def test_every_skip_has_its_reason() -> None:
    """On its own line, in words."""
    for line in skips():
        assert re.fullmatch(r"  - CKV2?_[A-Z]+_\d+ # .{20,}", line), line


def test_every_skip_is_needed(platform: Synthesized, tmp_path: Path) -> None:
    """A policy that holds is not skipped: its line would hide the day it breaks."""
    from platform_config.load import load

    guarded = synthesize(load(GUARDED), tmp_path / "out")
    done = scan_all(platform, tmp_path / "scan") | scan_all(guarded, tmp_path / "guarded")

    assert {re.findall(r"CKV2?_[A-Z]+_\d+", line)[0] for line in skips()} == done


def scan_all(app: Synthesized, folder: Path) -> set[str]:
    """Scan with no policy skipped, and return the policies that fail."""
    scan(app, folder)
    done = subprocess.run(
        [CHECKOV, "--directory", folder, "--framework", "terraform_json", "--skip-download", "--output", "json"],
        capture_output=True, text=True, cwd=folder,
    )  # fmt: skip
    return {check["check_id"] for check in json.loads(done.stdout)["results"]["failed_checks"]}
