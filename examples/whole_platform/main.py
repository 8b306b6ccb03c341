"""All stacks of a platform beside a stack of the app's own, whose folders are called `stacks` and `operations` too."""

import fast_synth

fast_synth.enable()  # optional: seconds instead of half a minute

from pathlib import Path

from cdktf import App
from inference_stacks.platform import add_platform
from operations.names import RESULTS_BUCKET
from stacks.results import ResultsStack

from platform_config import load

config = load(Path(__file__).with_name("platform.yaml"))

app = App()
platform = add_platform(app, config)
results = ResultsStack(app, "results", project=config.project, bucket=RESULTS_BUCKET)
results.add_dependency(platform["infra-network"])  # our stacks by id: docs/stacks.md
app.synth()
