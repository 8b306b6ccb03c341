"""`drill` on a platform of several models: one goes down, or all; of a custom server, what can be measured is."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from gke_inference.backend_policy import SERVICE_TARGET, refusal
from gke_inference.drill import rollback, runner
from gke_inference.drill.command import models_down
from platform_config.config import Config
from platform_config.model import Model
from tests.gke_inference.conftest import InferenceOps, Ran
from tests.gke_inference.drill_rig import Rig, findings, rig, use, wait_until
from tests.gke_inference.model_configs import several_models, write_config
from tests.gke_inference.policy_definition import definition

SPEECH = ("--model", "speech", "--path", "/v1/audio/speech", "--body", '{"input": "Hello"}')
Run = Callable[..., Ran]


@pytest.fixture
def settings() -> dict[str, Any]:
    """Return the config as plain data, for a test to change before its platform runs."""
    return several_models()


@pytest.fixture
def made(settings: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Rig]:
    """Run a platform of three models, whose gateway answers for any of them."""
    file = write_config(tmp_path / "several.yaml", settings)
    monkeypatch.setattr(runner, "SERVER_POLL_SEC", 0.02)
    with rig(Config.model_validate(settings), "us", "eu", file, model="small") as found:
        found.gateway.models = ("gemma-3-27b-it", "gemma-3-4b-it")
        use(found, monkeypatch)
        yield found


@pytest.fixture
def run(made: Rig, inference_ops: InferenceOps, tmp_path: Path) -> Run:
    """Run a short drill of `us`."""
    return lambda *more: inference_ops(*made.arguments(*more, journal=tmp_path / "journal.json"))


def written(made: Rig) -> list[tuple[str, Any]]:
    """Return the name of each object that was changed, with what was written."""
    changes = [(path, body["spec"]) for method, path, body in made.home.api.writes() if method == "PATCH"]
    return [(path.removesuffix("/scale").rpartition("/")[2], spec) for path, spec in changes]


def test_one_model_goes_down_and_the_others_serve_on(made: Rig, run: Run) -> None:
    """Its servers alone are changed, and requests go to its address."""
    ran = run("--model", "small", "--yes")

    assert (ran.code, ran.document["plan"]["models_down"]) == (0, ["small"])
    assert written(made) == [("small-server", {"replicas": 0}), ("small-server", {"replicas": 2})]
    assert findings(ran)["DRILL-CAPACITY"] == findings(ran)["DRILL-FAILOVER"] == "good"
    path, body, headers = made.gateway.requests[-1]
    assert (path, body["model"]) == ("/small/v1/chat/completions", "gemma-3-4b-it")
    assert (headers["host"], headers["x-tier"]) == ("small.example.com", "free")


def test_a_pod_sends_to_the_address_of_the_model(made: Rig, run: Run) -> None:
    """Path, host and headers, as from here."""
    made.sender = "pod"
    ran = run("--model", "small", "--yes")
    path, _, headers = made.gateway.requests[-1]

    assert (ran.code, path) == (0, "/small/v1/chat/completions")
    assert (headers["host"], headers["x-tier"]) == ("small.example.com", "free")


@pytest.mark.parametrize("means", ["replicas", "drain"])
def test_all_models_go_down_and_come_back(made: Rig, run: Run, means: str) -> None:
    """Each has a change of its own, each is restored; the model that is asked goes first, and comes back last."""
    ran = run("--model", "small", "--all-models", "--means", means, "--yes")
    names = [name.partition("-")[0] for name, _ in written(made)]

    assert (ran.code, names) == (0, ["small", "gemma", "speech", "speech", "gemma", "small"])
    assert [made.home.replicas_of(model) for model in ("gemma", "small", "speech")] == [2, 2, 2]
    assert [made.home.scopes(model) for model in ("gemma", "small", "speech")] == [None, None, None]
    for id_ in ("DRILL-REGION-speech", "DRILL-CAPACITY-speech", "DRILL-CAPACITY-small", "DRILL-RESTORED"):
        assert findings(ran)[id_] == "good"


def test_after_a_kill_the_journal_restores_all_models(
    made: Rig, inference_ops: InferenceOps, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever their servers are."""
    monkeypatch.setattr(rollback, "FIRST_PAUSE_SEC", 0.02)
    journal = tmp_path / "journal.json"
    options = ("--model", "small", "--all-models", "--yes", "--outage-sec", "60")
    process = made.start(*made.arguments(*options, journal=journal))
    wait_until(lambda: made.home.replicas_of("speech") == 0, process)
    process.kill()
    process.communicate()
    ran = inference_ops("--config", str(made.file), "drill", "--restore", "--journal", str(journal))

    assert (ran.code, journal.exists()) == (0, False)
    assert [made.home.replicas_of(model) for model in ("gemma", "small", "speech")] == [2, 2, 2]


