"""Writes the inventories anew: `make inventories`."""

from pathlib import Path
from tempfile import TemporaryDirectory

import fast_synth

fast_synth.enable()

from stacks.load import load  # noqa: E402
from tests.configs import EXAMPLE  # noqa: E402
from tests.inventories import FILES, FOLDER  # noqa: E402
from tests.synthesized import synthesize  # noqa: E402

with TemporaryDirectory() as outdir:
    app = synthesize(load(EXAMPLE), Path(outdir))
    for name, lines in FILES.items():
        (FOLDER / name).write_text(lines(app))
        print(f"wrote tests/inventories/{name}")
