"""How servers end with `shutdown: graceful` and `fast`, and how soon a dead one is left, on every cloud."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from constructs_lib.manifests.model_server import REQUESTS_LABEL
from platform_config.stack_graph import OUTSIDE_STACKS, SERVING_STACKS
from tests.configs import BEYOND, ELASTIC, EXAMPLE, MULTI_CLOUD, config
from tests.synthesized import Block, Synthesized, synthesize

FAST_SEC = 10
"""Seconds that seed 004 gives a pod at most."""
PLATFORMS = (EXAMPLE, ELASTIC, MULTI_CLOUD, BEYOND[1])
"""vLLM that drains, vLLM that does not, another server, and clusters of each kind with remotes."""
each_platform = pytest.mark.parametrize("path", PLATFORMS, ids=lambda path: str(path.stem))


def made(path: Path, folder: Path, **changes: Any) -> Synthesized:
    """Synthesize the platform of *path* with changes."""
    return synthesize(config(path, **changes), folder)


def servers(app: Synthesized) -> dict[str, Block]:
    """Return the pod of each model server, by stack and name; adapters, proxies and tunnels are others."""
    return {
        f"{stack} {found['metadata']['name']}": found["spec"]["template"]["spec"]
        for stack in app.stacks
        if stack.startswith((SERVING_STACKS, OUTSIDE_STACKS))
        for found in app.objects("Deployment", stack)
        if REQUESTS_LABEL in found["metadata"]["labels"]
    }


def container(pod: Block) -> Block:
    """Return the container of a server."""
    [found] = pod["containers"]
    return dict(found)


def wait_sec(pod: Block) -> int:
    """Return the seconds before SIGTERM."""
    return int(container(pod).get("lifecycle", {}).get("preStop", {}).get("sleep", {}).get("seconds", 0))


def drain_sec(pod: Block) -> int:
    """Return the seconds that vLLM has after SIGTERM for running requests; 0 where it has no such time."""
    given = [text.partition("=")[2] for text in container(pod).get("args", ()) if text.startswith("--shutdown-timeout")]
    return sum(int(text) for text in given)


def readiness(pod: Block) -> tuple[int, int, int]:
    """Return interval, timeout and failures by which the kubelet finds a dead server."""
    probe = container(pod)["readinessProbe"]
    return probe["periodSeconds"], probe["timeoutSeconds"], probe["failureThreshold"]


@each_platform
def test_fast_servers_have_ended_within_seconds(path: Path, tmp_path: Path) -> None:
    """On GKE and outside: the pod's time, the wait before SIGTERM and what vLLM drains are in it."""
    pods = servers(made(path, tmp_path, shutdown="fast"))

    assert pods
    assert {pod["terminationGracePeriodSeconds"] for pod in pods.values()} == {FAST_SEC}
    assert all(0 < wait_sec(pod) + drain_sec(pod) < FAST_SEC for pod in pods.values())


@each_platform
def test_graceful_servers_let_running_requests_end(path: Path, tmp_path: Path) -> None:
    """As long as each server's own setting says; first load balancer and picker let go of the pod."""
    made_config = config(path)
    pods = servers(synthesize(made_config, tmp_path))
    longest = {model.server.termination_grace_sec for model in made_config.models.values()}

    assert {pod["terminationGracePeriodSeconds"] for pod in pods.values()} == longest
    assert min(longest) > FAST_SEC
    assert all(wait_sec(pod) >= min(30, pod["terminationGracePeriodSeconds"] // 2) for pod in pods.values())
    assert all(wait_sec(pod) + drain_sec(pod) < pod["terminationGracePeriodSeconds"] for pod in pods.values())


@pytest.mark.parametrize(("shutdown", "draining_sec"), [("fast", FAST_SEC), ("graceful", 90)])
@each_platform
def test_the_gateway_drains_as_long(path: Path, shutdown: str, draining_sec: int, tmp_path: Path) -> None:
    """`gateway.draining_sec`, or what `fast` makes of it; of every backend."""
    given = {} if shutdown == "fast" else {"gateway__draining_sec": draining_sec}
    policies = made(path, tmp_path, shutdown=shutdown, **given).objects("GCPBackendPolicy")

    assert policies
    assert {one["spec"]["default"]["connectionDraining"]["drainingTimeoutSec"] for one in policies} == {draining_sec}


def test_proxies_of_remotes_drain_as_long_as_the_gateway(tmp_path: Path) -> None:
    """The load balancer leaves first, as of a server."""
    app = made(BEYOND[1], tmp_path, shutdown="fast")
    proxies = [
        found["spec"]["template"]["spec"]
        for found in app.objects("Deployment")
        if found["spec"]["template"]["spec"]["containers"][0]["name"] == "proxy"
    ]

    assert len(proxies) == 2 * 2
    assert {wait_sec(pod) for pod in proxies} == {30 + FAST_SEC}


@pytest.mark.parametrize("shutdown", ["fast", "graceful"])
@each_platform
def test_a_dead_server_is_left_after_two_probes_of_five_seconds(path: Path, shutdown: str, tmp_path: Path) -> None:
    """As the seed's own tuning has it: a server that fails has no need of another setting than one that ends."""
    assert {readiness(pod) for pod in servers(made(path, tmp_path, shutdown=shutdown)).values()} == {(5, 5, 2)}


@pytest.mark.parametrize("shutdown", ["fast", "graceful"])
@each_platform
def test_readiness_follows_the_health_check_of_the_load_balancer(path: Path, shutdown: str, tmp_path: Path) -> None:
    """Kubelets of all clouds ask as often as it does, wait as long and fail as often, at the same path."""
    check = {"interval_sec": 3, "timeout_sec": 2, "unhealthy_threshold": 3}
    app = made(path, tmp_path, shutdown=shutdown, gateway__health_check=check)
    asked = [policy["spec"]["default"] for policy in app.objects("HealthCheckPolicy")]
    paths = {one["config"]["httpHealthCheck"]["requestPath"] for one in asked}
    pods = servers(app).values()

    assert {(one["checkIntervalSec"], one["timeoutSec"], one["unhealthyThreshold"]) for one in asked} == {(3, 2, 3)}
    assert {readiness(pod) for pod in pods} == {(3, 2, 3)}
    assert {container(pod)["readinessProbe"]["httpGet"]["path"] for pod in pods} <= paths


def test_readiness_of_outside_servers_follows_alibaba_s_load_balancer(tmp_path: Path) -> None:
    """Its own settings are annotations of the Ingress."""
    check = {"interval_sec": 3, "timeout_sec": 2, "unhealthy_threshold": 3}
    [entry] = made(MULTI_CLOUD, tmp_path, gateway__health_check=check).objects("Ingress", f"{OUTSIDE_STACKS}hk")
    asked = {name.partition("/healthcheck-")[2]: value for name, value in entry["metadata"]["annotations"].items()}

    assert (asked["interval-seconds"], asked["timeout-seconds"], asked["unhealthy-threshold-count"]) == ("3", "2", "3")
