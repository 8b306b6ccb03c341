"""A server of any other kind: what the config says is all that it gets."""

from typing import Any

import pytest

from constructs_lib import model_servers
from constructs_lib.manifests.served_weights import ServedWeights
from constructs_lib.specs import KubernetesSecretSpec, ServerSpec
from tests.checks.kubernetes_objects import problems
from tests.manifests.examples import FROM_BUCKET, GPU, WEIGHTS, server

SPEECH: dict[str, Any] = {
    "kind": "custom",
    "image": "ghcr.io/remsky/kokoro-fastapi-gpu:v0.2.4",
    "port": 8880,
    "health_path": "/health",
    "env": {"DOWNLOAD_MODEL": "false"},
    "gpu_memory_gib": 1,
    "memory_gib": 8,
    "max_model_len": None,
}


def speech(**changes: Any) -> dict[str, Any]:
    """Make the Deployment of a speech server whose image has the weights."""
    own = {"weights": None, "mounted": ServedWeights(), "read_only": False}
    return server(**{**SPEECH, **own, "accelerator": GPU, "claim_template": None, **changes})


def container(made: dict[str, Any]) -> dict[str, Any]:
    """Return the only container."""
    [found] = made["spec"]["template"]["spec"]["containers"]
    assert isinstance(found, dict)
    return found


def test_a_speech_server_gets_what_it_needs_and_nothing_of_vllm_s() -> None:
    """Kokoro-FastAPI: its own command, port, path and environment, no weights and no region's header."""
    made = container(speech())

    assert problems(speech()) == []
    assert not {"command", "args"} & made.keys()
    assert made["ports"] == [{"name": "http", "containerPort": 8880}]
    assert made["env"] == [{"name": "DOWNLOAD_MODEL", "value": "false"}]
    assert {made[probe]["httpGet"]["path"] for probe in ("startupProbe", "readinessProbe", "livenessProbe")} == {
        "/health"
    }
    assert [mount["name"] for mount in made["volumeMounts"]] == ["shared-memory", "cache"]
    assert "readOnlyRootFilesystem" not in made["securityContext"]


def test_command_and_arguments_are_all_its_own() -> None:
    """Nothing is added to them."""
    made = container(speech(command=("text-embeddings-router",), extra_args=("--port", "8880")))

    assert (made["command"], made["args"]) == (["text-embeddings-router"], ["--port", "8880"])


def test_a_server_without_arguments_has_no_environment_either_unless_it_is_given() -> None:
    """The API server takes empty lists away, which would be drift in every plan."""
    assert "env" not in container(speech(env={}))


def test_mounted_weights_are_looked_up_nowhere_else() -> None:
    """Where the config names weights, they are below /models, and Hugging Face is off."""
    made = container(speech(weights=WEIGHTS, mounted=FROM_BUCKET))

    assert {"name": "HF_HUB_OFFLINE", "value": "1"} in made["env"]
    assert {"name": "models", "mountPath": "/models", "readOnly": True} in made["volumeMounts"]


def test_a_secret_reaches_any_server_by_its_reference() -> None:
    """Its value is in no plan and no state; the user's own variables come last."""
    secret = {"API_KEY": KubernetesSecretSpec(name="speech", key="key")}
    reference = {"name": "API_KEY", "valueFrom": {"secretKeyRef": {"name": "speech", "key": "key"}}}

    assert container(speech(secret_env=secret))["env"][-1] == reference
    assert container(server(secret_env=secret))["env"][-1] == reference


def test_it_leaves_the_load_balancer_before_its_sigterm() -> None:
    """Nobody knows whether it finishes its requests."""
    assert container(speech())["lifecycle"] == {"preStop": {"sleep": {"seconds": 30}}}


@pytest.mark.parametrize(("metric", "has_pool"), [(None, False), ("fill_ratio", True)])
def test_only_a_server_with_a_gauge_is_behind_a_pool(metric: str | None, has_pool: bool) -> None:
    """The endpoint picker chooses by it."""
    spec = ServerSpec(**{**SPEECH, "metric": metric})

    assert spec.has_pool == has_pool
    assert model_servers.gauge(spec) == metric


@pytest.mark.parametrize(
    ("metric", "line"),
    [
        (None, "another server on port 8880: no gauge, so it is behind a Service, ready at /health"),
        ("fill_ratio", "another server on port 8880: gauge fill_ratio, ready at /health"),
    ],
)
def test_a_line_says_what_is_known(metric: str | None, line: str) -> None:
    """For the summary of a synth."""
    assert model_servers.describe(ServerSpec(**{**SPEECH, "metric": metric})) == line


def test_mps_needs_the_node_s_ipc_namespace() -> None:
    """Its clients reach the node's daemon by the node's shared memory, which no volume covers; no other pod has it."""
    shared = GPU.__class__(**{**vars(GPU), "host_ipc": True})
    with_mps, without = (made["spec"]["template"]["spec"] for made in (speech(accelerator=shared), speech()))

    def mounts(pod: dict[str, Any]) -> list[str]:
        return [mount["mountPath"] for mount in pod["containers"][0]["volumeMounts"]]

    assert with_mps["hostIPC"] is True
    assert "hostIPC" not in without
    assert mounts(without)[:1] == ["/dev/shm"]
    assert mounts(with_mps) == mounts(without)[1:]
    assert with_mps["volumes"] == without["volumes"], "the provider compares volumes by position"
