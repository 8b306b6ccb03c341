"""Whatever is in a file: never a traceback, never slow, never cdktf."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from platform_config.errors import ConfigError
from platform_config.load import load
from platform_config.shape import setting_paths
from tests.config_files import written
from tests.configs import ELASTIC, EXAMPLE, changed
from tests.sampling import sample

ROOT = Path(__file__).parent.parent.parent
TEXTS = ["", " ", "x" * 500, "a.b", "É", "\u2028", "../..", "%s", "-1", "${x}", "us-east5", "pool", "4x4"]
RANGES = ["10.0.0.0/8", "10.0.0.1/8", "0.0.0.0/0", "::/0"]
NUMBERS = [-1, 0, 1, 2**31, 10**17, -0.5, 1e99]
OTHERS: list[Any] = [
    None,
    True,
    False,
    [],
    [""],
    ["a", "a"],
    [[]],
    {},
    {"": ""},
    {"a": 1},
    {"a": {"machine_type": "g2-standard-4"}},
]
HOSTILE: list[Any] = [*TEXTS, *RANGES, *NUMBERS, *OTHERS]


# The elastic example has the sections that the other lacks; settings that both have are tried in one.
ELASTIC_ONLY = ("models", "node_pools.<key>.autoscaling", "node_pools.<key>.capacity")
TRIED = [
    (base, path)
    for base in (EXAMPLE, ELASTIC)
    for path in setting_paths()
    if not path.startswith("regions.<key>.node_pools.") and (base is EXAMPLE or path.startswith(ELASTIC_ONLY))
]


@pytest.mark.parametrize(("base", "path"), TRIED, ids=[f"{base.stem}-{path}" for base, path in TRIED])
def test_any_value_anywhere_is_accepted_or_refused(tmp_path: Path, base: Path, path: str) -> None:
    """Whatever stands at a setting, the answer is a config or a list of problems."""
    data = changed(base)
    for section in ("node_pools", "models"):
        path = path.replace(f"{section}.<key>", f"{section}.{next(iter(data[section]))}")
    *parents, last = path.replace("<key>", "us").split(".")
    for value in sample(HOSTILE, 4, case=f"{base.stem}-{path}"):
        data = changed(base)
        target = data
        for parent in parents:
            target[parent] = target = target[parent] if isinstance(target.get(parent), dict) else {}
        target[last] = value

        with contextlib.suppress(ConfigError):
            load(written(tmp_path, data))


SIGNS = [*"\t \n:\"'[]{}#&*!|>%@`?,=~\r\\\u00a0\u201c\ufeff\u2028", ": ", "- ", "---\n", "<<: ", "x-", "null"]


@pytest.mark.parametrize("base", [EXAMPLE, ELASTIC], ids=lambda base: base.stem)
def test_damaged_text_is_accepted_or_refused(tmp_path: Path, base: Path) -> None:
    """One sign too many anywhere in the text: the answer is a config, or problems without the terms of a parser."""
    text = base.read_text(encoding="utf-8")
    damages = [(place, SIGNS[number % len(SIGNS)]) for number, place in enumerate(range(0, len(text), 7))]
    for place, sign in sample(damages, 60, case=base.stem):
        damaged = text[:place] + sign + text[place:]
        message = ""
        try:
            load(written(tmp_path, damaged))
        except ConfigError as error:
            message = str(error)

        assert not re.search(r"<block|flow |scalar|mapping|<stream", message), damaged


def test_the_program_refuses_with_2_and_without_a_traceback(tmp_path: Path) -> None:
    """`main.py` prints the problems, exits 2, and makes nothing."""
    path = written(tmp_path, changed(regions__us__config_cluster=False))
    run = subprocess.run(
        [sys.executable, str(ROOT / "main.py")],
        cwd=tmp_path,
        env={**os.environ, "INFERENCE_CONFIG": str(path), "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )

    assert (run.returncode, run.stdout) == (2, "")
    assert run.stderr.splitlines()[0] == f"{path}: 1 problem"
    assert "Traceback" not in run.stderr
    assert [entry.name for entry in tmp_path.iterdir()] == ["mine.yaml"]


def test_a_refusal_loads_no_cdktf(tmp_path: Path) -> None:
    """Reading, checking and refusing need none of the slow modules."""
    code = (
        "import sys; from pathlib import Path; from platform_config.load import load\n"
        "try: load(Path('/nowhere.yaml'))\n"
        "except ValueError: pass\n"
        "print([name for name in sys.modules if name.split('.')[0] in ('cdktf', 'constructs', 'jsii')])"
    )
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)

    assert run.stdout.strip() == "[]"
