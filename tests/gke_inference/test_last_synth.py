"""What has changed since the last synth, and what that does to a platform that is there."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from gke_inference.synth.last_synth import Changes, LastSynth, changes_since, last_synth, print_changes, remember
from platform_config.config import Config
from platform_config.effects import EFFECTS, effect_of, setting_of
from platform_config.load import load
from platform_config.pages import REMOVE_A_MODEL
from platform_config.stack_graph import NETWORK_STACK
from tests.configs import EXAMPLE, REGIONAL, changed, config
from tools.docs import schema, settings

APPLIED = {"resources": [{"type": "google_compute_network"}]}
DESTROYED: dict[str, Any] = {"resources": []}


def synth(folder: Path, made: Config, text: str, state: Any = APPLIED) -> Path:
    """Write a synth of *made*, of which one stack with *text* stands for all, and the *state* of its platform."""
    outdir, place = folder / "cdktf.out", f"terraform-state/{made.name}/{NETWORK_STACK}.tfstate"
    backend = {"gcs": {"bucket": made.state_bucket, "prefix": f"{made.name}/{NETWORK_STACK}"}}
    if not made.state_bucket:
        backend = {"local": {"path": f"../../../{place}"}}
    stack = outdir / "stacks" / NETWORK_STACK
    stack.mkdir(parents=True, exist_ok=True)
    (stack / "cdk.tf.json").write_text(json.dumps({"//": text, "terraform": {"backend": backend}}))
    remember(made, outdir)
    if state:
        (folder / place).parent.mkdir(parents=True, exist_ok=True)
        (folder / place).write_text(json.dumps(state))
    return outdir


def changes(folder: Path, old: Config, new: Config, state: Any = APPLIED, text: str = "new") -> Changes:
    """Return what a synth of *new* reports after one of *old*, of whose platform the *state* is there."""
    last = last_synth(synth(folder, old, "old", state))
    return changes_since(last, new, synth(folder, new, text, None))


def printed(found: Changes, width: int = 200) -> list[str]:
    """Return what is printed of it, line by line, without the title."""
    out = io.StringIO()
    print_changes(found, Console(file=out, width=width, color_system=None))
    return [line.strip() for line in out.getvalue().splitlines() if line and not line.endswith("what is there:")]


def test_each_change_is_told_with_what_it_does(tmp_path: Path) -> None:
    """Setting, old value, new value, and the table's words; on one line each, that no narrow window breaks."""
    new = config(
        node_pools__tpu__disk_gib=300,
        regions__us__config_cluster=False,
        models__gemma__server__image="docker.io/vllm/vllm-tpu:v0.27.1",
    )

    image = "from docker.io/vllm/vllm-tpu:v0.27.0 to docker.io/vllm/vllm-tpu:v0.27.1"
    assert printed(changes(tmp_path, config(), new), width=40) == [
        f"regions.us.config_cluster from true to false: {EFFECTS['regions.<key>.config_cluster'].text}",
        f"node_pools.tpu.disk_gib from 200 to 300: {EFFECTS['node_pools.<key>.disk_gib'].text}",
        f"models.gemma.server.image {image}: {EFFECTS['models.<key>.server'].text}",
    ]


def test_a_pool_in_place_of_the_shared_one_is_told_by_what_differs(tmp_path: Path) -> None:
    """It replaces what is there, or does not, by its settings; a pool of another key is a new one."""
    larger = config().model_dump(mode="json")["node_pools"]["tpu"] | {"disk_gib": 300}
    new = config(regions__eu__node_pools={"tpu": larger, "more": larger}, models__gemma__node_pools=["tpu"])
    lines = printed(changes(tmp_path, config(), new))

    assert f"regions.eu.node_pools.tpu.disk_gib from 200 to 300: {EFFECTS['node_pools.<key>.disk_gib'].text}" in lines
    assert "regions.eu.node_pools.more from - to {...}: in place: a new pool" in lines
    assert len(lines) == 3


