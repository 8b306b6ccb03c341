"""A drill of the tests: its clusters, its gateway, and the command line that drills them."""

from __future__ import annotations

import copy
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

import pytest
import trustme

from constructs_lib.monitoring import metrics
from gke_inference.cluster_api import ClusterApi
from gke_inference.drill import command as drill_module
from gke_inference.drill.runner import DrillRunner
from gke_inference.gauges import watch
from gke_inference.google_api import GoogleApi
from platform_config.config import Config
from platform_config.names import Names
from tests.configs import EXAMPLE, config
from tests.gke_inference.cluster_stand_in import TOKEN
from tests.gke_inference.conftest import InferenceOps, Ran
from tests.gke_inference.drill_clusters import DrillCluster, DrillGateway
from tests.gke_inference.drill_program import CLUSTERS as CLUSTERS_VARIABLE
from tests.gke_inference.drill_program import TOKEN as TOKEN_VARIABLE
from tests.gke_inference.drill_program import stay_for_requests
from tests.gke_inference.google_stand_in import GoogleStandIn
from tests.gke_inference.prometheus_stand_in import KV_CACHE, LATENCY, REQUESTS, add_prometheus
from tests.synthesized import Synthesized, synthesize

Drill = Callable[..., Ran]
ROOT = Path(__file__).parent.parent.parent
PROGRAM = "from tests.gke_inference.drill_program import run; run()"
HEARING = """
import signal
for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGHUP):
    signal.signal(number, signal.SIG_DFL)
"""
"""Who runs the tests in the background may have these ignored, which a drill would leave so."""


@dataclass
class Rig:
    """Everything that a drill touches."""

    config: Config
    file: Path
    home: DrillCluster
    other: DrillCluster
    gateway: DrillGateway
    hosts: dict[str, str]
    url: str
    sender: str = "here"
    gauges: bool = False
    others: tuple[tuple[str, str], ...] = ()
    """Of regional gateways: key and address of that of each other region."""

    @property
    def clusters(self) -> tuple[DrillCluster, DrillCluster]:
        """Both."""
        return self.home, self.other

    def scale(self, cluster: DrillCluster, replicas: int) -> None:
        """Have another number of servers, at once."""
        with cluster.api.lock:
            deployment = cluster.api.objects[cluster.deployment]
            spec = {**deployment["spec"], "replicas": replicas}
            cluster.api.objects[cluster.deployment] = {**deployment, "spec": spec}
            cluster.follow("PATCH", cluster.deployment)

    def drain(self, region: str) -> None:
        """Drain region *region*, as somebody else might."""
        assert self.gateway.policy_of
        holder = self.gateway.policy_of
        policy = copy.deepcopy(holder.api.objects[holder.policy])
        policy["spec"]["default"]["scopes"] = [{"selector": {"gke.io/region": region}, "capacityScalerPercent": 0}]
        holder.api.objects[holder.policy] = policy

    def arguments(self, *more: str, journal: Path) -> list[str]:
        """Return the arguments of a short drill of the first region."""
        return [
            "--config", str(self.file), "--output", "json", "drill", "--region", self.home.key,
            "--sender", self.sender, *self._urls,
            "--rate-per-sec", "100", "--timeout-sec", "5", "--baseline-sec", "0.2", "--outage-sec", "0.25",
            "--recovery-sec", "5", "--max-error-rate", "0.6", "--restore-timeout-sec", "20",
            "--journal", str(journal), "--gauges" if self.gauges else "--no-gauges", *more,
        ]  # fmt: skip

    @property
    def _urls(self) -> list[str]:
        """The options with the addresses."""
        if not self.others:
            return ["--url", self.url]
        gateways = ((self.home.key, self.url), *self.others)
        return [part for key, url in gateways for part in ("--url", f"{key}={url}")]

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start the command line in a process of its own."""
        known = {CLUSTERS_VARIABLE: json.dumps(self.hosts), TOKEN_VARIABLE: TOKEN, "COLUMNS": "100"}
        return subprocess.Popen(
            [sys.executable, "-c", HEARING + PROGRAM, *arguments], cwd=ROOT, env=os.environ | known, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip


@contextmanager
def rig(
    config: Config,
    home: str,
    other: str,
    file: Path = EXAMPLE,
    *,
    authority: trustme.CA | None = None,
    model: str = "",
) -> Iterator[Rig]:
    """Run clusters and gateway of *config*; requests go to *model* in the region *home* first."""
    asked = model or next(iter(config.models))
    synthesized = _synthesized(config.model_dump_json())
    clusters = DrillCluster(config, home, synthesized, asked), DrillCluster(config, other, synthesized, asked)
    holder = next(cluster for cluster in clusters if cluster.policy)
    names = config.regions[home].region, config.regions[other].region
    gateway = DrillGateway(regions=names, clusters=clusters, policy_of=holder)
    with ExitStack() as stack:
        for cluster in clusters:
            stack.callback(cluster.running.close)
        hosts = {cluster.key: stack.enter_context(cluster.api.serving(authority)) for cluster in clusters}
        url = stack.enter_context(gateway.serving())
        yield Rig(config, file, *clusters, gateway, hosts, url)


@contextmanager
def regional_rig(config: Config, home: str, other: str, file: Path) -> Iterator[tuple[Rig, DrillGateway]]:
    """Run clusters of *config*, each with a gateway of its own; yields the rig, and the gateway of *other*."""
    synthesized, model = _synthesized(config.model_dump_json()), next(iter(config.models))
    clusters = DrillCluster(config, home, synthesized, model), DrillCluster(config, other, synthesized, model)
    names = (config.regions[cluster.key].region for cluster in clusters)
    gateways = [
        DrillGateway(regions=(name, name), clusters=(cluster,))
        for name, cluster in zip(names, clusters, strict=True)
    ]  # fmt: skip
    with ExitStack() as stack:
        for cluster in clusters:
            stack.callback(cluster.running.close)
        hosts = {cluster.key: stack.enter_context(cluster.api.serving(None)) for cluster in clusters}
        url, other_url = (stack.enter_context(gateway.serving()) for gateway in gateways)
        made = Rig(config, file, *clusters, gateways[0], hosts, url, others=((other, other_url),))
        yield made, gateways[1]


@cache
def _synthesized(document: str) -> Synthesized:
    """Synthesize the config of this JSON, once for all tests."""
    with tempfile.TemporaryDirectory() as folder:
        return synthesize(Config.model_validate_json(document), Path(folder))


def use(made: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the command find the clusters of the test, and drill at its pace."""
    apis = {key: ClusterApi(host=host, token=lambda: TOKEN) for key, host in made.hosts.items()}
    monkeypatch.setattr(drill_module, "find_clusters", lambda config, google: apis.__getitem__)
    monkeypatch.setattr(DrillRunner, "_stay", stay_for_requests)


