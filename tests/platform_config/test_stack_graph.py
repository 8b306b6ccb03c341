"""Stacks: who needs whom, whose cluster they are in, where their state is; and that nobody else spells their ids."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from platform_config.stack_graph import (
    ACCESS_STACK,
    APIGEE_STACK,
    BASE_STACKS,
    CLUSTER_STACKS,
    DNS_STACK,
    FLEET_STACK,
    GATEWAY_STACK,
    GATEWAY_STACKS,
    GITOPS_STACK,
    LOAD_STACK,
    NETWORK_STACK,
    OBSERVABILITY_STACK,
    OUTDIR,
    OUTSIDE_STACKS,
    SERVING_STACKS,
    WEIGHTS_STACK,
    access_stack,
    base_stack,
    cluster_key,
    cluster_stack,
    gateway_stack,
    gateway_stacks,
    needed_stacks,
    region_key,
    serving_stack,
    stack_folder,
    state_place,
)
from tests.configs import REGIONAL, config
from tests.synthesized import Synthesized

ROOT = Path(__file__).parent.parent.parent
OWNER = ROOT / "platform_config" / "stack_graph.py"
PRODUCT = ("bench", "constructs_lib", "fast_synth", "gke_inference", "platform_config", "stacks", "tools")
IDS = (
    CLUSTER_STACKS,
    BASE_STACKS,
    SERVING_STACKS,
    NETWORK_STACK,
    FLEET_STACK,
    ACCESS_STACK,
    OBSERVABILITY_STACK,
    WEIGHTS_STACK,
    LOAD_STACK,
    GATEWAY_STACK,
    APIGEE_STACK,
    DNS_STACK,
    GITOPS_STACK,
    OUTSIDE_STACKS,
)


def literals(path: Path) -> Iterator[str]:
    """Read every string in the code of *path*, without docstrings."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    docstrings = {
        id(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            yield node.value


def test_no_other_module_spells_the_id_of_a_stack() -> None:
    """A rename is one edit: messages, orders and states ask the owner."""
    spelled = re.compile("|".join(re.escape(id_) for id_ in IDS))
    files = [ROOT / "main.py", *(file for folder in PRODUCT for file in (ROOT / folder).rglob("*.py"))]

    assert len(files) > 100
    assert any(map(spelled.search, literals(OWNER)))
    assert [
        f"{file.relative_to(ROOT)}: {text!r}"
        for file in files
        if file != OWNER and ".venv" not in file.parts
        for text in literals(file)
        if spelled.search(text)
    ] == []


def test_the_graph_is_what_is_synthesized(platform: Synthesized) -> None:
    """The same stacks, with the same needs."""
    made = {stack: set(platform.dependencies(stack)) for stack in platform.stacks}

    assert made == {stack: set(needed) for stack, needed in needed_stacks(config()).items()}


def test_every_stack_can_be_ordered() -> None:
    """None needs itself, through whatever others; each region has one of each kind."""
    order = list(TopologicalSorter(needed_stacks(config())).static_order())

    assert (order[0], order[-1]) == (NETWORK_STACK, GATEWAY_STACK)
    assert [stack for stack in order if region_key(stack) == "eu"] == [
        cluster_stack("eu"), base_stack("eu"), serving_stack("eu"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("stack", "key"),
    [
        (NETWORK_STACK, ""),
        (FLEET_STACK, ""),
        (cluster_stack("eu"), "eu"),
        (base_stack("us"), "us"),
        (serving_stack("eu"), "eu"),
        (cluster_stack("gone"), ""),
        (GATEWAY_STACK, "us"),
        (WEIGHTS_STACK, "eu"),
    ],
)
def test_a_stack_has_one_cluster_or_none(stack: str, key: str) -> None:
    """The gateway's is the config cluster; the download's is chosen by a setting; one of an older config has none."""
    assert cluster_key(config(bucket__download_region="eu"), stack) == key


def test_regional_gateways_are_stacks_of_their_regions() -> None:
    """Each needs the servers of its own region alone, and no fleet joins the regions."""
    regional = config(**REGIONAL)
    needed = needed_stacks(regional)

    assert gateway_stacks(regional) == (f"{GATEWAY_STACKS}us", f"{GATEWAY_STACKS}eu")
    assert gateway_stacks(config()) == (GATEWAY_STACK,)
    for key in ("us", "eu"):
        stack = gateway_stack(regional, key)
        assert needed[stack] == (serving_stack(key),)
        assert region_key(stack) == cluster_key(regional, stack) == key
        assert needed[base_stack(key)] == (cluster_stack(key),)
    assert needed[access_stack(regional)] == (cluster_stack("us"), cluster_stack("eu"))
    assert FLEET_STACK not in needed


def test_a_region_without_a_gateway_has_no_stack_of_one() -> None:
    """Its servers get no request, and nothing else of it changes."""
    one = config(**REGIONAL, gateway__regions=["eu"])

    assert gateway_stacks(one) == (f"{GATEWAY_STACKS}eu",)
    assert set(needed_stacks(config(**REGIONAL))) - set(needed_stacks(one)) == {f"{GATEWAY_STACKS}us"}


def test_regional_gateways_ask_for_no_config_cluster() -> None:
    """There is none: the first region downloads the weights, unless a setting says which one."""
    regional = config(**REGIONAL)

    assert regional.download_region == "us"
    assert config(**REGIONAL, bucket__download_region="eu").download_region == "eu"
    assert [regional.gateway_home(key) for key in regional.regions] == ["us", "eu"]
    assert [config().gateway_home(key) for key in ("us", "eu")] == ["us", "us"]
    with pytest.raises(StopIteration):
        _ = regional.config_region


def test_states_are_in_the_bucket_or_beside_the_output() -> None:
    """Under the platform's name, so that two platforms may share a bucket or a folder."""
    in_bucket = config(state_bucket="my-states")

    assert state_place(in_bucket, NETWORK_STACK) == f"gs://my-states/gemma/{NETWORK_STACK}"
    assert state_place(config(), NETWORK_STACK) == f"../../../terraform-state/gemma/{NETWORK_STACK}.tfstate"


def test_pages_name_stacks_that_there_are() -> None:
    """A renamed stack is missed by no page."""
    pages = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")]
    known = {id_.rstrip("-") for id_ in IDS}
    named = {
        (page.name, name)
        for page in pages
        for name in re.findall(r"(?<![\w.-])(?:infra|workload)-(?!identity)[a-z]+", page.read_text(encoding="utf-8"))
    }

    assert known <= {name for _, name in named}
    assert sorted(f"{page}: {name}" for page, name in named if name not in known) == []


def test_folders_of_stacks_are_where_cdktf_writes_them(platform: Synthesized) -> None:
    """Each stack's JSON is in the folder that commands and messages name; a plain cdktf writes to the same one."""
    written = {path.parent for path in platform.outdir.rglob("cdk.tf.json")}
    settings = json.loads((ROOT / "cdktf.json").read_text(encoding="utf-8"))

    assert written == {stack_folder(platform.outdir, stack) for stack in platform.stacks}
    assert settings["output"] == str(OUTDIR)
