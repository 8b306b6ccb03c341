"""docs/import.md, word by word, in an empty folder."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.installed import NEEDS_UV, ROOT, uv_pip_install, uv_settings, write_constraints
from tests.rig.server import Rig

PAGE = ROOT / "docs" / "import.md"
ADDRESS = "https://git.example.com/inference/gke-inference-cdktf"
BLOCK = re.compile(r"^```(sh|python|ini)\n(.*?)^```$", re.MULTILINE | re.DOTALL)

pytestmark = NEEDS_UV


def steps(text: str) -> Iterator[tuple[str, str, str]]:
    """Yield language and text of each block, and the file that the prose above it names for it last."""
    for block in BLOCK.finditer(text):
        named = re.findall(r"`([\w.]+\.(?:py|ini))`", text[: block.start()])
        yield block[1], block[2], named[-1] if named else ""


@pytest.fixture
def variables(tmp_path: Path) -> Iterator[dict[str, str]]:
    """Return the environment of a user: Terraform with stand-in providers, and nothing of this clone."""
    rig = Rig()
    left_out = ("PYTHONPATH", "INFERENCE_CONFIG", "CDKTF_OUTDIR", "VIRTUAL_ENV")
    settings = {name: value for name, value in (uv_settings() | rig.environment).items() if name not in left_out}
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    yield settings | {"PATH": path, "TF_CLI_ARGS": "-no-color"}
    rig.stop()


def test_the_page_works_word_by_word(tmp_path: Path, repository: Path, variables: dict[str, str]) -> None:
    """
    Each block in its order: a file is written as it is named above it, and commands are run as they stand.

    But for the address of the repository, and for uv in place of pip, which installs the same versions in less time.
    """
    app, readme = tmp_path / "app", (ROOT / "README.md").read_text(encoding="utf-8")
    app.mkdir()
    pip = " ".join([*uv_pip_install(), "--constraints", str(write_constraints(tmp_path / "constraints.txt"))])
    [config] = re.findall(r"^```yaml\n(# complete config\n.*?)^```$", readme, re.MULTILINE | re.DOTALL)
    (app / "platform.yaml").write_text(config)
    printed = ""
    for language, text, file in steps(PAGE.read_text(encoding="utf-8")):
        if language != "sh":
            (app / file).write_text(text)
            continue
        commands = text.replace(ADDRESS, f"file://{repository}").replace("pip install", pip)
        entered = ". .venv/bin/activate\n" if (app / ".venv").exists() else ""
        done = subprocess.run(
            ["sh", "-euc", entered + commands], cwd=app, env=variables, capture_output=True, text=True
        )
        assert done.returncode == 0, f"{text}\n{done.stdout}{done.stderr}"
        printed += done.stdout

    assert {path.name for path in app.iterdir()} >= {"main.py", "budget.py", "platform_app.py", "mypy.ini"}
    assert "kind: PodDisruptionBudget" in printed
    assert "workload-gateway" in printed
    assert printed.count("Terraform has been successfully initialized!") == printed.count("\nPlan: ") == 2
