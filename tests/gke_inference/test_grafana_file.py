"""The dashboard for Grafana beside the stacks: written, renamed, removed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gke_inference.synth.grafana_file import FOLDER, write_grafana_file
from gke_inference.synth.last_synth import last_synth, remember
from platform_config.config import Config
from tests.configs import BEYOND, CONFIGS, config
from tests.gke_inference.conftest import InferenceOps

OUTSIDE = BEYOND[1]
"""Its `farm-a` has a ServiceMonitor and serves a model with vLLM; the server that `hk` scrapes has no metrics."""


def synth(outdir: Path, made: Config) -> dict[str, str]:
    """Write the file as a synth of *made* after those before it; return the text of each file that is there."""
    last = last_synth(outdir)
    write_grafana_file(made, outdir, last)
    remember(made, outdir)
    return {str(path.relative_to(outdir)): path.read_text() for path in outdir.rglob("*") if path.suffix == ".json"}


def test_it_is_named_as_the_platform(tmp_path: Path) -> None:
    """In a folder of its own; the same bytes each time."""
    first = synth(tmp_path, config())

    assert set(first) == {f"{FOLDER}/gemma.json", "config.json"}
    assert synth(tmp_path, config()) == first
    assert json.loads(first[f"{FOLDER}/gemma.json"])["title"] == "gemma: cross-region inference"


def test_it_follows_the_config(tmp_path: Path) -> None:
    """A panel that is no longer wanted is gone from it."""
    synth(tmp_path, config())
    found = synth(tmp_path, config(observability__panels=["queue"]))

    assert [panel["title"] for panel in json.loads(found[f"{FOLDER}/gemma.json"])["panels"]] == ["Requests that wait"]


def test_one_of_an_older_name_is_removed(tmp_path: Path) -> None:
    """And what somebody else put beside it is left alone."""
    synth(tmp_path, config())
    (tmp_path / FOLDER / "mine.json").write_text("{}")

    assert set(synth(tmp_path, config(name="other"))) == {f"{FOLDER}/mine.json", f"{FOLDER}/other.json", "config.json"}


def test_where_it_is_off_there_is_none(tmp_path: Path) -> None:
    """Nor an empty folder for it."""
    synth(tmp_path, config())

    assert set(synth(tmp_path, config(observability__dashboard=False))) == {"config.json"}
    assert not (tmp_path / FOLDER).exists()
    assert set(synth(tmp_path, config(observability__dashboard=False))) == {"config.json"}


@pytest.mark.parametrize("name", ["../outside", "/outside", ["a list"]])
def test_nothing_else_is_removed_whatever_the_last_config_says(tmp_path: Path, name: object) -> None:
    """A file that was changed by hand names no other place."""
    outdir, outside = tmp_path / "out", tmp_path / "outside.json"
    outdir.mkdir()
    outside.write_text("mine")
    (outdir / "config.json").write_text(json.dumps({"name": name}))
    synth(outdir, config())

    assert outside.read_text() == "mine"


def test_the_commands_name_it(inference_ops: InferenceOps, tmp_path: Path) -> None:
    """For people and for programs."""
    shown = inference_ops("synth", "--outdir", str(tmp_path / "out"))
    found = inference_ops("synth", "--outdir", str(tmp_path / "out"), "--output", "json")
    file = tmp_path / "out" / FOLDER / "gemma.json"

    assert f"Its dashboard is in Cloud Monitoring, and for Grafana in {file}" in shown.out
    assert json.loads(found.out)["grafana"] == str(file)
    assert json.loads(file.read_text())["panels"]


def test_no_secret_and_no_address_is_in_it(tmp_path: Path) -> None:
    """It names the project nowhere, nor a token, a host or a place of the machine."""
    for path in CONFIGS:
        made = config(path, observability__channels={"oncall": {"kind": "email", "address": "me@example.com"}})
        text = synth(tmp_path, made)[f"{FOLDER}/{made.name}.json"]

        assert not [word for word in ("hugging", "secret", "://", "@", made.project) if word in text]


def outside_titles(outdir: Path, made: Config) -> list[str]:
    """Return the titles of the panels for clusters outside; none without a file."""
    text = synth(outdir, made).get(f"{FOLDER}/{made.name}-outside.json")
    return [panel["title"] for panel in json.loads(text)["panels"]] if text else []


def test_servers_outside_have_a_file_of_their_own(tmp_path: Path) -> None:
    """With the panels that servers alone give, under a name of its own; a choice of clusters would be empty."""
    made = config(OUTSIDE)
    found = synth(tmp_path, made)
    on_gke, outside = (json.loads(found[f"{FOLDER}/voice{ending}.json"]) for ending in ("", "-outside"))

    assert outside["title"] == "voice: servers outside Google Cloud"
    assert outside["uid"] != on_gke["uid"]
    assert [variable["name"] for variable in outside["templating"]["list"]] == ["datasource", "server"]
    assert [panel["title"] for panel in outside["panels"]] == [
        *("Time to first token", "Tokens of answers", "KV cache", "Requests that wait"),
    ]


@pytest.mark.parametrize(
    "changes",
    [
        {"outside__farm-a__monitoring": "none"},
        {"outside__farm-a__models": {"speech": {}}},
        {"observability__panels": ["requests"]},
        {"observability__dashboard": False},
    ],
    ids=["not scraped", "no metrics", "no such panel is wanted", "no dashboard"],
)
def test_without_anything_to_show_outside_there_is_no_such_file(tmp_path: Path, changes: dict[str, object]) -> None:
    """And the one of an older synth is removed."""
    assert outside_titles(tmp_path, config(OUTSIDE))
    assert outside_titles(tmp_path, config(OUTSIDE, **changes)) == []


def test_of_another_server_outside_its_gauge_is_shown(tmp_path: Path) -> None:
    """The one metric of it that is known."""
    made = config(OUTSIDE, **{"outside__farm-a__monitoring": "none", "models__speech__server__metric": "speech:load"})

    assert outside_titles(tmp_path, made) == ["KV cache"]


def test_the_wanted_panels_are_in_their_order_outside_too(tmp_path: Path) -> None:
    """Those that only Google's metrics fill are left out."""
    made = config(OUTSIDE, observability__panels=["queue", "replicas", "tokens"])

    assert outside_titles(tmp_path, made) == ["Requests that wait", "Tokens of answers"]


def test_a_platform_may_take_the_name_of_the_other_file(tmp_path: Path) -> None:
    """What the new name has is not removed with what the old one had."""
    synth(tmp_path, config(OUTSIDE))
    found = synth(tmp_path, config(OUTSIDE, name="voice-outside"))

    assert set(found) == {f"{FOLDER}/voice-outside{ending}.json" for ending in ("", "-outside")} | {"config.json"}


def test_the_commands_name_the_file_of_servers_outside(inference_ops: InferenceOps, tmp_path: Path) -> None:
    """For people and for programs."""
    outdir = tmp_path / "out"
    shown = inference_ops("synth", str(OUTSIDE), "--outdir", str(outdir))
    found = inference_ops("synth", str(OUTSIDE), "--outdir", str(outdir), "--output", "json")
    file = outdir / FOLDER / "voice-outside.json"

    assert f"That of its servers outside is for Grafana in {file}" in shown.out
    assert json.loads(found.out)["grafana_outside"] == str(file)