def _value(gateway: DrillGateway, region: str, busy: str, idle: str) -> str:
    """Return the value *busy* where requests go to *region* now, else *idle*."""
    return busy if region == next((name for name in gateway.regions if gateway.believed[name]), "") else idle


@contextmanager
def gauges_of(made: Rig, monkeypatch: pytest.MonkeyPatch) -> Iterator[GoogleStandIn]:
    """Serve Google for a drill with gauges, which are read as often as a short drill needs."""
    google = GoogleStandIn()
    made.gauges = True
    prometheus = add_prometheus(google)
    for cluster in made.clusters:
        region, name = made.config.regions[cluster.key].region, Names(made.config).cluster(cluster.key)
        value = partial(_value, made.gateway, region)
        prometheus.values[KV_CACHE, name] = partial(value, "41.25", "2.5")
        prometheus.values[REQUESTS, region] = partial(value, "100", "0")
        prometheus.values[LATENCY, region] = partial(value, "0.015", "NaN")
    monkeypatch.setattr(GoogleApi, "from_environment", lambda project, universe: google.api(project))
    monkeypatch.setattr(watch, "INTERVAL_SEC", 0.05)
    # In a drill of seconds nothing would be late enough.
    monkeypatch.setattr(metrics, "LOAD_BALANCER_LATE_SEC", 0)
    with google.serving():
        yield google


@pytest.fixture
def drill_rig(monkeypatch: pytest.MonkeyPatch) -> Iterator[Rig]:
    """Run the example: requests go to `us` first, whose cluster holds the gateway's policy."""
    with rig(config(), "us", "eu") as made:
        use(made, monkeypatch)
        yield made


@pytest.fixture
def drill(drill_rig: Rig, inference_ops: InferenceOps, tmp_path: Path) -> Drill:
    """Run a short drill of `us` with more arguments."""
    return lambda *more: inference_ops(*drill_rig.arguments(*more, journal=tmp_path / "journal.json"))


def findings(ran: Ran) -> dict[str, str]:
    """Return the status of each finding."""
    return {finding["id"]: finding["status"] for finding in ran.document["findings"]}


def wait_until(true: Callable[[], bool], process: subprocess.Popen[Any] | None = None) -> None:
    """Wait until something is true, for a minute at most."""
    for _ in range(6000):
        if true():
            return
        assert process is None or process.poll() is None, process.communicate()
        time.sleep(0.01)
    raise AssertionError("never became true")
