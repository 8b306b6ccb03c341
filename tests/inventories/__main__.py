"""Writes the inventories anew: `make inventories`."""

from pathlib import Path
from tempfile import TemporaryDirectory

import fast_synth

fast_synth.enable()

from platform_config.load import load  # noqa: E402
from tests.inventories import FILES, FOLDER  # noqa: E402
from tests.synthesized import synthesize  # noqa: E402

for name, (path, lines) in FILES.items():
    with TemporaryDirectory() as outdir:
        (FOLDER / name).write_text(lines(synthesize(load(path), Path(outdir))))
    print(f"wrote tests/inventories/{name}")
