"""`verify` where something does not answer: it ends, and reports the rest."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

from gke_inference.google_api import TIMEOUT_SEC as GOOGLE_TIMEOUT_SEC
from tests.configs import EXAMPLE
from tests.gke_inference.cluster_stand_in import Fault as ClusterFault
from tests.gke_inference.google_stand_in import Fault
from tests.gke_inference.verify_platform import HealthyPlatform
from tests.gke_inference.verify_rig import example, example_running

__all__ = ["example", "example_running"]


def test_a_cluster_that_hangs_is_unknown_after_the_time_given(example: HealthyPlatform) -> None:
    """What is around it and the other region are reported; the completions have the last third of the time."""
    example.clusters["eu"].faults.append(ClusterFault("hang"))

    ran = example.run("--timeout-sec", "9")

    bad = [found for found in ran.document["findings"] if found["status"] != "good"]
    assert [(found["where"], found["id"], found["status"]) for found in bad] == [
        ("eu", "BACKENDS", "unknown"), ("eu", "KUBERNETES", "unknown"),
    ]  # fmt: skip
    assert {found["found"] for found in bad} == {"could not be checked: no answer within 6 seconds"}
    assert {("eu", "GAUGE"), ("eu", "COMPLETION")} <= {(one["where"], one["id"]) for one in ran.document["findings"]}
    assert ran.code == 3


def test_ctrl_c_ends_it_at_once(example: HealthyPlatform) -> None:
    """Also while Google does not answer; until then a log gets a line every two seconds."""
    example.google.faults["container.projects.locations.clusters.get"] = Fault("hang")
    command = [sys.executable, "-m", "gke_inference", "--config", str(EXAMPLE), "verify"]
    with subprocess.Popen(command, env=dict(os.environ), stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr
        assert process.stderr.readline().startswith("checks: ")
        process.send_signal(signal.SIGINT)
        # Google would be waited for longer.
        assert process.wait(timeout=GOOGLE_TIMEOUT_SEC) == 3