def test_each_model_needs_room_elsewhere(made: Rig, run: Run) -> None:
    """With --all-models, one that the other region could not carry forbids the drill; alone, its own room counts."""
    speech = made.other.models["speech"].deployment
    made.other.api.objects[speech]["status"]["readyReplicas"] = 1
    refused, alone = run("--model", "small", "--all-models", "--yes"), run("--model", "small")

    assert (refused.code, alone.code) == (1, 0)
    assert {id_: status for id_, status in findings(refused).items() if status != "good"} == {
        "DRILL-CAPACITY-speech": "wrong"
    }
    assert made.home.api.writes() == []


def test_a_model_that_is_down_already_is_left_out(made: Rig, run: Run) -> None:
    """With --all-models; it is neither counted nor changed."""
    speech = made.home.models["speech"].deployment
    made.home.api.objects[speech] |= {"spec": {**made.home.api.objects[speech]["spec"], "replicas": 0}, "status": {}}
    ran = run("--model", "small", "--all-models")

    assert ran.code == 0
    assert [change["what"].partition(" ")[0] for change in ran.document["changes"]] == ["small-server", "gemma-server"]
    assert "DRILL-CAPACITY-speech" not in findings(ran)


def test_of_several_models_one_must_be_chosen(made: Rig, run: Run) -> None:
    """With the list; and one that no config has is refused."""
    none, unknown = run(), run("--model", "large")

    assert (none.code, unknown.code) == (2, 2)
    assert "--model: must be given, the config has several: gemma, small, speech" in none.err
    assert "--model: must be one of gemma, small, speech, got 'large'" in unknown.err
    assert made.home.api.requests == []


class TestFewerRegions:
    """A model that only one region serves."""

    @pytest.fixture
    def settings(self) -> dict[str, Any]:
        """Serve speech in `us` alone."""
        data = several_models()
        data["models"]["speech"]["regions"] = ["us"]
        return data

    def test_nothing_could_take_over_from_its_only_region(self, run: Run) -> None:
        """It is refused before a cluster is asked."""
        ran = run(*SPEECH, "--region", "eu")

        assert ran.code == 2
        assert "--region: must be one of us, which serve speech, got 'eu'" in ran.err
        assert "regions: must be two or more, which serve speech, or nothing takes over, got us" in ran.err

    def test_it_forbids_an_outage_of_all_models(self, made: Rig, run: Run) -> None:
        """Nobody else serves it; where that is accepted, it goes down too."""
        refused = run("--model", "small", "--all-models", "--yes")
        accepted = run("--model", "small", "--all-models", "--even-if-overloaded")

        assert (refused.code, findings(refused)["DRILL-CAPACITY-speech"]) == (1, "wrong")
        assert "servers in use of the regions that are left: no other serves it" in refused.out
        assert (accepted.code, len(accepted.document["changes"])) == (0, 3)
        assert made.home.api.writes() == []


class TestSharedNodes:
    """Two models on one pool."""

    @pytest.fixture
    def settings(self) -> dict[str, Any]:
        """Put both LLMs on the first pool."""
        data = several_models()
        data["node_pools"]["tpu"]["nodes_per_zone"] = 4
        for model in ("gemma", "small"):
            data["models"][model] |= {"node_pools": ["tpu"], "replicas": 2}
        del data["node_pools"]["tpu-small"]
        return data

    def test_who_else_is_on_cordoned_nodes_is_reported(self, run: Run) -> None:
        """Its pods run on; with --all-models they are deleted too, and each node is cordoned once."""
        one = run("--model", "small", "--means", "cordon")
        every = run("--model", "small", "--all-models", "--means", "cordon")

        found = {finding["id"]: finding["found"] for finding in one.document["findings"]}
        assert found["DRILL-SHARED-NODES"].startswith("gemma may run on the same nodes: pods there run on")
        assert [path.rpartition("/")[2] for path in one.document["deletes"]] == ["small-server-0", "small-server-1"]
        assert "DRILL-SHARED-NODES" not in findings(every)
        nodes = [change["path"].rpartition("/")[2] for change in every.document["changes"]]
        assert nodes == ["node-0", "node-1", "node-l4-0", "node-l4-1"]
        assert len(every.document["deletes"]) == 6


