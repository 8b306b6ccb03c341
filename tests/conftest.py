"""What all tests share: platforms that are made once for all workers, and `synth`, one construct alone."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Callable
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import pytest

import fast_synth

fast_synth.enable()
# Who has exported it for a platform of theirs tests the product all the same.
os.environ.pop("INFERENCE_CONFIG", None)

from platform_config.config import Config
from tests.configs import EXAMPLE
from tests.sampling import ALL, SEED
from tests.synthesized import Synthesized, synthesize, synthesize_stack
from tests.terraform.binary import NoTerraformError, provide_terraform, version_of

if TYPE_CHECKING:
    from tests.shared import SharedFolders

pytest_plugins = [
    "tests.shared",
    "tests.installed",
    "tests.gke_inference.drill_rig",
    "tests.gke_inference.hugging_face_stand_in",
    "tests.gke_inference.preflight_answers",
    "tests.gke_inference.verify_rig",
]
"""Modules with fixtures that tests of several folders use."""

SLOW_FIXTURES = (
    *("deployed_of", "lab", "world"),
    *("every_platform", "fast", "plain"),
    *("drill_rig", "inference_ops"),
)
"""What a test with one of them waits for: real Terraform, a long synth, or a whole command and its stand-ins."""
TERRAFORM = "tests/terraform/"
SLOW_FILES = (
    *(TERRAFORM, "tests/test_fast_synth.py", "tests/test_main.py", "tests/test_policy.py"),
    *("tests/gke_inference/test_drill", "tests/gke_inference/teardown/"),
)
"""How the paths of other tests begin that wait for whole programs or many requests."""
LONGEST_FIXTURE = "plain"
"""A synth without the fast path: half a minute."""

Synth = Callable[[Callable[[Any], object]], Synthesized]
Platforms = dict[str, tuple[Config, Synthesized]]


def pytest_configure(config: pytest.Config) -> None:
    """Choose, for this process and its workers, the Terraform and the samples of sweeps, and let Ctrl-C through."""
    os.environ["SAMPLE_SEED"] = SEED
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        # A shell lets what it starts in the background ignore it, and every program that a test starts would as well.
        signal.signal(signal.SIGINT, signal.default_int_handler)
    folder = TemporaryDirectory(prefix="terraform-")
    config.add_cleanup(folder.cleanup)
    try:
        provide_terraform(Path(folder.name))
    except NoTerraformError as error:
        raise pytest.UsageError(str(error)) from None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what `make quick` leaves out, and begin with the longest test, so that no worker ends alone with it."""
    for item in items:
        if item.nodeid.startswith(SLOW_FILES) or set(SLOW_FIXTURES) & fixtures_of(item):
            item.add_marker("slow")
        if item.nodeid.startswith(TERRAFORM):
            # Terraform is another process: tracing what waits for it costs a fifth of the time and covers nothing more.
            item.add_marker("no_cover")
    items.sort(key=lambda item: LONGEST_FIXTURE not in fixtures_of(item))


def fixtures_of(item: pytest.Item) -> set[str]:
    """Return the names of the fixtures that *item* uses."""
    return set(getattr(item, "fixturenames", ()))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what was chosen."""
    path = str(shutil.which("terraform"))
    sweeps = "every value of the sweeps" if ALL else f"samples of the sweeps: SAMPLE_SEED={SEED} tries the same again"
    terminalreporter.line(f"{sweeps}; Terraform {version_of(path)}: {path}")


@pytest.fixture(scope="session")
def platform(shared_folders: SharedFolders) -> Synthesized:
    """Synthesize config/example.yaml."""
    from platform_config.load import load

    return Synthesized(shared_folders.get("platform", lambda folder: synthesize(load(EXAMPLE), folder)))


@pytest.fixture(scope="session")
def every_platform(platform: Synthesized, shared_folders: SharedFolders) -> Platforms:
    """Synthesize each config and each variant of the example, by its name."""
    from platform_config.load import load
    from tests.configs import CONFIGS, MORE, config
    from tests.test_output import VARIANTS

    made = {EXAMPLE.stem: (load(EXAMPLE), platform)}
    others = {path.stem: load(path) for path in (*CONFIGS, *MORE) if path != EXAMPLE}
    variants = {name: config(**changes) for name, changes in VARIANTS.items()}
    for number, (name, each) in enumerate((others | variants).items()):
        folder = shared_folders.get(f"variant-{number}", partial(synthesize, each))
        made[name] = (each, Synthesized(folder))
    return made


@pytest.fixture
def synth(tmp_path: Path) -> Synth:
    """Synthesize what a function puts into a bare stack called `test`."""
    return lambda build: synthesize_stack(build, tmp_path)