def test_a_region_comes_in_place_and_leaves_in_steps(tmp_path: Path) -> None:
    """Whole: what its settings do where they change says nothing of it."""
    one = config(regions__eu=None)
    comes = changes(tmp_path / "comes", one, config())
    leaves = changes(tmp_path / "leaves", config(), one)

    assert printed(comes) == ["regions.eu from - to {...}: in place: a new region"]
    assert printed(leaves) == ["regions.eu from {...} to -: leaves: follow the steps of docs/day-2.md, Remove a region"]


def test_model_armor_leaves_after_it_was_turned_off(tmp_path: Path) -> None:
    """While gateways call it, its removal is refused; turned off, nothing stands in the way."""
    without, on = config(**REGIONAL), config(**REGIONAL, gateway__model_armor={})
    off = config(**REGIONAL, gateway__model_armor={"enabled": False})

    first, second = (changes(tmp_path / name, old, without) for name, old in (("on", on), ("off", off)))

    assert printed(first) == [
        "gateway.model_armor from {...} to -: refused: to remove it: first `enabled: false`, deploy"
    ]
    assert printed(second) == ["gateway.model_armor from {...} to -: in place"]


def test_a_model_comes_in_place_and_leaves_after_its_drain(tmp_path: Path) -> None:
    """One that has requests is refused, with the page of the steps; after the drain nothing stands in the way."""
    address, other = {"path": "/gemma"}, {**changed()["models"]["gemma"], "address": {"path": "/other"}}
    one, two = config(models__gemma__address=address), config(models__gemma__address=address, models__other=other)
    drained = config(models__gemma__address=address, models__other={**other, "drain": True})
    leaves = changes(tmp_path / "leaves", two, one)
    last = changes(tmp_path / "last", drained, one)

    assert printed(changes(tmp_path / "comes", one, two)) == ["models.other from - to {...}: in place: a new model"]
    assert printed(leaves) == [
        f"models.other from {{...}} to -: refused: first drain it, by the steps of {REMOVE_A_MODEL}"
    ]
    assert printed(last) == ["models.other from {...} to -: in place: its servers go: it is drained"]
    assert (leaves.steps_first, last.steps_first) == (True, False)


def test_a_bucket_leaves_after_its_last_reader(tmp_path: Path) -> None:
    """While servers read it, its removal is refused; afterwards the download is destroyed first."""
    hub = {"models__gemma__weights__source": "hugging_face"}
    read, unread, without = config(), config(**hub), config(**hub, bucket=None)
    leaves = changes(tmp_path / "unread", unread, without)

    assert printed(leaves) == [
        "bucket from {...} to -: leaves: no server reads it: first destroy `workload-weights`, then deploy"
    ]
    assert f"bucket from {{...}} to -: {EFFECTS['bucket'].text}" in printed(changes(tmp_path / "read", read, without))


def test_a_model_that_gets_another_name_refuses_the_old_one(tmp_path: Path) -> None:
    """Where `served_name` changes, and where the name follows from another repository."""
    named = changes(tmp_path / "named", config(), config(models__gemma__served_name="chat"))
    other = config(models__gemma__weights__repository="google/gemma-3-4b-it")
    [follows] = [line for line in printed(changes(tmp_path / "other", config(), other)) if "repository" in line]

    assert printed(named) == [
        "models.gemma.served_name from - to chat: in place: restarts the servers; vLLM answers the old name with 404 "
        "from then on"
    ]
    assert "without `served_name` the model's name changes too" in follows


def test_an_empty_list_is_printed_as_no_value(tmp_path: Path) -> None:
    """It is what a setting without a line has."""
    [line] = printed(changes(tmp_path, config(), config(models__gemma__regions=["us"])))

    assert line.startswith('models.gemma.regions from - to ["us"]: ')


def test_what_changes_of_one_model_is_reported_with_its_key(tmp_path: Path) -> None:
    """Its canary, its drain and its address, each with what that does."""
    new = config(models__gemma__drain=True, models__gemma__traffic={"timeout_sec": 30})

    assert printed(changes(tmp_path, config(), new)) == [
        f"models.gemma.traffic.timeout_sec from - to 30: {EFFECTS['models.<key>.traffic'].text}",
        f"models.gemma.drain from false to true: {EFFECTS['models.<key>.drain'].text}",
    ]


