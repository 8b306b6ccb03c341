"""What has changed since the last synth, and what that does to a platform that is there."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

from rich.console import Console

from stacks.effects import EFFECTS, effect_of, setting_of
from stacks.last_synth import last_config, print_changes, remember
from tests.configs import config
from tools.docs import schema, settings


def told(folder: Path, **changes: Any) -> list[str]:
    """What is printed of *changes* after a synth of the example, line by line."""
    remember(config(), folder)
    out = io.StringIO()
    print_changes(last_config(folder), config(**changes), Console(file=out, width=200, color_system=None))
    return [" ".join(line.split()) for line in out.getvalue().splitlines()]


def test_each_change_is_told_with_what_it_does(tmp_path: Path) -> None:
    """Setting, old value, new value, and the table's words; in any region, of any pool."""
    lines = told(
        tmp_path,
        node_pools__tpu__disk_gib=300,
        regions__eu__node_pools={"tpu": {"machine_type": "ct6e-standard-8t"}},
        regions__us__config_cluster=False,
        model_server__image="docker.io/vllm/vllm-tpu:v0.27.1",
    )

    assert f"node_pools.tpu.disk_gib 200 300 {EFFECTS['node_pools.<key>.disk_gib'].text}" in lines
    assert f"regions.us.config_cluster true false {EFFECTS['regions.<key>.config_cluster'].text}" in lines
    image = "model_server.image docker.io/vllm/vllm-tpu:v0.27.0 docker.io/vllm/vllm-tpu:v0.27.1 in place"
    assert any(line.startswith(image) for line in lines)
    assert any(line.startswith("regions.eu.node_pools - ") for line in lines)


def test_nothing_is_told_where_nothing_changed_or_nothing_is_known(tmp_path: Path) -> None:
    """A first synth, the same config again, and a file that somebody else wrote."""
    assert told(tmp_path) == []
    assert last_config(tmp_path / "nowhere") is None
    (tmp_path / "config.json").write_text("no JSON")
    assert last_config(tmp_path) is None


def test_a_user_s_keys_stand_for_the_setting_of_the_docs() -> None:
    """Of a region, of its pools, of an adapter."""
    assert setting_of("regions.us.zones") == "regions.<key>.zones"
    assert setting_of("regions.us.node_pools.tpu.capacity.spot") == "node_pools.<key>.capacity.spot"
    assert setting_of("model.lora_adapters.tone.revision") == "model.lora_adapters.<key>.revision"
    assert setting_of("regions.asia") == "regions"
    assert setting_of("node_pools.tpu") == "node_pools"
    assert setting_of("labels.team") == "labels.team"


def test_every_setting_has_an_effect_and_every_row_is_a_setting() -> None:
    """A new setting gets a row in stacks/effects.py, or lies in a section that has one."""
    made = schema()
    known = {path: kind for path, kind, _, _ in settings(made, made)}

    assert [path for path, kind in known.items() if kind != "section" and effect_of(path) is None] == []
    assert set(EFFECTS) <= set(known)
