"""One synth in a process of its own, and what it cost."""

import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import yaml

from fast_synth.toolchain import CDKTF, VARIABLE

ROOT = Path(__file__).resolve().parent.parent
EXAMPLE = ROOT / "config" / "example.yaml"
ELASTIC = ROOT / "config" / "h100-elastic.yaml"


@dataclass(frozen=True)
class Run:
    """Wall and CPU seconds of one run, all its processes counted, and the peak memory of the largest of them."""

    seconds: float
    cpu_seconds: float
    peak_mib: float


def synth(
    regions: int,
    *,
    fast: bool,
    models: int = 1,
    cache: Path | None = None,
    base: Path = EXAMPLE,
    toolchain: str = CDKTF,
) -> Run:
    """
    Synthesize *base* with so many regions and models, with *toolchain*.

    *cache* is a jsii cache to use in place of the user's own.
    """
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "config.yaml"
        config.write_text(repeated(regions, models, base), encoding="utf-8")
        settings = {
            "INFERENCE_CONFIG": str(config),
            "INFERENCE_FAST_SYNTH": "1" if fast else "0",
            VARIABLE: toolchain,
            "CDKTF_OUTDIR": str(Path(folder) / "cdktf.out"),
        }
        if cache:
            settings["JSII_RUNTIME_PACKAGE_CACHE_ROOT"] = str(cache)
        return _measure([sys.executable, "-m", "bench.program"], settings)


def repeated(regions: int, models: int = 1, base: Path = EXAMPLE) -> str:
    """
    Return *base* as YAML, with its first region repeated under *regions* keys, its model under *models*.

    One region is the config cluster. Several models have a path each.
    """
    config = yaml.safe_load(base.read_text(encoding="utf-8"))
    first = next(iter(config["regions"].values()))
    config["regions"] = {
        f"r{n}": {**first, "number": n, "region": f"us-east{n}", "zones": [f"us-east{n}-b"], "config_cluster": n == 1}
        for n in range(1, regions + 1)
    }
    if models > 1:
        [model] = config["models"].values()
        config["models"] = {f"m{n}": {**model, "address": {"path": f"/m{n}"}} for n in range(1, models + 1)}
    return str(yaml.safe_dump(config, sort_keys=False))


def _measure(command: list[str], settings: dict[str, str]) -> Run:
    start = time.monotonic()
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(
            command, cwd=ROOT, env={**os.environ, **settings}, stdout=output, stderr=subprocess.STDOUT
        )
        # wait4 counts the children that the process waited for, and jsii waits for its Node.
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.monotonic() - start
        if status:
            output.seek(0)
            sys.exit(f"the program under measurement failed:\n{output.read().decode()[-3000:]}")
    unit = 2**20 if sys.platform == "darwin" else 2**10
    return Run(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / unit)