def test_a_change_in_a_base_is_a_change_of_all_that_extend_it(tmp_path: Path) -> None:
    """What differs is what the files say together; a line that moves from one to the other is no change."""
    base, path = tmp_path / "base.yaml", tmp_path / "dev.yaml"
    base.write_text(EXAMPLE.read_text() + "namespace: one\n")
    path.write_text("extends: base.yaml\nlabels: {env: dev}\n")
    first = load(path)
    base.write_text(EXAMPLE.read_text() + "namespace: two\nlabels: {env: dev}\n")
    path.write_text("extends: base.yaml\n")

    [change] = changes(tmp_path, first, load(path)).settings
    assert (change.path, change.was, change.now) == ("namespace", "one", "two")
    assert change.effect is not None
    assert change.effect.kind == "refused"


def test_another_name_is_told_alone(tmp_path: Path) -> None:
    """It is another platform: what else differs changes nothing of the first."""
    found = changes(tmp_path, config(), config(name="llama", regions__us__number=7))

    assert printed(found) == [f"name from gemma to llama: {EFFECTS['name'].text}"]
    assert not found.steps_first


def test_nothing_is_told_where_nothing_changed_or_nothing_is_known(tmp_path: Path) -> None:
    """The same stacks, whatever the settings; a first synth, and a file that somebody else wrote."""
    assert printed(changes(tmp_path, config(), config(node_pools__tpu__disk_gib=300), text="old")) == []

    outdir = synth(tmp_path, config(), "new")
    for text in ("no JSON", "[]", "{}"):
        (outdir / "config.json").write_text(text)
        assert changes_since(last_synth(outdir), config(), synth(tmp_path, config(), text)) == Changes()
    assert last_synth(tmp_path / "nowhere") == LastSynth(config=None, stacks={}, applied=False)


@pytest.mark.parametrize("state", [None, DESTROYED])
def test_where_nothing_is_applied_no_effect_is_told(tmp_path: Path, state: Any) -> None:
    """No state file, or one that a destroy has emptied: one line, and nothing is refused."""
    found = changes(tmp_path, config(), config(regions__us__number=7), state)

    assert printed(found) == ["Changed since the last synth: 1 setting; nothing of the platform is applied yet."]
    assert not found.steps_first


def test_a_state_in_a_bucket_may_be_full(tmp_path: Path) -> None:
    """Nobody has asked it; also where the config has just left it, or goes to it."""
    pair = config(state_bucket="states"), config(state_bucket="states", regions__us__number=7)

    assert changes(tmp_path, *pair, state=None).steps_first
    assert changes(tmp_path, pair[0], config(), state=None).applied
    assert changes(tmp_path, config(), pair[0], state=None).applied


@pytest.mark.parametrize(
    ("new", "steps_first"),
    [({"regions__us__number": 7}, True), ({"regions__eu": None}, True), ({"node_pools__tpu__disk_gib": 300}, False)],
)
def test_what_is_refused_or_leaves_has_steps(tmp_path: Path, new: dict[str, Any], steps_first: bool) -> None:
    """A deploy of the rest comes after them."""
    assert changes(tmp_path, config(), config(**new)).steps_first is steps_first


def test_a_user_s_keys_stand_for_the_setting_of_the_docs() -> None:
    """Of a region, of its pools, of an adapter."""
    assert setting_of("regions.us.zones") == "regions.<key>.zones"
    assert setting_of("regions.us.node_pools.tpu.capacity.spot") == "node_pools.<key>.capacity.spot"
    assert setting_of("models.gemma.weights.lora_adapters.tone.revision") == (
        "models.<key>.weights.lora_adapters.<key>.revision"
    )
    assert setting_of("regions.asia") == "regions"
    assert setting_of("node_pools.tpu") == "node_pools"
    assert setting_of("models.gemma") == "models"
    assert setting_of("labels.team") == "labels"


def test_every_setting_has_an_effect_and_every_row_is_a_setting() -> None:
    """A new setting gets a row in platform_config/effects.py, or lies in a section that has one."""
    made = schema()
    known = {path: kind for path, kind, _, _ in settings(made, made)}

    assert [path for path, kind in known.items() if kind != "section" and effect_of(path) is None] == []
    assert set(EFFECTS) <= set(known)
