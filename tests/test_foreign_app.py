"""An app with provider bindings of its own: one line makes its synth fast, and nothing else about it changes."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.installed import NEEDS_UV, Installed, run, uv_pip_install, uv_settings

FOREIGN_BINDING = "cdktf-cdktf-provider-random==12.0.1"
ENABLE = "import fast_synth\n\nfast_synth.enable()\n"
THEIRS = """
import cdktf_cdktf_provider_random as random
from cdktf import App, LocalBackend, TerraformOutput, TerraformStack
from cdktf_cdktf_provider_random.id import Id

app = App()
stack = TerraformStack(app, "theirs")
LocalBackend(stack, path="theirs.tfstate")
part = Id(stack, "part", provider=random.provider.RandomProvider(stack, "random"), byte_length=4)
TerraformOutput(stack, "name", value=part.hex)
"""
"""Its binding is imported in both ways: as a package, and module by module."""
OURS = """
from cdktf_cdktf_provider_google.provider import GoogleProvider

from constructs_lib.model_store import ModelStore
from constructs_lib.specs import BucketSpec

stack.add_override("terraform.required_providers.google.version", "~> 6.50")
google = GoogleProvider(stack, "google", project="my-project-id", alias="weights")
ModelStore(stack, "weights", google=google, project="my-project-id", name="weights", spec=BucketSpec(location="US"))
"""
SYNTH = "\napp.synth()\n"

pytestmark = [pytest.mark.slow, NEEDS_UV]


@pytest.fixture(scope="module")
def bindings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install a provider binding that this package has not, into a folder of its own."""
    folder = tmp_path_factory.mktemp("bindings")
    command = [*uv_pip_install(), "--no-deps", "--target", str(folder), FOREIGN_BINDING]
    subprocess.run(command, env=uv_settings(), check=True)
    return folder


def synthesized(python: Path, bindings: Path, folder: Path, text: str) -> str:
    """Run the app *text* in an empty *folder*, and return what it wrote of its stack."""
    folder.mkdir()
    (folder / "main.py").write_text(text)
    done = run(python, "main.py", cwd=folder, variables={"PYTHONPATH": str(bindings)})
    assert done.returncode == 0, done.stderr
    return (folder / "cdktf.out" / "stacks" / "theirs" / "cdk.tf.json").read_text()


def test_one_line_changes_no_byte_of_what_is_theirs(installed: Installed, bindings: Path, tmp_path: Path) -> None:
    """With the fast path and without, whichever way their binding is imported."""
    python = installed("constructs") / "python"
    plain = synthesized(python, bindings, tmp_path / "plain", THEIRS + SYNTH)

    assert synthesized(python, bindings, tmp_path / "fast", ENABLE + THEIRS + SYNTH) == plain
    assert json.loads(plain)["terraform"]["required_providers"]["random"]["source"] == "hashicorp/random"


def test_a_construct_beside_theirs_keeps_their_version_of_a_provider(
    installed: Installed, bindings: Path, tmp_path: Path
) -> None:
    """And uses the provider that it was given, an alias."""
    python = installed("constructs") / "python"
    document = json.loads(synthesized(python, bindings, tmp_path / "both", ENABLE + THEIRS + OURS + SYNTH))

    assert document["terraform"]["required_providers"]["google"]["version"] == "~> 6.50"
    assert document["resource"]["random_id"]["part"]["provider"] == "random"
    [bucket] = document["resource"]["google_storage_bucket"].values()
    assert bucket["provider"] == "google.weights"