@pytest.fixture
def speech(settings: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Rig]:
    """Run the platform with a gateway that is asked for speech, whose answers name no region."""
    monkeypatch.setattr(runner, "SERVER_POLL_SEC", 0.02)
    file = write_config(tmp_path / "speech.yaml", settings)
    with rig(Config.model_validate(settings), "us", "eu", file, model="speech") as found:
        found.gateway.region_header = ""
        use(found, monkeypatch)
        yield found


@pytest.mark.parametrize("sender", ["here", "pod"])
def test_of_a_custom_server_downtime_and_errors_are_measured(
    speech: Rig, inference_ops: InferenceOps, tmp_path: Path, sender: str
) -> None:
    """By its own request. What needs the region of an answer is not measured, and that is reported."""
    speech.sender = sender
    ran = inference_ops(*speech.arguments(*SPEECH, "--yes", journal=tmp_path / "journal.json"))
    report, found = ran.document, findings(ran)

    assert (ran.code, report["plan"]["region_in_answers"]) == (0, False)
    assert (found["DRILL-DOWNTIME"], found["DRILL-ERRORS"]) == ("good", "good")
    assert {"DRILL-FAILOVER", "DRILL-COME-BACK"}.isdisjoint(found)
    assert "answers of speech do not name their region: that another took over is not measured" in ran.out
    assert report["longest_downtime_sec"] > 0
    assert report["time_to_detect_sec"] > 0
    assert (report["time_to_fail_over_sec"], report["time_to_come_back_sec"]) == (None, None)
    assert [state["state"] for state in report["states"]] == [1, 2, 5]
    assert {(path, body["input"]) for path, body, _ in speech.gateway.requests} == {
        ("/speech/v1/audio/speech", "Hello")
    }
    assert written(speech) == [("speech-server", {"replicas": 0}), ("speech-server", {"replicas": 2})]


def test_recovery_lasts_until_its_servers_are_back(speech: Rig, inference_ops: InferenceOps, tmp_path: Path) -> None:
    """The other region answers all the time, so answers do not show it."""
    speech.home.start_sec = 0.5
    ran = inference_ops(*speech.arguments(*SPEECH, "--yes", journal=tmp_path / "journal.json"))
    *_, recovery = ran.document["states"]

    assert (ran.code, speech.home.ready) == (0, 2)
    assert recovery["duration_sec"] > 0.5


def test_what_a_custom_server_is_asked_must_be_given(speech: Rig, inference_ops: InferenceOps, tmp_path: Path) -> None:
    """Its API is not known."""
    ran = inference_ops(*speech.arguments("--model", "speech", journal=tmp_path / "journal.json"))

    assert ran.code == 2
    assert "--path: must be given with --body, speech is a custom server, whose API is not known" in ran.err


def test_a_model_without_requests_is_refused(inference_ops: InferenceOps, tmp_path: Path) -> None:
    """One that is being removed has no route, so nothing could be measured."""
    settings = several_models()
    settings["models"]["small"]["drain"] = True
    file = write_config(tmp_path / "several.yaml", settings)
    ran = inference_ops("--config", str(file), "drill", "--region", "us", "--model", "small")

    assert ran.code == 2
    assert "--model: must have requests of the gateway, and small has none: models.small.drain is on" in ran.err


def test_a_canary_goes_down_with_its_model() -> None:
    """It answers a part of the model's requests, which would go on coming from the region."""
    settings = copy.deepcopy(several_models())
    settings["models"]["small"]["canary"] = {"model": "gemma", "percent": 10}
    small = Model(Config.model_validate(settings), "small")
    settings["models"]["small"]["canary"]["percent"] = 0
    none = Model(Config.model_validate(settings), "small")

    assert models_down(small, all_models=False) == ("small", "gemma")
    assert models_down(none, all_models=False) == ("small",)
    assert models_down(small, all_models=True) == ("small", "gemma", "speech")


def test_an_old_cluster_takes_the_drain_of_a_model_behind_a_service() -> None:
    """GKE 1.33 refuses scopes for pools alone."""
    assert refusal(definition(takes_scopes=False), SERVICE_TARGET) == ""
    assert refusal(definition(takes_scopes=False)) != ""
